"""Secret ballots: what is asked, what counts as an answer, and how much of the result may be seen by whom.

Few ballots give their authors away. Nothing is said before the close; then shares for whole surveys only, never for groups of
voters, from the scheme's smallest cell on; and of several surveys side by side never exactly one is hidden, because a sum would
give it back.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from workflow.rating.scheme import Scheme
from workflow.rating.survey import needed
from workflow.rating.wording import percent

OVERALL = "overall"
ELECTORATES: Mapping[str, str] = {"member": "党员", "own_unit": "本单位群众", "related_unit": "联系单位群众"}
LONGEST_REMARK = 500
STEPPED_BELOW = 10  # members: with fewer, a running survey shows no number of votes at all


@dataclass(frozen=True, slots=True)
class Question:
    """One line of the form. Only the overall judgement must be answered (R15)."""

    code: str
    title: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """What a survey asks, frozen with its hash when the survey opens."""

    questions: tuple[Question, ...]
    answers: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)  # what the scheme calls some of the answers

    def as_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {
            "questions": [{"code": q.code, "title": q.title, "required": q.required} for q in self.questions],
            "answers": list(self.answers),
        }
        return said | ({"labels": dict(self.labels)} if self.labels else {})

    @property
    def hash(self) -> str:
        return hashlib.sha256(canonical(self.as_json()).encode()).hexdigest()


def form_of(scheme: Scheme, its: str) -> Form:
    """The overall judgement, then each criterion of the organisation's field, `its`."""
    asked = [Question(c.code, c.title) for c in scheme.criterion if not c.fields or its in c.fields]
    return Form((Question(OVERALL, "总体评价", required=True), *asked), scheme.survey.scale, dict(scheme.survey.labels))


def form_from(said: Mapping[str, Any]) -> Form:
    return Form(tuple(Question(**q) for q in said["questions"]), tuple(said["answers"]), said.get("labels", {}))


def canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


# ── one ballot ───────────────────────────────────────────────────


def ballot_faults(form: Form, answers: Mapping[str, str]) -> dict[str, str]:
    """Question → what is wrong with its answer; an empty answer to an open question is none."""
    known = {q.code for q in form.questions}
    faults = {code: "表上没有这一项" for code in answers if code not in known}
    for question in form.questions:
        answer = answers.get(question.code, "")
        if not answer and question.required:
            faults[question.code] = f"“{question.title}”还没有选"
        elif answer and answer not in form.answers:
            faults[question.code] = f"“{question.title}”的选项不在表上"
    return faults


def payload_of(form: Form, answers: Mapping[str, str]) -> str:
    """As it is stored: answers in the order of the form, nothing else."""
    return json.dumps([answers.get(q.code) or None for q in form.questions])


def tally_of(form: Form, payloads: Iterable[str]) -> dict[str, dict[str, int]]:
    """Question → answer → how many."""
    ballots = [json.loads(payload) for payload in payloads]
    counted = [Counter(ballot[place] for ballot in ballots) for place in range(len(form.questions))]
    return {q.code: {a: counted[i][a] for a in form.answers} for i, q in enumerate(form.questions)}


# ── turnout while the survey runs ────────────────────────────────


def running_turnout(members: int, came: int, quorum: Fraction) -> str:
    """`came` as it stood at the last step. Few members: only whether it suffices, and how many are lacking (R13)."""
    wanted = needed(members, quorum)
    lacking = max(0, wanted - came)
    reached = f"已达到{percent(quorum)}" if not lacking else f"未达到{percent(quorum)},还差{lacking}票"
    if members < STEPPED_BELOW:
        return f"党员{reached}"
    return f"党员已投{came}/{members},{reached}"


# ── what may be shown of a result ────────────────────────────────

HIDDEN = "不显示"


def share(count: int, total: int) -> str:
    """A cell: unanimity is never given exactly, because it would tell everybody's answer."""
    if count == total:
        return "90%以上"
    if count == 0:
        return "10%以下"
    return percent(Fraction(count, total))


def breakdown(form: Form, tally: Mapping[str, Mapping[str, int]], ballots: int, least: int) -> list[dict[str, Any]]:
    """Question by question; empty below the smallest cell, and for a question that fewer have answered."""
    if ballots < least:
        return []
    rows = []
    for question in form.questions:
        counts = tally[question.code]
        answered = sum(counts.values())
        shown = {a: share(n, answered) if answered >= least else HIDDEN for a, n in counts.items()}
        rows.append({"code": question.code, "title": question.title, "shares": shown})
    return rows


def summed_among(sizes: Mapping[str, int], least: int) -> frozenset[str]:
    """Whose answers go into a total that stands beside the shown parts: never exactly one hidden part, nor hidden parts that
    are together fewer than the smallest cell. Otherwise the total less what is shown would be somebody's answers.

    The small are left out rather than a large one hidden beside them: what has been shown once is remembered.
    """
    small = {name for name, size in sizes.items() if 0 < size < least}
    safe = len(small) > 1 and sum(sizes[name] for name in small) >= least
    return frozenset(sizes) - (frozenset() if safe else small)


def rolled_up(tallies: Mapping[str, Mapping[str, Mapping[str, int]]], least: int) -> dict[str, dict[str, int]]:
    """The sum over several surveys of the same form, question by question: who has few ballots, or few answers to a question,
    counts only where nobody can reckon them out again.
    """
    total: dict[str, dict[str, int]] = {}
    for question in next(iter(tallies.values()), {}):
        sizes = {name: sum(tally[question].values()) for name, tally in tallies.items()}
        summed: Counter[str] = Counter()
        for name in summed_among(sizes, least):
            summed.update(tallies[name][question])
        total[question] = {answer: summed[answer] for answer in next(iter(tallies.values()))[question]}
    return total
