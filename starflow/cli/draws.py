"""The draw between equals: a commitment published beforehand, the seed told afterwards, both to be checked by anybody."""

from typing import TYPE_CHECKING, Annotated

import typer

from starflow.cli.acting import acting_at_the_top
from starflow.cli.arguments import By, Year, read_role
from starflow.cli.opening import at_desk
from starflow.cli.output import Result, Table, moment, text
from starflow.cli.words import say

if TYPE_CHECKING:
    from starflow.service.draws import DrawLine

QuotaCode = Annotated[str, typer.Argument(metavar="QUOTA", help="名额的代码")]
Commitment = Annotated[
    str, typer.Argument(metavar="HASH", help="承诺值:printf 'starflow-draw|种子' | sha256sum 的结果")
]
Seed = Annotated[str, typer.Argument(metavar="SEED", help="种子,至少16个字符,与承诺值相符")]
Scope = Annotated[str, typer.Option("--scope", metavar="SCOPE", help="名额分单位或领域的,写它的代码或名称")]
DrawnAs = Annotated[
    str, typer.Option("--as", metavar="ROLE", parser=read_role, help="以什么身份:department 或 committee")
]
WHO = ("department", "committee")


def commit(
    quota: QuotaCode,
    commitment: Commitment,
    scope: Scope = "all",
    role: DrawnAs = "department",
    by: By = None,
    year: Year = None,
) -> Result:
    """Before anything of this quota is approved; it cannot be replaced."""
    from starflow.service.draws import commit_draw
    from starflow.service.shapes import plain

    with at_desk() as desk:
        acting = acting_at_the_top(desk, role, by)
        acting.role(WHO, "抽签", "R30")
        line = commit_draw(desk, quota, commitment, actor=acting.actor, scope=scope, year=year)
    return Result(plain(line), (say("名额{quota}的承诺值已公布:{hash}", quota=quota, hash=line.commitment),))


def tell(
    quota: QuotaCode,
    seed: Seed,
    scope: Scope = "all",
    role: DrawnAs = "department",
    by: By = None,
    year: Year = None,
) -> Result:
    """From now on the lots stand, and `quota` shows the list in their order."""
    from starflow.service.draws import tell_seed
    from starflow.service.shapes import plain

    with at_desk() as desk:
        acting = acting_at_the_top(desk, role, by)
        acting.role(WHO, "抽签", "R30")
        line = tell_seed(desk, quota, seed, actor=acting.actor, scope=scope, year=year)
    return Result(plain(line), (say("名额{quota}的种子已公布,与承诺值相符", quota=quota),))


def list_(year: Year = None) -> Result:
    from starflow.service.draws import draw_list
    from starflow.service.shapes import plain

    with at_desk() as desk:
        found = draw_list(desk, year)
    if not found:
        return Result({"rows": []}, (say("本年度没有抽签"),))
    titles = (say("名额"), say("范围"), say("承诺值"), say("公布"), say("种子"))
    return Result({"rows": [plain(line) for line in found]}, (Table(titles, [_row(line) for line in found]),))


def _row(line: "DrawLine") -> tuple[str, ...]:
    return line.quota, line.scope, line.commitment, moment(line.committed_at), text(line.seed)
