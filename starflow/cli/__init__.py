"""The command line: COMMANDS is the whole of it, and `main` is the program `starflow`.

A command is a function from its arguments to a `Result`; it imports what it needs when it runs, so that `--help` is quick.
"""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from starflow import __version__
from starflow.cli import (
    accounts,
    backups,
    campaigns,
    cycle,
    dates,
    draws,
    install,
    lists,
    matters,
    meetings,
    orgs,
    paper,
    play,
    publicity,
    rating,
    registers,
    scheme_moves,
    scheme_trial,
    schemes,
    serve,
    sheets,
    surveys,
    telling,
    upkeep,
)
from starflow.cli.door import Door, log_to_stderr
from starflow.cli.help import help_text, print_help
from starflow.cli.output import Result


@dataclass(frozen=True, slots=True)
class Command:
    """`name` as it is typed, in one word or two; the section is its heading in the help."""

    section: str
    name: str
    run: Callable[..., Any]
    help: str


BEGIN, PREPARE, LOOK, ACT, UPKEEP = "开始", "准备", "看", "办", "维护"

COMMANDS = (
    Command(BEGIN, "init", install.init, "建数据库:正式的,或演练用的"),
    Command(BEGIN, "demo", play.demo, "一座虚构的城市,演到6月16日:先看看它能做什么"),
    Command(BEGIN, "rehearse", play.rehearse, "用真实名册把一整年演一遍"),
    Command(BEGIN, "serve", serve.serve, "网页和接口,连同定时任务;按 Ctrl-C 结束"),
    Command(BEGIN, "worker", serve.worker, "只跑定时任务;按 Ctrl-C 结束"),
    Command(BEGIN, "tick", install.tick, "各项定时任务各做一次,说明做了什么"),
    Command(BEGIN, "clock show", install.clock_show, "现在几点:系统时间,或演练的时钟"),
    Command(BEGIN, "clock move", install.clock_move, "演练:把时钟往前拨,途中到期的事依次发生"),
    Command(PREPARE, "scheme list", schemes.list_, "随附的和本库采用过的方案"),
    Command(PREPARE, "scheme show", schemes.show, "用平常的话说明一份方案"),
    Command(PREPARE, "scheme check", schemes.check, "检查方案,列出全部错误及其行号"),
    Command(PREPARE, "scheme calendar", schemes.calendar, "方案在某一年的全部日期,以及是怎么算的"),
    Command(PREPARE, "scheme schema", schemes.schema, "方案文件的JSON Schema,编辑器可据此补全和检查"),
    Command(PREPARE, "scheme try", scheme_trial.try_, "拿一个年度的分数试算:谁的星级会变、为什么,名额和名额线"),
    Command(PREPARE, "scheme diff", scheme_moves.diff, "两份方案有什么不同,用平常的话说"),
    Command(PREPARE, "scheme adopt", scheme_moves.adopt, "把方案收进数据库,以后不靠文件"),
    Command(PREPARE, "scheme migrate", scheme_moves.migrate, "在办的年度更换方案:先用 --dry-run 看,再写明理由办"),
    Command(PREPARE, "procedure", schemes.procedure, "打印办理程序表"),
    Command(PREPARE, "org import", orgs.import_, "导入名册:要么全部,要么一行也不写"),
    Command(PREPARE, "org tree", orgs.tree, "组织树"),
    Command(PREPARE, "org template", orgs.template, "一张可填的名册,带下拉选项和填写说明"),
    Command(PREPARE, "org export", orgs.export, "导出名册"),
    Command(PREPARE, "campaign open", campaigns.open_, "开展某一年度:按今天的名册,每个党组织一份"),
    Command(PREPARE, "campaign add", campaigns.add, "把后来成立的党组织加入本年度"),
    Command(PREPARE, "campaign reroute", campaigns.reroute, "年度中途改由现在的上级考评"),
    Command(PREPARE, "campaign show", campaigns.show, "年度、方案和各环节家数"),
    Command(LOOK, "stuck", lists.stuck, "谁卡住了:在哪个环节、缺什么、该谁办、何时自动上报"),
    Command(LOOK, "cycles", lists.cycles, "各党组织办到哪一步"),
    Command(LOOK, "obligations", lists.obligations, "全部待办,含整改、方案等事项"),
    Command(LOOK, "due", lists.due, "今后若干天内到期的"),
    Command(LOOK, "notices", lists.notices, "提醒、催办和通知的记录"),
    Command(LOOK, "stars", lists.stars, "现在或某一天有效的星级"),
    Command(LOOK, "quota", lists.quota, "五星级等名额:已用、拟定、还剩、并列"),
    Command(LOOK, "why", cycle.why, "为什么停在这里:期限怎么算的、可以办什么、还缺什么"),
    Command(LOOK, "history", cycle.history, "一个党组织本年度的全部流转记录"),
    Command(ACT, "fire", cycle.fire, "办理一个动作:申报、报送、考评、批准……"),
    Command(ACT, "extend", dates.extend, "延期:本轮的截止不早于某一天"),
    Command(ACT, "hold", dates.hold, "暂停计时,不再提醒"),
    Command(ACT, "release", dates.release, "恢复计时,暂停的天数补回"),
    Command(ACT, "nudge", dates.nudge, "立即催办卡住的;筛选与 stuck 相同"),
    Command(ACT, "meeting open", meetings.open_, "登记工委会的一次会议"),
    Command(ACT, "meeting list", meetings.list_, "各次会议,以及待批准的名单、排名和名额线"),
    Command(ACT, "meeting approve", meetings.approve, "批准名单上的全部或几家,可以除外"),
    Command(ACT, "meeting reject", meetings.reject, "不予批准,退回重新考评"),
    Command(ACT, "meeting excess", meetings.excess, "记录一次超出名额的决定"),
    Command(ACT, "meeting close", meetings.close, "闭会,留下的等下一次"),
    Command(ACT, "draw commit", draws.commit, "同分抽签:事先公布承诺值"),
    Command(ACT, "draw tell", draws.tell, "同分抽签:公布种子,从此有了结果"),
    Command(ACT, "draw list", draws.list_, "各次抽签的承诺值和种子"),
    Command(ACT, "matter list", matters.list_, "在办的事项,连同已办结的加 --closed"),
    Command(ACT, "matter show", matters.show, "一件事项:内容、经过、可以办什么"),
    Command(ACT, "matter open", matters.open_, "立一件事项"),
    Command(ACT, "matter act", matters.act, "办理一件事项的一步"),
    Command(ACT, "survey open", surveys.open_, "开启党员群众测评:抽签二维码,或个人链接"),
    Command(ACT, "survey slips", surveys.slips, "生成可打印的票证,每页12张;重印则前一批作废"),
    Command(ACT, "survey show", surveys.show, "参与情况(每5分钟更新一次),没有名单,没有结果"),
    Command(ACT, "survey extend", surveys.extend, "延长一次截止时间"),
    Command(ACT, "survey remind", surveys.remind, "个人链接:提醒未投人员"),
    Command(ACT, "survey close", surveys.close, "提前截止,结果从此冻结"),
    Command(ACT, "survey count", surveys.count, "两名监票人核对票数,登记收回的空票和纸质票"),
    Command(ACT, "survey void", surveys.void, "作废测评并销毁答案,以便补测"),
    Command(ACT, "survey results", surveys.results, "截止后的结果;不足5票的不显示分项"),
    Command(ACT, "survey seal", surveys.seal, "批准以后打开测评合计的校验值,与流转记录和选票核对"),
    Command(ACT, "notice post", publicity.post, "张贴公示:几个党组织合为一份"),
    Command(ACT, "notice list", publicity.list_, "正在公示的名单"),
    Command(ACT, "notice correct", publicity.correct, "更正公示:另成一版,原文加删除线"),
    Command(ACT, "objection objector", publicity.objector, "查看是谁提出的异议;只限办理人,每看一次都有记录"),
    Command(ACT, "event list", registers.event_list, "表彰、处分、缺席等事项的登记"),
    Command(ACT, "event add", registers.event_add, "登记一个事项"),
    Command(ACT, "event confirm", registers.event_confirm, "确认事项,从此计分;或核减其级别"),
    Command(ACT, "event withdraw", registers.event_withdraw, "撤销事项"),
    Command(ACT, "election list", registers.election_list, "换届登记:何时到期,有无请示"),
    Command(ACT, "election set", registers.election_set, "登记换届、更正到期日、请示或答复"),
    Command(ACT, "slip issue", paper.slip_issue, "签发督办单:蓝、黄或红"),
    Command(ACT, "slip list", paper.slip_list, "督办单:签收、反馈和办结的情况"),
    Command(ACT, "slip receive", paper.slip_receive, "签收督办单"),
    Command(ACT, "slip reply", paper.slip_reply, "反馈督办单"),
    Command(ACT, "slip close", paper.slip_close, "办结督办单"),
    Command(ACT, "document", paper.document, "文书:公示、督办单、会议纪要、审批名单、证书、台账、年度总结"),
    Command(ACT, "pack", paper.pack, "证据包:一个党组织的全部记录和核验程序"),
    Command(ACT, "certificate key", paper.certificate_key, "生成证书的签名密钥"),
    Command(ACT, "certificate check", paper.certificate_check, "离线核验一张证书"),
    Command(ACT, "message preview", telling.preview, "看一条消息会是什么样,不发出"),
    Command(ACT, "message log", telling.log, "每一次发送的记录:发没发出,对方说了什么"),
    Command(ACT, "message suppress", telling.suppress, "不再发出一条待发的提醒,写明理由"),
    Command(ACT, "message resend", telling.resend, "重发一条发不出的或不知是否送达的消息"),
    Command(ACT, "message prefer", telling.prefer, "一个人愿意怎样被通知:每日一信、退订知会、语言"),
    Command(ACT, "feed issue", telling.feed_issue, "发一个日历订阅地址:一个人的,或一个范围的"),
    Command(ACT, "feed list", telling.feed_list, "日历订阅"),
    Command(ACT, "feed revoke", telling.feed_revoke, "停用一个日历订阅"),
    Command(ACT, "feed write", telling.feed_write, "把日历写成文件"),
    Command(UPKEEP, "hook add", telling.hook_add, "登记一个接收方:每次流转都推送给它"),
    Command(UPKEEP, "hook list", telling.hook_list, "接收方,以及推送到哪里了"),
    Command(UPKEEP, "hook log", telling.hook_log, "推送给一个接收方的记录"),
    Command(UPKEEP, "hook replay", telling.hook_replay, "从一个游标起重推"),
    Command(UPKEEP, "hook revoke", telling.hook_revoke, "停用一个接收方"),
    Command(UPKEEP, "client", telling.client, "打印本版本接口的Python客户端"),
    Command(ACT, "sheet export", sheets.export, "把一个清单写成表格,筛选和时间写在表头"),
    Command(ACT, "sheet template", sheets.template, "一张可填的模板,带下拉选项和填写说明"),
    Command(ACT, "sheet import", sheets.import_, "导入填好的表格:要么全部,要么一行也不写"),
    Command(ACT, "sheet list", sheets.list_, "导入过的表格"),
    Command(ACT, "sheet undo", sheets.undo, "撤销一次导入,整个撤销"),
    Command(ACT, "rate", rating.rate, "计算评定案例,并与预期核对"),
    Command(UPKEEP, "verify", upkeep.verify, "校验全部流转记录没有被改动"),
    Command(UPKEEP, "anchor", upkeep.anchor, "取今天的锚点,存到数据库以外"),
    Command(UPKEEP, "doctor", upkeep.doctor, "体检:哪里不对,该怎么办"),
    Command(UPKEEP, "retain", upkeep.retain, "按保存期限销毁个人信息"),
    Command(UPKEEP, "backup create", backups.create, "备份:照常办理时也可以做,做完即恢复一遍来核对"),
    Command(UPKEEP, "backup verify", backups.verify, "核对一份备份能不能恢复"),
    Command(UPKEEP, "backup restore", backups.restore, "把备份恢复到一个空的数据库"),
    Command(UPKEEP, "db copy", backups.copy, "把整个数据库复制到另一个,例如从 SQLite 到 PostgreSQL"),
    Command(UPKEEP, "db upgrade", install.db_upgrade, "把数据库升到本版本"),
    Command(UPKEEP, "token issue", upkeep.token_issue, "发一个接口令牌"),
    Command(UPKEEP, "token list", accounts.token_list, "发出过的接口令牌"),
    Command(UPKEEP, "token revoke", accounts.token_revoke, "吊销一个接口令牌,立即生效"),
    Command(UPKEEP, "account invite", accounts.invite, "给一个人开账号:打印一次性的激活链接"),
    Command(UPKEEP, "account list", accounts.list_, "账号、职务、最近登录"),
    Command(UPKEEP, "account reset", accounts.reset, "打印重设密码的一次性链接"),
    Command(UPKEEP, "account disable", accounts.disable, "停用账号,立即退出它的全部登录"),
    Command(UPKEEP, "account enable", accounts.enable, "恢复停用的账号"),
    Command(UPKEEP, "account sessions", accounts.sessions, "正在登录的浏览器"),
    Command(UPKEEP, "account sign-out", accounts.sign_out, "退出一个账号的全部登录"),
    Command(UPKEEP, "account log", accounts.log, "登录、授权等的记录"),
    Command(UPKEEP, "role grant", accounts.grant, "授予名册岗位以外的职务;须另一位管理员复核"),
    Command(UPKEEP, "role confirm", accounts.confirm, "复核一项授予"),
    Command(UPKEEP, "role list", accounts.roles, "授予过的职务"),
    Command(UPKEEP, "role revoke", accounts.revoke, "收回一项授予"),
)

