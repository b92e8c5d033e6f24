"""A fault as it is handed to whoever has to mend it: the place, the sentence, and a hint from the format's reference."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import count

from workflow.rating.scheme_faults import Fault
from workflow.rating.scheme_keys import key_of
from workflow.rating.scheme_model import dotted, keys_of
from workflow.rating.scheme_places import Path, Places
from workflow.rating.scheme_words import MISSING, NO_SUCH_KEY

MOST_MEANT = 50
"""Nobody reads more guesses than this, and each takes its time."""


@dataclass(frozen=True, slots=True)
class Hint:
    """The same in Chinese and in English; both empty where there is nothing to say."""

    zh: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault. `place` is for people; line and column count from 1 and are None where the key does not stand in the file."""

    place: str
    text: str
    line: int | None = None
    column: int | None = None
    path: str = ""
    hint: Hint = Hint()

    def __str__(self) -> str:
        return f"{self.place}: {self.text}" if self.place else self.text


def findings_of(places: Places, faults: Iterable[Fault]) -> tuple[Finding, ...]:
    """The faults in the order of the file; one that is found twice is said once."""
    guesses = count()
    found = dict.fromkeys(_finding(places, path, sentence, guesses) for path, sentence in faults)
    return tuple(sorted(found, key=lambda one: (one.line or 0, one.column or 0)))


def _finding(places: Places, path: Path, sentence: str, guesses: Iterator[int]) -> Finding:
    line, column = places.position(path)
    return Finding(places.of(path), sentence, line, column, places.words(path), _hint(path, sentence, guesses))


def _hint(path: Path, sentence: str, guesses: Iterator[int]) -> Hint:
    known = dotted(path)
    if known is None:
        return _meant(path) if sentence == NO_SUCH_KEY and next(guesses) < MOST_MEANT else Hint()
    key, name = key_of(known), str(path[-1]) if not isinstance(path[-1], int) else ""
    if key is None or not key.example or not name:
        return Hint(key.zh, key.en) if key else Hint()
    line = f"{name} = {key.example}"
    if sentence == MISSING:
        return Hint(f"加一行 {line}({key.zh})", f"add {line} ({key.en})")
    return Hint(f"{key.zh};如 {line}", f"{key.en}; such as {line}")


def _meant(path: Path) -> Hint:
    """What may have been meant by a key that there is not."""
    table = dotted(path[:-1]) if path[:-1] else ""
    names = keys_of(table) if table is not None else ()
    near = get_close_matches(str(path[-1]), names, n=1, cutoff=0.5)
    if near:
        return Hint(f"是不是要写 {near[0]}?", f"did you mean {near[0]}?")
    return Hint(f"这里可写:{'、'.join(names)}", f"known here: {', '.join(names)}") if names else Hint()
