"""The outbox: what is put rings once, what is claimed is one worker's, what is given up is kept."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from storage import outbox
from storage.database import Database, Transaction
from storage.models import Message, Notice, Obligation, Organisation, Person
from storage.outbox import DeadLetter, Envelope, Heading, Merged, NewNotice, Standing

NOW = datetime(2027, 5, 29, 1, 0, tzinfo=UTC)
LEASE = timedelta(minutes=5)


@dataclass
class Town:
    """One branch and the people who hear of it."""

    database: Database
    branch: int

    def at(self, minutes: float = 0) -> Any:
        return self.database.transaction(NOW + timedelta(minutes=minutes), salt=lambda name: f"salt of {name}")

    def person(self, code: str, email: str = "") -> int:
        with self.at() as tx:
            person = Person(code=code, name=f"{code}先生", email=email, phone="139")
            tx.session.add(person)
            tx.session.flush()
            assert person.id is not None
            return person.id

    def obligation(self, **facts: Any) -> int:
        owed = {"stage": "rating.declaration", "owner_role": "organisation", "opened_at": NOW} | facts
        with self.at() as tx:
            obligation = Obligation(organisation_id=self.branch, owner_id=self.branch, **owed)
            tx.session.add(obligation)
            tx.session.flush()
            assert obligation.id is not None
            return obligation.id

    def notice(self, key: str, person: int | None, **facts: Any) -> NewNotice:
        about = {"kind": "reminder", "channel": "console", "text": f"text of {key}", "due_at": NOW} | facts
        place = {"organisation_id": self.branch, "stage": "rating.declaration", "rung": "-7"}
        post = {"recipient_role": "organisation", "recipient_id": self.branch, "person_id": person}
        return NewNotice(key=key, **place, **post, **about)

    def say(self, *notices: NewNotice) -> None:
        with self.at() as tx:
            outbox.put(tx, notices)
            outbox.merge(tx)

    def notices(self, *names: str) -> list[tuple[Any, ...]]:
        return self._rows(Notice, names)

    def messages(self, *names: str) -> list[tuple[Any, ...]]:
        return self._rows(Message, names)

    def _rows(self, table: Any, names: Iterable[str]) -> list[tuple[Any, ...]]:
        with self.database.reading(NOW) as tx:
            found = tx.session.execute(sa.select(*(getattr(table, name) for name in names)).order_by(table.id))
            return [tuple(row) for row in found]


@pytest.fixture
def town(database: Database) -> Town:
    with database.transaction(NOW) as tx:
        branch = Organisation(code="D0101", name="第一支部", kind="党支部", started_on=NOW.date())
        tx.session.add(branch)
        tx.session.flush()
    assert branch.id is not None
    return Town(database, branch.id)


def claim(town: Town, worker: str, minutes: float = 0, without: tuple[str, ...] = ()) -> Envelope | None:
    with town.at(minutes) as tx:
        return next(iter(outbox.claim(tx, worker, 1, LEASE, without)), None)


def claimed(town: Town, worker: str = "w1", minutes: float = 0) -> int:
    envelope = claim(town, worker, minutes)
    assert envelope is not None
    return envelope.id


# ── putting and merging ──────────────────────────────────────────


def test_what_is_put_twice_is_there_once_and_only_the_new_is_returned(town: Town) -> None:
    person = town.person("p1")
    first, second = town.notice("a", person), town.notice("b", person)

    with town.at() as tx:
        assert outbox.put(tx, [first]) == (first,)
    with town.at() as tx:
        assert outbox.put(tx, [first, second, second]) == (second,)
        assert outbox.put(tx, []) == ()

    assert town.notices("key", "status", "created_at") == [("a", "queued", NOW), ("b", "queued", NOW)]


def test_a_notice_to_a_vacant_post_is_kept_as_vacant_and_never_merged(town: Town) -> None:
    with town.at() as tx:
        outbox.put(tx, [town.notice("a", None), town.notice("b", None, note="书记岗位空缺,已报上级")])
        assert outbox.merge(tx) == Merged(0, 0)

    assert town.notices("status", "note") == [("vacant", "岗位空缺"), ("vacant", "书记岗位空缺,已报上级")]


def test_two_sweeps_at_once_put_each_key_once(town: Town) -> None:
    person = town.person("p1")
    notices = [town.notice(f"k{number}", person) for number in range(100)]

    def put(_: int) -> int:
        with town.at() as tx:
            return len(outbox.put(tx, notices))

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(put, range(4))) == 100


def test_queued_notices_are_merged_into_one_message_for_each_person_and_channel(town: Town) -> None:
    one, two = town.person("p1"), town.person("p2")
    notices = [
        town.notice("a", one),
        town.notice("b", two),
        town.notice("c", one),
        town.notice("d", one, channel="smtp"),
    ]

    with town.at() as tx:
        outbox.put(tx, notices)
        assert outbox.merge(tx) == Merged(notices=4, messages=3)
        assert outbox.merge(tx) == Merged(0, 0)

    assert sorted(town.messages("key", "person_id", "channel", "status", "next_try_at")) == [
        ("salt of a", one, "console", "queued", NOW),
        ("salt of b", two, "console", "queued", NOW),
        ("salt of d", one, "smtp", "queued", NOW),
    ]
    of = dict(town.messages("id", "key"))
    assert [of[message].rpartition(" ")[2] for (message,) in town.notices("message_id")] == ["a", "b", "a", "d"]


def test_nobodys_notices_are_torn_apart_where_a_page_of_them_ends(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MERGED_AT_ONCE", 2)
    many, one, last = town.person("P1"), town.person("P2"), town.person("P3")
    keys = [("a", many), ("b", one), ("c", many), ("d", many), ("e", last)]
    with town.at() as tx:
        outbox.put(tx, [town.notice(key, person) for key, person in keys])
        assert outbox.merge(tx) == Merged(notices=5, messages=3)

    whose = dict(town.messages("id", "person_id"))
    assert [(key, whose[message]) for key, message in town.notices("key", "message_id")] == keys


def test_merges_at_once_put_each_notice_into_one_message(town: Town) -> None:
    people = [town.person(f"p{number}") for number in range(20)]
    with town.at() as tx:
        outbox.put(tx, [town.notice(f"k{number}", people[number % 20]) for number in range(200)])

    def merge(_: int) -> Merged:
        with town.at() as tx:
            return outbox.merge(tx)

    with ThreadPoolExecutor(4) as threads:
        merged = list(threads.map(merge, range(4)))

    assert sum(part.notices for part in merged) == 200
    assert sum(part.messages for part in merged) == len(town.messages("id"))
    assert None not in [message for (message,) in town.notices("message_id")]


# ── not sending ──────────────────────────────────────────────────


def test_old_notices_expire_unless_they_are_in_a_message(town: Town) -> None:
    person = town.person("p1")
    old = NOW - timedelta(days=20)
    town.say(town.notice("merged", person, due_at=old))
    with town.at() as tx:
        outbox.put(tx, [town.notice("old", person, due_at=old), town.notice("young", person)])

        assert outbox.expire(tx, NOW - timedelta(days=14)) == 1

    assert town.notices("key", "status", "note") == [
        ("merged", "queued", ""),
        ("old", "expired", "到点太久,不再发出"),
        ("young", "queued", ""),
    ]


def test_the_notices_of_messages_that_waited_too_long_for_their_turn_expire(town: Town) -> None:
    town.say(town.notice("a", town.person("p1")))

    with town.at(20 * 24 * 60) as tx:
        assert outbox.expire_waiting(tx, tx.now - timedelta(days=14)) == 1

    assert town.notices("status", "note") == [("expired", "等候太久,不再发出")]


def test_only_what_is_queued_can_be_suppressed(town: Town) -> None:
    person = town.person("p1")
    town.say(town.notice("a", person), town.notice("b", person))
    ids = [id for (id,) in town.notices("id")]

    with town.at() as tx:
        assert outbox.suppress(tx, ids[:1], "事项已办结") == 1
        assert outbox.suppress(tx, ids[:1], "又一个理由") == 0

    assert town.notices("status", "note") == [("suppressed", "事项已办结"), ("queued", "")]


# ── claiming ─────────────────────────────────────────────────────


def test_a_claim_takes_the_message_that_has_waited_longest_to_where_its_person_is_today(town: Town) -> None:
    person = town.person("p1", email="p1@example.org")
    town.say(town.notice("a", person, channel="smtp"))
    with town.at(1) as tx:
        outbox.put(tx, [town.notice("b", person)])
        outbox.merge(tx)
    with town.at(1) as tx:
        tx.session.execute(sa.update(Person).values(email="new@example.org"))

    mail, line, nothing = claim(town, "w1", 2), claim(town, "w2", 2), claim(town, "w3", 2)

    (first, key1), (second, key2) = town.messages("id", "key")
    (made1,), (made2,) = town.messages("created_at")
    assert mail == Envelope(first, key1, "smtp", 1, "new@example.org", "p1先生", "139", person, made1)
    assert line == Envelope(second, key2, "console", 1, "p1", "p1先生", "139", person, made2)
    assert nothing is None


def test_a_message_whose_worker_was_killed_is_claimed_again_when_the_lease_ends(town: Town) -> None:
    town.say(town.notice("a", town.person("p1")))
    first = claim(town, "killed")

    assert claim(town, "w2", 4.9) is None
    again = claim(town, "w2", 5)

    assert first is not None
    assert again == replace(first, attempts=2, taken_over=True)


def test_several_are_claimed_at_once_in_the_order_in_which_they_fell_due(town: Town) -> None:
    for number, minutes in enumerate((2, 0, 1)):
        person = town.person(f"p{number}")
        with town.at(minutes) as tx:
            outbox.put(tx, [town.notice(f"k{number}", person)])
            outbox.merge(tx)

    with town.at(3) as tx:
        first, rest = outbox.claim(tx, "w1", 2, LEASE), outbox.claim(tx, "w1", 2, LEASE)

    assert [[envelope.address for envelope in envelopes] for envelopes in (first, rest)] == [["p1", "p2"], ["p0"]]


def test_a_channel_at_rest_is_passed_over(town: Town) -> None:
    person = town.person("p1")
    town.say(town.notice("a", person, channel="webhook"), town.notice("b", person))

    found = claim(town, "w1", without=("webhook", "smtp"))

    assert found is not None
    assert (found.channel, claim(town, "w1", without=("webhook",))) == ("console", None)


def test_claims_at_once_never_take_the_same_message(town: Town) -> None:
    town.say(*(town.notice(f"k{number}", town.person(f"p{number}")) for number in range(40)))

    def claims(worker: int) -> list[int]:
        found = []
        while (envelope := claim(town, str(worker))) is not None:
            found.append(envelope.id)
        return found

    with ThreadPoolExecutor(4) as threads:
        taken = [id for found in threads.map(claims, range(4)) for id in found]

    assert sorted(taken) == [id for (id,) in town.messages("id")]


def test_standing_tells_what_has_become_of_each_notices_obligation(town: Town) -> None:
    person = town.person("p1")
    done, held = town.obligation(closed_at=NOW), town.obligation(held_at=NOW, held_reason="撤并中")
    moved, open_one = town.obligation(deadline_version=2), town.obligation()
    owed = {"done": done, "held": held, "moved": moved, "open": open_one, "event": None}
    town.say(*(town.notice(key, person, obligation_id=owner) for key, owner in owed.items()))
    message = claimed(town)

    with town.at() as tx:
        found = outbox.standing(tx, [message])

    ids = dict(town.notices("key", "id"))
    assert found == tuple(
        Standing(ids[key], message, "reminder", f"text of {key}", key == "done", key == "held", key == "moved")
        for key in owed
    )


# ── settling ─────────────────────────────────────────────────────


def test_a_sent_message_and_its_notices_say_when(town: Town) -> None:
    person = town.person("p1")
    town.say(town.notice("a", person), town.notice("b", person))
    with town.at() as tx:
        outbox.suppress(tx, [id for id, key in town.notices("id", "key") if key == "b"], "事项已办结")
    message = claimed(town)
    with town.at() as tx:
        outbox.head(tx, [Heading(message, "p1", "【争星】提醒")])

    with town.at(1) as tx:
        outbox.sent(tx, [message])

    later = NOW + timedelta(minutes=1)
    assert town.messages("status", "sent_at", "claimed_by", "attempts") == [("sent", later, None, 1)]
    assert town.notices("status", "sent_at") == [("sent", later), ("suppressed", None)]


def test_the_words_of_a_sent_message_stand_in_its_notices_alone(town: Town) -> None:
    town.say(town.notice("a", town.person("p1")))
    message = claimed(town)

    with town.at() as tx:
        outbox.head(tx, [Heading(message, "p1", "【争星】提醒")])
    assert town.messages("address", "subject") == [("p1", "【争星】提醒")]
    with town.at() as tx:
        outbox.sent(tx, [message])

    assert town.messages("address", "subject") == [("p1", "")]
    assert town.notices("message_id", "status", "text") == [(message, "sent", "text of a")]


def test_the_notices_of_a_message_are_found_by_an_index_that_holds_no_sent_ones(town: Town) -> None:
    asked = sa.select(outbox.NOTICE.c.id).where(outbox.NOTICE.c.message_id.in_([1, 2]), outbox.UNSETTLED)
    with town.database.reading(NOW) as tx:
        said = asked.compile(dialect=tx.connection.dialect, compile_kwargs={"literal_binds": True})
        if tx.dialect == "sqlite":
            plan = str(tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}").all())
        else:
            tx.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            plan = str(tx.connection.exec_driver_sql(f"EXPLAIN {said}").all())

    assert "ix_notice_message" in plan


def test_a_failed_message_is_not_claimed_before_its_next_try(town: Town) -> None:
    town.say(town.notice("a", town.person("p1")))
    message = claimed(town)

    with town.at() as tx:
        assert outbox.failed(tx, message, "w1", "连不上", NOW + timedelta(minutes=3))

    assert town.messages("status", "error", "attempts") == [("queued", "连不上", 1)]
    assert claim(town, "w1", 2.9) is None
    assert claimed(town, "w1", 3) == message


def test_who_has_lost_the_lease_may_only_say_that_it_is_sent(town: Town) -> None:
    town.say(town.notice("a", town.person("p1")))
    message = claimed(town, "slow")
    claimed(town, "quick", 6)

    with town.at(6) as tx:
        lost = (
            outbox.failed(tx, message, "slow", "太慢", NOW),
            outbox.dead(tx, message, "slow", "太慢"),
            outbox.dropped(tx, message, "slow", "太慢"),
        )
    assert (lost, town.messages("status", "claimed_by")) == ((False, False, False), [("claimed", "quick")])

    with town.at(6) as tx:
        outbox.sent(tx, [message])
        assert not outbox.failed(tx, message, "quick", "连不上", NOW)
    assert town.messages("status", "error") == [("sent", None)]


def test_a_message_without_anything_left_to_say_is_dropped(town: Town) -> None:
    town.say(town.notice("a", town.person("p1")))
    message = claimed(town)

    with town.at() as tx:
        assert outbox.dropped(tx, message, "w1", "其中的事项都已不必再提醒")

    assert town.messages("status", "error") == [("suppressed", "其中的事项都已不必再提醒")]


def test_a_dead_letter_is_kept_and_shown_and_can_be_sent_again(town: Town) -> None:
    town.say(town.notice("a", town.person("p1", email="wrong"), channel="smtp"))
    message = claimed(town)
    with town.at() as tx:
        outbox.head(tx, [Heading(message, "wrong", "【争星】提醒")])
        outbox.dead(tx, message, "w1", "收件人的邮箱地址有误")

    (key,) = town.messages("key")[0]
    with town.at() as tx:
        assert outbox.dead_letters(tx) == (
            DeadLetter(message, key, "smtp", "wrong", "【争星】提醒", 1, "收件人的邮箱地址有误", NOW),
        )
    assert town.notices("status", "note") == [("dead", "收件人的邮箱地址有误")]

    with town.at(9) as tx:
        assert (outbox.requeue(tx, [message]), outbox.requeue(tx, [message])) == (1, 0)
        assert outbox.dead_letters(tx) == ()

    assert town.messages("status", "attempts", "error") == [("queued", 0, None)]
    assert town.notices("status", "note") == [("queued", "")]
    assert claimed(town, "w1", 9) == message


def test_what_is_rolled_back_was_never_said(town: Town) -> None:
    person = town.person("p1")

    def work_that_breaks(tx: Transaction) -> None:
        outbox.put(tx, [town.notice("a", person)])
        outbox.merge(tx)
        raise LookupError

    with pytest.raises(LookupError), town.at() as tx:
        work_that_breaks(tx)

    assert (town.notices("key"), town.messages("key")) == ([], [])
