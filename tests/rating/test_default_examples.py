"""The default scheme's samples are the thirty cases of the regulation: none is lost on the way into the file."""

import json
from pathlib import Path

from workflow.rating.scheme import Scheme
from workflow.rating.wording import plain

CASES = json.loads((Path(__file__).parents[1] / "data" / "rating-cases.json").read_text(encoding="utf-8"))["cases"]


def test_every_case_of_the_regulation_is_a_sample_of_the_scheme(scheme: Scheme) -> None:
    wanted = [
        (case["facts"]["round"], case["facts"]["base"], case["expect"]["star"], case["expect"]["total"])
        for case in CASES
    ]

    assert wanted == [
        (one.round, plain(one.base or 0), one.expect.star, plain(one.expect.total or 0)) for one in scheme.example
    ]
