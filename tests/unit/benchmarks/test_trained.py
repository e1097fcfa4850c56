"""Real training as a benchmark."""

import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

import nasbed
from nasbed.benchmarks.resolve import resolve
from nasbed.benchmarks.trained import TrainedBenchmark
from nasbed.core.errors import BadSetting, InvalidArchitecture, NasbedError, NotInTable, UnknownName
from nasbed.core.rng import Streams
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.testing import DoesNotApply, benchmark_laws
from nasbed.testing.spaces import twins

needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="needs nasbed[torch]")

TINY = {"skeleton": {"stem_channels": 2, "stacks": 1}, "recipe": {"batch_size": 20}, "budgets": (1, 2)}
SPACE = NASBench101(vertices=3)


def tiny(**settings):
    return TrainedBenchmark("digits", SPACE, **{**TINY, "executor": "inline", **settings})


@pytest.fixture(scope="module")
def trained():
    return tiny()


@pytest.fixture(scope="module")
def quick():
    return tiny(recipe={"batch_size": 100})


def test_a_name_is_data_and_a_space():
    made = resolve("trained:digits:nasbench101")
    assert isinstance(made, TrainedBenchmark)
    assert (made.name, made.data, made.budgets) == ("trained:digits:nasbench101", "digits", (4, 12, 36))
    assert made.space == NASBench101()
    assert made.recipe.batch_size == 25
    elsewhere = nasbed.benchmark("trained:cifar10:C:/data/cifar:nasbench101", budgets=(4,), recipe={"l2": 0})
    assert (elsewhere.name, elsewhere.data) == ("trained:cifar10:nasbench101", "cifar10:C:/data/cifar")
    assert (elsewhere.budgets, elsewhere.blueprint.image_size, elsewhere.recipe.l2) == ((4,), 32, 0.0)
    assert resolve("trained:cifar10:nasbench101").budgets == (4, 12, 36, 108)
    assert resolve("trained:digits:nasbench101", named="nasbench201").recipe.optimizer == "sgd"


@needs_torch
def test_a_precision_that_is_left_open_is_noted_as_what_it_came_to(tmp_path):
    made = tiny(recipe={"batch_size": 100, "precision": "auto"}, budgets=(1,))
    assert made.describe()["recipe"]["precision"] == "auto"
    store = tmp_path / "search.sqlite"
    history = nasbed.search("random", made, evaluations=1, executor="inline", store=store)
    assert history.info["benchmark"]["recipe"]["precision"] == "float32"
    open_again = tiny(recipe={"batch_size": 100, "precision": "auto"}, budgets=(1,))
    again = nasbed.search("random", open_again, evaluations=1, executor="inline", store=store)
    assert again.value.tolist() == history.value.tolist()


@pytest.mark.parametrize(
    ("name", "settings", "error", "said"),
    [
        ("trained", {}, BadSetting, "write trained:DATA:SPACE, such as trained:digits:nasbench101"),
        ("trained:digits", {}, BadSetting, "write trained:DATA:SPACE"),
        ("trained::nasbench101", {}, BadSetting, "write trained:DATA:SPACE"),
        ("trained:digits:", {}, BadSetting, "write trained:DATA:SPACE"),
        ("trained:digits:nasbench102", {}, UnknownName, "Did you mean 'nasbench101'"),
        ("trained:digit:nasbench101", {}, UnknownName, "Did you mean 'digits'"),
        ("trained:digits:nasbench101", {"recipe": {"batchsize": 2}}, BadSetting, "did you mean 'batch_size'"),
        ("trained:digits:nasbench101", {"named": "digit"}, UnknownName, "Did you mean 'digits'"),
        ("trained:digits:nasbench101", {"budgets": (4, 4)}, BadSetting, "ascending"),
        ("trained:digits:nasbench101", {"budgets": (0, 4)}, BadSetting, "positive"),
        ("trained:digits:nasbench101", {"budgets": ()}, BadSetting, "positive"),
        ("trained:digits:nasbench101", {"attempts": 0}, BadSetting, "at least 1"),
        ("trained:digits:nasbench101", {"seed": -1}, BadSetting, "must not be negative"),
        ("trained:digits:nasbench101", {"time_limit": 0}, BadSetting, "positive seconds"),
    ],
)
def test_what_cannot_be_made_is_named(name, settings, error, said):
    with pytest.raises(error, match=said):
        resolve(name, **settings)


@needs_torch
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"recipe": {"batch_size": 300}}, "fewer than 4 steps"),
        ({"skeleton": {"image_size": 16}}, "images of 8 pixels"),
        ({"device": "abacus"}, "the device 'abacus' cannot be used here .*; cpu always works"),
    ],
)
def test_what_cannot_be_trained_is_an_error_and_no_failed_training(settings, said):
    made = TrainedBenchmark(**{"data": "digits", "space": SPACE, **TINY, "executor": "inline", **settings})
    archs = SPACE.enumerate()[:1]
    with pytest.raises(BadSetting, match=f"nothing can be trained: .*{said}"):
        made.query(archs)
    with pytest.raises(BadSetting, match=f"nothing can be trained: .*{said}"):
        nasbed.search("random", made, evaluations=1, epochs=1, executor="inline")


