"""How these pages leave: small, complete in one answer, with nothing fetched from elsewhere."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import Response
from jinja2 import Environment, PackageLoader, StrictUndefined

PAGES = Environment(
    loader=PackageLoader("starflow.web"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
WEEKDAYS = "一二三四五六日"


def leaf(template: str, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any) -> Response:
    html = PAGES.get_template(f"ballots/{template}.html").render(**values)
    language = {"content-language": values.get("lang", "zh-CN")}
    return Response(html, status, {**language, **(headers or {})}, "text/html; charset=utf-8")


def day(at: Any) -> str:
    return f"{at.year}年{at.month}月{at.day}日(星期{WEEKDAYS[at.weekday()]})"


def moment(at: datetime) -> str:
    return f"{day(at)}{at:%H:%M}"


PAGES.filters |= {"day": day, "moment": moment}
