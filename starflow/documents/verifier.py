"""A second proof of the history, for whoever trusts neither the database nor the program: standard library alone, by another hand.

    starflow verify --export history.jsonl        # whoever keeps the database
    python verifier.py history.jsonl anchor.json  # whoever checks it, with an anchor that was kept elsewhere

Shares no line with `storage.records` on purpose: two programs have to be wrong in the same way before a forgery passes. Without
an anchor nobody can tell that the newest records were cut off, or everything rewritten from some record on.
"""

import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

COVERED = ("seq", "trigger", "before", "after", "role", "actor", "at", "late_days", "late_stage", "scheme_hash")


def sha(value):
    return hashlib.sha256(value.encode("utf-8")).hexdigest()


def spelled(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def in_utc(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def hash_of(chain, record):
    said = {**record, "at": in_utc(record["at"]).isoformat()}
    return sha(spelled([chain, *(said[name] for name in COVERED), record["detail_digest"], record["previous_hash"]]))


def wrong_with(chain, record, seq, previous, since):
    """What does not hold about one record that should be number `seq` and follow `previous`; None if all holds."""
    if record["seq"] != seq:
        return "out of sequence"
    if record["previous_hash"] != previous:
        return "does not follow the record before"
    if record["hash"] != hash_of(chain, record):
        return "content and hash differ"
    if since is not None and in_utc(record["at"]) < since:
        return "earlier than the record before"
    if not record["kept"]:
        return "its detail is gone"
    if record["erased_at"] is not None:
        return None if record["detail"] is None else "its erased detail is back"
    if sha(record["salt"] + "|" + spelled(record["detail"] or {})) != record["detail_digest"]:
        return "detail and digest differ"
    return None


def first_wrong(chain, version, head, records):
    """The first place of a chain that does not hold, as (chain#seq, why)."""
    if not records:
        return f"{chain}#1", "no record at all"
    previous, since = "0" * 64, None
    for seq, record in enumerate(records, 1):
        why = wrong_with(chain, record, seq, previous, since)
        if why:
            return f"{chain}#{record['seq']}", why
        previous, since = record["hash"], in_utc(record["at"])
    if (len(records), previous) != (version, head):
        return f"{chain}#{len(records)}", f"the cycle says that {version} is the last"
    return None


def read(lines):
    """chain → (version, head, records) of an export, in the export's order."""
    found = {}
    for line in lines:
        row = json.loads(line)
        if "version" in row:
            found[row["chain"]] = (row["version"], row["head"], [])
        else:
            found[row["chain"]][2].append(row)
    return found


def verdict(lines, anchor=None):
    """{ok, records, cycles, head, first_bad, why} of an export; `anchor` is what `starflow anchor --out` wrote."""
    chains = read(lines)
    wrong = next(filter(None, (first_wrong(chain, *said) for chain, said in chains.items())), None)
    if wrong is None and anchor is not None:
        wrong = against(anchor["chains"], chains)
    heads = {chain: (len(records), records[-1]["hash"]) for chain, (_, _, records) in chains.items() if records}
    return {
        "ok": wrong is None,
        "records": sum(length for length, _ in heads.values()),
        "cycles": len(heads),
        "head": sha(spelled([[chain, *heads[chain]] for chain in sorted(heads)])),
        "first_bad": wrong and wrong[0],
        "why": wrong and wrong[1],
    }


def against(kept, chains):
    """The first chain that no longer contains what the anchor saw at its end."""
    for chain, (length, head) in sorted(kept.items()):
        records = chains[chain][2] if chain in chains else []
        if length > len(records) or records[length - 1]["hash"] != head:
            return f"{chain}#{length}", "not what the anchor saw"
    return None


def main(arguments):
    if len(arguments) not in (1, 2):
        print("usage: python verifier.py HISTORY.jsonl [ANCHOR.json]", file=sys.stderr)
        return 2
    history, *kept = (Path(name).read_text("utf-8") for name in arguments)
    found = verdict(filter(None, history.split("\n")), json.loads(kept[0]) if kept else None)
    print(json.dumps(found, ensure_ascii=False))
    return 0 if found["ok"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
