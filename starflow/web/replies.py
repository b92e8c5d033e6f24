"""What the routes share: the parameters that many take, how a use case's answer leaves, and how both are documented."""

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Response

from starflow.service.search import LONGEST, narrowed_by
from starflow.service.shapes import Page
from starflow.service.view import OWNERS, Filters
from starflow.web import examples
from starflow.web.auth import Caller, Identified, narrowed
from starflow.web.problems import documented
from starflow.web.schemas import page_of
from workflow.engine.deadlines import Light

Year = Annotated[int | None, Query(ge=2000, le=2200, description="年度;不写则为最近一次在办的年度", examples=[2027])]
Code = Annotated[str, Path(description="组织编码", examples=["D0102"])]
Under = Annotated[str | None, Query(description="只看这个组织及其下级", examples=["D01"])]
Stage = Annotated[str | None, Query(description="只看这个环节(全名或末段)", examples=["rating.review"])]
Lamp = Annotated[Light | None, Query(description="只看这种灯", examples=["red"])]
OwedBy = Annotated[
    str | None,
    Query(description="只看由这种身份办理的", examples=["superior"], json_schema_extra={"enum": list(OWNERS)}),
]
Search = Annotated[
    str,
    Query(
        alias="q",
        max_length=LONGEST,
        description="查询语句,与页面和命令行的--where相同:阶段、灯、单位、上级、该谁办、年度,或名称、编码",
        examples=["阶段:测评 灯:红 单位:D04"],
    ),
]
Limit = Annotated[int, Query(ge=1, le=500, description="最多列出这么多行", examples=[50])]
Next = Annotated[str | None, Query(alias="next", description="从上一页给出的next处继续")]

PER_PAGE = 50
REFUSALS = (400, 401, 403, 404, 503)


# ── what lists are narrowed to ───────────────────────────────────


def lit(
    caller: Identified,
    year: Year = None,
    under: Under = None,
    stage: Stage = None,
    light: Lamp = None,
    owner: OwedBy = None,
    search: Search = "",
    limit: Limit = PER_PAGE,
    after: Next = None,
) -> Filters:
    """Of lists whose rows have a light. Raises BadInput."""
    filters = Filters(under=under, stage=stage, light=light, owner=owner, year=year, limit=limit, after=after)
    return narrowed_by(caller.desk, filters, search, within=caller.principal.path)


def unlit(
    caller: Identified,
    year: Year = None,
    under: Under = None,
    stage: Stage = None,
    owner: OwedBy = None,
    search: Search = "",
    limit: Limit = PER_PAGE,
    after: Next = None,
) -> Filters:
    """Of lists whose rows have none."""
    return lit(caller, year, under, stage, None, owner, search, limit, after)


Lit, Unlit = Annotated[Filters, Depends(lit)], Annotated[Filters, Depends(unlit)]


def said(shape: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(shape, ensure_ascii=False), 200, dict(headers or {}), "application/json")


def described(model: Any, example: Mapping[str, Any], *refusals: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: how it answers, and how it may refuse."""
    yes = {"model": model, "description": "办妥", "content": {"application/json": {"example": dict(example)}}}
    return {200: yes, **documented(*(refusals or REFUSALS))}


def list_of(shape: type, row: Mapping[str, Any]) -> dict[int | str, dict[str, Any]]:
    return described(page_of(shape), examples.page(row))


def narrowed_list(
    caller: Caller, filters: Filters, find: Callable[[Filters], Page[Any]], action: str = "read_work"
) -> Response:
    """The page that exists for the caller; an empty one where nothing of it does."""
    seen = narrowed(caller, filters, action)
    return said((Page(()) if seen is None else find(seen)).as_json())
