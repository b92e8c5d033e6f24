"""The obvious design, kept to be attacked: one row says who has voted, another what; both written by the same transaction."""

import sqlalchemy as sa

from storage.database import Database
from tests.attacks.hall import VOTERS, mixed, payload_of

META = sa.MetaData()
VOTED = sa.Table("naive_voted", META, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String))
VOTE = sa.Table("naive_vote", META, sa.Column("id", sa.Integer, primary_key=True), sa.Column("payload", sa.String))


def hold(database: Database, seed: int) -> dict[str, str]:
    """Everybody votes; returns the truth."""
    database.engine.dispose()  # connections of its own: one that the product has read with does not write any more
    META.create_all(database.engine)
    truth = {name: payload_of(seed, name) for name in VOTERS}
    for name in mixed(VOTERS, "order", seed):
        with database.engine.begin() as connection:
            connection.execute(sa.insert(VOTED).values(name=name))
            connection.execute(sa.insert(VOTE).values(payload=truth[name]))
    return truth


def linked(truth: dict[str, str], names: list[str], payloads: list[str]) -> int:
    return sum(truth[name] == payload for name, payload in zip(names, payloads, strict=True))
