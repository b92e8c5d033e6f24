"""docs/settings.md: every setting of an installation, printed from the list that reads them."""

from starflow.service.settings import PREFIX, SETTINGS

HEAD = """# Settings · 环境变量

Printed from `starflow/service/settings.py`; a test compares. An unset or empty variable means the default. Secrets stand in files
of their own (`…_FILE`), never in the environment. A wrong value stops the program at its start, with every fault in one refusal.

| 变量 | 默认 | 含义 |
|---|---|---|
"""


def settings_page() -> str:
    rows = (
        f"| `{PREFIX}{one.name}` | {f'`{one.default}`' if one.default else ''} | {one.meaning} |" for one in SETTINGS
    )
    return HEAD + "\n".join(rows) + "\n"
