"""`python -m storage.migrations 0002 "what changes"` writes the next revision from what the models say now.

For developers: read and correct what it wrote, then set `HEAD`. The comparison is made on an empty SQLite file.
"""

import sys
import tempfile

from alembic import command

from storage import migrations
from storage.database import connect, upgrade


def main(revision: str, message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = connect(f"sqlite:///{folder}/empty.db", create=True)
        if migrations.known():
            upgrade(database)
        with database.engine.connect() as connection, connection.begin():
            command.revision(migrations.config(connection), message, autogenerate=True, rev_id=revision)
        database.close()


main(*sys.argv[1:])
