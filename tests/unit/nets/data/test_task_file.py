"""Task files: the datasets that a function of anyone's may give, and what is wrong with it."""

import os
import time

import numpy as np
import pytest

from nasbed.core.errors import BadSetting
from nasbed.nets.data.source import load

HEAD = """import numpy as np, torch, nasbed
X, Y = torch.rand(40, 2, 6, 6, generator=torch.Generator().manual_seed(0)), torch.arange(40)
"""


@pytest.fixture
def named(tmp_path):
    """Writes a function that returns something, and names it as data."""

    def write(returned, head=HEAD):
        (tmp_path / "mine.py").write_text(f"{head}\ndef make():\n    return {returned}\n")
        return f"task:{tmp_path / 'mine.py'}:make"

    return write


def test_a_pair_of_tensors_has_channels_first_and_one_of_arrays_last(named):
    data = load(named("nasbed.Task((X, Y % 4))"))
    assert (data.channels, data.image_size, data.classes, data.outputs) == (2, 6, 4, 4)
    assert data.task.metric == "accuracy"
    same = load(named("nasbed.Task((X.permute(0, 2, 3, 1).numpy(), (Y % 4).numpy()))"))
    np.testing.assert_array_equal(data.test.images, same.test.images)
    assert data.task.checksum != same.task.checksum


def test_a_dataset_of_pytorchs_is_read_and_divided_the_same_each_time(named):
    name = named("nasbed.Task(torch.utils.data.TensorDataset(X, X.mean((1, 2, 3))))")
    data = load(name)
    assert (data.is_regression, data.outputs, data.task.metric) == (True, 1, "mae")
    assert [len(part) for part in (data.train, data.validation, data.test)] == [24, 8, 8]
    assert data.describe()["targets"] == 1


def test_parts_may_be_given_one_by_one(named):
    data = load(named("nasbed.Task({'train': (X[:30], Y[:30] % 2), 'test': (X[30:], Y[30:] % 2)})"))
    assert [len(part) for part in (data.train, data.validation, data.test)] == [24, 6, 10]


def test_whole_numbers_are_what_a_loss_of_ones_own_says(named):
    own = "loss=lambda o, y: (o[:, 0] - y).square(), score=lambda o, y: (o[:, 0] - y).abs(), metric='mae', goal='min'"
    data = load(named(f"nasbed.Task((X, Y), outputs=1, {own})"))
    assert (data.classes, data.outputs, data.train.labels.shape) == (0, 1, (24,))


def test_the_data_may_be_those_of_a_source(named):
    data = load(
        named("nasbed.Task('random:size=6,classes=3,train=20', loss=torch.nn.CrossEntropyLoss(reduction='none'))")
    )
    assert (data.classes, data.task.metric, len(data.train)) == (3, "accuracy", 20)


def test_another_file_is_another_checksum_and_is_read_again(named, tmp_path):
    before = load(named("nasbed.Task((X, Y % 4))"))
    name = named("nasbed.Task((X, Y % 4))  # the same")
    os.utime(tmp_path / "mine.py", (time.time() + 9, time.time() + 9))
    assert load(name).checksum != before.checksum


@pytest.mark.parametrize(
    ("returned", "why"),
    [
        ("3", "must return a nasbed.Task, not int"),
        ("1 / 0", "failed with ZeroDivisionError"),
        ("nasbed.Task()", "is NoneType; it may be a data source's name"),
        ("nasbed.Task({'test': (X, Y)})", "the first at least"),
        ("nasbed.Task((X, Y[:3]))", "has 40 images and 3 targets"),
        ("nasbed.Task([X])", "must give pairs"),
        ("nasbed.Task([(X[0], 'blue')])", "could not convert"),
        ("nasbed.Task((X[..., :4], Y % 2))", "square"),
        ("nasbed.Task((X, Y + 1))", "40 different classes from 1 to 40"),
        ("nasbed.Task({'train': (X, Y % 2), 'test': (X[:, :1], Y % 2)})", "differ in their shapes"),
        ("nasbed.Task([(X[0], 1), (X[0, :, :5], 2)])", "have several shapes"),
    ],
)
def test_what_is_wrong_with_a_task_is_said(named, returned, why):
    with pytest.raises(BadSetting, match=why):
        load(named(returned))


def test_a_name_that_leads_to_no_function_is_refused(named, tmp_path):
    with pytest.raises(BadSetting, match="Name its file and it: task:FILE"):
        load("task")
    with pytest.raises(BadSetting, match="there is no file"):
        load(f"task:{tmp_path / 'other.py'}:make")
    with pytest.raises(BadSetting, match="has no function other"):
        load(named("3").replace(":make", ":other"))
