"""Random schemes for the property tests: valid ones, and faults that can be planted in any of them."""

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st

CITE = 'cite = { rule = "1" }'
DUES = ("03-01", "03-20", "04-10", "05-05", "06-01", "06-20", "07-15", "08-10")
KINDS = ("declaration", "self_evaluation", "survey", "task", "review", "audit", "publicity", "city_review", "approval")
OWNERS = ("superior", "department", "committee", "city")


@dataclass(frozen=True)
class Drawn:
    """What makes a random scheme; `text` writes it."""

    bounds: tuple[int, ...]
    sheets: tuple[int, ...]
    weighted: bool
    kinds: tuple[str, ...]
    owners: tuple[str, ...]
    top_only: bool
    ratio: int
    cap: bool
    again: bool
    rounds: int = 1

    @property
    def stars(self) -> tuple[int, ...]:
        return tuple(range(len(self.bounds)))

    def text(self) -> str:
        parts = (HEAD, *map(self._level, self.stars), *self._stages(), *self._sheets(), self._score(), self._quota())
        return "\n".join((*parts, EFFECT.format(star=self.stars[-2]) if self.cap else ""))

    def _level(self, star: int) -> str:
        return f'[[level]]\nstar = {star}\nlabel = "第{star}等"\nmin = "{self.bounds[star]}"\n{CITE}\n'

    def _stages(self) -> list[str]:
        written = []
        for n, kind in enumerate(self.kinds):
            mine = kind in ("declaration", "self_evaluation", "survey")
            lines = [f'name = "rating.{kind}"', f'owner = "{"organisation" if mine else self.owners[n % 4]}"']
            if kind == "publicity":
                lines += ['period = "5 days"', 'verify = "5 workdays"', 'uphold_objection = "review"']
            else:
                lines.append(f'due = "{DUES[n % 8]}"' if n < 8 else 'due = "+10 workdays"')
            lines += {
                "approval": ['reject = "review"'],
                "city_review": ['overturn_star = "review"'],
                "audit": ['send_back = "review"'],
            }.get(kind, [])
            if self.top_only and kind in ("audit", "city_review"):
                lines.append(f"when = {{ proposed = {self.stars[-1]} }}")
            written.append("\n".join(("[[stage]]", *lines, CITE, "")))
        if self.again and "publicity" in self.kinds:
            written.append("\n".join((*AGAIN, CITE, "")))
        for n in range(2, self.rounds + 1):
            day = f"{8 + n // 2:02}-{1 + 15 * (n % 2):02}"
            written += [
                f'[[round]]\nname = "r{n}"\ntitle = "第{n}轮"\n',
                f'[[stage]]\nname = "rated_{n}"\nkind = "rated"\nuntil = "{day}"\n{CITE}\n',
                f'[[stage]]\nname = "r{n}.review"\nowner = "superior"\ndue = "+20 days"\nkeep_star = "next"\n{CITE}\n',
            ]
        return [*written, f'[[stage]]\nname = "closed"\n{CITE}\n', f'[[stage]]\nname = "exempt"\n{CITE}\n']

    def _sheets(self) -> list[str]:
        return [
            f'[[sheet]]\ncode = "s{n}"\ntitle = "第{n}表"\nmax = "{most}"\n{CITE}\n'
            for n, most in enumerate(self.sheets)
        ]

    def _score(self) -> str:
        total, formula = sum(self.sheets), ""
        if self.weighted:
            names = ", ".join(f'"sheet.s{n}"' for n in range(len(self.sheets)))
            formula = f'[[component]]\ncode = "all"\ntitle = "合计"\nof = [{names}]\ntimes = "0.9"\n{CITE}\n'
        named = 'total = "all"' if self.weighted else ""
        return f'{formula}[score]\nmax = "{total}"\nmin = "0"\ndecimals = 1\nflag_difference = "10"\nweights = {{ superior = "100" }}\n{named}\n{CITE}\n'

    def _quota(self) -> str:
        return f'[[quota]]\ncode = "top"\nstars = [{self.stars[-1]}]\nop = "max"\nratio = "1/{self.ratio}"\nround = "ceil"\nhard = true\n{CITE}\n'


