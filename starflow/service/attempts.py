"""How often something may be tried: counted by account and by network, before it is tried, so that many at once count too."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from storage import accounts
from storage.database import Transaction
from workflow.engine.errors import TooOften


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries in so much time."""

    name: str
    most: int
    within: timedelta


QUARTER = timedelta(minutes=15)
PASSWORDS = Limit("password", 5, QUARTER)
CODES = Limit("code", 5, QUARTER)
SIGN_INS = Limit("network", 50, QUARTER)
ACTIVATIONS = Limit("activation", 20, QUARTER)
EXPORTS = Limit("export", 10, timedelta(hours=1))

Tried = tuple[Limit, str]


def count(tx: Transaction, tried: Iterable[Tried]) -> None:
    """One more try of each. Raises TooOften, and then counts nothing. `tx` runs on the wall's clock."""
    tried = tuple(tried)
    for limit, whose in tried:
        if accounts.attempts(tx, _key(limit, whose), tx.now - limit.within) >= limit.most:
            minutes = int(limit.within.total_seconds() // 60)
            raise TooOften(
                f"尝试过于频繁:{minutes}分钟内最多{limit.most}次,请{minutes}分钟后再试",
                current={"retry_after": int(limit.within.total_seconds())},
            )
    for limit, whose in tried:
        accounts.count_attempt(tx, _key(limit, whose), tx.now - limit.within)


def forget(tx: Transaction, *tried: Tried) -> None:
    for limit, whose in tried:
        accounts.forget_attempts(tx, _key(limit, whose))


def _key(limit: Limit, whose: str) -> str:
    return hashlib.sha256(f"{limit.name}|{whose}".encode("utf-8", "surrogatepass")).hexdigest()
