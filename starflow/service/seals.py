"""The seal of a survey's tally: kept in the history at the close, opened when the result is final.

A plain hash of few ballots could be found by trying all tallies, so the history has an HMAC. Each survey has a key of its own, made
at its close: there is no lasting key that would have to be changed, lent or lost.
"""

from dataclasses import dataclass

from starflow.service.case import Case, load_case
from starflow.service.desk import Desk
from starflow.service.polls import seal_of
from storage import ballots, records
from storage.ballot_models import Poll
from storage.database import Transaction
from workflow.engine.errors import Reason, Refused, Unknown
from workflow.rating import voting
from workflow.rating.voting import form_from


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSeal:
    """`tally_agrees`: the tally is the one that was sealed. `ballots_agree`: the ballots still kept add up to it; None once they
    have gone after their years.
    """

    organisation: str
    name: str
    round: str
    seal: str
    key: str
    tally_agrees: bool
    ballots_agree: bool | None


def open_seal(desk: Desk, code: str, round_: str = "", year: int | None = None) -> OpenedSeal:
    """Raises Unknown where the round has no survey, Refused while the result is not final or where there was nothing to seal."""
    with desk.reading() as tx:
        case = load_case(desk, tx, code, year)
        round_ = round_ or case.scheme.first_round
        poll = ballots.current(tx, case.cycle.id, round_)
        if poll is None:
            raise Unknown(f"{case.cycle.name}这一轮没有开启测评")
        if poll.status != "closed" or case.cycle.round == round_:
            raise Refused(Reason(f"{case.cycle.name}的结果还没有批准,核对用的密钥封存到那时", "R15"))
        if poll.tally_seal is None or poll.seal_key is None or poll.tally is None:
            least = case.scheme.survey.min_cell
            raise Refused(Reason(f"不足{least}票的测评不留校验值:票数太少,校验值可以被试出来", "R15"))
        sealed = _sealed(tx, case, poll.tally_seal)
        return OpenedSeal(
            organisation=case.cycle.code,
            name=case.cycle.name,
            round=poll.round,
            seal=sealed,
            key=poll.seal_key,
            tally_agrees=sealed == poll.tally_seal == seal_of(poll.tally, poll.seal_key),
            ballots_agree=_recounted(tx, poll),
        )


def _sealed(tx: Transaction, case: Case, otherwise: str) -> str:
    """As the history says it, which nobody can change unseen; where that detail was erased by rule, as the survey says it."""
    said = [detail for record, detail in records.history(tx, case.cycle.id) if record.trigger == "close_survey"]
    found = [str(one.detail["tally"]) for one in said if one is not None and one.detail and one.detail.get("tally")]
    return otherwise if not found or otherwise in found else found[-1]


def _recounted(tx: Transaction, poll: Poll) -> bool | None:
    kept = ballots.payloads(tx, poll.id or 0)
    if not kept and poll.used:
        return None
    assert poll.tally is not None
    return bool(voting.tally_of(form_from(poll.form), kept) == poll.tally["answers"])
