"""Anybody can score again: from the published record, by a program of their own."""

import tomllib
from collections import Counter
from contextlib import closing
from dataclasses import asdict
from datetime import date
from decimal import Decimal

from starflow.service import rehearsal, upkeep
from starflow.service.desk import create_desk
from tests.guarantees import faults
from tests.guarantees.places import SCHEME, city, empty, settings_of
from tests.guarantees.second_scorer import wrong_with
from tests.guarantees.trial import Trial, must
from workflow.rating import scoring, sheet
from workflow.rating.scheme import load_bytes
from workflow.rating.shelf import scheme_bytes


def scored_again(trial: Trial) -> str:
    """G18: sheets drawn at random, and every review of a rehearsed year as it is exported: the same totals and stars."""
    public = tomllib.loads(scheme_bytes(SCHEME).decode())
    with faults.switched_on(trial.fault):
        drawn = _drawn(trial, public, trial.size(10_000, 30_000, control=1_000))
        reviews = _published(trial, public, trial.size(10, 30))
    stars = "、".join(f"{star}星{count}" for star, count in sorted(drawn.items(), reverse=True))
    return f"随机评分表{drawn.total()}份({stars})、演练一年导出的考评{reviews}次:另一份计分程序重算,总分和星级差异0"


def _drawn(trial: Trial, public: dict[str, object], number: int) -> Counter[int]:
    scheme, stars = load_bytes(scheme_bytes(SCHEME)), Counter[int]()
    lines = sheet.lines_of(scheme)
    for _ in range(number):
        quality = trial.dice.uniform(0.3, 1)
        share = {line.code: min(1.0, max(0.0, trial.dice.gauss(quality, 0.08))) for line in lines}
        scores = {line.code: (line.max * Decimal(share[line.code])).quantize(Decimal("0.01")) for line in lines}
        inputs = scoring.RatingInputs(
            round="rating", rated_on=date(2027, 5, 20), base=sheet.base_of(scheme, scores), scores=scores
        )
        rating = scoring.rate(scheme, inputs)
        told = {"total": str(rating.total), "star": rating.star, "steps": [asdict(step) for step in rating.steps]}
        wrong = wrong_with(public, {"scores": {code: str(score) for code, score in scores.items()}}, told)
        must(wrong is None, f"{scores}: {wrong}")
        stars[rating.star] += 1
    return stars


def _published(trial: Trial, public: dict[str, object], rated: int) -> int:
    """What `starflow history --export` would hand to anybody after a year."""
    at, reviews = rehearsal.starts_at(load_bytes(scheme_bytes(SCHEME)), 2027), 0
    with empty(trial) as url, closing(create_desk(settings_of(url), rehearsal_at=at, seed=trial.seed)) as desk:
        for _ in rehearsal.play(rehearsal.begin(desk, city(rated), 2027, SCHEME, "prompt")):
            pass
        for line in upkeep.exported(desk):
            detail = line.get("detail") or {}
            if rating := detail.get("rating"):
                wrong = wrong_with(public, detail["payload"], rating)
                must(wrong is None, f"{line['chain']}#{line['seq']}: {wrong}")
                reviews += 1
    must(reviews >= rated // 2, f"only {reviews} reviews were exported")
    return reviews
