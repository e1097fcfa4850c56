"""The page: what it says of every kind of comparison, and that nothing in it can do harm."""

import base64
import csv
import gzip
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from toy import ToyBenchmark

from nasbed import compare
from nasbed.core.errors import BadSetting
from nasbed.optimizers.evolution import RegularizedEvolution
from nasbed.report.page.page import html, write
from nasbed.run.history import History
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.statistics.comparison import Comparison

HOSTILE = "<script>alert('1')</script>\"&amp;'}}{{ 7*7 }}</script><img src=x onerror=alert(2)> — Ünïcode 漢字 @0"


class Reader(HTMLParser):
    """Collects what a browser would see: tags, text outside of scripts, ids."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.scripts, self.ids, self._inside = [], [], [], [], None
        self.feed(text)
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.ids += [value for name, value in attributes if name == "id"]
        self._inside = tag if tag in ("script", "style") else self._inside

    def handle_endtag(self, tag):
        self._inside = None if tag == self._inside else self._inside

    def handle_data(self, data):
        (self.scripts if self._inside == "script" else self.texts if self._inside is None else []).append(data)


def figures_of(text):
    packed = re.search(r'id="figures">(.*?)</script>', text, re.DOTALL)[1]
    return json.loads(gzip.decompress(base64.b64decode(packed)))


@pytest.fixture(scope="module")
def comparison(landscape):
    optimizers = {"random": "random", "evolution": RegularizedEvolution(8, 3), "local": "local"}
    return compare(optimizers, landscape, runs=12, evaluations=30, seed=2)


@pytest.fixture(scope="module")
def page(comparison):
    return html(replace(comparison, command="nasbed compare random --report 'a b.html'"))


def headings(text):
    return re.findall(r"<h3>(.*?)</h3>", text)


def test_a_page_tells_everything_in_order(page, comparison):
    assert headings(page) == [
        "Summary",
        "Progress",
        "Where the runs ended",
        "Who is better",
        "Time to target",
        "The winner&#39;s curse",
        "Best architectures",
        "Lineage of the winner",
        "Trials",
        "Best practices",
        "What was run",
        "Words on this page",
    ]
    text = Reader(page).text
    assert comparison.separated().sentence() in text
    assert "This landscape is made up." in text
    for told in ("nasbed compare random --report 'a b.html'", "0123", "population = 8, sample = 3", "numpy"):
        assert told in text


def test_every_figure_has_something_to_show(page):
    figures = figures_of(page)
    assert set(figures) == {
        *("progress-curves", "final-final", "final-profiles", "ranking-ranks", "ranking-improvement"),
        *("reaching-targets", "curse-curse", "lineage-tree"),
    }
    for name, figure in figures.items():
        for key, view in figure["views"].items():
            numbers = [x for trace in view["data"] for axis in ("x", "y", "q1", "z") for x in trace.get(axis) or []]
            assert any(x is not None for x in numbers), (name, key)
        positions = [len(switch["options"]) for switch in figure["switches"]]
        assert len(figure["views"]) == np.prod(positions, dtype=int), name


def test_curves_show_what_the_histories_say(page, comparison):
    view = figures_of(page)["progress-curves"]["views"]["test|evaluations|mean"]
    lines = {trace["name"]: trace for trace in view["data"] if "name" in trace}
    for label, history in comparison.histories.items():
        line = lines[label]
        assert line["x"][0] == 1
        assert line["x"][-1] == 30
        for at, shown in zip(line["x"], line["y"], strict=True):
            assert shown == pytest.approx(100 * history.test[at - 1].mean(), abs=0.0006)
    expected = lines["random search, exact expectation"]
    assert expected["y"][-1] == pytest.approx(100 * comparison.reference.test_after(30), abs=0.0006)


def test_nothing_is_loaded_and_nothing_sent(page):
    reader = Reader(page)
    for tag, attributes in reader.tags:
        assert tag not in ("iframe", "object", "embed", "base", "form", "img"), tag
        for name in ("src", "href", "xlink:href", "action", "data"):
            own = ("#", "data:,", "data:text/csv;") if "download" in attributes else ("#", "data:,")
            assert attributes.get(name, "#").startswith(own), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on")]
    assert "@import" not in page
    assert "url(" not in page
    policy = next(attributes["content"] for _, attributes in reader.tags if "http-equiv" in attributes)
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[^ ']+' 'sha256-[^ ']+';", policy)


def test_addresses_are_unique_and_found(page):
    reader = Reader(page)
    assert len(set(reader.ids)) == len(reader.ids)
    for tag, attributes in reader.tags:
        if tag == "a" and "download" not in attributes:
            assert attributes["href"][1:] in reader.ids


def test_hostile_labels_and_commands_are_text(landscape):
    comparison = compare({HOSTILE: "random", "}}</style>": "local"}, landscape, runs=3, evaluations=8)
    hostile = replace(comparison, command=f"nasbed compare {HOSTILE}")
    for history in hostile.histories.values():
        history.info["benchmark"]["warnings"] = [HOSTILE]
        history.info["benchmark"]["caution"] = f"caution {HOSTILE}"
    page = html({HOSTILE: hostile, "b": hostile}, title=HOSTILE)
    reader = Reader(page)
    assert [tag for tag, _ in reader.tags].count("script") == 3
    assert "img" not in {tag for tag, _ in reader.tags}
    assert HOSTILE in reader.text
    assert "49" not in re.findall(r"Ünïcode 漢字 (\d+)", reader.text)
    for figure in figures_of(page).values():
        for view in figure["views"].values():
            for trace in view["data"]:
                assert "<" not in trace.get("name", "")
                assert not [text for text in trace.get("text", []) if "<" in str(text)]


@pytest.mark.slow
def test_the_same_comparison_gives_the_same_bytes(comparison, page, landscape, tmp_path):
    again = compare(
        {"random": "random", "evolution": RegularizedEvolution(8, 3), "local": "local"},
        landscape,
        runs=12,
        evaluations=30,
        seed=2,
    )
    assert html(replace(again, command="nasbed compare random --report 'a b.html'")) == page
    assert again.report(tmp_path / "a.html").read_bytes() == comparison.report(tmp_path / "b.html").read_bytes()


def test_a_page_is_there_whole_or_not_at_all(comparison, tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    path.write_text("before")
    monkeypatch.setattr("nasbed.report.page.chapters.origin", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write(comparison, path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(BadSetting, match="no folder"):
        write(comparison, tmp_path / "none" / "page.html")


# ── comparisons that lack something ───────────────────────────────────────────────────────────────────────────


def failed(history):
    return replace(history, value=np.full_like(history.value, np.nan)).judged(
        *2 * (np.full(history.value.shape, np.nan),), history.optimum
    )


def test_one_search_and_one_run_make_a_page(landscape):
    for optimizers, runs, evaluations in ((["random"], 5, 6), (["random", "local"], 1, 6), (["random"], 1, 1)):
        page = html(compare(optimizers, landscape, runs=runs, evaluations=evaluations))
        assert {"Summary", "Progress", "Best architectures", "What was run"} <= set(headings(page))
        assert ("Who is better" in headings(page)) == (len(optimizers) > 1)
        assert "NaN" not in Reader(page).text
        assert figures_of(page)


def test_where_everything_failed_the_page_says_so(landscape):
    comparison = compare(["random", "local"], landscape, runs=4, evaluations=5)
    page = html(Comparison({label: failed(history) for label, history in comparison.histories.items()}))
    assert headings(page) == ["Summary", "Best practices", "What was run", "Words on this page"]
    assert "No training of 4 runs of 2 searches came to a result." in Reader(page).text


def test_where_one_search_failed_the_others_are_shown(landscape):
    comparison = compare(["random", "local"], landscape, runs=4, evaluations=5)
    histories = {"lost": failed(comparison.histories["random"]), "local": comparison.histories["local"]}
    page = html(Comparison(histories))
    assert "Of 2 searches, local ended highest" in Reader(page).text
    assert figures_of(page)["progress-curves"]["views"]


def test_without_test_accuracies_and_optimum_validation_is_shown(untested):
    comparison = compare(["random", "local"], untested, runs=6, evaluations=9)
    unknown = {label: replace(h, optimum=(np.nan, np.nan)) for label, h in comparison.histories.items()}
    for given in (comparison, Comparison(unknown)):
        page = html(given)
        metrics = figures_of(page)["progress-curves"]["switches"][0]["options"]
        assert "test" not in metrics
        assert ("validation-regret" in metrics) == (given is comparison)
        assert ("Time to target" in headings(page)) == (given is comparison)


def test_a_history_that_nobody_judged_and_that_is_old_makes_a_page(landscape, tmp_path):
    history = compare(["random"], landscape, runs=3, evaluations=6).histories["random"]
    bare = replace(history, test=None, mean_validation=None, number=None, parents=None, fidelity=None)
    bare.info.pop("duplicates"), bare.info.pop("versions"), bare.info["benchmark"].pop("warnings")
    read = History.from_parquet(bare.to_parquet(tmp_path / "old.parquet"))
    page = html(Comparison({"old": read}))
    assert "Progress" in headings(page)
    assert "says of no trial that it was bred" in Reader(page).text


def test_there_has_to_be_something_to_report():
    with pytest.raises(BadSetting, match="nothing to report"):
        html({})


def test_chapters_have_addresses_and_figures_of_their_own(comparison, untested):
    other = compare(["random"], untested, runs=2, evaluations=4)
    page = html({"first": comparison, "second": other})
    reader = Reader(page)
    assert len(set(reader.ids)) == len(reader.ids)
    assert re.findall(r"<h2>(.*?)</h2>", page) == ["first", "second"]
    assert {"c0-progress-curves", "c1-progress-curves"} <= set(figures_of(page))
    boxes = re.findall(r'data-figure="(.*?)"', page)
    assert set(boxes) == set(figures_of(page))


def test_several_benchmarks_are_ranked_together(comparison):
    histories = {label: replace(h, info={**h.info}) for label, h in comparison.histories.items()}
    for history in histories.values():
        history.info["benchmark"] = {**history.info["benchmark"], "name": "other"}
    page = html({"landscape": comparison, "other": Comparison(histories)})
    assert re.findall(r"<h2>(.*?)</h2>", page) == ["All benchmarks together", "landscape", "other"]
    assert "over 2 benchmarks" in Reader(page).text
    assert figures_of(page)["all-ranking-ranks"]["views"]
    assert "share their random streams (seed" in Reader(page).text


@pytest.mark.slow
def test_why_benchmarks_are_not_ranked_together_is_said(comparison):
    histories = {f"other {label}": replace(h, info={**h.info}) for label, h in comparison.histories.items()}
    for history in histories.values():
        history.info["benchmark"] = {**history.info["benchmark"], "name": "other"}
    page = html({"landscape": comparison, "other": Comparison(histories)})
    assert re.findall(r"<h2>(.*?)</h2>", page)[0] == "All benchmarks together"
    assert "no ranking over all benchmarks: the comparisons have no search in common" in Reader(page).text
    alone = html({"landscape": comparison, "again": replace(comparison)})
    assert "All benchmarks together" not in alone


@pytest.mark.slow
def test_searches_of_different_versions_are_told_so(comparison):
    other = replace(comparison.histories["local"], info={**comparison.histories["local"].info})
    other.info["versions"] = {"nasbed": "0.0.9"}
    page = html(Comparison({"random": comparison.histories["random"], "local": other}))
    assert "The searches were run with different versions: random with python" in Reader(page).text
    assert "local with nasbed 0.0.9" in Reader(page).text
    assert "different versions" not in html(comparison)


def test_where_the_mean_is_heard_there_is_no_curse(landscape):
    comparison = compare(["random", "local"], landscape, runs=3, evaluations=8, repeats="mean")
    assert "The winner&#39;s curse" not in headings(html(comparison))


def trials_of(text):
    address = next(found["href"] for _, found in Reader(text).tags if found.get("download") == "trials.csv")
    return list(csv.DictReader(base64.b64decode(address.partition("base64,")[2]).decode().splitlines()))


def test_every_trial_is_in_the_page_as_csv(page, comparison):
    rows = trials_of(page)
    assert len(rows) == sum(int(history.tried.sum()) for history in comparison.histories.values())
    one = next(row for row in rows if (row["search"], row["run"], row["trial"]) == ("local", "3", "5"))
    history = comparison.histories["local"]
    assert one["architecture"] == history.space.format(history.archs[4, 3])
    assert float(one["validation"]) == pytest.approx(history.value[4, 3], rel=1e-5)


def test_where_trials_are_too_many_the_page_says_which_it_has(comparison, monkeypatch):
    monkeypatch.setattr("nasbed.report.page.trials.ROWS", 200)
    text = html(comparison)
    rows = trials_of(text)
    assert {(row["search"], row["run"]) for row in rows} == {(one, run) for one in comparison.histories for run in "01"}
    assert "180 of 1,080 trials, so that the page stays small: those of the first 2 of 12 runs" in Reader(text).text


@pytest.mark.slow
def test_of_one_run_that_is_too_long_the_beginning_is_in_the_page(comparison, monkeypatch):
    monkeypatch.setattr("nasbed.report.page.trials.ROWS", 30)
    text = html(comparison)
    assert [row["trial"] for row in trials_of(text)] == 3 * [str(trial) for trial in range(1, 11)]
    assert "the first 10 of one run of each search" in Reader(text).text


def test_a_glossary_has_the_words_of_the_page_alone(page, untested):
    history = compare(["random"], untested, runs=2, evaluations=4).histories["random"]
    unknown = Comparison({"random": replace(history, optimum=(np.nan, np.nan))})
    words, fewer = (set(re.findall("<dt>(.*?)</dt>", text)) for text in (page, html(unknown)))
    assert {"regret", "incumbent", "interval", "told apart", "heard"} <= words
    assert "hypervolume" not in words
    assert "critical difference" not in fewer


def test_title_author_and_notes_are_on_the_page_as_text(comparison):
    text = html(comparison, "A <b>title</b>", author="A. Author & B.", notes="First, a note.\n\nThen <i>another</i>.")
    reader = Reader(text)
    assert {"name": "author", "content": "A. Author & B."} in [found for tag, found in reader.tags if tag == "meta"]
    assert "A <b>title</b> colours: system A. Author & B. First, a note. Then <i>another</i>." in reader.text
    assert text.count('<p class="notes">') == 2


class Weighed(ToyBenchmark):
    """Accuracies that the second decision says nearly alone: of rows with one key, their mean counts."""

    def __init__(self):
        super().__init__()
        self.space = NASBench201()

    def query(self, archs, epochs=None, streams=None):
        value = 0.5 + 0.1 * archs[:, 1] + 0.001 * archs[:, 4]
        return super().query(archs, epochs, streams)._replace(value=value)


def test_the_decision_that_matters_most_comes_first(page):
    text = html(compare(["random"], Weighed(), runs=4, evaluations=60))
    assert "Which decisions matter" in headings(text)
    assert "Which decisions matter" not in headings(page)
    assert figures_of(text)["importance-importance"]["views"][""]["layout"]["yaxis"]["ticktext"][0] == "cell.0-2"
    assert re.search(r"cell\.0-2 9\d\.\d avg_ ?pool_ ?3x3", Reader(text).text)
