"""CIFAR-10 as TFRecord files: what the published generator writes is read, and written alike."""

import numpy as np
import pytest

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.nets.data.cifar import CIFAR10
from nasbed.nets.data.cifar_records import SAMPLE, TEST_RECORDS, TRAIN_RECORDS, as_binary, write_records
from nasbed.nets.data.sources import pictures
from nasbed.readers.examples import example_record, read_examples

FILES = (*TRAIN_RECORDS, TEST_RECORDS, SAMPLE)


@pytest.fixture(scope="module")
def real(shared_data):
    """The real images there are of each of the six files of CIFAR-10."""
    with np.load(shared_data / "images" / "cifar10_raw_subset.npz") as raw:
        names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
        return [(raw[f"{name}_images"], raw[f"{name}_labels"].astype(np.int64)) for name in names]


@pytest.fixture(scope="module")
def folder(real, tmp_path_factory):
    """A folder with those as records."""
    folder = tmp_path_factory.mktemp("records") / "cifar-tfrecord"
    write_records(real, folder)
    return folder


@pytest.mark.slow
def test_what_was_written_is_read_as_cifar10(real, folder):
    found = pictures(f"cifar10:{folder},unofficial=true")
    np.testing.assert_array_equal(found.images.transpose(0, 3, 1, 2), np.concatenate([images for images, _ in real]))
    np.testing.assert_array_equal(found.labels, np.concatenate([labels for _, labels in real]))
    assert {part: len(rows) for part, rows in found.parts.items()} == {"train": 4068, "validation": 1017, "test": 1017}
    assert pictures(f"cifar10:{folder.parent},unofficial=true").labels.tolist() == found.labels.tolist()


def test_a_record_is_an_image_and_a_label_as_published(real, folder):
    first = next(read_examples((folder / "train_1.tfrecords").read_bytes(), "train_1"))
    assert first == {"image": [real[0][0][0].tobytes()], "label": [6]}  # a frog, CIFAR-10's first image


def test_the_sample_is_the_first_ten_of_each_class_of_validation(real, folder):
    images, labels = real[4]
    found = list(read_examples((folder / SAMPLE).read_bytes(), SAMPLE))
    assert [example["label"] for example in found] == [[label] for label in range(10) for _ in range(10)]
    for label in range(10):
        wanted = images[labels == label][:10]
        assert [example["image"][0] for example in found[10 * label : 10 * label + 10]] == [
            image.tobytes() for image in wanted
        ]


def test_other_contents_need_to_be_allowed(folder):
    with pytest.raises(CorruptFile, match=r"train_1\.tfrecords in .* is not the official one: its SHA1 is"):
        pictures(f"cifar10:{folder}")


def test_records_have_the_checksum_of_the_binary_files_however_they_were_written(real):
    _, binary, records = CIFAR10.forms
    assert list(records.files.values()) == list(binary.files.values())
    images, labels = real[0][0][:2], real[0][1][:2]
    official = b"".join(bytes([label]) + image.tobytes() for image, label in zip(images, labels.tolist(), strict=True))
    one_way = [{"image": image.tobytes(), "label": label} for image, label in zip(images, labels.tolist(), strict=True)]
    other_way = [dict(reversed(features.items())) for features in one_way]
    for way in (one_way, other_way):
        assert as_binary(b"".join(map(example_record, way)), "a file") == official


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ({"image": b"0123", "label": 1}, "has no 'image' of 3,072 bytes"),
        ({"image": bytes(3072)}, "with one 'label'"),
        ({"label": 3}, "has no 'image'"),
        ({"image": bytes(3072), "label": 256}, "the label 256, which is no class"),
        ({"image": bytes(3072), "label": b"3"}, "the label b'3', which is no class"),
    ],
)
def test_a_record_that_is_no_image_is_named(features, said):
    content = example_record({"image": bytes(3072), "label": 9}) + example_record(features)
    with pytest.raises(CorruptFile, match="record 1 of a file") as error:
        as_binary(content, "a file")
    assert said in str(error.value)


@pytest.mark.parametrize("place", [3, 9, 20, 3000, -2])
def test_a_damaged_file_is_never_read(place):
    content = bytearray(example_record({"image": bytes(3072), "label": 9}) * 2)
    content[place] ^= 1
    with pytest.raises(CorruptFile, match="a file is damaged"):
        as_binary(bytes(content), "a file")
    with pytest.raises(CorruptFile, match="a file is damaged"):
        as_binary(bytes(content)[:-5], "a file")


def test_a_place_that_takes_no_files_is_said(tmp_path):
    (tmp_path / "there").write_text("a file")
    with pytest.raises(BadSetting, match="cannot be made: File exists"):
        write_records([(np.zeros((0, 3, 32, 32), np.uint8), np.zeros(0, np.int64))] * 6, tmp_path / "there")


def test_an_incomplete_folder_says_what_lacks(folder, tmp_path):
    (tmp_path / TEST_RECORDS).write_bytes((folder / TEST_RECORDS).read_bytes())
    with pytest.raises(CorruptFile, match=r"lacks train_1\.tfrecords, train_2\.tfrecords"):
        pictures(f"cifar10:{tmp_path},unofficial=true")
