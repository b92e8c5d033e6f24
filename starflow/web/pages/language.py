"""The words of the pages: Chinese as it stands in templates and modules, every other language from catalogues beside them.

A catalogue is a folder of gettext files, `locales/<language>/*.po`, one for each part of the web, so that those who work on
different parts do not meet in one file; they are read as they are, without a step that compiles them. What the scheme, the
guards and the citations say is Chinese in every language: it is quoted, not spoken.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO

from babel.dates import format_date, get_month_names
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations

CHINESE, ENGLISH = "zh-CN", "en"
LANGUAGES = {CHINESE: "中文", ENGLISH: "English"}
LOCALES = {CHINESE: "zh_Hans_CN", ENGLISH: "en_GB"}
DAY = {CHINESE: "M月d日(EEE)", ENGLISH: "EEE d MMM"}
MONTH = {CHINESE: "y年M月", ENGLISH: "MMMM y"}
LONG_DAY = {CHINESE: "y年M月d日(EEE)", ENGLISH: "EEE d MMM y"}
FULL_DAY = {CHINESE: "y年M月d日(EEEE)", ENGLISH: "EEEE d MMMM y"}


@cache
def catalogue(language: str) -> NullTranslations:
    """All files of a language as one; Chinese has none, because its words are the keys."""
    found: NullTranslations = Translations()
    if language == CHINESE:
        return found
    for file in sorted((files("starflow.web") / "locales" / language).iterdir(), key=lambda one: one.name):
        compiled = BytesIO()
        with file.open("rb") as opened:
            write_mo(compiled, read_po(opened, locale=LOCALES[language]))
        compiled.seek(0)
        found.merge(Translations(compiled))  # type: ignore[attr-defined]
    return found


def worded(language: str, text: str, **values: object) -> str:
    """A sentence of a module, in this language, with its values in their places."""
    said = catalogue(language).gettext(text)
    return said % values if values else said


# ── dates and numbers ────────────────────────────────────────────


def day(language: str, on: date | datetime, year: int | None = None) -> str:
    """With its year where that is not the one that the reader thinks of."""
    shape = DAY if year in (None, on.year) else LONG_DAY
    return _written(_date_of(on), shape[language], LOCALES[language])


def _date_of(on: date | datetime) -> date:
    return on.date() if isinstance(on, datetime) else on


@lru_cache(maxsize=4096)
def _written(on: date, shape: str, locale: str) -> str:
    """A page names the same few days many times."""
    return str(format_date(on, shape, locale=locale))


def month(language: str, number: int, year: int | None = None) -> str:
    """What the month is called, with its year where one is given."""
    if year is not None:
        return str(format_date(date(year, number, 1), MONTH[language], locale=LOCALES[language]))
    return str(get_month_names("wide", "stand-alone", LOCALES[language])[number])


def long_day(language: str, on: date | datetime) -> str:
    return _written(_date_of(on), LONG_DAY[language], LOCALES[language])


def full_day(language: str, on: date | datetime) -> str:
    """As a public notice writes it."""
    return _written(_date_of(on), FULL_DAY[language], LOCALES[language])


def full_moment(language: str, at: datetime) -> str:
    return f"{full_day(language, at)}{'' if language == CHINESE else ' '}{at:%H:%M}"


def full_deadline(language: str, at: datetime) -> str:
    """As `deadline`, for a public notice."""
    if (at.hour, at.minute, at.second) != (0, 0, 0):
        return full_moment(language, at)
    return worded(language, "%(day)s24时", day=full_day(language, at - timedelta(days=1)))


def moment(language: str, at: datetime, year: int | None = None) -> str:
    return f"{day(language, at, year)} {at:%H:%M}"


def deadline(language: str, at: datetime, year: int | None = None) -> str:
    """The end of a day is 24:00 of that day, not 0:00 of the next."""
    if (at.hour, at.minute, at.second) != (0, 0, 0):
        return moment(language, at, year)
    return worded(language, "%(day)s24时", day=day(language, at - timedelta(days=1), year))


def relative(language: str, at: datetime, now: datetime) -> str:
    """How many days there are to a due, or since it."""
    last = (at - timedelta(microseconds=1)).date()
    days = (last - now.date()).days
    if days > 0:
        return worded(language, "还有%(n)s天", n=number(language, days))
    if days < 0:
        return worded(language, "已逾期%(n)s天", n=number(language, -days))
    return worded(language, "今天到期")


def number(language: str, value: int | Decimal) -> str:
    return str(format_decimal(value, locale=LOCALES[language]))
