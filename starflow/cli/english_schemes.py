"""The English of what the scheme tools say on the command line; `english.py` joins it to the rest."""

from collections.abc import Mapping

SCHEMES: Mapping[str, str] = {
    "方案:列出、说明、检查、日历、试算、比较、迁移": "schemes: list, explain, check, calendar, try, compare, migrate",
    "方案文件的JSON Schema,编辑器可据此补全和检查": "JSON Schema of scheme files, for editors to complete and check",
    "✔ 方案可以演练;原文没有写明的{n}处,正式开展前须逐项决定:":
        "✔ It can be rehearsed; the source is silent at {n} places, each to be decided before a live year:",
    "  {place}:演练时暂用 {assumed}": "  {place}: rehearsals use {assumed}",
    # the year's messages
    "放假:{days}": "Days off: {days}",
    "调休上班:{days}": "Worked instead: {days}",
    "、": ", ",
    "到时还没有办完的,将送出:": "To whoever has not finished by then:",
    "人数": "people",
    # trials
    "拿一个年度的分数试算:谁的星级会变、为什么,名额和名额线": "try it on a year's scores: who would change star and why, quotas and cut line",
    "拿哪一年度的分数试;不写则为最近的": "whose scores (default: the newest year)",
    "假如这一处是另一个值,例如 level.5.min=85;可以写几次": "what if this were another value, such as level.5.min=85; may be repeated",
    "{scheme}:拿{year}年度{rated}家的分数试算,{changed}家的星级会变": "{scheme} on the scores of {rated} organisations in {year}: {changed} would change star",
    ";另有{n}家没有考评分": "; {n} have no score",
    "原来": "before",
    "试算": "tried",
    "{title}:{count}家,{op}{limit}家(参评{base}家)": "{title}: {count}, {op} {limit} (of {base})",
    ",超出{n}家": ", {n} too many",
    ",还差{n}家": ", {n} missing",
    ";名额线:{inside} | {outside}": "; cut line: {inside} | {outside}",
    "至多": "at most",
    "算不出": "not to be rated",
    "至少": "at least",
    "约": "about",
    # adopting, migrating
    "把方案收进数据库,以后不靠文件": "keep a scheme in the database, without its file from then on",
    "在办的年度更换方案:先用 --dry-run 看,再写明理由办": "move a running year to another scheme: look with --dry-run, then do it with a reason",
    "理由;--dry-run 时不必写": "reason; not wanted with --dry-run",
    "环节改了名称的:旧名称=新名称;可以写几次": "a stage that has another name: OLD=NEW; may be repeated",
    "已采用 {title}({name},{hash})": "Adopted {title} ({name}, {hash})",
    "更换方案": "migrating",
    "{year}年度:{before} → {after}": "Year {year}: {before} → {after}",
    "不动": "stays",
    "改截止日": "due dates that move",
    "✘ {title}:{n}家不能转({codes}):{why}": "✘ {title}: {n} cannot move ({codes}): {why}",
    "{title}:{n}家的{which}由 {before} 改为 {after}": "{title}: {which} of {n} moves from {before} to {after}",
    "时钟办理": "the clock's turn",
    "没有日期": "no date",
    "已更换{n}家": "{n} moved",
    "--map 写成 旧环节=新环节,不是“{said}”": "--map is written OLD=NEW, not “{said}”",
    ";": "; ",
    # comparing
    "两份方案有什么不同,用平常的话说": "how two schemes differ, in plain words",
    "原来的方案:名称或文件": "the scheme before: a name or a file",
    "另一份方案:名称或文件": "the scheme after: a name or a file",
    "两份方案说的一样": "The two schemes say the same.",
}  # fmt: skip
