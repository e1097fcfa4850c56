"""Imports: nothing is lost, nothing wrong is taken, and nothing half done is left."""

import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from tables.published import MODULES, OPERATIONS, file_of, message_of, original_loader, plausible, record_of, records

from nasbed.core.errors import CorruptFile
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables import pieces
from nasbed.tables.exporting import export
from nasbed.tables.importing import _are_published, import_tfrecord
from nasbed.tables.published import DOUBLES, PUBLISHED


def unusual(texts):
    """Change nothing but the layout, so that the plain reader has to take the record."""
    return [text.replace(b", ", b",  ", 1) for text in texts]


def equal(table, fixed, computed):
    assert len(table) == len(fixed)
    for module, (adjacency, operations, parameters) in fixed.items():
        row = table.modules.row_of(module)
        graph = table.modules.graph(row)
        assert (graph.matrix.tolist(), graph.labels) == (adjacency, operations)
        assert table.column("trainable_parameters").stored[row] == parameters
        for epochs, trainings in computed[module].items():
            budget = table.modules.trainings[0].index(epochs)
            found = np.array([table.column(name).values()[row, budget, : len(trainings)] for name in DOUBLES]).T
            assert found.tobytes() == np.array(trainings).tobytes()


@pytest.mark.parametrize("change", [list, unusual])
def test_every_value_of_the_original_loader_comes_back(tmp_path, change):
    source = file_of(tmp_path / "a.tfrecord", change(records()))
    table = import_tfrecord(source, tmp_path / "a.arrow")
    equal(table, *original_loader(source))
    assert table.space == NASBench101()
    assert table.modules.trainings == ((4, 108), 3)
    assert table.provenance["source"] == "not a published file"
    assert table.metadata["columns"]["test_accuracy"]["encoding"] == {"kind": "count", "images": 9984, "single": True}
    table.verify()


def small_pieces(monkeypatch, chunk, batch, cores):
    """Read so many bytes at once, take apart so many records at once, on so many cores."""
    monkeypatch.setattr(pieces, "CHUNK", chunk)
    monkeypatch.setattr(pieces, "BATCH", batch)
    monkeypatch.setattr(pieces, "usable_cores", lambda: cores)


in_small_pieces = pytest.mark.parametrize("small", [(100, 32768, 1), (1000, 32768, 3), (3000, 3, 2)], ids=str)


def mixed(texts):
    """Give every fifth record another layout, so that both ways of reading take turns."""
    return [unusual([text])[0] if i % 5 == 3 else text for i, text in enumerate(texts)]


@in_small_pieces
@pytest.mark.parametrize("change", [list, mixed])
def test_pieces_cores_and_batches_change_no_byte_of_the_table(tmp_path, monkeypatch, change, small):
    source = file_of(tmp_path / "a.tfrecord", change(records()))
    whole = import_tfrecord(source, tmp_path / "a.arrow").path.read_bytes()
    small_pieces(monkeypatch, *small)
    assert import_tfrecord(source, tmp_path / "b.arrow").path.read_bytes() == whole


@in_small_pieces
@pytest.mark.parametrize("place", ["length", "text"])
def test_damage_is_found_in_order_whatever_the_pieces(tmp_path, monkeypatch, place, small):
    small_pieces(monkeypatch, *small)
    texts = records()
    source = file_of(tmp_path / "a.tfrecord", texts)
    starts = [sum(len(text) + 16 for text in texts[:i]) for i in (5, 9)]
    data = bytearray(source.read_bytes())
    for start in starts:
        data[start + {"length": 1, "text": 100}[place]] ^= 4
    source.write_bytes(data[:-3])
    with pytest.raises(CorruptFile, match=f"record 5, at byte {starts[0]}: the checksum of its"):
        import_tfrecord(source, tmp_path / "a.arrow")
    assert [path.name for path in tmp_path.iterdir()] == ["a.tfrecord"]


