"""What reading a roster file gives: the whole roster, or every fault of the file."""

from collections.abc import Iterable
from dataclasses import dataclass

from workflow.engine.errors import Faulty
from workflow.rating.roster import Fault, RosterRow


@dataclass(frozen=True, slots=True)
class Roster:
    """A whole roster without a fault: `columns` are the keys that the file has, the rest it says nothing about."""

    rows: tuple[RosterRow, ...]
    columns: tuple[str, ...]
    ignored_columns: tuple[str, ...]


class FaultyRoster(Faulty):
    """The roster has faults; `places` holds each with its row and column, `faults` the same as sentences."""

    def __init__(self, places: Iterable[Fault]) -> None:
        self.places = tuple(sorted(places, key=lambda fault: fault.row or 0))
        super().__init__(str(place) for place in self.places)
