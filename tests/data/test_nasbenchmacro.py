"""NAS-Bench-Macro's space and network against its published file."""

import numpy as np
import pytest

from nasbed.nets.costs import flops, params
from nasbed.readers.nasbenchmacro import read_results


@pytest.fixture(scope="module")
def read(shared_data):
    file = shared_data / "nasbenchmacro" / "nas-bench-macro_cifar10.json"
    if not file.is_file():
        pytest.skip(f"there is no {file}; it is in data/ of https://github.com/xiusu/NAS-Bench-Macro")
    return read_results(file)


def test_every_architecture_is_there_with_what_is_published(read):
    assert len(read.archs) == read.space.size
    assert set(read.columns) == {"test_acc 0", "test_acc 1", "test_acc 2", "params", "flops"}


def test_every_network_has_its_published_costs(read):
    np.testing.assert_array_equal(params(read.space, read.archs), read.columns["params"][0])
    # count_FLOPs in the published train/utils.py leaves the bias of the dense layer out.
    np.testing.assert_array_equal(flops(read.space, read.archs) - 10, read.columns["flops"][0])


def test_equal_architectures_have_one_result(read):
    index = read.space.index(read.archs)
    for values, _ in read.columns.values():
        ordered = np.empty(len(values))
        ordered[index] = values
        np.testing.assert_array_equal(ordered, ordered[read.space.representatives])
