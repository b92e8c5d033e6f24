"""The relay: what is still true is sent once, what fails is tried again, what is given up is kept."""

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from threading import Event, Lock
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from schedules import outward
from schedules.channels import WITHOUT_KEY, ChannelDown, ChannelRefused, File
from schedules.hours import Hours
from schedules.letters import Letter
from schedules.relay import CUT_OFF, JITTER, LEASE, MAX_ATTEMPTS, PAUSES, RelayReport, deliver, pause_after, relay
from schedules.robots import MAY_HAVE_ARRIVED
from starflow.service.desk import Desk
from starflow.service.upkeep import resend
from storage import installation, outbox, preferences
from storage.models import Message, Notice, Obligation, Organisation, Person
from storage.outbox import NewNotice
from storage.paper_models import Preference
from tests.schedules.test_robots import SENDERS, robot

NOW = datetime(2027, 5, 29, 1, 0, tzinfo=UTC)


@dataclass
class Office:
    """A desk at which the clock is moved by hand, one branch, and the words it has to say."""

    desk: Desk
    branch: int

    def pass_time(self, minutes: float) -> None:
        at = self.desk.clock.now() + timedelta(minutes=minutes)
        with self.desk.transaction() as tx:
            installation.move_hand_clock(tx, at)

    def person(self, code: str, email: str = "") -> int:
        return self._add(Person(code=code, name=f"{code}先生", email=email))

    def obligation(self) -> int:
        owed = {"organisation_id": self.branch, "owner_id": self.branch, "owner_role": "organisation", "opened_at": NOW}
        return self._add(Obligation(stage="rating.declaration", **owed))

    def change(self, obligation: int, **facts: Any) -> None:
        with self.desk.transaction() as tx:
            tx.session.execute(sa.update(Obligation).where(Obligation.id == obligation).values(facts))

    def notice(self, text: str, to: int, **facts: Any) -> NewNotice:
        about = {"kind": "reminder", "channel": "fake", "due_at": NOW} | facts
        place = {"organisation_id": self.branch, "stage": "rating.declaration", "rung": "-7"}
        post = {"recipient_role": "organisation", "recipient_id": self.branch, "person_id": to}
        return NewNotice(key=f"{to}:{text}", text=text, **place, **post, **about)

    def say(self, *words: str, to: int, **facts: Any) -> None:
        """One message to a person."""
        with self.desk.transaction() as tx:
            outbox.put(tx, [self.notice(text, to, **facts) for text in words])
            outbox.merge(tx)

    def messages(self, *names: str) -> list[tuple[Any, ...]]:
        return self._rows(Message, names)

    def notices(self, *names: str) -> list[tuple[Any, ...]]:
        return self._rows(Notice, names)

    def _rows(self, table: Any, names: tuple[str, ...]) -> list[tuple[Any, ...]]:
        with self.desk.reading() as tx:
            found = tx.session.execute(sa.select(*(getattr(table, name) for name in names)).order_by(table.id))
            return [tuple(row) for row in found]

    def _add(self, row: Any) -> int:
        with self.desk.transaction() as tx:
            tx.session.add(row)
            tx.session.flush()
            id: int = row.id
        return id


@pytest.fixture
def office(desk: Desk) -> Office:
    office = Office(desk, 0)
    office.branch = office._add(Organisation(code="D0101", name="第一支部", kind="党支部", started_on=NOW.date()))
    return office


@dataclass
class Fake:
    """A channel that works, until it is given trouble to raise."""

    trouble: Exception | None = None
    letters: list[Letter] = field(default_factory=list)
    tried: int = 0
    before: Callable[[], None] = lambda: None
    lock: Lock = field(default_factory=Lock)

    def send(self, letter: Letter) -> None:
        self.before()
        with self.lock:
            self.tried += 1
            if self.trouble:
                raise self.trouble
            self.letters.append(letter)


# ── sending ──────────────────────────────────────────────────────


