"""CIFAR-10 as TFRecord files, as the code of NAS-Bench-101 wants it: read, and written.

A record is a ``tf.train.Example`` with ``image``, 3,072 bytes (red, green, blue, each row by row), and ``label``, a
number. The five batches of training images are ``train_1`` to ``train_4`` and ``validation``; ``sample`` has the first
ten validation images of each class, by class.

Reference: https://github.com/google-research/nasbench, ``nasbench/scripts/generate_cifar10_tfrecords.py``
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.files import put
from nasbed.readers.examples import example_record, read_examples

TRAIN_RECORDS = (*(f"train_{i}.tfrecords" for i in range(1, 5)), "validation.tfrecords")
TEST_RECORDS, SAMPLE = "test.tfrecords", "sample.tfrecords"
"""The files, in the order of the official ones."""

_IMAGE, _SAMPLED = 3 * 32 * 32, 10

Batch = tuple[NDArray[np.uint8], NDArray[np.int64]]


def as_binary(content: bytes, name: str) -> bytes:
    """Write the records of a file as the official binary files have them: a byte of label, then the image.

    Raises:
        CorruptFile: When the file is damaged, or a record is no image with its label.
    """
    found = []
    for number, features in enumerate(read_examples(content, name)):
        image, label = features.get("image", []), features.get("label", [])
        if [len(part) for part in image if isinstance(part, bytes)] != [_IMAGE] or len(label) != 1:
            raise CorruptFile(f"record {number} of {name} has no 'image' of {_IMAGE:,} bytes with one 'label'")
        if label[0] not in range(256):
            raise CorruptFile(f"record {number} of {name} has the label {label[0]!r}, which is no class")
        found.append(bytes([label[0]]) + image[0])
    return b"".join(found)


def write_records(
    batches: Sequence[Batch], folder: Path, progress: Callable[[Path, int], None] = lambda path, images: None
) -> None:
    """Write the seven files of the published generator; those that are there are replaced.

    Args:
        batches: Images ``(n, 3, 32, 32)`` and labels ``(n,)`` of the five files of training images and the test file.
        folder: Where; it is made if it does not exist.
        progress: Called before each file with its path and how many images it gets.

    Raises:
        BadSetting: When nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"the folder {folder} cannot be made: {error.strerror}") from None
    images, labels = batches[len(TRAIN_RECORDS) - 1]
    chosen = np.concatenate([np.flatnonzero(labels == label)[:_SAMPLED] for label in range(10)])
    sample = images[chosen], labels[chosen]
    for file, batch in zip((*TRAIN_RECORDS, TEST_RECORDS, SAMPLE), (*batches, sample), strict=True):
        progress(folder / file, len(batch[1]))
        records = (
            example_record({"image": image.tobytes(), "label": label})
            for image, label in zip(batch[0], batch[1].tolist(), strict=True)
        )
        put(folder / file, b"".join(records))
