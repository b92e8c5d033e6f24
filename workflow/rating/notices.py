"""Which event is told to whom, and in which words. Reminders and escalation stand in the scheme's ladder, not here."""

from collections.abc import Mapping
from dataclasses import dataclass

OWNER, ORGANISATION, TOP, DEPARTMENT = "owner", "organisation", "top", "department"


@dataclass(frozen=True, slots=True)
class Told:
    """`recipients`: the new stage's owner, the organisation itself, the top of its unit, or the department."""

    recipients: tuple[str, ...]
    words: str
    code: str = ""  # what tells several of one transition apart; empty for the one that its trigger calls for


BY_TRIGGER: Mapping[str, Told] = {
    "send_back": Told((OWNER,), "{name}的材料被退回到{stage}:{reason}"),
    "withdraw": Told((ORGANISATION,), "{name}已撤回到{stage}"),
    "accept_turnout": Told((ORGANISATION,), "{name}测评参与率不足的说明已获认可,可以备案"),
    "object": Told((DEPARTMENT,), "{name}公示期间收到异议,请核实"),
    "dismiss_objection": Told((ORGANISATION,), "对{name}的一件异议经核实不成立"),
    "uphold_objection": Told((ORGANISATION, OWNER), "对{name}的异议成立,退回{stage}"),
    "reject": Told((ORGANISATION, OWNER), "{name}未获批准,退回{stage}:{reason}"),
    "overturn_star": Told((ORGANISATION, DEPARTMENT), "{name}市级复审未通过:{reason}"),
    "exempt": Told((ORGANISATION,), "{name}本年度免评:{reason}"),
    "close_unrated": Told((ORGANISATION,), "{name}本年度终止评定:{reason}"),
}

ON_ENTRY = Told((OWNER,), "{name}已到{stage},请于{due}前办理", "entry")
"""Work arrives at somebody who did not send it there himself."""

ON_GRANT = Told((ORGANISATION, TOP), "{name}定为{level},原为{before}", "grant")
"""A star is in force; the top of the unit sees every result of its chain (R18, R57)."""
