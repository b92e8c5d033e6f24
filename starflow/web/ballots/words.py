"""The words of the ballot in each language: one file each beside this room, so that a language is added without code."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

FIRST = "zh-CN"


def _read() -> Mapping[str, Mapping[str, Any]]:
    found = {}
    for file in files("starflow.web").joinpath("words").iterdir():
        kind, _, rest = file.name.partition(".")
        if kind == "ballot" and rest.endswith(".json"):
            found[rest.removesuffix(".json")] = json.loads(file.read_text(encoding="utf-8"))
    return dict(sorted(found.items(), key=lambda one: (one[0] != FIRST, one[0])))


WORDS = _read()


def language(wanted: str | None) -> str:
    return wanted if wanted in WORDS else FIRST
