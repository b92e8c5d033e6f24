"""Bonuses and deductions (附加条件, R33-R41): from the year's events and the satisfaction to points, line by line.

An item is one line however many events it has; what does not count has a line too and says why.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from workflow.rating.inputs import UNTOUCHED, Event, RatingInputs, Step, counts_for, in_order, outside
from workflow.rating.scheme_tables import Bonus, Deduction, Scheme
from workflow.rating.survey import holds, share_text, side_text
from workflow.rating.wording import EACH, OPPOSITE, event_word, joined, plain


@dataclass(frozen=True, slots=True)
class Line:
    """A step of the explanation with the points that it brings or costs."""

    step: Step
    points: Decimal = Decimal(0)
    code: str = ""


def bonuses(scheme: Scheme, inputs: RatingInputs) -> tuple[Line, ...]:
    kept = _one_per_case(scheme.bonus, scheme.award.same_case, inputs)
    lines = tuple(
        line
        for number, item in enumerate(scheme.bonus)
        for line in (
            *_uncounted(scheme, item, inputs),
            *_bonus(scheme, item, _counted(item, inputs), tuple(event for owner, event in kept if owner == number)),
        )
    )
    return (*lines, *_limited(lines, scheme.score.bonus_cap, scheme.award.cite.rule or scheme.score.cite.rule))


def _bonus(scheme: Scheme, item: Bonus, events: tuple[Event, ...], kept: tuple[Event, ...]) -> tuple[Line, ...]:
    if not events:
        return ()
    points, how = _aggregated(item, kept) if kept else (Decimal(0), "共")
    merged = f",其中{len(events) - len(kept)}次与同一件事重复,不再加分" if len(kept) < len(events) else ""
    text = f"{item.title}:{_listed(scheme, item, events)}{merged},{how}加{plain(points)}分"
    return (Line(Step(item.cite.rule, text, _effect("+", points)), points, item.code),)


def deductions(scheme: Scheme, inputs: RatingInputs) -> tuple[Line, ...]:
    kept = _one_per_case(scheme.deduction, scheme.deduct.same_case, inputs)
    lines = tuple(
        line
        for number, item in enumerate(scheme.deduction)
        for line in (
            *_uncounted(scheme, item, inputs),
            *_deduction(scheme, item, _counted(item, inputs), tuple(event for owner, event in kept if owner == number)),
        )
    )
    lines = (*lines, *low_satisfaction(scheme, inputs))
    return (*lines, *_limited(lines, scheme.score.deduction_cap, scheme.deduct.cite.rule or scheme.score.cite.rule))


def _limited(lines: tuple[Line, ...], most: Decimal | None, rule: str) -> tuple[Line, ...]:
    """A line that gives back what is beyond the limit of all items together."""
    total = sum((line.points for line in lines), Decimal(0))
    if most is None or abs(total) <= most:
        return ()
    word, back = ("加" if total > 0 else "扣"), (most - abs(total)) * (1 if total > 0 else -1)
    text = f"{word}分合计{plain(abs(total))}分,以{plain(most)}分为限"
    return (Line(Step(rule, text, _effect("+" if back > 0 else "-", abs(back))), back),)


def _deduction(scheme: Scheme, item: Deduction, events: tuple[Event, ...], kept: tuple[Event, ...]) -> tuple[Line, ...]:
    if not events:
        return ()
    points, how = _aggregated(item, kept) if kept else (Decimal(0), "共")
    merged = f",其中{len(events) - len(kept)}次与同一案件重复,不再扣分" if len(kept) < len(events) else ""
    text = f"{item.title}:{_listed(scheme, item, events)}{merged},{how}扣{plain(points)}分"
    return (Line(Step(item.cite.rule, text, _effect("-", points)), -points, item.code),)


def _one_per_case(items: Sequence[Bonus | Deduction], rule: str, inputs: RatingInputs) -> tuple[tuple[int, Event], ...]:
    """The events that count, each with its item's number; of one case only the heaviest if the scheme says so."""
    pairs = [(number, event) for number, item in enumerate(items) for event in _counted(item, inputs)]
    if rule == "sum":
        return tuple(pairs)
    heaviest: dict[object, tuple[int, Event]] = {}
    for place, (number, event) in enumerate(pairs):
        key = ("case", event.case) if event.case else ("single", place)
        held = heaviest.get(key)
        if held is None or _points(items[number], event) > _points(items[held[0]], held[1]):
            heaviest[key] = (number, event)
    return tuple(heaviest.values())


