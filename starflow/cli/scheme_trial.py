"""`scheme try`: who would change star under another scheme, and why; `--set` asks what if."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from starflow.cli.arguments import read_year
from starflow.cli.opening import at_desk
from starflow.cli.output import Result, Table
from starflow.cli.words import say, told

if TYPE_CHECKING:
    from starflow.service.trial import Trial, Tried, TriedQuota

File = Annotated[str, typer.Argument(metavar="S", help="方案名称或文件")]
OfCampaign = Annotated[
    int | None, typer.Option("--campaign", metavar="YYYY", parser=read_year, help="拿哪一年度的分数试;不写则为最近的")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="假如这一处是另一个值,例如 level.5.min=85;可以写几次"),
]


def try_(scheme: File, campaign: OfCampaign = None, settings: Settings = None) -> Result:
    from starflow.service.schemes import read_scheme
    from starflow.service.trial import try_scheme

    found = read_scheme(scheme, tuple(settings or ()))[0]
    with at_desk() as desk:
        trial = try_scheme(desk, found, campaign)
    changed = [one for one in trial.rows if one.changed]
    data = {
        "year": trial.year,
        "scheme": trial.scheme,
        "rated": len(trial.rows),
        "changed": len(changed),
        "unscored": trial.unscored,
        "before": trial.before,
        "after": trial.after,
        "rows": [asdict(one) for one in changed],
        "quotas": [asdict(one) for one in trial.quotas],
    }
    return Result(data, (*_head(trial, len(changed)), *_changed(trial, changed), *_quotas(trial)))


def _head(trial: "Trial", changed: int) -> tuple[str | Table, ...]:
    head = say(
        "{scheme}:拿{year}年度{rated}家的分数试算,{changed}家的星级会变",
        scheme=trial.scheme, year=trial.year, rated=len(trial.rows), changed=changed,
    )  # fmt: skip
    if trial.unscored:
        head += say(";另有{n}家没有考评分", n=trial.unscored)
    stars = sorted({*trial.before, *trial.after}, reverse=True)
    names = {star: " / ".join(map(told, trial.names(star))) for star in stars}
    rows = [(names[star], str(trial.before.get(star, 0)), str(trial.after.get(star, 0))) for star in stars]
    if unrated := sum(one.star is None for one in trial.rows):
        rows.append((say("算不出"), "0", str(unrated)))
    return head, Table((say("星级"), say("原来"), say("试算")), rows)


def _changed(trial: "Trial", changed: "list[Tried]") -> tuple[Table, ...]:
    if not changed:
        return ()
    rows = [
        (
            f"{one.organisation} {one.name}",
            f"{told(trial.labels_before[one.star_before])} ({one.total_before or '–'})",
            "–" if one.star is None else f"{told(trial.labels[one.star])} ({one.total})",
            told(";".join(one.why)),
        )
        for one in changed
    ]
    return (Table((say("单位"), say("原来"), say("试算"), say("因为")), rows),)


def _quotas(trial: "Trial") -> tuple[str, ...]:
    return tuple(_quota(one) for one in trial.quotas)


def _quota(one: "TriedQuota") -> str:
    said = say(
        "{title}:{count}家,{op}{limit}家(参评{base}家)",
        title=(one.title or one.quota) + ("" if one.scope == "all" else f" {one.scope}"), count=one.count, op=say(LIMITS[one.op]), limit=one.limit,
        base=one.base,
    )  # fmt: skip
    if one.beyond:
        said += say(",超出{n}家" if one.op == "max" else ",还差{n}家", n=one.beyond)
    if one.first_without:
        said += say(";名额线:{inside} | {outside}", inside=one.last_within or "–", outside=one.first_without)
    return said + (f";{told(one.tie)}" if one.tie else "")


LIMITS = {"max": "至多", "min": "至少", "target": "约"}
