"""CIFAR: 60,000 small photographs in 10 classes, and 60,000 in 100.

Reference: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009. MD5 sums are those that
torchvision checks, SHA-1 sums those that MXNet checks.
"""

from __future__ import annotations

from functools import partial

from nasbed.nets.data.cifar_records import TEST_RECORDS, TRAIN_RECORDS, as_binary
from nasbed.nets.data.official import Form, Official, binary, pickled
from nasbed.nets.data.pictures import Pictures, Scale

ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar.html"

_BINARY = {
    "data_batch_1.bin": "aadd24acce27caa71bf4b10992e9e7b2d74c2540",
    "data_batch_2.bin": "c0ba65cce70568cd57b4e03e9ac8d2a5367c1795",
    "data_batch_3.bin": "1dd00a74ab1d17a6e7d73e185b69dbf31242f295",
    "data_batch_4.bin": "aab85764eb3584312d3c7f65fd2fd016e36a258e",
    "data_batch_5.bin": "26e2849e66a845b7f1e4614ae70f4889ae604628",
}
_BINARY_TEST = {"test_batch.bin": "67eb016db431130d61cd03c7ad570b013799c88c"}

CIFAR10 = Official(
    source="cifar10",
    title="CIFAR-10",
    origin=ORIGIN,
    classes=10,
    forms=(
        Form(
            folder="cifar-10-batches-py",
            archive="cifar-10-python.tar.gz",
            archive_md5="c58f30108f718f92721af3b95e74349a",
            algorithm="md5",
            train={
                "data_batch_1": "c99cafc152244af753f735de768cd75f",
                "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
                "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
                "data_batch_4": "634d18415352ddfa80567beed471001a",
                "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
            },
            test={"test_batch": "40351d587109b95175f43aff81a1287e"},
            decode=partial(pickled, size=32, labels="labels"),
        ),
        Form(
            folder="cifar-10-batches-bin",
            archive="cifar-10-binary.tar.gz",
            archive_md5="c32a1d4ab5d03f1284b67883e8d87530",
            algorithm="sha1",
            train=_BINARY,
            test=_BINARY_TEST,
            decode=partial(binary, size=32, labels=1),
        ),
        Form(
            folder="cifar-tfrecord",
            archive="",
            archive_md5="",
            algorithm="sha1",
            # The checksums are of what the binary files have: TensorFlow may write the same records in several ways.
            train=dict(zip(TRAIN_RECORDS, _BINARY.values(), strict=True)),
            test=dict(zip([TEST_RECORDS], _BINARY_TEST.values(), strict=True)),
            decode=partial(binary, size=32, labels=1),
            content=as_binary,
        ),
    ),
)

CIFAR100 = Official(
    source="cifar100",
    title="CIFAR-100",
    origin=ORIGIN,
    classes=100,
    forms=(
        Form(
            folder="cifar-100-python",
            archive="cifar-100-python.tar.gz",
            archive_md5="eb9058c3a382ffc7106e4002c42a8d85",
            algorithm="md5",
            train={"train": "16019d7e3df5f24257cddd939b257f8d"},
            test={"test": "f0ef6b0ae62326f3e7ffdfab6717acfc"},
            decode=partial(pickled, size=32, labels="fine_labels"),
        ),
        Form(
            folder="cifar-100-binary",
            archive="cifar-100-binary.tar.gz",
            archive_md5="03b5dce01913d631647c71ecec9e9cb8",
            algorithm="sha1",
            train={"train.bin": "e207cd2e05b73b1393c74c7f5e7bea451d63e08e"},
            test={"test.bin": "8fb6623e830365ff53cf14adec797474f5478006"},
            decode=partial(binary, size=32, labels=2),
        ),
    ),
)

NASBENCH101 = Scale(mean=(125.31, 122.95, 113.87), std=(62.99, 62.09, 66.70))
"""What NAS-Bench-101 normalised CIFAR-10 by. Ying et al., ICML 2019."""

NASBENCH201 = Scale(mean=(125.3, 123.0, 113.9), std=(63.0, 62.1, 66.7))
"""What NAS-Bench-201 did. Dong and Yang, ICLR 2020."""

NASBENCH201_CIFAR100 = Scale(mean=(129.3, 124.1, 112.4), std=(68.2, 65.4, 70.4))
"""The same paper's, for CIFAR-100."""


def cifar10(where: str | None = None, split: str | None = None, unofficial: bool = False) -> Pictures:
    """CIFAR-10, 32×32: 40,000 to train on, 10,000 (the fifth batch) to validate, 10,000 to test, as NAS-Bench-101.

    Args:
        where: The folder of the official files, an archive of them, or the folder of the TFRecord files that the
            published generator made of them.
        split: An index file; ``cifar-split.txt`` of NAS-Bench-201 gives its ``cifar10-valid``, 25,000 to train on and
            as many to validate, and its normalisation.
        unofficial: Whether files with other contents are read too.
    """
    return CIFAR10.pictures(where, split, unofficial, NASBENCH101 if split is None else NASBENCH201)


def cifar100(where: str | None = None, split: str | None = None, unofficial: bool = False) -> Pictures:
    """CIFAR-100, 32×32: 40,000 to train on, the last 10,000 of training to validate, 10,000 to test.

    Args:
        where: The folder of the official files, or an archive of them.
        split: An index file; ``cifar100-test-split.txt`` of NAS-Bench-201 trains on all 50,000 and divides the test
            images into validation and test.
        unofficial: Whether files with other contents are read too.
    """
    return CIFAR100.pictures(where, split, unofficial, NASBENCH201_CIFAR100)
