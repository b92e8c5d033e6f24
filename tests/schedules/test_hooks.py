"""Webhooks out: every transition, in order, signed, tried again, replayed from a cursor; to a receiver on this machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schedules.channels import signature
from schedules.hooks import tell
from starflow.service.desk import Desk
from starflow.service.hooks import add_hook, hook_list, hook_log, replay_hook, revoke_hook, secret_of
from starflow.service.settings import read_settings
from storage import installation
from storage.database import Database
from storage.models import Campaign, Cycle, Organisation, SchemeFile
from storage.records import GENESIS, NewRecord, append
from tests.schedules.test_robots import Robot, robot
from workflow.engine.errors import BadInput, Refused, Unknown

NOW = datetime(2027, 5, 29, 1, 0, tzinfo=UTC)
MASTER = "m" * 40


@dataclass
class Clock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@dataclass
class Office:
    """A live desk with a clock of our own, one cycle, and records that are appended to it."""

    desk: Desk
    clock: Clock
    cycle: int = 0
    seq: int = 0
    head: str = GENESIS

    def happens(self, *triggers: str) -> None:
        for trigger in triggers:
            with self.desk.transaction() as tx:
                self.seq += 1
                new = NewRecord(
                    chain="2027/D1", cycle_id=self.cycle, seq=self.seq, trigger=trigger, before="a", after="b",
                    role="organisation", actor="P1", at=tx.now, late_days=0, late_stage=None, scheme_hash="5c" * 32,
                    previous_hash=self.head, detail={"reason": "私下的理由"},
                )  # fmt: skip
                self.head = append(tx, new).hash

    def waits(self, **time: float) -> None:
        self.clock.at += timedelta(**time)


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    (tmp_path / "master").write_text(MASTER)
    with database.transaction(NOW) as tx:
        installation.install(tx, kind="live", hand_clock_at=None, seed=None)
    environment = {"STARFLOW_HOOK_SECRET_FILE": str(tmp_path / "master"), "STARFLOW_PRIVATE_HOSTS": "127.0.0.1"}
    found = Office(Desk(database, read_settings(environment)), Clock())
    found.desk.clock = found.clock
    with found.desk.transaction() as tx:
        body = Organisation(code="D1", name="第一支部", kind="党支部", path="/1/", started_on=NOW.date())
        root = Organisation(code="GW", name="工委", kind="工委", path="/2/", started_on=NOW.date())
        tx.session.add_all([body, root, SchemeFile(hash="s", name="s", title="s", content=b"", adopted_at=NOW)])
        tx.session.flush()
        campaign = Campaign(year=2027, scheme_hash="s", rated_count=1, opened_at=NOW)
        tx.session.add(campaign)
        tx.session.flush()
        cycle = Cycle(
            campaign_id=campaign.id, organisation_id=body.id, reviewer_id=root.id, route="B", scheme_hash="s",
            stage="a", version=1, entered_at=NOW, head="",
        )  # fmt: skip
        tx.session.add(cycle)
        tx.session.flush()
        found.cycle = cycle.id or 0
    yield found


def told(server: Robot) -> list[tuple[int, str]]:
    return [(said["seq"], said["type"]) for _, _, said in server.got]


def add(office: Office, server: Robot, **more: Any) -> int:
    return add_hook(office.desk, server.url, label="上级平台", actor="P1", **more)[0].id


def test_every_transition_is_told_in_order_and_signed_without_names_or_reasons(office: Office) -> None:
    office.happens("open")
    with robot() as server:
        number = add(office, server)
        office.happens("declare", "submit_self_evaluation")
        assert tell(office.desk) == "推送2件,待重试0件,放弃0件"
        assert tell(office.desk) == "推送0件,待重试0件,放弃0件"

    assert told(server) == [(2, "cycle.declare"), (3, "cycle.submit_self_evaluation")]
    _, headers, said = server.got[0]
    assert list(said) == [
        *(
            "cursor",
            "type",
            "organisation",
            "name",
            "year",
            "seq",
            "before",
            "after",
            "role",
            "at",
            "late_days",
            "hash",
        ),
        "previous_hash",
    ]
    import json

    secret = secret_of(MASTER.encode(), number).encode()
    body = json.dumps(said, ensure_ascii=False).encode()
    assert headers["Starflow-Signature"] == signature(secret, headers["Starflow-Timestamp"], body)
    assert headers["Idempotency-Key"] == f"record-{said['cursor']}"


def test_a_receiver_in_trouble_is_left_in_peace_and_nothing_overtakes(office: Office) -> None:
    with robot(status=503) as server:
        number = add(office, server)
        office.happens("open", "declare")
        assert tell(office.desk) == "推送0件,待重试1件,放弃0件"
        assert tell(office.desk) == "推送0件,待重试0件,放弃0件"
        server.status = 200
        office.waits(minutes=3)
        assert tell(office.desk) == "推送2件,待重试0件,放弃0件"

    assert told(server) == [(1, "cycle.open"), (1, "cycle.open"), (2, "cycle.declare")]
    assert [(one.status, one.attempts) for one in hook_log(office.desk, number).rows] == [("sent", 1), ("sent", 2)]


def test_what_is_never_taken_is_given_up_kept_and_replayed(office: Office) -> None:
    with robot(status=500) as server:
        number = add(office, server)
        office.happens("open", "declare")
        for _ in range(8):
            tell(office.desk)
            office.waits(days=2)
        assert [(one.status, one.said) for one in hook_log(office.desk, number).rows][-1] == (
            "dead",
            "对方没有接收(HTTP 500)",
        )

        server.status = 200
        server.got.clear()
        first = hook_log(office.desk, number).rows[-1].cursor
        assert replay_hook(office.desk, number, first - 1) == 2
        tell(office.desk)

    assert told(server) == [(1, "cycle.open"), (2, "cycle.declare")]


def test_a_record_that_commits_late_is_told_too(office: Office) -> None:
    """Its id is older than what was told already; a cursor alone would pass it over."""
    with robot() as server:
        number = add(office, server)
        office.happens("open", "declare", "file_survey")
        from storage.paper_models import HookDelivery

        tell(office.desk)
        with office.desk.transaction() as tx:
            import sqlalchemy as sa

            second = sa.select(sa.func.min(HookDelivery.record_id) + 1).scalar_subquery()
            tx.session.execute(sa.delete(HookDelivery).where(HookDelivery.record_id == second))
        tell(office.desk)

    assert told(server)[-1] == (2, "cycle.declare") and number


def test_the_floor_follows_after_an_hour_and_nothing_is_told_twice(office: Office) -> None:
    with robot() as server:
        add(office, server)
        office.happens("open")
        for _ in range(4):
            tell(office.desk)
            office.waits(hours=2)
        office.happens("declare")
        tell(office.desk)

    assert told(server) == [(1, "cycle.open"), (2, "cycle.declare")]


def test_a_new_receiver_may_ask_for_everything(office: Office) -> None:
    office.happens("open", "declare")
    with robot() as server:
        add(office, server, from_start=True)
        tell(office.desk)

    assert [seq for seq, _ in told(server)] == [1, 2]


def test_a_revoked_receiver_hears_nothing_and_strangers_are_refused(office: Office) -> None:
    with robot() as server:
        number = add(office, server)
        revoke_hook(office.desk, number)
        office.happens("open")
        assert tell(office.desk) == "没有要推送的事件"

    assert (server.got, hook_list(office.desk).rows[0].revoked_at is not None) == ([], True)
    with pytest.raises(Refused, match="已经停用"):
        replay_hook(office.desk, number, 0)
    with pytest.raises(Unknown, match="没有编号为99的接收方"):
        hook_log(office.desk, 99)


def test_without_a_master_secret_nobody_is_entered(office: Office, tmp_path: Path) -> None:
    (tmp_path / "master").write_text("short")

    with pytest.raises(BadInput, match="至少32个字符的主密钥"):
        add_hook(office.desk, "https://example.org/", label="", actor="P1")
