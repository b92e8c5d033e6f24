"""The words around what is said: a template for each kind, language and channel, with a closed set of placeholders.

`{name}` is all there is to a template: no expressions, no attributes, no code. What an installation writes in its own file
(STARFLOW_TEMPLATES) stands in the place of the shipped words; an unknown placeholder is refused when the file is read.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workflow.engine.errors import BadInput

KINDS = ("escalation", "nudge", "reminder", "event", "several")
LANGUAGES = ("zh", "en")
ANY = "*"
PLACEHOLDERS = {
    "name": "收件人姓名",
    "count": "有几件",
    "summary": "各种各有几件",
    "first": "第一件的内容",
    "list": "全部内容,一件一行",
}
PLACE = re.compile(r"\{([^{}]*)\}")
LONGEST = 4_000
SMS_ONE, SMS_PART, SMS_PARTS = 70, 67, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """For a kind (or *), a language and a channel (or *)."""

    kind: str
    language: str
    channel: str
    subject: str
    body: str


SHIPPED = (
    Template(kind=ANY, language="zh", channel=ANY, subject="【争星】{summary}",
             body="{name}:您好!\n\n{list}\n\n本消息由争星系统自动发送,请勿直接回复。\n"),
    Template(kind=ANY, language="en", channel=ANY, subject="[starflow] {summary}",
             body="Dear {name},\n\n{list}\n\nThis message was sent by starflow; please do not reply.\n"),
    Template(kind=ANY, language="zh", channel="sms", subject="{summary}", body="【争星】{name}:{summary}。{first}"),
    Template(kind=ANY, language="en", channel="sms", subject="{summary}", body="[starflow] {name}: {summary}. {first}"),
)  # fmt: skip
WORDS = {
    "zh": {"escalation": "件逾期上报", "nudge": "件催办", "reminder": "件提醒", "event": "件通知"},
    "en": {"escalation": " overdue", "nudge": " nudges", "reminder": " reminders", "event": " notes"},
}


def read_templates(file: Path | None) -> tuple[Template, ...]:
    """The installation's own before the shipped ones. Raises BadInput with every fault."""
    if file is None:
        return SHIPPED
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"STARFLOW_TEMPLATES:文件 {file} 读不出来") from None
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"STARFLOW_TEMPLATES:{file.name}不是TOML:{error}") from None
    rows = said.get("template", [])
    faults = [fault for number, row in enumerate(rows, 1) for fault in _faults(number, row)]
    if faults or not isinstance(rows, list):
        raise BadInput(*(f"{file.name}:{fault}" for fault in faults or ["须写成 [[template]]"]))
    own = (
        Template(**({"kind": ANY, "language": "zh", "channel": ANY, "subject": "【争星】{summary}"} | row))
        for row in rows
    )
    return (*own, *SHIPPED)


def _faults(number: int, row: object) -> list[str]:
    if not isinstance(row, dict) or not all(isinstance(value, str) for value in row.values()):
        return [f"第{number}个模板须写 kind、language、channel、subject、body,都是文字"]
    found = [f"第{number}个模板:没有“{key}”这一项" for key in row if key not in Template.__slots__]
    if row.get("kind", ANY) not in (*KINDS, ANY):
        found.append(f"第{number}个模板:kind不能是“{row['kind']}”,只能是{'、'.join(KINDS)}或 *")
    if row.get("language", "zh") not in LANGUAGES:
        found.append(f"第{number}个模板:language只能是{'、'.join(LANGUAGES)}")
    if not row.get("body", "").strip():
        found.append(f"第{number}个模板没有内容(body)")
    for name in ("subject", "body"):
        text = row.get(name, "")
        unknown = [place for place in PLACE.findall(text) if place not in PLACEHOLDERS]
        found += [f"第{number}个模板:没有“{{{one}}}”这个占位符,可用:{known_places()}" for one in unknown]
        if len(text) > LONGEST:
            found.append(f"第{number}个模板的{name}最多{LONGEST}个字")
    return found


def known_places() -> str:
    return "、".join(f"{{{name}}}" for name in PLACEHOLDERS)


def chosen(templates: tuple[Template, ...], kind: str, language: str, channel: str) -> Template:
    """The first that fits; what names kind and channel goes before what fits all."""

    def fits(one: Template) -> bool:
        return one.language == language and one.kind in (kind, ANY) and one.channel in (channel, ANY)

    fitting = [one for one in templates if fits(one)]
    return max(fitting, key=lambda one: ((one.channel != ANY) * 2 + (one.kind != ANY), -templates.index(one)))


def filled(text: str, values: Mapping[str, str]) -> str:
    """Once: what a value brings along is text, whatever it looks like."""
    return PLACE.sub(lambda place: values.get(place[1], place[0]), text)


def sms_parts(text: str) -> int:
    """How many messages the network makes of it: 70 characters, or 67 each where there are several."""
    return 1 if len(text) <= SMS_ONE else -(-len(text) // SMS_PART)


def sms_cut(text: str) -> str:
    most = SMS_PART * SMS_PARTS
    return text if len(text) <= most else text[: most - 1] + "…"
