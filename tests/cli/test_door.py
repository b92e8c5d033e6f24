"""Whatever a command does leaves through one door: an exit code, one object or a sentence, never a traceback."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from starflow.cli import COMMANDS, _app, app, lists, meant
from starflow.cli.door import Brief
from tests.cli.conftest import DECLARATION, Cli

STARFLOW = [sys.executable, "-c", "from starflow.cli import main; main()"]
ROOT = Path(__file__).parents[2]


def starflow(*arguments: str, cli: Cli, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*STARFLOW, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), "STARFLOW_DATABASE_URL": cli.url, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


# ── each exit code once ──────────────────────────────────────────


def test_0_an_empty_list_is_a_success(cli: Cli) -> None:
    assert cli.json("stars") == {"rows": []}


def test_1_something_was_found(bare: Cli, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("[scheme", encoding="utf-8")

    assert bare.json("scheme", "check", str(tmp_path / "wrong.toml"), exit_code=1)["ok"] is False


def test_2_an_unknown_code_is_said_in_a_sentence(cli: Cli) -> None:
    assert cli.refused("why", "D99") == (2, "2027年度没有编码为“D99”的党组织")


def test_3_a_stale_version_says_who_what_and_when(cli: Cli) -> None:
    cli.fire("B1", "declare", "organisation", DECLARATION)

    said = cli.json("fire", "B1", "submit_self_evaluation", "--as", "organisation", "--expect", "1", exit_code=3)

    assert said == {
        "error": {
            "code": "stale",
            "message": "第一支部已是第2版,您看到的是第1版",
            "reasons": [{"text": "第一支部已是第2版,您看到的是第1版", "cite": None}],
            "current": {
                "actor": "role:organisation",
                "role": "organisation",
                "trigger": "declare",
                "at": "2027-05-06T02:00:00+00:00",
                "version": 2,
                "stage": "rating.self_evaluation",
            },
        }
    }


def test_4_the_kind_of_database_refuses(live: Cli) -> None:
    assert live.refused("clock", "move", "2027-05-07") == (4, "这是正式数据库,时钟不能用手拨动")


def test_5_a_database_that_is_not_there(bare: Cli) -> None:
    code, sentence = bare.refused("stuck")

    assert (code, sentence.endswith("不存在,请先运行 starflow init")) == (5, True)


# ── a wrong command line ─────────────────────────────────────────

WRONG = [
    (["stuk"], "没有“stuk”这个命令,您是不是要写 stuck;用 starflow --help 查看用法"),
    (["org"], "缺少子命令,可用:import、tree、template、export;用 starflow org --help 查看用法"),
    (["org", "improt"], "没有“improt”这个命令,您是不是要写 import;用 starflow org --help 查看用法"),
    (["why"], "缺少 CODE;用 starflow why --help 查看用法"),
    (["why", "B1", "B2", "B3"], "多出来的参数:B2 B3;用 starflow why --help 查看用法"),
    (["fire", "B1", "declare"], "缺少 --as;用 starflow fire --help 查看用法"),
    (["stuck", "--frist"], "没有 --frist 这个选项;用 starflow stuck --help 查看用法"),
    (["stuck", "--limt", "3"], "没有 --limt 这个选项,您是不是要写 --limit、--light;用 starflow stuck --help 查看用法"),
    (["stuck", "--limit"], "--limit 后面缺少值;用 starflow --help 查看用法"),
    (["stuck", "--all=3"], "--all 不带值;用 starflow --help 查看用法"),
    (["stuck", "--limit", "0"], "--limit 至少是1"),
    (["stuck", "--limit", "-3"], "应是不小于零的整数,不是“-3”"),
    (["stuck", "--year", "27"], "年度应是四位数字,例如 2027,不是“27”"),
    (["stuck", "--year", "1999"], "没有1999年度的创建活动"),
    (["stuck", "--light", "pink"], "灯没有“pink”,可选:black、red、yellow、green、blue、grey"),
    (["stuck", "--owner", "me"], "办理者没有“me”,可选:organisation、superior、department、committee、city、leader、clock"),
    (["stuck", "--under", "D99"], "没有编码为“D99”的党组织"),
    (["stuck", "--after", "x"], "after不是上一页给出的续页标记"),
    (["due", "--next", "soon"], "天数写成 14d,不是“soon”"),
    (["stars", "--as-of", "2027-02-30"], "没有2027-02-30这一天"),
    (["clock", "move", "tomorrow"], "时间写成 2027-06-05T09:00 或 2027-06-05,不是“tomorrow”"),
    (["clock", "move", "9999-12-31"], "时间9999-12-31不在1971年至2300年之间"),
    (["fire", "B1", "declare", "--as", "king"], "身份没有“king”,可选:organisation、superior、department、committee、city、anyone"),
    (["stuck", "--lang", "fr"], "--lang 只能是 zh、en"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "sentence"), WRONG, ids=[" ".join(arguments) for arguments, _ in WRONG])
def test_a_wrong_command_line_ends_with_2_and_a_sentence(cli: Cli, arguments: list[str], sentence: str) -> None:
    assert cli.refused(*arguments) == (2, sentence)


def test_a_wrong_command_line_is_an_object_where_json_is_asked_for(cli: Cli) -> None:
    said = cli.json("stuck", "--frist", exit_code=2)

    sentence = "没有 --frist 这个选项;用 starflow stuck --help 查看用法"
    reasons = [{"text": sentence, "cite": None}]
    assert said == {"error": {"code": "bad_input", "message": sentence, "reasons": reasons, "current": {}}}


def test_json_may_stand_before_the_command_too(cli: Cli) -> None:
    assert json.loads(cli.run("--json", "stars").stdout) == {"rows": []}


def test_what_stands_behind_two_dashes_is_no_option(cli: Cli) -> None:
    assert cli.refused("why", "--", "--json") == (2, "2027年度没有编码为“--json”的党组织")


def test_english_is_spoken_where_it_is_asked_for(cli: Cli) -> None:
    said = "no such command: stuk, did you mean stuck; see starflow --help"

    assert cli.refused("stuk", "--lang", "en") == (2, said)


# ── faults of the program ────────────────────────────────────────


def test_a_fault_of_the_program_is_a_sentence_with_a_code_of_its_own(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "at_desk", lambda: 1 / 0)

    assert cli.refused("cycles") == (
        70,
        "程序出错,没有办成:ZeroDivisionError: division by zero(设 STARFLOW_DEBUG=1 再运行一次可看到详情)",
    )
    assert cli.json("cycles", exit_code=70)["error"]["code"] == "internal"


def test_the_traceback_is_for_whoever_asks_for_it(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "at_desk", lambda: 1 / 0)

    assert "Traceback" in cli.run("cycles", env={"STARFLOW_DEBUG": "1"}).stderr


def test_an_interruption_ends_with_130(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lists, "at_desk", interrupted)

    assert cli.refused("cycles") == (130, "已中断")


# ── as a process ─────────────────────────────────────────────────


def test_stdout_is_utf_8_whatever_the_terminal_speaks(cli: Cli) -> None:
    said = subprocess.run(
        [*STARFLOW, "cycles", "--json", "--limit", "1"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "STARFLOW_DATABASE_URL": cli.url, "PYTHONIOENCODING": "gbk"},
        capture_output=True,
        check=True,
    )

    assert json.loads(said.stdout.decode("utf-8"))["rows"][0]["name"] == "第一支部"


def test_a_reader_who_has_seen_enough_is_no_error(cli: Cli) -> None:
    line = (
        f'"{sys.executable}" -c "from starflow.cli import main; main()" history B1 | head -c 1; echo ${{PIPESTATUS[0]}}'
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT), "STARFLOW_DATABASE_URL": cli.url}

    said = subprocess.run(["bash", "-c", line], env=env, capture_output=True, text=True, check=True)

    assert (said.stdout[1:].strip(), said.stderr) == ("0", "")


def test_an_argument_of_bytes_is_refused_in_a_sentence(cli: Cli) -> None:
    said = starflow("hold", "B1", "--reason", "\udcff\udcfe", cli=cli)

    assert (said.returncode, said.stdout, said.stderr) == (2, "", "参数里有不是UTF-8的文字\n")


def test_a_refusal_of_the_process_is_one_sentence(cli: Cli) -> None:
    said = starflow("hold", "B1", "--reason", " ", cli=cli)

    assert (said.returncode, said.stdout, said.stderr) == (2, "", "须写明理由\n")


def test_the_help_loads_nothing_heavy() -> None:
    asks = "import sys, starflow.cli; print(sorted({'pydantic', 'sqlalchemy', 'rich', 'fastapi'} & set(sys.modules)))"

    said = subprocess.run([sys.executable, "-c", asks], cwd=ROOT, capture_output=True, text=True, check=True)

    assert said.stdout == "[]\n"


def test_two_apps_do_not_share_their_commands() -> None:
    again = _app()

    assert again is not app
    assert CliRunner().invoke(again, ["--version"]).output == CliRunner().invoke(app, ["--version"]).output


def test_the_log_keeps_its_tracebacks_to_itself() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        event = logging.LogRecord("bell", logging.ERROR, "", 0, "job %s failed", ("sweep",), sys.exc_info())

    assert Brief("%(levelname)s %(message)s").format(event) == "ERROR job sweep failed\n  ValueError: broken"


def test_only_the_commands_of_a_word_that_was_typed_are_built() -> None:
    heads = {one.name.partition(" ")[0] for one in meant(["--lang", "en", "scheme", "diff", "a", "b"], {})}

    assert heads == {"scheme"}
    assert (
        meant(["schem"], {}) == meant([], {}) == meant(["scheme"], {"_STARFLOW_COMPLETE": "complete_bash"}) == COMMANDS
    )
