"""One small language for every list: 阶段:测评 灯:红 单位:D04, in Chinese or English, in any order, with words for names beside it.

A token narrows by what it names; a word without a colon is looked for in names and codes. What names nothing is refused with
what would, so that nobody believes that it has narrowed anything.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from starflow.service.access import may_see
from starflow.service.case import year_of
from starflow.service.desk import Desk
from starflow.service.view import Filters
from storage import organisations as tree
from storage.database import Transaction
from workflow.engine.deadlines import Light
from workflow.engine.errors import BadInput
from workflow.rating.scheme import Scheme
from workflow.rating.stages import ROLE_WORDS
from workflow.rating.wording import joined

KEYS: Mapping[str, tuple[str, ...]] = {
    "stage": ("阶段", "环节", "stage"),
    "light": ("灯", "light"),
    "under": ("单位", "unit", "under"),
    "reviewer": ("上级", "reviewer"),
    "owner": ("该谁办", "办理", "owner"),
    "year": ("年度", "year"),
}
"""What can be asked for, and how it may be called; the first is how it is written out."""
CALLED = {name: key for key, names in KEYS.items() for name in names}
LIGHT_WORDS: Mapping[str, tuple[str, ...]] = {
    Light.RED.value: ("红", "逾期"),
    Light.YELLOW.value: ("黄", "滞后", "补办"),
    Light.BLUE.value: ("蓝", "临近", "临期"),
    Light.GREEN.value: ("绿", "按期", "按时"),
    Light.GREY.value: ("灰", "未到"),
    Light.BLACK.value: ("黑", "终止", "免评"),
}
OWNER_WORDS = {**ROLE_WORDS, "leader": "分管领导", "clock": "时钟"}
LONGEST = 400
SHOWN = 6
TOKEN = re.compile(r'(?:(?P<key>[^\s::"]+)[::])?(?:"(?P<quoted>[^"]*)"|(?P<value>\S+))')


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a search asks for, as the lists' filters have it."""

    stage: str | None = None
    light: str | None = None
    under: str | None = None
    reviewer: str | None = None
    owner: str | None = None
    year: int | None = None
    text: str = ""

    def narrowing(self, filters: Filters) -> Filters:
        """These filters, narrowed further; what stands there already and is not asked for stays."""
        given = {f.name: value for f in fields(self) if (value := getattr(self, f.name)) not in (None, "")}
        return replace(filters, **given)


def search(desk: Desk, text: str, *, within: str = "", year: int | None = None) -> Asked:
    """Read a search; `within` is the path of what the asker may see. Raises BadInput with every fault."""
    if len(text) > LONGEST:
        raise BadInput(f"查询最多{LONGEST}个字")
    if not text.strip():
        return Asked()
    faults: list[str] = []
    found: dict[str, Any] = {}
    words: list[str] = []
    with desk.reading() as tx:
        for key, value in _tokens(text):
            if key is None:
                words.append(value)
                continue
            name = CALLED.get(key.lower())
            if name is None:
                faults.append(f"不能按“{key[:20]}”查询,可以按{joined(names[0] for names in KEYS.values())}")
            elif name in found:
                faults.append(f"“{KEYS[name][0]}”写了两次")
            else:
                try:
                    found[name] = READERS[name](desk, tx, value, within, year)
                except BadInput as fault:
                    faults += map(str, fault.reasons)
    if faults:
        raise BadInput(*faults)
    return Asked(**found, text=" ".join(words))


def narrowed_by(desk: Desk, filters: Filters, text: str, *, within: str = "") -> Filters:
    """These filters and a search: what commands, the API and exports take beside their own flags.

    What both of them name is refused, for nobody could say which was meant. Raises BadInput.
    """
    if not text.strip():
        return filters
    asked = search(desk, text, within=within, year=filters.year)
    twice = [names[0] for name, names in KEYS.items() if getattr(asked, name) and getattr(filters, name)]
    if twice:
        raise BadInput(*(f"“{word}”已经另外写明,查询里不要再写" for word in twice))
    return asked.narrowing(filters)


