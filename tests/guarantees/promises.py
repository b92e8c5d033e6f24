"""The list: what we promise, in the words of the README, and which test proves it."""

from tests.guarantees import (
    anchors,
    corpus,
    crash,
    fuzz,
    hands,
    history,
    interleaved,
    modelled,
    moves,
    scoring,
    timing,
    upkeep_trials,
    urns,
    watch,
    year,
)
from tests.guarantees.trial import Guarantee

SQLITE, POSTGRESQL = ("sqlite",), ("postgresql",)

GUARANTEES = (
    Guarantee("G1", "确认过的流转不丢、不重、不残缺(进程被强行杀死)", "kill -9: nothing acknowledged is lost, doubled or half done",
              crash.kills, "two_tx", 80),
    Guarantee("G2", "任何一条语句失败,要么全有要么全无", "a fault at any statement leaves all or nothing", crash.every_statement, "two_tx", 40),
    Guarantee("G3", "断电不丢已确认的(SQLite)", "a power cut loses nothing acknowledged", crash.power_cut, "not_synchronous", 25, SQLITE),
    Guarantee("G9", "数据库中途倒下:重试不丢不重", "the database falls over: retries neither lose nor double", crash.restarts, "asynchronous_commit", 60,
              POSTGRESQL),
    Guarantee("G9b", "同一件事提交多次,只办一次", "the same ask many times is done once", crash.idempotent, "no_key", 20),
    Guarantee("G4", "每级提醒恰好生效一次,不论几个进程、怎么崩溃", "each reminder takes effect exactly once, whatever crashes", timing.once,
              "key_not_passed_on", 70),
    Guarantee("G5", "停机多久都能补上,提醒合并成每人一条", "after any downtime all is caught up, one message a person", timing.catching_up,
              "misfire_grace", 40),
    Guarantee("G6", "时钟跳动无害", "clock jumps do no harm", timing.jumping, "wall_clock", 15),
    Guarantee("G7", "日期在任何服务器上都一样", "dates are the same on every machine", timing.calendars, "machine_zone", 10, SQLITE),
    Guarantee("G8", "两人同时办同一件事:一人办成,另一人被告知", "two at once: one wins, the other is told who", hands.one_wins, "no_version", 30),
    Guarantee("G10", "两人同时办事,从不看见数据库的冲突", "conflicts of the database are retried, nobody sees them", interleaved.permuted,
              "no_retry", 120, POSTGRESQL),
    Guarantee("G11", "名额不会被同时批准突破", "a quota is not slipped past by approving at once", hands.quota_holds, "no_lock", 60,
              control_on=POSTGRESQL),
    Guarantee("G12", "忙时不会说“数据库被锁”(SQLite)", "a busy SQLite never says it is locked", hands.never_locked, "deferred", 40, SQLITE),
    Guarantee("G13", "磁盘写满:拒绝并说明,已确认的都在", "a full disk: a clean no, nothing acknowledged is lost", hands.disk_full, "acked_before", 20,
              SQLITE),
    Guarantee("G16", "历史的任何改动都查得出(两个独立的校验程序)", "any tampering with the history is found, by two verifiers", history.tampering,
              "no_anchor", 60),
    Guarantee("G17", "链头天天离开数据库:凭一封信、一张公示、一个文件或一次推送,都查得出以前的改动",
              "the head leaves the database every day; any one who kept it finds what was altered before", anchors.leaves, "head_unread", 40),
    Guarantee("G14", "程序与它的小模型处处一致", "the workflow equals its model", modelled.equal, "mutants", 90, control_on=SQLITE),
    Guarantee("G15", "一整年里处处出故障,结果与无故障的一年逐条相同", "a year of faults ends with the very history of a year without", year.survives,
              "each_bug", 800, SQLITE),
    Guarantee("G19", "边写边备份,每份都恢复过一遍", "a backup under load was restored once before it is believed", upkeep_trials.under_load,
              "live_file", 60, control_on=SQLITE),
    Guarantee("G18", "任何人都能由公开的记录重算得分", "anybody can score again from the published record", scoring.scored_again,
              "float_arithmetic", 40, SQLITE),
    Guarantee("G20", "升级不丢数据,版本不符就拒绝启动", "an upgrade keeps every row; a foreign version is refused", moves.upgraded, "loses_a_column", 40),
    Guarantee("G21", "从 SQLite 搬到 PostgreSQL 一行不差", "a move to PostgreSQL loses nothing", upkeep_trials.moving, "drops_a_column", 30, SQLITE),
    Guarantee("G22", "任何导入文件都不会弄坏系统,也不会只导入一半", "no import file breaks anything or is taken in by halves", corpus.imports,
              "no_child", 60, SQLITE),
    Guarantee("G23", "选票:一张票一次,计入的就是投下的,结束就是结束", "ballots: one a slip, counted as cast, closed at once",
              urns.counted, "checked_outside", 60),
    Guarantee("F1", "接口怎么乱试都不出错,回答都与文档相符", "the API withstands anything and answers as documented", fuzz.asked_anything,
              "breaks_on_a_read", 150, SQLITE),
    Guarantee("G25", "轮流重启,请求不断", "a rolling restart breaks no request", upkeep_trials.restarting, "killed", 60, POSTGRESQL),
    Guarantee("G26", "有什么卡住了,运维都会被告知", "whatever is stuck is said", watch.told, "blind_doctor", 40),
)  # fmt: skip

NOT_CLAIMED: tuple[tuple[str, str], ...] = (
    ("G24 过载时依次让路", "没有做"),
    ("谁拿到数据库又知道规则", "把一条明细照“到期销毁”的样子抹去,校验程序看不出是不是到期;幂等键和行号不在哈希之内"),
    ("换了正在运行的程序的人", "防不住;锚点不到一天的部分还没有离开数据库"),
)

SMALLER: tuple[tuple[str, str], ...] = (
    (
        "G1、G9",
        "原想5000次和5万次确认;这里每一轮都是一个真的进程,从打开数据库起,经过唯一的门办真的动作,所以确认数少;轮数取半小时以内",
    ),
    ("G4", "原想3000个键;提醒按人合并,发出去的是几十封信,数的是级数和信"),
    ("G10", "full 每隔4条语句交错一次,不是每一条:每种次序要从模板复制一个数据库;起点由种子定,换种子就换语句"),
    ("G11、G8、G9b", "原想40人同时、200轮;这里每轮8到10个同时,轮数少,查出改坏的版本只要1到3轮"),
    ("G14", "随机走600路×100步,不是5000路;程序表的变异不是30个,是想得出的全部,个个查出"),
    (
        "G15",
        "full 2个种子×257个组织,不是1000个:257个组织的一年,有无故障各一遍,要一个核两三分钟",
    ),
    ("G16、G17", "逐行逐列逐种都试,历史取20来条:多一条,要核对的篡改就多20来处,道理不变"),
    ("G18", "3万份评分表(原想1万次考评),另加演练一年导出的考评"),
    ("G19、G20", "16份备份(原想50份);升级在一千次办理以后试,不是一百万行;大库的恢复和升级时间由 benchmarks 量"),
    ("G23", "40次测评、每次34人,不是一次500人:逐票加锁与人数无关,崩溃与截止的次序才要多试"),
    ("F1", "full 4000个请求,不是1万个:接口和身份的组合已经逐个试到"),
)
"""Where a run before a release is smaller than once intended, and why: the whole of it has to come to its end on two cores within an hour."""
