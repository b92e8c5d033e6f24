"""The samples that travel with a scheme: each is rated when the scheme is read, and must come out as it says."""

from collections.abc import Iterator
from decimal import Decimal

from workflow.engine.errors import BadInput
from workflow.rating.caps import label
from workflow.rating.inputs import Election, Event, RatingInputs, Satisfaction
from workflow.rating.scheme_places import Path
from workflow.rating.scheme_rules import Example
from workflow.rating.scheme_tables import Scheme
from workflow.rating.scoring import Rating, rate
from workflow.rating.wording import plain


def example_faults(scheme: Scheme) -> Iterator[tuple[Path, str]]:
    """Every sample that comes out otherwise than it says, or cannot be rated at all."""
    for i, example in enumerate(scheme.example):
        try:
            rating = rate(scheme, inputs_of(example))
        except BadInput as refusal:
            yield ("example", i), f"“{example.title}”评不出来:{refusal.message}"
            continue
        yield from ((("example", i, "expect"), f"“{example.title}”:{said}") for said in _wrong(scheme, example, rating))


def inputs_of(example: Example) -> RatingInputs:
    """The facts of a sample; where no history is written, nothing is in force."""
    base = example.base if example.base is not None else sum(example.scores.values(), Decimal(0))
    return RatingInputs(
        round=example.round,
        rated_on=example.rated_on,
        year=example.year,
        field=example.field,
        base=base,
        scores=dict(example.scores),
        self_score=example.self_score,
        claimed=example.claimed,
        target=example.target,
        held=example.held,
        history=tuple((int(year), star) for year, star in example.history.items()),
        founded_on=example.founded_on,
        members=example.members,
        events=tuple(Event(code=e.code, on=e.on, level=e.level, case=e.case) for e in example.events),
        satisfaction=Satisfaction(example.satisfaction.satisfied, example.satisfaction.valid)
        if example.satisfaction
        else None,
        election=Election(example.election.due_on, example.election.held_on, example.election.extension)
        if example.election
        else None,
    )


def _wrong(scheme: Scheme, example: Example, rating: Rating) -> Iterator[str]:
    wanted = example.expect
    if wanted.star is not None and wanted.star != rating.star:
        why = rating.steps[-1].text if rating.steps else ""
        yield f"应为{label(scheme, wanted.star)},算得{label(scheme, rating.star)}({why})"
    if wanted.total is not None and wanted.total != rating.total:
        yield f"总分应为{plain(wanted.total)},算得{plain(rating.total)}"
    if wanted.not_rated != bool(rating.not_rated):
        yield "应为不予评定,却可以评定" if wanted.not_rated else f"应可以评定,却{rating.not_rated[0]}"
