"""Generation: one table for one set of settings, however often the work was stopped."""

import json
import random
import subprocess
import sys
import time
from importlib.util import find_spec

import numpy as np
import pytest
from factory.campaigns import MODULES, SPACE, Trainer, made_up, records, same_but_for_times

from nasbed.core.errors import BadSetting, Interrupted, InvalidArchitecture, NasbedError
from nasbed.factory.generate import generate
from nasbed.factory.selection import Selection
from nasbed.factory.settings import training_settings
from nasbed.factory.units import Unit, trainings
from nasbed.run.stores.sqlite import SQLiteStore
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.table import Table

needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="needs nasbed[torch]")

SMALL = {
    "skeleton": {"stem_channels": 2, "stacks": 1},
    "recipe": {"batch_size": 100},
    "budgets": (1, 2),
    "repeats": 2,
    "seed": 5,
}
UNITS = 14  # 7 modules, 2 budgets, both repeats in one pass


def small(out, **settings):
    return generate(out, space=SPACE, **{**SMALL, **settings})


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What everything else is held against: made in this process, one unit after another."""
    folder = tmp_path_factory.mktemp("undisturbed")
    return small(folder / "table.arrow", executor="inline"), folder


@needs_torch
def test_a_table_holds_what_was_measured(undisturbed):
    table, folder = undisturbed
    kept = records(folder / "table.sqlite")
    assert len(kept) == UNITS
    assert (len(table), table.modules.trainings[0], table.modules.trainings[1], table.space) == (7, (1, 2), 2, SPACE)
    for unit, record in kept.items():
        what = Unit.parse(unit)
        row, budget = table.modules.row_of(what.module), table.modules.trainings[0].index(what.epochs)
        for repeat, trained in enumerate(record["value"]["repeats"]):
            at = lambda name: table.column(name).values()[row, budget, repeat]  # noqa: B023, E731
            for point, prefix in (("start", "start_"), ("halfway", "halfway_"), ("end", "")):
                moment = trained["points"][point]
                assert at(f"{prefix}training_time") == pytest.approx(moment["training_time"])
                for part in ("train", "validation", "test"):
                    correct, images = moment[part]
                    assert at(f"{prefix}{part}_accuracy") == correct / images
            assert at("total_time") == pytest.approx(trained["total_time"])
        assert table.column("trainable_parameters").stored[row] == record["value"]["trainable_parameters"]


@needs_torch
def test_the_provenance_says_what_made_the_table(undisturbed):
    made = undisturbed[0].provenance
    assert made["seed"] == 5
    assert made["recipe"]["batch_size"] == 100
    assert made["skeleton"]["stem_channels"] == 2
    assert set(made["splits"]) == {"train", "validation", "test"}
    assert sum(made["splits"].values()) == 1797
    assert set(made["versions"]) == {"nasbed", "torch", "numpy"}
    assert len(made["data_checksum"]) == 64
    assert made["failures"] == []
    assert made["training_seconds"] == pytest.approx(np.sum(undisturbed[0].column("total_time").values()), rel=1e-3)
    (session,) = made["sessions"]
    assert session["started"] <= made["finished"]


@needs_torch
def test_a_finished_campaign_is_not_begun_again(undisturbed):
    table, folder = undisturbed
    before, heard = records(folder / "table.sqlite"), []
    again = small(folder / "table.arrow", executor="inline", progress=heard.append)
    assert [s.done for s in heard] == [UNITS]
    assert records(folder / "table.sqlite") == before
    same_but_for_times(again, table)
    assert again.provenance == table.provenance


SCRIPT = """
import json, sys
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.factory.generate import generate
settings = json.loads(sys.argv[2])
say = lambda status: print(status.done, flush=True)
generate(sys.argv[1], space=NASBench101(vertices=3), progress=say, command="a test", **settings)
assert "torch" not in sys.modules
"""


def disturbed(out, kills, chance, settings=SMALL):
    """Start the same command again and again, killing it each time soon after it has done something new."""
    deaths = 0
    while True:
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(out), json.dumps(settings)], stdout=subprocess.PIPE, text=True
        )
        start = int(process.stdout.readline())
        known = records(out.with_suffix(".sqlite"))
        assert start == len(known)
        if deaths == kills:
            assert process.communicate()[0] is not None
            assert process.returncode == 0
            break
        for line in process.stdout:
            if int(line) > start + chance.randrange(2):
                break
        time.sleep(chance.random() * 0.2)
        process.kill()
        process.communicate()
        deaths += 1
        now = records(out.with_suffix(".sqlite"))
        assert {unit: now[unit] for unit in known} == known  # neither lost nor measured again
        assert not out.exists()
    return Table.open(out)


@pytest.mark.slow
@needs_torch
def test_a_killed_command_goes_on_to_the_same_table(undisturbed, tmp_path):
    settings = {**SMALL, "workers": 1}  # each worker imports PyTorch, which takes longer than all the training
    table = disturbed(tmp_path / "table.arrow", kills=1, chance=random.Random(1), settings=settings)
    same_but_for_times(table, undisturbed[0])
    assert len(records(tmp_path / "table.sqlite")) == UNITS
    assert len(table.provenance["sessions"]) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"table.arrow", "table.sqlite"}


@needs_torch
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_command_killed_again_and_again_goes_on_to_the_same_table(tmp_path, seed):
    settings = {"skeleton": {"stem_channels": 4, "stacks": 2}, "budgets": [2, 4], "repeats": 3, "seed": seed}
    whole = generate(tmp_path / "whole.arrow", space=SPACE, executor="inline", **settings)
    settings |= {"workers": 2, "beside": 1}  # one module a pass: five deaths must fit in before the last
    table = disturbed(tmp_path / "table.arrow", kills=5, chance=random.Random(seed), settings=settings)
    same_but_for_times(table, whole)
    assert len(records(tmp_path / "table.sqlite")) == UNITS


FAKE = """
import os
from pathlib import Path

