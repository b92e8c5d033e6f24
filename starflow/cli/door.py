"""The door of the command line: whatever a command gives back or raises leaves here, with its exit code.

No command prints, catches, or ends the process; so `--json` is one object for every one of them, a refusal too, and nothing
that somebody types can end in a traceback.
"""

import logging
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

import typer
from typer.core import TyperGroup

from starflow.cli.help import share
from starflow.cli.output import Result, complain, show
from starflow.cli.words import LANGUAGES, say, speaking
from starflow.service.answers import answer_of
from workflow.engine.errors import BadInput, StarflowError

UsageError = typer.BadParameter.__base__
"""Typer gives no public name to the class of everything that is wrong with a command line."""
INTERRUPTED = 130
BROKEN = 70
"""A fault of the program itself: none of the contract's answers, so that nobody takes it for one."""


class Door(TyperGroup):
    """The outermost group; typer calls `main`."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        share(self)

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **more: Any) -> Any:
        said = sys.argv[1:] if args is None else list(args)
        more["standalone_mode"] = False
        sys.exit(answered(said, lambda: super(Door, self).main(said, "starflow", **more)))


def answered(said: Sequence[str], run: Callable[[], Any]) -> int:
    """Run it and answer for it: prints what came of it and returns the exit code.

    Language and form are known before anything is parsed, because a wrong command line is answered in them too.
    """
    options = said[: said.index("--")] if "--" in said else said
    language = _language(options)
    with speaking(language if language in LANGUAGES else LANGUAGES[0]):
        return _answered(run, language, as_json="--json" in options)


def _answered(run: Callable[[], Any], language: str, *, as_json: bool) -> int:
    try:
        if language not in LANGUAGES:
            raise BadInput(say("--lang 只能是 {names}", names="、".join(LANGUAGES)))
        found = run()
        return show(found, as_json=as_json) if isinstance(found, Result) else _ended(found)
    except StarflowError as refusal:
        return complain(refusal, answer_of(refusal).exit_code, as_json=as_json)
    except UsageError as misused:
        return complain(BadInput(*sentences_of(misused)), 2, as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        return _ended(INTERRUPTED)
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except UnicodeEncodeError:  # an argument that the shell handed over as bytes
        return complain(BadInput(say("参数里有不是UTF-8的文字")), 2, as_json=as_json)
    except Exception as fault:
        return _broken(fault, as_json=as_json)


def _ended(found: int | None) -> int:
    """A command without an answer has printed its own; typer turns Ctrl-C into its exit code."""
    if found == INTERRUPTED:
        print(say("已中断"), file=sys.stderr)
    return found or 0


def _language(options: Sequence[str]) -> str:
    chosen = LANGUAGES[0]
    for option, following in pairwise((*options, "")):
        if option == "--lang":
            chosen = following
        elif option.startswith("--lang="):
            chosen = option.removeprefix("--lang=")
    return chosen


def _broken(fault: Exception, *, as_json: bool) -> int:
    """Nobody foresaw it: a sentence for the operator, and the traceback for whoever asks for it."""
    if os.environ.get("STARFLOW_DEBUG") == "1":
        traceback.print_exception(fault)
    said = " ".join(f"{type(fault).__name__}: {fault}".split())[:300]
    hint = say("设 STARFLOW_DEBUG=1 再运行一次可看到详情")
    sentence = say("程序出错,没有办成:{said}({hint})", said=said, hint=hint)
    if as_json:
        error = {"code": "internal", "message": sentence, "reasons": [{"text": sentence, "cite": None}], "current": {}}
        return show(Result({"error": error}, exit_code=BROKEN), as_json=True)
    print(sentence, file=sys.stderr)
    return BROKEN


# ── a wrong command line, in a sentence ──────────────────────────


def sentences_of(misused: Any) -> tuple[str, ...]:
    """What is wrong and where help is to be had; recognised by the names of typer's classes and their public attributes."""
    hint = say("用 {command} --help 查看用法", command=_path_of(misused))
    return (say("{sentence};{hint}", sentence=_sentence(misused), hint=hint),)


def _path_of(misused: Any) -> str:
    return misused.ctx.command_path if misused.ctx else "starflow"


def _sentence(misused: Any) -> str:
    match type(misused).__name__:
        case "MissingParameter":
            return say("缺少 {name}", name=_name_of(misused.param))
        case "NoSuchOption":
            return say("没有 {name} 这个选项", name=misused.option_name) + _meant(misused.possibilities or ())
        case "BadOptionUsage":
            takes = "requires" in misused.message
            return say("{name} 后面缺少值" if takes else "{name} 不带值", name=misused.option_name)
        case "BadParameter":
            return say("{name} 的值不对", name=_name_of(misused.param))
    return _about_commands(misused)


def _about_commands(misused: Any) -> str:
    """Typer says these two in a sentence only; the words that were typed stand in it."""
    commands = getattr(misused.ctx.command, "commands", ()) if misused.ctx else ()
    if unknown := re.search(r"command '(.*?)'", misused.message):
        name = unknown[1]
        return say("没有“{name}”这个命令", name=name) + _meant(get_close_matches(name, commands))
    if extra := re.search(r"argument(?:\(s\))? \((.*)\)", misused.message):
        return say("多出来的参数:{words}", words=extra[1])
    return say("缺少子命令,可用:{names}", names="、".join(commands)) if commands else say("写法不对")


def _meant(names: Sequence[str]) -> str:
    return say(",您是不是要写 {names}", names="、".join(names)) if names else ""


def _name_of(param: Any) -> str:
    if param is None:
        return say("参数")
    return param.opts[-1] if param.param_type_name == "option" else param.metavar or param.name.upper()


# ── the log of what runs below ───────────────────────────────────


class Brief(logging.Formatter):
    """One line per event; the traceback only for whoever asks for it."""

    def formatException(self, ei: Any) -> str:
        if os.environ.get("STARFLOW_DEBUG") == "1":
            return super().formatException(ei)
        return f"  {ei[0].__name__}: {ei[1]}"


def log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(Brief("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