def test_a_message_is_sent_once_to_its_person_with_all_its_notices(office: Office) -> None:
    office.say("甲", "乙", to=office.person("p1"))
    fake = Fake()

    reports = [relay(office.desk, {"fake": fake}) for _ in range(2)]

    assert reports == [RelayReport(sent=1), RelayReport()]
    (letter,) = fake.letters
    assert (letter.name, letter.address, letter.subject, letter.at) == ("p1先生", "p1", "【争星】2件提醒", NOW)
    assert office.messages("key", "status", "address", "subject", "sent_at") == [(letter.key, "sent", "p1", "", NOW)]
    assert office.notices("status", "sent_at") == [("sent", NOW)] * 2


def test_nobody_is_told_of_an_organisation_that_they_do_not_see(office: Office) -> None:
    seen = {"kind": "机关党委", "started_on": NOW.date()}
    unit = office._add(Organisation(code="D01", name="机关党委", path="/1/2/", **seen))
    other = office._add(Organisation(code="D02", name="别的党委", path="/1/3/", **seen))
    branch = office._add(Organisation(code="D0109", name="第九支部", path="/1/2/9/", **seen))
    posts = (("本支部", branch, "organisation"), ("上级", unit, "superior"), ("别的单位", other, "superior"))
    told = [(*post, office.person(post[0])) for post in (*posts, ("部门", other, "department"))]
    with office.desk.transaction() as tx:
        said = [
            replace(office.notice(text, to=person), organisation_id=branch, recipient_id=to, recipient_role=role)
            for text, to, role, person in told
        ]
        outbox.put(tx, said)
        outbox.merge(tx)
    fake = Fake()
    relay(office.desk, {"fake": fake})

    assert office.notices("text", "status", "note") == [
        ("本支部", "sent", ""),
        ("上级", "sent", ""),
        ("别的单位", "suppressed", "收件岗位看不到这个单位"),
        ("部门", "sent", ""),
    ]


def test_a_limit_leaves_the_rest_for_the_next_ring(office: Office) -> None:
    for code in ("p1", "p2", "p3"):
        office.say("甲", to=office.person(code))
    fake = Fake()

    reports = [relay(office.desk, {"fake": fake}, limit=2) for _ in range(2)]

    assert (reports, [letter.address for letter in fake.letters]) == (
        [RelayReport(sent=2), RelayReport(sent=1)],
        ["p1", "p2", "p3"],
    )


def test_two_relays_at_once_send_each_of_200_messages_once(office: Office) -> None:
    people = [office.person(f"p{number}") for number in range(200)]
    with office.desk.transaction() as tx:
        outbox.put(tx, [office.notice("甲", person) for person in people])
        outbox.merge(tx)
    fake = Fake()

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda _: relay(office.desk, {"fake": fake}), range(2))

    assert first.sent + second.sent == 200
    assert Counter(letter.key for letter in fake.letters) == {key: 1 for (key,) in office.messages("key")}


# ── asking again ─────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"closed_at": NOW}, "事项已办结"),
        ({"held_at": NOW, "held_reason": "撤并中"}, "已暂停计时"),
        ({"deadline_version": 2}, "截止时间已变更"),
    ],
)
def test_what_is_no_longer_true_is_not_sent_and_says_why(office: Office, facts: dict[str, Any], reason: str) -> None:
    obligation = office.obligation()
    office.say("甲", to=office.person("p1"), obligation_id=obligation)
    office.change(obligation, **facts)
    fake = Fake()

    report = relay(office.desk, {"fake": fake})

    assert (report, fake.tried) == (RelayReport(suppressed=1), 0)
    assert office.notices("status", "note", "sent_at") == [("suppressed", reason, None)]
    assert office.messages("status", "error") == [("suppressed", "其中的事项都已不必再提醒")]


def test_of_a_message_only_what_is_still_true_is_sent(office: Office) -> None:
    done, person = office.obligation(), office.person("p1")
    with office.desk.transaction() as tx:
        owed = (("甲", done), ("乙", None), ("丙", None))
        outbox.put(tx, [office.notice(text, person, obligation_id=obligation) for text, obligation in owed])
        outbox.merge(tx)
    office.change(done, closed_at=NOW)
    fake = Fake()

    relay(office.desk, {"fake": fake})

    assert [letter.body.splitlines()[2:4] for letter in fake.letters] == [["1. 乙", "2. 丙"]]
    assert office.notices("text", "status") == [("甲", "suppressed"), ("乙", "sent"), ("丙", "sent")]


