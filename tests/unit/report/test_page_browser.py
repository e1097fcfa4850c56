"""The page in a browser: opened from a file, with the network off, in light and dark, wide and as wide as a phone."""

import shutil
import time
from contextlib import contextmanager

import pytest

from nasbed import compare
from nasbed.core.errors import MissingExtra
from nasbed.core.extras import require
from nasbed.optimizers.evolution import RegularizedEvolution

HOSTILE = "<script>document.title='taken'</script>}}\"' a-rather-long-name:population=100,sample=25"
LIGHT, DARK = ({"name": "prefers-color-scheme", "value": value} for value in ("light", "dark"))
SECONDS = 60  # for a page to be drawn, on a busy machine


@contextmanager
def chromium():
    """A browser without a window, as a test may drive it."""
    try:
        webdriver = require("selenium.webdriver", "dev")
        service = require("selenium.webdriver.chrome.service", "dev").Service
    except MissingExtra as reason:
        pytest.skip(str(reason))
    browser, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("no chromium and chromedriver here; install them to see the page drawn")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driven = webdriver.Chrome(options=options, service=service(driver))
    try:
        yield driven
    finally:
        driven.quit()


@pytest.fixture(scope="module")
def browser():
    with chromium() as driven:
        driven.execute_cdp_cmd("Network.enable", {})
        off = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        driven.execute_cdp_cmd("Network.emulateNetworkConditions", off)
        yield driven


@pytest.fixture(scope="module")
def page(landscape, tmp_path_factory):
    optimizers = {"random": "random", HOSTILE: RegularizedEvolution(8, 3), "local": "local"}
    comparison = compare(optimizers, landscape, runs=8, evaluations=30, objectives=["seconds"])
    return comparison.report(tmp_path_factory.mktemp("page") / "page.html", "Seen", landscape)


