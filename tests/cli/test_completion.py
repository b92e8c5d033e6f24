"""What Tab offers."""

import pytest

from starflow.cli.completion import codes, kinds, triggers
from tests.cli.conftest import Cli


def test_codes_come_from_the_database(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STARFLOW_DATABASE_URL", cli.url)

    assert codes("B") == [("B1", "第一支部"), ("B2", "第二支部")]


def test_without_a_database_nothing_is_offered(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STARFLOW_DATABASE_URL", bare.url)

    assert codes("B") == []


def test_acts_and_kinds_come_with_their_titles() -> None:
    assert triggers("decl") == [("declare", "申报")]
    assert kinds("plaq") == [("plaque", "授牌")]


def test_the_shell_is_answered(cli: Cli) -> None:
    env = {"_STARFLOW_COMPLETE": "complete_bash", "COMP_WORDS": "starflow why B", "COMP_CWORD": "2"}

    assert cli.run(env=env).stdout.split() == ["B1", "B2"]
