"""Two languages: whatever the command line says of its own accord, it can say in English too."""

import ast
from collections.abc import Iterator
from pathlib import Path

from typer.main import get_command

from starflow.cli import app
from starflow.cli.english import ENGLISH
from starflow.cli.help import COMPLETION, walk
from tests.cli.conftest import Cli

SYSTEM = Path(__file__).parents[2] / "workflow" / "engine" / "errors.py"  # what the operating system says
FOLDER = Path(__file__).parents[2] / "starflow" / "cli"
QUOTED = {"english.py"}  # the catalogue


def chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def test_every_help_text_has_english() -> None:
    commands = list(walk(get_command(app)))
    said = {text for c in commands for text in (c.help, c.rich_help_panel)}
    said |= {COMPLETION.get(param.name, param.help) for c in commands for param in c.params}

    assert sorted(text for text in said if text and chinese(text) and text not in ENGLISH) == []


def test_every_word_that_is_said_has_english() -> None:
    missing = {(file.name, text) for file in FOLDER.glob("*.py") if file.name not in QUOTED for text in said_in(file)}

    assert sorted((name, text) for name, text in missing if text not in ENGLISH) == []


def said_in(file: Path) -> Iterator[str]:
    """Every Chinese text that `say` is called with, however it chooses between several."""
    for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "say":
            for node in ast.walk(call.args[0]):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and chinese(node.value):
                    yield node.value


def test_english_fills_in_the_same_values() -> None:
    def places(text: str) -> set[str]:
        return {part.partition("}")[0] for part in text.split("{")[1:]}

    assert {zh: en for zh, en in ENGLISH.items() if places(zh) != places(en)} == {}


def test_no_english_is_left_over() -> None:
    spoken = (*(file for file in FOLDER.glob("*.py") if not file.name.startswith("english")), SYSTEM)
    texts = "".join(file.read_text(encoding="utf-8") for file in spoken)

    assert [text for text in ENGLISH if text not in texts] == []


def test_tables_of_our_own_words_are_english_throughout(sitting: Cli) -> None:
    for command in ("stuck", "cycles", "obligations", "notices", "election list", "event list", "history D60"):
        header = sitting.done(*command.split(), "--lang", "en").splitlines()[int(command == "stuck")]

        assert not chinese(header), header