def opened(browser, page, width=1100, dark=False):
    """Open a page, wait until it is drawn, and give what the console said."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [DARK if dark else LIGHT]})
    browser.get(page.as_uri())
    state, until = None, time.monotonic() + SECONDS
    while state is None and time.monotonic() < until:
        state = browser.execute_script("return document.documentElement.dataset.state ?? null")
        time.sleep(0.05)
    said = [f"{entry['level']}: {entry['message']}" for entry in browser.get_log("browser")]
    assert state == "ready", said
    return said


INK = """
return Object.fromEntries([...document.querySelectorAll("figure[data-figure]")].map((figure) => [
  figure.dataset.figure,
  [...figure.querySelectorAll(".plot .trace, .plot .boxes, .plot .hm")].filter((trace) => {
    const box = trace.getBoundingClientRect();
    return box.width > 0 && box.height > 0;
  }).length,
]));
"""

OVERLAPS = """
const texts = [...document.querySelectorAll(".plot .ytick text, .plot .xtick text, .plot .xtitle, .plot .ytitle")];
const found = [];
for (const plot of document.querySelectorAll(".plot")) {
  const own = texts.filter((text) => plot.contains(text));
  const inside = own.map((text) => [text.textContent, text.getBoundingClientRect()]);
  inside.forEach(([a, one], i) => inside.slice(i + 1).forEach(([b, other]) => {
    const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
    const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
    if (across > 2 && down > 3) found.push(`${a} over ${b}`);
  }));
}
return found;
"""


@pytest.mark.parametrize(("width", "dark"), [(1100, False), (400, True)])
def test_every_figure_is_drawn_without_a_complaint(browser, page, width, dark):
    assert opened(browser, page, width, dark) == []
    drawn = browser.execute_script(INK)
    assert len(drawn) == 10
    assert min(drawn.values()) > 0, drawn
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.execute_script(OVERLAPS) == []
    assert browser.title == "Seen"


def test_switches_change_what_is_drawn(browser, page):
    opened(browser, page)
    read = "return document.querySelector('[data-figure=progress-curves] .plot').data.find((t) => t.name === 'local')"
    before = browser.execute_script(read)
    change = """
      const select = document.querySelectorAll('[data-figure=progress-curves] select')[arguments[0]];
      select.value = arguments[1];
      select.dispatchEvent(new Event('change'));
    """
    for number, value in ((0, "validation"), (1, "seconds"), (2, "mean")):
        browser.execute_script(change, number, value)
        after = browser.execute_script(read)
        assert after["y"] != before["y"], value
        before = after
    toggle = "document.querySelectorAll('[data-figure=progress-curves] input')[0].click()"
    axis = "return document.querySelector('[data-figure=progress-curves] .plot').layout.xaxis.type"
    browser.execute_script(toggle)
    assert browser.execute_script(axis) == "log"
    hide = "document.querySelectorAll('[data-figure=progress-curves] .legend button')[2].click()"
    browser.execute_script(hide)
    assert browser.execute_script(read) is None
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_colours_follow_the_system_and_the_button(browser, page):
    def colours():
        ground = "return getComputedStyle(document.documentElement).backgroundColor"
        ink = "return document.querySelector('[data-figure=lineage-tree] .plot').layout.font.color"
        return browser.execute_script(ground), browser.execute_script(ink)

    def settled(other):
        until = time.monotonic() + SECONDS
        while colours()[1] == other[1] and time.monotonic() < until:
            time.sleep(0.05)
        return colours()

    opened(browser, page)
    light = colours()
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [DARK]})
    dark = settled(light)
    assert light[0] == "rgb(255, 255, 255)" != dark[0]
    browser.execute_script("document.getElementById('theme').click()")  # system → light
    assert settled(dark) == light
    assert browser.execute_script("return document.getElementById('theme').textContent") == "colours: light"


def test_no_script_but_its_own_runs(browser, page, tmp_path):
    hostile = tmp_path / "hostile.html"
    text = page.read_text(encoding="utf-8")
    hostile.write_text(text.replace("</main>", "<script>document.title = 'taken'</script></main>"), encoding="utf-8")
    said = opened(browser, hostile)
    assert browser.title == "Seen"
    assert any("Content Security Policy" in line for line in said)


def test_a_legend_shows_what_is_drawn_marks_for_marks_and_lines_for_lines(browser, page):
    opened(browser, page)
    shapes = "return [...document.querySelectorAll(arguments[0] + ' .legend svg')].map((one) => one.firstChild.tagName)"
    assert browser.execute_script(shapes, "[data-figure=fronts-fronts]") == ["path", "path", "path", "line"]
    assert set(browser.execute_script(shapes, "[data-figure=progress-curves]")) == {"line"}


def test_tables_that_are_folded_are_open_while_the_page_is_printed(browser, page):
    opened(browser, page)
    folded = "return document.querySelectorAll('main details:not([open]):has(table)').length"
    before = browser.execute_script(folded)
    assert before > 0
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert browser.execute_script(folded) == 0
    browser.execute_script("dispatchEvent(new Event('afterprint'))")
    assert browser.execute_script(folded) == before


KEPT = """
// Each figure, row of drawings and short table, with the sentence and the heading before it that go where it goes.
const heights = {};
for (const whole of document.querySelectorAll("figure, .drawing, section > table")) {
  if (whole.querySelector("tr:nth-child(13)")) continue;
  let first = whole.closest(".drawings") ?? whole;
  while (first.previousElementSibling?.matches("p, h2, h3")) first = first.previousElementSibling;
  const top = whole.matches(".drawing") ? whole : first;
  const name = whole.dataset.figure ?? whole.className + whole.innerText.slice(0, 30);
  heights[name] = whole.getBoundingClientRect().bottom - top.getBoundingClientRect().top;
}
return heights;
"""


def test_what_is_kept_together_on_paper_takes_less_than_half_a_page(browser, page):
    opened(browser, page, 720)  # of a sheet of 816 pixels, less its margins
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": [LIGHT]})
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    time.sleep(0.5)
    heights = browser.execute_script(KEPT)
    browser.execute_script("dispatchEvent(new Event('afterprint'))")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": [LIGHT]})
    assert len(heights) > 8
    assert {name: height for name, height in heights.items() if height > 980 / 2} == {}


BROKEN = """
return [...document.querySelectorAll("code .whole")].filter((part) => part.getClientRects().length > 1).length;
"""


@pytest.mark.parametrize("width", [1280, 400])
def test_no_part_of_an_architecture_is_broken(browser, page, width):
    opened(browser, page, width)
    assert browser.execute_script('return document.querySelectorAll("code .whole").length')
    assert browser.execute_script(BROKEN) == 0


def test_symbols_that_all_searches_share_have_a_legend(browser, page):
    opened(browser, page)
    said = browser.execute_script(
        'return [...document.querySelectorAll("figure")]'
        '.map((one) => [one.dataset.figure, one.querySelectorAll(".key").length])'
    )
    assert dict(said) | {"final-final": 3, "ranking-ranks": 1, "lineage-tree": 2} == dict(said)


def test_names_that_differ_at_their_ends_differ_beside_an_axis(browser, landscape, tmp_path):
    stem = "regularized-evolution:population=10,sample=3,selection=tournament,replacement=" + "x" * 80
    made = compare({stem + end: "random" for end in "12"}, landscape, runs=3, evaluations=5)
    opened(browser, made.report(tmp_path / "long.html"), 400)
    names = (
        "return [...document.querySelectorAll('[data-figure=final-final] .ytick text')].map((one) => one.textContent)"
    )
    one, other = browser.execute_script(names)
    assert one != other
    assert browser.execute_script(OVERLAPS) == []
