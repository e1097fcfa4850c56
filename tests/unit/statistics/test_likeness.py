"""Likeness: searches are compared like with like, and what they may differ in is what is studied and said."""

from dataclasses import replace

import made_runs
import pytest

from nasbed import compare, search
from nasbed.core.errors import BadSetting, UnknownName
from nasbed.run.history import History
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.likeness import traits
from nasbed.statistics.reading import read

RULES = {"epochs": 36, "duplicates": "pay", "repeats": "draw", "patience": 10_000, "seed": 0}


def history(budget=None, benchmark=None, **rules):
    """Three runs of one evaluation, as if they had been played so."""
    made = made_runs.history([[0.1], [0.2], [0.3]])
    about = {**made.info["benchmark"], **(benchmark or {})}
    return replace(
        made, info={**made.info, **RULES, "budget": budget or {"evaluations": 30}, "benchmark": about, **rules}
    )


@pytest.mark.parametrize(
    ("name", "other", "said"),
    [
        ("evaluations", {"budget": {"evaluations": 300}}, "30 .a. and 300 .b."),
        ("epochs", {"epochs": 4}, "36 .a. and 4 .b."),
        ("repeats", {"repeats": "mean"}, "draw .a. and mean .b."),
        ("duplicates", {"duplicates": "free"}, "pay .a. and free .b."),
        ("failures", {"failures": 0.5}, "0.0 .a. and 0.5 .b."),
        ("workers", {"workers": 8, "scheduling": "asynchronous"}, "1 .a. and 8 .b."),
        ("objectives", {"objectives": ["params"], "limits": {}}, "none .a. and params .b."),
        ("limits", {"objectives": [], "limits": {"params": 1e6}}, "none .a. and params 1e.06 .b."),
        ("absent", {"absent": "refuse"}, "hide .a. and refuse .b."),
        ("recipe", {"benchmark": {"recipe": "12"}}, "200 .a. and 12 .b."),
        ("checksum", {"benchmark": {"checksum": "other"}}, "one .a. and other .b."),
        ("splits.told", {"benchmark": {"splits": {"told": "loss"}}}, "accuracy .a. and loss .b."),
        ("pace", {"benchmark": {"pace": 2.0}}, "1.0 .a. and 2.0 .b."),
        ("measure", {"benchmark": {"measure": "negative mae"}}, "accuracy .a. and negative mae .b."),
    ],
)
def test_searches_that_differ_are_refused_with_the_difference_unless_it_is_studied(name, other, said):
    usual = {"recipe": "200", "checksum": "one", "splits": {"told": "accuracy"}, "measure": "accuracy"}
    other = {**other, "benchmark": {**usual, **other.get("benchmark", {})}}
    histories = {"a": history(benchmark=usual), "b": history(**other)}
    with pytest.raises(BadSetting, match=f'so all have the same .*, not {said}.* say so: differing={{"{name}"}}'):
        Comparison(histories)
    assert list(Comparison(histories, differing={name}).differences) == [name]


def test_synchronous_and_asynchronous_workers_are_not_alike():
    apart = {"a": history(workers=4, scheduling="asynchronous"), "b": history(workers=4, scheduling="synchronous")}
    with pytest.raises(BadSetting, match="the same scheduling"):
        Comparison(apart)
    one = {"a": history(workers=4, scheduling="synchronous"), "b": history()}
    assert list(Comparison(one, differing={"workers"}).differences) == ["workers"], "one worker has no scheduling"


@pytest.mark.parametrize("name", ["data", "space.vertices", "benchmark"])
def test_no_comparison_is_of_two_benchmarks(name):
    benchmarks = {
        "data": {"data": "cifar10"},
        "space.vertices": {"space": {"vertices": 5}},
        "benchmark": {"name": "mine"},
    }
    others = {
        "data": {"data": "cifar100"},
        "space.vertices": {"space": {"vertices": 7}},
        "benchmark": {"name": "other"},
    }
    histories = {"a": history(benchmark=benchmarks[name]), "b": history(benchmark=others[name])}
    with pytest.raises(BadSetting, match=r"on one benchmark, so all have the same .* statistics several"):
        Comparison(histories)
    with pytest.raises(UnknownName, match=f"is called '{name}'"):
        Comparison(histories, differing={name})


def test_all_differences_are_named_at_once():
    with pytest.raises(BadSetting, match=r'differ in epochs, too\..* differing=\{"evaluations", "epochs"\}'):
        Comparison({"a": history(), "b": history({"evaluations": 60}, epochs=4)})


def test_what_is_not_known_of_a_search_is_no_difference():
    old = history(benchmark={"splits": ["test", "validation"]})
    new = history(benchmark={"data": "digits", "splits": {"told": "36/digits/validation/accuracy"}})
    assert Comparison({"old": old, "new": new}).differences == {}


def test_a_trait_that_there_is_not_is_refused_with_those_that_there_are():
    with pytest.raises(UnknownName, match="Did you mean 'epochs'"):
        Comparison({"a": history()}, differing={"epoch"})


def test_one_name_need_not_be_a_set():
    assert Comparison({"a": history(), "b": history(epochs=4)}, differing="epochs").studied == "epochs"


def test_epochs_that_are_not_given_are_the_longest(landscape):
    given, usual = (search("random", landscape, evaluations=2, runs=2, epochs=epochs) for epochs in (12, None))
    assert traits(given)["epochs"] == traits(usual)["epochs"] == 12
    assert Comparison({"given": given, "usual": usual}).studied == ""


@pytest.fixture(scope="module")
def studied(landscape):
    histories = {
        f"{epochs} epochs": search("random", landscape, evaluations=5, runs=4, epochs=epochs) for epochs in (4, 12)
    }
    return Comparison(histories, differing={"epochs"})


def test_titles_and_sentences_say_what_is_studied(studied, tmp_path):
    from nasbed.statistics.improvement import improvements
    from nasbed.statistics.ranks_signed import signed_ranks

    assert "4 runs, epochs differing" in str(studied)
    for statistic in (studied.separated(), improvements(studied), signed_ranks(studied)):
        assert "test accuracy, epochs differing" in statistic.sentence()
    assert studied.warnings[-1] == "searches differ in epochs: 4 (4 epochs) and 12 (12 epochs)"
    (axes,) = studied.plot().axes
    assert "epochs differing" in axes.get_title(loc="left") + axes.get_title()
    assert "differing" not in axes.get_ylabel()
    page = studied.report(tmp_path / "page.html").read_text()
    assert "epochs of each" in page
    assert "epochs differing" in page


@pytest.mark.slow
def test_a_folder_keeps_what_is_studied(studied, tmp_path):
    studied.save(tmp_path / "folder", ["svg"])
    (found,) = read([tmp_path / "folder"]).values()
    assert (list(found.histories), found.studied) == (list(studied.histories), "epochs")


def test_files_are_put_together_by_what_is_studied(studied, tmp_path):
    for label, one in studied.histories.items():
        one.to_parquet(tmp_path / f"{label[0]}.parquet")
    paths = sorted(tmp_path.glob("*.parquet"))
    assert [found.studied for found in read(paths).values()] == ["", ""]
    assert [found.studied for found in read(paths, ["epochs"]).values()] == ["epochs"]


def test_a_comparison_that_nasbed_plays_differs_in_nothing(landscape):
    assert compare(["random", "local"], landscape, runs=3, evaluations=3, workers=2).differences == {}
    assert isinstance(next(iter(compare(["random"], landscape, runs=2, evaluations=2).histories.values())), History)
