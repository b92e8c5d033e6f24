"""Passwords: long ones, never composed by rule, kept as Argon2id hashes that are made anew when the settings have changed.

Whoever does not exist is checked against a hash of nobody's, so that the answer takes as long; and only so many are checked at
once, because each takes its share of memory.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 128
AT_ONCE = BoundedSemaphore(4)
LOCAL_WORDS = ("starflow", "zhengxing", "dangjian", "dangyuan", "dangzhibu", "争星", "党建", "党支部", "星级")
STRONG = 3  # of zxcvbn's 0–4: safely out of reach for guessing, online and off


def hashed(password: str, mib: int) -> str:
    with AT_ONCE:
        return _hasher(mib).hash(_plain(password))


def agrees(kept: str | None, password: str, mib: int) -> bool:
    """Takes as long for nobody as for somebody."""
    with AT_ONCE:
        try:
            return _hasher(mib).verify(kept or _nobody(mib), _plain(password)) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(kept: str, mib: int) -> bool:
    return _hasher(mib).check_needs_rehash(kept)


def faults_of(password: str, known: Iterable[str] = ()) -> tuple[str, ...]:
    """What is wrong with a new password; `known` is what everybody knows about whose it is."""
    length = len(_plain(password))
    if length < SHORTEST:
        return (f"密码至少{SHORTEST}个字符,现在是{length}个;一句您记得住的话最好",)
    if length > LONGEST:
        return (f"密码最多{LONGEST}个字符,现在是{length}个",)
    if _is_guessable(_plain(password), [*LOCAL_WORDS, *filter(None, known)]):
        return ("这个密码容易被猜到:不要用常见的密码、连续的字符、单位或本人的名称和编码",)
    return ()


def _is_guessable(password: str, known: list[str]) -> bool:
    from zxcvbn import zxcvbn  # its lists take a moment to load, and only whoever sets a password needs them

    return len(set(password)) < 5 or zxcvbn(password[:72], user_inputs=known)["score"] < STRONG


def _plain(password: str) -> str:
    """The same characters typed on another keyboard are the same password."""
    return unicodedata.normalize("NFKC", password)


@cache
def _hasher(mib: int) -> PasswordHasher:
    return PasswordHasher(time_cost=3, memory_cost=mib * 1024, parallelism=1)


@cache
def _nobody(mib: int) -> str:
    return _hasher(mib).hash("nobody's")
