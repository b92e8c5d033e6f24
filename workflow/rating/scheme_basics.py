"""What several tables of a scheme are made of: rounds, windows, lists of stars, and tables that must be cited once they are written."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from workflow.rating.scheme_values import Cite, Closed, Word, not_empty

Window = Literal["calendar_year", "months"]
Positive = Annotated[int, Field(ge=1)]
Words = Annotated[tuple[Word, ...], AfterValidator(not_empty)]
Stars = Annotated[tuple[int, ...], AfterValidator(not_empty)]


class WhenWritten(Closed):
    """A table that may be left out; written, it must be cited."""

    cite: Cite = Cite()

    @model_validator(mode="after")
    def cited_when_written(self) -> Self:
        if self.model_fields_set and "cite" not in self.model_fields_set:
            raise ValueError("缺少cite(出处)")
        return self
