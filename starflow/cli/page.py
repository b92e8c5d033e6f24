"""docs/cli.md, printed from the commands themselves; tests compare the page with the commands and the shapes with what they print.

To write it: `python -c "from starflow.cli.page import cli_page; print(cli_page(), end='')" > docs/cli.md`
"""

from collections.abc import Iterator, Mapping
from typing import Any

from typer.main import get_command

from starflow.cli import app
from starflow.cli.help import help_text
from starflow.cli.words import ENGLISH

HEAD = """# The command line · 命令行

Printed from `starflow/cli`; tests compare. What `--help` says stands here in Chinese; `--lang en` says it in English.

The database is `STARFLOW_DATABASE_URL`, default `sqlite:///starflow.db`; `demo` and `rehearse` use a file of their own. Times
without offset are local times of the scheme's zone. Without `--json` a refusal is a sentence on stderr; with it, stdout gets
exactly one object: the one listed below each command, or

    {"error": {"code", "message", "reasons": [{"text", "cite"}], "current": {…}}}

Identifiers, not labels; instants as ISO 8601 with offset, dates as `YYYY-MM-DD`, decimals as plain strings, absent as null. A
list stands under `rows`, with `next` where it was cut (`--after` continues it); an empty list is a success.

| exit | when |
|---|---|
| 0 | done; an empty list too |
| 1 | something was found: `verify`, `doctor`, `scheme check`, `org import`, `sheet import`, `rate`, `rehearse`, a job of `tick` that failed |
| 2 | bad arguments, unknown code, trigger, stage, file |
| 3 | stale version, wrong stage |
| 4 | a guard, the policy or the kind of database refuses |
| 5 | database or port not to be had |
| 70 | a fault of the program itself; `STARFLOW_DEBUG=1` shows where |
| 130 | interrupted |
"""

STUCK = (
    *("organisation", "name", "year", "stage", "owner", "since", "target_at", "due_at", "days_overdue", "light"),
    *("missing", "last_reminder_at", "escalates_at", "escalates_to"),
)
OWED = ("id", "organisation", "stage", "owner", "target_at", "due_at", "light", "next_rung", "next_rung_at")
CAMPAIGN = ("year", "status", "scheme", "scheme_hash", "rated", "stages")
EVENT = (
    *("id", "organisation", "name", "code", "level", "on", "case", "proof", "status", "proposed_by", "proposed_at"),
    *("decided_by", "decided_at", "reason", "note"),
)
ELECTION = (
    *("organisation", "name", "kind", "last_held_on", "due_on", "days_left", "extension", "requested_on", "note"),
    "cap",
)
MEETING = ("number", "held_on", "year", "status", "opened_at", "closed_at", "approved", "rejected", "votes")
BATCH_LINE = ("organisation", "name", "outcome", "star", "after", "reasons")
ACTED = (
    *("id", "kind", "organisation", "act", "before", "status", "version", "due_at", "notices", "opened", "suggests"),
    "repeated",
)

IMPORTED = (
    *("number", "kind", "filename", "actor", "at", "added", "changed", "ended", "unchanged", "undone_at", "undone_by"),
)

SLIP = (
    *("id", "number", "colour", "organisation", "name", "owner_role", "owner", "stage", "status", "issued_at"),
    *("answer_by", "received_by", "received_at", "reply", "replied_at", "closed_at"),
)

FEED = ("id", "person", "organisation", "actor", "created_at", "revoked_at")
HOOK = ("id", "url", "label", "created_at", "revoked_at", "sent", "pending", "dead", "cursor")

SURVEY = (
    *("organisation", "name", "year", "round", "mode", "status", "members", "masses"),
    *("needed", "turnout", "came", "percent", "reached", "opened_at", "closes_at", "extended"),
    *("counted", "stepped_at", "undelivered"),
)

