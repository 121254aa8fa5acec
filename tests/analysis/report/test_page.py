"""The page in a real browser, opened from disk."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from rlef_env.analysis.metrics import metrics_of
from rlef_env.analysis.report import write_report
from rlef_env.judge import Verdict
from rlef_env.runs import RunFolder, query, read_facts
from tests.analysis.report.conftest import Open, address
from tests.analysis.report.made import SECOND, A, R, W, record, run_of, turn


def count(page: Any) -> str:
    """What the list says of its length."""
    return str(page.inner_text("#episode-table [role=status]"))


def texts(page: Any, selector: str) -> list[str]:
    return [" ".join(text.split()) for text in page.locator(selector).all_inner_texts()]


def scrolls_sideways(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_the_numbers_are_those_of_the_metrics(browse: Open, small_page: str, small: RunFolder) -> None:
    page = browse(small_page)
    solve = metrics_of(read_facts(small))["solve_rate"]
    assert solve.value == 0.75
    assert page.inner_text(".hero").split() == ["75.0", "%", "solved"]
    assert f"{100 * solve.low:.1f} to {100 * solve.high:.1f}" in page.inner_text(".interval").replace("\u2009", "")
    assert page.title() == "small"


def test_a_click_on_a_bar_filters_the_list(browse: Open, small_page: str) -> None:
    page = browse(small_page)
    assert count(page) == "20 episodes"
    page.click("[role=button][aria-label^='off by one']")
    assert count(page) == "10 of 20 episodes"
    assert page.get_attribute("[role=button][aria-label^='off by one']", "aria-pressed") == "true"
    assert page.evaluate("location.hash") == "#category=off_by_one"
    page.click("#problem-table [role=button] >> nth=0")
    assert count(page) == "1 of 20 episodes"
    page.click(".chip >> nth=0")
    assert count(page) == "2 of 20 episodes"
    page.click(".chip")
    assert count(page) == "20 episodes"


def test_a_click_on_a_flow_filters_by_what_happened(browse: Open, small_page: str) -> None:
    page = browse(small_page)
    page.click("path[aria-label^='runtime error at turn 1 → wrong answer at turn 2: 5 episodes']")
    assert count(page) == "5 of 20 episodes"
    assert texts(page, ".chip") == ["turn 1 to 2: runtime error → wrong answer ×"]
    page.press("path[aria-pressed=true]", "Enter")
    assert count(page) == "20 episodes"


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("outcome", "solved", 15),
        ("verdict", "runtime_error", 5),
        ("tag", "tag a", 10),
        ("turn", "3", 5),
        ("category", "off_by_one", 10),
    ],
)
def test_each_field_filters(browse: Open, small_page: str, field: str, value: str, found: int) -> None:
    page = browse(f"{small_page}#{field}={value}")  # an address with filters opens as it was
    assert page.input_value(f"select[data-kind={field}]") == value
    assert count(page) == f"{found} of 20 episodes"
    page.select_option(f"select[data-kind={field}]", "")
    assert count(page) == "20 episodes"


def test_verdict_and_turn_are_taken_together(browse: Open, small_page: str) -> None:
    page = browse(small_page)
    page.select_option("select[data-kind=verdict]", "wrong_answer")
    assert count(page) == "15 of 20 episodes"
    page.select_option("select[data-kind=turn]", "2")
    assert count(page) == "5 of 20 episodes"


def test_find_and_search_in_texts(browse: Open, small_page: str) -> None:
    page = browse(small_page)
    page.keyboard.press("/")
    page.keyboard.type("problem-7")
    assert count(page) == "2 of 20 episodes"
    page.fill("#search", "RANGE(N + 1)")
    assert count(page) == "0 of 20 episodes"
    page.keyboard.press("Enter")
    page.wait_for_selector("#episode-table [role=status]:text-is('15 of 20 episodes')")
    assert texts(page, ".chip") == ["text “RANGE(N + 1)” ×"]


def test_an_episode_shows_what_changed(browse: Open, small_page: str, small: RunFolder) -> None:
    (number,) = query(small, "SELECT episode FROM episodes WHERE problem_id = 'a/problem-2' AND sample = 1").rows[0]
    page = browse(f"{small_page}#episode={number}")
    assert texts(page, "#episode h1") == ["a/problem-2"]
    assert texts(page, ".prompt pre") == ["Print the numbers of a/problem-2."]
    assert texts(page, "#turn-1 h2") == ["Turn 1 W wrong answer off by one"]
    assert page.inner_text("#turn-1 .code-box").replace("\t", " ").split() == [
        "1",
        "n",
        "=",
        "int(input())",
        "2",
        "for",
        "i",
        "in",
        "range(n):",
        "3",
        "print(i)",
        "4",
    ]
    assert texts(page, "#turn-2 .diff tr.gone del") == ["for i in range(n):"]
    assert texts(page, "#turn-2 .diff tr.new ins") == ["for i in range(n + 1):"]
    assert [each.strip() for each in page.locator("#turn-2 .diff mark").all_text_contents()] == ["+ 1"]
    assert [each.get_attribute("title") for each in page.locator("#turn-1 .cell").all()] == [
        "public test 1: accepted, 0.25 s", "public test 2: wrong answer, 0.5 s",
    ]  # fmt: skip
    assert "Feedback, as the model read it" in page.inner_text("#turn-1 .feedback")
    assert "Final report, which no model reads" in page.inner_text("#turn-2 .feedback")
    assert texts(page, ".values") == ["advantage −0.75", "kl +0.125"]
    assert "reward −1 · 12 tokens · 30 read · answered in 0.5 s · CPU 0.75 s" in page.inner_text("#turn-1")
    page.click("#turn-2 .program-bar button")
    assert page.locator("#turn-2 .diff mark").count() == 0
    assert "range(n + 1)" in page.inner_text("#turn-2 .code-box")


def test_an_unchanged_program_is_said_to_be_one(browse: Open, small_page: str) -> None:
    page = browse(f"{small_page}#problem=a/problem-0&outcome=not+solved")
    page.click("tr[data-place='0'] a")
    assert "Nothing changed." in page.inner_text("#turn-3")
    assert "repeats an earlier program" in page.inner_text("#turn-3 h2")


def test_the_keyboard_does_everything(browse: Open, small_page: str) -> None:
    page = browse(small_page)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_selector("#turn-3")
    first = page.inner_text("#episode h1")
    page.keyboard.press("j")
    page.wait_for_selector("#turn-2:last-child")
    assert page.inner_text("#episode h1") == first  # its second sample
    page.keyboard.press("Escape")
    page.wait_for_selector("#episodes", state="visible")
    assert page.get_attribute("tr.selected", "data-place") == "1"
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()
    page.focus("[role=button][aria-label^='off by one']")
    page.keyboard.press(" ")
    assert count(page) == "10 of 20 episodes"
    page.keyboard.press("Escape")
    assert count(page) == "20 episodes"


def test_back_returns_to_the_list(browse: Open, small_page: str) -> None:
    page = browse(f"{small_page}#outcome=solved")
    page.click("tr[data-place='3'] a")
    page.wait_for_selector(".turn")
    page.go_back()
    page.wait_for_selector("#episodes", state="visible")
    assert count(page) == "15 of 20 episodes"


def test_a_link_to_no_episode_says_so(browse: Open, small_page: str) -> None:
    page = browse(f"{small_page}#episode=123")
    assert "not in this report" in page.inner_text("[role=alert]")
    assert count(page) == "20 episodes"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_can_be_read(browse: Open, small_page: str, scheme: str) -> None:
    """WCAG AA: 4.5 to 1 for text."""
    page = browse(small_page, color_scheme=scheme)
    bright = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0] > 128")
    assert bright == (scheme == "light")
    page.click("tr[data-place='0'] a")
    page.wait_for_selector(".turn")
    low = page.evaluate(CONTRAST)
    page.keyboard.press("Escape")
    low += page.evaluate(CONTRAST)
    assert low == []
    page.keyboard.press("t")  # auto, light, dark
    page.keyboard.press("t")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")


def test_a_phone_never_scrolls_sideways(browse: Open, small_page: str) -> None:
    page = browse(small_page, width=360, height=740, has_touch=True)
    assert not scrolls_sideways(page)
    page.click("#errors summary, [role=button][aria-label^='off by one']")
    assert not scrolls_sideways(page)
    page.click("tr[data-place='0'] a")
    page.wait_for_selector(".turn")
    assert not scrolls_sideways(page)


def test_the_page_has_landmarks_and_names(browse: Open, small_page: str) -> None:
    page = browse(small_page)
    assert page.locator("main").count() == page.locator("header").count() == 1
    assert page.evaluate("document.documentElement.lang") == "en"
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button, select, input, [role=button], [role=img]')].filter((node) => "
        "!(node.innerText || node.getAttribute('aria-label') || node.labels?.length)).map((node) => node.outerHTML)"
    )
    assert unnamed == []
    headings = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map((node) => Number(node.tagName[1]))")
    assert all(after <= before + 1 for before, after in itertools.pairwise(headings))


# --- several runs ----------------------------------------------------------------------------------------------------


def test_two_runs_stand_side_by_side(browse: Open, tmp_path: Path) -> None:
    before = run_of(
        tmp_path / "before", [record("a", turn(A)), record("b", turn(W), turn(A, SECOND)), record("c", turn(A))]
    )
    after = run_of(tmp_path / "after", [record("a", turn(A)), record("b", turn(A)), record("c", *[turn(W)] * 3)])
    page = browse(address(write_report([before, after], tmp_path / "out.html").path))
    assert page.title() == "before and after"
    assert [" ".join(each.split()) for each in texts(page, ".hero")] == ["100.0 % solved", "66.7 % solved"]
    difference = page.inner_text(".metrics tr:has-text('Solve rate') .difference")
    assert difference.startswith("−33.3 points")
    assert "p = 1" in difference  # one of three problems differs
    first, *_ = texts(page, ".problems tbody tr")
    assert first.startswith("c")
    assert "−100 points" in first
    page.click("tr[data-place='2'] a")
    page.wait_for_selector("#turn-1")
    assert texts(page, ".others a") == ["after W W W"]
    page.click(".others a")
    page.wait_for_selector("#turn-3")
    assert "run=1" in page.evaluate("location.hash")


# --- training --------------------------------------------------------------------------------------------------------


def test_a_training_run_has_curves_and_steps(browse: Open, tmp_path: Path) -> None:
    def at(step: int, solved: int) -> list[Any]:
        return [
            record(
                f"p{i}", turn(A if i < solved else W, category=None), *([] if i < solved else [turn(W)] * 2), step=step
            )
            for i in range(4)
        ]

    run = run_of(tmp_path / "run", [*at(0, 1), *at(10, 2), *at(20, 3)], "training")
    run.metrics.write_text("".join(json.dumps({"step": step, "kl": step / 100}) + "\n" for step in range(21)))
    page = browse(address(write_report([run], tmp_path / "out.html").path))
    assert page.inner_text(".hero").split() == ["75.0", "%", "solved"]  # of the last step
    assert count(page) == "4 episodes"
    points = page.locator("#training .target[role=button]")
    labels = [point.get_attribute("aria-label") for point in points.all()]
    assert [label.split(" (")[0].replace("\u2009", " ") for label in labels] == [
        "step 0: 25.0 %",
        "step 10: 50.0 %",
        "step 20: 75.0 %",
    ]
    points.nth(0).click()
    assert page.inner_text(".hero").split() == ["25.0", "%", "solved"]
    assert "step=0" in page.evaluate("location.hash")
    page.select_option("label:has-text('At') select", "all")
    assert count(page) == "12 episodes"
    assert texts(page, ".small figcaption") == ["kl"]


# --- pages beside the page, and what is not shown --------------------------------------------------------------------


def test_texts_that_do_not_fit_are_in_a_folder(browse: Open, small: RunFolder, tmp_path: Path) -> None:
    report = write_report([small], tmp_path / "my report, 100 %.html", inline_bytes=0)
    assert report.folder is not None
    assert sorted(path.name for path in report.folder.iterdir()) == ["page-0.js", "page-1.js"]
    page = browse(address(report.path))
    page.click("tr[data-place='0'] a")
    page.wait_for_selector(".turn")
    assert "range(n)" in page.inner_text("#turn-1")
    page.keyboard.press("/")
    page.fill("#search", "n + 1")
    page.keyboard.press("Enter")
    page.wait_for_selector("#episode-table [role=status]:text-is('15 of 20 episodes')")
    again = write_report([small], report.path)
    assert again.folder is None
    assert not report.folder.exists()


def test_a_missing_folder_is_named(chromium: Any, small: RunFolder, tmp_path: Path) -> None:
    report = write_report([small], tmp_path / "moved.html", inline_bytes=0)
    assert report.folder is not None
    report.folder.rename(tmp_path / "elsewhere")
    context = chromium.new_context()
    page = context.new_page()
    page.goto(address(report.path))
    page.click("tr[data-place='0'] a")
    assert "moved_files" in page.inner_text("#episode .warning")
    context.close()


def test_an_episode_that_was_played_again_appears_once(browse: Open, tmp_path: Path) -> None:
    lost = record("a", turn(Verdict.NO_VERDICT))
    run = run_of(tmp_path / "run", [lost, record("b", turn(A)), record("a", turn(A), attempt=1)])
    page = browse(address(write_report([run], tmp_path / "out.html").path))
    assert count(page) == "2 episodes"
    assert sorted(texts(page, ".outcome")) == ["✓ turn 1", "✓ turn 1"]


def test_a_run_without_episodes_is_a_page(browse: Open, tmp_path: Path) -> None:
    page = browse(address(write_report([run_of(tmp_path / "run", [])], tmp_path / "out.html").path))
    assert "There are no episodes." in page.inner_text("#episodes")


# --- hostile texts ---------------------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(2)>",
    "<!--<script>",
    "\u2028\u2029",
    "\ud800 and \udfff",
    "\x00\x1b[31m\x7f",
    "\u202eright to left",
    "{{7*7}} ${7*7} `'\"\\",
    "&lt;b&gt; &#60;",
]


@pytest.mark.parametrize("compress", [True, False])
def test_every_text_is_text(browse: Open, tmp_path: Path, compress: bool) -> None:
    nasty = "\n".join(HOSTILE)
    long = turn(W, "x" * 1_000_000, nasty, stdout=nasty, stderr=nasty, response=nasty + "x" * 1_000_000)
    name = "</script>/'\"<b>#&?%\u202e\n../" + "y" * 300
    records = [record(name, turn(R, nasty, nasty, category=nasty), long, turn(W, nasty + "\nmore"), sample=3)]
    run = run_of(tmp_path / "r<script>alert(3)<script>", records, compress=compress)
    page = browse(address(write_report([run], tmp_path / "out.html", title="<b>title</b> </script>").path), width=360)
    assert page.title() == "<b>title</b> </script>"
    assert not scrolls_sideways(page)
    page.click("tr[data-place='0'] a")
    page.wait_for_selector("#turn-3")
    assert not scrolls_sideways(page)
    shown = page.inner_text("#turn-1 .code-box")
    for each in (
        "<script>alert(1)</script>",
        "</script><img src=x onerror=alert(2)>",
        "<!--<script>",
        "&lt;b&gt; &#60;",
        "{{7*7}} ${7*7} `'\"\\",
    ):
        assert each in shown
    for escape in ("\\u2028\\u2029", "\\ud800 and \\udfff", "\\x00\\x1b[31m\\x7f", "\\u202eright to left"):
        assert escape in shown
    assert page.inner_text("#episode h1").startswith("</script>/'\"<b>#&?%\\u202e")
    assert "more characters" in page.inner_text("#turn-2")
    assert page.locator("#episode img, #episode b:not(.values b), #episode script").count() == 0
    page.keyboard.press("Escape")
    page.click("#problem-table [role=button]")
    assert count(page) == "1 episode" or count(page) == "1 of 1 episode"
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.locator(".chip").count() == 1


def test_nothing_but_the_page_s_own_script_can_run(browse: Open, small_page: str) -> None:
    page = browse(small_page)
    policy = page.get_attribute("meta[http-equiv]", "content")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert "connect-src 'none'" in policy
