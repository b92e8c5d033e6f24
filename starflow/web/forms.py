"""What a page's form brings, and that it was our own page that sent it.

Twice checked: the browser says from which site a form comes (Sec-Fetch-Site, Origin), and the form carries a token that only
our pages could know, made of the browser's own secret (its session's, or before signing in one of its own).
"""

import hmac
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from markupsafe import Markup
from starlette.datastructures import FormData

from starflow.service.clock import new_secret
from starflow.web.auth import desk_of, is_encrypted, session_cookie
from workflow.engine.errors import Forbidden

FIELD = "csrf_token"
BROWSER, BROWSER_IN_CLEAR = "__Host-browser", "starflow_browser"
"""The cookie of a browser that nobody has signed in with."""
MOST_FIELDS, MOST_FILES, LONGEST_FIELD = 2000, 4, 1 << 20
FRESH, ASKED, REFERENCE = "fresh_browser", "has_form", "reference"
"""Where a request keeps: a browser's new secret, that its answer has a form, and the session that begins with its answer."""
FOREIGN = "这份表单不是从本系统的页面发出的,没有办理"


class Expired(Forbidden):
    """The form is of an earlier page: its token does not belong to this browser's session any more."""


# ── for the pages ────────────────────────────────────────────────


def csrf_field(request: Request) -> Markup:
    """The hidden field that every form of ours carries."""
    return Markup(f'<input type="hidden" name="{FIELD}" value="{csrf_token(request)}">')


def csrf_token(request: Request) -> str:
    """What a form of this browser must carry; a browser without a secret gets one with the answer."""
    setattr(request.state, ASKED, True)
    begun: str | None = getattr(request.state, REFERENCE, None)
    return token_of(begun or _secret(request) or _new_secret(request))


# ── for what they send ───────────────────────────────────────────


async def posted(request: Request) -> FormData:
    """The form, when it came from a page of ours. Raises Forbidden, Expired."""
    check_origin(request)
    form = await read(request)
    if "authorization" not in request.headers:  # no foreign page can make a browser send that
        _check_token(request, form)
    return form


Posted = Annotated[FormData, Depends(posted)]


async def read(request: Request) -> FormData:
    return await request.form(max_fields=MOST_FIELDS, max_files=MOST_FILES, max_part_size=LONGEST_FIELD)


def check_origin(request: Request) -> None:
    """Raises Forbidden where the browser says that the form is another site's."""
    said, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise Forbidden(FOREIGN)
    if said is not None and said != own_origin(request) and not (said == "null" and site == "same-origin"):
        raise Forbidden(FOREIGN)


def own_origin(request: Request) -> str:
    known = desk_of(request).settings.public_url
    return known.lower() if known else f"{request.url.scheme}://{request.headers.get('host', '').lower()}"


def typed(form: FormData) -> tuple[tuple[str, str], ...]:
    """The texts of a form, without its token: what must not be lost when it cannot be accepted."""
    return tuple((name, text) for name, text in form.multi_items() if isinstance(text, str) and name != FIELD)


def _check_token(request: Request, form: FormData) -> None:
    secret, shown = _secret(request), form.get(FIELD)
    if (
        secret is None
        or not isinstance(shown, str)
        or not hmac.compare_digest(token_of(secret).encode(), shown.encode())
    ):
        raise Expired("页面已经过期:登录变了,或者浏览器没有保存本系统的 Cookie")


# ── the browser's secret ─────────────────────────────────────────


def browser_cookie(request: Request) -> str:
    return BROWSER if is_encrypted(request) else BROWSER_IN_CLEAR


def browser_secret(request: Request) -> str:
    """The secret of this browser, whoever has signed in with it."""
    return request.cookies.get(browser_cookie(request)) or _new_secret(request)


def _secret(request: Request) -> str | None:
    return request.cookies.get(session_cookie(request)) or request.cookies.get(browser_cookie(request))


def _new_secret(request: Request) -> str:
    made: str | None = getattr(request.state, FRESH, None)
    if made is None:
        made = new_secret()
        setattr(request.state, FRESH, made)
    return made


def token_of(secret: str) -> str:
    """What a form carries that was made for the browser with this secret."""
    return hmac.digest(secret.encode("utf-8", "surrogatepass"), b"form", "sha256").hex()


def cookie(name: str, value: str, *, encrypted: bool, seconds: int | None = None) -> str:
    """A Set-Cookie header: for this host alone, out of any script's reach, and not sent along from other sites."""
    parts = [f"{name}={value}", "Path=/", "HttpOnly", "SameSite=Lax", *(["Secure"] if encrypted else [])]
    return "; ".join([*parts, *([f"Max-Age={seconds}"] if seconds is not None else [])])


def is_ours(address: str) -> bool:
    """An address below our own host: what a page may be asked to go on to."""
    parts = urlsplit(address)
    plain = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return plain and not parts.scheme and not parts.netloc and "\\" not in address and len(address) <= 400


def state_of(scope: Mapping[str, object]) -> Mapping[str, object]:
    found = scope.get("state")
    return found if isinstance(found, Mapping) else {}
