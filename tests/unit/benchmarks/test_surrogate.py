"""Surrogates: what predictors say is a benchmark, from a file too, and so are trees that others trained."""

import pickle

import numpy as np
import pytest

import nasbed
from nasbed.benchmarks import SurrogateBenchmark
from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.registry import optimizers
from nasbed.core.rng import Streams
from nasbed.encodings.configspace import ConfigSpaceNumbers
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.testing import DoesNotApply, benchmark_laws

SLOW = ("nevergrad", "optuna", "pymoo", "bananas", "smac")


@pytest.fixture(scope="module")
def table():
    return nasbed.benchmark("digits101")


@pytest.fixture(scope="module")
def made(table):
    rows = table.space.enumerate()[np.random.default_rng(0).permutation(table.space.size)[:80]]
    return SurrogateBenchmark.of(table, rows, "gp", "bayesian-ridge", name="made")


@pytest.fixture(scope="module")
def path(made, tmp_path_factory):
    return made.save(tmp_path_factory.mktemp("surrogate") / "made.npz")


@pytest.mark.parametrize("law", benchmark_laws, ids=str)
def test_it_keeps_the_laws_of_benchmarks(law, made):
    try:
        law(made)
    except DoesNotApply as reason:
        pytest.skip(str(reason))


def test_it_says_nearly_what_the_trainings_say_that_it_did_not_see(made, table):
    rows = table.space.enumerate()
    told, true = made.query(rows), table.query(rows)
    assert np.corrcoef(told.value, true.value)[0, 1] > 0.7
    assert np.corrcoef(made.test(rows), table.test(rows))[0, 1] > 0.7
    assert 0.8 < np.median(told.seconds / true.seconds) < 1.25
    repeats = table.outcomes(rows)
    assert 0.5 < made.noise / np.sqrt(repeats.var(axis=1).mean()) < 2.0


def test_answers_do_not_depend_on_what_else_is_asked(made):
    rows = made.space.enumerate()[:200]
    alone = [made.query(row[None]).value[0] for row in rows]
    np.testing.assert_array_equal(made.query(rows).value, alone)


def test_with_streams_there_is_noise_of_the_size_that_is_said(made):
    row = made.space.enumerate()[1500]
    drawn = made.query(np.tile(row, (4000, 1)), streams=Streams.from_seed(0, 4000)).value
    assert abs(drawn.mean() - made.query(row[None]).value[0]) < 5 * made.noise / np.sqrt(4000)
    assert 0.95 < drawn.std() / made.noise < 1.05


def test_what_is_saved_answers_the_same_bits_by_its_name(made, path):
    again = nasbed.benchmark(f"surrogate:{path}")
    rows = made.space.enumerate()[::50]
    for one, other in zip(again.query(rows)[:3], made.query(rows)[:3], strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(again.test(rows), made.test(rows))
    assert again.describe() == made.describe()
    assert "predictions of a model, not trainings" in again.describe()["warnings"][0]


@pytest.mark.slow_where("reinforce", "halving", "hyperband", "bowl", "annealing", "filtered", "scalar", "npenas")
@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in optimizers])
def test_every_method_searches_it(name, path):
    benchmark = nasbed.benchmark(f"surrogate:{path}", name="other")
    history = search(optimizers.make(name, {}), benchmark, SearchSettings(evaluations=8, runs=2))
    assert history.paid.sum(axis=0).tolist() == [8, 8]
    assert np.isfinite(history.value[history.paid]).all()


def test_what_is_no_surrogate_is_refused(made, tmp_path):
    with pytest.raises(BadSetting, match="there is no file"):
        nasbed.benchmark(f"surrogate:{tmp_path / 'none.npz'}")
    with pytest.raises(BadSetting, match="write surrogate:FILE"):
        nasbed.benchmark("surrogate:")
    wrong = nasbed.predictors.save(made._judges["value"], tmp_path / "predictor.npz")
    with pytest.raises(CorruptFile, match="is not a surrogate"):
        SurrogateBenchmark.open(wrong)


# ── trees of others ──────────────────────────────────────────────────────────────────────────────────────────────

DARTS = nasbed.space("darts")
ROWS = DARTS.sample(Streams.from_seed(0, 100))
NUMBERS = nasbed.encoding("configspace", DARTS)(ROWS)
PERCENT = 92 + (ROWS == 3).sum(axis=1) / 10