def _effect(sign: str, points: Decimal) -> str:
    return f"{sign}{plain(points)}" if points else UNTOUCHED


def _points(item: Bonus | Deduction, event: Event) -> Decimal:
    return item.points[event.level or EACH] * item.multiplier


def _aggregated(item: Bonus | Deduction, events: tuple[Event, ...]) -> tuple[Decimal, str]:
    each = [_points(item, event) for event in events]
    points, how = (max(each), "以最高的为准,") if item.aggregate == "max" else (sum(each, Decimal(0)), "共")
    limited = item.cap is not None and points > item.cap
    return (item.cap, f"以{plain(item.cap)}分为限,") if limited and item.cap is not None else (points, how)


def _listed(scheme: Scheme, item: Bonus | Deduction, events: tuple[Event, ...]) -> str:
    """For example 市级表彰2次(每次3分)、省级署名文章1次(每次5分), in the order of the scheme."""
    times = Counter((event.code, event.level or EACH) for event in events)
    return joined(
        f"{_word(scheme, item, code, level)}{times[code, level]}次(每次{plain(points * item.multiplier)}分)"
        for code in item.events
        for level, points in item.points.items()
        if (code, level) in times
    )


def _word(scheme: Scheme, item: Bonus | Deduction, code: str, level: str) -> str:
    """Nothing where the item's title has just said it."""
    return "" if level == EACH and item.events == (code,) else event_word(code, level, scheme.words)


def _counted(item: Bonus | Deduction, inputs: RatingInputs) -> tuple[Event, ...]:
    return tuple(
        e
        for e in in_order(inputs.events)
        if e.code in item.events and counts_for(e, inputs, item.window_years, item.window)
    )


def _uncounted(scheme: Scheme, item: Bonus | Deduction, inputs: RatingInputs) -> tuple[Line, ...]:
    return tuple(
        Line(
            Step(
                item.cite.rule,
                f"{event.on}的{event_word(event.code, event.level or EACH, scheme.words)}{why},不计",
                UNTOUCHED,
            )
        )
        for event in in_order(inputs.events)
        if event.code in item.events and (why := outside(event, inputs, item.window_years, item.window))
    )


def low_satisfaction(scheme: Scheme, inputs: RatingInputs) -> tuple[Line, ...]:
    """The points that a low satisfaction costs; of several thresholds the dearest that holds."""
    rule, votes = scheme.satisfaction, inputs.satisfaction
    if rule is None or votes is None:
        return ()
    if not votes.valid:
        return (Line(Step(rule.cite.rule, "没有有效票,满意率不计,不扣分也不影响定星", UNTOUCHED)),)
    holding = [tariff for tariff in rule.deduct if holds(votes, tariff)]
    if not holding:
        kept = sorted(rule.deduct, key=lambda tariff: tariff.value)[-1:]
        return tuple(
            Line(
                Step(rule.cite.rule, f"{share_text(rule, votes)}{side_text(OPPOSITE[t.op], t.value)},不扣分", UNTOUCHED)
            )
            for t in kept
        )
    dearest = max(holding, key=lambda tariff: tariff.points)
    text = f"{share_text(rule, votes)}{side_text(dearest.op, dearest.value)},扣{plain(dearest.points)}分"
    return (Line(Step(rule.cite.rule, text, f"-{plain(dearest.points)}"), -dearest.points),)
