"""A roster that one administrator has looked at and another takes in: the rows themselves travel, and what they would have done.

Whatever has changed about the standing roster meanwhile shows in the counts; then it is looked at anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from starflow.service import undoing
from starflow.service.desk import Desk
from starflow.service.organisations import ImportReport, import_roster
from workflow.engine.errors import Refused
from workflow.rating.roster import DATES, RosterRow

COUNTS = ("added", "changed", "ended", "unchanged")
DAYS = (*DATES, "ended_on")


def payload_of(
    rows: Sequence[RosterRow], report: ImportReport, *, root_kind: str, columns: Sequence[str], filename: str
) -> dict[str, Any]:
    """What was looked at, as it can be kept."""
    kept = [{k: v.isoformat() if isinstance(v, date) else v for k, v in asdict(row).items()} for row in rows]
    counts = {name: getattr(report, name) for name in COUNTS}
    return {"rows": kept, "counts": counts, "root_kind": root_kind, "columns": list(columns), "filename": filename}


def preview(desk: Desk, payload: Mapping[str, Any]) -> ImportReport:
    """What it would do today."""
    return _import(desk, payload, dry_run=True, actor="")


def take_in(desk: Desk, payload: Mapping[str, Any], *, actor: str) -> str:
    """Raises Refused where it would do something else than what was looked at."""
    report = preview(desk, payload)
    if report.faults or {name: getattr(report, name) for name in COUNTS} != payload["counts"]:
        raise Refused("名册在预览之后有变动,请不同意这一号,重新预览")
    done = _import(desk, payload, dry_run=False, actor=actor)
    return f"已导入名册:新增{done.added},修改{done.changed},停用{done.ended}"


def undo(desk: Desk, payload: Mapping[str, Any], *, actor: str) -> str:
    number = int(payload["number"])
    undoing.undo_roster(desk, number, actor=actor)
    return f"第{number}次导入已撤销"


def _import(desk: Desk, payload: Mapping[str, Any], *, dry_run: bool, actor: str) -> ImportReport:
    rows = [_row(kept) for kept in payload["rows"]]
    return import_roster(
        desk,
        rows,
        scheme_root_kind=payload["root_kind"],
        dry_run=dry_run,
        columns=payload["columns"],
        filename=payload["filename"],
        actor=actor,
    )


def _row(kept: Mapping[str, Any]) -> RosterRow:
    days: dict[str, Any] = {name: date.fromisoformat(kept[name]) if kept[name] else None for name in DAYS}
    return RosterRow(**{**kept, **days})
