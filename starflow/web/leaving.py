"""GET and POST /unsubscribe/…: the link in a letter of information. Looking changes nothing, because mail scanners look first.

A mail program posts `List-Unsubscribe=One-Click` (RFC 8058) without cookies and from no page of ours: the link itself is the key.
"""

from fastapi import APIRouter, Request, Response

from starflow.service.leaving import leave, wish_of
from starflow.web.auth import desk_of
from starflow.web.ballots.showing import small

router = APIRouter(include_in_schema=False)


@router.get("/unsubscribe/{token}")
def ask(request: Request, token: str) -> Response:
    return small(request, "leaving", token=token, wish=wish_of(desk_of(request), token), done=False)


@router.post("/unsubscribe/{token}")
def left(request: Request, token: str, again: bool = False) -> Response:
    """Whatever a mail program sends along is not looked at; only our page's other button takes it back."""
    return small(
        request, "leaving", token=token, wish=leave(desk_of(request), token, unsubscribed=not again), done=True
    )
