"""A scheme's procedure on paper: `starflow procedure` and docs/procedure.md print what the table says, nothing else."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from operator import contains
from typing import Any

from workflow.engine import render
from workflow.engine.machine import Ask
from workflow.engine.render import Act, Heading, Page
from workflow.engine.table import Row, Table, When
from workflow.rating.facts import Facts
from workflow.rating.procedure import stands, table_of, worlds
from workflow.rating.scheme import Scheme, Stage
from workflow.rating.stages import FROM_ANYWHERE, KIND, TITLES
from workflow.rating.wording import rule_in_words, span_in_words

NOTES = (
    "由方案 `{name}` 打印,不手改;`starflow procedure --format markdown` 再打印一次,测试逐字核对。",
    "",
    "- 从上往下读:办完一个环节,转到下面第一个适用的环节;“仅”后面的条件不成立的,跳过。",
    "- 括号里是须填的项,带 `?` 的可以不填;`←` 后面是办理者,没有的由本环节的办理者办理。",
    "- “须满足”的条件有一项不成立就办不成,各项理由一并列出;“·”是办完仍在本环节。",
    "- 公示:拟定星级在本轮已经公示满期的不再公示;有异议未办结的,一律先到公示环节办结。",
)

World = tuple[Facts, Ask]
Case = tuple[Any, ...]
SHOWN = ("route", "field", "nested", "changed", "star", "proposed")
"""The facts that tell cases apart, in the order in which they are said."""


Say = Callable[[str], str]
"""What is printed of a Chinese text: itself, or its English."""


def procedure_text(scheme: Scheme, say: Say = str) -> str:
    """One screen of terminal text."""
    return render.text(page_of(scheme, say))


def procedure_markdown(scheme: Scheme, say: Say = str) -> str:
    return render.markdown(page_of(scheme, say))


def procedure_mermaid(scheme: Scheme, say: Say = str) -> str:
    return render.mermaid(page_of(scheme, say))


def page_of(scheme: Scheme, say: Say = str) -> Page:
    """The page in Chinese, put into another language before it is laid out: widths hang on the words."""
    label = labelled(scheme)
    return spoken(_page_of(scheme), lambda text: label(say(text)))


STARS = re.compile(r"([0-9]+(?:[–/][0-9]+)*)(星| stars?)")


def labelled(scheme: Scheme) -> Say:
    """Levels by their labels where these are no stars: 0–2星 is then 较差–较好, 3 stars is Gold."""
    if scheme.in_stars:
        return str
    return lambda text: STARS.sub(partial(_labels, scheme), text)


def _labels(scheme: Scheme, found: re.Match[str]) -> str:
    names = {str(one.star): one.label if found[2] == "星" else one.label_en or one.label for one in scheme.level}
    return re.sub(r"[0-9]+", lambda number: names.get(number[0], number[0]), found[1])


def spoken(page: Page, say: Say) -> Page:
    return replace(
        page,
        title=say(page.title),
        notes=tuple(say(note) for note in page.notes),
        paths=tuple((say(case), path) for case, path in page.paths),
        stages=tuple(
            (_heading_in(heading, say), tuple(_act_in(act, say) for act in acts)) for heading, acts in page.stages
        ),
        everywhere=tuple((say(where), _act_in(act, say)) for where, act in page.everywhere),
        words={word: say(word) for word in page.words},
    )


def _heading_in(heading: Heading, say: Say) -> Heading:
    dates, more = (" ".join(map(say, said.split(" "))) for said in (heading.dates, heading.more))
    return replace(heading, only=say(heading.only), owner=_owner_in(heading.owner, say), dates=dates, more=more)


def _act_in(act: Act, say: Say) -> Act:
    return replace(act, remark=say(act.remark))


def _owner_in(owner: str, say: Say) -> str:
    """The identifiers stay; what stands in brackets is a case."""
    return re.sub(
        r"\(([^()]*)\)", lambda found: f" ({say(found[1])})" if say(found[1]) != found[1] else found[0], owner
    )


def _page_of(scheme: Scheme) -> Page:
    table, known = table_of(scheme), tuple(worlds(scheme))
    return Page(
        title=f"办理程序:{scheme.title}",
        notes=tuple(note.format(name=scheme.name) for note in NOTES),
        paths=tuple(_paths(scheme, table, known)),
        stages=tuple((_heading(stage), _acts(table, stage, known)) for stage in scheme.stage),
        everywhere=tuple(_everywhere(scheme, table, known)),
        ends=tuple(stage.name for stage in scheme.stage if stage.ends),
    )


# ── paths ────────────────────────────────────────────────────────


def _paths(scheme: Scheme, table: Table, known: Iterable[World]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each different way down of each round, with the cases that take it; a round lies between two grants."""
    looked_at = {fact for stage in scheme.stage for fact in stage.condition.facts}
    names = tuple(name for name in SHOWN if name in looked_at)
    fresh = [(facts, ask) for facts, ask in known if not facts.posted and not facts.objected]
    resting = {stage.name for stage in scheme.stage if KIND[stage.kind].rests}
    for i, start in enumerate(_starts(scheme)):
        taken: dict[tuple[str, ...], set[Case]] = {}
        for facts, ask in fresh:
            if i == 0 or facts.star is not None:  # a later round begins with a star in force
                path = render.walk(table, start, facts, ask, resting.__contains__)
                taken.setdefault(path, set()).add(tuple(getattr(facts, name) for name in names))
        everybody = {case for cases in taken.values() for case in cases}
        yield from ((_told(names, cases, everybody), path) for path, cases in taken.items())


