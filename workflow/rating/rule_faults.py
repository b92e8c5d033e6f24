"""What is wrong between the tables of `scheme_rules.py`: names that are not there, formulas that go round, routes nobody takes.

One function per question, listed in RULE_CHECKS; a fault is a path into the file and one sentence.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from workflow.engine.deadlines import AfterEntry, AfterNamed, parse_date_rule
from workflow.engine.errors import Unknown
from workflow.rating.figures import SCORES, SHOWN_AS_SIDE, all_names, names
from workflow.rating.scheme_places import Path
from workflow.rating.scheme_rules import Needs
from workflow.rating.scheme_tables import Bonus, Deduction, Scheme
from workflow.rating.scheme_values import shown
from workflow.rating.shelf import WEEKENDS, calendar
from workflow.rating.wording import plain

Fault = tuple[Path, str]
LAST = ("draw", "meeting")
COMPARABLE = ("satisfaction", "turnout", "members", "held", "superior", "self", "lowest_sheet", "sheet", "criterion")


# --- the formula ------------------------------------------------------------------------------------------------------


def formula_names(scheme: Scheme) -> Iterator[Fault]:
    """A component may name the figures of the case and the components above it; itself or one below would go round."""
    known, codes = names(scheme), [item.code for item in scheme.component]
    for i, item in enumerate(scheme.component):
        if item.code in known or item.code == "total" or item.code in codes[:i]:
            yield ("component", i, "code"), f"{shown(item.code)}已有所指,请换一个名称"
        for name in item.of:
            if name == "total":
                yield ("component", i, "of"), "total由公式算出,不能再用来算它自己(循环引用)"
            elif name in codes[i:]:
                said = "它自己" if name == item.code else f"下面的{shown(name)}"
                yield ("component", i, "of"), f"{shown(item.code)}用到{said}:循环引用,只能用上面已有的"
            elif name not in known and name not in codes:
                yield ("component", i, "of"), f"公式里没有{shown(name)}这个数{_near(name, (*known, *codes))}"
    if scheme.score.total and scheme.score.total not in codes:
        yield ("score", "total"), f"没有{shown(scheme.score.total)}这个[[component]]"
    if scheme.component and not scheme.score.total:
        yield ("score", "total"), "写了公式([[component]]),却没有写明总分取哪一个(score.total)"


def formula_uses_points(scheme: Scheme) -> Iterator[Fault]:
    """Points that the formula does not look at would count for nothing."""
    if not scheme.score.total:
        return
    used = {name for item in scheme.component for name in item.of}
    for table, figure in (("bonus", "bonus"), ("deduction", "deduction")):
        items: Sequence[Bonus | Deduction] = scheme.bonus if table == "bonus" else scheme.deduction
        for i, item in enumerate(items):
            if figure not in used and f"points.{item.code}" not in used:
                yield (table, i), f"{shown(item.code)}没有进入总分的公式"


def figures_had(scheme: Scheme) -> Iterator[Fault]:
    """A total that names a figure no case can have is never reached: everybody would stay unrated."""
    weights = {name: weight for name, weight in scheme.score.weights.items() if weight}
    counted: list[tuple[Path, str]] = [(("score", "weights"), name) for name in weights if not scheme.score.total]
    counted += [(("component", i, "of"), name) for i, item in enumerate(scheme.component) for name in item.of]
    kinds = {stage.kind for stage in scheme.stage}
    for path, name in counted:
        if name in SHOWN_AS_SIDE and scheme.satisfaction is None:
            yield path, "总分要用测评的满意率,却没有写[satisfaction]:哪些票算满意(count)、占哪些票(of)"
        if name in SHOWN_AS_SIDE and "survey" not in kinds:
            yield path, "总分要用测评的满意率,却没有测评环节(survey)"
        if name == "self" and "self_evaluation" not in kinds:
            yield path, "总分要用自评分,却没有自评环节(self_evaluation)"
        if name == "self" and not (scheme.criterion or scheme.sheet):
            yield path, "总分要用自评分,却没有评分的指标:写[[criterion]]"


def needs_named(scheme: Scheme) -> Iterator[Fault]:
    known = all_names(scheme)
    for path, needs in _needs(scheme):
        for n, need in enumerate(needs):
            for one in need.alternatives:
                if one.value not in known:
                    yield (*path, n), f"条件里没有{shown(one.value)}这个数{_near(one.value, tuple(known))}"


def _needs(scheme: Scheme) -> Iterator[tuple[Path, Needs]]:
    yield from ((("level", i, "needs"), level.needs) for i, level in enumerate(scheme.level))
    yield from ((("effect", i, "needs"), effect.needs) for i, effect in enumerate(scheme.effect))
    yield from ((("eligibility", i, "needs"), rule.needs) for i, rule in enumerate(scheme.eligibility))
    yield from ((("linked", i, "needs"), rule.needs) for i, rule in enumerate(scheme.linked))


def linked_grades(scheme: Scheme) -> Iterator[Fault]:
    """Every level has its grade, and no grade is without a level."""
    levels = [str(star) for star in scheme.stars]
    for i, rule in enumerate(scheme.linked):
        missing, unknown = set(levels) - set(rule.grades), set(rule.grades) - set(levels)
        for star in sorted(missing):
            yield ("linked", i, "grades"), f"没有写明等次{star}时是什么"
        for star in sorted(unknown):
            yield ("linked", i, "grades"), f"没有{shown(star)}这一等次"


def _near(name: str, known: Sequence[str]) -> str:
    """What was probably meant: the same beginning, or the same name with its prefix."""
    head = name.partition(".")[0]
    found = [one for one in known if one.endswith(f".{name}") or one.partition(".")[0] == head]
    return f",有{'、'.join(found[:6])}" if found else f",例如{'、'.join(list(SCORES)[:4])}"


# --- levels and sheets ------------------------------------------------------------------------------------------------


def lowest_is_free(scheme: Scheme) -> Iterator[Fault]:
    """Somebody who reaches nothing must still have a level."""
    lowest = scheme.levels[0]
    if lowest.needs or any(sheet.star == lowest.star and sheet.pass_line is not None for sheet in scheme.sheet):
        yield ("level", scheme.level.index(lowest), "needs"), f"最低的{lowest.label}不能另有条件,达不到的就无处可去"


def decided_by_something(scheme: Scheme) -> Iterator[Fault]:
    """A level without a band must need something, or everybody would have it."""
    for i, level in enumerate(scheme.level):
        passed = any(sheet.star == level.star and sheet.pass_line is not None for sheet in scheme.sheet)
        if level.min is None and not level.needs and not passed and level is not scheme.levels[0]:
            yield ("level", i, "min"), f"{level.label}既没有下限(min)也没有条件(needs),人人都能达到"


def sheets_named(scheme: Scheme) -> Iterator[Fault]:
    codes = [sheet.code for sheet in scheme.sheet]
    for i, item in enumerate(scheme.criterion):
        if item.code in codes:
            yield ("criterion", i, "code"), f"指标{shown(item.code)}与评分表同名"
        if item.sheet and item.sheet not in codes:
            yield ("criterion", i, "sheet"), f"没有{shown(item.sheet)}这张评分表"
        if scheme.sheet and not item.sheet:
            yield ("criterion", i), f"有评分表,{shown(item.code)}没有写明属于哪一张(sheet)"
    for i, sheet in enumerate(scheme.sheet):
        if sheet.star is not None and sheet.star not in scheme.stars:
            yield ("sheet", i, "star"), f"没有{shown(sheet.star)}这一等次"
        for field in sheet.fields:
            if field not in scheme.fields:
                yield ("sheet", i, "fields"), f"没有声明领域{shown(field)}"
        total = sum((item.max for item in scheme.criterion if item.sheet == sheet.code), Decimal(0))
        if total and total != sheet.max:
            yield ("sheet", i, "max"), f"{sheet.title}各项合计{plain(total)}分,应为{plain(sheet.max)}分"


def every_field_has_a_sheet(scheme: Scheme) -> Iterator[Fault]:
    for field in scheme.fields if scheme.sheet else ():
        if not any(not sheet.fields or field in sheet.fields for sheet in scheme.sheet):
            yield ("sheet",), f"领域{shown(field)}没有评分表"


def sheets_fill_the_score(scheme: Scheme) -> Iterator[Fault]:
    """Without a formula of its own the total is the sum of the sheets."""
    if scheme.score.total or any(sheet.optional for sheet in scheme.sheet):
        return
    for field in scheme.fields or ("",):
        its = [sheet for sheet in scheme.sheet if not sheet.fields or field in sheet.fields]
        total = sum((sheet.max for sheet in its), Decimal(0))
        if its and total != scheme.score.max:
            whose = f"(领域{field})" if field else ""
            yield ("sheet",), f"各张评分表满分{whose}合计{plain(total)}分,应为{plain(scheme.score.max)}分"
            return


def stars_of_rules(scheme: Scheme) -> Iterator[Fault]:
    said: list[tuple[Path, int | None]] = [(("effect", i, "star"), e.star) for i, e in enumerate(scheme.effect)]
    said += [(("eligibility", i, "star"), rule.star) for i, rule in enumerate(scheme.eligibility)]
    said += [(("changes", "first_max"), scheme.changes.first_max)]
    said += [(("quota", i, "of"), star) for i, quota in enumerate(scheme.quota) for star in quota.of]
    for path, star in said:
        if star is not None and star not in scheme.stars:
            yield path, f"没有{shown(star)}这一等次"
    for i, effect in enumerate(scheme.effect):
        if effect.then == "no_level" and 0 not in scheme.stars:
            yield ("effect", i, "then"), "不定等次须有star = 0这一等次;定为最低的写bottom"
    if scheme.satisfaction and scheme.satisfaction.no_star and 0 not in scheme.stars:
        yield ("satisfaction", "no_star"), "不定等次须有star = 0这一等次"


# --- references -------------------------------------------------------------------------------------------------------


def rounds_named(scheme: Scheme) -> Iterator[Fault]:
    for i, effect in enumerate(scheme.effect):
        yield from (
            (("effect", i, "rounds"), f"没有{shown(one)}这一轮") for one in effect.rounds if one not in scheme.rounds
        )


def stages_of_rules(scheme: Scheme) -> Iterator[Fault]:
    known = {stage.name: stage for stage in scheme.stage}
    for i, paper in enumerate(scheme.attachment):
        if paper.stage not in known:
            yield ("attachment", i, "stage"), f"没有{shown(paper.stage)}这个环节"
        elif known[paper.stage].owner == "clock" or known[paper.stage].kind == "publicity":
            yield ("attachment", i, "stage"), f"{shown(paper.stage)}环节没有人交材料"
    for i, filing in enumerate(scheme.filing):
        if filing.after not in known:
            yield ("filing", i, "after"), f"没有{shown(filing.after)}这个环节"
        elif known[filing.after].ends:
            yield ("filing", i, "after"), f"{shown(filing.after)}是终点,没有办完的时候"


def events_of_rules(scheme: Scheme) -> Iterator[Fault]:
    """A counter may count what costs no points; its levels must be those of the items that know the event."""
    for i, counter in enumerate(scheme.counter):
        items: tuple[Bonus | Deduction, ...] = (*scheme.bonus, *scheme.deduction)
        levels = {level for item in items if set(item.events) & set(counter.events) for level in item.points}
        for level in counter.levels if levels else ():
            if level not in levels:
                yield ("counter", i, "levels"), f"没有级别{shown(level)}"


def routes_assigned(scheme: Scheme) -> Iterator[Fault]:
    """Every organisation takes one route, and every route is taken by somebody."""
    routes, rules = scheme.procedure.routes, scheme.procedure.assign
    for i, rule in enumerate(rules):
        if rule.route not in routes:
            yield ("procedure", "assign", i, "route"), f"没有{shown(rule.route)}这条路线,只有{'、'.join(routes)}"
        for field in rule.field:
            if field not in scheme.fields:
                yield ("procedure", "assign", i, "field"), f"没有声明领域{shown(field)}"
    if rules and not any(rule.direct is None and not rule.kind and not rule.field for rule in rules):
        yield ("procedure", "assign"), "有的组织没有路线:最后应有一条不带条件的"
    if not rules and len(routes) > 2:
        yield ("procedure", "assign"), f"有{len(routes)}条路线,须写明哪类组织走哪条"
    for route in routes if rules else ():
        if not any(rule.route == route for rule in rules):
            yield ("procedure", "routes"), f"没有组织走{shown(route)}这条路线"


def offsets(scheme: Scheme) -> Iterator[Fault]:
    """A date counted from another stage ends at a fixed date, and does not go round."""
    for i, stage in enumerate(scheme.stage):
        for key in ("due", "target", "opens"):
            its_due = (stage.name,) if key == "due" else ()
            said: list[tuple[Path, str | None, tuple[str, ...]]] = [(("stage", i, key), getattr(stage, key), its_due)]
            said += [(("stage", i, "but", n, key), getattr(but, key), ()) for n, but in enumerate(stage.but)]
            yield from ((path, wrong) for path, date, of in said if date and (wrong := _astray(scheme, date, of)))


def _astray(scheme: Scheme, date: str, seen: tuple[str, ...]) -> str | None:
    """Why a date cannot be counted; `seen` are the stages whose due it is itself."""
    known = {stage.name: stage for stage in scheme.stage}
    rule = parse_date_rule(date)
    while isinstance(rule, AfterNamed) and rule.name != "opening":
        if rule.name not in known:
            return f"没有{shown(rule.name)}这个环节,可写opening或环节全名"
        if rule.name in seen:
            return f"{'、'.join((*seen, rule.name))}互相推算:循环引用"
        seen = (*seen, rule.name)
        rule = parse_date_rule(known[rule.name].due or "+1 days")
        if isinstance(rule, AfterEntry):
            return f"{shown(seen[-1])}没有固定的截止日,不能由它推算"
    return None


def calendar_known(scheme: Scheme) -> Iterator[Fault]:
    try:
        calendar(scheme.scheme.calendar)
    except Unknown:
        yield ("scheme", "calendar"), f"没有{shown(scheme.scheme.calendar)}这份节假日历,可写cn,或不计节假日的{WEEKENDS}"


def ties(scheme: Scheme) -> Iterator[Fault]:
    known = all_names(scheme)
    for i, quota in enumerate(scheme.quota):
        for n, said in enumerate(quota.tie_break):
            name = said.removeprefix("-")
            if said in LAST:
                if n < len(quota.tie_break) - 1:
                    yield ("quota", i, "tie_break"), f"{said}之后不能再比,应写在最后"
            elif name not in known or name.partition(".")[0] not in COMPARABLE:
                yield ("quota", i, "tie_break"), f"同分时不能比{shown(name)},可比{'、'.join(COMPARABLE)}"
        for field in quota.fields:
            if field not in scheme.fields:
                yield ("quota", i, "fields"), f"没有声明领域{shown(field)}"
        for year in quota.years:
            if not (year.isdigit() and len(year) == 4):
                yield ("quota", i, "years"), f"{shown(year)}不是年度"


def cuts_of_quotas(scheme: Scheme) -> Iterator[Fault]:
    """Only a maximum has places to cut at and to draw for: a minimum demotes nobody, a target is looked at afterwards."""
    for i, quota in enumerate(scheme.quota):
        if quota.op == "max":
            continue
        if quota.resolution == "rank_cut":
            yield (
                ("quota", i, "resolution"),
                "按排名截止(rank_cut)只用于至多(op = max):另写一项 max 的名额,这一项写 warn",
            )
        if "draw" in quota.tie_break:
            yield ("quota", i, "tie_break"), "抽签(draw)只用于至多(op = max):至少和约为的没有名额可抽,写 meeting"


def doubles_of_rules(scheme: Scheme) -> Iterator[Fault]:
    lists: tuple[tuple[str, Sequence[str]], ...] = (
        ("sheet", [item.code for item in scheme.sheet]),
        ("counter", [item.code for item in scheme.counter]),
        ("effect", [item.code for item in scheme.effect]),
        ("linked", [item.code for item in scheme.linked]),
        ("filing", [item.code for item in scheme.filing]),
    )
    for table, codes in lists:
        yield from (((table, i, "code"), f"{shown(c)}写了两次") for i, c in enumerate(codes) if c in codes[:i])


RULE_CHECKS: tuple[Callable[[Scheme], Iterator[Fault]], ...] = (
    doubles_of_rules,
    formula_names,
    formula_uses_points,
    figures_had,
    needs_named,
    lowest_is_free,
    decided_by_something,
    sheets_named,
    every_field_has_a_sheet,
    sheets_fill_the_score,
    stars_of_rules,
    rounds_named,
    stages_of_rules,
    events_of_rules,
    routes_assigned,
    offsets,
    calendar_known,
    linked_grades,
    ties,
    cuts_of_quotas,
)
