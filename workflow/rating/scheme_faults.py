"""What is wrong with a scheme whose every value is right by itself: one function per question, listed in CHECKS.

A fault is a path into the file and one sentence; `scheme.py` adds the line. The shape of the procedure (a stage that
cannot be reached, a dead end) is proved in `procedure.py`, by trying every world.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from workflow.rating.date_faults import DATE_CHECKS
from workflow.rating.rule_faults import RULE_CHECKS
from workflow.rating.scheme_partial import NotRead
from workflow.rating.scheme_places import Path
from workflow.rating.scheme_rules import Counter
from workflow.rating.scheme_stages import NEXT
from workflow.rating.scheme_tables import Bonus, Deduction, Level, Quota, Scheme
from workflow.rating.scheme_values import Cite, Closed, shown
from workflow.rating.wording import MATTERS

BACK = frozenset({"send_back", "withdraw", "reject", "uphold_objection"})

Fault = tuple[Path, str]


def faults_of(scheme: Scheme) -> tuple[Fault, ...]:
    """Every fault between the tables, in the order of CHECKS; a question about what could not be read is put off."""
    too_long = tuple(as_far_as_read(sizes, scheme))
    return too_long or tuple(fault for check in CHECKS for fault in as_far_as_read(check, scheme))


def as_far_as_read(check: Callable[[Scheme], Iterable[Fault]], scheme: Scheme) -> Iterator[Fault]:
    with suppress(NotRead):
        yield from check(scheme)


def citation_faults(scheme: Scheme, text: str) -> tuple[Fault, ...]:
    """Every quotation whose pieces do not stand in the text, in their order."""
    original = re.sub(r"(?m)^(#.*|L[0-9]+ )", "", text)
    return tuple(
        ((*path, "text"), f"原文中没有{shown(piece)}")
        for path, cite in cites(scheme)
        if (piece := _first_missing(cite.pieces, original))
    )


def cites(table: Closed, path: Path = ()) -> Iterator[tuple[Path, Cite]]:
    """Every citation of a table and of the tables in it."""
    for name in table.model_fields_set:
        value = getattr(table, name)
        if isinstance(value, Cite):
            yield (*path, name), value
        else:
            for below, inner in _tables_in(value):
                yield from cites(inner, (*path, name, *below))


def _tables_in(value: object) -> Iterator[tuple[Path, Closed]]:
    if isinstance(value, Closed):
        yield (), value
    elif isinstance(value, Mapping):
        yield from (((str(key),), entry) for key, entry in value.items() if isinstance(entry, Closed))
    elif isinstance(value, tuple):
        yield from (((i,), entry) for i, entry in enumerate(value) if isinstance(entry, Closed))


def _first_missing(pieces: Sequence[str], text: str) -> str | None:
    at = 0
    for piece in pieces:
        found = text.find(piece, at)
        if found < 0:
            return piece
        at = found + len(piece)
    return None


# --- size --------------------------------------------------------------------------------------------------------------

MOST = {"level": 20, "stage": 60, "fields": 60, "phase": 30, "rung": 40, "track": 40, "quota": 60}
MOST_ENTRIES = 400
"""A list that is longer is a slip or an attack; nobody reads it and every check would take its time over it."""


def sizes(scheme: Scheme) -> Iterator[Fault]:
    for name in type(scheme).model_fields:
        value, most = getattr(scheme, name), MOST.get(name, MOST_ENTRIES)
        if isinstance(value, (tuple, Mapping)) and len(value) > most:
            yield (name,), f"写了{len(value)}项,最多{most}项"


# --- names that stand twice -------------------------------------------------------------------------------------------


def doubles(scheme: Scheme) -> Iterator[Fault]:
    lists: tuple[tuple[str, str, Sequence[object]], ...] = (
        ("level", "star", [level.star for level in scheme.level]),
        ("stage", "name", [stage.name for stage in scheme.stage]),
        ("criterion", "code", [item.code for item in scheme.criterion]),
        ("bonus", "code", [item.code for item in scheme.bonus]),
        ("deduction", "code", [item.code for item in scheme.deduction]),
        ("quota", "code", [item.code for item in scheme.quota]),
        ("track", "code", [item.code for item in scheme.track]),
        ("rung", "name", [item.name for item in scheme.rung]),
    )
    for table, key, values in lists:
        for i, value in enumerate(values):
            if value in values[:i]:
                yield (table, i, key), f"{shown(value)}写了两次"


# --- levels and the score ---------------------------------------------------------------------------------------------


def bands(scheme: Scheme) -> Iterator[Fault]:
    """Each higher star begins above the lower one, and every score has a band. Levels without bounds stand outside."""
    banded = [level for level in scheme.levels if level.min is not None]
    for lower, upper in pairwise(banded):
        yield from _between(scheme, lower, upper)
    if scheme.levels[0].min is None:
        return
    lowest, highest = scheme.levels[0], scheme.levels[-1]
    if not lowest.reached_by(scheme.score.min):
        below = f"低于{lowest.min}分" if lowest.min_inclusive else f"{lowest.min}分及以下"
        yield (_level_path(scheme, lowest, "min"), f"分数段有空缺:{below}的不属于任何等次")
    if highest.top is not None and not (highest.max is not None and highest.max >= scheme.score.max):
        yield (_level_path(scheme, highest, _top_key(highest)), f"分数段有空缺:{_end(highest)}的不属于任何等次")


def _between(scheme: Scheme, lower: Level, upper: Level) -> Iterator[Fault]:
    if _start(upper) <= _start(lower):
        sentence = f"分数段重叠:{upper.label}的下限{upper.min}分不高于{lower.label}的下限{lower.min}分"
        yield _level_path(scheme, upper, "min"), sentence
    elif lower.top is not None and upper.min is not None:
        said = f"{lower.label}到{lower.top[0]}分为止,{upper.label}从{upper.min}分开始"
        if _overlaps(lower, upper):
            yield _level_path(scheme, lower, _top_key(lower)), f"分数段重叠:{said}"
        elif scheme.score.gaps == "refuse" and _leaves_a_gap(scheme, lower, upper):
            hint = "" if lower.max is None else ";归哪一档写在score.gaps里"
            yield _level_path(scheme, lower, _top_key(lower)), f"分数段有空缺:{said}{hint}"


def _overlaps(lower: Level, upper: Level) -> bool:
    assert lower.top is not None and upper.min is not None
    bound, inclusive = lower.top
    return bound > upper.min or (bound == upper.min and inclusive and upper.min_inclusive)


def _leaves_a_gap(scheme: Scheme, lower: Level, upper: Level) -> bool:
    """Of two that do not overlap; whole numbers leave none between 60 and 61, if the total is rounded to whole numbers."""
    assert lower.top is not None and upper.min is not None
    (bound, inclusive), decimals = lower.top, scheme.score.total_decimals
    if bound == upper.min:
        return not inclusive and not upper.min_inclusive
    if decimals is None:
        return True
    step = Decimal(1).scaleb(-decimals)
    last = bound if inclusive else bound - step
    first = upper.min if upper.min_inclusive else upper.min + step
    return last + step < first


def _end(level: Level) -> str:
    assert level.top is not None
    return f"{level.top[0]}分{'以上' if level.top[1] else '及以上'}"


def _top_key(level: Level) -> str:
    return "max" if level.max is not None else "below"


def _start(level: Level) -> tuple[Decimal, bool]:
    """Where a band begins; one that excludes its bound begins after one that includes it."""
    return level.min or Decimal(0), not level.min_inclusive


def _level_path(scheme: Scheme, level: Level, key: str) -> Path:
    return "level", scheme.level.index(level), key


def score_sums(scheme: Scheme) -> Iterator[Fault]:
    weights = sum(scheme.score.weights.values(), Decimal(0))
    if weights != 100:
        yield ("score", "weights"), f"权重合计{weights},应为100"
    if scheme.score.min >= scheme.score.max:
        yield ("score", "min"), f"最低分{scheme.score.min}不低于满分{scheme.score.max}"
    for field in () if scheme.sheet else scheme.fields or ("",):
        sheet = [item.max for item in scheme.criterion if not item.fields or field in item.fields]
        total = sum(sheet, Decimal(0))
        if scheme.criterion and total != scheme.score.max:
            whose = f"(领域{field})" if any(item.fields for item in scheme.criterion) else ""
            yield ("criterion",), f"各项指标满分{whose}合计{total}分,应为{scheme.score.max}分"
            if not whose:
                return


# --- quotas -----------------------------------------------------------------------------------------------------------


def quotas(scheme: Scheme) -> Iterator[Fault]:
    """Shares that no distribution of stars can keep. Fixed numbers and shares of a part are not compared."""
    shares = [quota for quota in scheme.quota if quota.ratio is not None and not quota.of]
    for quota in shares:
        if quota.op == "min":
            yield from (
                (
                    ("quota", scheme.quota.index(quota), "ratio"),
                    f"无法满足:至少{quota.ratio},而“{other.code}”规定至多{other.ratio}",
                )
                for other in shares
                if other.op == "max" and (other.scope, other.fields) == (quota.scope, quota.fields)
                if set(quota.stars) <= set(other.stars) and _ratio(quota) > _ratio(other)
            )
    for together in dict.fromkeys((quota.scope, quota.fields) for quota in shares):
        yield from _sums(scheme, [quota for quota in shares if (quota.scope, quota.fields) == together])


def _sums(scheme: Scheme, together: list[Quota]) -> Iterator[Fault]:
    least = [quota for quota in together if quota.op == "min"]
    most = [quota for quota in together if quota.op == "max"]
    if _disjoint(least) and (total := _total(least)) > 1:
        yield ("quota", scheme.quota.index(least[-1]), "ratio"), f"无法满足:各项下限合计{total},超过全部"
    everything = {star for quota in most for star in quota.stars} >= set(scheme.stars)
    if everything and (total := _total(most)) < 1:
        yield ("quota", scheme.quota.index(most[-1]), "ratio"), f"无法满足:所有等次的上限合计{total},不足全部"


def _disjoint(quotas: list[Quota]) -> bool:
    stars = [star for quota in quotas for star in quota.stars]
    return len(stars) == len(set(stars))


def _total(quotas: list[Quota]) -> Fraction:
    return sum((_ratio(quota) for quota in quotas), Fraction(0))


def _ratio(quota: Quota) -> Fraction:
    return quota.ratio or Fraction(0)


# --- references -------------------------------------------------------------------------------------------------------


def stages_named(scheme: Scheme) -> Iterator[Fault]:
    names = {stage.name for stage in scheme.stage}
    for i, stage in enumerate(scheme.stage):
        for exit_ in stage.exits:
            for name in _names(getattr(stage, exit_)):
                if name != NEXT and scheme.full_name(stage, name) not in names:
                    yield ("stage", i, exit_), f"没有{shown(name)}这个环节"
    for code, phase in scheme.phase.items():
        for name in phase.covers:
            if name not in names:
                yield ("phase", code, "covers"), f"没有{shown(name)}这个环节"
            elif (due := scheme.stage_of(name).due) is None:
                yield ("phase", code, "covers"), f"环节{name}没有截止日"
            elif due != phase.due:
                yield ("phase", code, "due"), f"{shown(phase.due)}与环节{name}的截止日{shown(due)}不一致"


def ways_back(scheme: Scheme) -> Iterator[Fault]:
    """What is sent back goes up the list: an exit downward would skip a stage (R45), one to itself goes nowhere."""
    names = [stage.name for stage in scheme.stage]
    for i, stage in enumerate(scheme.stage):
        for exit_ in (exit_ for exit_ in stage.exits if exit_ in BACK):
            for name in _names(getattr(stage, exit_)):
                full = scheme.full_name(stage, name)
                if full in names and names.index(full) >= i:
                    yield ("stage", i, exit_), f"{shown(name)}不在本环节之前,只能退到前面的环节"


def falls(scheme: Scheme) -> Iterator[Fault]:
    """A star that is overturned falls to one that needs no such review."""
    for i, stage in enumerate(scheme.stage):
        reviewed = {star for condition in stage.when for star in condition.proposed} or {max(scheme.stars)}
        if stage.falls_to is not None and stage.falls_to >= min(reviewed):
            yield ("stage", i, "falls_to"), f"复审未通过落到{stage.falls_to}星,不低于须复审的{min(reviewed)}星"


def _names(exit_: str | tuple[str, ...]) -> tuple[str, ...]:
    return (exit_,) if isinstance(exit_, str) else exit_


def stars_named(scheme: Scheme) -> Iterator[Fault]:
    known = set(scheme.stars)
    for path, stars in _stars_said(scheme):
        for star in stars:
            if star not in known:
                yield path, f"没有{shown(star)}这一等次"


def _stars_said(scheme: Scheme) -> Iterator[tuple[Path, Iterable[int]]]:
    for i, stage in enumerate(scheme.stage):
        yield ("stage", i, "falls_to"), () if stage.falls_to is None else (stage.falls_to,)
    for i, quota in enumerate(scheme.quota):
        yield ("quota", i, "stars"), quota.stars
    for i, track in enumerate(scheme.track):
        yield ("track", i, "stars"), track.stars
    yield ("plaque", "stars"), scheme.plaque.stars
    yield ("site", "stars"), scheme.site.stars
    yield ("key_management", "stars"), scheme.key_management.stars
    if scheme.key_management.released_from is not None:
        yield ("key_management", "released_from"), (scheme.key_management.released_from,)
    if scheme.absence:
        yield ("absence", "cap"), (scheme.absence.cap,)
    if scheme.election:
        yield ("election", "cap"), (scheme.election.cap,)
        if over := scheme.election.over_one_year:
            yield ("election", "over_one_year", "cap"), (over.cap,)


def tracks(scheme: Scheme) -> Iterator[Fault]:
    """Every star has one track, if there are tracks."""
    placed = [star for track in scheme.track for star in track.stars]
    for star in scheme.stars if scheme.track else ():
        if placed.count(star) != 1:
            yield ("track",), f"{star}星{'没有' if star not in placed else '不止一类'}后续工作"


def words_named(scheme: Scheme) -> Iterator[Fault]:
    """Events, ballots, fields and rounds that another table must know."""
    if scheme.satisfaction:
        for key in ("count", "of"):
            for word in getattr(scheme.satisfaction, key):
                if word not in scheme.survey.scale:
                    yield ("satisfaction", key), f"测评表(survey.scale)没有{shown(word)}"
                elif word not in scheme.satisfaction.of:
                    yield ("satisfaction", key), f"{shown(word)}算满意,却不在有效票(of)里"
        for word in scheme.satisfaction.weights:
            if word not in scheme.satisfaction.count:
                yield ("satisfaction", "weights"), f"{shown(word)}不算满意(count),不能写只算几分之几"
    items: tuple[Bonus | Deduction | Counter, ...] = (*scheme.bonus, *scheme.deduction, *scheme.counter)
    events = {event for item in items for event in item.events}
    if scheme.absence and scheme.absence.event not in events:
        yield ("absence", "event"), f"加减分项目里没有{shown(scheme.absence.event)}"
    for i, item in enumerate(scheme.criterion):
        for field in item.fields:
            if field not in scheme.fields:
                yield ("criterion", i, "fields"), f"没有声明领域{shown(field)}"
    known = {*(stage.name for stage in scheme.stage), *MATTERS}
    for i, rung in enumerate(scheme.rung):
        for name in rung.stages:
            if name not in known:
                yield ("rung", i, "stages"), f"没有环节或事项{shown(name)}"
    for round_ in scheme.changes.approval_in:
        if round_ not in scheme.rounds:
            yield ("changes", "approval_in"), f"没有{shown(round_)}这一轮的环节"
        elif not any(stage.kind == "approval" and stage.round == round_ for stage in scheme.stage):
            yield ("changes", "approval_in"), f"{shown(round_)}这一轮没有批准环节(approval),星级变了也无人批准"


CHECKS: tuple[Callable[[Scheme], Iterator[Fault]], ...] = (
    doubles,
    bands,
    score_sums,
    quotas,
    stages_named,
    ways_back,
    falls,
    stars_named,
    tracks,
    words_named,
    *DATE_CHECKS,
    *RULE_CHECKS,
)