def _starts(scheme: Scheme) -> tuple[str, ...]:
    """The first stage of each round: where the list begins, and whatever follows a rest."""
    names = [stage.name for stage in scheme.stage]
    after = [n for stage, n in zip(scheme.stage, names[1:], strict=False) if stage.kind == "rated"]
    return (names[0], *after)


def _told(names: Sequence[str], cases: set[Case], everybody: set[Case]) -> str:
    """What these cases have that others have not; where one list of values cannot say it, several are joined."""
    values = [{case[i] for case in cases} for i in range(len(names))]
    if cases == {case for case in everybody if all(map(contains, values, case))}:
        everything = [{case[i] for case in everybody} for i in range(len(names))]
        said = [_listed(n, v) for n, v, every in zip(names, values, everything, strict=True) if v != every]
        return " ".join(said) or "一律"
    parts = next(parts for i in range(len(names)) if len(parts := _parts(cases, i)) > 1)
    return " 或 ".join(_told(names, part, everybody) for part in parts)


def _parts(cases: set[Case], i: int) -> list[set[Case]]:
    """The cases by their value at one place; values that leave the same choice elsewhere stay together."""
    parts: dict[frozenset[Case], set[Case]] = {}
    for value in {case[i]: None for case in sorted(cases, key=str)}:
        part = {case for case in cases if case[i] == value}
        parts.setdefault(frozenset(case[:i] + case[i + 1 :] for case in part), set()).update(part)
    return list(parts.values())


def _listed(name: str, values: Iterable[Any]) -> str:
    known = tuple(sorted(value for value in values if value is not None))
    return _span(known) if name == "proposed" else f"现{_span(known)}" if name == "star" else _said(name, known)


def _span(stars: Sequence[int]) -> str:
    together = len(stars) > 2 and stars[-1] - stars[0] == len(stars) - 1
    return f"{stars[0]}–{stars[-1]}星" if together else f"{'/'.join(map(str, stars))}星"


# ── stages ───────────────────────────────────────────────────────


def _heading(stage: Stage) -> Heading:
    dates, more = _dates(stage)
    return Heading(
        name=stage.name,
        only=f"仅{_condition(stage.condition)}" if stage.when else "",
        owner="" if KIND[stage.kind].rests else _varied(stage, "owner"),
        dates=dates,
        title=stage.title,
        cite=stage.cite.rule,
        more=more,
    )


DATES = (("due", "截止"), ("period", "历时"), ("until", "到"), ("target", "目标"), ("verify", "核实"))


def _dates(stage: Stage) -> tuple[str, str]:
    """The date that binds, and what else there is: a target stands first only where nothing is due."""
    said = [word + found for key, word in DATES if (found := _varied(stage, key, DATE_WORDS[key]))]
    said += [f"至少{stage.min_workdays}个工作日"] if stage.min_workdays else []
    return " ".join(said[:1]), " ".join(said[1:])


DATE_WORDS: Mapping[str, Callable[[str], str]] = {
    "due": rule_in_words,
    "period": span_in_words,
    "until": rule_in_words,
    "target": rule_in_words,
    "verify": span_in_words,
}


def _varied(stage: Stage, key: str, words: Callable[[str], str] = str) -> str:
    """A value and its variations by case: `superior / department(拟定5星)`."""
    cases = [f"{words(value)}({_condition(but.condition)})" for but in stage.but if (value := getattr(but, key, None))]
    return "/".join([words(usual), *cases] if (usual := getattr(stage, key)) else cases)


def _condition(when: When) -> str:
    return "或".join("且".join(_said(fact, values) for fact, values in alternative) for alternative in when.any_of)


FACT_WORDS: Mapping[str, str] = {"route": "路线{}", "field": "领域{}", "star": "现{}星", "proposed": "拟定{}星"}
WORDS: Mapping[tuple[str, tuple[Any, ...]], str] = {
    ("changed", (True,)): "变星",
    ("changed", (False,)): "不变",
    ("nested", (True,)): "考评者另有上级",
    ("nested", (False,)): "考评者没有上级",
    ("field", ("",)): "其他领域",
}


def _said(fact: str, values: tuple[Any, ...]) -> str:
    listed = "/".join(map(str, values))
    return WORDS.get((fact, values)) or FACT_WORDS.get(fact, "{}").format(listed)


# ── acts ─────────────────────────────────────────────────────────


def _acts(table: Table, stage: Stage, known: Iterable[World]) -> tuple[Act, ...]:
    """The acts of the stage's kind, with where they lead in the cases that come here."""
    here = [(facts, ask) for facts, ask in known if stands(stage).holds(facts)]
    return tuple(_act(table, stage, row, here) for row in table.of(stage.name) if row.arrives)


def _act(table: Table, stage: Stage, row: Row, here: Iterable[World]) -> Act:
    falls = row.trigger == "overturn_star" and stage.falls_to is not None
    return render.act_of(table, row, here, TITLES[row.trigger], f"({stage.falls_to}星)" if falls else "")


def _everywhere(scheme: Scheme, table: Table, known: Sequence[World]) -> Iterator[tuple[str, Act]]:
    """The exits that stand at every open stage by themselves."""
    for act, _, not_in in FROM_ANYWHERE:
        row = next((row for row in table.rows if row.trigger == act.trigger), None)
        if row is not None:
            without = [stage.name for stage in scheme.stage if stage.kind in not_in]
            where = "任一未结环节" + (f"({'、'.join(without)}除外)" if without else "")
            yield where, render.act_of(table, row, known, act.title)
