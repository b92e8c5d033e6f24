"""How the installation fares: what `doctor` reports besides the data themselves, and the figures of `/metrics`.

Every finding says what to do. A rehearsal is judged by its data alone: nothing of it is in earnest, and its clock is moved by hand.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from starflow import __version__
from starflow.service.desk import Desk
from storage import cycles, gauges, outbox, runs
from storage.database import Transaction

LATE_SWEEP = timedelta(minutes=10)
LATE_LETTER = timedelta(hours=1)
LATE_DAILY = timedelta(hours=26)
SKEW = timedelta(seconds=60)
LEAST_FREE, LEAST_FREE_BYTES = 0.1, 10 * 1024**3
"""A disk is full for us where less than a tenth and less than 10 GiB is free."""
DAILY = (("digest", "换届提醒"), ("anchor", "每日锚点"), ("invariants", "每日自检"))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the operator should look at, and what to do about it."""

    found: str
    remedy: str


def findings(desk: Desk, tx: Transaction) -> Iterator[Finding]:
    """Everything beside the data that needs a hand."""
    yield from _dead(tx)
    yield from _failed(tx)
    if desk.rehearsal:
        return
    yield from _clocks(tx, desk.wall.now())
    if cycles.open_campaigns(tx):
        yield from _sweeps(tx)
        yield from _timers(tx)
        yield from _letters(tx)
        yield from _daily(tx)
        yield from _backup(desk, tx)
    yield from _disks(desk)


def _dead(tx: Transaction) -> Iterator[Finding]:
    if dead := outbox.dead_letters(tx):
        yield Finding(f"有{len(dead)}封消息多次未能发出", "修好通道后运行 starflow notices --resend 重发")


def _failed(tx: Transaction) -> Iterator[Finding]:
    for run in runs.runs(tx):
        if run.error:
            yield Finding(f"定时任务{run.job}上次失败:{run.error}", "查看日志,修好后运行 starflow tick")


def _sweeps(tx: Transaction) -> Iterator[Finding]:
    run = runs.last_run(tx, runs.SWEEP)
    if run is None or run.last_at is None:
        yield Finding("定时任务从未运行", "请启动 starflow serve 或 starflow worker")
    elif tx.now - run.last_at > LATE_SWEEP:
        yield Finding(f"上次清点在{run.last_at:%Y-%m-%d %H:%M}", "请启动 starflow serve 或 starflow worker")


def _timers(tx: Transaction) -> Iterator[Finding]:
    late = gauges.late_timers(tx)
    if late.since is not None and tx.now - late.since > LATE_SWEEP:
        said = f"有{late.count}项到点还没有办(提醒、上报或环节变化),最早的已晚{_length(tx.now - late.since)}"
        yield Finding(said, "运行 starflow tick;若不见减少,查看日志里 sweep 的错误")


def _letters(tx: Transaction) -> Iterator[Finding]:
    late = gauges.late_letters(tx)
    if late.since is not None and tx.now - late.since > LATE_LETTER:
        said = f"有{late.count}封消息该发而没有发,最早的已等{_length(tx.now - late.since)}"
        yield Finding(said, "查看通道的设置和日志里 relay 的错误,再运行 starflow tick")


def _daily(tx: Transaction) -> Iterator[Finding]:
    opened = cycles.opened_since(tx)
    for job, title in DAILY:
        run = runs.last_run(tx, job)
        since = run.last_at if run and run.last_at else opened
        if since is not None and tx.now - since > LATE_DAILY:
            said = f"{title}({job})已有{_length(tx.now - since)}没有做成"
            yield Finding(said, "运行 starflow tick 看它说什么")


def _backup(desk: Desk, tx: Transaction) -> Iterator[Finding]:
    run = runs.last_run(tx, "backup")
    made = run.last_at if run and run.last_at and "已核对" in run.said else None
    since = made or cycles.opened_since(tx)
    if since is None or tx.now - since <= LATE_DAILY:
        return
    said = f"最近一次核对过的备份在{_length(tx.now - since)}以前" if made else "从来没有核对过的备份"
    how = "查看日志里 backup 的错误" if desk.settings.backups else "设置 STARFLOW_BACKUPS 让它每晚自己备份"
    yield Finding(said, f"现在就运行 starflow backup create --into 目录;{how}")


