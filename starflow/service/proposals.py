"""A scheme that somebody puts forward: what it changes against the year's own, and keeping it under its hash.

Nothing of a running year changes by it: a campaign has pinned the hash it was opened with.
"""

from collections.abc import Iterator
from difflib import SequenceMatcher

from starflow.service.case import campaign_of
from starflow.service.desk import Desk
from starflow.service.schemes import checked_content, keep
from storage import installation
from workflow.engine.errors import Faulty, Unknown
from workflow.rating import shelf
from workflow.rating.scheme import Scheme

Changed = tuple[int, str, str]
"""The line in the newer text (of what is gone: where it stood), "-" or "+", and the line itself."""


def adopt(desk: Desk, text: str) -> Scheme:
    """Judged again as it is. Raises Faulty."""
    content = text.encode()
    found, _, scheme = checked_content(content)
    if scheme is None:
        raise Faulty(map(str, found))
    with desk.transaction() as tx:
        keep(tx, scheme, content)
    return scheme


def text_of(desk: Desk, name: str) -> str:
    """A shipped scheme, an adopted one by its hash, or with no name the one that the newest year runs under. Raises Unknown."""
    if name in shelf.scheme_names():
        return shelf.scheme_bytes(name).decode()
    with desk.reading() as tx:
        content = installation.scheme_content(tx, name or campaign_of(tx, None).scheme_hash)
    if content is None:
        raise Unknown(f"没有方案“{name[:80]}”")
    return content.decode()


def changes(before: str, after: str) -> Iterator[Changed]:
    """Line by line, what the one says and the other does not."""
    old, new = before.splitlines(), after.splitlines()
    for what, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what != "equal":
            yield from ((k + 1, "-", line) for line in old[i:j])
            yield from ((number + 1, "+", new[number]) for number in range(k, m))
