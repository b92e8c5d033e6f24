"""The English of the commands on notices and objections; `english` joins it to the rest."""

from collections.abc import Mapping

PUBLICITY: Mapping[str, str] = {
    "公示:张贴、更正、正在公示的": "public notices: post, correct, list",
    "异议:查看异议人(留有记录)": "objections: who objected (each look is logged)",
    "张贴公示:几个党组织合为一份": "post a notice: several organisations as one",
    "正在公示的名单": "the notices that hang now",
    "更正公示:另成一版,原文加删除线": "correct a notice: another version, the former struck through",
    "查看是谁提出的异议;只限办理人,每看一次都有记录": "who objected: for the handler alone, each look is logged",
    "要公示的党组织": "the organisations",
    "张贴日期": "day of posting",
    "张贴地点": "place of posting",
    "依据;不写则引方案原文": "basis (default: the scheme's words)",
    "联系方式": "whom to contact",
    "以什么身份;不写则为 department": "in which role (default: department)",
    "公示的代码,即网址 /n/ 之后的部分": "the notice's code: what follows /n/ in its address",
    "异议的编号": "number of the objection",
    "更正张贴地点": "corrected place",
    "更正依据": "corrected basis",
    "更正联系方式": "corrected contact",
    "已公示:/n/{slug},{first}至{last}": "posted: /n/{slug}, {first} to {last}",
    "代码": "code",
    "标题": "title",
    "公示单位": "publisher",
    "最后一天": "last day",
    "现在没有正在公示的名单": "no notice hangs now",
    "已更正为第{n}版,原文加删除线保留": "version {n}; the former text stays, struck through",
    "匿名": "anonymous",
    "本次查看已记录,累计{n}次": "this look has been written down; {n} so far",
}
