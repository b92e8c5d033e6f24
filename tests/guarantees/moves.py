"""A migration on a database at work: everything that stood there still stands; what has no way down says so and changes nothing.

Until the second revision is released there is no true pair to try. So the trial writes one, in a folder of its own: 0002 rebuilds
tables on SQLite as a real one would. What a released revision leaves behind is kept as a file: tests/storage/test_revisions.py.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from sqlmodel import SQLModel

from starflow.service import backups, upkeep
from starflow.service.desk import open_desk
from storage import database, migrations
from tests import conftest as provision
from tests.guarantees import acting
from tests.guarantees.places import Fixed, empty, opened, settings_of
from tests.guarantees.trial import Trial, must
from workflow.engine.errors import StarflowError, Unavailable

NEXT = '''"""The trial's own."""
import sqlalchemy as sa
from alembic import op

revision, down_revision = "{next}", "{head}"


def upgrade() -> None:
    with op.batch_alter_table("record", recreate="{recreate}") as table:
        table.add_column(sa.Column("trial_note", sa.String(20), nullable=True))
    with op.batch_alter_table("organisation", recreate="{recreate}") as table:
        table.add_column(sa.Column("trial_rank", sa.Integer(), nullable=False, server_default="7"))
    {fault}
'''
LOSES = "op.execute(\"UPDATE obligation SET closed_at = NULL, owner_role = '' WHERE id = (SELECT max(id) FROM obligation)\")"
"""A migration that drops what a column held."""


def upgraded(trial: Trial) -> str:
    """G20: a populated database goes up, is refused where program and tables differ, and comes down by its backup alone."""
    try:
        return _upgraded(trial)
    finally:  # whatever stands at a revision of the trial's own is lent to nobody else
        provision.FREE.clear()


def _upgraded(trial: Trial) -> str:
    with opened(trial, trial.size(12, 60, control=12)) as desk:
        for number in range(trial.size(30, 1000, control=30)):
            code, stage = trial.dice.choice(acting.stages(desk))
            ask = acting.ask_of(code, stage, f"g20/{number}")
            assert ask is not None
            acting.fire(desk, ask)
        url, clock = desk.settings.database_url, desk.clock
        made = backups.create(desk, trial.folder / "before")
        desk.database.close()
        before, verdict = _rows(url), upkeep.verify(desk)
        with _a_next_revision(trial) as (head, following):
            _refused(url, "旧版本")
            began = time.monotonic()
            with closing(database.connect(url)) as other:
                must(database.upgrade(other) == following, "the upgrade did not say where it leads")
            took = time.monotonic() - began
            after = _rows(url)
            must(after == before, f"the upgrade changed {[name for name in before if after[name] != before[name]]}")
            with closing(open_desk(settings_of(url))) as again:
                again.clock = clock
                must(upkeep.verify(again) == verdict and upkeep.check(again) == (), "the history or an invariant broke")
            _no_way_down(url, head)
            must(_rows(url) == before, "a refused way down changed something")
        _refused(url, "比程序新")
        with empty(trial) as old:
            backups.restore(Path(made.path), settings_of(old, uploads=str(trial.folder / "none")))
            must(_content(_rows(old)) == _content(before), "the backup is not what was before")
            with closing(open_desk(settings_of(old))) as back:
                back.clock = Fixed(clock.now())
                must(upkeep.verify(back) == verdict, "the backup's history is another one")
    rows = sum(count for count, _ in before.values())
    return f"{len(before)}张表{rows}行升到下一版({took:.1f}秒):逐列一致,历史与不变量成立;版本不符两边都拒绝启动;没有降级,只有恢复升级前的备份,恢复后一致"


Rows = dict[str, tuple[int, str]]


def _rows(url: str) -> Rows:
    """For each table how many rows, and a hash over them in the columns that the program knows."""
    with closing(database.connect(url)) as opened_, opened_.engine.connect() as connection:
        found: Rows = {}
        for name, table in sorted(SQLModel.metadata.tables.items()):
            rows = sorted(repr(tuple(row)) for row in connection.execute(sa.select(*table.columns)))
            found[name] = (len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest())
    return found


def _content(rows: Rows) -> Rows:
    """Without the note that a backup was taken, which comes after the backup."""
    return {name: held for name, held in rows.items() if name != "job_run"}


def _refused(url: str, word: str) -> None:
    try:
        with closing(open_desk(settings_of(url))):
            pass
    except Unavailable as refusal:
        must(word in str(refusal), f"it was refused for another reason: {refusal}")
    else:
        must(False, f"a database that is “{word}” was opened")


def _no_way_down(url: str, head: str) -> None:
    with closing(database.connect(url)) as other, other.engine.connect() as connection:
        try:
            with connection.begin():
                command.downgrade(migrations.config(connection), head)
        except (AttributeError, NotImplementedError, StarflowError):
            return
    must(False, "there was a way down that nobody promised")


@contextmanager
def _a_next_revision(trial: Trial) -> Iterator[tuple[str, str]]:
    """The program as it will be with one revision more."""
    head, following = migrations.HEAD, f"{int(migrations.HEAD) + 1:04}"
    folder = trial.folder / "versions"
    folder.mkdir(exist_ok=True)
    recreate = "always" if trial.dialect == "sqlite" else "never"
    text = NEXT.format(next=following, head=head, recreate=recreate, fault=LOSES if trial.fault else "pass")
    (folder / f"v{following}_trial.py").write_text(text, encoding="utf-8")
    true, own = migrations.config, Path(migrations.__file__).with_name("versions")

    def config(connection: Any = None) -> Any:
        settings = true(connection)
        settings.set_main_option("version_locations", os.pathsep.join((str(own), str(folder))))
        return settings

    migrations.config, migrations.HEAD = config, following
    try:
        yield head, following
    finally:
        migrations.config, migrations.HEAD = true, head
