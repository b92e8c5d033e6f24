"""Casts ballots through the real nginx and the real caddy with the files of this folder, then looks for the vote in every log.

By hand, on Debian: `apt-get install nginx caddy curl openssl`, then `python deploy/try_proxies.py` in an environment with starflow. All on
loopback: a demo database, a certificate of its own, starflow, a proxy; then starflow is stopped and a vote tried once more, because
a proxy writes most when what stands behind it is away. The voter comes from 127.0.0.77, an ordinary reader from 127.0.0.78.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE, NAME = Path(__file__).parent, "starflow.example.org"
VOTER, READER = "127.0.0.77", "127.0.0.78"
BRANCH = "D0110"  # of the demo: its survey is under way
BACK, FRONT = 18480, 18443


def main() -> int:
    bad = 0
    for proxy in ("nginx", "caddy"):
        with tempfile.TemporaryDirectory(prefix="starflow-proxy-") as folder:
            found = tried(proxy, Path(folder))
        print(f"{proxy}: {'; '.join(found) or 'a vote was cast, no log holds its link or where it came from'}")
        bad += bool(found)
    return min(bad, 1)


def tried(proxy: str, folder: Path) -> list[str]:
    folder.chmod(0o755)  # nginx's workers are another user
    own = {"STARFLOW_DATABASE_URL": f"sqlite:///{folder}/demo.db", "STARFLOW_PUBLIC_URL": f"https://{NAME}:{FRONT}"}
    environment = {**os.environ, **own}
    starflow = shutil.which("starflow") or str(Path(sys.executable).parent / "starflow")
    run([starflow, "demo", "--no-serve", "--keep", f"{folder}/demo.db"], environment)
    run([starflow, "survey", "slips", BRANCH, "--out", f"{folder}/slips.html"], environment)
    slips = [
        one.replace(" ", "") for one in re.findall(r'class="letters">([^<]+)', (folder / "slips.html").read_text())
    ]
    (folder / "slips.html").unlink()
    run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}",
         "-keyout", f"{folder}/key.pem", "-out", f"{folder}/fullchain.pem"], environment)  # fmt: skip
    logs = [folder / name for name in ("app", "proxy")]
    app = begun([starflow, "serve", "--host", "127.0.0.1", "--port", str(BACK), "--no-bell"], environment, logs[0])
    front = begun(command(proxy, folder), environment, logs[1])
    try:
        wait_for_both()
        found = voted(slips[0], slips[1])
        stop(app)
        said = curl(f"/b/{slips[2]}", VOTER), curl("/b", VOTER, "-d", f"t={slips[2]}"), curl("/n", READER)
        found += [f"with starflow away it answered {said}"] if {one[:3] for one in said} != {"502"} else []
    finally:
        stop(app)
        stop(front)
    return found + told([*logs, *folder.glob("*.log")], slips[:3])


def voted(token: str, other: str) -> list[str]:
    """As a telephone does it; a wrong link, a vote twice and a far too large one too."""
    answers = {
        "a page": curl("/n", READER)[:3],
        "the link": curl(f"/b/{token}", VOTER)[:3],
        "a vote": curl("/b", VOTER, "-d", f"t={token}", "-d", "q_overall=satisfied", "-d", "confirm=yes")[:3],
        "once more": curl("/b", VOTER, "-d", f"t={token}", "-d", "q_overall=satisfied", "-d", "confirm=yes")[:3],
        "too large": curl("/b", VOTER, "-H", "Expect:", "-d", f"t={other}&remark={'x' * 100_000}")[:3],
    }
    wanted = {"a page": "200", "the link": "303", "a vote": "200", "once more": "410", "too large": "413"}
    return [
        f"{what}: {answers[what]} instead of {status}" for what, status in wanted.items() if answers[what] != status
    ]


def told(logs: list[Path], secrets: list[str]) -> list[str]:
    text = {log.name: log.read_text(errors="replace") for log in logs}
    found = [f"{name} holds {one}" for name, said in text.items() for one in (*secrets, VOTER) if one in said]
    return found if READER in "".join(text.values()) else [*found, "no log holds an ordinary page: nothing was tried"]


# ── the proxies ──────────────────────────────────────────────────


def command(proxy: str, folder: Path) -> list[str]:
    """The shipped file with other ports, places and a certificate of this hour; its own checker goes first."""
    if proxy == "nginx":
        shipped = (HERE / "nginx.conf").read_text().replace("listen 443", f"listen 127.0.0.1:{FRONT}")
        shipped = shipped.replace("/etc/ssl/starflow", str(folder)).replace("/var/log/nginx", str(folder))
        whole = f"pid {folder}/pid;\nevents {{}}\nhttp {{\n{shipped}}}\n"
        check, start = ["nginx", "-t"], ["nginx", "-g", "daemon off;"]
        options = ["-e", f"{folder}/start.log", "-c", f"{folder}/conf"]
    else:
        shipped = (HERE / "Caddyfile").read_text().replace("/var/log/caddy", str(folder))
        site = f"https://{NAME}:{FRONT} {{\n\tbind 127.0.0.1\n\ttls {folder}/fullchain.pem {folder}/key.pem"
        globals_ = "\n{\n\tadmin off\n\tauto_https disable_redirects\n"
        whole = shipped.replace(f"{NAME} {{", site).replace("\n{\n", globals_, 1)
        check, start = ["caddy", "validate"], ["caddy", "run"]
        options = ["--adapter", "caddyfile", "--config", f"{folder}/conf"]
    (folder / "conf").write_text(whole.replace("127.0.0.1:8000", f"127.0.0.1:{BACK}"))
    run([*check, *options], dict(os.environ))
    return [*start, *options]


def curl(path: str, address: str, *more: str) -> str:
    """The status, then the page."""
    asked = ["curl", "-sk", "--noproxy", "*", "--interface", address, "--resolve", f"{NAME}:{FRONT}:127.0.0.1",
             "-w", "\n%{http_code}", *more, f"https://{NAME}:{FRONT}{path}"]  # fmt: skip
    page, _, status = subprocess.run(asked, capture_output=True, text=True).stdout.rpartition("\n")
    return f"{status} {page[:80]}"


def run(words: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(words)}\n{done.stdout}{done.stderr}")


def begun(words: list[str], environment: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(words, env=environment, stdout=log.open("wb"), stderr=subprocess.STDOUT)


def wait_for_both() -> None:
    for _ in range(120):
        if curl("/n", READER).startswith("200"):
            return
        time.sleep(0.5)
    sys.exit("the proxy or starflow did not come up")


def stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait(60)


if __name__ == "__main__":
    sys.exit(main())
