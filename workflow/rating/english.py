"""The English of what guards, scoring and dates say: one catalogue, keyed by the Chinese sentence as the code writes it.

The core speaks Chinese only; nothing there knows of languages. A sentence is recognised by its pattern, the most particular
first, and what fills its holes is translated in the same way, so that sentences made of sentences need no lines of their own.
Names, titles and citations stay as they were written. A test reads the code and finds every sentence without a line here.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from workflow.rating.english_acts import ACTS
from workflow.rating.english_dates import DATES
from workflow.rating.english_faults import FAULTS
from workflow.rating.english_guards import GUARDS
from workflow.rating.english_rating import RATING

# An empty line: the sentence is said by its parts.
CATALOGUE: dict[str, str] = {**FAULTS, **ACTS, **GUARDS, **RATING, **DATES}
NUMBERS = (
    "{}个工作日",
    "{}天",
    "{}星",
    "{}分",
    "{}–{}星",
    "({}星)",
    "{}年{}",
    "{}个",
    "拟定{}星",
    "现{}星",
    "扣{}分",
    "加{}分",
    "共加{}分",
    "共扣{}分",
    "超出{}个",
    "还差{}个",
)
"""Patterns so short that only figures may stand in them; with words they would swallow the beginning of other sentences."""
STOPS = (
    ("。", ". "),
    (";", "; "),
    (",", ", "),
    (":", ": "),
    ("、", ", "),
    (" 或 ", " or "),
    ("或", " or "),
    ("且", " and "),
    (" ", " "),
)
"""Where a sentence that is not known as a whole is cut, and how its parts are joined in English."""


class Speaker:
    """Says in English whatever stands in one catalogue. The rooms above bring their own sentences beside these."""

    def __init__(self, catalogue: Mapping[str, str]) -> None:
        self._catalogue = catalogue
        self._patterns = _patterns(catalogue)
        self._joined = _patterns({zh: en for zh, en in catalogue.items() if ";" in zh})
        self.say = lru_cache(maxsize=4096)(self._say)

    def _say(self, text: str) -> str:
        """The text in English as far as the catalogue reaches; what it does not know stays as it is."""
        if not chinese(text):
            return text.replace("、", ", ")
        if self._catalogue.get(text):
            return self._catalogue[text]
        if ";" in text:
            for pattern, said in self._joined:
                if found := pattern.fullmatch(text):
                    return said.format(*map(self.say, found.groups()))
            return "; ".join(self.say(part) for part in text.split(";") if part)
        for pattern, said in self._patterns:
            if found := pattern.fullmatch(text):
                return said.format(*map(self.say, found.groups()))
        for stop, joint in STOPS:
            if stop in text.rstrip(stop):
                return joint.join(self.say(part) for part in text.split(stop))
        return text


def chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def _patterns(catalogue: Mapping[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Those with holes, the longest fixed text first."""
    holed = sorted((zh for zh, en in catalogue.items() if "{}" in zh and en), key=lambda zh: -len(zh.replace("{}", "")))
    return tuple((_pattern(zh), catalogue[zh]) for zh in holed)


LONG = 5
"""Shorter patterns stay within one clause."""
UNITS = "次分人张个天星"


def _pattern(zh: str) -> re.Pattern[str]:
    """Of two holes side by side the second is a figure where a unit follows it; otherwise the first takes everything."""
    fixed = zh.split("{}")
    any_ = "." if len("".join(fixed)) >= LONG else "[^,;:]"
    said = re.escape(fixed[0])
    for number, following in enumerate(fixed[1:], 1):
        beside = number > 1 and not fixed[number - 1]
        leads = number < len(fixed) - 1 and not following
        if zh in NUMBERS or (beside and following[:1] in UNITS and following):
            hole = "([0-9][0-9./–-]*)"
        else:
            greedy = leads and fixed[number + 1][:1] not in UNITS
            hole = f"({any_}*?)" if beside else f"({any_}+)" if greedy else f"({any_}+?)"
        said += hole + re.escape(following)
    return re.compile(said)


@cache
def _core() -> Speaker:
    return Speaker(CATALOGUE)


def english(text: str) -> str:
    """A sentence of the core in English."""
    return _core().say(text)
