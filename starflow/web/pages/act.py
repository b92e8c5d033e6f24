"""Any act of a cycle's present stage as a form: what it must be told, why it may not be done, and what happens to what was typed.

Two people at once: the second sees what the first has done beside what was typed, and decides.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from starflow.service import twofold
from starflow.service.clock import new_secret
from starflow.service.cycles import CycleAsk, fire_in
from starflow.service.policy import POLICY
from starflow.service.twofold import FORCED, Hand
from starflow.service.why import OptionLine, Why
from starflow.web.accounts.proving import proven
from starflow.web.acts import held_to_act, scoped
from starflow.web.auth import acting_relations, seen_case, signature
from starflow.web.pages.fields import Faults, Field, empty_faults, fields_of, payload_of, placed, typed
from starflow.web.pages.organisation import explained
from starflow.web.pages.posted import EMPTY, Form, Posted
from starflow.web.pages.shell import Look, Looking
from storage.database import retrying
from workflow.engine.errors import BadInput, Forbidden, Refused, Stale, WrongStage
from workflow.engine.machine import CLOCK
from workflow.rating.scheme import Scheme
from workflow.rating.stages import TITLES

router = APIRouter(include_in_schema=False)

SENT_TO: Mapping[str, str] = {
    "declare": "申报后由您开展自评。",
    "submit_self_evaluation": "报送后您不能再改,除非上级退回。",
    "file_survey": "备案后由上级考评,您不能再改。",
    "propose_star": "拟定后进入审核或公示;需要改时只能由下一环节退回。",
    "exempt": "免评后今年不再参评,不能恢复。",
    "close_unrated": "终止后今年不再评定,不能恢复。",
    "approve": "批准后生效。",
}
"""What follows from an act, said before it is done."""


@router.get("/organisations/{code}/do/{trigger}")
def form(look: Looking, code: str, trigger: str) -> Response:
    why, scheme = explained(look, code)
    return _page(look, why, scheme, _option(why, trigger), EMPTY)


@router.post("/organisations/{code}/do/{trigger}")
def act(look: Looking, code: str, trigger: str, sent: Posted) -> Response:
    """Through the one door, or the form again with everything that was typed."""
    why, scheme = explained(look, code)
    option = next((one for one in why.options if one.trigger == trigger), None)
    if option is None:  # the stage has changed since the form was shown
        return conflict(look, why, sent, trigger, tuple(sent.items()))
    fields = _fields(why, scheme, option)
    if faults := empty_faults(fields, sent, look.say):
        return _page(look, why, scheme, option, sent, faults, 400)
    try:
        if trigger in FORCED and POLICY.takes_two(look.desk, trigger):
            return _asked(look, why, option, payload_of(fields, sent), sent)
        do(look, code, trigger, payload_of(fields, sent), sent)
    except (Stale, WrongStage):
        return conflict(look, explained(look, code)[0], sent, trigger, typed(fields, sent))
    except (BadInput, Refused, Forbidden) as refusal:
        status = 400 if isinstance(refusal, BadInput) else 422 if isinstance(refusal, Refused) else 403
        return _page(look, why, scheme, option, sent, placed(fields, refusal.reasons), status)
    return RedirectResponse(f"/organisations/{code}?done={trigger}", 303)


def _asked(look: Look, why: Why, option: OptionLine, payload: Mapping[str, Any], sent: Form) -> Response:
    """The first of two hands: judged as it stands, done when another confirms. Raises Refused, Forbidden, BadInput, Unproven."""
    proven(look.caller)
    if not option.allowed:
        raise Refused(*option.reasons)
    with look.desk.reading() as tx:
        case = seen_case(look.desk, tx, look.principal, why.organisation, None)
        acting_relations(tx, look.principal, case)
    kept = {"code": why.organisation, "year": case.cycle.year, "payload": dict(payload)}
    hand = Hand(principal=look.principal, session=look.caller.token)
    twofold.ask(look.desk, option.trigger, kept, hand=hand, code=why.organisation, reason=sent.get("reason", ""))
    return RedirectResponse("/two", 303)


def do(look: Look, code: str, trigger: str, payload: Mapping[str, Any], sent: Form) -> None:
    """Raises what `fire` raises; the key makes a form that is sent twice count once."""
    version = sent.get("version", "")
    actor, person = signature(look.caller)
    key = scoped(look.caller, sent.get("key", "")[:200] or None)

    def done() -> None:
        with look.desk.transaction() as tx:
            ask = CycleAsk(
                code=code,
                trigger=trigger,
                relations=held_to_act(tx, look.caller, code, None, trigger, key),
                actor=actor,
                person=person,
                payload=payload,
                reason=sent.get("reason", ""),
                expected_version=int(version) if version.isascii() and version.isdigit() else None,
                key=key,
            )
            fire_in(look.desk, tx, ask)

    retrying(done)


def conflict(look: Look, why: Why, sent: Form, trigger: str, said: tuple[tuple[str, str], ...]) -> Response:
    """409: what stands there now beside what was typed, which may be sent again for the new state."""
    return look.page(
        "conflict.html",
        409,
        why=why,
        last=last_of(look, why.organisation),
        said=said,
        again=[(name, text) for name, text in sent.pairs if name not in ("version", "key")],
        possible=any(one.trigger == trigger for one in why.options),
        trigger=trigger,
        title=TITLES.get(trigger, trigger),
        triggers=TITLES,
    )


def last_of(look: Look, code: str) -> Any:
    """The newest record of the organisation's history."""
    from starflow.service.why import history

    return history(look.desk, code).rows[-1]


def _page(
    look: Look,
    why: Why,
    scheme: Scheme,
    option: OptionLine,
    sent: Form,
    faults: Faults = (),
    status: int = 200,
) -> Response:
    return look.page(
        "act.html",
        status,
        why=why,
        option=option,
        fields=_fields(why, scheme, option),
        form=sent,
        faults=faults,
        key=sent.get("key") or new_secret(),
        consequence=SENT_TO.get(option.trigger, ""),
        two=option.trigger in FORCED and POLICY.takes_two(look.desk, option.trigger),
    )


def _fields(why: Why, scheme: Scheme, option: OptionLine) -> tuple[Field, ...]:
    titles = {stage.name: stage.title for stage in scheme.stage}
    return fields_of(option.payload, scheme, option.needs_reason, titles)


def _option(why: Why, trigger: str) -> OptionLine:
    """Raises WrongStage."""
    found = next((one for one in why.options if one.trigger == trigger and one.role != CLOCK), None)
    if found is None:
        raise WrongStage(f"{why.name}现在在“{why.stage_title}”,不能办“{TITLES.get(trigger, trigger)}”")
    return found