ROWS: Mapping[str, tuple[str, ...]] = {
    "notice list": ("slug", "title", "publisher", "last_on"),
    "tick": ("job", "said", "failed"),
    "scheme list": ("name", "title", "hash"),
    "scheme check": ("line", "column", "path", "message", "hint"),
    "scheme try": ("organisation", "name", "awarded", "total_before", "star_before", "total", "star", "why"),
    "scheme diff": ("section", "removed", "added"),
    "scheme migrate": ("stage", "title", "cycles", "to", "blocked"),
    "scheme calendar": ("stage", "title", "target_at", "due_at", "opens_on", "rule", "arithmetic"),
    "org tree": ("depth", "code", "name", "kind", "members", "head"),
    "org template": ("file", "columns"),
    "org export": (
        *("code", "name", "kind", "parent", "field", "members", "election_due_on", "head", "leader", "phone", "email"),
        "ended_on",
    ),
    "stuck": STUCK,
    "demo": STUCK,
    "cycles": ("organisation", "name", "round", "stage", "light", "owner", "due_at", "proposed_star", "star"),
    "obligations": OWED,
    "due": OWED,
    "notices": (
        *("key", "organisation", "stage", "rung", "kind", "recipient", "channel", "due_at", "sent_at", "status"),
    ),
    "stars": ("organisation", "star", "round", "from", "until", "decision"),
    "quota": (
        *("quota", "scope", "stars", "op", "hard", "base", "limit", "arithmetic", "taken", "proposed", "excess"),
        *("left", "over", "cut", "tie", "warning", "ranked", "lowest", "draw"),
    ),
    "history": (*("seq", "at", "trigger", "before", "after", "actor", "role", "reason", "hash", "previous_hash"),),
    "nudge": ("organisation", "recipient_role", "recipient", "person", "sent", "note"),
    "meeting list": MEETING,
    "meeting approve": BATCH_LINE,
    "meeting close": ("organisation", "name", "proposed_star", "reason"),
    "matter list": ("id", "kind", "organisation", "status", "owner", "due_at"),
    "event list": EVENT,
    "event add": EVENT,
    "event confirm": EVENT,
    "event withdraw": EVENT,
    "election list": ELECTION,
    "sheet import": ("row", "organisation", "what", "text"),
    "sheet list": IMPORTED,
    "slip list": SLIP,
    "message log": ("message", "person", "channel", "attempt", "at", "outcome", "said"),
    "feed list": FEED,
    "hook list": HOOK,
    "hook log": ("cursor", "status", "attempts", "next_try_at", "sent_at", "said"),
    "doctor": ("found", "remedy"),
    "token list": ("id", "role", "organisation", "label", "issued_at", "expires_at", "status"),
    "account list": ("login", "person", "name", "status", "totp", "roles", "signed_in_at"),
    "account sessions": ("number", "login", "network", "browser", "opened_at", "seen_at", "ends_at"),
    "account log": ("at", "what", "actor", "about", "network", "detail"),
    "role list": (
        *("number", "person", "name", "role", "organisation", "from_on", "until_on", "granted_by", "confirmed_by"),
    ),
}
"""The keys of each row, in their order."""

