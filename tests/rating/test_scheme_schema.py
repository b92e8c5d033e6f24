"""An editor that follows the JSON Schema accepts every scheme that starflow accepts, and finds the same slips."""

import tomllib
from datetime import date
from typing import Any

import fastjsonschema
import pytest

from workflow.rating import shelf
from workflow.rating.scheme_schema import scheme_schema

VALID = fastjsonschema.compile(scheme_schema(), use_default=False)


def said(text: str) -> Any:
    return _json(tomllib.loads(text))


def _json(value: Any) -> Any:
    """As an editor hands it on: dates are text."""
    if isinstance(value, dict):
        return {key: _json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_json(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.parametrize("name", shelf.scheme_names())
def test_every_shipped_scheme_fits(name: str) -> None:
    VALID(said(shelf.scheme_bytes(name).decode()))


def test_the_smallest_scheme_fits() -> None:
    VALID(said(shelf.page("smallest.toml")))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('min = "80"', "min = 80"),
        ('label = "好"', 'lable = "好"'),
        ('title = "某镇党组织评定"\n', ""),
        ('period = "5 workdays"\n', ""),
        ("days = 0", 'days = "0"'),
        ('owner = "superior"', 'owner = "boss"'),
        ('name = "closed"', 'name = "closed"\ndue = "06-05"'),
    ],
)
def test_a_slip_does_not_fit(old: str, new: str) -> None:
    text = shelf.page("smallest.toml")
    assert old in text

    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        VALID(said(text.replace(old, new, 1)))


def test_one_value_needs_no_brackets_and_what_is_not_known_may_say_so() -> None:
    text = shelf.page("smallest.toml")

    VALID(said(text.replace('due = "04-10"', "when = { proposed = 2 }\ndue = { unknown = true }", 1)))


def test_every_key_is_explained_where_it_is_completed() -> None:
    schema = scheme_schema()
    tables = {"Scheme": schema, **schema["$defs"]}

    silent = [
        f"{name}.{key}"
        for name, table in tables.items()
        for key, value in table.get("properties", {}).items()
        if "description" not in value and value != {"not": {}} and name != "Unknown"
    ]

    assert silent == []
