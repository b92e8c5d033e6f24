"""The lists: who is stuck, how every cycle stands, what is owed, what falls due, what was said, which stars are in force.

Each is one statement over what is stored, then a handful more for the rows that are shown. Lights, rungs and reasons come from
the pure functions that decide, so that a list never waits for a timer to tell the truth.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from starflow.service.desk import Desk
from starflow.service.shapes import CampaignLine, CycleLine, NoticeLine, ObligationLine, Owner, Page, StarLine
from starflow.service.stuck import stuck
from starflow.service.view import (
    Filters,
    People,
    View,
    code,
    cut,
    instant,
    light_of,
    number,
    owner_of,
    people_of,
    rungs_ahead,
    title_of,
    view_of,
    where_of,
)
from storage import cycles as cycle_rows
from storage import queries
from storage.queries import InForce, Owed, Standing, Told
from workflow.engine.deadlines import end_of_day
from workflow.engine.errors import BadInput

__all__ = ["Filters", "campaigns", "cycles", "due", "notices", "obligations", "stars", "stuck"]


def cycles(desk: Desk, filters: Filters | None = None) -> Page[CycleLine]:
    """Every cycle of the year, by code."""
    with desk.reading() as tx:
        view = view_of(desk, tx, filters or Filters())
        found = queries.standings(tx, where_of(view, code))
        kept = (one for one in found if view.shows(light_of(view, one.cycle.outcome, one.stay)))
        rows, following = cut(view, kept, lambda one: (one.cycle.code,))
        people = people_of(view, (one.stay for one in rows if one.stay))
        return Page(tuple(_cycle_line(view, one, people) for one in rows), following)


def obligations(desk: Desk, filters: Filters | None = None) -> Page[ObligationLine]:
    """Everything that is owed, of stages and of matters, by due; what has no due comes last."""
    with desk.reading() as tx:
        view = view_of(desk, tx, filters or Filters())
        found = queries.open_obligations(tx, where_of(view, instant, code, number, kinds=True))
        return _obligation_page(view, found)


def due(desk: Desk, filters: Filters | None = None, *, days: int = 14) -> Page[ObligationLine]:
    """What falls due from now to the end of the day so many days ahead; what is overdue already is in `stuck`."""
    if not 0 <= days <= 3660:
        raise BadInput(f"天数{days}不在0至3660之间")
    with desk.reading() as tx:
        view = view_of(desk, tx, filters or Filters())
        where = where_of(view, instant, code, number, kinds=True)
        until = end_of_day(view.today + timedelta(days), view.zone)
        return _obligation_page(view, queries.open_obligations(tx, where, due_after=tx.now, due_by=until))


def notices(desk: Desk, filters: Filters | None = None) -> Page[NoticeLine]:
    """What was said or waits to be said, the newest first; `owner` is the recipient's role."""
    filters = filters or Filters()
    _knows_no(filters, "通知", "light")
    with desk.reading() as tx:
        view = view_of(desk, tx, filters)
        rows, following = cut(view, queries.notices(tx, where_of(view, number, kinds=True)), lambda one: (one.id,))
        return Page(tuple(_notice_line(view, one) for one in rows), following)


def stars(desk: Desk, filters: Filters | None = None, *, as_of: date | None = None) -> Page[StarLine]:
    """The star of every organisation on a day, today unless said otherwise, by code."""
    filters = filters or Filters()
    _knows_no(filters, "星级", "light", "stage", "owner", "reviewer")
    with desk.reading() as tx:
        if cycle_rows.campaign_of_year(tx, None) is None:
            return Page(())  # nothing was ever rated
        view = view_of(desk, tx, filters)
        found = queries.stars_as_of(tx, as_of or view.today, where_of(view, code))
        rows, following = cut(view, found, lambda one: (one.code,))
        return Page(tuple(_star_line(one) for one in rows), following)


def campaigns(desk: Desk) -> Page[CampaignLine]:
    """All years, the newest first."""
    with desk.reading() as tx:
        years = queries.years(tx)
        zones = [desk.scheme(tx, year.scheme_hash).zone for year in years]
    return Page(
        tuple(
            CampaignLine(
                year=year.year,
                status=year.status,
                scheme=year.scheme,
                scheme_hash=year.scheme_hash,
                rated=year.rated,
                opened_at=year.opened_at.astimezone(zone),
                closed_at=year.closed_at.astimezone(zone) if year.closed_at else None,
            )
            for year, zone in zip(years, zones, strict=True)
        )
    )


# ── the lines ────────────────────────────────────────────────────


def _cycle_line(view: View, one: Standing, people: People) -> CycleLine:
    cycle = one.cycle
    stay = one.stay if one.stay and one.stay.closed_at is None else None
    return CycleLine(
        organisation=cycle.code,
        name=cycle.name,
        round=cycle.round or None,
        stage=cycle.stage,
        light=light_of(view, cycle.outcome, one.stay),
        owner=owner_of(stay, people) if stay else None,
        due_at=view.local(stay.due_at) if stay else None,
        proposed_star=cycle.proposed,
        star=cycle.star,
        stage_title=title_of(view.scheme, cycle.stage),
    )


def _obligation_page(view: View, found: Iterator[Owed]) -> Page[ObligationLine]:
    kept = (one for one in found if view.shows(light_of(view, None, one.stay)))
    rows, following = cut(view, kept, lambda one: one.place)
    people = people_of(view, (one.stay for one in rows))
    return Page(tuple(_obligation_line(view, one, people) for one in rows), following)


def _obligation_line(view: View, one: Owed, people: People) -> ObligationLine:
    stay = one.stay
    scheme = view.desk.scheme(view.tx, one.scheme_hash) if one.scheme_hash else view.scheme
    ringing = next(rungs_ahead(view, scheme, stay), None)
    return ObligationLine(
        id=stay.id,
        organisation=one.code,
        stage=stay.stage,
        owner=owner_of(stay, people),
        target_at=view.local(stay.target_at),
        due_at=view.local(stay.due_at),
        light=light_of(view, None, stay),
        next_rung=ringing.rung.name if ringing else None,
        next_rung_at=view.local(ringing.at) if ringing else None,
        name=one.name,
        stage_title=title_of(scheme, stay.stage),
    )


def _notice_line(view: View, one: Told) -> NoticeLine:
    return NoticeLine(
        key=one.key,
        organisation=one.code,
        stage=one.stage,
        rung=one.rung,
        kind=one.kind,
        recipient=Owner(
            role=one.recipient_role,
            organisation=one.recipient_code,
            person=one.person,
            organisation_name=one.recipient_name,
            person_name=one.person_name,
        ),
        channel=one.channel,
        due_at=one.due_at.astimezone(view.zone),
        sent_at=view.local(one.sent_at),
        status=one.status,
        name=one.name,
        stage_title=title_of(view.scheme, one.stage),
        document=one.document,
        text=one.text,
        note=one.note,
    )


def _star_line(one: InForce) -> StarLine:
    return StarLine(
        organisation=one.code,
        star=one.star,
        round=one.round,
        from_on=one.from_on,
        until_on=one.until_on,
        decision=one.decision,
        name=one.name,
    )


def _knows_no(filters: Filters, what: str, *names: str) -> None:
    """A filter that says nothing about these rows is refused, so that nobody believes it has narrowed them."""
    given = [name for name in names if getattr(filters, name) is not None]
    if given:
        raise BadInput(f"{what}清单不能按{'、'.join(given)}筛选")
