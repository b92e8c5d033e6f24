"""Why a level is what it is, word for word: examples that travel with the schemes, each with its whole explanation."""

from workflow.rating import shelf
from workflow.rating.scheme import load_bytes
from workflow.rating.scheme_examples import inputs_of
from workflow.rating.scoring import rate


def explained(name: str, title: str) -> str:
    """Total, band, cap and level; then each step with its rule and effect, and what stands in the way."""
    scheme = load_bytes(shelf.scheme_bytes(name))
    example = next(one for one in scheme.example if one.title == title)
    rating = rate(scheme, inputs_of(example))
    steps = [f"{step.rule}|{step.text}|{step.effect}" for step in rating.steps]
    said = f"{rating.total}: {rating.band_star} ≤ {rating.cap} → {rating.star}"
    return "\n".join((said, *steps, *rating.cap_reasons, *rating.not_rated))


def test_gold_that_lacks_one_condition_is_silver_and_says_which() -> None:
    whole = """\
91.2: 3 ≤ 3 → 2
2.2|基础分89分|=89
2.2|Review with awards and findings, 80 per cent:(考评分89+加分0)×0.8=71.2|=71.2
2.2|Findings, 80 per cent:扣分0×0.8=0|=0
2.2|Survey, 20 per cent:测评满意率(百分)100×0.2=20|=20
2.2|Review less findings:Review with awards and findings, 80 per cent71.2-Findings, 80 per cent0=71.2|=71.2
2.2|Total:Review less findings71.2+Survey, 20 per cent20=91.2|=91.2
2.2|总分91.2分|=91.2
2.3, 2.4|91.2分,达到Gold下限85分,为Gold|star=3
2.3, 2.4|不得Gold:People and Safety29,低于30|none
2.3|达到Silver的条件|star=2
2.8|现为Silver,一次最多升2个等次,不得高于Gold|star<=3
现为Silver,一次最多升2个等次,不得高于Gold(2.8)"""

    assert explained("company-teams", "Gold needs 30 points for People and Safety") == whole


def test_two_caps_are_named_the_lowest_first_and_the_lowest_decides() -> None:
    whole = """\
95.8: 3 ≤ 1 → 1
2.2|基础分96分|=96
2.2|Review with awards and findings, 80 per cent:(考评分96+加分0)×0.8=76.8|=76.8
2.2|Findings, 80 per cent:扣分0×0.8=0|=0
2.2|Survey, 20 per cent:测评满意率(百分)95×0.2=19|=19
2.2|Review less findings:Review with awards and findings, 80 per cent76.8-Findings, 80 per cent0=76.8|=76.8
2.2|Total:Review less findings76.8+Survey, 20 per cent19=95.8|=95.8
2.2|总分95.8分|=95.8
2.3, 2.4|95.8分,达到Gold下限85分,为Gold|star=3
2.3, 2.4|达到Gold的条件|star=3
2.5|Repeated safety incidents(Safety incidents within two years2,不低于2),不得高于Bronze|star<=1
2.8|现为Gold,一次最多升2个等次,不得高于Gold|star<=3
2.5|按最低的限制,由Gold改为Bronze|star=1
Repeated safety incidents(Safety incidents within two years2,不低于2),不得高于Bronze(2.5)
现为Gold,一次最多升2个等次,不得高于Gold(2.8)"""

    assert explained("company-teams", "Two incidents in two years: Bronze at most") == whole


def test_of_two_awards_the_higher_counts_and_a_formula_shows_every_part() -> None:
    whole = """\
74.2: 2 ≤ 3 → 2
2.2|基础分70分|=70
2.6|Award:Customer Award1次(每次2分)、Industry Award1次(每次4分),以最高的为准,加4分|+4
2.2|Review with awards and findings, 80 per cent:(考评分70+加分4)×0.8=59.2|=59.2
2.2|Findings, 80 per cent:扣分0×0.8=0|=0
2.2|Survey, 20 per cent:测评满意率(百分)75×0.2=15|=15
2.2|Review less findings:Review with awards and findings, 80 per cent59.2-Findings, 80 per cent0=59.2|=59.2
2.2|Total:Review less findings59.2+Survey, 20 per cent15=74.2|=74.2
2.2|总分74.2分|=74.2
2.3|74.2分,达到Silver下限70分,未达到Gold下限85分,为Silver|star=2
2.3|达到Silver的条件|star=2"""

    assert explained("company-teams", "The higher award counts once") == whole


