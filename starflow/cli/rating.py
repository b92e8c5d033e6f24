"""Rating cases: results with every step, and whether they are what the file expects."""

from typing import TYPE_CHECKING, Annotated

import typer

from starflow.cli.arguments import read_text
from starflow.cli.output import Result, Table
from starflow.cli.words import say, told

if TYPE_CHECKING:
    from starflow.service.rating_cases import Result as Rated

CaseFile = Annotated[str, typer.Argument(metavar="FILE", help="评定案例(JSON);有 expect 的同时核对")]
AGREES = {True: "✔", False: "✘", None: ""}


def rate(file: CaseFile) -> Result:
    """Exit code 1 when an `expect` differs."""
    from starflow.service.rating_cases import rate_cases

    rated = rate_cases(read_text(file))
    results = rated["results"]
    wrong = [one for one in results if one["agrees"] is False]
    rows = [(AGREES[one["agrees"]], one["name"], one["total"], str(one["star"]), _steps(one)) for one in results]
    table = Table(("", say("案例"), say("得分"), say("星级"), say("依据")), rows)
    said = say("{n}例,其中{wrong}例与预期不符", n=len(results), wrong=len(wrong))
    return Result(dict(rated), (table, said), exit_code=int(bool(wrong)))


def _steps(one: "Rated") -> str:
    return ";".join(f"{step['rule']} {told(step['text'])} {step['effect']}".strip() for step in one["steps"])
