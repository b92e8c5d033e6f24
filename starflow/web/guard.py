"""The outermost layer: every answer leaves with the headers of a page that trusts nobody, and no fault leaves as a traceback.

It stands outside the framework's own error handling, so that there is no status at which a header could be missing.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from starflow.web.problems import is_misfit, on_fault, on_misfit, problem
from workflow.engine.errors import Reason

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
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
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if scope["scheme"] == "https":
        headers["strict-transport-security"] = HSTS


def _has_nul(scope: Scope) -> bool:
    """No database stores the character, and one of them fails on it."""
    return "\x00" in scope["path"] or b"%00" in scope["query_string"]