def trees(library, folder, values):
    """Train two members as NAS-Bench-301's scripts do, and write each in its library's own format."""
    for seed in range(2):
        place = folder / f"ensemble_member_{seed}"
        place.mkdir(parents=True)
        (place / "model_config.json").write_text("{}")
        if library == "xgboost":
            module = pytest.importorskip("xgboost")
            settings = {"seed": seed, "max_depth": 4, "subsample": 0.7, "objective": "reg:squarederror"}
            module.train(settings, module.DMatrix(NUMBERS, values), 30).save_model(place / "surrogate_model.json")
        else:
            module = pytest.importorskip("lightgbm")
            settings = {"seed": seed, "bagging_fraction": 0.7, "bagging_freq": 1, "verbose": -1, "num_threads": 1}
            module.train(settings, module.Dataset(NUMBERS, values), 30).save_model(place / "surrogate_model.txt")
    return folder


@pytest.mark.slow_where("lightgbm")
@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_trees_of_others_answer_as_their_library_does(library, tmp_path):
    values, times = trees(library, tmp_path / "values", PERCENT), trees(library, tmp_path / "times", 50 * PERCENT)
    made = SurrogateBenchmark.of_trees(values, times)
    module = pytest.importorskip(library)
    if library == "xgboost":
        each = [module.Booster(model_file=file).predict(module.DMatrix(NUMBERS)) for file in values.rglob("*l.json")]
    else:
        each = [module.Booster(model_file=file).predict(NUMBERS) for file in values.rglob("*.txt")]
    np.testing.assert_allclose(made.query(ROWS).value, np.mean(each, axis=0) / 100, rtol=1e-6)
    np.testing.assert_allclose(made.query(ROWS).seconds, 50 * PERCENT, rtol=0.05)
    assert np.isnan(made.test(ROWS)).all()
    drawn = made.query(np.tile(ROWS[:1], (2000, 1)), streams=Streams.from_seed(0, 2000)).value
    np.testing.assert_allclose(drawn.std(), np.std(each, axis=0)[0] / 100, rtol=0.1, atol=1e-7)
    again = SurrogateBenchmark.open(made.save(tmp_path / "trees.npz"))
    np.testing.assert_array_equal(again.query(ROWS).value, made.query(ROWS).value)
    assert search(optimizers.make("local", {}), again, SearchSettings(evaluations=9)).best_value[0] > 0.9


def test_what_is_no_model_of_that_form_is_refused(tmp_path):
    folder = trees("xgboost", tmp_path / "values", PERCENT)
    pickled = tmp_path / "surrogate_model.model"
    pickled.write_bytes(pickle.dumps({"handle": b""}))
    with pytest.raises(BadSetting, match="is a pickle"):
        SurrogateBenchmark.of_trees(pickled)
    with pytest.raises(BadSetting, match=r"was trained on 56 numbers; onehot has"):
        SurrogateBenchmark.of_trees(folder, encoding="onehot")
    with pytest.raises(BadSetting, match="there are no models"):
        SurrogateBenchmark.of_trees([])
    broken = tmp_path / "broken.json"
    broken.write_bytes((folder / "ensemble_member_0" / "surrogate_model.json").read_bytes()[:500])
    with pytest.raises(CorruptFile, match="not a whole model of xgboost"):
        SurrogateBenchmark.of_trees(broken)
    with pytest.raises(BadSetting, match="have no values in NAS-Bench-301's ConfigSpace"):
        SurrogateBenchmark.of_trees(folder, space="nasbench201")


def test_the_numbers_are_those_of_the_published_configspace():
    """Held against ConfigSpace 1.2: the order, and the choices of a drawn genotype."""
    numbers = ConfigSpaceNumbers(DARTS)
    assert len(numbers.names) == 56
    assert [numbers.names[place].split(":")[-1] for place in (0, 10, 14, 15, 31, 32, 43, 44, 55)] == [
        "batch_size",
        "edge_normal_0",
        "init_channels",
        "inputs_node_normal_3",
        "alpha",
        "edge_normal_10",
        "edge_normal_9",
        "edge_reduce_10",
        "edge_reduce_9",
    ]
    genotype = "(((0,3),(1,0),(0,2),(2,4),(1,5),(3,1),(3,6),(4,6)), ((0,1),(1,1),(1,2),(2,2),(0,0),(2,3),(1,5),(4,4)))"
    found = dict(zip(numbers.names, numbers.values(DARTS.parse(genotype)[None])[0].tolist(), strict=True))
    said = {name.split(":")[-1]: value for name, value in found.items()}
    assert [said[f"edge_normal_{i}"] for i in range(14)] == [3, 0, 2, -1, 4, -1, 5, -1, 1, -1, -1, -1, 6, 6]
    assert [said[f"inputs_node_normal_{node}"] for node in (3, 4, 5)] == [1, 4, 9]
    assert [said[f"inputs_node_reduce_{node}"] for node in (3, 4, 5)] == [2, 1, 6]
