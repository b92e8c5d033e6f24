"""GET /api/v1/exports/…: every list that a subtree can see, as a file; what the caller may not see is not in it."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from starflow.documents.lists import FORMS, LISTED, export_list
from starflow.service import attempts
from starflow.service.search import narrowed_by
from starflow.service.view import Filters
from starflow.web import examples
from starflow.web.auth import Identified, narrowed, require
from starflow.web.replies import Lamp, OwedBy, Search, Stage, Under, Year, described
from storage.account_models import AccessEvent
from storage.accounts import save
from workflow.engine.errors import Forbidden, Unknown

router = APIRouter()
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


class ListFile(BaseModel):
    """form=json 时的文件:清单的名称、筛选、导出时间和全部的行。"""

    title: str
    narrowed: str
    at: datetime
    rows: list[dict[str, Any]]


def _documented() -> dict[int | str, dict[str, Any]]:
    """One of three media types, by `form`."""
    about = {"title": "各年度", "narrowed": "无", "at": "2027-06-05T09:00:00+08:00", "rows": [examples.CAMPAIGN]}
    found = described(ListFile, about, 400, 401, 403, 404, 429, 503)
    found[200]["content"] |= {
        TYPES["xlsx"]: {"schema": {"type": "string", "format": "binary"}},
        "text/csv": {"schema": {"type": "string"}},
    }
    return found


FILES = _documented()
SEEN_BY_ALL = tuple(name for name, one in LISTED.items() if "under" in one.knows)
"""Lists that can be narrowed to a subtree; the others are the department's and the committee's."""


@router.get("/exports/{name}", summary="清单做成文件", tags=["看"], responses=FILES)
def export(
    caller: Identified,
    name: Annotated[str, Path(description="清单", examples=["cycles"], json_schema_extra={"enum": list(LISTED)})],
    form: Annotated[
        str, Query(description="xlsx、csv 或 json", examples=["xlsx"], json_schema_extra={"enum": list(FORMS)})
    ] = "xlsx",
    year: Year = None,
    under: Under = None,
    stage: Stage = None,
    light: Lamp = None,
    owner: OwedBy = None,
    search: Search = "",
) -> Response:
    """标题、筛选、导出时间和行数写在表头。每个令牌每小时最多10次。"""
    if name not in LISTED or form not in FORMS:
        raise Unknown(f"没有“{name}.{form}”,清单有{'、'.join(LISTED)},格式有{'、'.join(FORMS)}")
    require(caller, "read_roster")
    filters = narrowed_by(
        caller.desk,
        Filters(under=under, stage=stage, light=light, owner=owner, year=year),
        search,
        within=caller.principal.path,
    )
    if name in SEEN_BY_ALL:
        seen = narrowed(caller, filters, "read_roster" if name in ("organisations", "stars") else "read_work")
    else:
        require(caller, "read_meetings")
        seen = filters
    if seen is None:
        raise Forbidden(f"{LISTED[name].title}里没有您可以看的")
    with caller.desk.transaction(caller.desk.wall.now()) as tx:
        attempts.count(tx, [(attempts.EXPORTS, caller.token)])
        said = f"{name}.{form} {search}".strip()[:120]
        save(tx, AccessEvent(at=tx.now, what="export", actor=caller.principal.person or "", about=said))
    content = export_list(caller.desk, name, seen, form)
    file = quote(f"{LISTED[name].title}.{form}")
    return Response(content, 200, {"Content-Disposition": f"attachment; filename*=UTF-8''{file}"}, TYPES[form])
