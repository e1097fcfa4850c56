"""Tables: what is read is what was written, whatever its encoding; what is no table, or no longer one, is refused."""

import json
import random
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from tables.made import ARCHS, SHAPE, SPACE, results, score, table_at

from nasbed.core.errors import BadSetting, CorruptFile, NasbedError, NotInTable, UnknownName
from nasbed.tables import file as file_module
from nasbed.tables.file import write_columns
from nasbed.tables.table import Table
from nasbed.tables.writing import arrow_column


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
    assert table.column("score").values().tobytes() == score().tobytes()


def test_each_column_is_stored_as_small_as_is_exact(table):
    kinds = {name: about["encoding"] for name, about in table.metadata["columns"].items()}
    assert kinds["training_time"] == {"kind": "float32"}
    assert kinds["train_accuracy"] == kinds["total_time"] == {"kind": "float64"}
    assert kinds["validation_accuracy"] == {"kind": "count", "images": 9984, "single": True}
    assert kinds["test_accuracy"] == kinds["start_test_accuracy"] == {"kind": "count", "images": 360}
    assert kinds["trainable_parameters"] == {"kind": "whole"}
    cold = {name for name, about in table.metadata["columns"].items() if about["cold"]}
    assert cold == {"start_test_accuracy", "total_time"}


def test_some_values_are_those_of_the_whole(table):
    chance = np.random.default_rng(0)
    rows, budgets, repeats = (chance.integers(size, size=200) for size in SHAPE)
    for name, values in results().items():
        for some in (slice(0, 3), slice(None)):  # few, whose blocks are compared one by one, and many
            column = Table.open(table.path).column(name)
            places = np.ravel_multi_index((rows, budgets, repeats), SHAPE)[some]
            np.testing.assert_array_equal(column.at(places), values[rows, budgets, repeats][some])
            column = Table.open(table.path).column(name)
            np.testing.assert_array_equal(column.values(rows[some]), values[rows][some])


def test_a_measurement_is_of_one_recipe_with_its_moments(table):
    measured = table.measurement("accuracy", split="test", recipe=12)
    values = results()["test_accuracy"][:, 1]
    assert (measured.name, measured.epochs, measured.seeds) == ("12/digits/test/accuracy", (0, 12), (0, 1, 2))
    assert (measured.unit, measured.goal, measured.role) == ("fraction", "max", "reported")
    np.testing.assert_array_equal(measured.values(seed=1), values[:, 1])
    np.testing.assert_array_equal(measured.values(ARCHS[[5, 2]], seed=2, epoch=12), values[[5, 2], 2])
    np.testing.assert_array_equal(measured.values(np.array([4]), epoch=0), results()["start_test_accuracy"][[4], 1])
    curve = np.stack([results()["start_test_accuracy"][:, 1], values], axis=2)
    np.testing.assert_array_equal(measured.curve(), curve)
    short = table.measurement("accuracy", split="test", recipe="4")
    np.testing.assert_allclose(short.mean(), np.nanmean(results()["test_accuracy"][:, 0], axis=1))


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        ({"metric": "loss"}, "has no loss; it has .*digits/validation/accuracy.* recipes 4, 12"),
        ({"split": "x-test"}, "has no accuracy, x-test"),
        ({"split": "test", "recipe": 36}, "recipe 36"),
        ({"split": "test", "data": "mnist"}, "mnist"),
        ({}, "several measurements of accuracy: 12/digits/train/accuracy"),
    ],
)
def test_a_measurement_that_is_not_there_is_an_error_that_says_what_is(table, ask, why):
    with pytest.raises(NotInTable, match=why):
        table.measurement(**ask)


def test_seeds_epochs_and_rows_that_are_not_there_are_refused(table):
    measured = table.measurement("accuracy", split="test")
    with pytest.raises(NotInTable, match="no seed 7; it has: 0, 1, 2"):
        measured.values(seed=7)
    with pytest.raises(NotInTable, match="not measured after 5 epochs; it was after 0, 12"):
        measured.mean(epoch=5)
    with pytest.raises(NotInTable, match="has the rows 0 to 90"):
        measured.mean(np.array([91]))
    with pytest.raises(NotInTable, match="is not valid"):
        measured.mean(np.zeros_like(ARCHS[:1]))


