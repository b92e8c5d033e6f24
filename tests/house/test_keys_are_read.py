"""No key of a scheme is read by nobody: what a coordinator writes is done, or it is refused."""

from collections.abc import Iterator
from functools import cache

import pytest

from tests.house.key_readers import Readers
from workflow.rating.scheme_keys import choices_of
from workflow.rating.scheme_model import Entry, entries

TALKERS = tuple(f"starflow/cli/scheme_{name}.py" for name in ("words", "phrases", "standing"))
"""They say what a scheme says; to be repeated is not to be done."""
FOR_PEOPLE = {"title_en", "label_en", "alias_en", "scorer", "sub", "evidence"}
"""Keys that are there to be read by people: those who say them are enough. A citation is said with whatever it stands at."""
READ_RAW = {"assumed"}
"""Put in place of what is open before the file is a scheme."""


@cache
def readers() -> Readers:
    return Readers()


def read_by(entry: Entry) -> set[str]:
    """The files that read a key, whatever table of the family has it."""
    models = readers().models
    same = {n for n, one in models.items() if issubclass(one, entry.model) or issubclass(entry.model, one)}
    return {file for model, key, file in readers().reads if model in same and key == entry.key}


def unread() -> Iterator[str]:
    for path, entry in entries().items():
        said = read_by(entry)
        only_one_choice = len(tuple(choices_of(entry.field.annotation))) == 1
        names_a_line = entry.key == "code" and any(one.endswith("_faults.py") for one in said)
        if (
            "cite" in path.split(".")
            or only_one_choice
            or names_a_line
            or path in READ_RAW
            or _records_a_decision(entry)
        ):
            continue
        if not (said if entry.key in FOR_PEOPLE else said - set(TALKERS)):
            yield path


def _records_a_decision(entry: Entry) -> bool:
    """A table all of whose keys have but one value."""
    own = [one for one in entries().values() if one.table == entry.path and one.key != "cite"]
    return bool(own) and all(len(tuple(choices_of(one.field.annotation))) == 1 for one in own)


@pytest.mark.long
def test_every_key_of_a_scheme_is_read_by_somebody() -> None:
    assert list(unread()) == []


@pytest.mark.long
def test_a_key_that_only_the_description_reads_would_be_found() -> None:
    by_nobody = {(m, k, f) for m, k, f in readers().reads if k == "nudge_cooldown_hours"}
    readers().reads -= by_nobody
    try:
        assert list(unread()) == ["reminder.nudge_cooldown_hours"]
    finally:
        readers().reads |= by_nobody