@needs_torch
def test_a_call_trains_and_its_answer_is_what_was_measured_at_the_end(trained):
    from nasbed.nets.units import train_unit

    work, arguments = trained.call(SPACE.enumerate()[3], 2, 17)
    assert work == "nasbed.nets.units:train_unit"
    value = train_unit(*arguments)
    answer = trained.answer(value)
    (measured,) = value["repeats"]
    assert answer.validation == measured["points"]["end"]["validation"][0] / 800
    assert answer.test == measured["points"]["end"]["test"][0] / 597
    assert answer.seconds == measured["points"]["end"]["training_time"] > 0
    assert measured["points"]["end"]["epoch"] == 2
    again = trained.answer(train_unit(*trained.call(SPACE.enumerate()[3], 2, 17)[1]))
    assert again[:2] == answer[:2]


@pytest.mark.slow
@needs_torch
def test_a_training_that_came_to_nothing_is_no_number():
    made = tiny(recipe={"batch_size": 100, "learning_rate": 1e30, "momentum": 0.0}, attempts=2)
    value, seconds = made.query(SPACE.enumerate())[:2]
    assert np.isnan(value).all()
    assert (seconds >= 0).all()
    assert np.isnan(made.test(SPACE.enumerate())).all()


@pytest.mark.slow
@needs_torch
def test_equal_architectures_are_one_network_and_are_trained_once(trained, monkeypatch):
    archs = SPACE.sample(Streams.from_seed(0, 40))
    value = trained.query(archs).value
    calls = []
    monkeypatch.setattr(trained, "call", lambda *what: calls.append(what))
    np.testing.assert_array_equal(trained.query(twins(SPACE, archs, 1)).value, value)
    np.testing.assert_array_equal(trained.query(archs[::-1], np.full(40, 2)).value[::-1], value)
    assert calls == []
    assert len(np.unique(value)) > 3
    made = tiny()  # another object, asked in another order
    np.testing.assert_array_equal(made.query(twins(SPACE, archs[::-1], 2)).value[::-1], value)


@pytest.mark.slow
@needs_torch
def test_streams_train_anew_and_the_test_part_is_another(trained):
    arch = np.repeat(SPACE.enumerate()[2:3], 6, axis=0)
    streams = Streams.from_seed(1, 6)
    drawn = trained.query(arch, 1, streams)
    assert len(np.unique(drawn.value)) > 1
    assert streams.positions.tolist() == [1] * 6
    np.testing.assert_array_equal(trained.query(arch, 1, Streams.from_seed(1, 6)).value, drawn.value)
    assert trained.query(arch, 1).value[0] != trained.query(arch, 2).value[0]
    assert trained.test(arch)[0] * 597 == pytest.approx(round(trained.test(arch)[0] * 597))
    with pytest.raises(BadSetting, match="as many streams"):
        trained.query(arch, 1, Streams.from_seed(1, 5))


def test_questions_that_make_no_sense_are_refused(trained):
    arch = SPACE.enumerate()[:1]
    with pytest.raises(NotInTable, match="no results at 3 epochs; it has 1, 2"):
        trained.query(arch, 3)
    with pytest.raises(InvalidArchitecture, match="not valid"):
        trained.query(np.zeros_like(arch))
    with pytest.raises(NasbedError, match="rows of"):
        trained.query(arch[:, 1:])
    with pytest.raises(BadSetting, match="one number of epochs each"):
        trained.query(arch, np.array([1, 2]))


@needs_torch
@pytest.mark.slow
@pytest.mark.parametrize("law", benchmark_laws, ids=str)
def test_laws(law, quick):
    try:
        law(quick)
    except DoesNotApply as reason:
        pytest.skip(str(reason))


@needs_torch
def test_several_epochs_in_one_search(trained):
    """An optimizer that names epochs gets them, be they a budget of the benchmark's or not."""
    found = nasbed.search("random", trained, evaluations=2, epochs=3, executor="inline")
    assert found.epochs[:, 0].tolist() == [3, 3]
    assert found.info["benchmark"]["images"] == {"train": 400, "validation": 800, "test": 597}
    assert len(found.info["benchmark"]["data_checksum"]) == 64


def test_what_is_for_training_alone_is_refused_elsewhere(trained):
    with pytest.raises(BadSetting, match="answers from a table"):
        nasbed.search("random", "digits101", evaluations=1, store="answers.sqlite")
    with pytest.raises(BadSetting, match="are for tables"):
        nasbed.search("random", trained, evaluations=1, failures=0.1)
    with pytest.raises(BadSetting, match="repeats='mean' is for tables"):
        nasbed.search("random", trained, evaluations=1, repeats="mean")


SCRIPT = """
import sys
import nasbed
from nasbed.benchmarks.trained import TrainedBenchmark
from nasbed.spaces.nasbench101 import NASBench101
benchmark = TrainedBenchmark("digits", NASBench101(vertices=3), skeleton={"stem_channels": 2, "stacks": 1},
                             recipe={"batch_size": 20}, budgets=(1, 2), workers=1)
found = nasbed.search("random", benchmark, evaluations=3, seed=4, workers=1)
assert benchmark.query(found.archs[:, 0]).value.shape == (3,)
assert "torch" not in sys.modules and "sklearn" not in sys.modules
print(*found.value[:, 0], *found.metric("test")[:, 0])
"""


@pytest.mark.slow
@needs_torch
def test_the_searching_process_does_not_import_torch_and_workers_train_the_same(trained):
    ran = subprocess.run([sys.executable, "-W", "error", "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found = nasbed.search("random", trained, evaluations=3, seed=4, executor="inline")
    assert ran.stdout.split() == [str(x) for x in (*found.value[:, 0], *found.metric("test")[:, 0])]
