"""Nothing in the repository opens a door: no private key, no token of a service, no password in an address."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECRETS = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}",
    "a cloud's access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of a forge": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{40,}|glpat-[\w-]{20})\b",
    "a token of a chat": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "a token of an index": r"\bpypi-AgEI[\w-]{50,}",
    "a password in an address": r"\b[a-z][a-z0-9+]*://[^\s/:@\"'{<]+:(?!口令|密码|password|secret)[^\s/:@\"'{<]{4,}@",
    "a signed token": r"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}",
}
ON_PURPOSE = {
    ("tests/schedules/localhost.pem", "a private key"),  # a certificate for 127.0.0.1 that tests alone trust
    ("tests/service/test_settings.py", "a password in an address"),  # what becomes of one that is written there
    ("tests/storage/test_database.py", "a password in an address"),
}


def found_in(text: str) -> set[str]:
    return {what for what, pattern in SECRETS.items() if re.search(pattern, text)}


def files() -> list[Path]:
    """What the repository keeps; in a copy without its history, everything that is there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not any(p.startswith(".") for p in path.relative_to(ROOT).parts)
    ]


def test_no_file_holds_a_secret() -> None:
    read = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8", errors="ignore")
        for path in files()
        if path.is_file()
    }

    assert {(name, what) for name, text in read.items() for what in found_in(text)} == ON_PURPOSE


def test_each_kind_of_secret_would_be_found() -> None:
    made = {
        "a private key": "-----BEGIN EC " + "PRIVATE KEY-----\n" + "A" * 64,
        "a cloud's access key": "AKIA" + "A1" * 8,
        "a token of a forge": "ghp_" + "a1" * 18,
        "a token of a chat": "xoxb-" + "1" * 12,
        "a token of an index": "pypi-AgEI" + "a" * 60,
        "a password in an address": "postgresql://clerk:" + "hunter22" + "@db/city",
        "a signed token": "eyJ" + "a" * 24 + ".eyJ" + "b" * 24 + "." + "c" * 24,
    }

    assert {what: found_in(text) for what, text in made.items()} == {what: {what} for what in SECRETS}
