"""Tables: what is read is what was built, whatever its encoding; what is no table, or no longer one, is refused."""

import hashlib
import json
import random

import numpy as np
import pyarrow as pa
import pytest
from tables.made import ARCHS, SHAPE, SPACE, results, score, table_at

from nasbed.core.errors import BadSetting, CorruptFile, NasbedError, NotInTable, UnknownName
from nasbed.tables.column_file import METADATA, METADATA_CHECKSUM
from nasbed.tables.table import Table


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return table_at(tmp_path_factory.mktemp("tables") / "toy.arrow")


@pytest.fixture
def data(table, tmp_path):
    """The bytes of the table, and a place to write them changed."""
    return table.path.read_bytes(), tmp_path / "changed.arrow"


# ── what is in it ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_double_comes_back_to_the_bit(table):
    for name, values in results().items():
        assert table.column(name).values().tobytes() == values.tobytes()
        assert table.column(name).values(budget=1).tobytes() == values[:, 1].tobytes()
    assert table.column("score").values().tobytes() == score().tobytes()


def test_each_column_is_stored_as_small_as_is_exact(table):
    kinds = {name: about["encoding"] for name, about in table.metadata["columns"].items()}
    assert kinds["training_time"] == {"kind": "float32"}
    assert kinds["train_accuracy"] == kinds["total_time"] == kinds["score"] == {"kind": "float64"}
    assert kinds["validation_accuracy"] == {"kind": "count", "images": 9984, "single": True}
    assert kinds["test_accuracy"] == kinds["start_test_accuracy"] == {"kind": "count", "images": 360}
    assert {name for name in table.columns if table.column(name).cold} == {"start_test_accuracy", "total_time"}


def test_single_values_are_those_of_the_whole(table):
    chance = np.random.default_rng(0)
    rows, budgets, repeats = (chance.integers(size, size=200) for size in SHAPE)
    for name, values in results().items():
        column = table.column(name)
        np.testing.assert_array_equal(column.take(rows, budgets, repeats), values[rows, budgets, repeats])
        np.testing.assert_array_equal(column.take(rows, 1, 2), values[rows, 1, 2])
        np.testing.assert_array_equal(column.values(rows), values[rows])
        np.testing.assert_equal(column.item(7, 0, 2), values[7, 0, 2])
        np.testing.assert_equal(column.item(7, 1, 0), values[7, 1, 0])


def test_which_trainings_there_are(table):
    expected = np.ones(SHAPE, bool)
    expected[:, 0, 2] = False
    np.testing.assert_array_equal(table.there(), expected)


def test_every_module_is_found_by_its_hash_and_no_other(table):
    assert table.by_hash is not None  # the harder way
    for row, digest in enumerate(table.hashes):
        assert table.row_of_hash(digest.tobytes().hex()) == row
        changed = bytes([*digest[:15], digest[15] ^ 1]).hex()
        with pytest.raises(NotInTable, match=changed):
            table.row_of_hash(changed)
    for absent in ("0" * 32, "f" * 32):
        with pytest.raises(NotInTable, match="no module with the hash"):
            table.row_of_hash(absent)


@pytest.mark.parametrize("digest", ["", "xyz", "é", "ab", None, 7])
def test_what_is_no_hash_is_not_in_the_table(table, digest):
    with pytest.raises(NotInTable):
        table.row_of_hash(digest)


def test_rows_in_the_order_of_their_hashes_need_no_second_order(tmp_path):
    order = np.argsort([digest.tobytes() for digest in SPACE.hashes(ARCHS)])
    table = table_at(tmp_path / "sorted.arrow", archs=ARCHS[order])
    assert table.by_hash is None
    assert [table.row_of_hash(digest.tobytes().hex()) for digest in table.hashes] == list(range(len(table)))


def test_unevenly_spread_hashes_are_found_too(tmp_path):
    table = table_at(tmp_path / "uneven.arrow")
    digests = [bytes(8) + (i * i).to_bytes(8, "big") for i in range(len(table))]
    table.__dict__["hashes"] = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 16)
    table.__dict__["by_hash"] = None
    assert [table.row_of_hash(digest.hex()) for digest in digests] == list(range(len(table)))
    with pytest.raises(NotInTable):
        table.row_of_hash((bytes(15) + b"\2").hex())


def test_rows_are_modules(table):
    np.testing.assert_array_equal(table.classes, np.arange(len(ARCHS)))
    for row, arch in enumerate(ARCHS):
        assert table.graph(row) == SPACE.graph(arch)
        assert table.row_of(arch) == row
    assert table.vertices.tolist() == [SPACE.graph(arch).vertices for arch in ARCHS]


def test_what_a_table_says_of_itself(table):
    about = table.describe()
    assert about["space"]["name"] == "nasbench101"
    assert (about["modules"], about["budgets"], about["repeats"]) == (len(ARCHS), [4, 12], 3)
    assert about["columns"]["score"] == {"unit": "points", "split": None, "meaning": "how good it looks"}
    assert about["splits"] == ["test", "train", "validation"]
    assert about["warnings"] == ["made up"]
    assert about["checksum"] == table.checksum
    assert about["bytes"] == table.path.stat().st_size
    json.dumps(about)
    with pytest.raises(UnknownName, match="Did you mean 'test_accuracy'"):
        table.column("test_acuracy")


def test_other_programs_read_it(table):
    frame = pa.ipc.open_file(str(table.path)).read_all()
    assert frame.num_rows == len(ARCHS)
    counts = frame["validation_accuracy"].combine_chunks().to_numpy_ndarray()
    np.testing.assert_array_equal(counts, table.column("validation_accuracy").stored)


