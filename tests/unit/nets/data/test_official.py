"""Official files: the same images from every form, checked before anything in them is believed."""

import io
import json
import pickle
import tarfile
from itertools import count

import numpy as np
import pytest

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.nets.data.cifar import CIFAR10, CIFAR100, NASBENCH101, NASBENCH201
from nasbed.nets.data.imagenet16 import IMAGENET16
from nasbed.nets.data.official import binary, pickled
from nasbed.nets.data.source import load
from nasbed.nets.data.sources import pictures

PYTHON, BINARY = 0, 1


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch):
    monkeypatch.delenv("NASBED_DATA", raising=False)


def invented(form, images=6, classes=10, size=32):
    """Random images and labels for each file of a form."""
    generator = np.random.default_rng(7)
    return {
        file: (generator.integers(256, size=(images, 3, size, size), dtype=np.uint8), np.arange(images) % classes)
        for file in form.files
    }


def as_pickle(images, labels, key="labels"):
    return pickle.dumps({"data": images.reshape(len(images), -1), key: labels.tolist()}, protocol=2)


def as_records(images, labels, coarse=False):
    columns = [labels[:, None].astype(np.uint8)] * (1 + coarse)
    if coarse:
        columns[0] = columns[0] // 5
    return np.concatenate([*columns, images.reshape(len(images), -1)], axis=1).tobytes()


