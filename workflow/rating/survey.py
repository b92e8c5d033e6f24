"""The survey of members and masses: who had to come, what the counted ballots say, and how much of it may be shown.

Few ballots give their authors away. Below the scheme's smallest cell no number of answers is ever put into words, only
the side of the threshold on which it lies; unanimous answers are never given exactly.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from operator import ge, gt, le, lt

from workflow.rating.inputs import Satisfaction
from workflow.rating.scheme_asking import HEADS
from workflow.rating.scheme_asking import Survey as SurveyRule
from workflow.rating.scheme_tables import Satisfaction as SatisfactionRule
from workflow.rating.scheme_tables import Tariff, Threshold
from workflow.rating.wording import OPERATOR_WORDS, OPPOSITE, percent, plain

COMPARE = {"<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(frozen=True, slots=True)
class Tally:
    """Heads and answers of one survey; masses are counted by where they come from, answers never are (R14)."""

    members_present: int
    own_unit: int = 0
    related_unit: int = 0
    answers: Mapping[str, int] = field(default_factory=dict)

    @property
    def masses(self) -> int:
        return self.own_unit + self.related_unit

    @property
    def present(self) -> int:
        return self.members_present + self.masses


def counted(said: Mapping[str, int]) -> Tally:
    """From one flat table, as tellers write it: heads, and beside them the answers of the scheme's scale."""
    heads = {name: said[name] for name in HEADS if name in said}
    return Tally(**{"members_present": 0, **heads}, answers={a: n for a, n in said.items() if a not in HEADS})


def added(one: Tally, other: Tally) -> Tally:
    answers = {a: one.answers.get(a, 0) + other.answers.get(a, 0) for a in {**one.answers, **other.answers}}
    return Tally(**{name: getattr(one, name) + getattr(other, name) for name in HEADS}, answers=answers)


# --- turnout ----------------------------------------------------------------------------------------------------------


def needed(members: int, quorum: Fraction) -> int:
    """How many members must take part: the exact share, rounded up (R13)."""
    return -(-members * quorum.numerator // quorum.denominator)


def turnout_text(came: int, members: int, quorum: Fraction) -> str:
    """For example 参加9人,应到12人的80%即10人,还差1人."""
    wanted = needed(members, quorum)
    result = f"还差{wanted - came}人" if came < wanted else "已达到"
    return f"参加{came}人,应到{members}人的{percent(quorum)}即{wanted}人,{result}"


# --- tally ------------------------------------------------------------------------------------------------------------


def tally_faults(rule: SurveyRule, tally: Tally, members: int) -> tuple[str, ...]:
    """Why these counts cannot be right; they are refused."""
    ballots = sum(tally.answers.values())
    heads = (tally.members_present, tally.own_unit, tally.related_unit)
    if min(*heads, *tally.answers.values()) < 0:
        return ("人数和票数不能小于0",)
    faults = (
        (tally.members_present > members, f"参加党员{tally.members_present}人,多于党员总数{members}人"),
        (tally.masses < rule.masses_min, f"参加群众{tally.masses}人,不得少于{rule.masses_min}人"),
        (ballots > tally.present, f"测评票{ballots}张,多于到会{tally.present}人"),
    )
    return tuple(text for wrong, text in faults if wrong)


def masses_warnings(rule: SurveyRule, masses: int) -> tuple[str, ...]:
    """What is allowed but should be looked at: so few of the masses that their word weighs little (R14)."""
    few = rule.masses_min <= masses < rule.masses_warn_below
    return (f"参加群众只有{masses}人,少于{rule.masses_warn_below}人",) if few else ()


# --- satisfaction -----------------------------------------------------------------------------------------------------


def satisfaction(rule: SatisfactionRule, tally: Tally) -> Satisfaction:
    """Which answers count, and of which, is the scheme's decision; 不了解 is left out by default (R40)."""
    answers = tally.answers
    return Satisfaction(
        satisfied=sum((answers.get(name, 0) * rule.weights.get(name, Fraction(1)) for name in rule.count), Fraction(0)),
        valid=sum(answers.get(name, 0) for name in rule.of),
    )


def satisfaction_text(rule: SatisfactionRule, votes: Satisfaction) -> str:
    """The result as it may be shown to anybody: with few ballots only the sides of the scheme's thresholds."""
    if not votes.valid:
        return "没有有效票"
    if votes.valid >= rule.min_cell:
        return share_text(rule, votes).rstrip(",")
    thresholds = (*rule.deduct, *((rule.no_star,) if rule.no_star else ()))
    sides = dict.fromkeys(side_of(votes, threshold) for threshold in thresholds)
    return f"{share_text(rule, votes)}{'、'.join(sides)}" if sides else f"有效票不足{rule.min_cell}张,不显示数字"


def holds(votes: Satisfaction, threshold: Threshold | Tariff) -> bool:
    """Whether the satisfaction in per cent lies where the threshold says, exactly."""
    return bool(COMPARE[threshold.op](Fraction(100 * votes.satisfied, votes.valid), Fraction(threshold.value)))


def share_text(rule: SatisfactionRule, votes: Satisfaction) -> str:
    """The beginning of a sentence on satisfaction, with the number as far as it may be shown."""
    if votes.valid < rule.min_cell:
        return f"有效票不足{rule.min_cell}张,不显示数字:满意率"
    if votes.satisfied in (0, votes.valid):
        return f"满意率{'90%以上' if votes.satisfied else '10%以下'},"
    return f"满意率{percent(Fraction(votes.satisfied, votes.valid))}({_ballots(votes.satisfied)}/{votes.valid}),"


def _ballots(number: Fraction | int) -> str:
    """Ballots that count in part make no whole number; rounded for reading only."""
    return plain((Decimal(number.numerator) / Decimal(number.denominator)).quantize(Decimal("0.01")))


def side_of(votes: Satisfaction, threshold: Threshold | Tariff) -> str:
    return side_text(threshold.op if holds(votes, threshold) else OPPOSITE[threshold.op], threshold.value)


def side_text(op: str, value: Decimal) -> str:
    return f"{OPERATOR_WORDS[op]}{plain(value)}%"
