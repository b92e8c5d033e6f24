"""The sheet of criterion scores: its sum, its faults, and where self-evaluation and survey see it differently.

A score is written with at most the scheme's decimals; more are refused, not rounded.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from workflow.engine.errors import BadInput
from workflow.rating.scheme_rules import Sheet
from workflow.rating.scheme_tables import Scheme
from workflow.rating.wording import plain


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One line to be scored: a criterion, or a sheet that has none."""

    code: str
    title: str
    max: Decimal
    sheet: str
    optional: bool = False


def lines_of(scheme: Scheme, field: str = "") -> tuple[ScoreLine, ...]:
    """The lines of every sheet that is used in a field, in the order of the file."""
    sheets = {sheet.code: sheet for sheet in sheets_of(scheme, field)}
    found = [
        ScoreLine(item.code, item.title, item.max, item.sheet, bool(item.sheet) and sheets[item.sheet].optional)
        for item in scheme.criterion
        if (not item.fields or field in item.fields) and (not item.sheet or item.sheet in sheets)
    ]
    itemised = {item.sheet for item in scheme.criterion}
    whole = [
        ScoreLine(sheet.code, sheet.title, sheet.max, sheet.code, sheet.optional)
        for sheet in sheets.values()
        if sheet.code not in itemised
    ]
    return (*found, *whole)


def sheets_of(scheme: Scheme, field: str = "") -> tuple[Sheet, ...]:
    return tuple(sheet for sheet in scheme.sheet if not sheet.fields or field in sheet.fields)


def highest_base(scheme: Scheme, field: str = "") -> Decimal:
    """The most that all sheets together can give."""
    its = sheets_of(scheme, field)
    return sum((sheet.max for sheet in its), Decimal(0)) if its else scheme.score.max


def sheet_scores(
    scheme: Scheme, scores: Mapping[str, Decimal], base: Decimal | None, field: str = ""
) -> dict[str, Decimal]:
    """The sum of each sheet that was scored; a base alone belongs to the only sheet."""
    its = sheets_of(scheme, field)
    if not scores:
        return {its[0].code: base} if len(its) == 1 and base is not None else {}
    found: dict[str, Decimal] = {}
    for line in lines_of(scheme, field):
        if line.code in scores and line.sheet:
            found[line.sheet] = found.get(line.sheet, Decimal(0)) + scores[line.code]
    return found | {sheet.code: scores[sheet.code] for sheet in its if sheet.code in scores}


def base_of(scheme: Scheme, scores: Mapping[str, Decimal], field: str = "") -> Decimal:
    """The sum of a full sheet of criterion scores."""
    if faults := score_faults(scheme, {code: f"{score:f}" for code, score in scores.items()}, field):
        raise BadInput(*faults)
    return sum(scores.values(), Decimal(0))


def score_faults(scheme: Scheme, scores: Mapping[str, str], field: str = "") -> tuple[str, ...]:
    """All that is wrong with a sheet of criterion scores as it came in, one sentence each."""
    known = {line.code: line for line in lines_of(scheme, field)}
    unknown = (f"没有第{code[:20]}项指标" for code in scores if code not in known)
    left_out = {line.sheet for line in known.values() if line.optional} - {
        known[code].sheet for code in scores if code in known
    }
    missing = (
        f"第{line.code}项“{line.title}”没有得分"
        for line in known.values()
        if line.code not in scores and line.sheet not in left_out
    )
    wrong = (
        score_fault(f"第{code}项“{known[code].title}”", text, known[code].max, scheme.score.decimals)
        for code, text in scores.items()
        if code in known
    )
    return (*unknown, *missing, *filter(None, wrong))


def review_faults(scheme: Scheme, scores: Mapping[str, str], field: str = "") -> tuple[str, ...]:
    """The same of a superior's sheet, whose sum becomes the base: an empty one adds up to nothing, not to nought."""
    if not scores and not lines_of(scheme, field):
        return ("方案没有分项指标,没有可以相加的得分:请只填一个总分(base)",)
    return score_faults(scheme, scores, field)


def differences(
    scheme: Scheme, self_total: Decimal | None, survey: Decimal | None, superior: Decimal
) -> tuple[str, ...]:
    """What the superior's score departs from by more than the scheme lets pass without a word (R28)."""
    limit = scheme.score.flag_difference
    others = (("自评", self_total), ("测评", survey))
    return tuple(
        f"{name}{plain(score)}分与考评{plain(superior)}分相差{plain(abs(score - superior))}分,超过{plain(limit)}分"
        for name, score in others
        if score is not None and abs(score - superior) > limit
    )


def score_fault(what: str, text: str, highest: Decimal, decimals: int) -> str | None:
    if not re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]+)?", text):
        return f"{what}的得分“{text[:20]}”不是数"
    if len(text.partition(".")[2]) > decimals:
        return f"{what}得{text}分,小数超过{decimals}位"
    if Decimal(text) < 0:
        return f"{what}得{text}分,低于0分"
    if Decimal(text) > highest:
        return f"{what}得{text}分,超过满分{plain(highest)}分"
    return None
