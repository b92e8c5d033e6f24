"""docs/procedure.md is printed; what the shipped scheme says and what the page says are one."""

from pathlib import Path

from workflow.rating.printed import procedure_markdown
from workflow.rating.scheme import load_bytes
from workflow.rating.shelf import scheme_bytes

PAGE = Path(__file__).parents[2] / "docs" / "procedure.md"


def test_the_printed_page_is_current() -> None:
    printed = procedure_markdown(load_bytes(scheme_bytes("anyang-five-star"))) + "\n"

    assert PAGE.read_text(encoding="utf-8") == printed, "starflow procedure --format markdown > docs/procedure.md"
