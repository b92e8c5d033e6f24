"""Alembic's door: runs the revisions on the connection that `storage.migrations` hands over."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

from storage import account_models, ballot_models, models, notice_models, page_models, paper_models

_ = (
    account_models,
    ballot_models,
    models,
    notice_models,
    page_models,
    paper_models,
)  # they fill the metadata that is compared


def as_stored(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """A revision is history: it names what is stored, never a type of today's models or of SQLModel."""
    return f"sa.{item.impl!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    compare_type=True,
    render_item=as_stored,
    transactional_ddl=True,  # SQLite can; Alembic does not believe it
)
with context.begin_transaction():
    context.run_migrations()