@pytest.mark.parametrize("missing", [0, 1])
@pytest.mark.parametrize("in_order", [True, False])
def test_an_export_is_the_imported_file_to_the_byte(tmp_path, in_order, missing):
    texts = records()
    if not in_order:
        random.Random(1).shuffle(texts)
    source = file_of(tmp_path / "a.tfrecord", texts[missing:])
    table = import_tfrecord(source, tmp_path / "a.arrow")
    equal(table, *original_loader(source))
    export(table, tmp_path / "b.tfrecord")
    assert (tmp_path / "b.tfrecord").read_bytes() == source.read_bytes()
    assert table.provenance["warnings"]


def test_checkpoint_paths_and_odd_values_are_kept(tmp_path):
    odd = [float("nan"), float("inf"), -0.0, 1 / 3, 5e-324, -1.5, 0.1, 0.2, 0.3, 0.4, 0.5, 2.0, 1e300, 0.7, 0.8, 0.9]
    texts = records(paths=("", None, "weights/é"))
    texts.append(record_of(*MODULES[0], 36, message_of(odd, 100_000)))
    source = file_of(tmp_path / "a.tfrecord", texts)
    table = import_tfrecord(source, tmp_path / "a.arrow")
    equal(table, *original_loader(source))
    export(table, tmp_path / "b.tfrecord")
    assert (tmp_path / "b.tfrecord").read_bytes() == source.read_bytes()


def test_unpruned_modules_and_other_operations_keep_their_form(tmp_path):
    wide = [[0] * 8 for _ in range(8)]
    for v in range(7):
        wide[v][v + 1] = 1
    chance = random.Random(0)
    texts = [record_of(wide, ("input", *([OPERATIONS[0]] * 6), "output"), 4, message_of(plausible(chance, 4), 7))]
    unpruned = [[0, 1, 1], [0, 0, 0], [0, 0, 0]]
    text = record_of(*MODULES[0], 4, message_of(plausible(chance, 4), 7))
    texts.append(text.replace(b'"0100"', b'"011000000"').replace(b"input,output", b"input,maxpool3x3,output"))
    source = file_of(tmp_path / "a.tfrecord", texts)
    table = import_tfrecord(source, tmp_path / "a.arrow")
    equal(table, *original_loader(source))
    assert table.space == NASBench101(vertices=8)
    assert table.modules.graph(1).matrix.tolist() == unpruned
    table.verify()


@pytest.mark.parametrize("place", ["length", "length checksum", "text", "text checksum"])
def test_a_flipped_bit_is_found_by_record(tmp_path, place):
    texts = records()
    source = file_of(tmp_path / "a.tfrecord", texts)
    start = sum(len(text) + 16 for text in texts[:5])
    at = {"length": 1, "length checksum": 9, "text": 100, "text checksum": len(texts[5]) + 13}[place]
    data = bytearray(source.read_bytes())
    data[start + at] ^= 4
    source.write_bytes(data)
    with pytest.raises(CorruptFile, match=f"record 5, at byte {start}: the checksum of its"):
        import_tfrecord(source, tmp_path / "a.arrow")
    assert [path.name for path in tmp_path.iterdir()] == ["a.tfrecord"]


@pytest.mark.parametrize("left", [1, 7, 8, 11, 12, 13, 200, -5, -4, -1])
def test_a_file_that_was_cut_off_is_refused(tmp_path, left):
    texts = records()
    source = file_of(tmp_path / "a.tfrecord", texts)
    start = sum(len(text) + 16 for text in texts[:5])
    source.write_bytes(source.read_bytes()[: start + (left if left > 0 else len(texts[5]) + 16 + left)])
    with pytest.raises(CorruptFile, match=r"record 5.*cut off"):
        import_tfrecord(source, tmp_path / "a.arrow")
    assert [path.name for path in tmp_path.iterdir()] == ["a.tfrecord"]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04" + bytes(100), b'{"a": 1}' * 50])
