"""The sheet of criterion scores: its sum, its faults, and where self-evaluation and survey see it differently.

A score is written with at most the scheme's decimals; more are refused, not rounded.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from workflow.engine.errors import BadInput
from workflow.rating.scheme_tables import Scheme
from workflow.rating.wording import plain


def base_of(scheme: Scheme, scores: Mapping[str, Decimal], field: str = "") -> Decimal:
    """The sum of a full sheet of criterion scores."""
    if faults := score_faults(scheme, {code: f"{score:f}" for code, score in scores.items()}, field):
        raise BadInput(*faults)
    return sum(scores.values(), Decimal(0))


def score_faults(scheme: Scheme, scores: Mapping[str, str], field: str = "") -> tuple[str, ...]:
    """All that is wrong with a sheet of criterion scores as it came in, one sentence each."""
    known = {c.code: c for c in scheme.criterion if not c.fields or field in c.fields}
    unknown = (f"没有第{code[:20]}项指标" for code in scores if code not in known)
    missing = (f"第{c.code}项“{c.title}”没有得分" for c in known.values() if c.code not in scores)
    wrong = (
        score_fault(f"第{code}项“{known[code].title}”", text, known[code].max, scheme.score.decimals)
        for code, text in scores.items()
        if code in known
    )
    return (*unknown, *missing, *filter(None, wrong))


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
