"""Texts begun and not sent, and searches under a name: kept on the server for a post, wherever it is next worked from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from starflow.service.access import Principal
from starflow.service.case import load_case
from starflow.service.desk import Desk
from storage import drafts
from workflow.engine.errors import BadInput

MOST_TEXTS, LONGEST_NAME, MOST_FILTERS = 200, 40, 30


@dataclass(frozen=True, slots=True)
class Begun:
    """What was typed so far; `saved_at` is None where nothing was."""

    texts: Mapping[str, str]
    saved_at: datetime | None


def begun(desk: Desk, principal: Principal, code: str, form: str) -> Begun:
    """Raises Unknown."""
    with desk.reading() as tx:
        case = load_case(desk, tx, code)
        texts, at = drafts.find(tx, case.cycle.id, _whose(principal), form)
        return Begun(texts, at.astimezone(case.zone) if at else None)


def keep(desk: Desk, principal: Principal, code: str, form: str, texts: Mapping[str, str]) -> Begun:
    """Put these texts to those kept already; an empty one takes its field away. Raises Unknown, BadInput."""
    with desk.transaction() as tx:
        case = load_case(desk, tx, code)
        before, _ = drafts.find(tx, case.cycle.id, _whose(principal), form)
        now = {name: text for name, text in {**before, **texts}.items() if text}
        if len(now) > MOST_TEXTS:
            raise BadInput(f"一份草稿最多{MOST_TEXTS}项")
        drafts.keep(tx, case.cycle.id, _whose(principal), form, now)
        return Begun(now, tx.now.astimezone(case.zone))


def drop(desk: Desk, principal: Principal, code: str, form: str) -> None:
    with desk.transaction() as tx:
        drafts.drop(tx, load_case(desk, tx, code).cycle.id, _whose(principal), form)


def filters(desk: Desk, principal: Principal) -> tuple[tuple[str, str], ...]:
    with desk.reading() as tx:
        return drafts.filters(tx, _whose(principal))


def save_filter(desk: Desk, principal: Principal, name: str, query: str) -> None:
    """Raises BadInput."""
    if not 0 < len(name) <= LONGEST_NAME or not query:
        raise BadInput(f"请先筛选,再给它起一个1至{LONGEST_NAME}个字的名字")
    with desk.transaction() as tx:
        if len(drafts.filters(tx, _whose(principal))) >= MOST_FILTERS:
            raise BadInput(f"常用筛选最多{MOST_FILTERS}个,请先删掉不用的")
        drafts.save_filter(tx, _whose(principal), name, query)


def drop_filter(desk: Desk, principal: Principal, name: str) -> None:
    with desk.transaction() as tx:
        drafts.drop_filter(tx, _whose(principal), name)


def _whose(principal: Principal) -> drafts.Desk:
    return drafts.Desk(principal.organisation_id, principal.role)
