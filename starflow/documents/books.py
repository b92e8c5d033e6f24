"""The workbooks that are read besides the roster: which columns each has, and what may stand in them.

BOOKS is the list. A template is printed from it, a filled-in file is recognised by it, and `docs/spreadsheets.md` is printed from
it; so the three cannot differ. What a row means and does is the service's to say (`starflow.service.imports`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from starflow.documents.columns import COLUMNS, Column, Reading
from workflow.rating.scheme import Scheme
from workflow.rating.wording import EACH, EVENT_WORDS, EXTENSION_WORDS, LEVEL_WORDS

POSTS = (("head", "负责人"), ("leader", "分管领导"), ("department", "组织部"), ("committee", "工委会"))
YES_NO = (("yes", "是"), ("no", "否"))
SCORE_PREFIX = "score_"
ANSWER_PREFIX = "answer_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One kind of workbook: its name on the command line, its title, and its columns under a scheme."""

    name: str
    title: str
    title_en: str
    says: str
    columns: Callable[[Scheme], tuple[Column, ...]]
    example: dict[str, str] = field(default_factory=dict)


CODE = replace(COLUMNS[0], meaning="组织的编码,与名册一致")
NAME = Column(
    key="name",
    title="名称",
    title_en="Name",
    synonyms=("组织名称", "党组织名称", "单位名称"),
    meaning="只给人看,导入时不读",
)
SCORES = "一项一列,须全部填写;最多两位小数,不得超过满分"


def column(
    key: str,
    title: str,
    title_en: str,
    meaning: str,
    reading: Reading = Reading.TEXT,
    *,
    must: bool = False,
    choices: tuple[tuple[str, str], ...] = (),
    also: tuple[str, ...] = (),
) -> Column:
    return Column(
        key=key,
        title=title,
        title_en=title_en,
        meaning=meaning,
        reading=reading,
        required=must,
        may_be_blank=not must,
        choices=choices,
        synonyms=also,
    )


# ── the columns of each ──────────────────────────────────────────


def _people(scheme: Scheme) -> tuple[Column, ...]:
    return (
        CODE,
        NAME,
        column("role", "岗位", "Post", "哪个岗位", Reading.CHOICE, must=True, choices=POSTS, also=("职务", "角色")),
        column("person", "姓名", "Person", "任职人;填“空缺”表示免去现任、岗位空缺", must=True, also=("任职人",)),
        column("phone", "电话", "Phone", "联系电话", Reading.TOKEN, also=("手机", "联系电话")),
        column("email", "邮箱", "E-mail", "接收提醒的邮箱", Reading.TOKEN, also=("电子邮箱",)),
        column("from_on", "任职日期", "From", "不写则为今天", Reading.DATE),
    )


def _events(scheme: Scheme) -> tuple[Column, ...]:
    used = dict.fromkeys(code for item in (*scheme.bonus, *scheme.deduction) for code in item.events)
    levels = dict.fromkeys(level for item in (*scheme.bonus, *scheme.deduction) for level in item.points)
    kinds = tuple((code, EVENT_WORDS.get(code, code)) for code in used)
    ranks = tuple((level, LEVEL_WORDS.get(level, level)) for level in levels if level != EACH)
    return (
        CODE,
        NAME,
        column("event", "事项", "Event", "表彰、处分、缺席等", Reading.CHOICE, must=True, choices=kinds),
        column("level", "级别", "Level", "没有级别的事项留空", Reading.CHOICE, choices=ranks),
        column("on", "日期", "On", "发生日期", Reading.DATE, must=True, also=("发生日期",)),
        column("proof", "依据", "Proof", "文号、证书、通报、会议签到等", must=True, also=("证明材料",)),
        column("case", "所属案件", "Case", "同一案件写同样的字"),
        column(
            "confirmed",
            "已核实",
            "Confirmed",
            "填“是”即同时确认、从此计分;留空则等待确认",
            Reading.CHOICE,
            choices=YES_NO,
        ),
    )


def _elections(scheme: Scheme) -> tuple[Column, ...]:
    asked = tuple((key, word) for key, word in EXTENSION_WORDS.items() if key != "none")
    return (
        CODE,
        NAME,
        column("held_on", "换届日期", "Held on", "已经换届的日期", Reading.DATE),
        column(
            "due_on",
            "到期日",
            "Due on",
            "下一届的到期日;没有填换届日期时,是更正本届的到期日",
            Reading.DATE,
            also=("换届到期日", "届满日期"),
        ),
        column("extension", "请示情况", "Extension", "请示或答复;与前两列只填其一", Reading.CHOICE, choices=asked),
        column("on", "请示或答复日期", "On", "不写则为今天", Reading.DATE),
        column("reason", "说明", "Reason", "更正、请示和答复的理由", also=("理由", "备注")),
    )


def _declarations(scheme: Scheme) -> tuple[Column, ...]:
    return (
        CODE,
        NAME,
        column("head", "负责人", "Head", "申报的责任人", must=True, also=("书记",)),
        column("members_due", "应到党员数", "Members due", "测评的基数", Reading.WHOLE, must=True, also=("党员数",)),
        column("target_star", "目标星级", "Target star", "申报几星", Reading.WHOLE, must=True, also=("申报星级",)),
    )


