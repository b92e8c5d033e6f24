"""Where a scheme cuts by rank: nobody is approved before those who stand above him on the list of the waiting."""

from decimal import Decimal

from starflow.service.ties import Standing, tie_keys
from storage import meetings
from storage.cycles import CycleRow
from storage.database import Transaction
from workflow.rating.quota import Row, last_resort, ranked
from workflow.rating.scheme import Quota, Scheme
from workflow.rating.wording import plain


def rank_block(
    tx: Transaction, scheme: Scheme, quota: Quota, cycle: CycleRow, scope: meetings.Scope, word: str, left: int
) -> str | None:
    """Why this place belongs to somebody above; None where the list leaves room down to here.

    Those whom the line would part although they are equal wait for the draw, or are the sitting's to choose among.
    """
    approvals = {stage.name for stage in scheme.stage if stage.kind == "approval"}
    waiting = [
        c
        for c in meetings.contenders(tx, cycle.campaign_id)
        if c.stage in approvals
        and c.proposed in quota.stars
        and meetings.Scope.of(quota.scope, c.path, c.field, quota.fields) == scope
        and (not quota.fields or c.field in quota.fields)
    ]
    standing = (Standing(c.cycle_id, c.code, c.field, c.members, c.held, c.stage.rpartition(".")[0]) for c in waiting)
    keys = tie_keys(tx, cycle.campaign_id, scheme, quota, word, standing)
    rows = (Row(c.code, c.name, c.total or Decimal(0), c.proposed or 0, keys.get(c.code, ())) for c in waiting)
    ranking = ranked(rows, left)
    mine = next((n for n, place in enumerate(ranking.places) if place.row.code == cycle.code), None)
    if mine is None:
        return None
    if any(place.row.code == cycle.code for place in ranking.tied):
        return "与他人同分,须先抽签(公布种子)" if last_resort(quota) == "draw" else None
    if mine < ranking.cut:
        return None
    place = ranking.places[mine]
    return f"按排名截止:{plain(place.row.total)}分,排在第{place.rank},名额还剩{left}个"
