"""The probe batch: as many of each class as there are, from validation alone, the same at every call."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from nasbed.nets.data.source import load, prepared
from nasbed.nets.probing import probe_batch


def test_digits_give_ten_of_each_class_in_turns_from_validation():
    data = load("digits")
    probe = probe_batch(data)
    assert probe.labels.tolist() == list(range(10)) * 10
    validation = {image.tobytes() for image in data.validation.images.numpy()}
    assert len({image.tobytes() for image in probe.images.numpy()} & validation) == 100
    assert torch.equal(probe.images, probe_batch(data).images)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60), st.integers(1, 70))
def test_no_class_has_fewer_than_another_unless_it_has_no_more(labels, images):
    there = np.array(labels, np.int64)
    pixels = np.arange(len(there) + 3, dtype=np.float32)[:, None, None, None]
    rows = np.arange(len(there))
    parts = {"train": len(there) + np.arange(2), "validation": rows, "test": len(there) + np.arange(2, 3)}
    data = prepared("counted", pixels, np.append(there, [0, 0, 0]), parts, 7)
    probe = probe_batch(data, images)
    assert len(probe) == min(images, len(there))
    assert len(probe.images.unique()) == len(probe)
    chosen, most = np.bincount(probe.labels, minlength=7), np.bincount(there, minlength=7)
    assert all(chosen[k] == most[k] or chosen[k] >= chosen.max() - 1 for k in range(7))
