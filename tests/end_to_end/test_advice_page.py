"""The page of advise as people meet it: narrow and wide, dark and light, without a script.

The screens are written to build/screens. What must hold of them is computed in the browser: no text
stands on another, contrast is that of WCAG's AA, and the keyboard reaches all in the order seen.
"""

import datetime
import itertools
import math
import re
import subprocess

import pytest

import advised_blocks
from browser import find_browser, look_at
from page_checks import PIECES, SCREENS, contrast, faint, touching

WIDTHS = (1400, 768, 360)

LOOK = PIECES + """
const block = doc.querySelector(".tabs > input:checked + label + .block");
return {
  pieces: pieces(),
  keys: [...doc.querySelectorAll("#summary .key")]
    .map((key) => rgba(page.getComputedStyle(key).backgroundColor)),
  back: rgba(page.getComputedStyle(doc.body).backgroundColor),
  wide: doc.documentElement.scrollWidth,
  cost: doc.querySelector("#summary tbody td").getBoundingClientRect().right,
  money: doc.querySelector(".card").getBoundingClientRect().bottom,
  reached: [...doc.querySelectorAll("button, input, a, [tabindex]")]
    .filter((element) => element.tabIndex >= 0 && element.checkVisibility())
    .filter((element) => element.type !== "radio" || element.checked)
    .map((element) => ({ what: element.id || element.textContent.slice(0, 20),
      order: element.tabIndex, top: element.getBoundingClientRect().top })),
  shown: block.querySelector("pre").textContent,
  charts: doc.querySelectorAll("#charts .plot").length,
  parts: doc.querySelectorAll("#charts .part").length,
  labels: doc.querySelectorAll("#plane text.halo").length,
  dots: doc.querySelectorAll("#plane .dot").length,
};
"""


@pytest.fixture(scope="module")
def advised(release_bin_dir, tmp_path_factory):
    """(the page, what advise says as JSON) about three days of a trace, with all rivals."""
    find_browser()
    folder = tmp_path_factory.mktemp("advice")
    begin = datetime.datetime(2026, 10, 5, tzinfo=datetime.timezone.utc)
    trace = folder / "orders <&.csv"
    trace.write_text("timestamp,value\n" + "".join(
        f"{(begin + datetime.timedelta(hours=hour)).isoformat()},"
        f"{round(60 + 50 * math.sin(hour / 24 * 2 * math.pi))}\n" for hour in range(73)))
    page = folder / "advice.html"
    done = subprocess.run(
        [release_bin_dir / "ecs-scaler", "advise", "--trace", trace, "--workers-protect",
         "--trials", "24", "--compare", "--policy", "target-tracking", "--html", page, "--output",
         "json"], stdout=subprocess.PIPE, check=True, timeout=300)
    return page, advised_blocks.value(done.stdout.decode())


def name_of(screen):
    width, dark, scripts = screen
    return f"{width}-{'dark' if dark else 'light'}{'' if scripts else '-no-script'}"


@pytest.fixture(scope="module", ids=name_of,
                params=itertools.product(WIDTHS, (False, True), (True, False)))
def screen(request, advised, tmp_path_factory):
    """(width, whether scripts ran, what was seen) of one screen."""
    width, dark, scripts = request.param
    SCREENS.mkdir(parents=True, exist_ok=True)
    picture = SCREENS / f"advice-{name_of(request.param)}.png"
    seen = look_at(advised[0], tmp_path_factory.mktemp("screen"), LOOK, width, dark, scripts,
                   picture)
    assert picture.stat().st_size > 20_000
    return width, scripts, seen


def test_no_text_stands_on_another_and_all_can_be_read(screen):
    _, _, seen = screen
    assert len(seen["pieces"]) > 100
    assert list(touching(seen["pieces"])) == []
    assert list(faint(seen["pieces"])) == []


def test_every_policy_has_a_colour_of_its_own(screen):
    _, _, seen = screen
    assert len(seen["keys"]) >= 8
    for color in seen["keys"]:
        assert contrast(color, seen["back"]) >= 3, color
    for one, other in itertools.combinations(seen["keys"], 2):
        assert math.dist(one, other) > 25, (one, other)


def test_nothing_is_off_the_screen_and_cost_comes_first(screen):
    width, _, seen = screen
    assert seen["wide"] <= width
    assert seen["cost"] <= width, "the first figure of the table is the cost"
    assert seen["money"] <= 900, "and so is the first that is seen at all"


def test_the_keyboard_goes_through_the_page_as_it_is_read(screen):
    _, scripts, seen = screen
    assert all(element["order"] == 0 for element in seen["reached"])
    names = [element["what"] for element in seen["reached"]]
    assert names[0] == "block-0"
    assert ("split" in names and "charts" in names and "moment" in names) == scripts
    for one, other in itertools.pairwise(seen["reached"]):
        assert other["top"] > one["top"] - 60, (one, other)


def test_the_decision_needs_no_script(screen, advised):
    width, scripts, seen = screen
    _, advice = advised
    texts = " ".join(piece["text"] for piece in seen["pieces"])
    assert seen["shown"] == advice["blocks"][0]["text"]
    assert advice["sentence"][:40] in texts
    for policy in advice["last_third"]:
        assert policy["policy"][:40] in texts
    assert ("Cost and waiting" in texts) == scripts
    if scripts:
        assert seen["charts"] == 4 and seen["parts"] == 2 * 4, "training and test are shaded"
        assert seen["labels"] >= (seen["dots"] if width > 700 else 3)
    else:
        assert seen["charts"] == 0 and "Charts are drawn by a script" in texts


def test_each_block_is_shown_by_its_tab_and_copied_by_its_button(advised, tmp_path):
    page, advice = advised
    seen = look_at(page, tmp_path, """
        return [...doc.querySelectorAll(".tabs > input")].map((tab) => {
          tab.click();
          const block = doc.querySelector(".tabs > input:checked + label + .block");
          const others = [...doc.querySelectorAll(".block")].filter((other) => other !== block);
          let copied = null;
          doc.execCommand = () => { copied = page.getSelection().toString(); };
          page.navigator.clipboard.writeText = async (text) => { copied = text; };
          block.querySelector("button").click();
          return { text: block.querySelector("pre").textContent, copied,
            alone: block.checkVisibility() && !others.some((other) => other.checkVisibility()) };
        });""", 1000)
    texts = [block["text"] for block in advice["blocks"]]
    assert [tab["text"] for tab in seen] == texts
    assert all(tab["alone"] for tab in seen)
    assert [tab["copied"] for tab in seen] == texts


def test_tabs_work_without_a_script(advised, tmp_path):
    page, advice = advised
    seen = look_at(page, tmp_path, """
        doc.querySelectorAll(".tabs > input")[3].checked = true;
        return [...doc.querySelectorAll(".block pre")].filter((pre) => pre.checkVisibility())
          .map((pre) => pre.textContent);""", 1000, scripts=False)
    assert seen == [advice["blocks"][3]["text"]]


def test_the_page_refers_to_nothing_outside(advised):
    text = advised[0].read_text()
    without = re.sub(r"<pre.*?</pre>|<!DOCTYPE html>", "", text, flags=re.DOTALL)
    assert set(re.findall(r"https?://[^\s\"'<]+", without)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(link|img|iframe|object|embed)\b", without)
    assert not re.search(r"\b(src|href)\s*=|@import|url\((?!#)", without)
    assert "default-src 'none'" in without
    assert "orders <&" not in text and "orders &lt;&amp;.csv" in text
