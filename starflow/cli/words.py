"""The words of the command line in two languages. The sentences of guards, reasons and citations stay Chinese."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

LANGUAGES = ("zh", "en")
_language: ContextVar[str] = ContextVar("language", default="zh")
ENGLISH_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def speak(language: str) -> None:
    _language.set(language)


def english() -> bool:
    return _language.get() == "en"


def say(chinese: str, **values: Any) -> str:
    """The text in the chosen language, with its values filled in."""
    text = ENGLISH.get(chinese, chinese) if english() else chinese
    return text.format(**values) if values else text


ENGLISH: Mapping[str, str] = {}
