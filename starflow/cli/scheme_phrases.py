"""The pieces of which the sentences on a scheme are made: levels, figures, needs, conditions, dates, citations."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from starflow.cli.words import ROLES, english, say, told
from workflow.rating.figures import all_names
from workflow.rating.scheme_asking import USUAL_ANSWERS
from workflow.rating.scheme_format import FIGURES_EN
from workflow.rating.wording import OPERATOR_WORDS, plain, rule_in_words, span_in_words

if TYPE_CHECKING:
    from workflow.engine.table import When
    from workflow.rating.scheme import Scheme
    from workflow.rating.scheme_rules import Needs

WITH = {**OPERATOR_WORDS, "=": "等于"}
OWNERS_EN = {"owner": "whoever owes it", "leader": "the unit's leader in charge"}
FACTS = {
    "route": "路线{values}",
    "field": "领域{values}",
    "star": "现星级{values}",
    "proposed": "拟定{values}",
    "changed": "变星",
    "nested": "多级考评",
}


def both(zh: str, en: str) -> str:
    """What a scheme itself says in two languages."""
    return en if english() and en else zh


def round_word(scheme: "Scheme", name: str) -> str:
    """A round as the scheme calls it, in English where it has the words."""
    found = next((one for one in scheme.round if one.name == name), None)
    return both(found.title, found.title_en) if found else say(scheme.round_word(name))


def level(scheme: "Scheme", star: int) -> str:
    """A level with its second label, in English where the scheme has the words."""
    found = next((one for one in scheme.level if one.star == star), None)
    if found is None:
        return say("第{n}级", n=star)
    other = both(found.alias, found.alias_en)
    return both(found.label, found.label_en) + (f"({other})" if other else "")


def stars(scheme: "Scheme", numbers: Iterable[int]) -> str:
    return listed(level(scheme, star) for star in numbers)


def answer(scheme: "Scheme", name: str) -> str:
    """An answer as the ballot calls it; the usual ones in English too."""
    word = scheme.survey.words[name]
    return told(word) if word in USUAL_ANSWERS.values() else word


def listed(words: Iterable[str]) -> str:
    return say("、").join(words)


def owner(name: str) -> str:
    return OWNERS_EN.get(name, told(ROLES[name])) if english() else ROLES[name]


def rule(text: str) -> str:
    return told(rule_in_words(text))


def span(text: str) -> str:
    return told(span_in_words(text))


def roster_field(scheme: "Scheme", name: str) -> str:
    return scheme.fields.get(name, name)


def figure(scheme: "Scheme", name: str) -> str:
    if english() and name in FIGURES_EN:
        return FIGURES_EN[name]
    word = all_names(scheme).get(name, name)
    own = name.startswith(OWN_FIGURES) or name in {item.code for item in scheme.component}
    return word if own else told(word)


OWN_FIGURES = ("sheet.", "criterion.", "counter.")
"""What these are called the scheme says, in its own words."""


def needs(scheme: "Scheme", lead: str, wanted: "Needs") -> str:
    said = [
        say("或").join(f"{figure(scheme, one.value)}{_with(one.op)}{plain(one.than)}" for one in need.alternatives)
        for need in wanted
    ]
    return f"{lead}{say('且').join(said)}" if said else ""


def _with(op: str) -> str:
    return f" {op} " if english() else WITH[op]


def condition(scheme: "Scheme", when: "When") -> str:
    return say("或").join(say("且").join(_fact(scheme, *one) for one in alternative) for alternative in when.any_of)


def _fact(scheme: "Scheme", name: str, values: tuple[Any, ...]) -> str:
    if values in ((True,), (False,)):
        return say(FACTS[name]) if values[0] else say("不{fact}", fact=say(FACTS[name]))
    said = [_level(scheme, value) if isinstance(value, int) else str(value) for value in values]
    return say(FACTS[name], values="/".join(said))


def _level(scheme: "Scheme", star: int) -> str:
    return say("{n}星", n=star) if scheme.in_stars else level(scheme, star)


def cited(said: Any) -> str:
    """The rule, with page, address and the reason why it is read like this where they are written."""
    cite = said.cite
    parts = [part for part in (cite.rule, cite.page, cite.url, cite.note) if part]
    return say("({parts})", parts=say(",").join(parts)) if parts else ""
