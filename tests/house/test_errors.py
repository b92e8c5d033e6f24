"""Every way of saying no says something, under a name of its own, and both doors know how to pass it on."""

from collections import Counter

from workflow.engine.errors import StarflowError


def classes(root: type[StarflowError] = StarflowError) -> list[type[StarflowError]]:
    """Those of the engine; a room's own subclass is answered as the class it specialises."""
    below = (
        found for child in root.__subclasses__() if child.__module__ == root.__module__ for found in classes(child)
    )
    return [root, *below]


def test_every_error_class_has_a_message_for_developers() -> None:
    assert [found.__name__ for found in classes() if not found.__doc__] == []


def test_no_two_error_classes_share_a_code() -> None:
    assert {code: times for code, times in Counter(found.code for found in classes()).items() if times > 1} == {}


def test_every_error_class_has_an_exit_code_and_an_http_status() -> None:
    from starflow.service.answers import ANSWERS

    assert [found.__name__ for found in classes() if found is not StarflowError and found not in ANSWERS] == []
