"""What travels with the package: schemes, the original text, the calendars of working days.

Package data is the only thing that the core reads. Everything is found by name; no path of the machine is known here.
"""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from workflow.engine.errors import Unknown
from workflow.engine.workdays import Calendar, CalendarYear, read_year

SCHEMES = files("workflow.rating") / "schemes"
PAGES = files("workflow.rating") / "pages"
WEEKENDS = "weekends"
CALENDARS = files("workflow.rating") / "calendars"


def scheme_names() -> tuple[str, ...]:
    """The shipped schemes, in the order of the alphabet."""
    return tuple(sorted(_names(SCHEMES, ".toml")))


def scheme_bytes(name: str) -> bytes:
    """The file of a shipped scheme, byte for byte; Unknown when there is none."""
    if name not in scheme_names():
        raise Unknown(f"没有方案“{name}”,现有{'、'.join(scheme_names())}")
    return (SCHEMES / f"{name}.toml").read_bytes()


def source_text(name: str) -> str:
    """The original text that a scheme quotes; Unknown when it is not shipped."""
    if name not in _files(SCHEMES, ".txt"):
        raise Unknown(f"没有原文“{name}”")
    return (SCHEMES / name).read_text(encoding="utf-8")


def page(name: str) -> str:
    """A text with which a printed page begins."""
    return (PAGES / name).read_text(encoding="utf-8")


@cache
def calendar(name: str) -> Calendar:
    """All years of a calendar, such as `cn`; `weekends` knows no holidays at all. Unknown when there is none."""
    if name == WEEKENDS:
        return Calendar(tuple(CalendarYear(year=year, confirmed=True) for year in range(2000, 2201)))
    found = sorted(file for file in _files(CALENDARS, ".toml") if file.rpartition("-")[0] == name)
    if not found:
        raise Unknown(f"没有节假日历“{name}”")
    return Calendar(tuple(read_year((CALENDARS / file).read_text(encoding="utf-8"), file) for file in found))


def _names(folder: Traversable, suffix: str) -> tuple[str, ...]:
    return tuple(file.removesuffix(suffix) for file in _files(folder, suffix))


def _files(folder: Traversable, suffix: str) -> tuple[str, ...]:
    """Names are compared with what lies there, so that no name can lead out of the folder."""
    return tuple(entry.name for entry in folder.iterdir() if entry.name.endswith(suffix))
