"""docs/api.md, printed from the application itself; a test compares.

To write it: `python -c "from starflow.web.page import api_page; print(api_page(), end='')" > docs/api.md`
"""

from collections.abc import Iterator, Mapping

from fastapi import FastAPI

from starflow.service.answers import ANSWERS
from starflow.web.app import routed
from starflow.web.openapi import DESCRIPTION, document
from starflow.web.problems import TITLES, WEB_ONLY

HEAD = f"""# The API · 接口

Printed from `starflow/web`; a test compares. `starflow serve` serves it; `/api/v1/openapi.json` describes every request and
answer with examples.

{DESCRIPTION}
"""

SIGHT = """
## Who sees what · 谁看得到什么

| token | sees | may do |
|---|---|---|
| `organisation`, `superior` of an organisation | itself and whatever stands below it | its own acts, and the superior's for those it reviews |
| `department`, `committee` of the root | everything, and the sittings | its own acts; the department also extends, holds, releases |
| `city` | cycles whose open act is the city's, and the lists of open work narrowed to these | `confirm_star`, `overturn_star` |

What is outside is not found (404), in the words for what does not exist. Whoever objects or reports something is recorded as
`anyone`. A post without a holder acts in a rehearsal only. Telephone numbers are masked.
"""


def api_page() -> str:
    parts = [HEAD, "## Operations · 操作\n", *_operations(), SIGHT, "## Problems · 问题\n", *_problems()]
    return "\n".join(parts) + "\n"


def _operations() -> Iterator[str]:
    paths: Mapping[str, Mapping[str, Mapping[str, str]]] = document(routed(FastAPI(title="starflow")))["paths"]
    yield "| | path | |\n|---|---|---|"
    for path, operations in paths.items():
        for method, operation in operations.items():
            yield f"| {method.upper()} | `{path}` | {operation['summary']} |"


def _problems() -> Iterator[str]:
    yield "`application/problem+json`: `type`, `title`, `status`, `detail`, `code`, `reasons` (each `text` and `cite`), `current`, `trace_id`.\n"
    yield "| status | code | title |\n|---|---|---|"
    ours = ((answer.http_status, error.code) for error, answer in ANSWERS.items())
    webs = ((status, code) for status, (code, _) in WEB_ONLY.items())
    for status, code in sorted({*ours, *webs, (500, "internal")}):
        yield f"| {status} | `{code}` | {TITLES[code]} |"
