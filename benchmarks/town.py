"""A town of our own for measurements: many branches under few committees, the year open, the clock standing still."""

from datetime import datetime, timedelta

from starflow.service.campaigns import open_campaign
from starflow.service.clock import HandClock
from starflow.service.desk import Desk, create_desk
from starflow.service.organisations import import_roster
from starflow.service.rehearsal import starts_at
from starflow.service.settings import read_settings
from storage import cycles
from workflow.rating.roster import RosterRow
from workflow.rating.scheme import load_bytes
from workflow.rating.shelf import scheme_bytes

SCHEME = "anyang-five-star"
YEAR = 2027
UNDER_ONE = 50


def roster(branches: int) -> tuple[RosterRow, ...]:
    """The root, a committee for every fifty branches, and the branches."""
    units = [f"D{n:05}" for n in range(-(-branches // UNDER_ONE))]
    above = [RosterRow(code=code, name=f"第{code}机关党委", kind="机关党委", parent="GW", members=60) for code in units]
    below = [
        RosterRow(
            code=f"{units[n // UNDER_ONE]}{n:06}",
            name=f"第{n}支部",
            kind="党支部",
            parent=units[n // UNDER_ONE],
            members=12,
            head=f"书记{n}",
        )
        for n in range(branches)
    ]
    return (RosterRow(code="GW", name="市直工委", kind="市直工委", head="高桂"), *above, *below)


def town(url: str, branches: int) -> tuple[Desk, tuple[str, ...]]:
    """A desk at an opened year on 20 April, and the codes of its branches. Its clock is asked for nothing."""
    scheme = load_bytes(scheme_bytes(SCHEME))
    desk = create_desk(read_settings({"STARFLOW_DATABASE_URL": url}), rehearsal_at=starts_at(scheme, YEAR), seed=1)
    import_roster(desk, roster(branches), scheme_root_kind="市直工委", dry_run=False)
    open_campaign(desk, YEAR, SCHEME, actor="bench")
    stand(desk, starts_at(scheme, YEAR) + timedelta(days=5))
    with desk.reading() as tx:
        campaign = cycles.campaign_of_year(tx, YEAR)
        assert campaign is not None and campaign.id is not None
        codes = tuple(row.code for row in cycles.in_campaign(tx, campaign.id) if len(row.code) > 6)
    return desk, codes


def stand(desk: Desk, at: datetime) -> None:
    """The clock stands at `at`, without a question to the database, as the system's own does."""
    desk.clock = HandClock(lambda: at)
    desk.rehearsal = False


def rest(desk: Desk) -> None:
    """As if every branch had been rated three stars in June: they rest until the recheck, which begins now."""
    import sqlalchemy as sa

    at = desk.clock.now() + timedelta(days=230)
    with desk.transaction() as tx:
        tx.connection.execute(
            sa.text(
                "update cycle set stage='rated', star=3, acts_at=:at, runs_until=:at where length((select code from organisation o "
                "where o.id = cycle.organisation_id)) > 6"
            ),
            {"at": at.isoformat(" ") if tx.dialect == "sqlite" else at},
        )
        tx.connection.execute(sa.text("update obligation set closed_at=opened_at, rings_at=null"))
    stand(desk, at)
