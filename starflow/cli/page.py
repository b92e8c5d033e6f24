"""docs/cli.md, printed from the commands themselves; a test compares.

To write it: `python -c "from starflow.cli.page import cli_page; print(cli_page(), end='')" > docs/cli.md`
"""

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from starflow.cli import app
from starflow.cli.help import help_text
from starflow.cli.words import ENGLISH

HEAD = """# The command line · 命令行

Printed from `starflow/cli`; a test compares. What each command's `--help` says stands here in Chinese, `--lang en` says it in
English. With `--json` a command prints exactly one object; its keys stand in [contract](contract.md).

| exit | when |
|---|---|
| 0 | done; an empty list too |
| 1 | something was found: `verify`, `doctor`, `scheme check`, `org import`, `rate`, `rehearse` |
| 2 | bad arguments, unknown code, trigger, stage, file |
| 3 | stale version, wrong stage |
| 4 | a guard, the policy or the kind of database refuses |
| 5 | database or port not to be had |
| 70 | a fault of the program itself; `STARFLOW_DEBUG=1` shows where |
| 130 | interrupted |
"""


def cli_page() -> str:
    parts = [HEAD]
    for path, command in _paths(get_command(app), "starflow"):
        purpose = ENGLISH.get(command.help or "", "")
        parts.append(f"## {path}\n\n{purpose}\n\n```text\n{help_text(command, path)}\n```\n")
    return "\n".join(parts)


def _paths(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from _paths(below, f"{path} {name}")
