"""What a roster is made of: rows, faults with their place, and the difference that an import would make."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from workflow.engine.errors import Faulty


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRow:
    """One organisation, as a file gives it (`row` is its number there) or as the database has it."""

    code: str
    name: str
    kind: str
    parent: str | None
    field: str
    members: int
    election_due_on: date | None
    head: str
    phone: str
    email: str
    leader: str
    ended_on: date | None = None
    row: int = 0


@dataclass(frozen=True, slots=True)
class Roster:
    """A whole roster without a fault: `columns` are the keys that the file has, the rest it says nothing about."""

    rows: tuple[RosterRow, ...]
    columns: tuple[str, ...]
    ignored_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """An organisation that differs, and the keys in which it does."""

    before: RosterRow
    after: RosterRow
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RosterDiff:
    """What an import would do."""

    added: tuple[RosterRow, ...]
    changed: tuple[Change, ...]
    ended: tuple[RosterRow, ...]
    unchanged: tuple[RosterRow, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where: the row's number and the column's heading as the spreadsheet shows them."""

    row: int | None
    column: str | None
    message: str

    def __str__(self) -> str:
        place = f"第{self.row}行" if self.row else "文件"
        return f"{place} {self.column}:{self.message}" if self.column else f"{place}:{self.message}"


class FaultyRoster(Faulty):
    """The roster has faults; `places` holds each with its row and column, `faults` the same as sentences."""

    def __init__(self, places: Iterable[Fault]) -> None:
        self.places = tuple(sorted(places, key=lambda fault: fault.row or 0))
        super().__init__(str(place) for place in self.places)
