"""The help of every command: one text for `--help` and for docs/cli.md.

Typer's own help speaks English and prints boxes; this one speaks both languages and can be piped.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import typer

from starflow.cli.output import Result, aligned, show
from starflow.cli.words import say

SHARED = ("as_json", "lang", "help")
"""Options of the root that every command takes too."""
COMPLETION: Mapping[str, str] = {
    "install_completion": "为当前的命令行环境安装自动补全",
    "show_completion": "打印自动补全的脚本",
}


def share(root: Any) -> None:
    """Give the root's shared options to every command below it, and all of them our own help."""
    shared = [copy.copy(param) for param in root.params if param.name in SHARED]
    for param in shared:
        param.expose_value = False
    for command in walk(root):
        command.add_help_option = False
        if command is not root:
            command.params = [*command.params, *shared]


def walk(command: Any) -> Iterator[Any]:
    """The command and all below it."""
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from walk(below)


def print_help(context: typer.Context, wanted: bool) -> None:
    """The callback of `--help`; the only one that prints, because parsing ends here."""
    if wanted and not context.resilient_parsing:
        text = help_text(context.command, context.command_path)
        show(Result({"help": text}, (text,)), as_json=False)
        raise typer.Exit()


def help_text(command: Any, path: str) -> str:
    """Usage, purpose, then arguments, options or the commands below."""
    parts = [[_usage(command, path)], [f"  {say(command.help or '')}"]]
    parts += [_section("参数", map(_argument_line, _visible(command, "argument")))]
    parts += list(_commands(command))
    parts += [_section("选项", map(_option_line, _visible(command, "option")))]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _usage(command: Any, path: str) -> str:
    arguments = [_argument_name(param) for param in _visible(command, "argument")]
    below = [say("命令")] if hasattr(command, "commands") else []
    return say("用法:{usage}", usage=" ".join([path, *below, *arguments, say("[选项]")]))


def _visible(command: Any, kind: str) -> Iterator[Any]:
    return (p for p in command.params if p.param_type_name == kind and not getattr(p, "hidden", False))


def _section(title: str, rows: Iterator[tuple[str, str]]) -> list[str]:
    found = list(rows)
    return [say(title), *aligned(found, indent="  ")] if found else []


def _argument_line(param: Any) -> tuple[str, str]:
    return _argument_name(param), say(param.help or "")


def _argument_name(param: Any) -> str:
    name = param.metavar or param.name.upper()
    return name if param.required else f"[{name}]"


def _option_line(param: Any) -> tuple[str, str]:
    name = param.opts[0] if param.is_flag else f"{param.opts[0]} {say(param.metavar or param.name.upper())}"
    return name, say(COMPLETION.get(param.name) or param.help or "") + _remark(param)


def _remark(param: Any) -> str:
    if param.required:
        return say("(必填)")
    shown = param.default not in (None, False, "") and not param.is_flag and not callable(param.default)
    return say("(默认 {value})", value=str(param.default)) if shown else ""


def _commands(command: Any) -> Iterator[list[str]]:
    """Commands under the headings of their sections, in the order of the table."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for name, below in getattr(command, "commands", {}).items():
        sections.setdefault(below.rich_help_panel or "命令", []).append((name, say(below.help or "")))
    for title, rows in sections.items():
        yield _section(title, iter(rows))
