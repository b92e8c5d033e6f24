"""Showing again who one is, before what cannot be undone: approving, giving roles, taking data out.

A page asks for `Proven` in place of `Viewer`; whoever has not shown it within a quarter of an hour is asked here, and what they
had typed goes along.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request, Response

from starflow.service import sessions, signing_in
from starflow.service.answers import answer_of
from starflow.web.accounts.own import signed_or_refused
from starflow.web.accounts.showing import page
from starflow.web.accounts.signing_in import Onwards, carried_in, carry_on, slowed, text
from starflow.web.accounts.strangers import Fields, lost, own_form, packed
from starflow.web.auth import Caller, Viewer, desk_of, network_of, session_of
from starflow.web.forms import Posted, is_ours, typed
from workflow.engine.errors import Forbidden, TooOften, Unauthenticated

router = APIRouter(prefix="/account", include_in_schema=False)
AGAIN = "这一步不能撤销,请再证明一次是您本人"


class Unproven(Forbidden):
    """Whoever sits there has to show again who they are."""


def proven(caller: Viewer) -> Caller:
    """Whoever looks, having shown lately who they are. A token and a rehearsal's guest have nothing else to show.

    Raises Unproven.
    """
    if caller.signed is not None and not sessions.is_proven(caller.desk, caller.signed):
        raise Unproven(AGAIN)
    return caller


Proven = Annotated[Caller, Depends(proven)]


def register(app: FastAPI) -> None:
    app.add_exception_handler(Unproven, on_unproven)  # type: ignore[arg-type]


async def on_unproven(request: Request, error: Unproven) -> Response:
    if request.method in ("GET", "HEAD"):
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return _page(request, 403, onwards=here, said=str(error))
    form = await own_form(request)
    kept = typed(form) if form is not None else ()
    return _page(request, 403, carried=kept, onto=request.url.path, lost=lost(form) if form else (), said=str(error))


@router.get("/prove")
def prove_form(request: Request, onwards: Onwards = "/") -> Response:
    signed_or_refused(request)
    return _page(request, onwards=onwards)


@router.post("/prove")
def prove(request: Request, form: Posted) -> Response:
    signed = signed_or_refused(request)
    carried, onto, onwards = carried_in(form)
    try:
        signing_in.show_again(desk_of(request), signed, text(form, "secret"), network=network_of(request))
    except (Unauthenticated, TooOften) as refusal:
        status = 400 if isinstance(refusal, Unauthenticated) else answer_of(refusal).http_status
        said = str(refusal)
        return slowed(refusal, _page(request, status, carried=carried, onto=onto, onwards=onwards, said=said))
    return carry_on(request, carried, onto, onwards)


def _page(
    request: Request,
    status: int = 200,
    *,
    carried: Fields = (),
    onto: str = "",
    onwards: str = "/",
    lost: tuple[str, ...] = (),
    said: str = "",
) -> Response:
    signed = session_of(request)
    return page(
        request,
        "prove",
        status,
        has_totp=signed is not None and signed.has_totp,
        carried=packed(carried),
        onto=onto,
        onwards=onwards if is_ours(onwards) else "/",
        kept=len(carried),
        lost=lost,
        said=said,
    )
