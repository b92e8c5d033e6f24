"""The total of a case: by the scheme's own formula, or base plus bonuses minus deductions.

A formula is a list of components, each one operator over figures that stand above it; every one leaves a line with its
numbers. The figures that come of it are what conditions on levels look at.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from workflow.engine.errors import BadInput
from workflow.rating.figures import TOTAL, Figures, all_names, case_figures, computed, decimal_of, score_figures
from workflow.rating.inputs import RatingInputs, Step
from workflow.rating.points import Line
from workflow.rating.scheme_rules import Component
from workflow.rating.scheme_tables import Scheme
from workflow.rating.wording import joined, plain

WEIGHED = {"self": "自评", "survey": "测评", "superior": "考评"}
SIGNS = {"sum": "+", "difference": "-", "product": "×"}
CALLED = {"min": "最低", "max": "最高", "average": "平均"}


@dataclass(frozen=True, slots=True)
class Total:
    """The total, every figure behind it, and the lines that explain it."""

    number: Decimal
    figures: Figures
    steps: tuple[Step, ...]


def total_of(scheme: Scheme, inputs: RatingInputs, points: tuple[Line, ...]) -> Total:
    """Raises BadInput where the formula wants a figure that this case does not have."""
    figures = {**case_figures(scheme, inputs), **score_figures(scheme, inputs)}
    base, first = _base(scheme, figures)
    figures |= {"base": base, **_points(scheme, points)}
    lines = tuple(line.step for line in points)
    if scheme.score.total:
        raw, more = _by_formula(scheme, figures)
        number, last = _limited(scheme, raw)
    else:
        more = ()
        number, last = _summed(scheme, base, points)
    figures[TOTAL] = Fraction(number)
    return Total(number, figures, (first, *lines, *more, last))


def _base(scheme: Scheme, figures: Figures) -> tuple[Fraction, Step]:
    """The superior's score, or the weighted mean of those that the scheme counts."""
    rule, score = scheme.score.cite.rule, scheme.score
    weights = {name: weight for name, weight in score.weights.items() if weight}
    if scheme.score.total or set(weights) <= {"superior"}:
        base = figures.get("superior", Fraction(0))
        return base, Step(rule, f"基础分{plain(decimal_of(base))}分", f"={plain(decimal_of(base))}")
    _wanted(scheme, weights, figures)
    scaled = {name: figures[name] * (Fraction(score.max) / 100 if name == "survey" else 1) for name in weights}
    base = sum((scaled[name] * Fraction(weight) / 100 for name, weight in weights.items()), Fraction(0))
    said = "+".join(
        f"{WEIGHED[name]}{plain(decimal_of(scaled[name]))}×{plain(weight)}%" for name, weight in weights.items()
    )
    return base, Step(rule, f"基础分{said}={plain(decimal_of(base))}分", f"={plain(decimal_of(base))}")


def _points(scheme: Scheme, lines: tuple[Line, ...]) -> Figures:
    """Bonus and deduction points, each positive, in all and by item."""
    gained = sum((line.points for line in lines if line.points > 0), Decimal(0))
    lost = sum((line.points for line in lines if line.points < 0), Decimal(0))
    codes = (*(item.code for item in scheme.bonus), *(item.code for item in scheme.deduction))
    each = {f"points.{code}": Fraction(0) for code in codes}
    for line in lines:
        if line.code:
            each[f"points.{line.code}"] = Fraction(abs(line.points))
    return each | {"bonus": Fraction(gained), "deduction": Fraction(-lost)}


def _by_formula(scheme: Scheme, figures: dict[str, Fraction]) -> tuple[Fraction, tuple[Step, ...]]:
    steps = []
    for item in scheme.component:
        value = computed(item, figures)
        if value is None:
            if item.code == scheme.score.total:
                _wanted(scheme, item.of, figures)
            continue
        figures[item.code] = value
        shown = plain(decimal_of(value))
        steps.append(Step(item.cite.rule, f"{item.title}:{_arithmetic(scheme, item, figures)}={shown}", f"={shown}"))
    return figures[scheme.score.total], tuple(steps)


def _wanted(scheme: Scheme, names: object, figures: Figures) -> None:
    """The missing figure may itself be a component: then what that one misses is named."""
    by_code, words = {item.code: item for item in scheme.component}, all_names(scheme)
    todo, missing = list(names if isinstance(names, (tuple, dict)) else ()), []
    while todo:
        name = todo.pop()
        if name in figures:
            continue
        if name in by_code:
            todo += by_code[name].of
        else:
            missing.append(words.get(name, name))
    if missing:
        raise BadInput(f"算不出总分,还没有{joined(dict.fromkeys(missing))}")


def _arithmetic(scheme: Scheme, item: Component, figures: Figures) -> str:
    words = all_names(scheme)
    parts = [f"{words.get(name, name)}{plain(decimal_of(figures[name]))}" for name in item.of]
    said = SIGNS[item.op].join(parts) if item.op in SIGNS else f"{joined(parts)}取{CALLED[item.op]}"
    times = "" if item.times == 1 else f"×{plain(item.times)}"
    return f"({said}){times}" if times and len(parts) > 1 else f"{said}{times}"


def _limited(scheme: Scheme, raw: Fraction) -> tuple[Decimal, Step]:
    score = scheme.score
    number = _rounded(scheme, raw)
    total = max(score.min, min(number, score.max) if score.clamp_top else number)
    text = f"总分{plain(decimal_of(raw))}分"
    if total != decimal_of(raw):
        text += f",按{plain(total)}分计"
    return total, Step(score.cite.rule, text, f"={plain(total)}")


def _rounded(scheme: Scheme, raw: Fraction) -> Decimal:
    if scheme.score.total_decimals is None:
        return decimal_of(raw)
    scale = 10**scheme.score.total_decimals
    match scheme.score.rounding:
        case "floor":
            whole = raw * scale // 1
        case "ceil":
            whole = -(-raw * scale // 1)
        case _:
            whole = (raw * scale + Fraction(1, 2)) // 1
    return Decimal(int(whole)).scaleb(-scheme.score.total_decimals)


def _summed(scheme: Scheme, start: Fraction, lines: tuple[Line, ...]) -> tuple[Decimal, Step]:
    score, base = scheme.score, decimal_of(start)
    moved = [line.points for line in lines if line.points]
    raw = base + sum(moved, Decimal(0))
    whole = _rounded(scheme, start + Fraction(sum(moved, Decimal(0))))
    total = max(score.min, min(whole, score.max) if score.clamp_top else whole)
    terms = plain(base) + "".join(f"{'+' if points > 0 else '-'}{plain(abs(points))}" for points in moved)
    text = f"总分{terms}={plain(raw)}分" if moved else f"总分{plain(raw)}分"
    if total != raw:
        text += f",按{plain(total)}分计"
    elif raw > score.max:
        text += f",超过满分{plain(score.max)}分的部分照实计入"
    return total, Step(score.cite.rule, text, f"={plain(total)}")