def test_an_event_is_told_even_when_the_deadline_moved_since(office: Office) -> None:
    obligation = office.obligation()
    office.say("已退回", to=office.person("p1"), obligation_id=obligation, kind="event")
    office.change(obligation, deadline_version=2, held_at=NOW, held_reason="撤并中")

    assert relay(office.desk, {"fake": Fake()}) == RelayReport(sent=1)


def test_what_became_true_while_the_letter_before_was_sent_is_seen(office: Office) -> None:
    obligation = office.obligation()
    office.say("甲", to=office.person("p1"))
    office.say("乙", to=office.person("p2"), obligation_id=obligation)
    fake = Fake(before=lambda: office.change(obligation, closed_at=NOW))

    assert relay(office.desk, {"fake": fake}) == RelayReport(sent=1, suppressed=1)


def test_a_message_that_waited_longer_than_the_limit_is_not_sent(office: Office) -> None:
    office.say("甲", to=office.person("p1"))
    office.pass_time(14 * 24 * 60 + 1)

    assert relay(office.desk, {"fake": Fake()}) == RelayReport(suppressed=1)
    assert office.notices("status", "note") == [("expired", "等候太久,不再发出")]


# ── trying again ─────────────────────────────────────────────────


def test_pauses_grow_and_their_jitter_is_the_keys_own() -> None:
    pauses = [pause_after(attempt, "k1") for attempt in range(1, MAX_ATTEMPTS)]

    assert pauses == [pause_after(attempt, "k1") for attempt in range(1, MAX_ATTEMPTS)]
    assert all(least <= pause < least * (1 + JITTER) for least, pause in zip(PAUSES, pauses, strict=True))
    assert len({pause_after(1, f"k{number}") for number in range(50)}) == 50


def test_a_message_is_tried_eight_times_in_three_days_then_kept_as_dead(office: Office) -> None:
    office.say("甲", to=office.person("p1"))
    fake, reports = Fake(ChannelDown("连不上")), []

    while not reports or reports[-1].dead == 0:
        reports.append(relay(office.desk, {"fake": fake}))
        (next_try_at,) = office.messages("next_try_at")[0]
        office.pass_time((next_try_at - office.desk.clock.now()) / timedelta(minutes=1))

    assert (reports, fake.tried) == ([RelayReport(retried=1)] * 7 + [RelayReport(dead=1)], 8)
    assert timedelta(days=2.5) < office.desk.clock.now() - NOW < timedelta(days=3.1)
    assert office.messages("status", "attempts", "error") == [("dead", 8, "连不上")]
    assert office.notices("status", "note") == [("dead", "连不上")]


def test_a_refusal_for_good_is_dead_at_once_and_can_be_sent_again_to_a_better_address(office: Office) -> None:
    person = office.person("p1", email="wrong")
    office.say("甲", to=person, channel="smtp")
    refusing, working = Fake(ChannelRefused("查无此人")), Fake()

    assert relay(office.desk, {"smtp": refusing}) == RelayReport(dead=1)
    with office.desk.transaction() as tx:
        (dead,) = outbox.dead_letters(tx)
        tx.session.execute(sa.update(Person).values(email="li@example.org"))
        outbox.requeue(tx, [dead.id])

    assert (dead.address, dead.error) == ("wrong", "查无此人")
    assert relay(office.desk, {"smtp": working}) == RelayReport(sent=1)
    assert [(letter.address, letter.key) for letter in working.letters] == [("li@example.org", dead.key)]


def test_a_refusal_for_now_is_tried_again_and_holds_up_no_other_letter(office: Office) -> None:
    for code in ("p1", "p2"):
        office.say("甲", to=office.person(code))
    fake = Fake(ChannelRefused("稍后再试", later=True))

    assert relay(office.desk, {"fake": fake}) == RelayReport(retried=2)


def test_a_channel_that_is_down_rests_until_the_next_ring_and_the_others_go_on(office: Office) -> None:
    for code in ("p1", "p2", "p3"):
        office.say("甲", to=office.person(code))
    office.say("乙", to=office.person("p4"), channel="other")
    down, up = Fake(ChannelDown("连不上")), Fake()

    report = relay(office.desk, {"fake": down, "other": up})

    assert (report, down.tried, len(up.letters)) == (RelayReport(sent=1, retried=1), 1, 1)
    assert office.messages("attempts") == [(1,), (0,), (0,), (1,)]


