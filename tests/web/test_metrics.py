"""Figures for Prometheus: counts and lags, nobody's name, for this machine or the department."""

from tests.web.conftest import Web


def test_the_figures_are_in_the_text_format(web: Web) -> None:
    said = web.ask("GET", "/metrics", by=None)

    lines = said.text.splitlines()
    assert said.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "starflow_late_timers 0" in lines
    assert 'starflow_cycles{stage="rating.declaration"} 4' in lines
    assert "starflow_records_total 4" in lines
    assert {line.split()[1] for line in lines if line.startswith("#")} == {"HELP", "TYPE"}


def test_elsewhere_one_needs_the_departments_token(web: Web) -> None:
    """A collector is no person: it is told that it has to say who it is."""
    asked = [
        web.ask("GET", "/metrics", by=by, address="10.0.0.7").status_code
        for by in (None, ("organisation", "B1"), ("department", "GW"))
    ]

    assert asked == [401, 403, 200]
