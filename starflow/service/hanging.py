"""The paper of a posting: written in the transaction of the cycle's own act, with its days reckoned and explained."""

from datetime import datetime, timedelta

from starflow.service.case import Case
from storage import organisations as tree
from storage import publications
from storage.database import Transaction
from storage.notice_models import Publication, PublicationEntry
from workflow.engine.deadlines import local_date
from workflow.rating.facts import Facts
from workflow.rating.timing import Dates, stage_dates


def hang(tx: Transaction, case: Case, actor: str, facts: Facts, place: str, seq: int, head: str) -> None:
    """The notice of one cycle, written in the transaction of its posting; `facts` are those after it."""
    slug = tx.salt(f"notice|{case.cycle.chain}|{seq}")[:12]
    star, before = facts.proposed or 0, publications.last_of_cycle(tx, case.cycle.id, case.cycle.round)
    publications.put(tx, _publication(tx, case, actor, facts, place, slug))
    publications.put(
        tx,
        PublicationEntry(
            slug=slug,
            cycle_id=case.cycle.id,
            round=case.cycle.round,
            star=star,
            star_before=case.cycle.star,
            seq=seq,
            head=head,
            corrects=before.slug if before and before.star != star else None,
        ),
    )


def _publication(tx: Transaction, case: Case, actor: str, facts: Facts, place: str, slug: str) -> Publication:
    """The first day is the one after the posting (R21); the last is the one before the stay is due."""
    assert facts.posted_on is not None
    dates = _dates(case, facts)
    assert dates.due_at is not None
    first = facts.posted_on + timedelta(days=1)
    highest = max(one.star for one in case.scheme.level)
    return Publication(
        slug=slug,
        campaign_id=case.cycle.campaign_id,
        round=case.cycle.round,
        publisher_id=tree.root(tx) if facts.proposed == highest else case.cycle.reviewer_id,
        title=_title(case),
        basis=_basis(case),
        scope=case.scheme.publicity.scope_text,
        place=place,
        posted_on=facts.posted_on,
        first_on=first,
        last_on=local_date(dates.due_at - timedelta(seconds=1), case.zone),
        opens_at=datetime(first.year, first.month, first.day, tzinfo=case.zone),
        closes_at=dates.due_at,
        arithmetic=list(dates.arithmetic),
        actor=actor,
        at=tx.now,
    )


def _dates(case: Case, facts: Facts) -> Dates:
    return stage_dates(
        case.stage,
        scheme=case.scheme,
        year=case.cycle.year,
        calendar=case.calendar,
        zone=case.zone,
        entered_at=case.cycle.entered_at,
        facts=facts,
    )


def _title(case: Case) -> str:
    what = "年底复检核星" if case.cycle.round == "recheck" else case.scheme.round_word(case.cycle.round)
    return f"关于{case.cycle.year}年度{what}拟定星级的公示"


def _basis(case: Case) -> str:
    cite, name = case.stage.cite, f"《{case.scheme.scheme.title}方案》"
    return f"{name}:“{cite.text}”" if cite and cite.text else name
