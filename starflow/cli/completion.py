"""What the shell offers when one presses Tab: codes of organisations, names of acts. It never fails and never waits long."""

import os


def codes(incomplete: str) -> list[tuple[str, str]]:
    """(code, name) of the organisations in this database; nothing where there is none."""
    try:
        from starflow.service.desk import open_desk
        from starflow.service.organisations import tree
        from starflow.service.settings import read_settings

        desk = open_desk(read_settings(os.environ))
        try:
            return [(line.code, line.name) for line in tree(desk) if line.code.startswith(incomplete)]
        finally:
            desk.close()
    except Exception:  # a shell that completes has nobody to tell
        return []


def triggers(incomplete: str) -> list[tuple[str, str]]:
    from workflow.rating.stages import TITLES

    return [(name, title) for name, title in TITLES.items() if name.startswith(incomplete)]


def kinds(incomplete: str) -> list[tuple[str, str]]:
    from workflow.rating.tracks import KIND

    return [(name, kind.title) for name, kind in KIND.items() if name.startswith(incomplete)]