KEYS: Mapping[str, tuple[str, ...]] = {
    "survey open": SURVEY,
    "survey show": SURVEY,
    "survey extend": SURVEY,
    "survey close": SURVEY,
    "survey count": SURVEY,
    "survey seal": ("organisation", "name", "round", "seal", "key", "tally_agrees", "ballots_agree"),
    "survey slips": ("slips", "file"),
    "survey remind": ("organisation",),
    "survey void": ("organisation", "status"),
    "survey results": ("organisation", "name", "ballots", "turnout", "satisfaction", "rows", "remarks", "note"),
    "notice post": ("slug", "organisations", "first_on", "last_on"),
    "notice correct": ("notice", "version"),
    "objection objector": ("named", "name", "contact", "looks"),
    "init": ("kind", "now"),
    "demo": ("now", "token", "rows"),
    "rehearse": (
        "head",
        "transitions",
        "violations",
        "stars",
        "reminders",
        "escalations",
        "late",
        "unfinished",
        "matters",
    ),
    "clock show": ("kind", "now"),
    "clock move": ("now", "moved", "rungs", "notices", "messages"),
    "scheme show": ("name", "title", "hash", "sections"),
    "scheme check": ("ok", "faults", "undecided"),
    "scheme calendar": (
        *("scheme", "year", "opens_on", "recheck_opens_on", "rows", "notes", "confirmed", "holidays", "messages"),
    ),
    "scheme schema": (
        *("$schema", "title", "$defs", "additionalProperties", "description", "properties", "required", "type"),
    ),
    "scheme try": ("year", "scheme", "rated", "changed", "unscored", "before", "after", "rows", "quotas"),
    "scheme diff": ("before", "after", "rows"),
    "scheme adopt": ("name", "title", "hash"),
    "scheme migrate": ("year", "before", "after", "dry_run", "blocked", "moved", "done", "rows"),
    "procedure": ("scheme", "format", "text"),
    "org import": (
        *("added", "changed", "ended", "unchanged", "ignored_columns", "faults", "applied", "open_cycles", "number"),
    ),
    "campaign open": ("year", "scheme", "scheme_hash", "cycles", "routes"),
    "campaign add": ("organisation", "year", "stage"),
    "campaign show": CAMPAIGN,
    "campaign reroute": ("organisation", "reviewer"),
    "quota": ("year", "rows"),
    "why": (
        *("organisation", "year", "stage", "version", "light", "owner", "since", "target_at", "due_at", "arithmetic"),
        *("options", "acts_at", "extended_until", "hold", "held_days", "objections", "founded_on"),
    ),
    "fire": ("organisation", "trigger", "before", "after", "version", "seq", "hash", "notices"),
    "extend": ("organisation", "until", "subtree", "cycles"),
    "hold": ("organisation", "held", "reason"),
    "release": ("organisation", "held", "days"),
    "nudge": ("rows", "sent", "dry_run"),
    "draw commit": ("quota", "scope", "commitment", "committed_at", "committed_by", "seed", "told_at", "told_by"),
    "draw tell": ("quota", "scope", "commitment", "committed_at", "committed_by", "seed", "told_at", "told_by"),
    "draw list": ("rows",),
    "meeting open": MEETING,
    "meeting list": ("rows", "agenda"),
    "meeting approve": ("number", "held_on", "approved", "deferred", "refused", "rows"),
    "meeting reject": BATCH_LINE,
    "meeting excess": (
        *("quota", "number", "reason", "meeting", "organisation", "seq", "limit", "excess", "taken", "left"),
    ),
    "meeting close": ("number", "held_on", "approved", "rejected", "rows"),
    "matter show": (
        *("id", "kind", "organisation", "status", "version", "rule", "opened_at", "closed_at", "due_at", "arithmetic"),
        *("data", "acts", "options"),
    ),
    "matter open": ACTED,
    "matter act": ACTED,
    "election set": ELECTION,
    "message preview": ("subject", "body", "characters", "sms_parts"),
    "message suppress": ("key", "status", "note"),
    "message resend": ("message", "status"),
    "message prefer": ("person", "digest", "unsubscribed", "language"),
    "feed issue": ("url",),
    "feed revoke": FEED,
    "feed write": ("file", "entries"),
    "hook add": ("id", "url", "secret"),
    "hook replay": ("id", "after", "waiting"),
    "hook revoke": HOOK,
    "client": ("file", "calls"),
    "slip issue": SLIP,
    "slip receive": SLIP,
    "slip reply": SLIP,
    "slip close": SLIP,
    "document": ("file", "title", "fonts"),
    "pack": ("file", "organisation"),
    "certificate key": ("file", "public"),
    "certificate check": ("organisation", "name", "star", "year", "from_on", "decision", "issuer", "ok"),
    "sheet export": ("file", "title", "rows_written"),
    "sheet template": ("file", "kind", "columns"),
    "sheet import": ("kind", "number", "added", "changed", "ended", "unchanged", "faults", "rows", "applied"),
    "sheet undo": IMPORTED,
    "rate": ("results",),
    "backup create": ("path", "rows", "records", "files", "head", "faults", "ok"),
    "backup verify": ("path", "rows", "records", "files", "head", "faults", "ok"),
    "backup restore": ("path", "rows", "records", "files", "head", "faults", "ok"),
    "db copy": ("rows", "tables"),
    "verify": ("ok", "records", "cycles", "head", "first_bad"),
    "anchor": ("at", "cycles", "records", "upto", "head", "code", "chains"),
    "doctor": ("ok", "rows", "downtimes"),
    "retain": ("details", "objections", "addresses", "applied"),
    "db upgrade": ("before", "after"),
    "token issue": ("token", "role", "organisation", "days"),
    "token revoke": ("id",),
    "account invite": ("url", "login", "person", "expires_at"),
    "account reset": ("url", "login", "person", "expires_at"),
    "account disable": ("login", "ended"),
    "account enable": ("login",),
    "account sign-out": ("login", "ended"),
    "role grant": ("request", "said"),
    "role confirm": ("request", "said"),
    "role revoke": ("number",),
}
"""The keys of the object itself, in their order; a list that is not named here is `{"rows": […]}`."""


def cli_page() -> str:
    parts = [HEAD]
    for path, command in paths(get_command(app), "starflow"):
        purpose = ENGLISH.get(command.help or "", "")
        shape = _shape(path.removeprefix("starflow").strip())
        parts.append(f"## {path}\n\n{purpose}\n\n```text\n{help_text(command, path)}\n```\n{shape}")
    return "\n".join(parts)


def _shape(name: str) -> str:
    said = []
    if name in KEYS:
        said.append(f"`{{{', '.join(KEYS[name])}}}`")
    if name in ROWS:
        said.append(f"rows of `{{{', '.join(ROWS[name])}}}`")
    return f"\nJSON: {', '.join(said)}\n" if said else ""


def paths(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every command with what one types for it."""
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from paths(below, f"{path} {name}")