def _scores(scheme: Scheme) -> tuple[Column, ...]:
    return tuple(
        Column(
            key=f"{SCORE_PREFIX}{one.code}",
            title=f"{one.code}.{one.title}",
            title_en=f"Criterion {one.code}",
            meaning=f"满分{one.max};{SCORES}",
            reading=Reading.SCORE,
            synonyms=(f"第{one.code}项", f"指标{one.code}"),
        )
        for one in scheme.criterion
    )


def _self_evaluations(scheme: Scheme) -> tuple[Column, ...]:
    return (
        CODE,
        NAME,
        column("on", "会议日期", "Meeting on", "领导班子会议的日期", Reading.DATE, must=True),
        column("attendees", "参会人员", "Attendees", "用顿号分开", must=True),
        column("minutes", "会议意见", "Minutes", "会议的结论", must=True),
        *_scores(scheme),
        column("star", "自评星级", "Star", "0至5", Reading.WHOLE, must=True),
    )


def _ballots(scheme: Scheme) -> tuple[Column, ...]:
    counts = (
        ("members_present", "到会党员数", "Members present", True),
        ("own_unit", "本单位群众数", "Own unit", False),
        ("related_unit", "相关单位人数", "Related units", False),
    )
    answers = tuple(
        column(f"{ANSWER_PREFIX}{one}", word, one.replace("_", " ").capitalize(), "票数", Reading.WHOLE, must=not place)
        for place, (one, word) in enumerate(scheme.survey.words.items())
    )
    return (
        CODE,
        NAME,
        column("on", "测评日期", "Held on", "测评会的日期", Reading.DATE, must=True),
        *(column(key, title, en, "人数", Reading.WHOLE, must=must) for key, title, en, must in counts),
        *answers,
        column("teller_1", "监票人甲", "First teller", "清点纸质票并签字的人", Reading.TEXT, must=True),
        column("teller_2", "监票人乙", "Second teller", "另一名清点的人,不能是同一人", Reading.TEXT, must=True),
    )


def _reviews(scheme: Scheme) -> tuple[Column, ...]:
    ways = tuple((way, way) for way in scheme.review.verification)
    return (
        CODE,
        NAME,
        *_scores(scheme),
        column("base", "总分", "Base", "不逐项评分时只填总分", Reading.SCORE),
        column("star", "拟定星级", "Star", "不得高于按方案算出的星级;较低时须写理由", Reading.WHOLE, must=True),
        column("verification", "核查方式", "Verification", "组织部考评时填写", Reading.CHOICE, choices=ways),
        column("reason", "理由", "Reason", "综合平时掌握情况等"),
    )


def _postings(scheme: Scheme) -> tuple[Column, ...]:
    return (
        CODE,
        NAME,
        column("on", "张贴日期", "Posted on", "公示贴出的日期", Reading.DATE, must=True, also=("公示日期",)),
        column("place", "张贴地点", "Place", "公示贴在哪里", must=True, also=("公示地点",)),
    )


BOOKS = (
    Book(
        name="people",
        title="人员与岗位",
        title_en="People and posts",
        columns=_people,
        says="任免负责人、分管领导、组织部和工委会的岗位",
        example={
            "role": "负责人",
            "person": "张伟",
            "phone": "13800000000",
            "email": "zhang@example.org",
            "from_on": "2027-01-04",
        },
    ),
    Book(
        name="events",
        title="加分扣分事项",
        title_en="Events",
        columns=_events,
        says="表彰、署名文章、创新、通报、处分、缺席的登记",
        example={"event": "表彰", "level": "市级", "on": "2027-03-08", "proof": "安发〔2027〕3号"},
    ),
    Book(
        name="elections",
        title="换届登记",
        title_en="Elections",
        columns=_elections,
        says="换届、更正到期日、请示和答复",
        example={"held_on": "2027-03-01", "due_on": "2030-03-01"},
    ),
    Book(
        name="declarations",
        title="申报表",
        title_en="Declarations",
        columns=_declarations,
        says="各党组织申报几星",
        example={"head": "张伟", "members_due": "21", "target_star": "4"},
    ),
    Book(
        name="self_evaluations",
        title="自评得分表",
        title_en="Self-evaluations",
        columns=_self_evaluations,
        says="各项自评得分与领导班子会议",
        example={"on": "2027-05-10", "attendees": "张伟、李娜", "minutes": "一致同意", "star": "4"},
    ),
    Book(
        name="ballots",
        title="纸质测评票汇总",
        title_en="Paper ballots",
        columns=_ballots,
        says="会上用纸票测评的计票结果",
        example={
            "on": "2027-05-12",
            "members_present": "18",
            "teller_1": "周敏",
            "teller_2": "吴涛",
            "own_unit": "6",
            "answer_satisfied": "22",
            "answer_basically_satisfied": "2",
        },
    ),
    Book(
        name="reviews",
        title="考评得分表",
        title_en="Reviews",
        columns=_reviews,
        says="上级的各项考评得分与拟定星级",
        example={"star": "4", "reason": "综合平时掌握情况"},
    ),
    Book(
        name="postings",
        title="公示张贴",
        title_en="Postings",
        columns=_postings,
        says="公示何时贴在哪里",
        example={"on": "2027-05-20", "place": "一楼公告栏"},
    ),
)
BOOK = {book.name: book for book in BOOKS}
