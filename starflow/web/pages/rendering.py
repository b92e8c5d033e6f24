"""How a page leaves: a template in the reader's language, with the words and figures of that language at hand."""

import hashlib
from collections.abc import Callable, Hashable, MutableMapping
from datetime import datetime
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

from fastapi import Response
from jinja2 import Environment, PackageLoader, StrictUndefined, Template, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from starflow.web import english
from starflow.web.pages import language
from starflow.web.pages.language import CHINESE, catalogue
from workflow.engine.deadlines import Light
from workflow.rating.stages import ROLE_WORDS

STATIC = Path(__file__).parent.parent / "static"
LIGHTS: dict[str, tuple[str, str]] = {
    Light.BLACK: ("✕", "终止"),
    Light.RED: ("■", "逾期"),
    Light.YELLOW: ("▲", "滞后"),
    Light.GREEN: ("●", "按期"),
    Light.BLUE: ("◆", "临近"),
    Light.GREY: ("○", "未到"),
}
"""Colour is never alone: a shape and a word."""
PIECES = 2048
"""So many pieces of pages are remembered, a kilobyte or two each."""
ROLES: dict[str, str] = {
    **ROLE_WORDS,
    "head": "负责人",
    "leader": "分管领导",
    "clock": "到时自动",
    "admin": "管理员",
    "auditor": "审计员",
}


def role_name(role: str) -> str:
    return ROLES.get(role, role)


def render(template: str, lang: str, **values: Any) -> str:
    return environment(lang).get_template(template).render(**values)


def answer(
    template: str, lang: str, status: int = 200, headers: dict[str, str] | None = None, **values: Any
) -> Response:
    """A whole page."""
    said = render(template, lang, **values)
    return Response(said, status, {"content-language": lang, **(headers or {})}, "text/html; charset=utf-8")


@cache
def environment(lang: str) -> Environment:
    made = Environment(
        loader=_Spoken("starflow.web"),
        autoescape=True,
        auto_reload=False,  # templates change with the program only
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    made.install_gettext_translations(catalogue(lang), newstyle=True)  # type: ignore[attr-defined]
    made.globals["_"] = made.globals["gettext"] = _saying(lang)
    for filter_ in (
        language.day,
        language.month,
        language.long_day,
        language.full_day,
        language.full_moment,
        language.full_deadline,
        language.moment,
        language.deadline,
        language.number,
    ):
        made.filters[filter_.__name__] = partial(filter_, lang)
    made.globals["drawn"] = partial(_drawn, lang)
    made.filters["relative"] = partial(_relative, lang)
    made.filters["told"] = partial(english.told, lang)
    made.globals.update(
        lang=lang,
        languages=language.LANGUAGES,
        chinese=CHINESE,
        light_shape=lambda light: LIGHTS[light][0],
        light_word=lambda light: language.worded(lang, LIGHTS[light][1]),
        role_word=lambda role: language.worded(lang, role_name(role)),
        asset=asset,
    )
    return made


@lru_cache(maxsize=PIECES)
def _drawn(lang: str, template: str, macro: str, *values: Hashable) -> Markup:
    """A piece of a page that follows from these values alone."""
    said: Markup = getattr(environment(lang).get_template(template).module, macro)(*values)
    return said


class _Spoken(PackageLoader):
    """Templates in one language: what is the same on every page of it is worked out once, when the template is read."""

    def load(self, environment: Environment, name: str, globals: MutableMapping[str, Any] | None = None) -> Template:
        source, filename, uptodate = self.get_source(environment, name)
        said = _Said(environment).visit(environment.parse(source, name, filename))
        code = environment.compile(said, name, filename)
        return environment.template_class.from_code(environment, code, globals or {}, uptodate)


class _Said(NodeTransformer):
    """Puts a sentence without a gap, and the address of a file of ours, in the place of the question for it."""

    SAYING = ("_", "gettext", "asset")

    def __init__(self, environment: Environment) -> None:
        self._known = environment.globals

    def visit_Call(self, call: nodes.Call) -> nodes.Node:
        match call:
            case nodes.Call(
                node=nodes.Name(name=name),
                args=[nodes.Const(value=str(text))],
                kwargs=[],
                dyn_args=None,
                dyn_kwargs=None,
            ) if name in self.SAYING:
                return nodes.Const(self._known[name](text), lineno=call.lineno)
        return self.generic_visit(call)


def _saying(lang: str) -> Callable[..., Markup]:
    """The extension's own gettext without its detours: a page says some hundred sentences."""

    @lru_cache(maxsize=4096)
    def marked(text: str) -> Markup:
        return Markup(catalogue(lang).gettext(text))

    @lru_cache(maxsize=4096)
    def alone(text: str) -> Markup:
        return marked(text) % {}

    def say(text: str, /, **values: object) -> Markup:
        return marked(text) % values if values else alone(text)

    return say


def _relative(lang: str, at: datetime, now: datetime) -> str:
    return language.relative(lang, at, now)


@cache
def asset(name: str) -> str:
    """The address of a file of ours, which changes with what stands in it."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?{digest}"
