"""A sound small scheme in which one slip after another is made, and what is then found between its tables."""

import tomllib
from collections.abc import Sequence

from workflow.rating.scheme import Scheme, domains
from workflow.rating.scheme_faults import Fault, faults_of
from workflow.rating.scheme_partial import tuples

SOUND = """
[scheme]
name = "sound"
title = "小方案"
calendar = "weekends"
[fields]
a = "甲"
b = "乙"
[procedure]
routes = { A = "所属", B = "直属" }
[[level]]
star = 2
label = "优"
min = "80"
[[level]]
star = 1
label = "良"
min = "60"
[[level]]
star = 0
label = "差"
min = "0"
[[stage]]
name = "rating.declaration"
owner = "organisation"
due = "03-01"
[[stage]]
name = "rating.survey"
owner = "organisation"
due = "03-20"
[[stage]]
name = "rating.review"
owner = "superior"
target = "due -5 days"
due = "04-10"
[[stage]]
name = "rating.approval"
owner = "committee"
due = "05-05"
[[stage]]
name = "rated"
until = "07-01"
[[stage]]
name = "recheck.review"
owner = "superior"
due = "08-10"
[[stage]]
name = "closed"
[campaign]
opens_on = "02-01"
[roster]
root_kind = "市直工委"
exempt_reasons = ["其他"]
[[criterion]]
code = "1"
title = "组织"
max = "60"
[[criterion]]
code = "2"
title = "作用"
max = "40"
[score]
max = "100"
min = "0"
decimals = 2
flag_difference = "10"
weights = { superior = "100" }
[[quota]]
code = "top"
stars = [2]
op = "max"
ratio = "1/5"
round = "ceil"
"""
UNCITED = ("scheme", "fields", "round")
CITE = 'cite = { rule = "1" }'


BONUS = """
[[bonus]]
code = "p"
title = "表彰"
events = ["commendation"]
points = { each = "1" }
aggregate = "max"
"""
DEDUCTION = '[[deduction]]\ncode = "m"\ntitle = "通报"\nevents = ["criticism"]\npoints = { each = "1" }\n'
COUNTER = '[[counter]]\ncode = "c"\ntitle = "缺席"\nevents = ["unexcused"]\n'
ABSENCE = '[absence]\nevent = "unexcused"\nthreshold = 3\nop = ">="\ncap = 1\n'
RUNG = '[[rung]]\nname = "r"\ndays = 1\ncounts_from = "due"\nrecipients = ["owner"]\n'
ELECTION = '[election]\nterms = { "支部" = 3 }\ncap = 1\n'

Slips = Sequence[tuple[str, str] | str]


def with_slips(*slips: tuple[str, str] | str) -> str:
    """The sound scheme with each first old text replaced by the new one, or with something more at its end; every table cited."""
    text = SOUND
    for slip in slips:
        if isinstance(slip, str):
            text += slip
        else:
            assert slip[0] in text, slip
            text = text.replace(*slip, 1)
    return "\n".join(
        f"{line}\n{CITE}" if line.startswith("[") and line.strip("[]") not in UNCITED else line
        for line in text.splitlines()
    )


def scheme_with(*slips: tuple[str, str] | str) -> Scheme:
    """A scheme whose every value is right by itself, whatever its tables say about each other."""
    said = tomllib.loads(with_slips(*slips))
    return Scheme.model_validate(tuples(said), context=domains(said))


def told(faults: tuple[Fault, ...]) -> list[str]:
    return [f"{'.'.join(map(str, path))}: {sentence}" for path, sentence in faults]


def found(*slips: tuple[str, str] | str) -> list[str]:
    """Every fault between the tables: its path into the file and its sentence."""
    return told(faults_of(scheme_with(*slips)))


def quota(stars: str, op: str, share: str, code: str = "more") -> str:
    return f'[[quota]]\ncode = "{code}"\nstars = {stars}\nop = "{op}"\n{share}\nround = "ceil"\n'


def track(code: str, stars: str) -> str:
    return f'[[track]]\ncode = "{code}"\ntitle = "后续"\nstars = {stars}\n'


def city(falls_to: int, when: str = "") -> tuple[str, str]:
    """A review by the city stands behind the approval."""
    head = '[[stage]]\nname = "rating.city_review"\nowner = "city"\ndue = "06-01"\noverturn_star = "next"\n'
    return '[[stage]]\nname = "rated"', f'{head}falls_to = {falls_to}\n{when}\n[[stage]]\nname = "rated"'
