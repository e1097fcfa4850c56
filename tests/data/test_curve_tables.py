"""Tables of the genuine files of NATS-Bench and of the public CSV files: every number is there, to the bit."""

import bz2
import csv
import pickle

import numpy as np
import pytest

from nasbed.benchmarks.table import TableBenchmark
from nasbed.compat.nats_bench.trainings import published_of
from nasbed.readers.csv import known_declaration
from nasbed.tables.csv_import import attach_csv, import_csv
from nasbed.tables.nats_import import import_published

FOLDERS = {"nasbench201": "NATS-tss-v1_0-3ffb9-simple", "natssize": "NATS-sss-v1_0-50262-simple"}
INDICES = (0, 11, 284)
CURVES = {"train_acc1es": "accuracy", "train_acc5es": "top5", "train_losses": "loss", "train_times": "time"}
EVALUATED = {"eval_acc1es": "accuracy", "eval_losses": "loss", "eval_times": "time"}
READ = {*CURVES, *EVALUATED, "params", "flop", "epochs", "latency", "net_state_dict"}


@pytest.fixture(scope="module", params=FOLDERS)
def imported(request, shared_data, tmp_path_factory):
    folder = shared_data / "natsbench" / FOLDERS[request.param]
    return folder, import_published(folder, tmp_path_factory.mktemp("nats") / f"{request.param}.arrow")


def genuine(folder):
    """The published dictionaries, by plain unpickling of these three files, which are trusted here."""
    for index in INDICES:
        path = folder / f"{index:06d}.pickle.pbz2"
        for hp, state in pickle.loads(bz2.decompress(path.read_bytes())).items():
            for (data, seed), result in state["all_results"].items():
                yield index, hp, data, seed, result


def run_of(table, index, recipe, data, seed):
    """One training of an architecture."""
    return next(run for run in published_of(table, index, f"{recipe}/{data}").runs if run.seed == seed)


def bits(value):
    return np.float64(value).view(np.uint64)


@pytest.mark.slow
def test_queries_reach_every_number_of_the_genuine_files(imported):
    folder, table = imported
    count = 0
    whole = {}  # of a split and metric: epochs and values of all rows
    for index, hp, data, seed, result in genuine(folder):
        row = int(table.rows_of(np.array([index]))[0])
        for name, metric in {**CURVES, **EVALUATED}.items():
            for key, value in (result[name] or {}).items():
                split, epoch = key.split("@") if isinstance(key, str) else ("train", key)
                column = hp, data, split, metric
                if column not in whole:
                    some = table.measurement(metric, data=data, split=split, recipe=hp)
                    whole[column] = some.seeds, some.epochs, some.curve()
                seeds, epochs, values = whole[column]
                found = values[row, seeds.index(seed), epochs.index(int(epoch) + 1)]
                assert bits(found) == bits(value), (index, hp, data, key)
                count += 1
    assert count > 16_000


@pytest.mark.slow
def test_single_queries_answer_the_last_epoch_and_what_a_network_costs(imported):
    folder, table = imported
    for index, hp, data, seed, result in genuine(folder):
        arch = table.archs[table.rows_of(np.array([index]))]

        def last(metric, split=None, ask=(arch, data, hp, seed)):
            arch, data, hp, seed = ask
            return bits(table.measurement(metric, split=split, data=data, recipe=hp).values(arch, seed=seed)[0])

        for split in result["eval_names"]:
            key = f"{split}@{result['epochs'] - 1}"
            for name, metric in EVALUATED.items():
                assert last(metric, split) == bits(result[name][key])
        for metric, wanted in (("params", result["params"]), ("flops", result["flop"]), ("epochs", result["epochs"])):
            assert last(metric) == bits(wanted)
        assert run_of(table, index, hp, data, seed).latency == tuple(result["latency"])