def _clocks(tx: Transaction, now: datetime) -> Iterator[Finding]:
    server, trace = gauges.database_clock(tx), gauges.latest_trace(tx)
    if server is not None and abs(server - now) > SKEW:
        yield Finding(f"本机与数据库服务器的时钟相差{_length(abs(server - now))}", "用 NTP 校准两台机器的时钟")
    if trace is not None and trace - now > SKEW:
        said = f"库里最新的记载比现在晚{_length(trace - now)}:这台或另一台机器的时钟不准"
        yield Finding(said, "用 NTP 校准各台机器的时钟;历史不会倒退,但期限会按错误的时间算")


def _disks(desk: Desk) -> Iterator[Finding]:
    for place in dict.fromkeys(_places(desk)):
        usage = shutil.disk_usage(place)
        if usage.free < LEAST_FREE * usage.total and usage.free < LEAST_FREE_BYTES:
            said = f"{place}所在的磁盘只剩{usage.free / 1024**3:.1f} GiB({usage.free * 100 // usage.total}%)"
            yield Finding(said, "清理磁盘或扩容;写满以后一切办理都会被拒绝")


def _places(desk: Desk) -> Iterator[Path]:
    """Where we write: the database's file, uploads, backups; those that exist."""
    address = urlsplit(desk.settings.database_url)
    file = Path(address.path[1:]).resolve().parent if address.scheme == "sqlite" else None
    yield from (p for p in (file, desk.settings.uploads, desk.settings.backups) if p is not None and p.is_dir())


def _length(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes}分钟"
    return f"{minutes // 60}小时" if minutes < 48 * 60 else f"{minutes // 60 // 24}天"


# ── figures ──────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Metric:
    """One family of Prometheus: its samples are (labels, value)."""

    name: str
    kind: str
    says: str
    samples: tuple[tuple[dict[str, str], float], ...]


def metrics(desk: Desk) -> tuple[Metric, ...]:
    """Everything a graph or an alarm needs, asked of the database: any process may be asked, each answers for all."""
    with desk.reading() as tx:
        letters = gauges.letters(tx)
        timers, post = gauges.late_timers(tx), gauges.late_letters(tx)
        done = runs.runs(tx)
        return (
            Metric("starflow_info", "gauge", "Version and kind of database", (({"version": __version__, "database": tx.dialect}, 1),)),
            _gauge("starflow_deadline_lag_seconds", "How long the oldest due timer has been waiting", timers.seconds(tx.now)),
            _gauge("starflow_late_timers", "Reminders, escalations and clock transitions that are due and not done", timers.count),
            _gauge("starflow_overdue_obligations", "Open obligations past their due", gauges.overdue(tx)),
            _gauge("starflow_message_lag_seconds", "How long the oldest message has been waiting", post.seconds(tx.now)),
            _gauge("starflow_dead_letters", "Messages given up", letters.get("dead", 0)),
            _gauge("starflow_unsure_letters", "Messages that may have arrived", letters.get("unsure", 0)),
            _labelled("starflow_messages", "Messages by status", "status", letters),
            _labelled("starflow_cycles", "Cycles by stage", "stage", gauges.cycles_by_stage(tx)),
            Metric("starflow_records_total", "counter", "Transitions recorded", (({}, gauges.records(tx)),)),
            Metric("starflow_job_last_success_timestamp_seconds", "gauge", "When each job last worked",
                   tuple(({"job": run.job}, run.last_at.timestamp()) for run in done if run.last_at)),
            Metric("starflow_job_failing", "gauge", "1 where a job's newest run failed",
                   tuple(({"job": run.job}, float(run.error is not None)) for run in done)),
        )  # fmt: skip


def _gauge(name: str, says: str, value: float) -> Metric:
    return Metric(name, "gauge", says, (({}, value),))


def _labelled(name: str, says: str, label: str, counted: dict[str, int]) -> Metric:
    return Metric(name, "gauge", says, tuple(({label: key}, count) for key, count in counted.items()))


def exposition(found: tuple[Metric, ...]) -> str:
    """The text format of Prometheus, version 0.0.4."""
    return "".join(f"{line}\n" for metric in found for line in _lines(metric))


def _lines(metric: Metric) -> Iterator[str]:
    yield f"# HELP {metric.name} {metric.says}"
    yield f"# TYPE {metric.name} {metric.kind}"
    for labels, value in metric.samples:
        shown = ",".join(f'{name}="{_quoted(text)}"' for name, text in labels.items())
        yield f"{metric.name}{{{shown}}} {value:.15g}" if labels else f"{metric.name} {value:.15g}"


def _quoted(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
