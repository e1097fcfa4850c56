"""How far our scores of untrained networks agree with the published ones, architecture by architecture.

For cells of NAS-Bench-201, CIFAR-10: Spearman's correlation of our scores with those of NAS-Bench-Suite-Zero
(Krishnakumar et al., NeurIPS 2022) and, as what can be hoped for, of two published runs with each other. Published
runs drew their own weights and images, and so does this: PyTorch's default initialisation, and batches of 32 images,
normalised, neither flipped nor cropped. The real data are not part of nasbed; see ``tests/conftest.py``.

    python benchmarks/proxies_published.py DATA [--architectures 300] [--proxies snip fisher] [--seed 0] [--store FILE]

``DATA`` is a folder with ``proxies/zc_nasbench201.json``, ``proxies/zc_nasbench201_early.json`` and
``images/cifar10_raw_subset.npz``. Each architecture's scores are a line in the store as soon as they are there; the
same command goes on where an earlier one was stopped.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor

from nasbed.core.registry import proxies as registered
from nasbed.nets.blueprint import build
from nasbed.nets.data.cifar import NASBENCH201
from nasbed.proxies.probe import Probe, score
from nasbed.spaces.nasbench201 import NASBench201

PUBLISHED_NAMES = {"naswot": "nwot"}
"""Where the published files call a proxy by another name."""

OURS = {"flops": {"counting": "naslib"}}
"""Settings by which our scores are the published ones; elsewhere the usual ones are."""

Scores = dict[str, dict[str, float]]


def published(path: Path) -> Scores:
    """Read published scores on CIFAR-10, by NASLib's tuple and by our names of proxies."""
    raw = json.loads(path.read_text())
    rows: dict[str, Any] = raw.get("nasbench201", raw)["cifar10"]
    names = {name: PUBLISHED_NAMES.get(name, name) for name in registered}
    return {
        arch: {
            name: row[theirs]["score"] if isinstance(row[theirs], dict) else row[theirs]
            for name, theirs in names.items()
            if theirs in row
        }
        for arch, row in rows.items()
    }


def batch(path: Path, size: int, seed: int) -> tuple[Tensor, Tensor]:
    """Draw training images, normalised as by NAS-Bench-201, with their labels."""
    with np.load(path) as archive:
        images, labels = archive["data_batch_1_images"], archive["data_batch_1_labels"]
    drawn = np.random.default_rng(seed).choice(len(images), size, replace=False)
    mean, std = (np.array(values, np.float32)[:, None, None] for values in (NASBENCH201.mean, NASBENCH201.std))
    return torch.from_numpy((images[drawn] - mean) / std), torch.from_numpy(labels[drawn].astype(np.int64))


def stored(path: Path | None) -> dict[str, dict[str, Any]]:
    """Read what an earlier run left, without what it did not end."""
    lines = path.read_text().split("\n")[:-1] if path is not None and path.exists() else []
    return {row["arch"]: row for row in map(json.loads, lines)}


def scored(archs: Sequence[str], names: Sequence[str], args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    space, images = NASBench201(), args.data / "images" / "cifar10_raw_subset.npz"
    made = [registered.make(name, OURS.get(name, {})) for name in names]
    for place, arch in enumerate(archs):
        if arch in args.done:
            yield args.done[arch]
            continue
        torch.manual_seed(args.seed * 1_000_003 + place)
        network = build(space, space.parse(arch))
        start = time.process_time()
        values = score(Probe(network, *batch(images, args.batch, args.seed), seed=args.seed), made)
        row = {"arch": arch, **dict(zip(names, values.values(), strict=True)), "seconds": time.process_time() - start}
        if args.store is not None:
            with args.store.open("a") as file:
                file.write(json.dumps(row) + "\n")
        yield row


def agreement(ours: Scores, theirs: Scores, name: str) -> tuple[float, int]:
    """Give Spearman's correlation over what both have, and how many they are; a published score may be infinite."""
    both = [arch for arch in ours if name in ours[arch] and name in theirs.get(arch, {})]
    x, y = ([max(scores[arch][name], -1e8) for arch in both] for scores in (ours, theirs))
    return (float(spearmanr(x, y).statistic) if len(both) > 1 else math.nan), len(both)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--architectures", type=int, default=300)
    parser.add_argument("--proxies", nargs="+", default=list(registered))
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.done = stored(args.store)
    theirs = published(args.data / "proxies" / "zc_nasbench201.json")
    early = published(args.data / "proxies" / "zc_nasbench201_early.json")
    archs = list(theirs)[: args.architectures]
    rows = []
    for row in scored(archs, args.proxies, args):
        rows.append(row)
        print(f"\r{len(rows)} of {len(archs)}", end="", flush=True)
    ours = {row["arch"]: {name: row[name] for name in args.proxies if name in row} for row in rows}
    print(f"\r{len(rows)} architectures, batches of {args.batch}, {median(r['seconds'] for r in rows):.2f} s each")
    print(f"{'proxy':12}{'ours':>8}{'n':>6}{'reruns':>9}{'n':>6}{'equal':>8}")
    for name in args.proxies:
        ((here, n), (reruns, m)) = agreement(ours, theirs, name), agreement(early, theirs, name)
        exact = ""
        if name in ("flops", "params"):  # which are published in millions
            exact = str(sum(ours[arch][name] == round(theirs[arch][name] * 1e6) for arch in ours))
        print(f"{name:12}{here:8.4f}{n:6}{reruns:9.4f}{m:6}{exact:>8}")


if __name__ == "__main__":
    main()