def write(form, batches, folder, encode):
    """Write files unpacked, and packed beside."""
    (folder / form.folder).mkdir()
    with tarfile.open(folder / form.archive, "w:gz", compresslevel=1) as archive:
        archive.addfile(tarfile.TarInfo(form.folder + "/readme.html"))
        for file in reversed(form.files):
            content = encode(*batches[file])
            (folder / form.folder / file).write_bytes(content)
            member = tarfile.TarInfo(f"{form.folder}/{file}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


@pytest.fixture
def small(tmp_path):
    """Invented images in the place of CIFAR-10."""
    write(CIFAR10.forms[PYTHON], invented(CIFAR10.forms[PYTHON]), tmp_path, as_pickle)
    return tmp_path


@pytest.fixture(scope="module")
def real(shared_data):
    """The real images there are of each batch of CIFAR-10."""
    with np.load(shared_data / "images" / "cifar10_raw_subset.npz") as raw:
        return {file: (raw[f"{file}_images"], raw[f"{file}_labels"]) for file in CIFAR10.forms[PYTHON].files}


@pytest.fixture(scope="module")
def written(real, tmp_path_factory):
    """A folder with those in all official forms."""
    folder = tmp_path_factory.mktemp("cifar")
    write(CIFAR10.forms[PYTHON], real, folder, as_pickle)
    write(CIFAR10.forms[BINARY], {f"{file}.bin": batch for file, batch in real.items()}, folder, as_records)
    return folder


@pytest.mark.slow
def test_real_images_come_back_bit_for_bit_from_all_four_forms(real, written):
    files = [*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"]
    images = np.concatenate([real[file][0] for file in files]).transpose(0, 2, 3, 1)
    labels = np.concatenate([real[file][1] for file in files])
    for form in (CIFAR10.forms[PYTHON], CIFAR10.forms[BINARY]):
        for place in (form.folder, form.archive):
            found = pictures(f"cifar10:{written / place},unofficial=true")
            np.testing.assert_array_equal(found.images, images)
            np.testing.assert_array_equal(found.labels, labels)
            assert {part: (rows[0], rows[-1] + 1) for part, rows in found.parts.items()} == {
                "train": (0, 4 * 1017),
                "validation": (4 * 1017, 5 * 1017),
                "test": (5 * 1017, 6 * 1017),
            }
            assert "not the official CIFAR-10" in found.warnings[0]


@pytest.mark.slow
def test_real_images_are_normalised_as_published(real, written):
    data = load(f"cifar10:{written},unofficial=true")
    expected = (real["test_batch"][0].transpose(0, 2, 3, 1) - np.array(NASBENCH101.mean)) / NASBENCH101.std
    np.testing.assert_allclose(data.test.normal(data.test.images).numpy(), expected, atol=1e-6)
    pixels = data.train.normal(data.train.images).double().flatten(0, 2)
    assert pixels.mean(dim=0).abs().max() < 0.02
    assert (pixels.std(dim=0) - 1).abs().max() < 0.02


def test_the_fine_labels_of_cifar100_count(tmp_path):
    python, records = CIFAR100.forms
    batches = invented(python, images=10, classes=100)
    write(python, batches, tmp_path, lambda images, labels: as_pickle(images, labels, "fine_labels"))
    write(
        records, {f"{k}.bin": v for k, v in batches.items()}, tmp_path, lambda *batch: as_records(*batch, coarse=True)
    )
    one, other = (pictures(f"cifar100:{tmp_path / form.archive},unofficial=true") for form in CIFAR100.forms)
    np.testing.assert_array_equal(one.images, other.images)
    assert one.labels.tolist() == other.labels.tolist() == list(range(10)) * 2
    assert {part: rows.tolist() for part, rows in one.parts.items()} == {
        "train": list(range(8)),
        "validation": [8, 9],
        "test": list(range(10, 20)),
    }


def test_imagenet16_keeps_the_first_120_classes_and_counts_from_0(tmp_path):
    form = IMAGENET16.forms[0]
    numbers = count()
    for file in form.files:
        first = 3 * next(numbers)
        images = np.arange(first, first + 3, dtype=np.uint8).repeat(768).reshape(3, -1)
        (tmp_path / file).write_bytes(pickle.dumps({"data": images, "labels": [120, 121, 1], "mean": np.zeros(768)}))
    found = pictures(f"imagenet16-120:{tmp_path},unofficial=true")
    assert found.images[:, 0, 0, 0].tolist() == [k for k in range(33) if k % 3 != 1]
    assert found.labels.tolist() == [119, 0] * 11
    assert [len(found.parts[part]) for part in ("train", "validation", "test")] == [18, 2, 2]
    assert (found.images.shape[1:], found.classes) == ((16, 16, 3), 120)


def test_a_folder_named_by_the_environment_is_searched(small, monkeypatch):
    monkeypatch.setenv("NASBED_DATA", str(small))
    assert len(pictures("cifar10:unofficial=true").images) == 36
    assert load("cifar10:unofficial=true").describe()["images"] == {"train": 24, "validation": 6, "test": 6}


@pytest.mark.parametrize("name", ["cifar10", "cifar10:{}", "cifar10:{}/none"])
def test_absent_files_are_named_with_their_origin(tmp_path, name):
    with pytest.raises(BadSetting) as caught:
        pictures(name.format(tmp_path))
    for said in (
        "cifar-10-python.tar.gz (MD5 c58f30108f718f92721af3b95e74349a)",
        "cifar-10-binary.tar.gz (MD5 c32a1d4ab5d03f1284b67883e8d87530)",
        "the folder cifar-10-batches-py with data_batch_1 … data_batch_5 and test_batch",
        "https://www.cs.toronto.edu/~kriz/cifar.html",
        "cifar10:FOLDER",
        "NASBED_DATA",
    ):
        assert said in str(caught.value)


def test_other_contents_are_refused_unless_allowed(small):
    with pytest.raises(CorruptFile, match=r"data_batch_1 in .* is not the official one: its MD5 .*unofficial=true"):
        pictures(f"cifar10:{small}")


def test_the_checksum_is_looked_at_before_the_pickle(small):
    (small / "cifar-10-batches-py" / "data_batch_1").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(CorruptFile, match="its MD5 is"):
        pictures(f"cifar10:{small}")
    with pytest.raises(CorruptFile, match=r"data_batch_1 in .* wants to call os\.system"):
        pictures(f"cifar10:{small},unofficial=true")


@pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_an_archive_that_ends_early_is_refused(small, share):
    archive = small / "cifar-10-python.tar.gz"
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(CorruptFile, match=r"cifar-10-python\.tar\.gz (cannot be read to its end|lacks)"):
        pictures(f"cifar10:{archive},unofficial=true")


def test_a_missing_file_is_named(small):
    (small / "cifar-10-batches-py" / "data_batch_3").unlink()
    with pytest.raises(CorruptFile, match="lacks data_batch_3; get all of CIFAR-10"):
        pictures(f"cifar10:{small},unofficial=true")


IMAGES, LABELS = np.zeros((2, 12), np.uint8), [0, 1]


@pytest.mark.parametrize(
    ("held", "why"),
    [
        ([IMAGES, LABELS], "has no 'data'"),
        ({"data": IMAGES.astype(np.float32), "labels": LABELS}, "has no 'data'"),
        ({"data": IMAGES[:, :11], "labels": LABELS}, "has no 'data' of 12 bytes"),
        ({"data": IMAGES}, "has no list 'labels'"),
        ({"data": IMAGES, "labels": [0, -1]}, "has no list 'labels'"),
        ({"data": IMAGES, "labels": [0, 1 << 70]}, "has no list 'labels'"),
        ({"data": IMAGES, "labels": [0]}, "2 images, but 1 labels"),
    ],
)
def test_a_pickle_of_another_form_is_refused(held, why):
    with pytest.raises(CorruptFile, match=why):
        pickled(pickle.dumps(held), "it", size=2, labels="labels")


@pytest.mark.parametrize("length", [0, 12, 14])
def test_records_that_are_not_whole_are_refused(length):
    with pytest.raises(CorruptFile, match="no whole number of records of 13"):
        binary(bytes(length), "it", size=2, labels=1)


def test_a_label_that_is_no_class_is_refused(tmp_path):
    form = CIFAR10.forms[BINARY]
    write(form, invented(form, images=11, classes=11), tmp_path, as_records)
    with pytest.raises(CorruptFile, match="labels that are not one of the 10 classes"):
        pictures(f"cifar10:{tmp_path},unofficial=true")


def test_an_index_file_beside_the_data_divides_them(small):
    (small / "mine.txt").write_text(json.dumps({"train": ["int", ["0", "7"]], "valid": ["int", ["29"]]}))
    found = pictures(f"cifar10:{small},split=mine.txt,unofficial=true")
    assert {part: rows.tolist() for part, rows in found.parts.items()} == {
        "train": [0, 7],
        "validation": [29],
        "test": list(range(30, 36)),
    }
    assert found.scale == NASBENCH201


def test_an_absent_index_file_is_refused_with_the_published_names(small):
    with pytest.raises(BadSetting, match=r"no index file mine\.txt, nor one beside .*cifar-split\.txt"):
        pictures(f"cifar10:{small},split=mine.txt,unofficial=true")
