"""What if the scheme said something else? The new value is put in its place, or every setting that has none is named."""

from typing import Any

import pytest

from workflow.engine.errors import BadInput
from workflow.rating.scheme_what_if import with_settings

SAID: dict[str, Any] = {
    "scheme": {"name": "small"},
    "level": [{"star": 5, "min": "90"}, {"star": 4, "min": "80", "order": ["a"]}],
    "score": {"decimals": 2, "clamp": True, "weights": {"superior": "100"}},
}


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("level.5.min=85", ("level", 0, "min"), "85"),
        (" level.5.min = '85' ", ("level", 0, "min"), "85"),
        ('level.4.min="85"', ("level", 1, "min"), "85"),
        ("level.4.below=85", ("level", 1, "below"), 85),
        ("level.4.order=['b', 'c']", ("level", 1, "order"), ["b", "c"]),
        ("score.decimals=1", ("score", "decimals"), 1),
        ("score.clamp=false", ("score", "clamp"), False),
        ("level.4.min='X'", ("level", 1, "min"), "X"),
        ("score.rounding=half_up", ("score", "rounding"), "half_up"),
        ("score.weights.superior=a=b", ("score", "weights", "superior"), "a=b"),
        ("score.weights={ self = '100' }", ("score", "weights"), {"self": "100"}),
    ],
)
def test_a_setting_takes_the_form_of_what_it_replaces(setting: str, path: tuple[Any, ...], value: Any) -> None:
    changed: Any = with_settings(SAID, [setting])

    there = changed
    for part in path:
        there = there[part]
    assert there == value
    holder: Any = SAID
    for part in path[:-1]:
        holder = holder[part]
    assert holder.get(path[-1]) != value  # the file that was read stays as it is


def test_every_setting_that_cannot_be_put_anywhere_is_named() -> None:
    settings = (
        "level.5.min",
        "level.5.min=",
        "=85",
        "min=85",
        "nowhere.min=1",
        "level.min=1",
        "scheme.name.x=1",
        "level.5.min=1",
    )

    with pytest.raises(BadInput) as refusal:
        with_settings(SAID, settings)

    nowhere = "这一处;写成如 level.5.min、score.weights.survey、quota.五星名额的代码.ratio"
    assert tuple(map(str, refusal.value.reasons)) == (
        "“level.5.min”应写成 键=值,如 level.5.min=85",
        "“level.5.min=”应写成 键=值,如 level.5.min=85",
        f"方案里没有“”{nowhere}",
        f"方案里没有“min”{nowhere}",
        f"方案里没有“nowhere.min”{nowhere}",
        f"方案里没有“level.min”{nowhere}",
        f"方案里没有“scheme.name.x”{nowhere}",
    )
