"""A running year and its scheme: it stays what it was, until somebody moves it deliberately."""

from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_surveys import opened
from workflow.rating import shelf

DEFAULT = shelf.scheme_bytes("anyang-five-star").decode().partition("[[example]]")[0]
"""Without its samples, which are the regulation's and not those of what it is changed to."""


def changed(tmp_path: Path, *changes: tuple[str, str]) -> str:
    text = DEFAULT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "other.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_a_running_year_does_not_change_when_the_file_does(bare: Cli, roster_file: Path, tmp_path: Path) -> None:
    file = changed(tmp_path)
    bare.done("init", "--rehearsal", "--at", "2027-04-14T08:00")
    bare.done("org", "import", str(roster_file))
    bare.done("campaign", "open", "2027", "--scheme", file)
    before = (
        bare.json("why", "B1"),
        bare.json("campaign", "show"),
        bare.json("scheme", "calendar", file, "--year", "2027"),
    )

    changed(tmp_path, ('due = "06-05"', 'due = "07-10"'), ('min = "90"', 'min = "95"'))

    assert (bare.json("why", "B1"), bare.json("campaign", "show")) == before[:2]
    assert bare.json("scheme", "calendar", file, "--year", "2027") != before[2]
    bare.done("clock", "move", "2027-06-07T08:00")
    assert bare.json("why", "B1")["light"] == "red"

    Path(file).unlink()
    assert bare.json("why", "B1")["stage"] == "rating.declaration"


def test_a_dry_run_says_stage_by_stage_what_would_happen(sitting: Cli, tmp_path: Path) -> None:
    file = changed(tmp_path, ('min = "90"', 'min = "91"'))

    said = sitting.json("scheme", "migrate", file, "--dry-run")

    assert (said["blocked"], said["moved"], said["done"]) == (False, 0, 0)
    assert [(row["stage"], row["cycles"], row["to"], row["blocked"]) for row in said["rows"]] == [
        ("rating.declaration", 3, "rating.declaration", []),
        ("rating.approval", 1, "rating.approval", []),
    ]
    assert sitting.json("campaign", "show")["scheme_hash"] == said["before"]


def test_a_year_is_moved_with_a_record_of_each_cycle(sitting: Cli, tmp_path: Path) -> None:
    file = changed(tmp_path, ('due = "06-05"', 'due = "06-10"'))
    old = sitting.json("campaign", "show")["scheme_hash"]

    done = sitting.json("scheme", "migrate", file, "--reason", "工委会会议同意延后五天")

    record = sitting.json("history", "B1")["rows"][-1]
    assert (done["moved"], record["trigger"], record["reason"]) == (4, "migrate", "工委会会议同意延后五天")
    assert sitting.json("campaign", "show")["scheme_hash"] == done["after"] != old
    assert sitting.json("why", "B1")["due_at"] == "2027-06-11T00:00:00+08:00"
    assert sitting.json("doctor")["ok"] and sitting.json("verify")["ok"]
    assert sitting.json("scheme", "migrate", file, "--reason", "再来一次")["moved"] == 0


def test_a_dry_run_counts_the_dates_that_move_and_the_run_moves_the_same(sitting: Cli, tmp_path: Path) -> None:
    file = changed(tmp_path, ('due = "06-05"', 'due = "06-10"'))
    before = {row["organisation"]: row["due_at"] for row in sitting.json("obligations")["rows"]}

    rows = sitting.json("scheme", "migrate", file, "--dry-run")["rows"]
    done = sitting.json("scheme", "migrate", file, "--reason", "顺延五天")["rows"]

    after = {row["organisation"]: row["due_at"] for row in sitting.json("obligations")["rows"]}
    moved = [(before[code], at) for code, at in after.items() if at != before[code]]
    assert rows == done
    assert [one for row in rows for one in row["dates"] if one["which"] == "due_at"] == [
        {"which": "due_at", "before": was, "after": at, "organisations": 3} for was, at in dict.fromkeys(moved)
    ]
    assert (len(moved), set(moved)) == (3, {("2027-06-06T00:00:00+08:00", "2027-06-11T00:00:00+08:00")})


def test_what_is_in_the_way_is_counted_and_said_for_people(sitting: Cli, tmp_path: Path) -> None:
    file = changed(tmp_path, ('due = "06-05"', 'due = "06-10"'))

    said = sitting.done("scheme", "migrate", file, "--dry-run")
    blocked = sitting.run("scheme", "migrate", "company-teams", "--dry-run")

    assert "申报:3家的截止由 2027-06-05 改为 2027-06-10" in said
    assert "新方案没有拟定的“五星级”这一等次" in blocked.stdout and "✘ 批准:1家不能转(D60)" in blocked.stdout


