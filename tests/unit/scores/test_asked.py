"""Which architectures are scored: samples that grow, lists, whole spaces."""

import numpy as np
import pytest

from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.scores.asked import Asked
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201

CELLS, MODULES = NASBench201(), NASBench101(vertices=4)


@pytest.mark.parametrize("space", [CELLS, MODULES], ids=lambda space: space.name)
def test_a_sample_is_of_different_architectures_as_they_are_enumerated(space):
    archs = Asked(sample=60, seed=2).archs(space)
    numbers = space.index(archs)
    assert len(np.unique(numbers)) == 60
    np.testing.assert_array_equal(archs, space.enumerate()[numbers])


def test_a_larger_sample_begins_with_the_smaller():
    np.testing.assert_array_equal(Asked(sample=700, seed=1).archs(CELLS)[:40], Asked(sample=40, seed=1).archs(CELLS))


def test_another_seed_is_another_sample():
    assert (Asked(sample=40, seed=1).archs(CELLS) != Asked(sample=40, seed=2).archs(CELLS)).any()


def test_a_sample_of_all_there_is_is_all_there_is():
    assert sorted(MODULES.index(Asked(sample=91).archs(MODULES))) == list(range(91))


def test_more_than_there_are_cannot_be_drawn():
    with pytest.raises(BadSetting, match=r"92 different .* it has 91"):
        Asked(sample=92).archs(MODULES)


def test_without_settings_everything_is_meant():
    np.testing.assert_array_equal(Asked().archs(MODULES), MODULES.enumerate())


def test_a_list_keeps_its_order_and_loses_what_comes_twice(tmp_path):
    archs = CELLS.enumerate()[[7, 3, 7, 11]]
    texts = [CELLS.format(arch) for arch in archs]
    path = tmp_path / "some.txt"
    path.write_text(f"# a comment\n{texts[0]}\n\n{texts[1]}  # the second\n{texts[2]}\n{texts[3]}")
    np.testing.assert_array_equal(Asked.file(path).archs(CELLS), CELLS.enumerate()[[7, 3, 11]])


def test_a_line_that_names_nothing_is_numbered():
    with pytest.raises(InvalidArchitecture, match="architecture 2 of the list"):
        Asked(listed=(CELLS.format(CELLS.enumerate()[0]), "|nonsense|")).archs(CELLS)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"sample": 0}, "at least 1"),
        ({"listed": ()}, "names no architecture"),
        ({"sample": 3, "listed": ("a",)}, "a sample and a list were given"),
    ],
)
def test_what_is_not_allowed_is_named(settings, said):
    with pytest.raises(BadSetting, match=said):
        Asked(**settings)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadSetting, match=r"nowhere.txt cannot be read: No such file"):
        Asked.file(tmp_path / "nowhere.txt")


@pytest.mark.parametrize("asked", [Asked(), Asked(5, 3), Asked(listed=("a", "b"))])
def test_what_was_asked_can_be_noted(asked):
    assert Asked.of(asked.to_dict()) == asked
