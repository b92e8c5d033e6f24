"""The rating year: adopting a scheme, opening a campaign on today's roster, adding an organisation later."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from starflow.service import matters
from starflow.service.case import campaign_of, case_of, load_case
from starflow.service.cycles import administer, redate, redate_all, reloaded
from starflow.service.desk import Desk
from starflow.service.schemes import keep, read_scheme
from storage import cycles, installation, records, stars
from storage import organisations as tree
from storage.database import Transaction
from storage.models import Campaign, Organisation
from storage.organisations import chunks
from workflow.engine.deadlines import start_of_day
from workflow.engine.errors import BadInput, Forbidden, Refused, Unknown
from workflow.rating import shelf
from workflow.rating.routes import route_of
from workflow.rating.scheme import Scheme, load_bytes
from workflow.rating.sheet import lines_of

Progress = Callable[[int, int], None]
PAGE = 500  # cycles of one statement, and between two words of progress


@dataclass(frozen=True, slots=True)
class Opened:
    """A campaign as it was opened: how many cycles, and on which scheme."""

    year: int
    scheme: str
    scheme_hash: str
    cycles: int
    routes: dict[str, int]


def adopt_scheme(desk: Desk, name_or_file: str) -> Scheme:
    scheme, content = read_scheme(name_or_file)
    with desk.transaction() as tx:
        keep(tx, scheme, content)
    return scheme


def open_campaign(desk: Desk, year: int, scheme_name: str, *, actor: str, progress: Progress | None = None) -> Opened:
    """Open the year on today's roster: one cycle each, with route, reviewer and quota base as they are now (R1).

    Raises Forbidden when the year is open already or the roster is empty.
    """
    if not 2000 <= year <= 2200:
        raise BadInput(f"年度{year}不在2000年至2200年之间")
    scheme, content = read_scheme(scheme_name)
    if scheme.undecided and not desk.rehearsal:
        raise Refused(*undecided(scheme))
    with desk.transaction() as tx:
        keep(tx, scheme, content)
        if (existing := cycles.campaign_of_year(tx, year)) is not None and existing.year == year:
            raise Forbidden(f"{year}年度的创建活动已经开展")
        if (
            last := cycles.campaign_of_year(tx, None)
        ) is not None and 0 < year - last.year < scheme.campaign.every_years:
            raise Forbidden(f"本方案{scheme.campaign.every_years}年评一次,上一次是{last.year}年度")
        root = _root(tx)
        rated = [o for o in tree.subtree(tx, root.path) if o.id != root.id and not too_small(scheme, o)]
        if not rated:
            raise Forbidden("名册里没有可参评的党组织")
        _every_field_is_scored(scheme, rated)
        campaign = Campaign(year=year, scheme_hash=scheme.hash, rated_count=len(rated), opened_at=tx.now)
        tx.session.add(campaign)
        tx.session.flush()
        _begin(desk, tx, campaign, scheme, rated, root, actor, progress)
        routes = {r: sum(_route(scheme, o, root) == r for o in rated) for r in scheme.procedure.routes}
        return Opened(year, scheme.name, scheme.hash, len(rated), routes)


def too_small(scheme: Scheme, organisation: Organisation) -> bool:
    """Whoever has fewer members than the scheme wants is not rated; those below it still are."""
    return organisation.members < scheme.roster.min_members


def undecided(scheme: Scheme) -> tuple[str, ...]:
    """What somebody has to decide before a year may be opened in earnest, a sentence each."""
    return tuple(
        f"{scheme.place(*one.path)}: 原文没有写明,演练时暂用 {one.written};正式开展前须由主管机关决定,把值写在这里"
        for one in scheme.undecided
    )


def _every_field_is_scored(scheme: Scheme, rated: Sequence[Organisation]) -> None:
    """A field without a sheet could not be scored later."""
    missing = {o.field for o in rated if not lines_of(scheme, o.field)} if scheme.sheet or scheme.criterion else set()
    if missing:
        raise Forbidden(f"名册里的领域{'、'.join(f'“{one}”' for one in sorted(missing))}在方案里没有评分表")


def add_cycle(desk: Desk, code: str, *, actor: str, year: int | None = None) -> str:
    """An organisation that joined the roster after the opening; the base of the quotas stays as it was."""
    with desk.transaction() as tx:
        campaign = campaign_of(tx, year)
        scheme = desk.scheme(tx, campaign.scheme_hash)
        organisation, root = tree.by_code(tx, code), _root(tx)
        if organisation is None or organisation.external or organisation.ended_on is not None:
            raise Unknown(f"名册里没有编码为“{code}”的党组织")
        if organisation.id == root.id:
            raise Forbidden(f"{organisation.name}不参评")
        if too_small(scheme, organisation):
            raise Forbidden(
                f"{organisation.name}有党员{organisation.members}人,不足{scheme.roster.min_members}人,按方案不参评"
            )
        assert campaign.id is not None
        if cycles.find(tx, campaign.id, code) is not None:
            raise Forbidden(f"{organisation.name}已在{campaign.year}年度中")
        _begin(desk, tx, campaign, scheme, [organisation], root, actor, None)
        return scheme.stage[0].name


def _begin(
    desk: Desk,
    tx: Transaction,
    campaign: Campaign,
    scheme: Scheme,
    organisations: Sequence[Organisation],
    root: Organisation,
    actor: str,
    progress: Progress | None,
) -> None:
    """Every organisation enters the first stage, with the first record of its chain; the units owe their plans (R62)."""
    assert campaign.id is not None and root.id is not None
    held, done = stars.all_in_force(tx), 0
    for page in chunks(organisations, PAGE):
        ids = cycles.insert_all(tx, [_first_row(tx, campaign, scheme, one, root, held) for one in page])
        _first_records(tx, ids, scheme, actor)
        standing = cycles.presents(tx, ids)
        redate_all(tx, [(case_of(desk, tx, present.cycle), present) for present in standing])
        done += len(page)
        if done == PAGE:
            cycles.opened(tx)
        if progress is not None:
            progress(done, len(organisations))
    matters.open_implementation_plans(desk, tx, campaign.id, root.id)
    if done > PAGE:
        cycles.opened(tx)


def _first_row(
    tx: Transaction,
    campaign: Campaign,
    scheme: Scheme,
    organisation: Organisation,
    root: Organisation,
    held: dict[int, int],
) -> dict[str, Any]:
    assert organisation.id is not None
    return {
        "campaign_id": campaign.id,
        "organisation_id": organisation.id,
        "reviewer_id": organisation.parent_id,
        "route": _route(scheme, organisation, root),
        "nested": _nested(tx, organisation, root),
        "field": organisation.field,
        "scheme_hash": scheme.hash,
        "stage": scheme.stage[0].name,
        "version": 1,
        "visit": 1,
        "entered_at": max(tx.now, opens_at(scheme, campaign.year)),
        "head": records.GENESIS,
        "star": held.get(organisation.id),
    }


def _first_records(tx: Transaction, ids: Sequence[int], scheme: Scheme, actor: str) -> None:
    rows = cycles.by_ids(tx, ids)
    appended = records.append_all(
        tx,
        [
            records.NewRecord(
                chain=row.chain,
                cycle_id=row.id,
                seq=1,
                trigger="open",
                before="",
                after=row.stage,
                role="department",
                actor=actor,
                at=tx.now,
                late_days=0,
                late_stage=None,
                scheme_hash=scheme.hash,
                previous_hash=records.GENESIS,
                detail={"route": row.route, "reviewer": row.reviewer_code, "field": row.field, "star": row.star},
            )
            for row in rows
        ],
    )
    cycles.set_heads(tx, {one.cycle_id: one.hash for one in appended})


def _root(tx: Transaction) -> Organisation:
    found = tree.by_id(tx, tree.root(tx))
    assert found is not None  # its id was read in this transaction
    return found


def reroute(desk: Desk, code: str, reason: str, *, actor: str, year: int | None = None) -> str:
    """Take an organisation's present superior as its reviewer from now on; without this a move counts from the next year.

    Returns the new reviewer's code. Raises Refused where nothing would change, BadInput without a reason.
    """
    if not reason.strip():
        raise BadInput("须写明理由")
    with desk.transaction() as tx:
        case = load_case(desk, tx, code, year, lock=True)
        organisation, root = tree.by_id(tx, case.cycle.organisation_id), _root(tx)
        assert organisation is not None  # a foreign key says so
        if organisation.parent_id in (None, case.cycle.reviewer_id):
            raise Refused(f"{organisation.name}的上级没有变化,不需要改派")
        values = {
            "reviewer_id": organisation.parent_id,
            "route": _route(case.scheme, organisation, root),
            "nested": _nested(tx, organisation, root),
        }
        reviewer = _code(tx, organisation.parent_id) or ""
        administer(tx, case, "reroute", actor, {"reviewer": reviewer, "route": values["route"], "reason": reason})
        cycles.update_facts(tx, case.cycle.id, values)
        redate(tx, reloaded(desk, tx, case))
        return reviewer


def opens_at(scheme: Scheme, year: int) -> datetime:
    month, day = map(int, scheme.campaign.opens_on.split("-"))
    return start_of_day(date(year, month, day), scheme.zone)


def _route(scheme: Scheme, organisation: Organisation, root: Organisation) -> str:
    direct = organisation.parent_id == root.id
    return route_of(scheme, direct=direct, kind=organisation.kind, field=organisation.field)


def _nested(tx: Transaction, organisation: Organisation, root: Organisation) -> bool:
    """The reviewer is itself below a reviewer (R18)."""
    reviewer = tree.by_id(tx, organisation.parent_id) if organisation.parent_id is not None else None
    return reviewer is not None and reviewer.parent_id not in (None, root.id)


def _code(tx: Transaction, organisation_id: int | None) -> str | None:
    found = tree.by_id(tx, organisation_id) if organisation_id is not None else None
    return found.code if found else None


@dataclass(frozen=True, slots=True)
class Overview:
    """`campaign show`: the year, its scheme, and how many cycles stand in which stage."""

    year: int
    status: str
    scheme: str
    scheme_hash: str
    rated: int
    stages: dict[str, int]


def show_campaign(desk: Desk, year: int | None = None) -> Overview:
    with desk.reading() as tx:
        campaign = campaign_of(tx, year)
        scheme = desk.scheme(tx, campaign.scheme_hash)
        assert campaign.id is not None
        counts = cycles.count_by_stage(tx, campaign.id)
        ordered = {s.name: counts[s.name] for s in scheme.stage if s.name in counts}
        return Overview(campaign.year, campaign.status, scheme.name, scheme.hash, campaign.rated_count, ordered)


def schemes(desk: Desk | None) -> Iterator[dict[str, Any]]:
    """What is shipped, then what this database has adopted besides."""
    seen = set()
    for name in shelf.scheme_names():
        scheme = load_bytes(shelf.scheme_bytes(name), source=shelf.source_text)
        seen.add(scheme.hash)
        yield {"name": name, "title": scheme.title, "hash": scheme.hash}
    if desk is None:
        return
    with desk.reading() as tx:
        for adopted in installation.adopted(tx):
            if adopted.hash not in seen:
                yield {"name": adopted.name, "title": adopted.title, "hash": adopted.hash}
