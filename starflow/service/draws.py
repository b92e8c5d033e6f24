"""The draw of a quota: committed to before anybody's place is decided, told afterwards, and never twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from shlex import quote

from starflow.service.agenda import Room, room_for, waiting
from starflow.service.case import campaign_of
from starflow.service.desk import Desk
from starflow.service.quotas import QuotaLine, QuotaPlace
from storage import draws, meetings
from storage.database import Transaction
from storage.models import Campaign, Draw
from workflow.engine.errors import BadInput, Reason, Refused, Unknown
from workflow.rating.draws import PREFIX, lot, seed_fault
from workflow.rating.quota import last_resort, parted
from workflow.rating.scheme import Quota, Scheme

LONGEST = 200
"""Of a seed: what fits into its column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawLine:
    """A draw as anybody may see it; the seed is empty until it has been told."""

    quota: str
    scope: str
    commitment: str
    committed_at: datetime
    committed_by: str
    seed: str | None
    told_at: datetime | None
    told_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tied:
    """One of those between whom only the draw decides; `lot` is empty until the seed is told. The smallest lot comes first."""

    organisation: str
    name: str
    total: str
    taken: bool
    within: bool
    lot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawBoard:
    """A quota's draw as a sitting looks at it. `late`: something was approved already, so that nothing can be committed to."""

    quota: str
    scope: str
    title: str
    left: int
    line: DrawLine | None
    tied: tuple[Tied, ...]
    late: bool

    @property
    def waits(self) -> bool:
        """For its seed."""
        return self.line is not None and self.line.seed is None

    @property
    def checks(self) -> tuple[str, ...]:
        """What anybody types to get the same: the commitment first, then every lot."""
        if self.line is None or self.line.seed is None:
            return ()
        said = ((), *((self.quota, self.scope, one.organisation) for one in self.tied))
        hashed = ("|".join((PREFIX, self.line.seed, *more)) for more in said)
        return tuple(f"printf %s {quote(one)} | sha256sum" for one in hashed)


def draw_boards(desk: Desk, year: int | None = None) -> tuple[DrawBoard, ...]:
    """Every quota of places that a draw may decide, with those whom it parts now. Raises Unknown (year)."""
    with desk.reading() as tx:
        campaign, scheme = _year(desk, tx, year)
        assert campaign.id is not None
        by_code = {one.code: one for one in scheme.quotas_of(campaign.year) if last_resort(one) == "draw"}
        if not by_code:
            return ()
        counts = meetings.approved_counts(tx, campaign.id)
        lines = {(one.quota, one.scope): _line(one) for one in draws.listed(tx, campaign.id)}
        room = room_for(tx, campaign, scheme, waiting(tx, campaign, scheme))
        return tuple(
            _board(one, lines.get((one.line.quota, one.line.scope)), _late(by_code[one.line.quota], counts))
            for one in room
            if one.line.quota in by_code
        )


def _board(room: Room, line: DrawLine | None, late: bool) -> DrawBoard:
    its, seed = room.line, line.seed if line else None
    codes = {place.row.code for place in parted(room.ranking, seed is not None)} or set(its.drawn_for)
    return DrawBoard(
        quota=its.quota,
        scope=its.scope,
        title=its.title or its.quota,
        left=room.left,
        line=line,
        tied=tuple(_tied(its, place, seed) for place in its.ranked if place.organisation in codes),
        late=late,
    )


def _tied(its: QuotaLine, place: QuotaPlace, seed: str | None) -> Tied:
    return Tied(
        organisation=place.organisation,
        name=place.name,
        total=place.total,
        taken=place.taken,
        within=place.within,
        lot="" if seed is None else f"{lot(seed, its.quota, its.scope, place.organisation):064x}",
    )


def _late(one: Quota, counts: Mapping[int, int]) -> bool:
    return any(count for star, count in counts.items() if star in one.stars)


def commit_draw(
    desk: Desk, quota: str, commitment: str, *, actor: str, scope: str = "all", year: int | None = None
) -> DrawLine:
    """Publish the commitment. Refused once a sitting has decided anything of this quota's, or where there is one already."""
    if len(commitment) != 64 or set(commitment) - set("0123456789abcdef"):
        raise BadInput("承诺值应是64位小写十六进制数(SHA-256)")
    with desk.transaction() as tx:
        campaign, scheme = _year(desk, tx, year)
        one = _quota(scheme, campaign, quota)
        assert campaign.id is not None
        if draws.of(tx, campaign.id, quota, scope) is not None:
            raise Refused(Reason(f"名额“{quota}”的承诺值已经公布,不能更换", one.cite.rule))
        if _late(one, meetings.approved_counts(tx, campaign.id)):
            raise Refused(Reason("已经有批准的,承诺值须在批准以前公布", one.cite.rule))
        new = Draw(
            campaign_id=campaign.id,
            quota=quota,
            scope=scope,
            commitment=commitment,
            committed_at=tx.now,
            committed_by=actor,
        )
        return _line(draws.put(tx, new))


def tell_seed(
    desk: Desk, quota: str, seed: str, *, actor: str, scope: str = "all", year: int | None = None
) -> DrawLine:
    """Tell the seed: from now on the lots stand. Refused where it is not the one that was committed to."""
    with desk.transaction() as tx:
        campaign, scheme = _year(desk, tx, year)
        one = _quota(scheme, campaign, quota)
        assert campaign.id is not None
        found = draws.of(tx, campaign.id, quota, scope)
        if found is None:
            raise Refused(Reason(f"名额“{quota}”还没有公布承诺值", one.cite.rule))
        if found.seed is not None:
            raise Refused(Reason("种子已经公布,不能更换", one.cite.rule))
        if len(seed) > LONGEST:
            raise BadInput(f"种子太长,最多{LONGEST}个字符")
        if fault := seed_fault(seed, found.commitment):
            raise Refused(fault)
        found.seed, found.told_at, found.told_by = seed, tx.now, actor
        return _line(draws.put(tx, found))


def draw_list(desk: Desk, year: int | None = None) -> tuple[DrawLine, ...]:
    """Every draw of a year. Raises Unknown (year)."""
    with desk.reading() as tx:
        campaign, _ = _year(desk, tx, year)
        assert campaign.id is not None
        return tuple(map(_line, draws.listed(tx, campaign.id)))


def _year(desk: Desk, tx: Transaction, year: int | None) -> tuple[Campaign, Scheme]:
    campaign = campaign_of(tx, year)
    return campaign, desk.scheme(tx, campaign.scheme_hash)


def _quota(scheme: Scheme, campaign: Campaign, code: str) -> Quota:
    found = next((one for one in scheme.quotas_of(campaign.year) if one.code == code), None)
    if found is None:
        raise Unknown(f"方案没有“{code}”这项名额")
    if "draw" not in found.tie_break:
        raise Refused(Reason(f"名额“{code}”的同分不由抽签决定", found.cite.rule))
    return found


def _line(draw: Draw) -> DrawLine:
    return DrawLine(
        quota=draw.quota,
        scope=draw.scope,
        commitment=draw.commitment,
        committed_at=draw.committed_at,
        committed_by=draw.committed_by,
        seed=draw.seed,
        told_at=draw.told_at,
        told_by=draw.told_by,
    )
