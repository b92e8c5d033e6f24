"""A draw that anybody can repeat: the seed is committed to before it is known who is tied, and told only afterwards.

    commitment  SHA-256 of "starflow-draw|" + seed, published beforehand
    lot         SHA-256 of "starflow-draw|" + seed + "|" + quota + "|" + scope + "|" + code; the smallest comes first

Nobody can choose a seed to suit the result, because its commitment was published; and nobody has to trust the program,
because `sha256sum` gives the same lots.
"""

from hashlib import sha256

from workflow.engine.errors import Reason

PREFIX = "starflow-draw"
SHORTEST = 16


def commitment_of(seed: str) -> str:
    """What is published beforehand."""
    return _digest(PREFIX, seed)


def seed_fault(seed: str, commitment: str) -> Reason | None:
    """Why a seed cannot be the one that was committed to."""
    if len(seed.strip()) < SHORTEST:
        return Reason(f"种子太短,至少{SHORTEST}个字符:太短的可以从承诺值倒推出来")
    if commitment_of(seed) != commitment:
        return Reason(f"种子与事先公布的承诺值{commitment[:12]}…不符")
    return None


def lot(seed: str, quota: str, scope: str, code: str) -> int:
    """An organisation's lot; the smallest comes first."""
    return int(_digest(PREFIX, seed, quota, scope, code), 16)


def drawn(seed: str, quota: str, scope: str, codes: tuple[str, ...]) -> tuple[str, ...]:
    """The tied in the order of their lots, whatever order they come in."""
    return tuple(sorted(codes, key=lambda code: (lot(seed, quota, scope, code), code)))


def _digest(*parts: str) -> str:
    return sha256("|".join(parts).encode()).hexdigest()
