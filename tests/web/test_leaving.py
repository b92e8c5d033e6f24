"""Unsubscribing from mere information by the link in the letter: one click of a mail program, or a page with a button."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from schedules.channels import Smtp
from schedules.relay import relay
from starflow.service.leaving import BY_LINK
from storage import outbox
from storage.models import Message, Notice, Organisation, Person
from storage.outbox import NewNotice
from storage.paper_models import Preference
from tests.schedules.test_channels import Mailbox, letter, mail_server
from tests.web.conftest import Web

HOME = "https://star.example.org"
LINK = re.compile(rf"{HOME}(/unsubscribe/[0-9a-f-]+)")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


def told(web: Web, mailbox: Mailbox, *kinds: str) -> str:
    """The newest mail after notices of these kinds to P4, as it arrived."""
    web.desk.settings = replace(web.desk.settings, public_url=HOME)
    with web.desk.transaction() as tx:
        tx.session.execute(sa.update(Person).where(Person.code == "P4").values(email="ma@example.org"))
        tx.session.execute(sa.update(Notice).where(Notice.status == "queued").values(status="sent"))
        person = tx.session.scalars(sa.select(Person.id).where(Person.code == "P4")).one()
        branch = tx.session.scalars(sa.select(Organisation.id).where(Organisation.code == "B1")).one()
        before = tx.session.scalar(sa.select(sa.func.count()).select_from(Message))
        said = [
            NewNotice(
                key=f"{before}/{kind}", kind=kind, organisation_id=branch, stage="rating.declaration", rung="0",
                recipient_role="organisation", recipient_id=branch, person_id=person, channel="smtp", text=kind,
                due_at=tx.now,
            )
            for kind in kinds
        ]  # fmt: skip
        outbox.put(tx, said)
        outbox.merge(tx)
    relay(web.desk, {"smtp": Smtp(host="127.0.0.1", port=mailbox.port, security="none", sender="star@example.org")})
    from email import message_from_bytes
    from email.policy import default

    mail = message_from_bytes(mailbox.taken[-1], policy=default)
    return f"{mail['List-Unsubscribe']}\n{mail['List-Unsubscribe-Post']}\n{mail.get_content()}".replace("\r\n", "\n")


def unsubscribed(web: Web) -> list[tuple[bool, str]]:
    with web.desk.reading() as tx:
        return [(row.unsubscribed, row.actor) for row in tx.session.scalars(sa.select(Preference))]


def test_one_click_of_a_mail_program_ends_information_and_leaves_duty(web: Web, mailbox: Mailbox) -> None:
    mail = told(web, mailbox, "event")
    address = LINK.findall(mail)[0]
    assert mail.startswith(f"<{HOME}{address}>\nList-Unsubscribe=One-Click\n")
    assert mail.endswith(f"退订知会 · Unsubscribe: {HOME}{address}\n")
    form = {"content-type": "application/x-www-form-urlencoded"}

    for _ in range(2):
        done = web.ask("POST", address, by=None, content=b"List-Unsubscribe=One-Click", headers=form)
        assert (done.status_code, "已经退订" in done.text) == (200, True)

    assert unsubscribed(web) == [(True, BY_LINK)]
    assert told(web, mailbox, "event", "nudge").startswith("None\nNone\n")
    with web.desk.reading() as tx:
        newest = sa.select(Notice.kind, Notice.status, Notice.note).order_by(Notice.id.desc()).limit(2)  # type: ignore[union-attr]
        assert [tuple(row) for row in tx.session.execute(newest)] == [
            ("nudge", "sent", ""),
            ("event", "suppressed", "收件人退订了知会"),
        ]


def test_a_letter_with_duty_in_it_offers_no_way_out(web: Web, mailbox: Mailbox) -> None:
    assert LINK.findall(told(web, mailbox, "event", "reminder")) == []


def test_looking_at_the_page_changes_nothing_and_leaving_can_be_taken_back(web: Web, mailbox: Mailbox) -> None:
    address = LINK.findall(told(web, mailbox, "event"))[0]

    for _ in range(3):
        assert "知会照常发给您" in web.ask("GET", address, by=None).text
    assert unsubscribed(web) == []
    web.ask("POST", address, by=None)
    page = web.ask("GET", address, by=None).text
    assert "您已退订" in page and f'action="{address}?again=1"' in page
    assert "已经恢复" in web.ask("POST", f"{address}?again=1", by=None).text
    assert unsubscribed(web) == [(False, BY_LINK)]


def test_a_link_that_was_not_sent_opens_nothing(web: Web, mailbox: Mailbox) -> None:
    address = LINK.findall(told(web, mailbox, "event"))[0]
    number, proof = address.rpartition("/")[2].split("-")
    wrong = [f"{number}-{proof[:-1]}x", f"{int(number) + 1}-{proof}", f"{'9' * 40}-{proof}", "-", "ü-ü", f"x-{proof}"]

    said = {web.ask(method, f"/unsubscribe/{one}", by=None).text for one in wrong for method in ("GET", "POST")}

    assert len(said) == 1 and unsubscribed(web) == []


def test_without_an_encrypted_way_there_is_a_link_and_no_single_click(mailbox: Mailbox) -> None:
    channel = Smtp(host="127.0.0.1", port=mailbox.port, security="none", sender="star@example.org")

    link = f"http://{'a-long-name.' * 9}lan/unsubscribe/1-a"
    channel.send(letter(leave=link))

    assert f"\r\nList-Unsubscribe: <{link}>\r\n".encode() in mailbox.taken[0]
    assert b"List-Unsubscribe-Post" not in mailbox.taken[0]
