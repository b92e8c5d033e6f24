"""How the pages about accounts leave, and the cookie of a session with them."""

from typing import Any

from fastapi import Request, Response

from starflow.web.auth import desk_of, is_encrypted, session_cookie
from starflow.web.forms import REFERENCE, cookie, csrf_field, csrf_token
from starflow.web.pages.rendering import environment
from starflow.web.pages.shell import language_of


def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    html = (
        environment(language_of(request))
        .get_template(f"account/{template}.html")
        .render(
            csrf_field=lambda: csrf_field(request),
            csrf_token=lambda: csrf_token(request),
            settings=desk_of(request).settings,
            rehearsal=desk_of(request).rehearsal,
            **values,
        )
    )
    return _with_session(request, Response(html, status, media_type="text/html"))


def go(request: Request, to: str) -> Response:
    """On to another page of ours, after a form."""
    return _with_session(request, Response(status_code=303, headers={"location": to}))


def begin(request: Request, reference: str) -> None:
    """The session that counts from the answer on, for its forms too."""
    setattr(request.state, REFERENCE, reference)


def finish(request: Request) -> None:
    """No session counts any more."""
    setattr(request.state, REFERENCE, "")


def _with_session(request: Request, answer: Response) -> Response:
    reference: str | None = getattr(request.state, REFERENCE, None)
    if reference is not None:
        encrypted = is_encrypted(request)
        gone = 0 if reference == "" else None
        answer.headers.append(
            "set-cookie", cookie(session_cookie(request), reference, encrypted=encrypted, seconds=gone)
        )
    return answer
