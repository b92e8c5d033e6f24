"""Where a scheme cuts by rank: nobody is approved before those who stand above him on the list of the waiting."""

from collections.abc import Sequence
from decimal import Decimal

from starflow.service.ties import Standing, tie_keys
from storage import meetings
from storage.cycles import CycleRow
from storage.database import Transaction
from storage.meetings import Contender, Scope
from workflow.rating.quota import Ranking, Row, last_resort, ranked
from workflow.rating.scheme import Quota, Scheme
from workflow.rating.wording import plain


def rank_block(
    tx: Transaction, scheme: Scheme, quota: Quota, cycle: CycleRow, scope: Scope, word: str, left: int
) -> str | None:
    """Why this place belongs to somebody above; None where the list leaves room down to here.

    Those whom the line would part although they are equal wait for the draw, or are the sitting's to choose among.
    """
    waiting = _waiting(tx, scheme, quota, cycle.campaign_id, scope)
    mine = next((c.total or Decimal(0) for c in waiting if c.code == cycle.code), None)
    if mine is None or sum((c.total or 0) >= mine for c in waiting) <= left:
        return None  # not on the list, or there is room for all down to this total, whatever decides between equals
    ranking = _ranked(tx, scheme, quota, cycle.campaign_id, word, waiting, mine, left)
    number = next(n for n, place in enumerate(ranking.places) if place.row.code == cycle.code)
    place = ranking.places[number]
    if place in ranking.tied:
        return "与他人同分,须先抽签(公布种子)" if last_resort(quota) == "draw" else None
    if number < ranking.cut:
        return None
    return f"按排名截止:{plain(place.row.total)}分,排在第{place.rank},名额还剩{left}个"


def _waiting(tx: Transaction, scheme: Scheme, quota: Quota, campaign_id: int, scope: Scope) -> tuple[Contender, ...]:
    approvals = {stage.name for stage in scheme.stage if stage.kind == "approval"}
    return meetings.contenders(tx, campaign_id, scope, stages=approvals, proposed=quota.stars)


def _ranked(
    tx: Transaction,
    scheme: Scheme,
    quota: Quota,
    campaign_id: int,
    word: str,
    waiting: Sequence[Contender],
    mine: Decimal,
    left: int,
) -> Ranking:
    """The list, where only equals of this one are told apart: nobody else's order touches its place."""
    equal = (c for c in waiting if (c.total or Decimal(0)) == mine)
    standing = (Standing(c.cycle_id, c.code, c.field, c.members, c.held, c.stage.rpartition(".")[0]) for c in equal)
    keys = tie_keys(tx, campaign_id, scheme, quota, word, standing)
    rows = (Row(c.code, c.name, c.total or Decimal(0), c.proposed or 0, keys.get(c.code, ())) for c in waiting)
    return ranked(rows, left)
