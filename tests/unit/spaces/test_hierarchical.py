"""The hierarchical space: its size, its levels, and its text."""

import numpy as np
import pytest

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.core.rng import Streams
from nasbed.spaces import Hierarchical

SPACE = Hierarchical()


def test_a_motif_that_no_edge_uses_counts_once():
    assert SPACE.size == 122_169_849_966_883_339_449_272_722_192_550_797_393
    assert SPACE.describe()["encodings"] == 7**46


def test_there_are_ten_edges_of_motifs_and_six_motifs_of_six_edges():
    names = [slot.name.partition(".")[0] for slot in SPACE.slots]
    assert {name: names.count(name) for name in names} == {"cell": 10, **{f"motif{i}": 6 for i in range(1, 7)}}
    assert SPACE.slots[0].values == ("none", *(f"motif{i}" for i in range(1, 7)))


def test_what_is_in_a_motif_counts_where_an_edge_has_it():
    row = SPACE.parse("cell.0-4=motif3 motif3.0-3=identity")
    active = {slot.name for slot, is_there in zip(SPACE.slots, SPACE.active(row[None])[0], strict=True) if is_there}
    assert {name.partition(".")[0] for name in active} == {"cell", "motif3"}


def test_a_motif_is_one_however_often_it_is_used():
    row = SPACE.parse("cell.0-1=motif2 cell.1-4=motif2 motif2.0-3=max_pool_3x3")
    titles = [title for title, _ in SPACE.levels(row)]
    assert titles == ["the whole", "cell", "motif2"]


def test_a_part_of_the_space_is_drawn_level_by_level_too():
    rows = SPACE.sample(Streams.from_seed(0, 5))
    part = SPACE.only(rows)
    assert part.levels(rows[0]) == SPACE.levels(rows[0])
    assert part.svg(rows[0]) == SPACE.svg(rows[0])


def test_every_row_is_read_back_from_its_text():
    for row in SPACE.sample(Streams.from_seed(0, 50)):
        assert SPACE.parse(SPACE.format(row)).tolist() == row.tolist()


def test_the_settings_are_those_of_the_network():
    other = nasbed.space("hierarchical:channels=8,merge=sum")
    assert other.settings() == {"channels": 8, "merge": "sum"}
    row = np.ones(46, np.int8)
    assert {cell.merge for cell in (other.resolve(row).parts[1], other.resolve(row).parts[3])} == {"sum"}
    with pytest.raises(BadSetting, match="merge is one of concat, sum, not 'product'"):
        Hierarchical(merge="product")
