"""Scheme files before they run: reading one by name or from disk, and all that is wrong with it.

Nothing here needs a database but `keep`, so a coordinator may check a file on any machine, and at once.
"""

from pathlib import Path

from storage import installation
from storage.database import Transaction
from workflow.engine.errors import BadInput, Unknown, because
from workflow.rating import shelf
from workflow.rating.procedure import procedure_faults, table_of
from workflow.rating.scheme import LIMIT, Scheme, examine, load_bytes
from workflow.rating.scheme_findings import Finding, findings_of
from workflow.rating.scheme_partial import NotRead
from workflow.rating.scheme_unknown import Undecided

SHAPE = frozenset({"stage", "level", "procedure", "fields", "roster"})
"""The tables that make the procedure; as long as one of them is wrong, its shape cannot be judged."""


def check_scheme(name_or_file: str) -> tuple[Finding, ...]:
    """Every fault of a scheme in the order of the file; empty when it may run. Raises Unknown, BadInput."""
    return checked_scheme(name_or_file)[0]


def checked_scheme(name_or_file: str) -> tuple[tuple[Finding, ...], tuple[Undecided, ...], Scheme | None]:
    """The faults of a scheme; without any, what the source leaves open, with the scheme. Raises Unknown, BadInput."""
    return checked_content(scheme_file(name_or_file))


def checked_content(content: bytes) -> tuple[tuple[Finding, ...], tuple[Undecided, ...], Scheme | None]:
    """The same of a file that is only at hand: somebody's upload, or a text that is still being written."""
    scheme, found = examine(content, source=shelf.source_text)
    faults = _with_its_shape(scheme, found)
    return (faults, (), None) if faults or scheme is None else ((), scheme.undecided, scheme)


def _with_its_shape(scheme: Scheme | None, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    if scheme is None or SHAPE & {one.path.partition("[")[0].partition(".")[0] for one in found}:
        return found
    try:
        shape = procedure_faults(scheme)
    except NotRead:
        return found
    return tuple(
        sorted((*found, *findings_of(scheme._places, shape)), key=lambda one: (one.line or 0, one.column or 0))
    )


def read_scheme(name_or_file: str, settings: tuple[str, ...] = ()) -> tuple[Scheme, bytes]:
    """A shipped scheme by name, or any file; raises Faulty with all its faults, Unknown where there is none."""
    content = scheme_file(name_or_file)
    scheme = load_bytes(content, source=shelf.source_text, settings=settings)
    table_of(scheme)
    return scheme, content


def keep(tx: Transaction, scheme: Scheme, content: bytes) -> None:
    """In the database under its hash, so that a year may run under it without the file; a second time changes nothing."""
    installation.adopt(tx, digest=scheme.hash, name=scheme.name, title=scheme.title, content=content)


def scheme_file(name_or_file: str) -> bytes:
    """The bytes of a shipped scheme, or of a file; of one that is far too long only as much as shows it."""
    if name_or_file in shelf.scheme_names():
        return shelf.scheme_bytes(name_or_file)
    return _file(name_or_file)


def _file(name: str) -> bytes:
    path = Path(name)
    if not path.is_file():
        raise Unknown(f"没有方案“{name}”,也没有这个文件;随附的方案有{'、'.join(shelf.scheme_names())}")
    try:
        with path.open("rb") as file:
            return file.read(100 * LIMIT)
    except OSError as error:
        raise BadInput(f"方案文件{name}读不出来:{because(error)}") from error