def test_a_stage_that_is_gone_blocks_everything_until_it_is_mapped(sitting: Cli, tmp_path: Path) -> None:
    file = changed(
        tmp_path,
        ('name = "rating.declaration"', 'name = "rating.application"\nkind = "declaration"'),
        ('"rating.declaration"', '"rating.application"'),
    )
    head = sitting.json("verify")["head"]

    code, sentence = sitting.refused("scheme", "migrate", file, "--reason", "改名")
    assert (code, sentence) == (
        4,
        "申报(rating.declaration)的3家:新方案没有“rating.declaration”这个环节,用 --map rating.declaration=新环节 指定",
    )
    assert sitting.json("verify")["head"] == head
    assert sitting.json("scheme", "migrate", file, "--dry-run", exit_code=1)["blocked"]

    moved = ("--map", "rating.declaration=rating.application", "--reason", "改名")
    assert sitting.json("scheme", "migrate", file, *moved)["moved"] == 4
    assert sitting.json("why", "B1")["stage"] == "rating.application"
    assert sitting.json("doctor")["ok"]


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("rating.survey", "“rating.survey”不是同一轮的同一类环节,办过的会丢失"),
        ("recheck.self_evaluation", "“recheck.self_evaluation”不是同一轮的同一类环节,办过的会丢失"),
    ],
)
def test_a_map_that_would_lose_something_is_refused(sitting: Cli, tmp_path: Path, target: str, why: str) -> None:
    file = changed(tmp_path, ('min = "90"', 'min = "91"'))

    said = sitting.json("scheme", "migrate", file, "--dry-run", "--map", f"rating.declaration={target}", exit_code=1)

    assert said["rows"][0]["blocked"] == [{"reason": why, "organisations": 3, "codes": ["B1", "B2", "D01"]}]


def test_a_star_that_the_new_scheme_does_not_know_blocks_its_cycle(sitting: Cli) -> None:
    said = sitting.json("scheme", "migrate", "company-teams", "--dry-run", exit_code=1)

    assert "新方案没有拟定的“五星级”这一等次" in [one["reason"] for one in said["rows"][-1]["blocked"]]


OTHER_SCALE = (
    'scale = ["satisfied", "basically_satisfied", "dissatisfied", "unknown"]',
    'scale = ["satisfied", "basically_satisfied", "dissatisfied", "unknown", "no_answer"]\nlabels = { no_answer = "没有回答" }',
)


def test_while_people_are_asked_their_answers_cannot_change(cli: Cli, tmp_path: Path) -> None:
    file = changed(tmp_path, OTHER_SCALE)
    opened(cli)

    def blocked(exit_code: int) -> list[str]:
        rows = cli.json("scheme", "migrate", file, "--dry-run", exit_code=exit_code)["rows"]
        return [one["reason"] for row in rows for one in row["blocked"]]

    said = "新方案改了测评表的档次(survey.scale),原来的答案无法计票;须等评完,或先作废重测"
    assert blocked(1) == [f"测评正在进行,{said}"]
    assert cli.refused("scheme", "migrate", file, "--reason", "多一档") == (
        4,
        f"党员群众测评(rating.survey)的1家:测评正在进行,{said}",
    )
    cli.done("survey", "close", "B1")
    assert blocked(1) == [f"测评已经截止、还没有备案,{said}"]
    cli.done("survey", "void", "B1", "--reason", "测评表要改", "--as", "superior")
    assert blocked(0) == []


def test_answers_that_were_filed_keep_their_scale(sitting: Cli, tmp_path: Path) -> None:
    said = sitting.json("scheme", "migrate", changed(tmp_path, OTHER_SCALE), "--dry-run", exit_code=1)

    assert [len(row["blocked"]) for row in said["rows"]] == [0, 1]
    assert said["rows"][-1]["blocked"][0]["reason"].startswith("测评已经备案,新方案改了测评表的档次")


def test_a_reason_is_wanted(sitting: Cli, tmp_path: Path) -> None:
    assert sitting.refused("scheme", "migrate", changed(tmp_path, ("hour = 9", "hour = 8"))) == (2, "须写明理由")


def test_a_scheme_is_adopted_once(sitting: Cli, tmp_path: Path) -> None:
    file = changed(tmp_path, ("hour = 9", "hour = 8"))

    first, again = sitting.json("scheme", "adopt", file), sitting.json("scheme", "adopt", file)

    assert first == again
    assert [row["hash"] for row in sitting.json("scheme", "list")["rows"]].count(first["hash"]) == 1


def test_two_schemes_are_compared_in_words(bare: Cli, tmp_path: Path) -> None:
    file = changed(tmp_path, ('min = "90"', 'min = "92"'), ("hour = 9", "hour = 8"))

    rows = bare.json("scheme", "diff", "anyang-five-star", file)["rows"]

    assert rows[0] == {"section": "等次", "removed": ["五星级:90分起(R29)"], "added": ["五星级:92分起(R29)"]}
    assert [row["section"] for row in rows] == ["等次", "提醒与催办"]
    assert bare.json("scheme", "diff", "anyang-five-star", "anyang-five-star")["rows"] == []
