"""In which language the command line speaks: Chinese, or English where somebody asks for it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from starflow.cli.english import ENGLISH

LANGUAGES = ("zh", "en")
ENGLISH_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_language: ContextVar[str] = ContextVar("language", default="zh")
ROLES: Mapping[str, str] = {
    "organisation": "本组织",
    "superior": "上级党组织",
    "department": "组织部",
    "committee": "工委会",
    "city": "市委组织部",
    "leader": "单位分管领导",
    "anyone": "任何人",
    "clock": "时钟",
    "owner": "办理者",
}


@contextmanager
def speaking(language: str) -> Iterator[None]:
    before = _language.set(language)
    try:
        yield
    finally:
        _language.reset(before)


def english() -> bool:
    return _language.get() == "en"


def say(chinese: str, **values: Any) -> str:
    """The text in the language that is spoken, with its values filled in."""
    text = ENGLISH.get(chinese, chinese) if english() else chinese
    return text.format(**values) if values else text


def told(chinese: str) -> str:
    """A sentence of the core in the language that is spoken."""
    if not english():
        return chinese
    from workflow.rating.english import english as in_english

    return in_english(chinese)


def reported(chinese: str) -> str:
    """What a job or a finding of the operator's commands says, in the language that is spoken."""
    if not english():
        return chinese
    from starflow.cli.english_upkeep import upkeep_in_english

    return upkeep_in_english(chinese)


def role(name: str) -> str:
    """A role for people; in English its identifier is the word."""
    return name if english() else ROLES.get(name, name)