PURPOSE = "争星:基层党组织星级创建的全年办理"
GROUPS: Mapping[str, str] = {
    "draw": "同分抽签:承诺值和种子",
    "clock": "时钟:看,或在演练时拨动",
    "scheme": "方案:列出、说明、检查、日历、试算、比较、迁移",
    "org": "组织与名册:导入、导出、组织树",
    "campaign": "年度创建活动:开展、增补、查看",
    "meeting": "工委会会议:登记、名单、批准、退回、闭会",
    "matter": "环节以外的事项:方案、台账、整改、授牌等",
    "notice": "公示:张贴、更正、正在公示的",
    "objection": "异议:查看异议人(留有记录)",
    "survey": "党员群众测评:开启、印票证、截止、核对、结果",
    "event": "加分扣分的事项:表彰、文章、通报、处分、缺席",
    "election": "换届登记",
    "message": "消息:预览、记录、抑制、个人偏好",
    "feed": "日历订阅",
    "hook": "对外推送:别的系统接收每次流转",
    "slip": "督办单:签发、签收、反馈、办结",
    "certificate": "星级证书的密钥和核验",
    "sheet": "电子表格:清单导出、模板、导入、撤销导入",
    "backup": "备份:做、核对、恢复",
    "db": "数据库:复制、升级",
    "token": "接口令牌",
    "account": "账号:邀请、停用、登录",
    "role": "职务:授予、复核、收回",
}

