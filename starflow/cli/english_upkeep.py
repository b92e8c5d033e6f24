"""What the jobs of `tick` and the findings of `doctor` say, in English; figures, names and instants stay as they were."""

from collections.abc import Mapping
from functools import cache

from workflow.rating.english import CATALOGUE, Speaker

UPKEEP: Mapping[str, str] = {
    # jobs
    "推进{}个,{}级提醒到点,{}条通知合并为{}条消息": "{0} moved on, {1} rungs fell due, {2} notices merged into {3} messages",
    "发出{}条,待重试{}条,放弃{}条,不必再发{}条": "{0} sent, {1} to be tried again, {2} given up, {3} no longer needed",
    "发出{}条,待重试{}条,放弃{}条,不必再发{}条,不知是否送达{}条":
        "{0} sent, {1} to be tried again, {2} given up, {3} no longer needed, {4} may or may not have arrived",
    "发出链接{}条、验证码{}条,未能发出{}条": "{0} links and {1} codes sent, {2} could not be sent",
    "没有要推送的事件": "no events to push",
    "没有推送:{}": "nothing pushed: {0}",
    "推送{}件,待重试{}件,放弃{}件": "{0} pushed, {1} to be tried again, {2} given up",
    "重新计数{}个": "{0} counted anew",
    "换届提醒{}条": "{0} reminders of elections",
    "没有留下的痕迹": "no traces left",
    "没有留下的痕迹;清除未确认的异议{}件": "no traces left; {0} unconfirmed objections removed",
    "日志已截断": "log cut off",
    "日志已截断;清除未确认的异议{}件": "log cut off; {0} unconfirmed objections removed",
    "有人正在读,稍后再截断": "somebody is reading; the log is cut off later",
    "有人正在读,稍后再截断;清除未确认的异议{}件": "somebody is reading, the log is cut off later; {0} unconfirmed objections removed",
    "有测评在进行,稍后清扫": "a survey is running; swept later",
    "有测评在进行,稍后清扫;清除未确认的异议{}件": "a survey is running, swept later; {0} unconfirmed objections removed",
    "表正被占用,或有更早的事务还没有结束,稍后清扫": "the table is in use, or an older transaction has not ended; swept later",
    "表正被占用,或有更早的事务还没有结束,稍后清扫;清除未确认的异议{}件":
        "the table is in use or an older transaction has not ended, swept later; {0} unconfirmed objections removed",
    "已清扫{}次测评留下的旧行": "old rows of {0} surveys swept away",
    "已清扫{}次测评留下的旧行;清除未确认的异议{}件": "old rows of {0} surveys swept away; {1} unconfirmed objections removed",
    "清除无主附件{}个": "{0} files that belong to nothing removed",
    "锚点 {}:{}个周期,{}条记录": "anchor {0}: {1} cycles, {2} records",
    "锚点 {}:{}个周期,{}条记录,已另存为{}": "anchor {0}: {1} cycles, {2} records, laid down as {3}",
    "没有设置STARFLOW_BACKUPS,不备份": "STARFLOW_BACKUPS is not set: no backup",
    "演练不备份": "a rehearsal is not backed up",
    "备份{}:{}行,已核对": "backup {0}: {1} rows, compared",
    "各项不变量均成立": "all invariants hold",
    # findings and what to do
    "有{}封消息多次未能发出": "{0} messages could not be sent after many attempts",
    "修好通道后运行 starflow notices --resend 重发": "mend the channel, then run starflow notices --resend",
    "定时任务{}上次失败:{}": "job {0} failed last time: {1}",
    "查看日志,修好后运行 starflow tick": "look at the log, mend it, then run starflow tick",
    "定时任务从未运行": "the jobs have never run",
    "请启动 starflow serve 或 starflow worker": "start starflow serve or starflow worker",
    "上次清点在{}": "the last sweep was at {0}",
    "有{}项到点还没有办(提醒、上报或环节变化),最早的已晚{}":
        "{0} things are due and not done (reminders, escalations or changes of stage), the oldest {1} late",
    "运行 starflow tick;若不见减少,查看日志里 sweep 的错误": "run starflow tick; if they do not become fewer, look in the log for errors of sweep",
    "有{}封消息该发而没有发,最早的已等{}": "{0} messages should have been sent and were not, the oldest has waited {1}",
    "查看通道的设置和日志里 relay 的错误,再运行 starflow tick":
        "look at the settings of the channels and in the log for errors of relay, then run starflow tick",
    "换届提醒(digest)已有{}没有做成": "reminders of elections (digest) have not worked for {0}",
    "每日锚点(anchor)已有{}没有做成": "the daily anchor (anchor) has not worked for {0}",
    "每日自检(invariants)已有{}没有做成": "the daily self-check (invariants) has not worked for {0}",
    "运行 starflow tick 看它说什么": "run starflow tick and see what it says",
    "最近一次核对过的备份在{}以前": "the last backup that was compared is {0} old",
    "从来没有核对过的备份": "there has never been a backup that was compared",
    "现在就运行 starflow backup create --into 目录;查看日志里 backup 的错误":
        "run starflow backup create --into FOLDER now; look in the log for errors of backup",
    "现在就运行 starflow backup create --into 目录;设置 STARFLOW_BACKUPS 让它每晚自己备份":
        "run starflow backup create --into FOLDER now; set STARFLOW_BACKUPS so that it is done every night",
    "本机与数据库服务器的时钟相差{}": "the clocks of this machine and of the database server differ by {0}",
    "用 NTP 校准两台机器的时钟": "set both clocks by NTP",
    "库里最新的记载比现在晚{}:这台或另一台机器的时钟不准":
        "the newest trace in the database is {0} later than now: the clock of this or another machine is wrong",
    "用 NTP 校准各台机器的时钟;历史不会倒退,但期限会按错误的时间算":
        "set all clocks by NTP; history does not go back, but deadlines are reckoned by the wrong time",
    "{}所在的磁盘只剩{} GiB({}%)": "the disk of {0} has only {1} GiB left ({2}%)",
    "清理磁盘或扩容;写满以后一切办理都会被拒绝": "make room on the disk; once it is full, every act is refused",
    "请保留现场,用 starflow verify 核对历史,并与备份比较":
        "leave everything as it is, check the history with starflow verify, and compare it with a backup",
    "停机 {}–{};{}项到点:推进{}个,{}个提醒合并为{}条消息":
        "down {0}–{1}; {2} fell due: {3} moved on, {4} reminders merged into {5} messages",
    "{}分钟": "{0} min",
    "{}小时": "{0} h",
    "{}天": "{0} d",
}  # fmt: skip


@cache
def _speaker() -> Speaker:
    return Speaker({**CATALOGUE, **UPKEEP})


def upkeep_in_english(said: str) -> str:
    """What a job or a finding says, in English as far as the catalogue reaches: an error keeps its own words."""
    return _speaker().say(said)
