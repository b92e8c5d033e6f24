"""`python -m tests.storage.keep 0001`: a rehearsed year of the present revision, packed, before the next revision is written."""

import gzip
import shutil
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from starflow.service import rehearsal
from starflow.service.desk import create_desk
from starflow.service.settings import read_settings
from storage import migrations
from tests.guarantees.places import SCHEME, city
from workflow.rating.scheme import load_bytes
from workflow.rating.shelf import scheme_bytes

KEPT = Path(__file__).parent / "revisions"


def keep(into: Path, rated: int = 12) -> Path:
    """A populated database of this program's revision as a file that later ones can bring up."""
    with tempfile.TemporaryDirectory() as folder:
        file, at = Path(folder, "year.db"), rehearsal.starts_at(load_bytes(scheme_bytes(SCHEME)), 2027)
        settings = read_settings({"STARFLOW_DATABASE_URL": f"sqlite:///{file}"})
        with closing(create_desk(settings, rehearsal_at=at, seed=7)) as desk:
            for _ in rehearsal.play(rehearsal.begin(desk, city(rated), 2027, SCHEME, "mixed")):
                pass
            desk.database.engine.connect().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()
        into.mkdir(exist_ok=True)
        packed = into / f"{migrations.HEAD}.db.gz"
        with file.open("rb") as old, gzip.GzipFile(packed, "wb", mtime=0) as new:
            shutil.copyfileobj(old, new)
        return packed


if __name__ == "__main__":
    if sys.argv[1:] != [migrations.HEAD]:
        sys.exit(f"usage: python -m tests.storage.keep {migrations.HEAD} (the program's own revision)")
    print(keep(KEPT))
