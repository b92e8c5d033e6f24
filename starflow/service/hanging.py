"""The paper of a posting: written in the transaction of the cycle's own act, with its days reckoned and explained."""

from datetime import datetime, timedelta

from starflow.service.case import Case
from storage import organisations as tree
from storage import publications
from storage.database import Transaction
from storage.notice_models import Publication, PublicationEntry
from workflow.engine.deadlines import local_date
from workflow.rating.facts import Facts
from workflow.rating.timing import stage_dates


def hang(tx: Transaction, case: Case, actor: str, facts: Facts, place: str, seq: int, head: str) -> None:
    """The notice of one cycle, written in the transaction of its posting; `facts` are those after it."""
    assert facts.posted_on is not None
    dates = stage_dates(
        case.stage,
        scheme=case.scheme,
        year=case.cycle.year,
        calendar=case.calendar,
        zone=case.zone,
        entered_at=case.cycle.entered_at,
        facts=facts,
    )
    assert dates.due_at is not None
    zone = case.zone
    first = facts.posted_on + timedelta(days=1)
    opens_at = datetime(first.year, first.month, first.day, tzinfo=zone)
    before = publications.last_of_cycle(tx, case.cycle.id, case.cycle.round)
    slug = tx.salt(f"notice|{case.cycle.chain}|{seq}")[:12]
    publisher = (
        tree.root(tx) if facts.proposed == max(one.star for one in case.scheme.level) else case.cycle.reviewer_id
    )
    publications.put(
        tx,
        Publication(
            slug=slug,
            campaign_id=case.cycle.campaign_id,
            round=case.cycle.round,
            publisher_id=publisher,
            title=_title(case),
            basis=_basis(case),
            scope=case.scheme.publicity.scope_text,
            place=place,
            posted_on=facts.posted_on,
            first_on=first,
            last_on=local_date(dates.due_at - timedelta(seconds=1), zone),
            opens_at=opens_at,
            closes_at=dates.due_at,
            arithmetic=list(dates.arithmetic),
            actor=actor,
            at=tx.now,
        ),
    )
    publications.put(
        tx,
        PublicationEntry(
            slug=slug,
            cycle_id=case.cycle.id,
            round=case.cycle.round,
            star=facts.proposed or 0,
            star_before=case.cycle.star,
            seq=seq,
            head=head,
            corrects=before.slug if before and before.star != (facts.proposed or 0) else None,
        ),
    )


def _title(case: Case) -> str:
    what = "年底复检核星" if case.cycle.round == "recheck" else "申报创星"
    return f"关于{case.cycle.year}年度{what}拟定星级的公示"


def _basis(case: Case) -> str:
    cite = case.stage.cite
    return (
        f"《{case.scheme.scheme.title}方案》:“{cite.text}”"
        if cite and cite.text
        else f"《{case.scheme.scheme.title}方案》"
    )