def test_whoever_is_too_young_has_a_total_and_is_not_rated() -> None:
    whole = """\
71: 2 ≤ 3 → 2
2.2|基础分70分|=70
2.2|Review with awards and findings, 80 per cent:(考评分70+加分0)×0.8=56|=56
2.2|Findings, 80 per cent:扣分0×0.8=0|=0
2.2|Survey, 20 per cent:测评满意率(百分)75×0.2=15|=15
2.2|Review less findings:Review with awards and findings, 80 per cent56-Findings, 80 per cent0=56|=56
2.2|Total:Review less findings56+Survey, 20 per cent15=71|=71
2.2|总分71分|=71
2.3|71分,达到Silver下限70分,未达到Gold下限85分,为Silver|star=2
2.3|达到Silver的条件|star=2
Younger than six months(成立月数4,低于6),不予评定(1.2)"""

    assert explained("company-teams", "Five months old: not rated") == whole


def test_a_secretarys_grade_follows_the_branch() -> None:
    whole = """\
90: 3 ≤ 3 → 3
标准化|基础分185分|=185
标准化|五个体系合计:领导体系18+工作体系18+内容体系18+方法体系18+监督体系18=90|=90
标准化|总分90分|=90
标准化|90分,达到示范下限90分,为示范|star=3
标准化|书记个人等次:随本组织的示范,为优秀|none"""

    assert explained("standard-branch", "五个体系都是18分:合计90") == whole


def test_a_secretarys_grade_falls_behind_the_branch_for_the_own_report() -> None:
    whole = """\
80: 2 ≤ 3 → 2
标准化|基础分130分|=130
标准化|五个体系合计:领导体系16+工作体系16+内容体系16+方法体系16+监督体系16=80|=80
标准化|总分80分|=80
标准化|80分,达到达标下限75分,未达到示范下限90分,为达标|star=2
标准化|书记个人等次:本组织为达标,但书记述职评议50,低于80,为基本称职|none"""

    assert explained("standard-branch", "述职评议不进总分") == whole


def test_five_stars_need_two_years_at_four() -> None:
    whole = """\
91: 5 ≤ 4 → 4
S8|基础分91分|=91
S8|总分91分|=91
S8|91分,达到五星级下限91分,为五星级|star=5
S8|连续两年评为四星级才可争创五星级(连续评为四星级及以上的年数1,低于2),不得高于四星级|star<=4
S8|按最低的限制,由五星级改为四星级|star=4
连续两年评为四星级才可争创五星级(连续评为四星级及以上的年数1,低于2),不得高于四星级(S8)"""

    assert explained("ningxia-service-stars", "只有一年四星,91分仍为四星") == whole


def test_below_the_lowest_band_there_is_no_bar_to_reach() -> None:
    whole = """\
59: 0 ≤ 4 → 0
S8|基础分59.4分|=59.4
S8|总分59.4分,按59分计|=59
S8|59分,未达到一星级下限60分,为零星级|star=0
S8|连续两年评为四星级才可争创五星级(连续评为四星级及以上的年数0,低于2),不得高于四星级|star<=4
连续两年评为四星级才可争创五星级(连续评为四星级及以上的年数0,低于2),不得高于四星级(S8)"""

    assert explained("ningxia-service-stars", "59.4分为零星级") == whole


def test_a_total_is_rounded_before_the_bands_are_asked() -> None:
    whole = """\
61: 2 ≤ 4 → 2
S8|基础分60.5分|=60.5
S8|总分60.5分,按61分计|=61
S8|61分,达到二星级下限61分,未达到三星级下限71分,为二星级|star=2
S8|连续两年评为四星级才可争创五星级(连续评为四星级及以上的年数0,低于2),不得高于四星级|star<=4
连续两年评为四星级才可争创五星级(连续评为四星级及以上的年数0,低于2),不得高于四星级(S8)"""

    assert explained("ningxia-service-stars", "60.5分取整为61,二星") == whole
