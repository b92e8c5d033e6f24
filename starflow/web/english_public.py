"""The English of what stands before everybody and of what belongs to a survey: notices, objections, evidence, slips."""

from collections.abc import Mapping

PUBLIC: Mapping[str, str] = {
    # objections
    "验证码不对,请核对后再填": "The code is wrong; please check it and type it again.",
    "验证码已过期({}分钟),请重新填写": "The code has expired ({} minutes); please fill in the form again.",
    "验证码错误次数过多,请重新填写": "The code was wrong too often; please fill in the form again.",
    "查看异议人须写明理由,查看会留下记录": "Say why you look at who objects; the look is recorded.",
    "请选择是对哪个党组织的异议": "Choose the organisation that the objection is about.",
    "没有经公示页提出、编号为{}的异议": "There is no objection {} made on the page of a notice.",
    "按本方案只受理实名的异议,请写姓名和能收到验证码的手机号或邮箱":
        "This scheme takes objections with a name only: give your name, and a mobile number or e-mail that can "
        "receive a code",
    "打分的人不能查看同一党组织的异议人": "Whoever scored an organisation cannot see who objects to it",
    "请写明事实:什么时间、什么事情、有什么依据(至少10个字)":
        "Tell the facts: when, what, on what grounds (at least 10 characters)",
    "事实最多{}字,更多的请放在附件里": "The facts take at most {} characters; put the rest into a file",
    "附件最多{}个": "At most {} files",
    "请写真实姓名,或选择匿名反映": "Give your real name, or object anonymously",
    "请写能收到验证码的手机号或邮箱": "Give a mobile number or e-mail that can receive a code",
    "内容里有不能保存的字符": "The text has characters that cannot be kept",
    "同一手机号或邮箱一天最多提{}件,请明天再来,或直接与公示上的联系人联系":
        "At most {} objections a day from the same number or mailbox; come back tomorrow, or get in touch with "
        "the contact on the notice.",
    "这份公示今天收到的异议太多,请明天再来,或直接与公示上的联系人联系":
        "This notice has had too many objections today; come back tomorrow, or get in touch with the contact on "
        "the notice.",
    "查询号或查询密码不对": "The number or the PIN is wrong.",
    "查询密码错误次数过多,请一小时后再查": "The PIN was wrong too often; please ask again in an hour.",
    "正在核实": "being looked into",
    "经核实不成立": "looked into, unfounded",
    "经核实成立,已退回重新考评": "looked into, founded: back to the review",
    "作为督导线索登记": "entered as a lead for supervision",
    "没有编号为{}的异议": "There is no objection {}.",
    "异议由方案指定的核实单位办理,您不是": "Objections are for the body that the scheme names, which you are not.",
    "附件合计超过{}MB,没有提交": "The files are more than {} MB together; nothing was sent.",
    # notices
    "请选择要公示的党组织": "Choose the organisations to publish.",
    "请填要公示的党组织编码": "Fill in the codes of the organisations to publish.",
    "请填张贴日期": "Fill in the day on which it was put up.",
    "更正须写明原因": "Say why it is corrected.",
    "没有改动": "Nothing was changed.",
    "所选党组织的公示单位、轮次或期限不同,请分开公示":
        "These organisations differ in who publishes, in round or in period; publish them apart",
    "公示期已满,不再更正": "The period is over; nothing is corrected any more",
    "任何人都可以{}提出,由{}在{}内核实;实名的告知结果。打分的人不参与核实,被反映的党组织不知道是谁提出的。":
        "Anybody may object {}; {} looks into it within {} and tells the outcome to whoever gave a name. Whoever "
        "scored takes no part, and the organisation does not learn who objected.",
    "任何人都可以{}提出,由{}核实;实名的告知结果。打分的人不参与核实,被反映的党组织不知道是谁提出的。":
        "Anybody may object {}; {} looks into it and tells the outcome to whoever gave a name. Whoever scored "
        "takes no part, and the organisation does not learn who objected.",
    "实名或匿名": "with a name or anonymously",
    "实名": "with a name",
    "在{}内": "within {}",
    "标题": "Title",
    "依据": "Basis",
    "范围": "Scope",
    "张贴地点": "Where it was put up",
    # surveys
    "{}本轮没有开启测评": "{} has opened no survey in this round.",
    "{}本轮已经开启过测评;要重来,先作废并写明原因":
        "{} has opened a survey in this round already; to begin again, void it first and say why",
    "{}现在的环节是“{}”,测评在自评报送以后进行": "{} stands at “{}”; the survey follows the self-evaluation",
    "本次测评用个人链接,没有可印的票证": "This survey uses personal links; there are no slips to print.",
    "延长后的截止时间须晚于原来的,并在{}天以内": "The new end must lie after the old one, and within {} days.",
    "抽签二维码没有名单,请在会场提醒": "Drawn slips have no list of names; remind people in the room.",
    "测评已经截止": "The survey has ended",
    "测评还没有截止,截止后由两名监票人核对": "The survey has not ended; two tellers agree on the count after the end",
    "收回空票{}张,而发出{}张、已投{}张,空票至多{}张:可能有空票被人投过。请查明;仍要照此登记的,须写明原因":
        "{} blank slips came back, but {} were issued and {} cast, so that at most {} can be blank: somebody may "
        "have cast one. Find out; to enter it as it is, say why",
    "已经开始投票,票证不能再印;丢失的票证作废,不补发":
        "Voting has begun; slips cannot be printed again, and a lost slip is not replaced",
    "测评只能延长一次": "A survey can be extended once only",
    "两名监票人已经核对过;结果不再更改,要重来须作废本次测评":
        "Two tellers have agreed on the count; the result stays, to begin again void this survey",
    "本组织只能在截止后参与率不足时作废重测;其他情形由上级党组织办理":
        "The organisation itself can void a survey only after the end and where the turnout was too low; "
        "otherwise its superior does",
    "方式只能是slips(抽签二维码)或links(个人链接)": "The way is slips (drawn) or links (personal)",
    "名册上{}的党员数是0,请先更正名册": "The roster has no members for {}; have it corrected first",
    "方案写明的测评方式没有网上测评(link),请用纸质票等方式测评后备案":
        "The scheme allows no survey online (link); survey on paper and file it",
    "群众票数不能小于0": "The slips of the masses cannot be less than 0",
    "群众票最多{}张": "At most {} slips for the masses",
    "截止时间已经过去": "The end lies in the past",
    "测评最长开放{}天": "A survey is open for {} days at most",
    "须有两名不同的监票人": "It takes two different tellers",
    "{}无法识别,应为不小于零的整数": "{} is no whole number of zero or more",
    "网上和纸质合计党员{}人,多于党员总数{}人:有人投了两次":
        "{} members online and on paper together, more than the {} there are: somebody has voted twice",
    "请先核对名册上的党员数,并勾选确认": "Check the number of members on the roster, and tick it.",
    "提前截止不能恢复:请勾选确认": "There is no way back from ending early: please tick it.",
    "“{}”应为不小于零的整数,不是“{}”": "“{}” is a whole number of zero or more, not “{}”.",
    "截止时间不在2000年至2200年之间": "The end is not between the years 2000 and 2200.",
    "没有“{}”这一步": "There is no step “{}”.",
    "没有这一步": "There is no such step.",
    "请填会议日期": "Fill in the date of the meeting.",
    "请填截止的日期和时间": "Fill in date and time of the end.",
    "名单第{}行应写成:姓名,电话或邮箱": "Line {} of the list should read: name,phone or e-mail",
    "{}(纸质票)": "{} (on paper)",
    "党员": "members",
    "本单位群众": "masses of the unit",
    "联系单位群众": "masses of related units",
    "党员已达到{}": "Members: {} reached",
    "党员未达到{},还差{}票": "Members: {} not reached, {} more needed",
    "党员已投{},已达到{}": "Members: {} have voted, {} reached",
    "党员已投{},未达到{},还差{}票": "Members: {} have voted, {} not reached, {} more needed",
    "不足{}票,不显示分项结果": "Fewer than {} ballots: nothing is shown by item",
    "两名监票人核对票数后显示结果": "The results are shown once two tellers have checked the count",
    "测评还在进行,截止前不显示任何结果": "The survey is still open; nothing is shown before the end",
    "不显示": "not shown",
    "还没有开展过创建活动": "No campaign has been opened yet.",
    # files
    "“{}”是空文件": "“{}” is an empty file",
    "“{}”超过{}MB,请压缩或拆成几个再传": "“{}” is more than {} MB; make it smaller or split it",
    "“{}”的内容不是可以接收的格式;只接收{}。旧版doc、xls请另存为docx、xlsx或PDF":
        "What “{}” holds is of no kind that is taken; only {}. Save old doc and xls files as docx, xlsx or PDF",
    "“{}”的内容是{},文件名却不是{};请改回原来的文件名":
        "“{}” holds {} but its name does not end in {}; please give it its own name back",
    "没有编号为{}的附件": "There is no file {}.",
    "佐证由本组织上传": "Evidence is uploaded by the organisation itself.",
    "材料已经报送上级,要补充请上级退回":
        "The papers are with the superior; to add something ask for them to be sent back.",
    "请选择佐证属于哪一项指标": "Choose the criterion that the evidence is for.",
    "请选择文件": "Choose a file.",
    "一个年度最多上传{}个文件": "At most {} files a year.",
}  # fmt: skip
