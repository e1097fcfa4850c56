"""Files of version 0.1 open, and say what that version read from them: one of each kind, in ``tests/old/0.1``.

``truth.json`` has what version 0.1 itself read from them.
"""

import hashlib
import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from tables import made

import nasbed
from nasbed.core.errors import CorruptFile, NotInTable
from nasbed.factory.standing import Standing
from nasbed.nets.diagnostics import Diagnostics
from nasbed.optimizers.saving import load
from nasbed.run import rows_file
from nasbed.run.history import History
from nasbed.run.stores.salvage import mend
from nasbed.run.stores.sqlite import SQLiteStore
from nasbed.scores.scores import Scores
from nasbed.statistics.reading import read
from nasbed.studies.folder import StudyStanding
from nasbed.tables.exporting import export
from nasbed.tables.table import Table

OLD = Path(__file__).parents[1] / "old" / "0.1"
TRUTH = json.loads((OLD / "truth.json").read_text())
CELLS = [path.relative_to(OLD).as_posix() for path in sorted(OLD.glob("study/cells/*"))]
needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="needs nasbed[torch]")


def digest(values):
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:16]


def said(value, **how):
    return hashlib.sha256(json.dumps(value, **how).encode()).hexdigest()[:16]


def kept(store):
    return {"records": [[unit, said(record)] for unit, record in store], "notes": said(store.notes(), sort_keys=True)}


@pytest.mark.parametrize("name", ["trainings.sqlite", "search.sqlite", "scores.sqlite"])
def test_a_store_opens_as_it_is_and_gets_checksums_when_it_is_gone_on_with(name, tmp_path):
    path = Path(shutil.copy(OLD / name, tmp_path))
    with SQLiteStore(path, read_only=True) as store:
        assert kept(store) == TRUTH[name]
        assert len(store) == len(TRUTH[name]["records"])
    assert path.read_bytes() == (OLD / name).read_bytes()
    with SQLiteStore(path) as store:
        assert kept(store) == TRUTH[name]
        assert store.append("another", {"value": 1})
    with SQLiteStore(path, read_only=True) as store:
        assert kept(store)["records"] == [*TRUTH[name]["records"], ["another", said({"value": 1})]]
    assert b"checksum BLOB NOT NULL" in path.read_bytes()
    assert mend(path) is None


def test_what_is_damaged_in_an_old_store_is_named(tmp_path):
    path = Path(shutil.copy(OLD / "search.sqlite", tmp_path))
    path.write_bytes(path.read_bytes().replace(b'{"unit": "1/0"', b'["unit": "1/0"'))
    for read_only in (True, False):
        with pytest.raises(CorruptFile, match="the record of 1/0 is damaged"), SQLiteStore(path, read_only) as store:
            list(store)
    assert mend(path).lost == ("1/0",)
    with SQLiteStore(path) as store:
        assert [unit for unit, _ in store] == ["0/0", "2/0"]


def test_a_campaign_that_was_begun_stands_where_it_stood():
    standing = Standing.of(OLD / "trainings.sqlite")
    assert (sum(standing.done.values()), standing.units) == (7, 7)


@pytest.mark.parametrize("name", ["history.parquet", "comparison/histories/local.parquet", *CELLS])
def test_a_history_opens(name):
    history, truth = History.from_parquet(OLD / name), TRUTH[name]
    np.testing.assert_array_equal(history.value, truth["value"])
    assert (digest(history.archs), digest(history.test), sorted(history.info)) == tuple(
        truth[what] for what in ("archs", "test", "info")
    )


def test_a_table_opens_with_what_lies_beside_it():
    table = Table.open(OLD / "trainings.arrow")
    table.verify()
    truth = dict(TRUTH["trainings.arrow"])
    assert table.archs.tolist() == truth.pop("archs")
    for name, values in truth.items():
        np.testing.assert_array_equal(table.column(name).values(), values)


def test_a_table_of_curves_opens_with_what_lies_beside_it():
    table, truth = Table.open(OLD / "curves.arrow"), TRUTH["curves.arrow"]
    table.verify()
    first = table.measurement(split="valid", data="cifar10-valid")
    found = {
        "valid 777": first.values(table.archs, seed=777),
        "test": 100 * table.measurement(split="test", data="cifar100").mean(table.archs),
        "phone": table.column("cifar100/phone").values(),
    }
    for name, values in found.items():
        np.testing.assert_allclose(values, np.array(truth[name], np.float64))
    assert table.space.index(table.archs).tolist() == truth["indices"]


@pytest.mark.parametrize("folder", [OLD / "beside", OLD.parent / "beside"])
def test_a_large_table_of_an_earlier_version_opens_with_what_lies_beside_it_and_without(folder, tmp_path):
    for path in folder.iterdir():
        shutil.copy(path, tmp_path)
    table = Table.open(tmp_path / "toy.arrow")
    table.verify()
    for name, values in made.results().items():
        np.testing.assert_array_equal(table.column(name).values(), values)
    export(table, tmp_path / "toy.tfrecord")
    (tmp_path / "toy.cold.arrow").unlink()
    alone = Table.open(table.path)
    alone.verify()
    assert set(alone.missing) == {"start_test_accuracy", "total_time"}
    np.testing.assert_array_equal(alone.column("train_accuracy").values(), made.results()["train_accuracy"])
    with pytest.raises(NotInTable, match="cannot be read: there is no"):
        export(alone, tmp_path / "toy.csv")


def test_a_comparison_opens():
    (found,) = read([OLD / "comparison"]).values()
    assert list(found.histories) == ["random", "local"]


def test_a_studys_outcomes_and_notes_open():
    (file,) = OLD.glob("outcomes/cells/*")
    table = rows_file.read(file, "play again")
    truth = {
        name: [None if x is None else pytest.approx(x) for x in values] for name, values in TRUTH["outcomes"].items()
    }
    assert {name: table[name].to_pylist() for name in truth} == truth
    assert StudyStanding.of(OLD / "study").study == "study"


def test_scores_open():
    scores, truth = Scores.read(OLD / "scores.arrow"), TRUTH["scores.arrow"]
    assert scores.texts == truth["texts"]
    assert {name: values.tolist() for name, values in scores.columns.items()} == truth["columns"]


def test_diagnostics_and_a_saved_search_open():
    found = Diagnostics.load(OLD / "diagnostics.npz")
    assert {name: digest(getattr(found, name)) for name in TRUTH["diagnostics.npz"]} == TRUTH["diagnostics.npz"]
    method = nasbed.optimizer("regularized-evolution", population=5, sample=2)
    loaded = load(OLD / "optimizer.npz", method, nasbed.space("nasbench201"))
    assert loaded.ask().archs.tolist() == TRUTH["optimizer.npz"]["next"]


@needs_torch
@pytest.mark.parametrize("name", ["last", "best", "state"])
def test_a_checkpoint_opens_and_its_old_checksum_is_compared(name, tmp_path):
    from nasbed.nets.tensorfile import read_tensors

    path = OLD / "training" / f"{name}.safetensors"
    tensors, _ = read_tensors(path)
    assert {n: digest(tensor.numpy()) for n, tensor in tensors.items()} == TRUTH[f"training/{path.name}"]
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    (tmp_path / "damaged.safetensors").write_bytes(content)
    with pytest.raises(CorruptFile, match="its checksum does not fit"):
        read_tensors(tmp_path / "damaged.safetensors")
