"""Why a level is what it is, word for word: every example that travels with a scheme, with its whole explanation.

The pages in `explained/` were read by people. `python -m tests.rating.test_explained` prints them anew; what changes is to be read again.
"""

from pathlib import Path

import pytest

from workflow.rating import shelf
from workflow.rating.scheme import load_bytes
from workflow.rating.scheme_examples import inputs_of
from workflow.rating.scheme_tables import Example, Scheme
from workflow.rating.scoring import rate

PAGES = Path(__file__).parent / "explained"


def explanation(scheme: Scheme, example: Example) -> str:
    """Total, band, cap and level; then each step with its rule and effect, and what stands in the way."""
    rating = rate(scheme, inputs_of(example))
    steps = [f"{step.rule} | {step.text} | {step.effect}" for step in rating.steps]
    said = f"total {rating.total}, band {rating.band_star}, cap {rating.cap}: {rating.star}"
    return "\n".join((f"# {example.title}", said, *steps, *rating.cap_reasons, *rating.not_rated))


def page(name: str) -> str:
    scheme = load_bytes(shelf.scheme_bytes(name))
    return "\n\n".join(explanation(scheme, example) for example in scheme.example) + "\n"


@pytest.mark.parametrize("name", shelf.scheme_names())
def test_every_example_of_a_scheme_is_explained_word_for_word(name: str) -> None:
    assert page(name) == (PAGES / f"{name}.txt").read_text(encoding="utf-8")


if __name__ == "__main__":
    for one in shelf.scheme_names():
        (PAGES / f"{one}.txt").write_text(page(one), encoding="utf-8")