@pytest.mark.slow_where("nasbench201")
def test_all_else_that_the_files_say_is_kept(imported):
    folder, table = imported
    for index, hp, data, seed, result in genuine(folder):
        other = {name: value for name, value in result.items() if name not in READ}
        assert run_of(table, index, hp, data, seed).other == other


@pytest.mark.slow
def test_trainings_are_in_the_order_of_the_files(imported):
    folder, table = imported
    found = [(index, run.hp, run.data, run.seed) for index in INDICES for run in published_of(table, index).runs]
    assert found == [training[:4] for training in genuine(folder)]


@pytest.mark.slow_where("nasbench201")
def test_a_search_is_charged_what_the_published_interface_counts(imported):
    folder, table = imported
    longest = table.recipes[-1]
    benchmark = TableBenchmark(table, data="cifar10")
    wanted = {}
    for index, hp, data, _, result in genuine(folder):
        if (hp, data) == (longest, "cifar10-valid"):
            key = f"x-valid@{result['epochs'] - 1}"
            seconds = sum(result["train_times"].values()) + result["eval_times"][key]
            wanted.setdefault(index, []).append((result["eval_acc1es"][key] / 100, seconds))
    found = benchmark.query(table.archs)
    means = np.array([np.mean(wanted[index], axis=0) for index in INDICES])
    np.testing.assert_allclose(found.value, means[:, 0], rtol=1e-14)
    np.testing.assert_allclose(found.seconds, means[:, 1], rtol=1e-14)


def test_the_public_table_of_seed_888_has_test_accuracies_and_says_so(shared_data, tmp_path):
    path = shared_data / "nasbench201" / "seed888_test_accuracy.csv"
    table = import_csv(path, tmp_path / "t.arrow", known_declaration(path.name))
    assert table.complete
    for data, best in (("cifar10-valid", 91.57), ("cifar100", 73.26), ("ImageNet16-120", 47.33)):
        benchmark = TableBenchmark(table, data=data)
        assert round(100 * benchmark.optimum()[1], 2) == best
        assert "only TEST" in benchmark.warnings[0]
    genuine_table = import_published(shared_data / "natsbench" / FOLDERS["nasbench201"], tmp_path / "g.arrow")
    for data in ("cifar10-valid", "cifar100", "ImageNet16-120"):
        wanted = genuine_table.measurement(data=data, split="test").values(seed=888)
        found = table.measurement(data=data, split="test").mean(genuine_table.archs)
        np.testing.assert_allclose(found, wanted, atol=6e-3)


def test_the_public_averages_are_those_of_the_genuine_files(shared_data, tmp_path):
    path = shared_data / "nasbench201" / "nasbench201_info.csv"
    table = import_csv(path, tmp_path / "t.arrow", known_declaration(path.name))
    values = table.measurement(data="cifar10-valid", split="test").mean()
    assert (int(np.argmax(values)), round(float(values.max()), 4)) == (1459, 91.5233)
    genuine_table = import_published(shared_data / "natsbench" / FOLDERS["nasbench201"], tmp_path / "g.arrow")
    ask = {"data": "cifar10-valid", "split": "test"}
    for metric in ("accuracy", "loss"):
        found, wanted = (some.measurement(metric, **ask).mean(genuine_table.archs) for some in (table, genuine_table))
        np.testing.assert_allclose(found, wanted, rtol=1e-6)


@pytest.mark.slow
def test_published_latencies_are_put_beside_the_architectures(shared_data, tmp_path):
    table = import_published(shared_data / "natsbench" / FOLDERS["nasbench201"], tmp_path / "t.arrow")
    path = shared_data / "hardware" / "hw_cifar100.csv"
    table = attach_csv(table, path, known_declaration(path.name))
    with path.open() as file:
        lines = list(csv.DictReader(file))
    for row, index in enumerate(INDICES):
        for heading, text in lines[index].items():
            if heading != "net":
                found = table.column(f"cifar100/{heading}").values()[row]
                assert found == float(text) or (np.isnan(found) and float(text) == -1)
