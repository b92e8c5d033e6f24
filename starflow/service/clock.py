"""What time it is: the only file that asks the machine for the time or for chance.

A live database runs on the system's clock; a rehearsal has a clock that stands in the database and is moved by hand, and
takes everything random from its seed, so that the same year can be played twice to the same hashes.
"""

import hashlib
import secrets
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Protocol

from workflow.engine.errors import Unavailable

TOLERATED = timedelta(seconds=2)
LOOK_EVERY = 60.0


class Clock(Protocol):
    def now(self) -> datetime: ...


class SystemClock:
    """The machine's own time, in UTC and whole milliseconds."""

    def now(self) -> datetime:
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


class SharedClock:
    """The machine's clock put right by the database's, so that of several hosts none fires anything an hour early or late.

    The database is asked once a minute; what differs by less than `TOLERATED` is left alone, and while it cannot be asked the
    last correction holds.
    """

    def __init__(
        self, asked: Callable[[], datetime], machine: Clock | None = None, steady: Callable[[], float] = monotonic
    ) -> None:
        self._asked, self._machine, self._steady = asked, machine or SystemClock(), steady
        self.offset = timedelta(0)
        self._looked_at: float | None = None

    def now(self) -> datetime:
        if self._looked_at is None or self._steady() - self._looked_at >= LOOK_EVERY:
            self._looked_at = self._steady()
            self._look()
        return self._machine.now() + self.offset

    def _look(self) -> None:
        try:
            before, there, after = self._machine.now(), self._asked(), self._machine.now()
        except Unavailable:
            return
        offset = there - (before + (after - before) / 2)
        self.offset = timedelta(seconds=round(offset.total_seconds())) if abs(offset) > TOLERATED else timedelta(0)


class HandClock:
    """A rehearsal's clock: `read` fetches what stands in the database."""

    def __init__(self, read: Callable[[], datetime]) -> None:
        self._read = read

    def now(self) -> datetime:
        return self._read()


def random_salt(name: str) -> str:
    return secrets.token_hex(16)


def seeded_salt(seed: int) -> Callable[[str], str]:
    """The salts of a rehearsal: the same seed and record give the same salt on every machine."""
    return lambda name: hashlib.sha256(f"{seed}|{name}".encode()).hexdigest()[:32]


def new_secret() -> str:
    """A token nobody can guess (256 bits)."""
    return secrets.token_urlsafe(32)


def new_code(length: int) -> str:
    """Small letters and digits, for somebody to type (5 bits each)."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(length))


SLIP_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"""Thirty-two that are not mistaken for one another when they are typed from paper: no l, no o, no 0, no 1."""
SLIP_LENGTH = 26


def new_slip() -> str:
    """The token of a ballot slip: 130 bits, the machine's own chance in a rehearsal too."""
    return "".join(secrets.choice(SLIP_LETTERS) for _ in range(SLIP_LENGTH))


def new_number(digits: int) -> str:
    """A number that nobody can guess from others: a query number, a PIN, a code."""
    return f"{secrets.randbelow(10**digits):0{digits}}"


def draw(seed: int, *names: str | int) -> float:
    """A number in [0, 1) that depends on the seed and the names alone: a rehearsal's dice."""
    digest = hashlib.sha256("|".join(map(str, (seed, *names))).encode()).digest()
    return int.from_bytes(digest[:7]) / 2**56