import numpy as np

def die_once(name):
    flag = Path(__file__).with_name(name)
    if not flag.exists():
        flag.touch()
        os.kill(os.getpid(), 9)

def survey(*what):
    die_once("survey")
    return {"precision": "float32", "versions": {}, "data_checksum": "0", "images": {"train": 1}, "warnings": []}

def train(blueprint, row, recipe, data, epochs, seed, repeats, attempts, *how):
    die_once("train")
    graph = blueprint.space.graph(np.array(row, np.int8))
    if graph.labels[1:-1] == ("maxpool3x3",) and graph.matrix[0][2]:
        os.kill(os.getpid(), 9)
    moment = {"training_time": 1.0, "train": [seed % 7, 7], "validation": [epochs, 7], "test": [graph.vertices, 7]}
    trained = {"points": dict.fromkeys(("start", "halfway", "end"), moment), "total_time": 2.0, "failure": None}
    return {"trainable_parameters": 1, "repeats": [trained] * repeats}

def several(units):
    return [train(*unit) for unit in units]
"""


@pytest.mark.slow
def test_workers_that_die_stop_nothing_and_a_unit_that_kills_them_is_given_up(tmp_path, monkeypatch):
    (tmp_path / "fake_training.py").write_text(FAKE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("nasbed.factory.generate.SURVEY", "fake_training:survey")
    monkeypatch.setattr("nasbed.factory.generate.TRAIN", "fake_training:train")
    monkeypatch.setattr("nasbed.factory.generate.TRAIN_SEVERAL", "fake_training:several")
    table = small(tmp_path / "table.arrow", workers=2, attempts=2)
    lost = SPACE.index(SPACE.parse("011/001/000:maxpool")[None])[0]
    nan = np.isnan(table.column("validation_accuracy").values()).all(axis=(1, 2))
    np.testing.assert_array_equal(np.flatnonzero(nan), [lost])
    kept = np.flatnonzero(~nan)
    np.testing.assert_array_equal(table.column("validation_accuracy").values()[kept, :, 0], [[1 / 7, 2 / 7]] * 6)
    assert {failure["reason"] for failure in table.provenance["failures"]} == {"the worker was killed by SIGKILL"}
    assert len(table.provenance["failures"]) == 4


@needs_torch
def test_other_settings_do_not_share_a_store(undisturbed):
    table, folder = undisturbed
    before = records(folder / "table.sqlite")
    for change, said in (
        ({"seed": 6}, "seed was 5, now 6"),
        ({"recipe": {"batch_size": 50}}, "recipe.batch_size was 100, now 50"),
        ({"budgets": (1,)}, r"budgets was \[1, 2\], now \[1\]"),
    ):
        with pytest.raises(BadSetting, match=said):
            small(table.path, executor="inline", **change)
    assert records(folder / "table.sqlite") == before


@needs_torch
def test_what_cannot_be_trained_is_refused_before_anything_is_written(tmp_path):
    for change, said in (
        ({"recipe": {"batch_size": 200}}, "fewer than 4 steps"),
        ({"data": "digit"}, "Did you mean 'digits'"),
        ({"skeleton": {"image_size": 16}}, "has images of 8 pixels"),
    ):
        with pytest.raises(NasbedError, match=said):
            small(tmp_path / "table.arrow", executor="inline", **change)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"recipe": {"batchsize": 3}}, r"a recipe has no 'batchsize' \(did you mean 'batch_size'\?\); it has: batch_"),
        ({"recipe": {"batch_size": 2.5}}, "a recipe's batch_size is an integer, not 2.5"),
        ({"recipe": {"batch_size": True}}, "is an integer, not True"),
        ({"recipe": {"learning_rate": "fast"}}, "is a finite number, not 'fast'"),
        ({"recipe": {"learning_rate": float("nan")}}, "is a finite number, not nan"),
        ({"recipe": {"flip": 1}}, "is true or false, not 1"),
        ({"recipe": {"momentum": 2}}, "between 0 and 1, not 2"),
        ({"skeleton": {"width": 3}}, "a skeleton has no 'width'; it has: classes, image_size"),
        ({"skeleton": {"stacks": 9}}, "9 stacks halve an image"),
        ({"budgets": ()}, "budgets are one or more positive"),
        ({"budgets": (4, 4)}, "budgets must ascend"),
        ({"budgets": (0, 4)}, "budgets are one or more positive"),
        ({"repeats": 0}, "repeats must be at least 1, not 0"),
        ({"attempts": 0}, "attempts must be at least 1, not 0"),
        ({"seed": -1}, "must not be negative"),
        ({"workers": 0}, "workers is a whole number from 1"),
        ({"executor": "inline", "workers": 2}, "the executor 'inline' has no setting 'workers'"),
        ({"executor": "process"}, "Did you mean 'processes'"),
        ({"store": "table.arrow"}, "cannot both be"),
    ],
)
def test_bad_settings_are_named_before_anything_is_written(tmp_path, monkeypatch, change, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NasbedError, match=said):
        small("table.arrow", **change)
    assert list(tmp_path.iterdir()) == []


def test_a_module_that_does_not_fit_the_skeleton_is_found_before_anything_is_trained(tmp_path):
    with pytest.raises(InvalidArchitecture):
        generate(tmp_path / "table.arrow", space=NASBench101(vertices=5), skeleton={"stem_channels": 1, "stacks": 1})
    assert list(tmp_path.iterdir()) == []


def test_a_place_where_no_table_can_be_is_named_at_once(tmp_path):
    with pytest.raises(BadSetting, match="there is no folder"):
        small(tmp_path / "no" / "table.arrow")
    with pytest.raises(BadSetting, match="is a folder"):
        small(tmp_path)
    (tmp_path / "table.arrow").write_bytes(b"somebody's")
    with pytest.raises(BadSetting, match="is there already"):
        small(tmp_path / "table.arrow")
    assert (tmp_path / "table.arrow").read_bytes() == b"somebody's"


def test_a_number_is_what_the_field_has():
    _, recipe = training_settings(SPACE, "digits", recipe={"learning_rate": 1, "crop": 2})
    assert type(recipe.learning_rate) is float
    assert recipe.crop == 2
    assert training_settings(SPACE, "digits")[1].learning_rate != 1
    assert training_settings(SPACE, "cifar10")[0].image_size == 32


class Stops(Trainer):
    """Presses Ctrl-C in the middle."""

    def __init__(self, after, **how):
        super().__init__(**how)
        self.after = after

    def __call__(self, *what):
        if len(self.asked) == self.after:
            self.after = None
            raise KeyboardInterrupt
        return super().__call__(*what)


def fails(epochs, repeat, tried):
    return epochs == 2 and repeat == 1 and tried < 8


def test_trying_again_can_be_interrupted_and_comes_to_the_same(tmp_path):
    tables = []
    for name, after in (("whole", None), ("stopped", 4)):
        out = tmp_path / f"{name}.arrow"
        made_up(out, Trainer(fails))
        trainer = Stops(after, fails=fails)
        if after is not None:
            with pytest.raises(Interrupted, match="interrupted with 46 of 49 units done"):
                made_up(out, trainer, retry=True)
        made_up(out, trainer, retry=True)
        assert trainer.asked == [(2, 1, 1, 4)] * 7  # each once, although all fail again
        assert len(records(out.with_suffix(".sqlite"))) == 49
        tables.append(made_up(out, trainer, retry=True))
        assert trainer.asked[7:] == [(2, 1, 1, 8)] * 7
    same_but_for_times(*tables)
    assert tables[0].provenance["failures"] == []
    assert len(tables[0].provenance["retried"]) == 7
    trainer.asked.clear()
    made_up(tmp_path / "whole.arrow", trainer, retry=True)
    assert trainer.asked == []


def test_a_part_makes_no_table_and_the_rest_goes_on_with_it(tmp_path):
    trainer, out = Trainer(), tmp_path / "a.arrow"
    assert made_up(out, trainer, selection=Selection(start=30)) is None
    assert (len(trainer.asked), out.exists()) == (12, False)
    assert made_up(out, trainer) is not None
    assert len(trainer.asked) == 42


def test_how_and_where_reach_the_training(tmp_path):
    asked = []

    def train(*what):
        asked.append(what[-6:])
        return Trainer()(*what)

    keeping = {"diagnostics": True, "checkpoints": True}
    made_up(tmp_path / "a.arrow", train, device="cuda:1", threads=3, time_limit=9.5, **keeping)
    (folders,) = {(what[0], what[-1]) for what in asked if what[0].endswith(f"{MODULES[0]}/2")}
    assert folders == tuple(str(tmp_path / f"a.{kept}" / MODULES[0] / "2") for kept in keeping)
    assert {what[1:-1] for what in asked} == {(0, "cuda:1", 3, 9.5)}
    with pytest.raises(BadSetting, match=r"time_limit was 9\.5, now null"):
        made_up(tmp_path / "a.arrow", device="cpu", threads=1)
    made_up(tmp_path / "a.arrow", time_limit=9.5, device="cpu", threads=1)  # which are no part of the plan
    assert len(asked) == 42


def test_on_several_threads_of_a_cpu_modules_are_trained_apart(tmp_path):
    with pytest.raises(BadSetting, match="several threads"):
        made_up(tmp_path / "a.arrow", together=3, beside=2, threads=2)


@needs_torch
@pytest.mark.slow
def test_diagnostics_lie_beside_the_store_a_file_a_training(tmp_path):
    small(tmp_path / "table.arrow", executor="inline", diagnostics=True, together=1)
    folder = tmp_path / "table.diagnostics"
    names = {str(path.relative_to(folder)) for path in folder.rglob("*.npz")}
    assert names == {f"{module}/{epochs}/{repeat}.npz" for module in MODULES for epochs in (1, 2) for repeat in (0, 1)}


@needs_torch
@pytest.mark.slow
def test_repeats_trained_one_by_one_have_the_seeds_of_those_trained_together(undisturbed, tmp_path):
    small(tmp_path / "alone.arrow", executor="inline", together=1)
    seeds = []
    for path, passes in ((undisturbed[1] / "table.sqlite", 2), (tmp_path / "alone.sqlite", 1)):
        with SQLiteStore(path) as store:
            seeds.append({what[:3]: what.measured["seed"] for what in trainings(store, passes, 2)})
    together, alone = seeds
    assert together == alone
    assert len(alone) == 28
