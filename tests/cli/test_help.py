"""Help for every command, in both languages, without anything heavy."""

import pytest

from starflow.cli import COMMANDS
from tests.cli.conftest import Cli


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_every_command_explains_itself(bare: Cli, name: str) -> None:
    lines = bare.done(*name.split(), "--help").splitlines()

    assert lines[0].startswith(f"用法:starflow {name}")
    assert lines[-3].split()[0] == "--json"


def test_the_program_alone_lists_its_commands_by_section(bare: Cli) -> None:
    text = bare.done()

    assert text == bare.done("--help")
    assert [line for line in text.splitlines() if line in ("开始", "准备", "看", "办", "维护")] == [
        "开始", "准备", "看", "办", "维护",
    ]  # fmt: skip


def test_a_group_lists_what_is_in_it(bare: Cli) -> None:
    assert "  import    导入名册:要么全部,要么一行也不写" in bare.done("org", "--help").splitlines()


def test_required_options_and_defaults_are_said(bare: Cli) -> None:
    lines = bare.done("fire", "--help").splitlines()

    assert lines[0] == "用法:starflow fire CODE TRIGGER [选项]"
    assert next(line for line in lines if "--as" in line).endswith("(必填)")
    assert next(line for line in bare.done("due", "--help").splitlines() if "--next" in line).endswith("(默认 14)")


def test_english_help(bare: Cli) -> None:
    lines = bare.done("stuck", "--help", "--lang", "en").splitlines()

    assert lines[:3] == [
        "Usage: starflow stuck [options]",
        "",
        "  who is stuck: where, what is missing, who must act, when it escalates",
    ]


def test_the_version_is_said_alone(bare: Cli) -> None:
    assert bare.done("--version").split()[0] == "starflow"
    assert list(bare.json("--version")) == ["version"]
