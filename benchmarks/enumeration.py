"""How fast every module is listed, hashed and looked up, beside the original generator's way of doing it.

The baseline goes through all matrices and labels and hashes each graph in Python, as the original does without its
isomorphism check. It takes minutes, so unless told otherwise it goes through every 61st matrix of seven vertices and
its time is scaled. All times are CPU time of one core, of the second call: the first may compile.

    python benchmarks/enumeration.py [--full]
"""

from __future__ import annotations

import argparse
import hashlib
import time
from itertools import product

import numpy as np
from rich.console import Console
from rich.table import Table

from nasbed.core.rng import Streams
from nasbed.spaces.enumeration import enumerate_modules
from nasbed.spaces.module_hash_kernels import hash_modules
from nasbed.spaces.nasbench101 import NASBench101

VERTICES, EDGES, OPERATIONS = 7, 9, 3
STRIDE = 61
ROWS = 2_000_000


def plain_hash(matrix, labels):
    into, out = matrix.sum(axis=0).tolist(), matrix.sum(axis=1).tolist()
    colours = [hashlib.md5(str(start).encode()).hexdigest() for start in zip(out, into, labels, strict=True)]
    everything = range(len(labels))
    for _ in everything:
        fresh = []
        for v in everything:
            before = sorted(colours[w] for w in everything if matrix[w, v])
            after = sorted(colours[w] for w in everything if matrix[v, w])
            text = "".join(before) + "|" + "".join(after) + "|" + colours[v]
            fresh.append(hashlib.md5(text.encode()).hexdigest())
        colours = fresh
    return hashlib.md5(str(sorted(colours)).encode()).hexdigest()


def plain_generator(vertices, stride, found):
    for bits in range(0, 2 ** (vertices * (vertices - 1) // 2), stride):
        matrix = np.array(
            [[bits >> (x + y * (y - 1) // 2) & 1 if x < y else 0 for y in range(vertices)] for x in range(vertices)]
        )
        if matrix.sum() > EDGES or not matrix[:-1].any(axis=1).all() or not matrix[:, 1:].any(axis=0).all():
            continue
        for inner in product(range(OPERATIONS), repeat=vertices - 2):
            labels = [-1, *inner, -2]
            found.setdefault(plain_hash(matrix, labels), (matrix, labels))


def seconds(call):
    start = time.process_time()
    call()
    return time.process_time() - start


def plain_seconds(full):
    found = {}
    total = sum(seconds(lambda v=v: plain_generator(v, 1, found)) for v in range(2, VERTICES))
    stride = 1 if full else STRIDE
    total += stride * seconds(lambda: plain_generator(VERTICES, stride, found))
    if full:
        assert len(found) == 423624
    return total


def warm(call):
    call()
    return min(seconds(call) for _ in range(3))


def hashed():
    modules = enumerate_modules(VERTICES, EDGES, OPERATIONS)
    digests = hash_modules(modules.vertices, modules.masks, modules.labels)
    assert len(digests) == 423624


def lookups_a_second():
    space = NASBench101(VERTICES, EDGES)
    sampled = space.sample(Streams.from_seed(0, ROWS))
    raw = np.random.default_rng(0).integers(0, space.cardinalities, (ROWS, space.decisions)).astype(np.int8)
    return {"valid": ROWS / warm(lambda: space.index(sampled)), "any": ROWS / warm(lambda: space.index(raw))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="let the baseline go through everything")
    arguments = parser.parse_args()
    listing = warm(lambda: enumerate_modules(VERTICES, EDGES, OPERATIONS))
    hashing = warm(hashed)
    rates = lookups_a_second()
    plain = plain_seconds(arguments.full)
    table = Table(title="423,624 modules, CPU seconds")
    for heading in ("what", "seconds", "times the plain generator's speed"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    table.add_row("plain generator" + ("" if arguments.full else f" (scaled from 1/{STRIDE})"), f"{plain:.0f}", "1")
    table.add_row("enumerated with MD5 hashes", f"{hashing:.2f}", f"{plain / hashing:.0f}")
    table.add_row("enumerated without", f"{listing:.3f}", f"{plain / listing:.0f}")
    console = Console()
    console.print(table)
    for kind, rate in rates.items():
        console.print(f"{rate / 1e6:.1f} million {kind} raw rows a second to their class")


if __name__ == "__main__":
    main()
