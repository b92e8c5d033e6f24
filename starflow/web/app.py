"""The application: routes, refusals, headers, and how it says that it is alive.

It works at one desk for the whole process. Handlers are plain functions run by threads, as many as the database lends
connections: with SQLite that is faster than any other way, and a sweep or a command uses the same functions.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from starflow import __version__
from starflow.service.desk import Desk, open_desk
from starflow.service.settings import read_settings
from starflow.web import acts, calendars, cycle, dates, exports, leaving, lists, matters, metrics, openapi, registers
from starflow.web.accounts import activation, own, provider, proving, signing_in, strangers, two
from starflow.web.auth import desk_of
from starflow.web.ballots import evidence, handling, notices, objecting, surveys, voting
from starflow.web.guard import Guard
from starflow.web.pages import (
    accounts,
    act,
    admin,
    bulk,
    listing,
    meeting,
    organisation,
    overview,
    papers,
    queue,
    refusal,
    rehearsal,
    scheme_check,
    screen,
    self_evaluation,
    tasks,
)
from starflow.web.replies import described, said
from storage import migrations
from storage.database import CONNECTIONS, revision
from workflow.engine.errors import Unavailable

API = "/api/v1"
ROUTERS = tuple(module.router for module in (lists, registers, cycle, matters, dates, exports, acts))
"""The acts stand last, because their last route takes any word for an act."""
ACCOUNTS = tuple(module.router for module in (signing_in, provider, activation, own, proving, two))
PAGES = tuple(
    module.router
    for module in (
        overview,
        bulk,
        rehearsal,
        listing,
        tasks,
        self_evaluation,
        queue,
        meeting,
        admin,
        accounts,
        scheme_check,
        screen,
        papers,
        act,
        organisation,
    )
)
BALLOTS = tuple(module.router for module in (voting, surveys, objecting, notices, handling, evidence))
STATIC = Path(__file__).parent / "static"


def create_app(desk: Desk) -> FastAPI:
    """The whole web at this desk. No page of ours loads anything from elsewhere, so the usual documentation pages are off."""
    app = FastAPI(
        title="starflow 争星",
        version=__version__,
        description=openapi.DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.desk = desk
    app.add_middleware(GZipMiddleware, minimum_size=2000, compresslevel=5)
    app.add_middleware(Guard)  # the last to be added is the outermost
    refusal.register(app)
    strangers.register(app)
    proving.register(app)
    return routed(app)


def routed(app: FastAPI) -> FastAPI:
    """Every route there is."""
    for router in ROUTERS:
        app.include_router(router, prefix=API)
    for pages in (*PAGES, *ACCOUNTS, *BALLOTS):
        app.include_router(pages)
    app.add_api_route(f"{API}/openapi.json", _document, include_in_schema=False)
    app.add_api_route("/healthz", healthz, summary="进程是否活着", tags=["运行"], responses=described(Health, ALIVE))
    app.add_api_route(
        "/readyz", readyz, summary="数据库是否可用", tags=["运行"], responses=described(Health, READY, 503)
    )
    app.include_router(metrics.router)
    app.include_router(calendars.router)
    app.include_router(leaving.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def from_environment() -> FastAPI:
    """For servers that make the application themselves: `uvicorn --factory starflow.web.app:from_environment`."""
    desk = open_desk(read_settings(os.environ))
    if desk.settings.engine == "cluster":
        from schedules.cluster import attach

        attach(desk)
    return create_app(desk)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """As many threads as the database lends connections."""
    current_default_thread_limiter().total_tokens = CONNECTIONS
    yield


class Health(BaseModel):
    """`alive`: the process answers. `ready`: the database is there and of this version."""

    status: str


ALIVE, READY = {"status": "alive"}, {"status": "ready"}


def healthz() -> Response:
    return said(ALIVE)


def readyz(request: Request) -> Response:
    """Raises Unavailable where the database is away or of another version."""
    if revision(desk_of(request).database) != migrations.HEAD:
        raise Unavailable("数据库的版本与程序不符")
    return said(READY)


def _document(request: Request) -> Response:
    return said(openapi.document(request.app))
