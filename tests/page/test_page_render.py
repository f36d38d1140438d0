"""The page as text: all claims, nothing from outside, nothing unescaped."""

import base64
import math
import re
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from page_inputs import inputs

from optprimer.claims.wording import count
from optprimer.errors import UserError
from optprimer.page.render import page

VOID = {"meta", "link", "img", "input", "br", "hr"}
HOSTILE = "<script>alert('1')</script> & \"quoted\""


class Reader(HTMLParser):
    """Elements as (tag, attributes), the text of articles by their id, and all text."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.articles, self.text, self.open = [], {}, "", []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self.open.append((tag, attributes))
        if tag == "article":
            self.articles[attributes["id"]] = ""

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        tags = [tag for tag, _ in self.open]
        if "script" in tags or "style" in tags:
            return
        self.text += data
        for tag, attributes in self.open:
            if tag == "article":
                self.articles[attributes["id"]] += " ".join(data.split()) + " "


def rendered(**changes):
    return page(**(inputs() | changes))


@pytest.fixture(scope="module")
def html():
    return rendered()


@pytest.fixture(scope="module")
def read(html):
    return Reader(html)


def test_every_claim_stands_once_and_in_the_order_of_the_chapter(read):
    assert list(read.articles) == inputs()["claims"]["claim"].tolist()
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_a_claim_is_shown_with_all_that_belongs_to_it(read):
    text = read.articles["I2"]
    for piece in ("Statement of I2.", "supported", "0.31 [0.22, 0.4]", "interval: Student's t, 95 %, n = 10",
                  "the interval lies above 0",
                  "control of I2: −0.1; fails the rule, as it must", "13.31 % test error", "Smaller images.", "the chapter",
                  "optprimer claims explain I2 --run digits"):  # fmt: skip
        assert piece in text


def test_a_control_that_passes_is_told(read):
    claims = inputs()["claims"]
    claims.loc[claims["claim"] == "I2", "control_verdict"] = "supported"
    assert "it meets the rule too" in Reader(rendered(claims=claims)).articles["I2"]
    assert "it meets the rule too" not in read.articles["I2"]


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("the interval contains the threshold", "control of I2: −0.1; fails the rule, as it must"),
        ("3 of 8 values are missing", "control of I2: −0.1; it cannot be judged: 3 of 8 values are missing"),
        ("there is no interval", "control of I2: −0.1; it cannot be judged: there is no interval"),
    ],
)
def test_a_control_that_nobody_could_judge_is_not_said_to_fail(reason, told):
    claims, evidence = (inputs()[name] for name in ("claims", "evidence"))
    claims.loc[claims["claim"] == "I2", "control_verdict"] = "inconclusive"
    evidence.loc[evidence["part"] == "control of I2", ["verdict", "reason"]] = "inconclusive", reason
    assert told in Reader(rendered(claims=claims, evidence=evidence)).articles["I2"].replace(" ; ", "; ")


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (0.22, math.nan, "0.31 [0.22, ?]"),
        (math.nan, 0.4, "0.31 [?, 0.4]"),
        (-math.inf, math.inf, "0.31 [−∞, ∞]"),
        (math.nan, math.nan, "0.31 evidence"),
    ],
)
def test_intervals_without_an_end_are_told_as_such(low, high, told):
    claims = inputs()["claims"]
    claims.loc[claims["claim"] == "I2", ["ci_low", "ci_high"]] = low, high
    html = rendered(claims=claims)
    assert told in Reader(html).articles["I2"]
    drawn = html[html.index('id="I2"') : html.index('id="I5"')]
    assert "nan" not in drawn


def test_a_claim_that_was_not_run_has_its_reason_and_no_number(read):
    text = read.articles["P1"]
    assert "not run" in text
    assert "there is no table rates/pl" in text
    assert "nan" not in text
    assert "strip" not in text


def test_refuted_and_inconclusive_claims_come_first_with_links(html):
    overview = html[html.index('<section id="overview"') : html.index('<section id="introduction"')]
    listed = re.findall(r'<li><span class="verdict [\w-]+">.*?<a href="#(\w+)">', overview)
    assert listed == ["I5", "G9", "P1"]
    assert "the interval lies below the threshold" in overview


def test_the_summary_counts_the_verdicts(read):
    assert count(inputs()["claims"]["verdict"]) in read.text


def test_a_figure_stands_once_at_its_first_claim(html, read):
    assert html.count('<figure id="figure-figure2"') == html.count('<figure id="figure-batch"') == 1
    assert html.index('id="G1"') < html.index('<figure id="figure-figure2"') < html.index('id="G3"')
    links = [attributes["href"] for tag, attributes in read.elements if tag == "a"]
    assert "#figure-figure2" in links
    assert "../../results/digits/batch/runs.csv" in links


def test_a_figure_that_no_claim_names_stands_in_its_section(html):
    assert (
        html.index('<section id="introduction"')
        < html.index('id="figure-geometry"')
        < html.index('<section id="gradient-descent"')
    )


def test_a_figure_that_was_not_made_is_told_and_leaves_no_hole(html, read):
    assert "This figure was not made in this run." in read.articles["P1"]
    assert all(attributes["src"].startswith("data:image/webp") for tag, attributes in read.elements if tag == "img")
    assert html.count("<img") == len(inputs()["figures"])


def test_every_picture_has_its_text_alternative(read):
    alts = [attributes["alt"] for tag, attributes in read.elements if tag == "img"]
    assert alts
    assert all(len(alt) > 20 for alt in alts)


def test_nothing_is_loaded_from_outside(html, read):
    for tag, attributes in read.elements:
        for name in ("src", "srcset", "data", "poster", "action", "xlink:href"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, name)
        if tag == "link":
            assert attributes["href"] == "data:,"
        assert "style" not in attributes  # the policy would not allow it
        assert not any(name.startswith("on") for name in attributes)
    style = re.search(r"<style>(.*?)</style>", html, re.S)[1]
    assert "url(" not in style
    assert "@import" not in style
    outside = [attributes for tag, attributes in read.elements if re.match(r"(https?:)?//", attributes.get("href", ""))]
    assert [each["href"] for each in outside] == ["https://arxiv.org/abs/1611.03530"] * 2  # links, in the claim and below


def test_the_policy_allows_the_script_and_the_style_of_the_page_alone(html, read):
    (policy,) = (each["content"] for tag, each in read.elements if each.get("http-equiv") == "Content-Security-Policy")
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.S)
        assert f"{tag}-src 'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("column", ["statement", "reason", "evidence", "control", "published", "differs", "source"])
def test_words_of_the_tables_are_escaped(column):
    claims = inputs()["claims"]
    claims[column] = HOSTILE
    html = rendered(claims=claims)
    assert "alert('1')" not in html
    assert "alert(&#39;1&#39;)" in html


@pytest.mark.parametrize(
    ("table", "changed"),
    [
        ("claims", {"rule": "median_above"}),
        ("claims", {"rule": HOSTILE}),
        ("claims", {"rule": "equivalent"}),  # whose parameter is a margin
        ("claims", {"threshold": "threshold from column theory"}),
        ("claims", {"threshold": "threshold 0, margin 1"}),
        ("claims", {"threshold": HOSTILE}),
        ("evidence", {"rule": "median_above"}),
        ("evidence", {"parameters": "0"}),
    ],
)
def test_a_rule_that_is_none_is_refused_in_one_line(table, changed):
    rows = inputs()[table]
    rows.loc[rows["claim"] == "I2", list(changed)] = list(changed.values())
    with pytest.raises(UserError, match=r"I2: .*: no rule, or not the parameters that it takes") as told:
        rendered(**{table: rows})
    assert str(told.value).startswith({"claims": "claims.csv", "evidence": "claims/evidence.csv"}[table])
    assert "\n" not in str(told.value)


def test_words_of_errata_and_models_are_escaped():
    given = inputs()
    errata = given["errata"].assign(printed=HOSTILE, check="</script><b>")
    models = given["models"] | {"figure1": {"panels": [{"name": "</script><b>", "result": HOSTILE}], "turn": 0, "tilt": 0}}
    html = rendered(errata=errata, models=models)
    assert "<script>alert" not in html
    assert "<b>" not in html


def test_a_copy_of_jpeg_images_is_called_so():
    about = replace(inputs()["about"], data=("cifar10-jpeg75-16",))
    assert "a JPEG copy of CIFAR-10 (quality 75)" in Reader(rendered(about=about)).text


def test_blanks_name_the_claims_that_fill_them(html):
    part = html[html.index('<section id="blanks"') : html.index('id="about"')]
    assert re.findall(r'<dd><a href="#(\w+)">', part) == ["G9"]


def test_blanks_are_filled_with_a_number(html):
    part = html[html.index('<section id="blanks"') : html.index('id="about"')]
    assert '<span class="found">0.31 [0.22, 0.4] evidence of G9</span>' in part


def test_formulas_of_claims_are_set_wherever_they_stand():
    claims = inputs()["claims"]
    claims.loc[claims["claim"] == "G9", ["statement", "differs"]] = "L_t ≤ e^(−t)", "e^(−t), arXiv 1611.03530 <b>"
    html = rendered(claims=claims)
    set_ = "L<sub>t</sub> ≤ e<sup>−t</sup>"
    assert html.count(set_) == 3  # in the overview, above the claim, below the blank that it fills
    assert 'e<sup>−t</sup>, <a href="https://arxiv.org/abs/1611.03530">arXiv 1611.03530</a> &lt;b&gt;' in html
    assert html.count("L_t ≤ e^(−t)") == 1  # the title of a link is plain text


def test_the_foot_has_provenance_command_and_sources_once(html):
    foot = html[html.index('<footer id="about"') :]
    for piece in ("0123456789ab", "torch 2.13.0", "snakemake --cores all", "MIT", "Zhang et al. 2017"):
        assert piece in foot
    assert foot.count("Zhang et al. 2017") == 1


def test_a_model_without_its_tables_is_left_out(html):
    assert 'id="live-descent"' in html
    bare = rendered(models={"descent": {}})
    assert 'id="live-' not in bare
    assert "application/json" not in bare


def test_equal_inputs_give_equal_pages_in_whatever_order_their_rows_come(html):
    given = inputs()
    shuffled = {name: given[name].sample(frac=1, random_state=1) for name in ("claims", "errata")}
    assert rendered() == html
    assert rendered(**shuffled) == html


def test_a_run_of_which_nothing_was_judged_has_a_page():
    empty = inputs()["claims"].iloc[:0]
    html = rendered(claims=empty, evidence=inputs()["evidence"].iloc[:0], figures={}, models={})
    assert "0 claims" in html
    assert Reader(html).articles == {}
