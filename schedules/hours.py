"""When people may be disturbed: not in quiet hours, and where an installation says so only on working days.

The deadline does not move, only the message waits; several that wait for one person leave as one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

PEOPLE = ("smtp", "wecom", "dingtalk", "feishu", "sms")
"""Channels that ring at somebody's; the others are read by machines or by whoever looks."""


@dataclass(frozen=True, slots=True)
class Hours:
    """`quiet` from–to, across midnight or not; `digest_at` is when a person's daily letter leaves."""

    zone: tzinfo
    quiet: tuple[time, time] | None
    workdays_only: bool
    is_workday: Callable[[date], bool]
    digest_at: time

    def opens(self, now: datetime) -> datetime | None:
        """When a message of now may leave; None: at once."""
        at = now.astimezone(self.zone)
        for _ in range(40):  # the longest holiday is shorter
            moved = self._after_quiet(at)
            if self.workdays_only and not self.is_workday(moved.date()):
                moved = datetime.combine(moved.date() + timedelta(days=1), time(), self.zone)
            if moved == at:
                break
            at = moved
        return None if at == now.astimezone(self.zone) else at

    def digest(self, now: datetime, since: datetime) -> datetime | None:
        """When the digest that holds a message of `since` leaves; None: it is time."""
        local = since.astimezone(self.zone)
        leaves = datetime.combine(local.date(), self.digest_at, self.zone)
        if leaves < local:
            leaves = datetime.combine(local.date() + timedelta(days=1), self.digest_at, self.zone)
        return leaves if now < leaves else None

    def _after_quiet(self, at: datetime) -> datetime:
        if self.quiet is None:
            return at
        begin, end = self.quiet
        clock = at.time()
        if begin <= end:
            inside, days = begin <= clock < end, 0
        else:
            inside, days = clock >= begin or clock < end, int(clock >= begin)
        return datetime.combine(at.date() + timedelta(days=days), end, self.zone) if inside else at
