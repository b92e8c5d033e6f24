"""What the operating system says, in the clerk's words."""

import errno

import pytest

from workflow.engine.errors import BadInput, Reason, because


def test_a_refusal_keeps_its_reasons_with_their_rules_and_what_stands_now() -> None:
    refused = BadInput(Reason("太迟", "第8条"), "太早")

    assert (refused.reasons, refused.current) == ((Reason("太迟", "第8条"), Reason("太早")), {})
    assert str(refused) == "太迟(第8条);太早"
    assert BadInput(current={"version": 3}).current == {"version": 3}


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "磁盘已满"), (errno.EPERM, "没有权限"), (errno.EXDEV, "系统错误EXDEV"), (99999, "系统错误99999")],
)
def test_what_the_system_refuses_is_said_or_keeps_its_name_or_number_for_the_operator(number: int, said: str) -> None:
    assert because(OSError(number, "…")) == said
