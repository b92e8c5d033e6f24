"""What decides between equal totals: the figures that a quota names, in its order, and last a draw once its seed is told."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction

from storage import draws, evidence
from storage.database import Transaction
from storage.evidence import Sheets
from storage.models import Survey
from workflow.rating import survey
from workflow.rating.draws import lot
from workflow.rating.scheme import Quota, Scheme
from workflow.rating.sheet import sheet_scores

Keys = Mapping[str, tuple[Fraction, ...]]
LAST = ("draw", "meeting")


class Standing:
    """One organisation whose place is in question."""

    def __init__(self, cycle_id: int, code: str, field: str, members: int, held: int | None, round_: str) -> None:
        self.cycle_id, self.code, self.field, self.members, self.held = cycle_id, code, field, members, held
        self.round = round_


def tie_keys(
    tx: Transaction, campaign_id: int, scheme: Scheme, quota: Quota, scope: str, standing: Iterable[Standing]
) -> Keys:
    """code → what is compared after the total, each the higher the better; empty where a quota compares nothing."""
    seed = draws.seed_of(tx, campaign_id, quota.code, scope) if "draw" in quota.tie_break else None
    names = tuple(name for name in quota.tie_break if name not in LAST)
    if not names and seed is None:
        return {}
    its = tuple(standing)
    ids = [one.cycle_id for one in its]
    sheets, surveys = evidence.newest_sheets(tx, ids), evidence.newest_surveys(tx, ids)
    return {
        one.code: (
            *(_key(name, _figures(scheme, one, sheets, surveys)) for name in names),
            *((Fraction(-lot(seed, quota.code, scope, one.code)),) if seed is not None else ()),
        )
        for one in its
    }


def _key(name: str, figures: Mapping[str, Fraction]) -> Fraction:
    """Whoever lacks the figure comes after everybody who has it."""
    plain = name.removeprefix("-")
    if plain not in figures:
        return Fraction(-(10**12))
    return -figures[plain] if name.startswith("-") else figures[plain]


def _figures(
    scheme: Scheme, one: Standing, sheets: Sheets, surveys: Mapping[tuple[int, str], Survey]
) -> dict[str, Fraction]:
    found = {"members": Fraction(one.members)}
    if one.held is not None:
        found["held"] = Fraction(one.held)
    if own := sheets.get((one.cycle_id, one.round, "self")):
        found["self"] = Fraction(own.base)
    if scored := sheets.get((one.cycle_id, one.round, "superior")):
        found["superior"] = Fraction(scored.base)
        scores = {code: Decimal(points) for code, points in scored.scores.items()}
        found |= {f"criterion.{code}": Fraction(points) for code, points in scores.items()}
        its = sheet_scores(scheme, scores, scored.base, one.field)
        found |= {f"sheet.{code}": Fraction(points) for code, points in its.items()}
        found |= {"lowest_sheet": Fraction(min(its.values()))} if its else {}
    if filed := surveys.get((one.cycle_id, one.round)):
        found |= dict(_survey(scheme, filed))
    return found


def _survey(scheme: Scheme, filed: Survey) -> Iterator[tuple[str, Fraction]]:
    if filed.members:
        yield "turnout", Fraction(filed.members_present, filed.members)
    if scheme.satisfaction:
        votes = survey.satisfaction(scheme.satisfaction, evidence.tally_of(filed))
        if votes.valid:
            yield "satisfaction", Fraction(votes.satisfied, votes.valid)
