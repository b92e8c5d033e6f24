"""The rounds of a year, or of several: the order is that of the stages, and between two of them stands a rest.

A round is the first part of its stages' names. `rating` and `recheck` are called as they always were; any other is declared
with its title. The first round grants every star anew; a later one leaves an unchanged star under the decision that gave it.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from workflow.rating.scheme_values import Closed, Word

RoundName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=16)]
USUAL_ROUNDS: Mapping[str, str] = {"rating": "申报创星", "recheck": "年底复检"}
"""What these two are called where the scheme says nothing else."""


class Round(Closed):
    """A round and what people call it."""

    name: Annotated[
        RoundName, Field(description="名称,即环节名称里点号之前的部分 · as it stands in the names of its stages")
    ]
    title: Annotated[Word, Field(description="怎样称呼这一轮 · what it is called")]
    title_en: Annotated[str, Field(description="英文称呼 · the title in English")] = ""
