"""Whatever is asked of the API, in whosever name: never a 5xx, and every answer is one that the documentation describes.

schemathesis makes the requests from the OpenAPI document that the application itself serves, valid and broken ones, each operation as
each role and as nobody; hypothesis draws them from the trial's seed.
"""

import logging
import random
import warnings
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable

from starflow.service.access import issue_token
from starflow.web.app import create_app
from tests.guarantees import acting, faults
from tests.guarantees.places import opened
from tests.guarantees.trial import Trial, must

DOCUMENT = "/api/v1/openapi.json"
ROLES: tuple[tuple[str, str], ...] = (
    ("", ""), ("organisation", "D0102"), ("superior", "D01"), ("department", "GW"), ("committee", "GW"), ("city", "CITY"),
)  # fmt: skip
KNOWN = {"code": ("D0102", "D0103", "S01", "GW"), "year": (2027,)}
"""What stands in the town: half of all paths lead to something that is there."""


def asked_anything(trial: Trial) -> str:
    """F1: so many requests, shared out over every operation × role × (as documented, broken on purpose)."""
    from schemathesis import GenerationMode, openapi
    from schemathesis.checks import not_a_server_error
    from schemathesis.core.failures import Failure, FailureGroup
    from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

    checks = [not_a_server_error, status_code_conformance, response_schema_conformance]
    wanted, heard = trial.size(2_000, 4_000, control=1_000), Counter[int]()
    with opened(trial, 12) as desk, faults.switched_on(trial.fault), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger().setLevel(logging.CRITICAL)  # a refusal is no news here
        acting.to_publicity(desk, "D0102")
        tokens = {role: issue_token(desk, role, code, "", 30) for role, code in ROLES if role}
        schema = openapi.from_asgi(DOCUMENT, create_app(desk))
        operations = [found.ok() for found in schema.get_all_operations()]
        combinations = [(o, role, mode) for o in operations for role, _ in ROLES for mode in GenerationMode]
        each = -(-wanted // len(combinations))
        for number, (operation, role, mode) in enumerate(combinations):
            dice = random.Random(f"{trial.seed} {number}")
            for case in _cases(operation, mode, each, trial.seed + number):
                _towards_something(case, dice)
                shown = {name: value for name, value in (case.headers or {}).items() if name.lower() != "authorization"}
                case.headers = shown | ({"Authorization": f"Bearer {tokens[role]}"} if role else {})
                said = f"{operation.label} as {role or 'nobody'}"
                try:
                    answer = case.call()
                except Exception as error:
                    must(False, f"{said}: {type(error).__name__}: {error}")
                    raise
                heard[answer.status_code] += 1
                try:
                    case.validate_response(answer, checks=checks)
                except (Failure, FailureGroup) as wrong:
                    found = wrong.exceptions[0] if isinstance(wrong, FailureGroup) else wrong
                    must(False, f"{said}: {answer.status_code}, {' '.join(str(found).split())[:300]}")
        asked = sum(heard.values())
        must(asked >= wanted * 0.9, f"only {asked} of {wanted} requests were made")
    codes = "、".join(f"{code}×{count}" for code, count in sorted(heard.items()))
    return f"{len(operations)}个接口 × {len(ROLES)}种身份,共{asked}个请求(合规与故意写坏的各半):5xx 0、与文档不符0;回答{codes}"


def _cases(operation: Any, mode: Any, number: int, start: int) -> list[Any]:
    """So many draws, the same for the same seed. What takes nothing cannot be asked wrongly: then rightly once more."""
    from schemathesis import GenerationMode

    drawn: list[Any] = []

    @seed(start)
    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def draw(case: Any) -> None:
        drawn.append(case)

    try:
        draw()
    except Unsatisfiable:
        if mode is GenerationMode.POSITIVE:
            raise
        return _cases(operation, GenerationMode.POSITIVE, number, start)
    return drawn[:number]


def _towards_something(case: Any, dice: random.Random) -> None:
    for name, values in KNOWN.items():
        if case.path_parameters and name in case.path_parameters and dice.random() < 0.5:
            case.path_parameters[name] = dice.choice(values)