def test_every_module_is_found_by_its_hash_and_no_other(table):
    modules = table.modules
    assert modules.by_hash is not None  # the harder way
    for row, digest in enumerate(modules.hashes):
        assert modules.row_of(digest.tobytes().hex()) == row
        changed = bytes([*digest[:15], digest[15] ^ 1]).hex()
        with pytest.raises(NotInTable, match=changed):
            modules.row_of(changed)
    for absent in ("0" * 32, "f" * 32):
        with pytest.raises(NotInTable, match="no module with the hash"):
            modules.row_of(absent)


@pytest.mark.parametrize("digest", ["", "xyz", "é", "ab", None, 7])
def test_what_is_no_hash_is_not_in_the_table(table, digest):
    with pytest.raises(NotInTable):
        table.modules.row_of(digest)


def test_rows_in_the_order_of_their_hashes_need_no_second_order(tmp_path):
    order = np.argsort([digest.tobytes() for digest in SPACE.hashes(ARCHS)])
    modules = table_at(tmp_path / "sorted.arrow", archs=ARCHS[order]).modules
    assert modules.by_hash is None
    assert [modules.row_of(digest.tobytes().hex()) for digest in modules.hashes] == list(range(len(ARCHS)))


def test_unevenly_spread_hashes_are_found_too(tmp_path):
    digests = [bytes(8) + (i * i).to_bytes(8, "big") for i in range(len(ARCHS))]
    hashes = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 16)
    modules = table_at(tmp_path / "uneven.arrow", hashes=hashes).modules
    assert [modules.row_of(digest.hex()) for digest in digests] == list(range(len(ARCHS)))
    with pytest.raises(NotInTable):
        modules.row_of((bytes(15) + b"\2").hex())


def test_rows_are_modules(table):
    np.testing.assert_array_equal(table.modules.classes, np.arange(len(ARCHS)))
    few, many = Table.open(table.path), Table.open(table.path)
    for row, arch in enumerate(ARCHS):
        assert table.modules.graph(row) == SPACE.graph(arch)
        assert few.rows(arch[None]).tolist() == [row]  # by hash, and then by number
    np.testing.assert_array_equal(many.rows(ARCHS), np.arange(len(ARCHS)))
    assert table.modules.vertices.tolist() == [SPACE.graph(arch).vertices for arch in ARCHS]


def test_what_a_table_says_of_itself(table):
    about = table.describe()
    assert about["space"]["name"] == "nasbench101"
    assert (about["architectures"], about["rows"]) == (len(ARCHS), "all of the space")
    said = "test in fraction; reported; high is good; seeds 0, 1, 2; after 0, 12 epochs"
    assert about["measurements"]["12/digits/test/accuracy"] == said
    assert about["attached"] == {"score": "how good it looks"}
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


