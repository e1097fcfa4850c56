"""How well NASWOT orders trained cells of NAS-Bench-201: Kendall's τ, and the table of best-of-N searches.

Cells are scored in a random order, the first of which are the sample for τ; what is scored is kept in a file, so that a
second call goes on where the first stopped. The best of N is not simulated: with s the scores' ranks among the M cells
scored, the N drawn with replacement have rank r as their best with probability (r/M)^N − ((r − 1)/M)^N.

    python benchmarks/naswot_search.py FOLDER scores.jsonl [--cells 1000] [--variant input] [--threads 1]

FOLDER has ``nasbench201/seed888_test_accuracy.csv`` and ``images/cifar10_raw_subset.npz``.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import kendalltau, spearmanr

from nasbed.nets.blueprint import build
from nasbed.proxies.naswot import NASWOT
from nasbed.proxies.probe import Probe
from nasbed.spaces.nasbench201 import NASBench201

MEAN = (125.3, 123.0, 113.9)
STD = (63.0, 62.1, 66.7)
"""Of 0–255 values, as the published code of NAS-Bench-201 normalises CIFAR-10."""

PUBLISHED = {
    "cifar10": {10: (92.44, 1.13), 100: (92.81, 0.99), 1000: (92.96, 0.81)},
    "cifar10, validation": {10: (89.14, 1.14), 100: (89.55, 0.89), 1000: (89.69, 0.73)},
    "cifar100": {10: (68.62, 2.04), 100: (69.48, 1.70), 1000: (69.98, 1.22)},
    "ImageNet16-120": {10: (41.31, 4.11), 100: (43.10, 3.16), 1000: (44.44, 2.10)},
}
"""Mean and standard deviation over 500 searches, from the paper's table. Its CIFAR-10 test accuracies are of trainings
on 50,000 images; its validation accuracies are of trainings on 25,000, as the test accuracies in the CSV are, so these
two are compared: both are of images that such a training has not seen."""


def batch(folder: Path, size: int) -> torch.Tensor:
    with np.load(folder / "images" / "cifar10_raw_subset.npz") as file:
        images = torch.from_numpy(file["data_batch_1_images"][:size]).float()
    return (images - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)


def accuracies(folder: Path, space: NASBench201) -> dict[str, NDArray[np.float64]]:
    """Read the CSV; a column a data set, a row an index."""
    with (folder / "nasbench201" / "seed888_test_accuracy.csv").open() as file:
        rows = list(csv.DictReader(file))
    where = space.index(np.stack([space.parse(row["architecture"]) for row in rows]))
    found = {}
    for name in ("cifar10", "cifar100", "ImageNet16-120"):
        found[name] = np.empty(len(rows))
        found[name][where] = [float(row[name]) for row in rows]
    return found


def scored(path: Path, proxy: NASWOT, images: torch.Tensor, order: NDArray[np.int64]) -> dict[int, float]:
    """Score the cells that the file lacks, a line each; the seed of a cell's weights is its index."""
    space = NASBench201()
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    scores = {line["index"]: line["score"] for line in lines if line["variant"] == proxy.variant}
    with path.open("a") as file:
        for index in (int(i) for i in order if int(i) not in scores):
            torch.manual_seed(index)
            network = build(space, space.archs_of(np.array([index]))[0])
            start = time.perf_counter()
            scores[index] = proxy(Probe(network, images))
            seconds = time.perf_counter() - start
            line = {"index": index, "variant": proxy.variant, "score": scores[index], "seconds": seconds}
            file.write(json.dumps(line) + "\n")
            file.flush()
    return scores


def interval(scores: NDArray[np.float64], values: NDArray[np.float64], draws: int = 1000) -> tuple[float, float]:
    """Give the 95 % percentile bootstrap interval of Kendall's τ."""
    generator = np.random.default_rng(0)
    picks = generator.integers(len(scores), size=(draws, len(scores)))
    taus = [kendalltau(scores[pick], values[pick]).statistic for pick in picks]
    low, high = np.percentile(taus, [2.5, 97.5])
    return float(low), float(high)


def best_of(n: int, scores: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[float, float]:
    """Give mean and standard deviation of the value of the best-scored of n cells."""
    reached = (np.arange(len(scores) + 1) / len(scores)) ** n
    chances, ordered = np.diff(reached), values[np.argsort(scores, kind="stable")]
    mean = float(chances @ ordered)
    return mean, float(np.sqrt(chances @ (ordered - mean) ** 2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the published accuracies and the images are")
    parser.add_argument("scores", type=Path, help="a file of JSON lines that is gone on with")
    parser.add_argument("--cells", type=int, default=1000, help="how many are scored")
    parser.add_argument("--sample", type=int, default=1000, help="how many τ is computed over")
    parser.add_argument("--variant", default="paper", help="of naswot: paper, notebook or evaluation")
    parser.add_argument("--batch", type=int, default=128, help="images")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    space = NASBench201()
    order = np.random.default_rng(0).permutation(len(space.enumerate()))[: arguments.cells]
    proxy = NASWOT(arguments.variant)
    by_index = scored(arguments.scores, proxy, batch(arguments.folder, arguments.batch), order)
    truth = accuracies(arguments.folder, space)
    scores = np.array([by_index[int(i)] for i in order])
    sample = order[: arguments.sample]
    print(
        f"{proxy.label}, batch {arguments.batch}; {len(sample)} random cells of NAS-Bench-201 for τ, {len(order)} for N"
    )
    print(f"{'':20}{'Kendall τ':>10}{'95 % interval':>18}{'Spearman':>10}{'best of all':>13}")
    for name, values in truth.items():
        first, of_sample = scores[: len(sample)], values[sample]
        tau, rho = kendalltau(first, of_sample).statistic, spearmanr(first, of_sample).statistic
        low, high = interval(first, of_sample)
        print(f"{name:20}{tau:>10.3f}{f'{low:.3f} to {high:.3f}':>18}{rho:>10.3f}{values.max():>13.2f}")
    print(f"{'best of N, test':20}" + "".join(f"{f'N={n}':>16}{'published':>16}" for n in (10, 100, 1000)))
    for name, published in PUBLISHED.items():
        values = truth[name.partition(",")[0]][order]
        cells = [(*best_of(n, scores, values), *published[n]) for n in (10, 100, 1000)]
        print(f"{name:20}" + "".join(f"{f'{a:.2f} ± {b:.2f}':>16}{f'{c:.2f} ± {d:.2f}':>16}" for a, b, c, d in cells))


if __name__ == "__main__":
    main()
