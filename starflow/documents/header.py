"""Where the columns stand: the header row of a sheet, found below a title, and what each of its headings means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starflow.documents.columns import COLUMNS, Column, heading_key, known_headings, own_headings
from starflow.documents.sheets import Sheet
from starflow.documents.values import FaultyRoster
from workflow.rating.roster import Fault

SEARCHED_ROWS = 50
LEAST_HEADINGS = 2


@dataclass(frozen=True, slots=True)
class Header:
    """Where the columns stand: the row's number, each known column with its position, and the text above it."""

    number: int
    places: tuple[tuple[Column, int], ...]
    labels: tuple[str, ...]
    ignored: tuple[str, ...]
    faults: tuple[Fault, ...]
    columns: tuple[Column, ...] = COLUMNS

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(column.key for column, _ in self.places)

    def label(self, key: str) -> str:
        """The heading that this file uses for the column."""
        here = next((self.labels[index] for column, index in self.places if column.key == key), None)
        return here if here is not None else next(column.title for column in self.columns if column.key == key)


def find_header(sheet: Sheet, columns: Sequence[Column] = COLUMNS) -> Header:
    """The row near the top with the most headings of these columns; a title may stand above it."""
    known = known_headings(columns)
    candidates = list(enumerate(sheet.rows[:SEARCHED_ROWS], start=1))
    number, labels = max(candidates, key=lambda numbered: len(_meant(numbered[1], known)), default=(1, ()))
    if len(_meant(labels, known)) < LEAST_HEADINGS:
        required = "、".join(column.title for column in columns if column.required)
        raise FaultyRoster([Fault(None, None, f"前{SEARCHED_ROWS}行里找不到表头,表头应有:{required}")])
    return _header(sheet, number, labels, tuple(columns), known)


def _meant(labels: Sequence[str], known: Mapping[str, Column]) -> set[str]:
    return {known[key].key for label in labels if (key := heading_key(label)) in known}


def _header(
    sheet: Sheet, number: int, labels: tuple[str, ...], columns: tuple[Column, ...], known: Mapping[str, Column]
) -> Header:
    places, taken, faults, own_names = [], set(), [], own_headings(columns)
    for column in columns:
        here = [index for index, label in enumerate(labels) if known.get(heading_key(label)) is column]
        own = [index for index in here if heading_key(labels[index]) in own_names]
        chosen = own or here  # 编码 beside 编号: the column's own name wins, the synonym is an extra column
        if len(chosen) > 1:
            faults.append(_ambiguous(number, column, [labels[index] for index in chosen], chosen))
        elif column.required and not chosen:
            faults.append(Fault(number, column.title, f"缺少必需的列「{column.title}」"))
        places += [(column, index) for index in chosen[:1]]
        taken.update(chosen)
    return Header(number, tuple(places), labels, _ignored(sheet, number, labels, taken), tuple(faults), columns)


def _ambiguous(number: int, column: Column, labels: list[str], indices: list[int]) -> Fault:
    columns = "、".join(f"{letters(index)}列「{label}」" for label, index in zip(labels, indices, strict=True))
    return Fault(number, labels[1], f"有几列都像是「{column.title}」:{columns},请只留一列")


def _ignored(sheet: Sheet, number: int, labels: tuple[str, ...], taken: set[int]) -> tuple[str, ...]:
    """The extra columns: by heading, or by letter where cells stand under no heading."""
    width = max(len(row) for row in sheet.rows)
    extra = {index: cell_at(labels, index) for index in range(width) if index not in taken}
    nameless = [index for index, label in extra.items() if not label]
    filled = {index for row in sheet.rows[number:] for index in nameless if cell_at(row, index)}
    return tuple(label or f"{letters(index)}列" for index, label in extra.items() if label or index in filled)


def letters(index: int) -> str:
    """0 → A, 26 → AA."""
    before, last = divmod(index, 26)
    return (letters(before - 1) if before else "") + chr(ord("A") + last)


def cell_at(row: Sequence[str], index: int) -> str:
    """The cell, blank where the row is shorter."""
    return row[index] if index < len(row) else ""