def test_one_query_in_a_fresh_process_imports_nothing_large(table):
    code = f"""
import sys, nasbed
table = nasbed.table({str(table.path)!r})
arch = table.space.parse({SPACE.format(ARCHS[7])!r})
print(table.measurement("accuracy", split="test", recipe=12).mean(arch[None])[0])
assert not {{"numba", "torch", "pandas", "scipy", "rich"}} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert float(done.stdout) == np.mean(results()["test_accuracy"][7, 1])


# ── what is refused ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_must_be_there(tmp_path):
    for path in (tmp_path / "no.arrow", tmp_path):
        with pytest.raises(BadSetting, match="there is no file"):
            Table.open(path)


@pytest.mark.parametrize("text", [b"", b"ARROW1", b"PK\x03\x04" * 100, b"ARROW1\0\0" + b"x" * 500 + b"ARROW1"])
def test_what_is_no_arrow_file_is_refused(data, text):
    data[1].write_bytes(text)
    with pytest.raises(CorruptFile, match=r"changed\.arrow is"):
        Table.open(data[1])


def test_another_arrow_file_is_refused(tmp_path):
    frame = pa.table({"hash": [1, 2]})
    with pa.ipc.new_file(str(tmp_path / "other.arrow"), frame.schema) as writer:
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
    """Write the table again with other metadata, its checksums right."""
    write_columns(path, table.file.arrays(), table.file.blocks(), table.metadata | changes)
    return path


def test_a_later_format_asks_for_a_later_nasbed(table, tmp_path, monkeypatch):
    monkeypatch.setattr(file_module, "FORMAT", 4)
    path = rewritten(table, tmp_path / "later.arrow")
    monkeypatch.undo()
    with pytest.raises(NasbedError, match="has format 4, this nasbed reads up to 3; upgrade nasbed"):
        Table.open(path)


def test_metadata_that_do_not_fit_the_columns_are_refused(table, tmp_path):
    columns = table.metadata["columns"]
    path = rewritten(table, tmp_path / "a.arrow", columns={**columns, "absent": columns["test_accuracy"]})
    with pytest.raises(CorruptFile, match="lacks the columns absent"):
        Table.open(path)
    columns = {**columns, "test_accuracy": {**columns["test_accuracy"], "seeds": [0, 1]}}
    with pytest.raises(CorruptFile, match="is of the shape"):
        Table.open(rewritten(table, tmp_path / "b.arrow", columns=columns)).column("test_accuracy").values()


def test_a_table_without_its_modules_is_refused(table, tmp_path):
    columns = {name: column for name, column in table.file.arrays().items() if name != "hash"}
    path = tmp_path / "less.arrow"
    write_columns(path, columns, table.file.blocks(), table.metadata)
    with pytest.raises(CorruptFile, match="what its rows are"):
        Table.open(path)


# ── damage ────────────────────────────────────────────────────────────────────────────────────────────────────────


def flipped(whole, path, bit):
    path.unlink(missing_ok=True)
    changed = bytearray(whole)
    changed[bit // 8] ^= 1 << bit % 8
    path.write_bytes(changed)
    return path


def read(path):
    """Read what a user reads: all values, some values first."""
    table = Table.open(path)
    some = table.rows(ARCHS[[70, 3]]).tolist()
    few = [table.column(name).values(np.array(some)).tobytes() for name in table.measures]
    return few, [table.column(name).values().tobytes() for name in table.measures], table.archs.tobytes()


def test_nothing_damaged_is_returned_as_a_value(data):
    whole, path = data
    path.write_bytes(whole)
    expected, chance = read(path), random.Random(0)
    bits = [chance.randrange(8 * len(whole)) for _ in range(300)]
    ends = [chance.choice((0, len(whole) - 8192)) * 8 + chance.randrange(8 * 8192) for _ in range(300)]
    refused = 0
    for bit in (*bits, *ends):
        try:
            assert read(flipped(whole, path, bit)) == expected
        except CorruptFile as error:
            assert str(path) in str(error)  # noqa: PT017
            refused += 1
    assert refused > 500


def test_what_was_written_is_verified_and_what_was_changed_is_not(data, table):
    table.verify()
    whole, path = data
    chance = random.Random(1)
    for _ in range(100):
        with pytest.raises(CorruptFile):
            Table.open(flipped(whole, path, chance.randrange(8 * len(whole)))).verify()


def test_a_block_is_compared_when_it_is_first_read_and_no_sooner(tmp_path):
    rows = np.tile(np.arange(300_000), (1, 1))[0]
    path = tmp_path / "long.arrow"
    file_module.write_columns(path, {"n": arrow_column(rows)}, {}, {"columns": {}})
    raw = bytearray(path.read_bytes())
    place = raw.find(rows[200_000:200_010].tobytes())
    raw[place] ^= 1
    path.write_bytes(raw)
    stored = file_module.ColumnFile.open(path).stored("n")
    stored.see((0, 100_000, 299_999))
    with pytest.raises(CorruptFile, match="is damaged: its bytes from"):
        stored.see((200_000,))
    with pytest.raises(CorruptFile):
        file_module.ColumnFile.open(path).stored("n").whole()


def test_a_damaged_order_of_hashes_leads_to_no_module(data, table):
    whole, path = data
    order = table.file.array("by_hash")
    start, width = whole.index(order.tobytes()), 8 * order.itemsize
    for place in range(0, len(order), 17):
        digest = table.modules.hashes[order[place]].tobytes().hex()
        for bit in (0, width // 2, width - 2, width - 1):  # the next row, rows far outside, and before the first
            changed = Table.open(flipped(whole, path, 8 * start + width * place + bit))
            with pytest.raises(CorruptFile, match="is damaged"):
                changed.modules.row_of(digest)


def test_modules_that_do_not_fit_their_hashes_are_found(tmp_path):
    hashes = SPACE.hashes(ARCHS).copy()
    hashes[7, 3] ^= 1
    with pytest.raises(CorruptFile, match="the hash of row 7 does not fit its module"):
        table_at(tmp_path / "lies.arrow", hashes=hashes).verify()