def test_a_channel_that_is_not_switched_on_counts_as_down(office: Office) -> None:
    office.say("甲", to=office.person("p1"))

    assert relay(office.desk, {}) == RelayReport(retried=1)
    assert office.messages("error") == [("通道 fake 没有启用",)]


def test_a_letter_that_breaks_its_channel_is_logged_and_holds_up_no_other(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    for code in ("p1", "p2"):
        office.say("甲", to=office.person(code))

    report = relay(office.desk, {"fake": Fake(KeyError("bug"))})

    assert report == RelayReport(retried=2)
    assert office.messages("status", "error") == [("queued", "程序错误 KeyError")] * 2
    assert [record.message.split()[2:] for record in caplog.records] == [["broke", "channel", "fake"]] * 2


# ── being killed ─────────────────────────────────────────────────

CHILD = """
import os, signal, sys
from pathlib import Path
from schedules.channels import File
from schedules.relay import relay
from starflow.service.desk import open_desk
from starflow.service.settings import read_settings

class Killed:
    def send(self, letter):
        if sys.argv[3] == "after":
            File(Path(sys.argv[2])).send(letter)
        os.kill(os.getpid(), signal.SIGKILL)

relay(open_desk(read_settings({"STARFLOW_DATABASE_URL": sys.argv[1]})), {"fake": Killed()})
"""


@pytest.mark.parametrize(("when", "times"), [("before", 1), ("after", 2)])
def test_a_kill_around_the_send_may_repeat_the_key_and_never_loses_it(
    office: Office, database_url: str, tmp_path: Path, when: str, times: int
) -> None:
    office.say("甲", to=office.person("p1"))
    sink = tmp_path / "sink"
    command = [sys.executable, "-c", CHILD, database_url, str(sink), when]
    assert subprocess.run(command, check=False, cwd=Path(__file__).parents[2]).returncode == -signal.SIGKILL

    while_leased = relay(office.desk, {"fake": File(sink)})
    office.pass_time(5)
    afterwards = relay(office.desk, {"fake": File(sink)})

    assert (while_leased, afterwards) == (RelayReport(), RelayReport(sent=1))
    assert [json.loads(line)["key"] for line in sink.read_text().splitlines()] == [
        key for (key,) in office.messages("key")
    ] * times
    assert office.messages("status", "attempts") == [("sent", 2)]


# ── the job ──────────────────────────────────────────────────────


def test_the_job_says_what_it_did_and_a_rehearsal_reaches_nobody(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.say("甲", to=office.person("p1"), channel="console")

    assert deliver(office.desk) == "发出1条,待重试0条,放弃0条,不必再发0条"
    assert capsys.readouterr() == ("", "")


# ── hours, wishes and the log ────────────────────────────────────


def hours_at(office: Office, quiet: tuple[time, time] | None = (time(21), time(8))) -> Hours:
    return Hours(ZoneInfo("Asia/Shanghai"), quiet, False, lambda day: True, time(8, 30))


def wish(office: Office, person: int, **wishes: Any) -> None:
    with office.desk.transaction() as tx:
        preferences.put(tx, Preference(person_id=person, actor="P1", at=tx.now, **wishes))


def log_of(office: Office) -> list[tuple[str, str]]:
    with office.desk.reading() as tx:
        return [(one.outcome, one.said) for one in reversed(preferences.logged(tx))]


def test_what_is_said_at_night_leaves_in_the_morning_as_one_letter(office: Office) -> None:
    li, channel = office.person("li", "li@example.org"), Fake()
    office.pass_time(14 * 60)  # 23:00 local
    office.say("甲", to=li, channel="smtp")
    assert relay(office.desk, {"smtp": channel}, hours=hours_at(office)) == RelayReport()
    office.pass_time(60)
    office.say("乙", to=li, channel="smtp")
    relay(office.desk, {"smtp": channel}, hours=hours_at(office))
    assert channel.letters == []

    office.pass_time(9 * 60)  # 09:00
    relay(office.desk, {"smtp": channel}, hours=hours_at(office))

    assert ["1. 甲\n2. 乙" in letter.body for letter in channel.letters] == [True]
    assert log_of(office) == [("postponed", "免打扰时段,稍后发出")] * 2 + [("sent", "")]
    assert sorted(status for (status,) in office.messages("status")) == ["sent", "suppressed"]


def test_whoever_wants_one_letter_a_day_gets_reminders_in_it_and_nudges_at_once(office: Office) -> None:
    li, channel = office.person("li", "li@example.org"), Fake()
    wish(office, li, digest=True)
    office.say("提醒", to=li, channel="smtp")
    relay(office.desk, {"smtp": channel}, hours=hours_at(office))
    assert channel.letters == []

    office.say("催办", to=li, channel="smtp", kind="nudge")
    relay(office.desk, {"smtp": channel}, hours=hours_at(office))

    assert [letter.subject for letter in channel.letters] == ["【争星】1件催办、1件提醒"]


def test_unsubscribing_silences_information_and_never_duty(office: Office) -> None:
    li, channel = office.person("li", "li@example.org"), Fake()
    wish(office, li, unsubscribed=True)
    office.say("知会", to=li, channel="smtp", kind="event")
    office.say("催办", to=li, channel="smtp", kind="nudge")

    relay(office.desk, {"smtp": channel}, hours=hours_at(office, None))

    assert [letter.subject for letter in channel.letters] == ["【争星】催办"]
    assert office.notices("text", "status", "note") == [
        ("知会", "suppressed", "收件人退订了知会"),
        ("催办", "sent", ""),
    ]


@pytest.mark.parametrize("name", WITHOUT_KEY)
def test_what_a_robot_may_have_said_is_said_again_by_a_person_only(
    office: Office, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.say("甲", to=office.person("li"), channel=name)
    with robot(sleeps=Event()) as server:
        with monkeypatch.context() as hurried:
            hurried.setattr(outward, "SECONDS", 0.2)
            assert str(relay(office.desk, {name: SENDERS[name](server.url)})).endswith(",不知是否送达1条")
        assert server.sleeps is not None
        server.sleeps.set()
        office.pass_time(3 * 24 * 60)
        assert relay(office.desk, {name: SENDERS[name](server.url)}) == RelayReport()

        assert (len(server.got), office.messages("status"), office.notices("status")) == (
            1,
            [("unsure",)],
            [("unsure",)],
        )
        ((outcome, said),) = log_of(office)
        assert outcome == "unsure" and said.endswith("没有回答(timed out)," + MAY_HAVE_ARRIVED)

        assert (resend(office.desk), resend(office.desk, 1), resend(office.desk, 1)) == (0, 1, 0)
        assert relay(office.desk, {name: SENDERS[name](server.url)}) == RelayReport(sent=1)
        assert (len(server.got), office.notices("status", "note")) == (2, [("sent", "")])


@pytest.mark.parametrize(("name", "sent"), [*((name, 0) for name in WITHOUT_KEY), ("sms", 1), ("smtp", 1)])
def test_whoever_was_stopped_while_sending_is_not_repeated_where_no_key_is_known(
    office: Office, name: str, sent: int
) -> None:
    office.say("甲", to=office.person("li", "li@example.org"), channel=name)
    with office.desk.transaction() as tx:
        outbox.claim(tx, "somebody who is killed", 1, LEASE)
    office.pass_time(6)
    fake = Fake()

    assert relay(office.desk, {name: fake}) == RelayReport(sent=sent, unsure=1 - sent)
    assert (len(fake.letters), log_of(office)) == (sent, [("sent", "") if sent else ("unsure", CUT_OFF)])


def test_every_attempt_is_logged_with_what_was_said(office: Office) -> None:
    li = office.person("li", "li@example.org")
    office.say("甲", to=li, channel="smtp")

    relay(office.desk, {"smtp": Fake(ChannelDown("邮件服务器没有应答"))})
    office.pass_time(10)
    relay(office.desk, {"smtp": Fake(ChannelRefused("没有这个信箱"))})

    assert log_of(office) == [("retried", "邮件服务器没有应答"), ("dead", "没有这个信箱")]
