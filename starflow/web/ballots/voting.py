"""The voting page. Looking never votes, sending votes once, and nothing of it is logged: no address, no token, no answer.

`/b/TOKEN` only puts the token out of sight (a cookie of twenty minutes) and goes on to `/b`, so that it stands in no address bar,
screenshot or Referer; the form carries it in its body, so that two slips on one telephone do not get mixed up.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote, unquote

from fastapi import APIRouter, Depends, Query, Request, Response

from starflow.service.casting import Cast, Paper, cast, paper_for
from starflow.web.auth import desk_of, is_encrypted
from starflow.web.ballots.showing import leaf
from starflow.web.ballots.words import WORDS, language
from starflow.web.forms import cookie
from starflow.web.pages.shell import language_of
from workflow.engine.errors import Unavailable

LOG = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

COOKIE, COOKIE_IN_CLEAR, SECONDS = "__Host-b", "starflow_b", 1200
MOST = 65_536
HEARD = 1_048_576  # read to its end so far, so that the sender hears the answer instead of a broken line
FORM = "application/x-www-form-urlencoded"
TOO_LONG, UNREAD = {"not_sent": "long"}, {"not_sent": "unread"}
QUESTION = "q_"
Lang = Annotated[str | None, Query(alias="lang", max_length=20)]


@router.get("/b/{token}")
def arrive(request: Request, token: str) -> Response:
    """However often a messenger's scanner fetches it, nothing is used up."""

    def answer() -> Response:
        if paper_for(desk_of(request), token) is None:
            return _gone(request)
        return Response(status_code=303, headers={"location": "/b", "set-cookie": _cookie(request, token, SECONDS)})

    return _silently(request, answer)


@router.get("/b")
def ballot(request: Request, lang: Lang = None) -> Response:
    def answer() -> Response:
        token = unquote(request.cookies.get(_cookie_name(request), ""))
        paper = paper_for(desk_of(request), token) if token else None
        return _gone(request) if paper is None else _form(paper, token, language(lang or language_of(request)))

    return _silently(request, answer)


async def sent(request: Request) -> Mapping[str, str]:
    """A form of a few short fields; of what is longer only so much is heard that it is too long. What comes in another way is not
    taken apart: parts of a form with files might touch the disk.
    """
    body, heard = bytearray(), 0
    async for chunk in request.stream():
        heard += len(chunk)
        body += chunk[: MOST + 1 - len(body)]
        if heard > HEARD:
            break
    if heard > MOST:
        return TOO_LONG
    if request.headers.get("content-type", FORM).partition(";")[0].strip().lower() != FORM:
        return UNREAD
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=60))
    except ValueError:
        return {}


@router.post("/b")
def vote(request: Request, form: Annotated[Mapping[str, str], Depends(sent)]) -> Response:
    def answer() -> Response:
        if form is TOO_LONG or form is UNREAD:
            return _not_sent(form["not_sent"])
        lang, token = language(form.get("lang")), form.get("t", "")
        answers = {key.removeprefix(QUESTION): said for key, said in form.items() if key.startswith(QUESTION)}
        remark = form.get("remark", "")
        paper = paper_for(desk_of(request), token)
        if paper is None:
            return _gone(request)
        if form.get("confirm") != "yes":
            return _form(paper, token, lang, answers, remark, {"confirm": WORDS[lang]["confirm_missing"]})
        try:
            done = cast(desk_of(request), token, answers, remark)
        except Unavailable:
            return _form(paper, token, lang, answers, remark, {"busy": WORDS[lang]["busy"]}, 503)
        return _after(request, done, token, lang, answers, remark)

    return _silently(request, answer)


def _after(request: Request, done: Cast, token: str, lang: str, answers: Mapping[str, str], remark: str) -> Response:
    if done.faults and done.paper:
        said = WORDS[lang]["faults"]
        faults = {code: said.get(code, said["other"]) for code in done.faults}
        return _form(done.paper, token, lang, answers, remark, faults)
    if not done.taken:
        return _gone(request)
    away = {"set-cookie": _cookie(request, "", 0), "clear-site-data": '"cache", "storage"'}
    return leaf("voted", headers=away, lang=lang, words=WORDS[lang])


# ── the pages ────────────────────────────────────────────────────


def _form(
    paper: Paper,
    token: str,
    lang: str,
    answers: Mapping[str, str] | None = None,
    remark: str = "",
    faults: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """With what was chosen already, and what is missing on top."""
    words: Mapping[str, Any] = WORDS[lang]
    return leaf(
        "ballot",
        422 if faults and status == 200 else status,
        lang=lang,
        words=words,
        languages={code: said["language"] for code, said in WORDS.items() if code != lang},
        heading=words["heading"].format(name=paper.name, year=paper.year),
        form=paper.form,
        secret=words[f"secret_{paper.mode}"],
        limits=words[f"limits_{paper.mode}"],
        token=token,
        chosen=answers or {},
        remark=remark,
        faults=faults or {},
    )


def _not_sent(why: str) -> Response:
    """Said before anybody looks at the token: the same for every one."""
    status = {"long": 413, "unread": 415}[why]
    return leaf("long", status, lang="zh-CN", words=WORDS["zh-CN"], other=WORDS["en"], why=why)


def _gone(request: Request) -> Response:
    """The same for a token that is unknown, used, void or late: byte for byte."""
    return leaf("gone", 410, lang="zh-CN", words=WORDS["zh-CN"], other=WORDS["en"])


# ── silence ──────────────────────────────────────────────────────


def _silently(request: Request, answer: Callable[[], Response]) -> Response:
    """A fault is told by its class alone: its text could hold an answer, the path a token."""
    try:
        found = answer()
    except Unavailable:
        return leaf("busy", 503, {"retry-after": "5"}, lang="zh-CN", words=WORDS["zh-CN"])
    except Exception as fault:
        LOG.error("a fault on the voting page: %s", type(fault).__name__)
        return leaf("busy", 503, {"retry-after": "5"}, lang="zh-CN", words=WORDS["zh-CN"])
    if found.status_code == 410:
        WRONG.count()
    return found


class Wrong:
    """How many wrong tokens came in this minute, in memory alone. Nobody is shut out: a meeting room is one address."""

    def __init__(self, most: int = 20) -> None:
        self._most, self._lock, self._since, self._number = most, threading.Lock(), monotonic(), 0

    def count(self) -> None:
        with self._lock:
            if monotonic() - self._since > 60:
                self._since, self._number = monotonic(), 0
            self._number += 1
            if self._number == self._most + 1:
                LOG.warning("more than %s wrong ballot links within a minute", self._most)


WRONG = Wrong()


def _cookie_name(request: Request) -> str:
    return COOKIE if is_encrypted(request) else COOKIE_IN_CLEAR


def _cookie(request: Request, token: str, seconds: int) -> str:
    return cookie(_cookie_name(request), quote(token, safe=""), encrypted=is_encrypted(request), seconds=seconds)
