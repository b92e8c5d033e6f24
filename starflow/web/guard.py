"""The outermost layer: every answer leaves with the headers of a page that trusts nobody, and no fault leaves as a traceback.

It stands outside the framework's own error handling, so that there is no status at which a header could be missing.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from starflow.web import forms
from starflow.web.problems import is_misfit, on_fault, on_misfit, problem
from workflow.engine.errors import Reason

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",  # for browsers older than frame-ancestors
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
HSTS = "max-age=31536000; includeSubDomains"
"""Only where the request came encrypted: an intranet without certificates must not be locked out of its own page."""


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _add_headers(message, scope)
            await send(message)

        if _has_nul(scope):
            await problem(400, "bad_input", (Reason("地址里不得有空字符"),))(scope, receive, guarded)
            return
        try:
            await self.app(scope, receive, guarded)
        except Exception as fault:
            if started:  # too late for another answer
                raise
            answer = on_misfit if is_misfit(fault) else on_fault
            await answer(scope, fault)(scope, receive, guarded)


def _add_headers(message: Message, scope: Scope) -> None:
    headers, state = MutableHeaders(scope=message), forms.state_of(scope)
    if state.get(forms.ASKED):  # with no referrer at all a browser would not say where a form comes from
        headers.setdefault("referrer-policy", "same-origin")
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    encrypted = _is_encrypted(scope)
    if encrypted:
        headers["strict-transport-security"] = HSTS
    if isinstance(secret := state.get(forms.FRESH), str):
        name = forms.BROWSER if encrypted else forms.BROWSER_IN_CLEAR
        headers.append("set-cookie", forms.cookie(name, secret, encrypted=encrypted))


def _is_encrypted(scope: Scope) -> bool:
    """As the browser sees it: a proxy before us may take the encryption off."""
    if scope["scheme"] == "https":
        return True
    desk = getattr(scope["app"].state, "desk", None) if "app" in scope else None
    return desk is not None and desk.settings.public_url.startswith("https:")


def _has_nul(scope: Scope) -> bool:
    """No database stores the character, and one of them fails on it."""
    return "\x00" in scope["path"] or b"%00" in scope["query_string"]
