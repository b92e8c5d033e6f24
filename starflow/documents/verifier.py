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


def hash_of(chain, record):
    said = {**record, "at": datetime.fromisoformat(record["at"]).astimezone(UTC).isoformat()}
    return sha(spelled([chain, *(said[name] for name in COVERED), record["detail_digest"], record["previous_hash"]]))


def wrong_with(chain, record, seq, previous, since):
    """What does not hold about one record that should be number `seq` and follow `previous`; None if all holds."""
    if record["seq"] != seq:
        return "out of sequence"
    if record["previous_hash"] != previous:
        return "does not follow the record before"
    if record["hash"] != hash_of(chain, record):
        return "content and hash differ"
    if since is not None and datetime.fromisoformat(record["at"]) < since:
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
        previous, since = record["hash"], datetime.fromisoformat(record["at"])
    if (len(records), previous) != (version, head):
        return f"{chain}#{len(records)}", f"the cycle says that {version} is the last"
    return None


def read(lines):
    """chain → (version, head, records) of an export, in the export's order."""
    found = {}
    for row in map(json.loads, lines):
        if "version" in row:
            found[row["chain"]] = (row["version"], row["head"], [])
        else:
            found[row["chain"]][2].append(row)
    return found


def against(anchor, chains):
    """What is no longer as the anchor saw it: the first chain, or, where it holds but the head over all, only up to which number."""
    for chain, (length, head) in sorted(anchor.get("chains", {}).items()):
        records = chains[chain][2] if chain in chains else []
        if length > len(records) or records[length - 1]["hash"] != head:
            return f"{chain}#{length}", "not what the anchor saw"
    if "upto" in anchor and sha(spelled(newest(chains, anchor["upto"]))) != anchor["head"]:
        return f"≤{anchor['upto']}", "not what the anchor saw"
    return None


def newest(chains, upto=float("inf")):
    """Each chain's newest record, of those up to a number."""
    kept = {chain: [r for r in records if r["number"] <= upto] for chain, (_, _, records) in sorted(chains.items())}
    return [[chain, records[-1]["seq"], records[-1]["hash"]] for chain, records in kept.items() if records]


def verdict(lines, anchor=None):
    """{ok, records, cycles, head, first_bad, why} of an export; `anchor` is what `starflow anchor --out` wrote, or upto and head."""
    chains = read(lines)
    wrong = next(filter(None, (first_wrong(chain, *said) for chain, said in chains.items())), None)
    wrong = wrong or (against(anchor, chains) if anchor else None)
    counted = [len(records) for _, _, records in chains.values() if records]
    said = {"ok": wrong is None, "records": sum(counted), "cycles": len(counted), "head": sha(spelled(newest(chains)))}
    return {**said, "first_bad": wrong and wrong[0], "why": wrong and wrong[1]}


def main(arguments):
    if len(arguments) not in (1, 2):
        print("usage: python verifier.py HISTORY.jsonl [ANCHOR.json | UPTO-HEAD]", file=sys.stderr)
        return 2
    upto, _, head = arguments[1].partition("-") if arguments[1:] else ("", "", "")
    anchor = {"upto": int(upto), "head": head} if upto.isdigit() and len(head) == 64 else None
    if arguments[1:] and anchor is None:
        anchor = json.loads(Path(arguments[1]).read_text("utf-8"))
    found = verdict(filter(None, Path(arguments[0]).read_text("utf-8").split("\n")), anchor)
    print(json.dumps(found, ensure_ascii=False))
    return 0 if found["ok"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
