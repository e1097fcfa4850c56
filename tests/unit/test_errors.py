"""What a newcomer gets wrong is one sentence of nasbed's: what was given, what is allowed, what to do."""

import sys

import numpy as np
import pytest

import nasbed
from nasbed.benchmarks.resolve import EMBEDDED
from nasbed.compat import nasbench
from nasbed.core.errors import BadSetting, InvalidArchitecture, MissingExtra, NasbedError, NotInTable
from nasbed.core.records import Trials
from nasbed.landscape import Landscape
from nasbed.optimizers.random import RandomSearch
from nasbed.statistics import signed_ranks
from nasbed.studies import Study


class Bare(RandomSearch):
    """Asks with an array, as the others do with Trials."""

    def ask(self):
        return super().ask().archs


class Lone(RandomSearch):
    """Asks for one row, however many runs there are."""

    def ask(self):
        return Trials(super().ask().archs[0])


@pytest.fixture(scope="module")
def history():
    return nasbed.search("random", "digits101", evaluations=3, runs=2)


def play(optimizer="random", **settings):
    return nasbed.search(optimizer, "digits101", **{"evaluations": 5, **settings})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"evaluations": None}, r"give evaluations, total_epochs, seconds, total_seconds.*epochs is none"),
        ({"evaluations": None, "epochs": 4}, "epochs is none, it says how long each architecture is trained"),
        ({"evaluations": 10.5}, "evaluations is a whole number from 1 or none, not 10.5"),
        ({"evaluations": "10"}, "evaluations is a whole number from 1 or none, not '10'"),
        ({"seed": -1}, "seed is a whole number from 0, not -1"),
        ({"objectives": 5}, r"names of costs, such as \['params'\], not 5"),
        ({"objectives": "beauty"}, "knows no cost called 'beauty'; it knows seconds, params, flops, peak_memory"),
        ({"optimizer": "regularized-evolution:population=10,sample=20"}, "sample=20 .* population=10; give sample=10"),
        ({"optimizer": "regularized-evolution:population=5,sample=10"}, "sample=10 .* population=5; give sample=5"),
        ({"optimizer": "evolutionary:population=5,tournament=6"}, "tournament=6 .* population=5; give tournament=5"),
        ({"optimizer": nasbed.benchmark("digits101")}, "named by a text, such as 'asha', not by digits101, TableBench"),
        ({"evaluations": nasbed.benchmark("digits101")}, "evaluations is .*, not digits101, TableBenchmark"),
        ({"progress": True}, "progress is a function, called with a nasbed.run.watching.Status, not True"),
        ({"log": 5}, "log is the path of a file, such as 'run.jsonl', not 5"),
        ({"optimizer": RandomSearch}, r"such as 'asha', not by <class .*call it: RandomSearch\(\)"),
        ({"optimizer": None}, "the optimizer is named by a text, such as 'asha', not by None"),
        ({"optimizer": Bare()}, "the ask of Bare gave a ndarray; it gives Trials"),
        ({"optimizer": Lone()}, r"the ask of Lone .* of shape \(13,\); it gives one row a run: \(1, 13\)"),
        ({"optimizer": Bare(), "workers": 2}, "the ask of Bare gave a ndarray"),
        ({"settings": {"evaluations": 5}}, "settings are a nasbed.SearchSettings, not {'evaluations': 5}; .*keywords"),
    ],
)
def test_settings_of_a_search(settings, said):
    with pytest.raises(BadSetting, match=said):
        play(**settings)


def test_one_objective_may_be_its_name_alone():
    assert play("nsga2", objectives="params").objectives == ("params",)


@pytest.mark.parametrize("given", [None, 5, RandomSearch])
def test_a_benchmark_that_is_none(given):
    with pytest.raises(BadSetting, match="a benchmark is given by its name, such as 'digits101', by the path"):
        nasbed.benchmark(given)


@pytest.mark.parametrize(
    "name", ["nasbench101", "nasbench201", "natssize", "nasbenchmacro", "transnas-micro", "transnas-macro"]
)
def test_an_architecture_that_is_no_text(name):
    space = nasbed.space(name)
    for given in (5, None, np.zeros(3)):
        with pytest.raises(InvalidArchitecture, match=f"{name} reads an architecture from text, .* not "):
            space.parse(given)


def test_a_lineage_of_what_is_not_there(history):
    for given, said in (
        ((99,), "run is a whole number from 0 to 1, not 99"),
        ((-1,), "run is"),
        (("a",), "run is"),
        ((0, 99), "step is a whole number from 0 to 2, not 99"),
    ):
        with pytest.raises(BadSetting, match=said):
            history.lineage(*given)


def test_a_lineage_of_a_step_that_its_run_never_took():
    unequal = nasbed.search("random", "digits101", seconds=5, runs=5)
    taken = unequal.tried.sum(axis=0)
    short = int(taken.argmin())
    assert taken[short] < unequal.steps
    with pytest.raises(
        BadSetting, match=f"run {short} took no step {taken[short]}: its {taken[short]} are counted from 0"
    ):
        unequal.lineage(short, int(taken[short]))


@pytest.mark.parametrize("given", ["digits101", None, RandomSearch])
def test_only_a_benchmark_is_attached(history, given):
    with pytest.raises(BadSetting, match=r"a benchmark is needed, such as nasbed.benchmark\('digits101'\), not "):
        history.attach(given)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Landscape.of("digits101"), "a benchmark is needed, such as .*, not 'digits101'"),
        (lambda: Study.of(5), "a study is a table, such as .*, not 5"),
        (lambda: nasbed.space("nasbench101", operations="conv3x3"), "operations is a list, not 'conv3x3'"),
        (lambda: nasbench.NASBench(None), "a table is opened by the path of its file, not by None"),
        (lambda: nasbench.ModelSpec([[0, 1, 1], [0, 0]], ["input", "output"]), "rows of one length, unlike"),
        (
            lambda: nasbed.network(nasbed.benchmark("digits101"), "#5"),
            "the space is named by a text, .*, not by digits",
        ),
    ],
)
def test_what_else_is_given_in_the_wrong_place(make, said):
    with pytest.raises(NasbedError, match=said):
        make()