# ── what is refused ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_must_be_there(tmp_path):
    with pytest.raises(BadSetting, match="there is no file"):
        Table.open(tmp_path / "no.arrow")
    with pytest.raises(BadSetting, match="there is no file"):
        Table.open(tmp_path)


@pytest.mark.parametrize("text", [b"", b"ARROW1", b"PK\x03\x04" * 100, b"ARROW1\0\0" + b"x" * 500 + b"ARROW1"])
def test_what_is_no_arrow_file_is_refused(data, text):
    data[1].write_bytes(text)
    with pytest.raises(CorruptFile, match="is not a table, or has been cut off"):
        Table.open(data[1])


def test_another_arrow_file_is_refused(tmp_path):
    frame = pa.table({"hash": [1, 2]})
    for batches in (0, 1, 2):
        with pa.ipc.new_file(str(tmp_path / "other.arrow"), frame.schema) as writer:
            for _ in range(batches):
                writer.write_table(frame)
        with pytest.raises(CorruptFile, match="not a table of nasbed's"):
            Table.open(tmp_path / "other.arrow")


def test_a_file_that_was_cut_off_anywhere_is_refused(data):
    whole, path = data
    for left in (*range(0, len(whole), 997), *range(len(whole) - 20, len(whole))):
        path.unlink(missing_ok=True)  # not the file that an earlier table maps
        path.write_bytes(whole[:left])
        with pytest.raises(CorruptFile):
            Table.open(path)


def rewritten(table, path, **changes):
    """Write the table again with other metadata, their checksum right."""
    text = json.dumps(table.metadata | changes).encode()
    checksum = hashlib.sha256(text).hexdigest().encode()
    batch = table.file.batch.replace_schema_metadata({METADATA: text, METADATA_CHECKSUM: checksum})
    with pa.ipc.new_file(str(path), batch.schema) as writer:
        writer.write_batch(batch)
    return path


def test_a_later_format_asks_for_a_later_nasbed(table, tmp_path):
    with pytest.raises(NasbedError, match="has format 3, this nasbed reads up to 2; upgrade nasbed"):
        Table.open(rewritten(table, tmp_path / "later.arrow", format=3))


@pytest.mark.parametrize("change", ["repeats", "columns"])
def test_metadata_that_do_not_fit_the_columns_are_refused(table, tmp_path, change):
    columns = {**table.metadata["columns"], "absent": table.metadata["columns"]["score"]}
    path = rewritten(table, tmp_path / "other.arrow", **{change: {"repeats": 4, "columns": columns}[change]})
    with pytest.raises(CorruptFile, match="is not of the shape"):
        Table.open(path)


def test_a_table_without_its_modules_is_refused(table, tmp_path):
    batch = table.file.batch.drop_columns(["arch"])
    with pa.ipc.new_file(str(tmp_path / "less.arrow"), batch.schema) as writer:
        writer.write_batch(batch)
    with pytest.raises(CorruptFile, match="lacks the columns arch"):
        Table.open(tmp_path / "less.arrow")


# ── what is found by verifying ────────────────────────────────────────────────────────────────────────────────────


def test_what_was_built_is_verified(table):
    table.verify()


def flipped(whole, path, bit):
    path.unlink(missing_ok=True)
    changed = bytearray(whole)
    changed[bit // 8] ^= 1 << bit % 8
    path.write_bytes(changed)
    return path


def is_missed(whole, path, bit):
    try:
        Table.open(flipped(whole, path, bit)).verify()
    except CorruptFile:
        return False
    return True


def test_a_flipped_bit_anywhere_is_found(data):
    whole, path = data
    chance = random.Random(0)
    bits = [chance.randrange(8 * len(whole)) for _ in range(400)]
    ends = [chance.choice((0, len(whole) - 8192)) * 8 + chance.randrange(8 * 8192) for _ in range(400)]
    assert not [bit for bit in (*bits, *ends) if is_missed(whole, path, bit)]


@pytest.mark.slow
def test_a_flipped_bit_of_any_byte_is_found(data):
    whole, path = data
    chance = random.Random(1)
    assert not [byte for byte in range(len(whole)) if is_missed(whole, path, 8 * byte + chance.randrange(8))]


def test_a_damaged_column_is_named(data, table):
    whole, path = data
    needle = table.column("train_accuracy").stored.tobytes()
    with pytest.raises(CorruptFile, match="the column train_accuracy is not what was written"):
        Table.open(flipped(whole, path, 8 * whole.index(needle) + 70)).verify()
    needle = table.file.blocks()["total_time"]
    with pytest.raises(CorruptFile, match="the column total_time is not what was written"):
        Table.open(flipped(whole, path, 8 * whole.index(needle) + 70)).verify()


@pytest.mark.parametrize("bit", [8, 14, 30])
def test_compressed_columns_are_not_looked_for_outside_the_file(data, table, bit):
    whole, path = data
    ends = table.file.batch.column("cold").values.buffers()[1].to_pybytes()
    changed = Table.open(flipped(whole, path, 8 * (whole.index(ends[:12]) + 4) + bit))  # where the first block ends
    with pytest.raises(CorruptFile, match="cannot be"):
        changed.column("start_test_accuracy").values()


def test_modules_that_do_not_fit_their_hashes_are_found(tmp_path):
    hashes = SPACE.hashes(ARCHS).copy()
    hashes[7, 3] ^= 1
    with pytest.raises(CorruptFile, match="the hash of row 7 does not fit its module"):
        table_at(tmp_path / "lies.arrow", hashes=hashes).verify()
