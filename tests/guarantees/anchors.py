"""The head over all cycles leaves the database by itself; whoever kept it, in whatever form, finds what was altered before it.

The letter is taken from a real mail server, the push from a real receiver, the file from the folder and the notice from its page.
"""

import ast
import json
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from schedules import hooks, relay
from starflow.documents import verifier
from starflow.service import jobs, obligations, publicity
from starflow.service.acting import Acting
from starflow.service.desk import Desk
from starflow.service.hooks import add_hook
from storage import records
from tests.guarantees import acting, faults
from tests.guarantees.history import RECORD, Case, both_find, some_history, tampered
from tests.guarantees.places import opened
from tests.guarantees.trial import Trial, must
from tests.schedules.test_channels import Mailbox, mail_server
from tests.schedules.test_robots import Robot, robot

LINE = re.compile(r"(\d+)-([0-9a-f]{64})")
POSTED = "S01"
Anchors = dict[str, dict[str, Any]]


def leaves(trial: Trial) -> str:
    """G17: file, letter, notice and push; each alone, both verifiers, each record before it cut off or rewritten."""
    secret, folder, found = trial.folder / "secret", trial.folder / "anchors", 0
    secret.write_text("s" * 40)
    folder.mkdir()
    with mail_server() as post, robot() as receiver:
        settings = {
            "channels": "smtp", "smtp_host": "127.0.0.1", "smtp_port": str(post.port), "smtp_security": "none",
            "smtp_from": "starflow@example.org", "anchors": str(folder), "hook_secret_file": str(secret),
            "private_hosts": "127.0.0.1",
        }  # fmt: skip
        with opened(trial, trial.size(6, 12, control=6), **settings) as desk:
            add_hook(desk, receiver.url, label="见证", actor="test", from_start=True)
            acting.to_publicity(desk, POSTED, posted=False)
            some_history(desk, trial, apart_from=POSTED)
            jobs.anchor(desk)
            everybody = Acting(actor="test", relations=acting.EVERYBODY)
            slug = publicity.publish(desk, [POSTED], desk.clock.now().date(), "公告栏", acting=everybody).slug
            kept = dict(_kept(desk, slug, folder, post, receiver))
            with desk.reading() as tx:
                rows = [dict(row) for row in tx.connection.execute(sa.select(RECORD).order_by(RECORD.c.id)).mappings()]
            with faults.switched_on(trial.fault):
                for case, row in ((Case(kind, "", row), row) for kind in ("截尾", "重写") for row in rows):
                    with tampered(desk, case, rows) as tx:
                        for name, anchor in kept.items():
                            if row["id"] <= anchor.get("upto", row["id"]):
                                both_find(tx, anchor, case, by=name)
                                found += 1
            killed = _mutants_killed(desk, rows, kept) if not trial.fault else 0
    return (
        f"链头由{'、'.join(kept)}四条路离开数据库;凭其中任何一个,两个校验程序查出它以前的截尾和重写{found}处,漏0处;"
        f"校验程序自己的{killed}个改坏的版本都被识破"
    )


def _kept(desk: Desk, slug: str, folder: Path, post: Mailbox, receiver: Robot) -> Iterator[tuple[str, dict[str, Any]]]:
    """What each of four witnesses holds in his hand."""
    (file,) = folder.iterdir()
    yield "文件", json.loads(file.read_text())
    acting.later(desk, days=25)  # to a day on which somebody is reminded
    obligations.sweep(desk)
    relay.deliver(desk)
    texts = [message_from_bytes(mail, policy=default).get_content() for mail in post.taken]  # type: ignore[attr-defined]
    must(texts and all(LINE.search(text) for text in texts), f"{len(texts)} letters, not each with an anchor")
    yield "信件", _code(texts[-1])
    acting.later(desk, days=-25)
    yield "公示", _code(publicity.notice_page(desk, slug).scanned("https://example.org/n/1"))
    told = hooks.tell(desk)
    must(receiver.got, f"nothing was pushed: {told}")
    chains: dict[str, tuple[int, str]] = {}
    for event in (said for _, _, said in receiver.got):
        chains[f"{event['year']}/{event['organisation']}"] = (event["seq"], event["hash"])
    yield "推送", {"chains": chains}


def _code(text: str) -> dict[str, Any]:
    line = LINE.search(text)
    must(line, "no anchor in it")
    assert line is not None
    return {"upto": int(line[1]), "head": line[2]}


# ── who verifies the verifier ────────────────────────────────────


def _mutants_killed(desk: Desk, rows: list[dict[str, Any]], kept: Anchors) -> int:
    """Each of the second verifier's questions, never asked: something that was tampered with is then judged otherwise."""
    corpus = [(lines, anchor, verifier.verdict(lines, anchor)) for lines, anchor in _corpus(desk, rows, kept)]
    mutants = list(_never_asked(Path(verifier.__file__).read_text("utf-8")))
    for where, mutant in mutants:
        must(
            any(_judged(mutant, lines, anchor) != verdict for lines, anchor, verdict in corpus),
            f"the second verifier without its question in line {where} judges all as before",
        )
    return len(mutants)


def _corpus(desk: Desk, rows: list[dict[str, Any]], kept: Anchors) -> Iterator[tuple[list[str], dict[str, Any] | None]]:
    row = next(row for row in rows if row["seq"] == 2)
    cases = [Case(kind, "", row) for kind in ("删明细", "删", "插", "截尾", "重写", "换", "全删", "倒填", "还魂")]
    cases += [Case("改", column, row) for column in ("seq", "previous_hash", "actor", "at")]
    last = next(r for r in reversed(rows) if r["seq"] > 1)
    for case in [*cases, Case("改明细", "detail", row), Case("删", "", last)]:
        with tampered(desk, case, rows) as tx:
            lines = [json.dumps(each, ensure_ascii=False) for each in records.exported(tx)]
        yield from ((lines, anchor) for anchor in (None, *kept.values()))


def _never_asked(source: str) -> Iterator[tuple[int, Any]]:
    """The program once for each `if` of its judging functions, which then is never true."""
    judging = ("wrong_with", "first_wrong", "against")
    number = sum(isinstance(node, ast.If) for part in _functions(ast.parse(source), judging) for node in ast.walk(part))
    for which in range(number):
        tree = ast.parse(source)
        ifs = [node for part in _functions(tree, judging) for node in ast.walk(part) if isinstance(node, ast.If)]
        ifs[which].test = ast.Constant(value=False)
        names: dict[str, Any] = {"__name__": "mutant"}
        exec(compile(ast.fix_missing_locations(tree), "mutant", "exec"), names)
        yield ifs[which].lineno, SimpleNamespace(**names)


def _functions(tree: ast.Module, names: tuple[str, ...]) -> list[ast.FunctionDef]:
    return [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in names]


def _judged(mutant: Any, lines: list[str], anchor: dict[str, Any] | None) -> object:
    try:
        return mutant.verdict(lines, anchor)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        return type(error).__name__
