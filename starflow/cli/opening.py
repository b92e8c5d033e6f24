"""The desk that a command works at, and its local time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from starflow.service.desk import Desk


@contextmanager
def at_desk() -> "Iterator[Desk]":
    """The database of STARFLOW_DATABASE_URL; raises Unavailable where it cannot be had."""
    from starflow.service.desk import open_desk
    from starflow.service.settings import read_settings

    desk = open_desk(read_settings(os.environ))
    try:
        if desk.settings.engine == "cluster":
            from schedules.cluster import attach

            attach(desk)
        yield desk
    finally:
        desk.close()


def zone_of(desk: "Desk", year: int | None = None) -> ZoneInfo:
    """Of the campaign's scheme; before the first campaign, of the installation."""
    from storage.cycles import campaign_of_year

    with desk.reading() as tx:
        campaign = campaign_of_year(tx, year)
        return desk.scheme(tx, campaign.scheme_hash).zone if campaign else desk.settings.zone


def local_now(desk: "Desk", year: int | None = None) -> datetime:
    return desk.clock.now().astimezone(zone_of(desk, year))


def localised(at: datetime, zone: ZoneInfo) -> datetime:
    """A time without offset is meant where the scheme is."""
    return at.replace(tzinfo=zone) if at.tzinfo is None else at
