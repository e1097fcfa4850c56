"""ImageNet16-120: the first 120 classes of ImageNet, reduced to 16×16 pixels.

References: Chrabaszcz et al., "A Downsampled Variant of ImageNet as an Alternative to the CIFAR datasets", 2017, for
the images; Dong and Yang, "NAS-Bench-201", ICLR 2020, for the classes, the normalisation and the checksums.
"""

from __future__ import annotations

from nasbed.nets.data.official import Batch, Form, Official, pickled
from nasbed.nets.data.pictures import Pictures, Scale

CLASSES = 120

SCALE = Scale(mean=(122.68, 116.66, 104.01), std=(63.22, 61.26, 65.09))


def _first_classes(content: bytes, name: str) -> Batch:
    """Decode a file of all 1,000 classes, numbered from 1, and keep the first 120."""
    images, labels = pickled(content, name, size=16, labels="labels")
    kept = labels <= CLASSES
    return images[kept], labels[kept] - 1


IMAGENET16 = Official(
    source="imagenet16-120",
    title="ImageNet16",
    origin="https://image-net.org/download-images, where they are called Imagenet16_train and Imagenet16_val",
    classes=CLASSES,
    forms=(
        Form(
            folder="ImageNet16",
            archive="",
            archive_md5="",
            algorithm="md5",
            train={
                "train_data_batch_1": "27846dcaa50de8e21a7d1a35f30f0e91",
                "train_data_batch_2": "c7254a054e0e795c69120a5727050e3f",
                "train_data_batch_3": "4333d3df2e5ffb114b05d2ffc19b1e87",
                "train_data_batch_4": "1620cdf193304f4a92677b695d70d10f",
                "train_data_batch_5": "348b3c2fdbb3940c4e9e834affd3b18d",
                "train_data_batch_6": "6e765307c242a1b3d7d5ef9139b48945",
                "train_data_batch_7": "564926d8cbf8fc4818ba23d2faac7564",
                "train_data_batch_8": "f4755871f718ccb653440b9dd0ebac66",
                "train_data_batch_9": "bb6dd660c38c58552125b1a92f86b5d4",
                "train_data_batch_10": "8f03f34ac4b42271a294f91bf480f29b",
            },
            test={"val_data": "3410e3017fdaefba8d5073aaa65e4bd6"},
            decode=_first_classes,
        ),
    ),
)


def imagenet16_120(where: str | None = None, split: str | None = None, unofficial: bool = False) -> Pictures:
    """ImageNet16-120, 16×16: nine files to train on, the tenth of about 15,000 to validate, 6,000 to test.

    Args:
        where: The folder of the official files.
        split: An index file; ``imagenet-16-120-test-split.txt`` of NAS-Bench-201 trains on all 151,700 and divides the
            test images into validation and test.
        unofficial: Whether files with other contents are read too.
    """
    return IMAGENET16.pictures(where, split, unofficial, SCALE)
