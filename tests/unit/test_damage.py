"""A damaged file is refused by name, or means what it meant: of every kind that the library writes."""

from importlib.util import find_spec

import pytest
from damage import GOOD, KINDS, in_a_process, sample, table

kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


def needed(kind):
    if kind.torch and find_spec("torch") is None:
        pytest.skip("needs nasbed[torch]")


@kinds
def test_some_damage_of_each_kind_is_noticed(kind, tmp_path, monkeypatch):
    needed(kind)
    monkeypatch.setenv("NASBED_HOME", str(tmp_path))
    found = list(sample(kind, tmp_path, flips=6, cuts=2))
    assert [one for one in found if one not in GOOD] == []
    assert "refused" in found or kind.name.startswith("index")


@pytest.mark.slow
@kinds
def test_flipped_bits_and_cut_ends_change_nothing_unseen(kind, capsys):
    needed(kind)
    found = in_a_process(kind)
    with capsys.disabled():
        print("\n" + table({kind.name: found}))
    assert [one for one in found if one not in GOOD] == []
