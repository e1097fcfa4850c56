"""How fast a whole landscape is looked over: neighbours, optima and basins, autocorrelation, distances.

The baseline counts local optima plainly: a dictionary of values, by the space's own text, is asked for every neighbour
of an architecture. It goes through every so many architectures, and its time is scaled. Values of the large spaces are
made up; how long it takes does not depend on them. All times are CPU time of one core, of the second call: the first
may compile.

    python benchmarks/landscapes.py
"""

from __future__ import annotations

import time

import numpy as np

import nasbed
from nasbed.landscape.landscape import Landscape
from nasbed.landscape.study import study
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201

STRIDE = 25


def plain_optima(space, values, stride=STRIDE):
    archs = space.enumerate()
    of = {space.format(arch): value for arch, value in zip(archs, values, strict=True)}
    start = time.process_time()
    optima = 0
    for arch, value in zip(archs[::stride], values[::stride], strict=True):
        optima += all(of[space.format(near)] <= value for near in space.neighbors(arch))
    return (time.process_time() - start) * stride


def made_up(space):
    archs = space.enumerate()
    return (archs == 1).sum(axis=1) + np.random.default_rng(0).normal(size=len(archs))


def timed(make):
    study(make())
    start = time.process_time()
    found = study(make())
    return time.process_time() - start, found


def main() -> None:
    digits = nasbed.benchmark("digits101")
    cells, modules = NASBench201(), NASBench101()
    makers = {
        "digits101": lambda: Landscape.of(digits),
        "NAS-Bench-201, made-up values": lambda: Landscape.of_values(cells, made_up(cells)),
        "NAS-Bench-101, made-up values": lambda: Landscape.of_values(modules, made_up(modules)),
    }
    print(f"{'landscape':32}{'architectures':>14}{'neighbours':>12}{'optima':>8}{'seconds':>9}")
    for name, make in makers.items():
        seconds, found = timed(make)
        sizes = f"{len(found.landscape.values):>14,}{len(found.landscape.neighbourhood.near):>12,}"
        print(f"{name:32}{sizes}{len(found.optima.optima):>8,}{seconds:>9.3f}")
    print(f"plain count of NAS-Bench-201's optima alone: {plain_optima(cells, made_up(cells)):.1f} s")


if __name__ == "__main__":
    main()