def test_a_measurement_takes_one_row_and_texts_like_rows(history):
    row, table = history.best[0], nasbed.table("digits101")
    tested = table.measurement(split="test")
    for given in (row, table.space.format(row), [table.space.format(row)]):
        np.testing.assert_array_equal(tested.mean(given), tested.mean(row[None]))
    np.testing.assert_array_equal(tested.mean(np.arange(13)), tested.mean(table.archs[:13]))


def test_epochs_that_are_no_number_are_shown_as_given(history):
    with pytest.raises(NotInTable, match="has no results at '36' epochs; it has 4, 12, 36"):
        nasbed.benchmark("digits101").query(history.best, "36")


def test_text_in_the_place_of_rows_is_shown_with_how_to_read_it():
    with pytest.raises(InvalidArchitecture, match=r"as space\.parse makes of text, not .*011/001/000:conv"):
        nasbed.benchmark("digits101").space.graph("011/001/000:conv3x3")


def test_a_score_of_what_is_no_network_or_no_batch():
    torch = pytest.importorskip("torch")
    network, images = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.ReLU()), torch.zeros(2, 1, 2, 2)
    with pytest.raises(BadSetting, match=r"a network is a torch\.nn\.Module, such as nasbed.network.*, not 'resnet'"):
        nasbed.score("resnet", None)
    with pytest.raises(BadSetting, match=r"images are a tensor or an array, \(batch, .*\), not None"):
        nasbed.score(network, None)
    with pytest.raises(BadSetting, match=r"labels are a tensor or an array, \(batch,\), not 'cat'"):
        nasbed.score(network, images, "cat")
    with pytest.raises(BadSetting, match="the proxy is named by a text, such as 'epe_nas', not by 5"):
        nasbed.score(network, images, proxies=[5])
    with pytest.raises(BadSetting, match=r"proxies are names, .* not None"):
        nasbed.score(network, images, proxies=None)
    assert list(nasbed.score(network, images, proxies="params")) == ["params"]


@pytest.mark.parametrize("ask", [lambda: nasbed.score("resnet", None), lambda: nasbed.network("nasbench201", "#5")])
def test_a_score_or_network_without_pytorch_says_how_to_install_it(ask, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"pip install 'nasbed\[torch\]' or, in a checkout of nasbed: pip install"):
        ask()


def test_one_run_allows_no_statement():
    comparison = nasbed.compare(["random", "local"], "digits101", evaluations=5, runs=1)
    said = comparison.separated().sentence()
    assert "one run of each allows no statement" in said
    assert "runs=100" in said
    assert "apart" not in said
    assert "one of the runs allows no statement" in signed_ranks(comparison).sentence()


def test_a_benchmark_answers_one_row_and_texts_like_rows(history):
    benchmark, row = nasbed.benchmark("digits101"), history.best[0]
    text = benchmark.space.format(row)
    for ask in (
        lambda given: benchmark.frame(given).select_dtypes("number"),
        lambda given: benchmark.query(given).value,
        benchmark.test,
        benchmark.outcomes,
        lambda given: benchmark.cost("params", given),
    ):
        whole = ask(row[None])
        for given in (row, row.tolist(), text, [text]):
            np.testing.assert_array_equal(ask(given), whole)
        np.testing.assert_array_equal(ask([text, text]), np.concatenate([whole, whole]))
    for wrong in (row[:5], 5, "nothing", [], [text, "nothing"]):
        with pytest.raises(InvalidArchitecture):
            benchmark.query(wrong)


def test_a_table_may_be_named_by_its_benchmark(tmp_path):
    assert len(nasbed.table("digits101")) == 2532
    for given, said in (
        ("nothing.arrow", "there is no file nothing.arrow"),
        (tmp_path / "digits101", "there is no file"),
        (None, "a table is opened by the path of its file, not by None"),
    ):
        with pytest.raises(NasbedError, match=said):
            nasbed.table(given)


def test_a_page_is_written_as_html_alone(tmp_path):
    comparison = nasbed.compare(["random"], "digits101", evaluations=2, runs=2)
    with pytest.raises(BadSetting, match=r"the page is written as HTML; name the file x\.html, not x\.pdf"):
        comparison.report(tmp_path / "x.pdf")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", [nasbed.space, nasbed.optimizer, nasbed.proxy], ids=["space", "optimizer", "proxy"])
def test_a_name_that_is_no_text(make):
    with pytest.raises(BadSetting, match=r"is named by a text, such as '.*', not by 5"):
        make(5)


@pytest.mark.parametrize("published", EMBEDDED)
def test_who_lacks_a_published_table_is_told_of_the_one_that_is_here(published, tmp_path, monkeypatch):
    monkeypatch.setenv("NASBED_HOME", str(tmp_path))
    small = EMBEDDED[published]
    address = {"nasbench101": "https://", "nasbench201": r"NATS-tss\S+ or \S+\.pth \(addresses: https://"}[published]
    with pytest.raises(NotInTable, match=rf"fetch {address}.*\. Or begin with {small}, of the same space"):
        nasbed.benchmark(published)
    assert nasbed.benchmark(small).space.name == published
