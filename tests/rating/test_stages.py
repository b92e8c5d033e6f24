"""What those who act are called: by the scheme's own word first, and by what nobody has named as it is written."""

from types import SimpleNamespace

import pytest

from workflow.rating.stages import body_of


@pytest.mark.parametrize(
    ("role", "word"), [("superior", "街道党工委"), ("department", "组织部"), ("clock", "时钟"), ("village", "village")]
)
def test_a_role_is_called_by_the_schemes_own_word_first(role: str, word: str) -> None:
    assert body_of(SimpleNamespace(bodies={"superior": "街道党工委", "department": ""}), role) == word
