"""Whoever keeps it running reads English too: each job, each finding with its remedy, each stretch without a bell."""

import ast
from pathlib import Path

import pytest

from starflow.cli.english_upkeep import UPKEEP, upkeep_in_english
from workflow.rating.english import chinese

ROOT = Path(__file__).parents[2]


PIECES = {
    "starflow/service/health.py": [
        *("7(7)已有7没有做成", "已核对", "换届提醒", "查看日志里 backup 的错误", "每日自检", "每日锚点"),
        *("现在就运行 starflow backup create --into 目录;7", "设置 STARFLOW_BACKUPS 让它每晚自己备份"),
    ],
    "starflow/service/jobs.py": ["7,已另存为7"],
    "schedules/hooks.py": ["对方没有接收(HTTP 7)"],  # stands in the log of deliveries
    "storage/runs.py": ["停机 7–7;7项到点:7", "推进7个,7个提醒合并为7条消息"],
}
"""What is said only as a part of a sentence that the catalogue has as a whole, and is seen below."""


@pytest.mark.parametrize("file", PIECES)
def test_every_sentence_of_a_job_and_a_finding_has_english(file: str) -> None:
    missing = [text for text in sorted(_said(ROOT / file)) if chinese(upkeep_in_english(text))]

    assert missing == PIECES[file]


@pytest.mark.parametrize(
    ("said", "english"),
    [
        ("推进0个,3级提醒到点,7条通知合并为5条消息", "0 moved on, 3 rungs fell due, 7 notices merged into 5 messages"),
        ("日志已截断;清除未确认的异议0件", "log cut off; 0 unconfirmed objections removed"),
        ("已清扫1次测评留下的旧行", "old rows of 1 surveys swept away"),
        ("每日锚点(anchor)已有3天没有做成", "the daily anchor (anchor) has not worked for 3 d"),
        ("有2项到点还没有办(提醒、上报或环节变化),最早的已晚95分钟",
         "2 things are due and not done (reminders, escalations or changes of stage), the oldest 95 min late"),
        ("停机 06-16 02:10–06-16 07:45;412项到点:推进380个,32个提醒合并为9条消息",
         "down 06-16 02:10–06-16 07:45; 412 fell due: 380 moved on, 32 reminders merged into 9 messages"),
        ("锚点 ab12:7个周期,9条记录,已另存为x.json", "anchor ab12: 7 cycles, 9 records, laid down as x.json"),
        ("现在就运行 starflow backup create --into 目录;查看日志里 backup 的错误",
         "run starflow backup create --into FOLDER now; look in the log for errors of backup"),
        ("现在就运行 starflow backup create --into 目录;设置 STARFLOW_BACKUPS 让它每晚自己备份",
         "run starflow backup create --into FOLDER now; set STARFLOW_BACKUPS so that it is done every night"),
        ("定时任务relay上次失败:OSError", "job relay failed last time: OSError"),
    ],
)  # fmt: skip
def test_a_sentence_keeps_its_figures(said: str, english: str) -> None:
    assert upkeep_in_english(said) == english


def test_english_fills_every_hole() -> None:
    assert {zh for zh, en in UPKEEP.items() if any(f"{{{n}}}" not in en for n in range(zh.count("{}")))} == set()


def _said(file: Path) -> set[str]:
    """The sentences that a file says, with a figure in every hole; docstrings and pieces are left out."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    pieces = {id(part) for one in ast.walk(tree) if isinstance(one, ast.JoinedStr) for part in one.values}
    quiet = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    found: set[str] = set()
    for one in ast.walk(tree):
        if id(one) in pieces | quiet:
            continue
        if isinstance(one, ast.JoinedStr):
            found.add("".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in one.values))
        elif isinstance(one, ast.Constant) and isinstance(one.value, str):
            found.add(one.value)
    return {text for text in found if chinese(text)}
