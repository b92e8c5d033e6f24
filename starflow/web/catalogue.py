"""Which sentences the pages say, so that a test finds what a catalogue lacks, and what it keeps that nobody says any more.

`python -m starflow.web.catalogue` prints what is missing from the English catalogue, ready to be filled in.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

HERE = Path(__file__).parent
LOCALES = HERE / "locales"
METHODS = (("templates/**.html", "jinja2"), ("pages/**.py", "python"), ("**.py", "python"))
OPTIONS: dict[str, dict[str, Any]] = {
    "templates/**.html": {
        "extensions": "jinja2.ext.i18n,jinja2.ext.do",
        "trim_blocks": "true",
        "lstrip_blocks": "true",
        "silent": "false",
    }
}
KEYWORDS: Mapping[str, tuple[int, ...] | None] = {"_": None, "gettext": None, "say": None, "worded": (2,), "Way": (2,)}
"""`Way` is an entry of the menu: its second argument is what it is called."""


ALSO = ("得分", "低于算出的星级时必须写明")
"""Labels of fields that pages make themselves."""


def said() -> dict[str, str]:
    """msgid → where it is said, of every template and module of the web."""
    from starflow.service import twofold
    from starflow.web.ballots.showing import SAID
    from starflow.web.pages.accounts import MISSING, STANDING
    from starflow.web.pages.act import SENT_TO
    from starflow.web.pages.admin import CHANNELS, PARTS, STATUSES
    from starflow.web.pages.fields import LABELS
    from starflow.web.pages.organisation import RECORDED, TABS
    from starflow.web.pages.refusal import NEXT_STEPS
    from starflow.web.pages.rendering import LIGHTS, ROLES
    from starflow.web.problems import TITLES

    found: dict[str, str] = {}
    for file, line, message, _, _ in extract_from_dir(str(HERE), METHODS, OPTIONS, KEYWORDS):
        texts = message if isinstance(message, tuple) else (message,)
        found |= {text: f"{file}:{line}" for text in texts if text and _chinese(text)}
    tables = (
        *(word for _, word in LIGHTS.values()),
        *(word for pair in LABELS.values() for word in pair if word),
        *(title for _, title in TABS),
        *(title for _, title, _ in PARTS),
        *(word for table in (ROLES, TITLES, NEXT_STEPS, SENT_TO) for word in table.values()),
        *(act.title for act in twofold.ACTS),
        *(word for table in (RECORDED, CHANNELS, STATUSES, STANDING, MISSING) for word in table.values()),
        *ALSO,
        *SAID,
    )
    return dict.fromkeys(tables, "a table of words") | found


def kept(language: str) -> Iterator[Message]:
    """Every message of every file of a language."""
    for file in sorted((LOCALES / language).glob("*.po")):
        with file.open("rb") as opened:
            catalogue: Catalog = read_po(opened)
        yield from (message for message in catalogue if message.id)


def _chinese(text: str) -> bool:
    return any("\u3400" <= character <= "\u9fff" for character in text)


def main() -> None:
    known = {message.id for message in kept("en") if message.string}
    for text, where in said().items():
        if text not in known:
            escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            print(f'#: {where}\nmsgid "{escaped}"\nmsgstr ""\n')


if __name__ == "__main__":
    main()
