"""Every key of a scheme file is explained, and every explanation is of a key that there is."""

import tomllib

import pytest

from workflow.rating.scheme_keys import KEYS, UNITS, key_of, line_of
from workflow.rating.scheme_model import entries, reader_of
from workflow.rating.scheme_partial import tuples

TABLES = [path for path, entry in entries().items() if entry.below is not None]
VALUES = [path for path, entry in entries().items() if entry.below is None]


def test_every_key_of_the_model_is_explained() -> None:
    assert [path for path in entries() if key_of(path) is None] == []


def test_nothing_is_explained_that_there_is_not() -> None:
    used = {line_of(path) for path in entries()}

    assert [path for path in KEYS if path not in used] == []


def test_every_explanation_speaks_both_languages_and_its_unit_too() -> None:
    assert [path for path in entries() if not (key := key_of(path)) or not key.zh or not key.en] == []
    assert {key.unit for key in KEYS.values()} - {""} - set(UNITS) == set()


@pytest.mark.parametrize("path", VALUES)
def test_every_example_is_a_value_that_the_model_reads(path: str) -> None:
    entry, key = entries()[path], key_of(path)
    assert key is not None and key.example

    said = tomllib.loads(f"key = {key.example}")["key"]

    reader_of(entry.model, entry.key).validate_python(tuples(said), context={})
