"""The space of once-for-all networks: its size, its published configurations, and its channels."""

import json

import numpy as np
import pytest

import nasbed
from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.core.rng import Streams
from nasbed.spaces import Mobile

SPACE = Mobile()

# README of github.com/mit-han-lab/once-for-all: the form in which accuracy and latency predictors are asked
GIVEN = {"wid": None, "ks": [3, 5, 7, 7] * 5, "e": [3, 4, 6, 6] * 5, "d": [2, 3, 4, 3, 2], "r": [224]}


def test_the_size_is_that_of_five_units():
    assert SPACE.size == (9**2 + 9**3 + 9**4) ** 5 == 21_758_655_492_572_485_851


def test_a_configuration_is_read_in_every_form():
    row = SPACE.parse(json.dumps({name: GIVEN[name] for name in ("ks", "e", "d")}))
    for form in (GIVEN, str(GIVEN), SPACE.configuration(row), SPACE.format(row), row.tolist()):
        assert SPACE.parse(form).tolist() == row.tolist()
    named = dict(zip((slot.name for slot in SPACE.slots), SPACE.format(row).split(":"), strict=True))
    assert [named[f"unit1.block{i}.kernel"] for i in range(4)] == ["3", "5", "7", "-"]
    assert [named[f"unit{i}.depth"] for i in range(5)] == list("23432")


def test_every_row_is_read_back_from_its_configuration():
    for row in SPACE.sample(Streams.from_seed(0, 50)):
        assert SPACE.parse(json.dumps(SPACE.configuration(row))).tolist() == row.tolist()


def test_what_a_configuration_says_of_blocks_beyond_the_depth_does_not_count():
    other = {**GIVEN, "ks": [3, 5, 3, 5, *GIVEN["ks"][4:]]}
    rows = np.stack([SPACE.parse(GIVEN), SPACE.parse(other)])
    assert len(set(SPACE.key(rows).tolist())) == 1


def test_units_are_the_published_ones():
    stem, first, *units, head = SPACE.resolve(SPACE.parse(GIVEN)).parts
    assert [len(unit.parts) for unit in units] == GIVEN["d"]
    blocks = [unit.parts[0].settings for unit in units]
    assert [block["channels"] for block in (stem.settings, first.settings, *blocks)] == [16, 16, 24, 40, 80, 112, 160]
    assert [block.get("stride", 1) for block in (first.settings, *blocks)] == [1, 2, 2, 2, 1, 2]
    assert [block["se"] for block in blocks] == [False, True, False, True, True]
    assert head.settings["channels"] == (960, 1280)
    assert all("stride" not in block.settings for unit in units for block in unit.parts[1:])


def test_wider_networks_have_channels_in_multiples_of_eight():
    units = nasbed.space("mobile:width=1.2").expression.parts[2:-1]
    assert [unit.blocks[0].settings["channels"] for unit in units] == [32, 48, 96, 136, 192]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"ks": [3] * 19}, "ks is a list of 20 numbers out of 3, 5, 7, not"),
        ({"e": [5] * 20}, "e is a list of 20 numbers out of 3, 4, 6, not"),
        ({"d": [5] * 5}, "d is a list of 5 numbers out of 2, 3, 4, not"),
        ({"d": None}, "d is a list of 5 numbers"),
    ],
)
def test_what_is_no_configuration_is_refused_with_what_is_wrong(change, why):
    with pytest.raises(InvalidArchitecture, match=why):
        SPACE.parse({**GIVEN, **change})


def test_a_width_that_cannot_be_is_refused():
    with pytest.raises(BadSetting, match="width is a number above 0, not 0"):
        Mobile(width=0)