JSON = Annotated[bool, typer.Option("--json", help="在标准输出写一个JSON对象")]
Lang = Annotated[str, typer.Option("--lang", metavar="zh|en", help="语言")]
Help = Annotated[bool, typer.Option("--help", is_eager=True, callback=print_help, help="显示这份说明")]
Version = Annotated[bool, typer.Option("--version", help="显示版本")]


def root(
    context: typer.Context, as_json: JSON = False, lang: Lang = "zh", help: Help = False, version: Version = False
) -> Result | None:
    """What `starflow` says alone; --json and --lang are read by the door, for every command."""
    if context.invoked_subcommand is not None:
        return None
    if version:
        return Result({"version": __version__}, (f"starflow {__version__}",))
    text = help_text(context.command, context.command_path)
    return Result({"help": text}, (text,))


def _app(commands: Iterable[Command] = COMMANDS) -> typer.Typer:
    """Typer's tree of commands; a group stands where its first command does."""
    app = typer.Typer(name="starflow", cls=Door, help=PURPOSE)
    app.callback(invoke_without_command=True, help=PURPOSE)(root)
    groups: dict[str, typer.Typer] = {}
    for command in commands:
        group, _, name = command.name.rpartition(" ")
        if group and group not in groups:
            groups[group] = typer.Typer(name=group, help=GROUPS[group])
            app.add_typer(groups[group], rich_help_panel=command.section)
        where = groups[group] if group else app
        where.command(name, help=command.help, rich_help_panel=None if group else command.section)(command.run)
    return app


app = _app()


def meant(said: Sequence[str], environment: Mapping[str, str]) -> tuple[Command, ...]:
    """The commands that begin with a word that was typed; all of them where none does, and for a shell that completes.

    Building all takes longer than most of them run.
    """
    first = {command.name.partition(" ")[0] for command in COMMANDS} & set(said)
    if not first or any(name.endswith("_COMPLETE") for name in environment):
        return COMMANDS
    return tuple(command for command in COMMANDS if command.name.partition(" ")[0] in first)


def main() -> None:
    log_to_stderr()
    _app(meant(sys.argv[1:], os.environ))()
