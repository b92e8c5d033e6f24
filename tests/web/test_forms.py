"""Every form of the pages, found by walking them at every stage of a year: what is missing, too long, hostile or stale comes back as
a page with every word still on it, each fault linked to its field; and no text ever becomes a part of a page.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from starflow.service import organisations
from starflow.service.campaigns import open_campaign
from starflow.service.desk import Desk, create_desk
from starflow.service.settings import read_settings
from starflow.web.app import create_app
from starflow.web.auth import SEEN_AS
from tests.web.browser import Browser
from tests.web.conftest import APRIL, PLAY, ROSTER, Web
from tests.web.hostile import PAYLOADS
from tests.web.matrix import undone
from tests.web.page_forms import Page, PageForm

DEPARTMENT, COMMITTEE, SUPERIOR, HEAD, CITY, ADMIN = (
    "department:GW", "committee:GW", "superior:D01", "organisation:B1", "city:CITY", "admin:GW",
)  # fmt: skip
SEATS = (HEAD, SUPERIOR, DEPARTMENT, COMMITTEE, CITY)
STAGES: Mapping[str, tuple[str, ...]] = {
    "rating.declaration": (HEAD, SUPERIOR, DEPARTMENT, COMMITTEE, ADMIN),
    "rating.self_evaluation": (HEAD,),
    "rating.survey": (HEAD, SUPERIOR),
    "rating.review": (HEAD, SUPERIOR),
    "rating.audit": (DEPARTMENT,),
    "rating.publicity": (HEAD, DEPARTMENT),
    "rating.approval": (COMMITTEE,),
    "rating.city_review": (CITY,),
}
"""Stage by stage, who has something to fill in."""
EVERYWHERE = {
    DEPARTMENT: ("/", "/organisations", "/admin/notices", "/meeting"),
    COMMITTEE: ("/meeting", "/two"),
    SUPERIOR: ("/tasks",),
    HEAD: ("/tasks", "/account"),
    ADMIN: ("/admin/roster",),
}
BULK = ("/nudges/preview", "/extensions/preview")
"""Forms that are shown in answer to a form."""
ABOUT = re.compile(r"/(organisations|queue|survey|evidence)/B1(/|$)")
DOING = re.compile(r"/organisations/B1/do/")
WRITTEN_BY_OTHERS = re.compile(
    r"^/(survey|evidence|n|objections|b)(/|$)|^/(account|sign-in|sign-out|preferences|rehearsal)"
)
"""Ballots, notices and accounts have a walk of their own (`test_forms_beside`); the last change no text of anybody."""
HOSTILE = (PAYLOADS[5] + PAYLOADS[27], " ".join(PAYLOADS))
"""What fits into a short field, and all sixty at once."""
LONG = "很长的文字" * 1200
BEYOND = "长" * 20_001
BENIGN = "一段平常的话"


def town(file: Path) -> Desk:
    settings = read_settings({"STARFLOW_DATABASE_URL": f"sqlite:///{file}", "STARFLOW_ARGON2_MIB": "8"})
    desk = create_desk(settings, rehearsal_at=APRIL, seed=1)
    organisations.import_roster(desk, ROSTER, scheme_root_kind="市直工委", dry_run=False)
    open_campaign(desk, 2027, "anyang-five-star", actor="P1")
    return desk


Found = tuple[str, str, PageForm]
"""Who found it, on which page, and the form."""


def seat(web: Web, its: str) -> Browser:
    return Browser(web.app, cookies={SEEN_AS: its})


@dataclass
class Seats:
    """One browser for each seat, with the token that its forms carry: a form is then one request and no more."""

    web: Web
    known: dict[str, tuple[Browser, str]] = field(default_factory=dict)

    def send(self, its: str, action: str, said: Mapping[str, str]) -> httpx.Response:
        if its not in self.known:
            browser = seat(self.web, its)
            self.known[its] = (browser, browser.csrf())
        browser, token = self.known[its]
        return browser.request("POST", action, data={**said, "csrf_token": token})


def pages_of(web: Web, its: str, follow: re.Pattern[str], *, everywhere: bool) -> Iterator[tuple[str, httpx.Response]]:
    """The pages about the branch that this seat finds by following such links, and at the beginning those about everybody."""
    look, seen = seat(web, its), set[str]()
    ahead = ["/organisations/B1", "/queue/B1", *(EVERYWHERE.get(its, ()) if everywhere else ())]
    if its == HEAD and web.stage("B1") == "rating.self_evaluation":
        ahead += [f"/organisations/B1/self-evaluation/{page}" for page in ("1", "check")]
    if its == HEAD and web.stage("B1") == "rating.survey":
        ahead.append("/organisations/B1/do/file_survey")
    while ahead:
        path = ahead.pop(0)
        if path in seen:
            continue
        seen.add(path)
        answer = look.get(path)
        yield path, answer
        if answer.status_code == 200:
            ahead += [link for link in Page(answer.text).links if follow.match(link)]


def forms_of(web: Web, its: str, *, everywhere: bool) -> Iterator[Found]:
    for path, answer in pages_of(web, its, DOING, everywhere=everywhere):
        if answer.status_code == 200:
            yield from ((its, path, form) for form in Page(answer.text).posts(path))
    if everywhere and its == DEPARTMENT:
        for path in BULK:
            answer = seat(web, its).post(path, code="B1")
            yield from ((its, path, form) for form in Page(answer.text).posts(path))


def ours(found: Found) -> bool:
    return not WRITTEN_BY_OTHERS.match(found[2].action)


def advance(web: Web, until: str) -> None:
    """On by real acts, from wherever the cycle stands."""
    if web.stage("B1") == "rating.declaration" and until != "rating.declaration":
        web.at("2027-05-06 10:00")
    while (stage := web.stage("B1")) != until:
        if stage == "rating.approval":
            web.fire("B1", "record_excess", {"level": "five_star", "number": 1, "reason": "集体研究"})
        web.fire("B1", *PLAY[stage])
        if stage == "rating.publicity":
            web.at("2027-05-20 10:00")


def year(web: Web) -> Iterator[tuple[str, list[Found]]]:
    """Stage by stage, every form that somebody finds there, each once in the year."""
    known = set[str]()
    for stage, seats in STAGES.items():
        advance(web, stage)
        forms = list[Found]()
        for its in seats:
            for one in forms_of(web, its, everywhere=stage in ("rating.declaration", "rating.approval")):
                if ours(one) and named(one[2].action) not in known:
                    known.add(named(one[2].action))
                    forms.append(one)
        yield stage, forms


@dataclass
class Walk:
    """What came of going through every form of the year once."""

    fields: dict[str, set[str]] = field(default_factory=dict)
    plain: set[str] = field(default_factory=set)
    hostile: dict[tuple[str, ...], str] = field(default_factory=dict)
    lost: dict[tuple[str, ...], str] = field(default_factory=dict)
    stale: dict[tuple[str, ...], str] = field(default_factory=dict)
    tried: Counter[str] = field(default_factory=Counter)


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    walked = Walk()
    with closing(town(tmp_path_factory.mktemp("forms") / "town.db")) as desk:
        web = Web(desk, create_app(desk))
        seats = Seats(web)
        for stage, forms in year(web):
            for one in forms:
                _looked_through(seats, stage, one, walked)
    return walked


def _looked_through(web: Seats, stage: str, one: Found, walked: Walk) -> None:
    form, at = one[2], (stage, one[0], one[2].action)
    if form.texts:
        walked.fields.setdefault(named(form.action), set()).update(field_named(its.name) for its in form.texts)
    else:
        walked.plain.add(named(form.action))
    with undone(web.web.desk):
        plain = send(web, one, form.filled(BENIGN))
        for how, text in (("missing", ""), *((("too long", LONG), ("beyond", BEYOND)) if form.texts else ())):
            walked.tried[how] += 1
            if fault := lost(send(web, one, form.filled(text)), text):
                walked.lost[*at, how] = fault
        for text in HOSTILE if form.texts else ():
            walked.tried["hostile"] += 1
            if fault := not_text(plain, send(web, one, form.filled(text)), text):
                walked.hostile[*at, text] = fault
        if stage != "rating.declaration" and any(its.name == "version" for its in form.fields):
            answer = send(web, one, {**form.filled(BENIGN), "version": "1"})
            walked.tried["stale"] += answer.status_code != 400
            if answer.status_code not in (400, 409):  # a fault of the form itself is said first
                walked.stale[at] = str(answer.status_code)
            if form.texts and BENIGN not in Page(answer.text).said:
                walked.stale[at] = "the text is lost"


def named(action: str) -> str:
    return re.sub(r"/self-evaluation/\d+", "/self-evaluation/{number}", action)


def field_named(name: str) -> str:
    return re.sub(r"^(why|scores)\..+", r"\1.*", name)


def send(seats: Seats, one: Found, said: dict[str, str]) -> httpx.Response:
    its, _, form = one
    return seats.send(its, form.action, said)


FREE_TEXTS = {
    "/extensions": ("reason",),
    "/meeting/excess": ("number", "reason"),
    "/meeting/preview": ("number", "why.*"),
    "/organisations/B1/do/accept_turnout": ("reason",),
    "/organisations/B1/do/close_unrated": ("reason",),
    "/organisations/B1/do/confirm_star": ("document",),
    "/organisations/B1/do/declare": ("head",),
    "/organisations/B1/do/exempt": ("reason",),
    "/organisations/B1/do/file_survey": ("tellers",),
    "/organisations/B1/do/overturn_star": ("reason",),
    "/organisations/B1/do/post_notice": ("place",),
    "/organisations/B1/do/record_excess": ("level", "reason"),
    "/organisations/B1/do/reject": ("meeting.number", "reason"),
    "/organisations/B1/do/send_back": ("reason",),
    "/organisations/B1/do/submit_self_evaluation": ("meeting.attendees", "meeting.minutes"),
    "/organisations/B1/do/withdraw": ("reason",),
    "/organisations/B1/self-evaluation/send": ("meeting.attendees", "meeting.minutes"),
    "/organisations/B1/self-evaluation/{number}": ("why.*",),
    "/queue/B1": ("reason",),
}
"""Every field in which one may write whatever one likes, by the form it belongs to. A new one has to be added here, and is tested then."""


PLAIN = {
    "/admin/roster",
    "/nudges",
    "/nudges/preview",
    "/organisations/B1/do/begin_review",
    "/organisations/B1/do/pass_audit",
    "/organisations/B1/do/propose_star",
}
"""The forms of a year in which nobody writes anything of their own."""


@pytest.mark.long
def test_every_field_for_free_text_is_known(walk: Walk) -> None:
    assert walk.plain == PLAIN
    assert {action: tuple(sorted(names)) for action, names in sorted(walk.fields.items())} == FREE_TEXTS


@pytest.mark.long
def test_sixty_hostile_texts_stay_text_in_every_field(walk: Walk) -> None:
    assert walk.hostile == {}
    assert walk.tried["hostile"] == len(FREE_TEXTS) * len(HOSTILE)


@pytest.mark.long
def test_whatever_is_refused_comes_back_with_every_word_and_every_fault_linked(walk: Walk) -> None:
    assert walk.lost == {}
    assert walk.tried["beyond"] == len(FREE_TEXTS)


@pytest.mark.long
def test_what_is_stale_shows_both_versions(walk: Walk) -> None:
    assert walk.stale == {}
    assert walk.tried["stale"] > 3


def not_text(plain: httpx.Response, hostile: httpx.Response, text: str) -> str:
    """What the hostile text has changed about the page but its text."""
    before, after = Page(plain.text), Page(hostile.text)
    if hostile.status_code == 303:
        return "" if plain.status_code == 303 else f"{plain.status_code} became 303"
    if after.running:
        return f"an address that runs: {after.running}"
    if plain.status_code == hostile.status_code and sorted(before.skeleton) != sorted(after.skeleton):
        return f"other elements: {set(after.skeleton) ^ set(before.skeleton)}"
    return "" if hostile.status_code == 200 or text in after.said else "what was typed is not on the page"


def lost(answer: httpx.Response, text: str) -> str:
    if answer.status_code >= 500:
        return f"{answer.status_code}"
    if answer.status_code in (200, 303):
        return ""
    page = Page(answer.text)
    dead = [link for link in page.links if link.startswith("#") and link[1:] not in page.ids]
    if dead:
        return f"{answer.status_code}: links to nothing {dead}"
    return "" if text in page.said or text in html.unescape(answer.text) else f"{answer.status_code}: the text is lost"


@pytest.mark.long
def test_what_was_kept_stays_text_on_every_page_that_shows_it(tmp_path: Path) -> None:
    skeletons = {}
    for name, texts in (
        ("plain", (BENIGN, BENIGN)),
        ("hostile", (PAYLOADS[9] + PAYLOADS[5] + "{{7*7}}", " ".join(PAYLOADS))),
    ):
        with closing(town(tmp_path / f"{name}.db")) as desk:
            skeletons[name] = _written(Web(desk, create_app(desk)), *texts)

    assert skeletons["plain"].keys() == skeletons["hostile"].keys()
    differs = {at: shown for at, shown in skeletons["hostile"].items() if shown != skeletons["plain"][at]}
    assert differs == {}
    assert len(skeletons["plain"]) > 30


def _written(web: Web, short: str, long: str) -> dict[tuple[str, str, str], tuple[int, list[tuple[str, ...]]]]:
    """A year in which everybody writes these texts wherever they may; how every page is made afterwards."""
    found = {}
    web.at("2027-05-06 10:00")
    for stage in list(STAGES)[:-1]:
        advance(web, stage)
        _write(web, stage, short, long)
        if stage in ("rating.review", "rating.approval"):
            for its in (HEAD, SUPERIOR, DEPARTMENT):
                for path, answer in pages_of(web, its, ABOUT, everywhere=stage == "rating.approval"):
                    assert Page(answer.text).running == []
                    found[stage, its, path] = (answer.status_code, Page(answer.text).skeleton)
    return found


WRITTEN = {
    "rating.declaration": (HEAD, "/organisations/B1/do/declare", {"members_due": "10", "target_star": "5"}),
    "rating.self_evaluation": (HEAD, "/organisations/B1/self-evaluation/send", {
        "meeting.on": "2027-05-06", "star": "5", **{f"scores.{n}": "9.5" for n in range(1, 11)},
    }),
    "rating.survey": (HEAD, "/organisations/B1/do/file_survey", {
        "meeting.on": "2027-05-06", "paper.members_present": "10", "paper.own_unit": "5", "paper.satisfied": "15",
    }),
    "rating.review": (SUPERIOR, "/queue/B1", {"star": "5", "go": "propose_star", **{f"scores.{n}": "9.5" for n in range(1, 11)}}),
    "rating.publicity": (DEPARTMENT, "/organisations/B1/do/post_notice", {"on": "2027-05-06"}),
}  # fmt: skip


def _write(web: Web, stage: str, short: str, long: str) -> None:
    """This stage's own act through its form, with the texts in all its fields; others are played."""
    if stage not in WRITTEN:
        return
    its, path, said = WRITTEN[stage]
    where = path.replace("/send", "/check")
    texts = next(form for form in Page(seat(web, its).get(where).text).posts(where) if form.action == path)
    grounds = {f"why.{number}": short for number in range(1, 11)} if stage == "rating.self_evaluation" else {}
    shorts = ("head", "place", "verification")
    free = {one.name: short if one.name in shorts else long for one in texts.texts}
    free |= {"tellers": f"{short}\n{short}乙"} if "tellers" in free else {}
    answer = seat(web, its).post(path, **{**free, **grounds, **said})
    if stage == "rating.publicity":
        web.at("2027-05-20 10:00")
    assert answer.status_code == 303, (stage, re.findall(r'href="#f-[^<]*<', answer.text))
