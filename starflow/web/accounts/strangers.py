"""What a page answers to somebody whom it does not know, or not any more: where to sign in, with everything typed kept.

A form that comes too late is not lost: its texts travel through the sign-in page, and stand ready to be sent once more.
"""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from starlette.datastructures import FormData, UploadFile

from starflow.web import forms, problems
from starflow.web.accounts.showing import page
from starflow.web.auth import Enrol
from starflow.web.forms import Expired, is_ours, typed
from workflow.engine.errors import BadInput, Forbidden, Unauthenticated

SIGN_IN, ENROL = "/sign-in", "/account/second-factor"
MOST_CARRIED = 400_000
Fields = Sequence[tuple[str, str]]


def register(app: FastAPI) -> None:
    app.add_exception_handler(Unauthenticated, on_stranger)
    app.add_exception_handler(Expired, on_expired)


def is_page(request: Request) -> bool:
    return not request.url.path.startswith(("/api/", "/healthz", "/readyz", "/metrics", "/static/"))


async def on_stranger(request: Request, error: Any) -> Response:
    if not is_page(request):
        return problems.on_refusal(request, error)
    if request.method in ("GET", "HEAD"):
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        where = ENROL if isinstance(error, Enrol) else SIGN_IN
        return Response(status_code=303, headers={"location": f"{where}?{urlencode({'next': here})}"})
    form = await own_form(request)
    if form is None:
        return problems.on_refusal(request, Forbidden(forms.FOREIGN))
    return sign_in_page(request, 401, carried=typed(form), onto=request.url.path, lost=lost(form), said=str(error))


async def on_expired(request: Request, error: Any) -> Response:
    """From a page of ours, but of an earlier session: shown once more, to be sent on purpose."""
    form = await own_form(request)
    if form is None:
        return problems.on_refusal(request, error)
    return carry_on_page(request, typed(form), request.url.path, 403, lost=lost(form), said=str(error))


async def own_form(request: Request) -> FormData | None:
    """The form, unless the browser says that it is another site's."""
    try:
        forms.check_origin(request)
    except Forbidden:
        return None
    return await forms.read(request)


def lost(form: FormData) -> tuple[str, ...]:
    """Files cannot be carried: their owner must choose them again."""
    return tuple(one.filename or "" for _, one in form.multi_items() if isinstance(one, UploadFile) and one.filename)


# ── the pages ────────────────────────────────────────────────────


def sign_in_page(
    request: Request,
    status: int = 200,
    *,
    onwards: str = "/",
    carried: Fields = (),
    onto: str = "",
    lost: Sequence[str] = (),
    said: str = "",
    login: str = "",
    done: str = "",
) -> Response:
    return page(
        request,
        "sign_in",
        status,
        onwards=onwards if is_ours(onwards) else "/",
        carried=packed(carried),
        onto=onto,
        kept=len([one for one in carried if one[1].strip()]),
        lost=lost,
        said=said,
        login=login,
        done=done,
    )


def carry_on_page(
    request: Request, carried: Fields, onto: str, status: int = 200, *, lost: Sequence[str] = (), said: str = ""
) -> Response:
    """What was typed, to be sent once more by whoever sits there now."""
    shown = [(name, text) for name, text in carried if text.strip()]
    return page(request, "carry_on", status, carried=carried, shown=shown, onto=onto, lost=lost, said=said)


# ── what is carried ──────────────────────────────────────────────


def packed(carried: Fields) -> str:
    return json.dumps([list(one) for one in carried], ensure_ascii=False) if carried else ""


def unpacked(text: str) -> tuple[tuple[str, str], ...]:
    """Raises BadInput for what no page of ours has packed."""
    if not text:
        return ()
    try:
        found = json.loads(text) if len(text) <= MOST_CARRIED else None
        pairs = tuple((name, said) for name, said in found)
    except (ValueError, TypeError, RecursionError):
        raise BadInput("带来的内容无法识别") from None
    if not all(isinstance(part, str) for pair in pairs for part in pair):
        raise BadInput("带来的内容无法识别")
    return pairs