def test_a_foreign_file_is_refused(tmp_path, data):
    (tmp_path / "a.tfrecord").write_bytes(data)
    with pytest.raises(CorruptFile, match=r"is empty|record 0.*TFRecord"):
        import_tfrecord(tmp_path / "a.tfrecord", tmp_path / "a.arrow")
    assert [path.name for path in tmp_path.iterdir()] == ["a.tfrecord"]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (b'["', b'["f', "record 2.*not a hash"),
        (b"0100", b"0101", "record 2.*upper triangular"),
        (b"input,output", b"input,exit", "record 2.*from input to output"),
        (b', 4, "', b', -4, "', "record 2.*epochs"),
    ],
)
def test_a_record_that_says_nonsense_is_refused(tmp_path, old, new, what):
    texts = records()
    texts[2] = texts[2].replace(old, new, 1)
    with pytest.raises(CorruptFile, match=what):
        import_tfrecord(file_of(tmp_path / "a.tfrecord", texts), tmp_path / "a.arrow")


def test_a_hash_must_be_its_modules(tmp_path):
    texts = records(modules=MODULES[1:2])
    lies = [text.replace(b"maxpool3x3", b"conv3x3-bn-relu") for text in texts]
    with pytest.raises(CorruptFile, match="record 0: its hash is not the hash of its module"):
        import_tfrecord(file_of(tmp_path / "a.tfrecord", lies), tmp_path / "a.arrow")
    with pytest.raises(CorruptFile, match="record 6 has other operations"):
        import_tfrecord(file_of(tmp_path / "a.tfrecord", texts + lies), tmp_path / "a.arrow")


def test_progress_goes_from_nothing_to_all(tmp_path):
    shares = []
    import_tfrecord(file_of(tmp_path / "a.tfrecord", records()), tmp_path / "a.arrow", shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(set(shares)) > 10


def test_what_no_checksum_can_tell_is_said(tmp_path, monkeypatch):
    texts = records()
    source = file_of(tmp_path / "a.tfrecord", texts)
    table = import_tfrecord(source, tmp_path / "a.arrow")
    (warning,) = table.describe()["warnings"]
    assert "complete" in warning
    monkeypatch.setitem(PUBLISHED, table.provenance["sha256"], "nasbench_full")
    known = import_tfrecord(source, tmp_path / "b.arrow")
    assert (known.provenance["source"], known.describe()["warnings"]) == ("published nasbench_full", [])
    cut = import_tfrecord(file_of(tmp_path / "c.tfrecord", texts[:-1]), tmp_path / "c.arrow")
    assert len(cut.describe()["warnings"]) == 2


@pytest.mark.slow
def test_the_hashes_of_the_published_modules_are_recognised_and_only_they():
    space = NASBench101()
    archs = space.enumerate()
    hashes = space.hashes(archs)
    order = np.random.default_rng(0).permutation(len(archs))
    assert _are_published(space, archs[order], hashes[order])
    swapped = order.copy()
    swapped[:2] = order[1::-1]
    assert not _are_published(space, archs[order], hashes[swapped])
    assert not _are_published(space, np.where(np.arange(len(archs))[:, None] == 7, 0, archs), hashes)
    assert not _are_published(space, archs[:-1], hashes[:-1])


PROGRAM = """
import sys
from nasbed.tables.importing import import_tfrecord
print("reading", flush=True)
import_tfrecord(sys.argv[1], sys.argv[2], lambda share: print(share, flush=True))
"""


@pytest.mark.slow
def test_kill_nine_at_any_moment_leaves_no_table_and_the_next_import_works(tmp_path):
    source = file_of(tmp_path / "a.tfrecord", records(repeats=100) * 5)
    (tmp_path / "whole").mkdir()
    import_tfrecord(source, tmp_path / "whole" / "a.arrow")
    whole = {path.name: path.read_bytes() for path in (tmp_path / "whole").iterdir()}
    assert set(whole) == {"a.arrow"}
    out = tmp_path / "a.arrow"
    chance = random.Random(0)
    for _ in range(8):
        with subprocess.Popen([sys.executable, "-c", PROGRAM, source, out], stdout=subprocess.PIPE) as run:
            run.stdout.readline()
            time.sleep(chance.uniform(0, 1.5))
            run.send_signal(signal.SIGKILL)
        if out.exists():
            assert {name: (tmp_path / name).read_bytes() for name in whole} == whole
            out.unlink()
    import_tfrecord(source, out)
    assert {name: (tmp_path / name).read_bytes() for name in whole} == whole
    assert {path.name for path in tmp_path.iterdir()} == {"a.tfrecord", "whole", *whole}
