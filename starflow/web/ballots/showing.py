"""How these pages leave: small, complete in one answer, with nothing fetched from elsewhere, in the language of whoever reads.

The ballot has its own words (`words/`), so that a language is added without code; every other page of this room speaks with the
catalogues of the pages. What was refused is said at the top and at its field, each sentence a link to the field.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from starflow.web.auth import is_encrypted
from starflow.web.forms import cookie
from starflow.web.pages.language import LANGUAGES
from starflow.web.pages.rendering import environment
from starflow.web.pages.shell import LANGUAGE, language_of
from workflow.engine.errors import StarflowError

PAGES = Environment(
    loader=PackageLoader("starflow.web"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
HTML = "text/html; charset=utf-8"
YEAR = 365 * 24 * 3600

Faults = tuple[tuple[str, str], ...]
Fields = Sequence[tuple[str, str]]
"""What a refusal says (a pattern) → the field that it speaks of; where nothing fits, it is about the form."""
FORM = "form"
SAID = ("没有可以下载的", "没有这份公示", "没有公示", "没有找到", "无权查看")
"""Titles of pages that only say something."""


def leaf(template: str, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any) -> Response:
    """A page of the ballot."""
    html = PAGES.get_template(f"ballots/{template}.html").render(**values)
    language = {"content-language": values.get("lang", "zh-CN")}
    return Response(html, status, {**language, **(headers or {})}, HTML)


def small(
    request: Request, template: str, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> Response:
    """Any other page of this room. `?lang=` chooses, and is kept as it is on every page."""
    wanted = request.query_params.get("lang", "")
    lang = wanted if wanted in LANGUAGES else language_of(request)
    others = {
        code: (name, f"{request.url.path}?{request.url.include_query_params(lang=code).query}")
        for code, name in LANGUAGES.items()
        if code != lang and request.method == "GET"
    }
    html = environment(lang).get_template(f"ballots/{template}.html").render(tongues=others, **values)
    answer = Response(html, status, {"content-language": lang, **(headers or {})}, HTML)
    if wanted == lang:
        answer.headers.append("set-cookie", cookie(LANGUAGE, lang, encrypted=is_encrypted(request), seconds=YEAR))
    return answer


def placed(refusal: StarflowError | None, fields: Fields = (), otherwise: str = FORM) -> Faults:
    """Each sentence beside the field that it is about."""
    return tuple(
        (next((name for pattern, name in fields if re.search(pattern, text)), otherwise), text)
        for text in map(str, refusal.reasons if refusal else ())
    )
