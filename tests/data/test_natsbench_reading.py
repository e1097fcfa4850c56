"""The genuine files of NATS-Bench and NAS-Bench-201's CSV files: every number comes through, and they agree."""

import bz2
import pickle

import numpy as np
import pytest

from nasbed.readers.csv import known_declaration, read_columns
from nasbed.readers.natsbench.published import open_published

FOLDERS = ["NATS-tss-v1_0-3ffb9-simple", "NATS-sss-v1_0-50262-simple"]
CURVES = {
    "train/accuracy": "train_acc1es",
    "train/top5": "train_acc5es",
    "train/loss": "train_losses",
    "train/time": "train_times",
}
MEASURED = {"accuracy": "eval_acc1es", "loss": "eval_losses", "time": "eval_times"}
TAKEN = {*CURVES.values(), *MEASURED.values(), "params", "flop", "epochs", "latency", "net_state_dict"}


def plain(path):
    return pickle.loads(bz2.decompress(path.read_bytes()))


@pytest.fixture(scope="module", params=FOLDERS)
def folder(shared_data, request):
    return shared_data / "natsbench" / request.param


def restored(run):
    """The state of a training, made again from what was read of it."""
    curves = {name: dict(enumerate(run.curves[ours].tolist())) for ours, name in CURVES.items() if ours in run.curves}
    state = {name: curves.get(name) for name in CURVES.values()}
    for ours, name in MEASURED.items():
        state[name] = {f"{split}@{i}": found[ours] for (split, i), found in run.evaluations.items() if ours in found}
    numbers = {"params": run.params, "flop": run.flops, "epochs": run.epochs, "latency": list(run.latency)}
    return {**state, **numbers, **run.other, "net_state_dict": None}


def test_every_number_comes_through(folder):
    for published in open_published(folder):
        states = plain(folder / f"{published.index:06d}.pickle.pbz2")
        for hp, state in states.items():
            runs = {(run.data, run.seed): restored(run) for run in published.runs if run.hp == hp}
            assert published.other[hp] | {"all_results": runs} == state


def test_the_list_is_whole(folder):
    assert list(open_published(folder).archs) == plain(folder / "meta.pickle.pbz2")["meta_archs"]


@pytest.mark.slow
def test_a_file_of_pytorch_says_the_same(shared_data, tmp_path):
    torch = pytest.importorskip("torch")
    folder = shared_data / "natsbench" / FOLDERS[0]
    states = {one.index: plain(folder / f"{one.index:06d}.pickle.pbz2") for one in open_published(folder)}
    results = {index: {"full": state["200"], "less": state["12"]} for index, state in states.items()}
    content = {**plain(folder / "meta.pickle.pbz2"), "arch2infos": results, "evaluated_indexes": set(results)}
    expected = {
        one.index: {(run.hp, run.data, run.seed): restored(run) for run in one.runs} for one in open_published(folder)
    }
    for zipped in (True, False):
        torch.save(content, tmp_path / "it.pth", _use_new_zipfile_serialization=zipped)
        for one in open_published(tmp_path / "it.pth"):
            assert {(run.hp, run.data, run.seed): restored(run) for run in one.runs} == expected[one.index]


def measured(published, measure):
    """The mean over the seeds of what a column says it is."""
    found = [
        run.evaluations[measure.published, run.epochs - 1][measure.metric]
        for run in published.runs
        if ((run.epochs,), run.data) == (measure.epochs, measure.data) and run.seed in measure.seeds
    ]
    return np.mean(found)


@pytest.mark.parametrize("name", ["nasbench201_info.csv", "seed888_test_accuracy.csv", "mini-bench-arch-cell-accs.csv"])
def test_columns_mean_what_they_are_declared_to(shared_data, name):
    found = read_columns(shared_data / "nasbench201" / name, known_declaration(name))
    rows = np.argsort(found.space.index(found.archs))
    assert len(rows) == 15_625
    for published in open_published(shared_data / "natsbench" / FOLDERS[0]):
        for values, measure in found.columns.values():
            assert values[rows[published.index]] == pytest.approx(measured(published, measure), abs=1e-6)


@pytest.mark.slow_where("cifar100", "ImageNet")
@pytest.mark.parametrize("data", ["cifar10", "cifar100", "ImageNet16-120"])
def test_what_a_device_cannot_run_has_no_value(shared_data, data):
    found = read_columns(shared_data / "hardware" / f"hw_{data}.csv", known_declaration(f"hw_{data}.csv"))
    missing = {name: int(np.isnan(values).sum()) for name, (values, _) in found.columns.items()}
    assert found.space.index(found.archs).tolist() == list(range(15_625))
    assert {name: count for name, count in missing.items() if count} == {"edgetpu_latency": 4_699}
    assert {measure.data for _, measure in found.columns.values()} == {data}
