"""Who acts on a register or at a sitting: a name for the record, and the relations to whom it concerns.

The same thing as the relations of an ask, for the acts that do not go through a cycle's door.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from workflow.engine.errors import Forbidden, Reason
from workflow.rating.stages import ROLE_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """`relations` are held to every organisation that the act concerns; `person` is a person's code, where one is known."""

    actor: str
    relations: frozenset[str]
    person: str | None = None

    def role(self, allowed: Sequence[str], what: str, cite: str | None = None) -> str:
        """The first of the allowed roles that is held. Raises Forbidden."""
        found = next((role for role in allowed if role in self.relations), None)
        if found is None:
            raise Forbidden(Reason(f"{what}由{'、'.join(ROLE_WORDS[role] for role in allowed)}办理", cite))
        return found
