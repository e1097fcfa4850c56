"""Write CIFAR-10 as TFRecord files, beside its official files, which are not downloaded here.

``python -m nasbed.compat.nasbench.scripts.generate_cifar10_tfrecords --data_dir=FOLDER``

Reference: https://github.com/google-research/nasbench, ``nasbench/scripts/generate_cifar10_tfrecords.py``
"""

from __future__ import annotations

import argparse
from pathlib import Path

from nasbed.compat.nasbench.scripts.flags import program
from nasbed.nets.data.cifar import CIFAR10
from nasbed.nets.data.cifar_records import write_records


def main(data_dir: str) -> None:
    """Write ``train_1`` to ``train_4``, ``validation``, ``test`` and ``sample.tfrecords`` into the folder of CIFAR-10.

    Args:
        data_dir: It has the official files, in a folder or an archive.

    Raises:
        BadSetting: When they are not there.
        CorruptFile: When one is not as it should be.
    """
    folder = Path(data_dir or ".")
    form, batches, _ = CIFAR10.batches(str(folder), unofficial=False)
    write_records([batches[file] for file in form.files], folder, lambda path, n: print(f"{path}: {n:,} images"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--data_dir", default="", help="Where CIFAR-10 is, and where the files are written.")
    given = parser.parse_args()
    program(lambda: main(given.data_dir))