HEAD = f"""
[scheme]
name = "random"
title = "随机方案"
calendar = "weekends"
[procedure]
routes = {{ A = "所属", B = "直属" }}
{CITE}
[campaign]
opens_on = "02-01"
{CITE}
[roster]
root_kind = "市直工委"
exempt_reasons = ["其他"]
{CITE}
"""
AGAIN = (
    "[[stage]]",
    'name = "rating.final_publicity"',
    'kind = "publicity"',
    "again = true",
    'owner = "department"',
    'period = "3 days"',
    'verify = "5 workdays"',
    'uphold_objection = "review"',
)
PLAIN = Drawn(
    bounds=(0, 40, 60, 80),
    sheets=(100,),
    weighted=False,
    kinds=("self_evaluation", "review"),
    owners=("superior",) * 4,
    top_only=False,
    ratio=5,
    cap=False,
    again=False,
)
"""Four levels, one sheet of a hundred points, two stages: what a test adds one table to."""
EFFECT = """
[[effect]]
code = "small"
title = "人数太少"
needs = [{{ value = "members", op = "<", than = "11" }}]
then = "cap"
star = {star}
cite = {{ rule = "1" }}
"""


@st.composite
def drawn(draw: st.DrawFn) -> Drawn:
    """A scheme of two to six levels, one to three sheets, and any selection of stages around a review."""
    sheets = tuple(draw(st.lists(st.integers(10, 100), min_size=1, max_size=3)))
    most = sum(sheets) * 9 // 10
    higher = draw(st.lists(st.integers(1, most), min_size=1, max_size=5, unique=True))
    chosen = draw(st.sets(st.sampled_from(KINDS))) | {"review"}
    return Drawn(
        bounds=(0, *sorted(higher)),
        sheets=sheets,
        weighted=draw(st.booleans()),
        kinds=tuple(kind for kind in KINDS if kind in chosen),
        owners=draw(st.permutations(OWNERS).map(tuple)),
        top_only=draw(st.booleans()),
        ratio=draw(st.integers(1, 10)),
        cap=draw(st.booleans()),
        again=draw(st.booleans()),
        rounds=draw(st.integers(1, 4)),
    )


@dataclass(frozen=True)
class Plant:
    """A fault that can be put into any scheme, and words that the check must then say."""

    name: str
    put: Callable[[str], str]
    said: str


def _added(more: str) -> Callable[[str], str]:
    return lambda text: f"{text}\n{more}\n{CITE}\n"


def _changed(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


def _with_a_wrong_sample(text: str) -> str:
    scores = ", ".join(f's{n} = "0"' for n in range(text.count("[[sheet]]")))
    sample = f'[[example]]\ntitle = "x"\nscores = {{ {scores} }}\nmembers = 50\nexpect = {{ star = 1 }}'
    return f"{text}\n{sample}\n"


COMPONENT = '[[component]]\ncode = "{code}"\ntitle = "x"\nof = {of}'
PLANTS = (
    Plant("30 February", _changed('opens_on = "02-01"', 'opens_on = "02-30"'), "“02-30”不是日期"),
    Plant("weights of 99", _changed('superior = "100"', 'superior = "99"'), "权重合计99,应为100"),
    Plant("an overlapping band", _changed('label = "第1等"\nmin = "', 'label = "第1等"\nmin = "-'), "分数段重叠"),
    Plant("a formula of nothing", _added(COMPONENT.format(code="x1", of='["sheet.nowhere"]')), "没有“sheet.nowhere”"),
    Plant("a formula of itself", _added(COMPONENT.format(code="x2", of='["x2"]')), "循环引用"),
    Plant("an unknown key", _changed('title = "随机方案"', 'title = "随机方案"\ntitel = "x"'), "titel"),
    Plant("an unknown role", _changed('owner = "', 'owner = "x'), "不在可选之列"),
    Plant("an unknown figure", _added(EFFECT.replace("members", "membres").format(star=1).rpartition("cite")[0].strip()), "没有“membres”"),
    Plant("a star that there is not", _changed("stars = [", "stars = [9, "), "没有“9”这一等次"),
    Plant("a person", _changed('name = "random"', 'name = "random"\nrates = "members"'), "只评定组织,不评定个人"),
    Plant("an unknown value without assumption", _changed('title = "随机方案"', "title = { unknown = true }"), "原文没有写明"),
    Plant("a number without quotes", _changed('min = "0"\n', "min = 0.1\n"), "应写成带引号的数"),
    Plant("dates that go round", _changed('opens_on = "02-01"', 'opens_on = "rating.review +1 days"'), "不是一年中的某一天"),
    Plant("a calendar that there is not", _changed('"weekends"', '"moon"'), "没有“moon”这份节假日历"),
    Plant("a round without a name", _added('[[stage]]\nname = "q9.review"\nowner = "superior"'), "轮次“q9”没有写明叫什么"),
    Plant("a sample that comes out otherwise", _with_a_wrong_sample, "应为第1等"),
)  # fmt: skip
