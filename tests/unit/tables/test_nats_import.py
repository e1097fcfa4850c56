"""Import of published folders: whole and to the bit, or nothing; and once."""

import bz2
import pickle
import shutil

import pytest
from tables.made_runs import folder_of, made, same

from nasbed.compat.nats_bench.trainings import published_of
from nasbed.core.errors import BadSetting, CorruptFile, NasbedError
from nasbed.tables import cache
from nasbed.tables import nats_import as importing
from nasbed.tables.cache import cached_table_for, imported, table_for
from nasbed.tables.nats_import import import_published

INDICES = (0, 11, 284)


@pytest.fixture(scope="module")
def some():
    return [made(index) for index in INDICES]


@pytest.fixture(scope="module")
def original(some, tmp_path_factory):
    return folder_of(some, tmp_path_factory.mktemp("original") / "NATS-tss-made")


@pytest.fixture
def folder(original, tmp_path):
    return shutil.copytree(original, tmp_path / original.name)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("NASBED_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def left(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("NATS"))


@pytest.mark.parametrize(
    "at_once", [pytest.param(100, id="here"), pytest.param(1, id="in processes", marks=pytest.mark.slow)]
)
def test_a_folder_comes_over_to_the_bit(folder, tmp_path, monkeypatch, at_once):
    monkeypatch.setattr(importing, "AT_ONCE", at_once)
    shares = []
    table = import_published(folder, tmp_path / "t.arrow", shares.append, workers=2)
    for published in importing.open_published(folder):
        same(published, published_of(table, published.index))
    assert shares == sorted(shares)
    assert left(tmp_path) == ["t.arrow"]
    assert table.provenance["file"] == "NATS-tss-made"
    assert "results of 3 of the 15,625 architectures of nasbench201 only" in table.provenance["warnings"]


def test_what_was_made_up_is_called_so(some, tmp_path):
    folder = folder_of(some, tmp_path / "NATS-tss-v1_0-synthetic-simple")
    table = import_published(folder, tmp_path / "t.arrow")
    assert table.warnings[0].startswith("SYNTHETIC")


@pytest.mark.slow_where("hostile")
@pytest.mark.parametrize(
    ("damage", "at_once"),
    [
        ("cut", 100),
        ("hostile", 100),
        pytest.param("foreign", 100, marks=pytest.mark.slow),
        pytest.param("hostile", 1, id="hostile-in processes", marks=pytest.mark.slow),
        pytest.param("cut", 1, id="cut-in processes", marks=pytest.mark.slow),
    ],
)
def test_a_damaged_file_is_refused_by_its_name_and_nothing_is_left(folder, tmp_path, monkeypatch, damage, at_once):
    class Hostile:
        def __reduce__(self):
            return exec, (f"open({str(tmp_path / 'ran')!r}, 'w')",)

    monkeypatch.setattr(importing, "AT_ONCE", at_once)
    path = folder / "000011.pickle.pbz2"
    whole = path.read_bytes()
    path.write_bytes(
        {
            "cut": whole[:-100],
            "foreign": bz2.compress(pickle.dumps({"12": 3})),
            "hostile": bz2.compress(pickle.dumps({"12": Hostile()})),
        }[damage]
    )
    with pytest.raises(CorruptFile, match=r"000011\.pickle\.pbz2.*exec" if damage == "hostile" else "000011"):
        import_published(folder, tmp_path / "t.arrow", workers=2)
    assert left(tmp_path) == []


def test_an_import_that_is_stopped_leaves_nothing(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "AT_ONCE", 1)

    def stop(share):
        assert list(tmp_path.glob(".t.arrow.*.part"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_published(folder, tmp_path / "t.arrow", stop, workers=1)
    assert left(tmp_path) == []


def test_what_an_import_that_was_killed_left_is_cleared_away(folder, tmp_path):
    (tmp_path / ".t.arrow.999999999.shards").mkdir()
    (tmp_path / ".t.arrow.999999999.shards" / "part-0-0.shard").write_bytes(b"x")
    import_published(folder, tmp_path / "t.arrow")
    assert left(tmp_path) == ["t.arrow"]


@pytest.mark.slow
def test_a_worker_that_dies_is_no_damage_of_the_file(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "AT_ONCE", 1)
    monkeypatch.setattr(importing, "read_part", "os:abort")
    with pytest.raises(NasbedError, match="could not be read") as found:
        import_published(folder, tmp_path / "t.arrow", workers=2)
    assert not isinstance(found.value, CorruptFile)
    assert left(tmp_path) == []


def test_a_place_that_cannot_be_written_to_is_refused_before_anything_is_read(folder, tmp_path):
    with pytest.raises(BadSetting, match="there is no folder"):
        import_published(folder, tmp_path / "none" / "t.arrow")


def refuse(*arguments):
    raise AssertionError("it was read again")


def test_a_folder_is_read_once(folder, home, monkeypatch):
    assert cached_table_for(folder) is None
    first = table_for(folder)
    monkeypatch.setattr(importing, "import_published", refuse)
    assert table_for(str(folder) + "/").checksum == first.checksum
    assert cached_table_for(folder) == first.path
    assert first.path.is_relative_to(home)
    assert not list(home.glob("tables/.*"))


def test_a_folder_in_which_a_file_has_changed_is_read_again(folder, home):
    first = table_for(folder)
    other = made(11, seed=1)
    folder_of([other], folder.parent / "other")
    (folder.parent / "other" / "000011.pickle.pbz2").replace(folder / "000011.pickle.pbz2")
    assert cached_table_for(folder) is None
    assert table_for(folder).checksum != first.checksum


def test_a_damaged_table_in_the_cache_is_made_again(folder, home):
    first = table_for(folder)
    first.path.write_bytes(first.path.read_bytes()[:1000])
    assert published_of(table_for(folder), 11).runs


@pytest.mark.slow
def test_a_space_s_name_finds_the_import_with_most(some, folder, home, tmp_path):
    assert imported("nasbench201") is None
    less = table_for(folder_of(some[:1], tmp_path / "less"))
    assert imported("nasbench201").path == less.path
    more = table_for(folder)
    assert imported("nasbench201").path == more.path
    assert imported("natssize") is None


def test_a_folder_that_is_no_publication_says_what_one_is(tmp_path, home):
    (tmp_path / "empty").mkdir()
    assert not cache.is_published(tmp_path / "empty")
    with pytest.raises(BadSetting, match="NATS-tss"):
        table_for(tmp_path / "empty")
    with pytest.raises(BadSetting, match="there is no file or folder"):
        table_for(tmp_path / "none")