def suggestions(desk: Desk) -> tuple[str, ...]:
    """Tokens that a search may begin with."""
    with desk.reading() as tx:
        return suggestions_in(desk, tx)


def suggestions_in(desk: Desk, tx: Transaction) -> tuple[str, ...]:
    """The same in a reading that goes on."""
    stages = dict.fromkeys(stage.title for stage in _scheme(desk, tx, None).stage if stage.round)
    lights = (words[0] for words in LIGHT_WORDS.values())
    return (
        *(f"灯:{word}" for word in lights),
        *(f"阶段:{title}" for title in stages),
        *(f"该谁办:{word}" for role, word in OWNER_WORDS.items() if role not in ("anyone", "leader")),
        "单位:",
        "上级:",
    )


def _tokens(text: str) -> Iterator[tuple[str | None, str]]:
    for match in TOKEN.finditer(text):
        value = match["quoted"] if match["quoted"] is not None else match["value"]
        yield match["key"], value.strip()


# ── what a value names ───────────────────────────────────────────


def _scheme(desk: Desk, tx: Transaction, year: int | None) -> Scheme:
    return desk.scheme(tx, year_of(tx, year).scheme_hash)


def _stage(desk: Desk, tx: Transaction, value: str, within: str, year: int | None) -> str:
    """By its name, its title, or a part of its title; in whatever round."""
    stages = _scheme(desk, tx, year).stage
    if any(value == stage.name for stage in stages):
        return value
    ways: tuple[Callable[[Any], bool], ...] = (
        lambda stage: value == stage.name.rpartition(".")[2],
        lambda stage: value == stage.title,
        lambda stage: value in stage.title,
    )
    for fits in ways:
        found = dict.fromkeys(stage.name.rpartition(".")[2] for stage in stages if fits(stage))
        if len(found) == 1:
            return next(iter(found))
    raise BadInput(f"没有“{value[:20]}”这个环节,只有{joined(dict.fromkeys(s.title for s in stages))}")


def _light(desk: Desk, tx: Transaction, value: str, within: str, year: int | None) -> str:
    for light, words in LIGHT_WORDS.items():
        if value.lower() in (light, *words, *(f"{word}灯" for word in words[:1])):
            return light
    raise BadInput(f"没有“{value[:20]}”这种灯,只有{joined(words[0] for words in LIGHT_WORDS.values())}")


def _owner(desk: Desk, tx: Transaction, value: str, within: str, year: int | None) -> str:
    for role, word in OWNER_WORDS.items():
        if value in (role, word):
            return role
    raise BadInput(f"“{value[:20]}”不是办理的身份,只有{joined(OWNER_WORDS.values())}")


def _year(desk: Desk, tx: Transaction, value: str, within: str, year: int | None) -> int:
    if not (value.isascii() and value.isdigit() and 2000 <= int(value) <= 2200):
        raise BadInput(f"“{value[:20]}”不是年度,例如年度:2027")
    return int(value)


def _unit(desk: Desk, tx: Transaction, value: str, within: str, year: int | None) -> str:
    """By its code, or by a part of its name if that means one body with what stands below it."""
    body = tree.by_code(tx, value)
    if body is not None and (not within or may_see(within, body.path)):
        return body.code
    named = tree.named(tx, value, within)
    paths = [one.path for one in named]
    tops = [one for one in named if not any(path != one.path and one.path.startswith(path) for path in paths)]
    if len(tops) == 1:
        return tops[0].code
    if not tops:
        raise BadInput(f"没有名称含“{value[:20]}”的单位")
    shown = joined(f"{one.name}({one.code})" for one in tops[:SHOWN])
    raise BadInput(f"名称含“{value[:20]}”的有{len(tops)}个:{shown}{'等' if len(tops) > SHOWN else ''};请写编码")


READERS: Mapping[str, Callable[[Desk, Transaction, str, str, int | None], Any]] = {
    "stage": _stage,
    "light": _light,
    "under": _unit,
    "reviewer": _unit,
    "owner": _owner,
    "year": _year,
}
