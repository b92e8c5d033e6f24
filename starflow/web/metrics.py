"""Figures for Prometheus: for whoever sits at this machine, elsewhere with the department's token."""

from typing import Annotated

from fastapi import APIRouter, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials

from starflow.service import health
from starflow.web.auth import TOKEN, at_this_machine, desk_of, identified
from workflow.engine.errors import Forbidden

router = APIRouter()


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request, shown: Annotated[HTTPAuthorizationCredentials | None, Security(TOKEN)]) -> Response:
    """Counts only, nobody's name. Raises Unauthenticated, Forbidden."""
    if not at_this_machine(request) and identified(request, shown).principal.role != "department":
        raise Forbidden("运行指标只给本机和组织部的令牌看")
    return Response(health.exposition(health.metrics(desk_of(request))), media_type="text/plain; version=0.0.4")
