"""The tables of what the pages keep for their readers between two visits."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class Draft(SQLModel, table=True):
    """What somebody has begun to fill in: it belongs to the post, so that whoever takes it over finds it."""

    __table_args__ = (sa.UniqueConstraint("cycle_id", "organisation_id", "role", "form"),)
    id: int | None = Field(default=None, primary_key=True)
    cycle_id: int = Field(foreign_key="cycle.id", index=True)
    organisation_id: int = Field(foreign_key="organisation.id")
    role: str = Field(max_length=16)
    form: str = Field(max_length=80)
    data: dict[str, str] = Field(default_factory=dict, sa_type=sa.JSON)
    saved_at: datetime


class SavedFilter(SQLModel, table=True):
    """A search under a name, kept for a post."""

    __tablename__ = "saved_filter"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "role", "name"),)
    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    role: str = Field(max_length=16)
    name: str = Field(max_length=40)
    query: str = Field(max_length=400)
