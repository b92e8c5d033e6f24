import pytest
from concurrent.futures import ThreadPoolExecutor
from tests.service.town import *
from storage import meetings as stored
from starflow.service.quotas import quota
from storage.database import retrying
from workflow.engine.errors import StarflowError
pytest_plugins=[]
@pytest.mark.parametrize("lock",[True,False])
def test_control(database_url, lock, monkeypatch):
    if not lock: monkeypatch.setattr(stored,"lock_quotas",lambda *a: None)
    with town_of(database_url, branches=18) as town:
        codes=[f"D{n:02}" for n in range(1,11)]
        town.waiting(dict.fromkeys(codes,(5,"95")))
        def approve(n):
            try: return retrying(lambda: town.fire(codes[n%10],"approve",MEETING)).code
            except StarflowError as e: return ""
        with ThreadPoolExecutor(40) as pool: got=[c for c in pool.map(approve,range(40)) if c]
        print("RESULT", town.desk.database.dialect, "lock" if lock else "nolock", len(got), quota(town.desk).rows[0].taken)
