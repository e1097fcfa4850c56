"""Splits: every image in one part, as many of each class, and the published ones as they were published."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.errors import BadSetting
from nasbed.nets.data.splits import balanced, in_shares, index_file, last_file


def sizes(parts):
    return [len(parts[part]) for part in ("train", "validation", "test")]


def disjoint(parts):
    everyone = np.concatenate(list(parts.values()))
    return len(np.unique(everyone)) == len(everyone)


@given(st.integers(0, 100), st.integers(0, 4), st.integers(0, 4))
def test_parts_hold_as_many_of_each_class_and_everything_is_in_one(seed, train, validation):
    labels = np.random.default_rng(seed).permutation(np.arange(40, dtype=np.int64) % 4)
    parts = balanced(labels, {"train": train, "validation": validation}, "test", seed)
    assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(40))
    assert np.bincount(labels[parts["train"]], minlength=4).tolist() == [train] * 4
    assert np.bincount(labels[parts["validation"]], minlength=4).tolist() == [validation] * 4
    again = balanced(labels, {"train": train, "validation": validation}, "test", seed)
    assert all((parts[name] == again[name]).all() for name in parts)


@given(st.integers(0, 100), st.integers(2, 40))
def test_a_share_is_the_same_of_each_class_and_at_least_one_image(seed, few):
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(3), [2, few, 40]))
    parts = in_shares(labels, {"validation": 0.2}, "train", seed)
    assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(len(labels)))
    counts = np.bincount(labels[parts["validation"]], minlength=3)
    assert counts.tolist() == [1, max(round(0.2 * few), 1), 8]


def test_the_last_of_several_files_validates_or_the_last_fifth_of_one():
    assert sizes(last_file([10_000] * 5, 10_000)) == [40_000, 10_000, 10_000]
    assert last_file([10_000] * 5, 10_000)["validation"][[0, -1]].tolist() == [40_000, 49_999]
    assert sizes(last_file([50_000], 10_000)) == [40_000, 10_000, 10_000]
    assert sizes(last_file([3, 3, 1], 2)) == [6, 1, 2]
    assert all(disjoint(last_file(files, 7)) for files in ([5], [1, 2, 3]))


@pytest.mark.parametrize(
    ("file", "train", "test", "expected"),
    [
        ("cifar-split.txt", 50_000, 10_000, [25_000, 25_000, 10_000]),
        ("cifar100-test-split.txt", 50_000, 10_000, [50_000, 5_000, 5_000]),
        ("imagenet-16-120-test-split.txt", 151_700, 6_000, [151_700, 3_000, 3_000]),
        ("ImageNet16-120-split.txt", 151_700, 6_000, [75_850, 75_850, 6_000]),
    ],
)
def test_published_splits_have_their_published_sizes(shared_data, file, train, test, expected):
    parts = index_file(shared_data / "splits" / file, train, test)
    assert sizes(parts) == expected
    assert disjoint(parts)
    assert np.concatenate(list(parts.values())).max() == train + test - 1


def test_a_split_of_ones_own_lists_numbers(tmp_path):
    (tmp_path / "mine.json").write_text(json.dumps({"xvalid": [2, 0], "xtest": [1]}))
    parts = index_file(tmp_path / "mine.json", 4, 3)
    assert {part: rows.tolist() for part, rows in parts.items()} == {
        "train": [0, 1, 2, 3],
        "validation": [6, 4],
        "test": [5],
    }


@pytest.mark.parametrize(
    ("held", "why"),
    [
        ("no json", "is not a split: a JSON object"),
        ("[1]", "is not a split: a JSON object"),
        ('{"train": [0]}', "lists train; a split has train and valid, or xvalid and xtest"),
        ('{"train": [0], "valid": []}', "valid in .* is empty"),
        ('{"train": [0], "valid": ["x"]}', "valid in .* is not a list of numbers"),
        ('{"train": [0], "valid": 3}', "valid in .* is not a list of numbers"),
        ('{"train": [0], "valid": [4]}', "has the number 4, but there are 4 training images, from 0"),
        ('{"train": [-1], "valid": [3]}', "has the number -1, but"),
        ('{"train": [1e400], "valid": [3]}', "is not a list of numbers"),
    ],
)
def test_what_is_no_split_of_these_images_is_refused(tmp_path, held, why):
    (tmp_path / "bad.txt").write_text(held)
    with pytest.raises(BadSetting, match=why):
        index_file(tmp_path / "bad.txt", 4, 3)


def test_an_absent_split_is_refused(tmp_path):
    with pytest.raises(BadSetting, match="cannot be read: No such file"):
        index_file(tmp_path / "none.txt", 4, 3)
