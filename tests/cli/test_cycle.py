"""One cycle: fire, why, history."""

from pathlib import Path

import pytest

from tests.cli.conftest import DECLARATION, Cli

DECLARE = ("fire", "B1", "declare", "--as", "organisation", "--data", DECLARATION)


def test_an_act_is_answered_with_its_record(cli: Cli) -> None:
    fired = cli.json(*DECLARE)

    assert fired == {
        "organisation": "B1",
        "trigger": "declare",
        "before": "rating.declaration",
        "after": "rating.self_evaluation",
        "version": 2,
        "seq": 2,
        "hash": cli.json("history", "B1")["rows"][-1]["hash"],
        "notices": fired["notices"],
    }


def test_an_act_is_told_in_a_line(cli: Cli) -> None:
    assert cli.done(*DECLARE) == "B1 declare:rating.declaration → rating.self_evaluation(第2版,通知0条)\n"


def test_the_data_may_come_from_a_file_or_from_stdin(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "declaration.json").write_text(DECLARATION, encoding="utf-8-sig")

    cli.done("fire", "B1", "declare", "--as", "organisation", "--data", f"@{tmp_path}/declaration.json")
    cli.done("fire", "B2", "declare", "--as", "organisation", "--data", "@-", stdin=DECLARATION)

    assert [cli.json("why", code)["version"] for code in ("B1", "B2")] == [2, 2]


def test_a_key_makes_a_repeat_return_the_first_record(cli: Cli) -> None:
    first = cli.json(*DECLARE, "--key", "k1")

    assert cli.json(*DECLARE, "--key", "k1") == first | {"notices": 0}
    assert "先前已经办过" in cli.done(*DECLARE, "--key", "k1")


def test_a_late_act_says_so(cli: Cli) -> None:
    cli.done("clock", "move", "2027-06-08T10:00")

    assert cli.done(*DECLARE).endswith("已逾期3天,记在rating.declaration\n")


REFUSED = [
    (("declare", "organisation", "{}"), 2, ["缺少head", "缺少members_due", "缺少target_star"]),
    (("declare", "superior", DECLARATION), 4, ["“申报”由本组织办理"]),
    (("approve", "committee", "{}"), 3, ["“申报”环节不能“批准”"]),
    (("dance", "organisation", "{}"), 2, ["没有“dance”这个动作"]),
]


@pytest.mark.parametrize(("ask", "exit_code", "texts"), REFUSED, ids=["payload", "role", "stage", "trigger"])
def test_a_refusal_gives_every_reason_and_writes_nothing(
    cli: Cli, ask: tuple[str, str, str], exit_code: int, texts: list[str]
) -> None:
    trigger, role, data = ask
    before = cli.json("history", "B1")

    said = cli.json("fire", "B1", trigger, "--as", role, "--data", data, exit_code=exit_code)

    assert [reason["text"] for reason in said["error"]["reasons"]] == texts
    assert cli.json("history", "B1") == before


def test_several_reasons_stand_below_each_other(cli: Cli) -> None:
    code, sentences = cli.refused("fire", "B1", "declare", "--as", "organisation")

    assert (code, sentences) == (2, "不能办理:\n  · 缺少head\n  · 缺少members_due\n  · 缺少target_star")


DATA = [
    ('{"head":', "--data 不是JSON:第1行第9列读不下去"),
    ("[1]", "--data 应是一个JSON对象,用花括号括起来"),
    ('{"head": "a", "head": "b"}', "--data 里同一个键写了两次"),
    ('{"head": NaN}', "--data 里有不能保存的字符或数字"),
    ('{"head": 1e999}', "--data 里有不能保存的字符或数字"),
    ('{"head": "\\ud800"}', "--data 里有不能保存的字符或数字"),
    ('{"head": "a\\u0000b"}', "--data 里有不能保存的字符或数字"),
    ("[" * 100_000, "--data 不是JSON:数字过长或嵌套过深"),
    ("@no-such-file.json", "读不到文件“no-such-file.json”:没有这个文件"),
    ("@.", "读不到文件“.”:这是一个文件夹"),
]


@pytest.mark.parametrize(("data", "sentence"), DATA, ids=[data[:20] for data, _ in DATA])
def test_data_that_cannot_be_read_is_refused(cli: Cli, data: str, sentence: str) -> None:
    assert cli.refused("fire", "B1", "declare", "--as", "organisation", "--data", data) == (2, sentence)


def test_an_objection_after_the_last_day_is_offered_another_way(cli: Cli) -> None:
    objection = ("fire", "D60", "object", "--as", "anyone", "--data", '{"content": "不实"}')
    cli.propose("D60", "department")
    cli.fire("D60", "post_notice", "department", '{"on": "2027-05-06", "place": "一楼公告栏"}')
    cli.done("clock", "move", "2027-05-07T10:00")
    cli.done(*objection)
    cli.done("clock", "move", "2027-05-20T10:00")

    code, sentences = cli.refused(*objection)

    offer = "starflow matter open supervision D60 --as anyone"
    assert (code, sentences.endswith(offer)) == (4, True)


def test_why_explains_the_dates_and_what_can_be_done(cli: Cli) -> None:
    said = cli.json("why", "B1")

    assert said["arithmetic"] == [
        "截止:6月5日24时(方案写明“06-05”,2027年6月5日为星期六)",
        "目标:截止6月5日(星期六)前35天 → 5月1日24时",
    ]
    assert [(option["trigger"], option["role"], option["allowed"]) for option in said["options"]] == [
        ("declare", "organisation", True),
        ("exempt", "department", True),
        ("close_unrated", "department", True),
    ]
    assert set(said["options"][0]) >= {"trigger", "role", "allowed", "reasons", "payload"}


def test_why_is_told_in_words(cli: Cli) -> None:
    said = cli.done("why", "B1").splitlines()

    assert said[:6] == [
        "B1 第一支部 · 2027年度",
        "▲ 滞后 · 申报(rating.declaration)· 第1版",
        "自4月15日(周四) 00:00起",
        "该谁办:本组织 第一支部 马国",
        "目标:5月1日(周六)24时",
        "截止:6月5日(周六)24时",
    ]
    assert "✔  declare        申报      organisation 本组织  head, members_due, target_star" in said


def test_history_is_told_as_a_table(cli: Cli) -> None:
    header, line = cli.done("history", "B1").splitlines()

    assert header.split() == ["#", "时间", "动作", "从", "到", "身份", "经办", "理由", "迟", "哈希"]
    assert line.split()[:5] == ["1", "4月14日(周三)", "08:00", "open", "rating.declaration"]


def test_the_clock_that_must_act_is_no_vacant_post(cli: Cli) -> None:
    cli.propose("D60", "department")
    cli.fire("D60", "post_notice", "department", '{"on": "2027-05-06", "place": "一楼公告栏"}')

    assert "该谁办:时钟" in cli.done("why", "D60").splitlines()
