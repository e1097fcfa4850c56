"""What it costs to ask for several gradient proxies together, beside asking for one after the other.

A mean cell of NAS-Bench-201 (N=5, C=16) and a batch of CIFAR-10's size. Separate and shared runs take turns, so that a
busy machine slows both; with one thread it is the processor's time that counts. The scores are the same to the last
bit, which is checked.

    python benchmarks/proxies_shared.py [--batch 64] [--rounds 5] [--arch '|nor_conv_3x3~0|+…|']
"""

from __future__ import annotations

import argparse
import time
from statistics import median

import torch

from nasbed.nets.blueprint import build
from nasbed.proxies.probe import Probe, score
from nasbed.spaces.nasbench201 import NASBench201

TOGETHER = ("grad_norm", "snip", "fisher", "plain", "jacov")
MEAN_CELL = "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--arch", default=MEAN_CELL)
    parser.add_argument("--proxies", nargs="+", default=TOGETHER)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    space = NASBench201()
    probe = Probe(
        build(space, space.parse(args.arch)), torch.randn(args.batch, 3, 32, 32), torch.arange(args.batch) % 10
    )
    clock = time.process_time if args.threads == 1 else time.perf_counter
    seconds: dict[str, list[float]] = {name: [] for name in (*args.proxies, "together")}
    for _ in range(args.rounds + 1):
        alone: dict[str, float] = {}
        for name in args.proxies:
            start = clock()
            alone |= score(probe, [name])
            seconds[name].append(clock() - start)
        start = clock()
        together = score(probe, args.proxies)
        seconds["together"].append(clock() - start)
        assert together == alone, "shared passes change scores"
    typical = {name: median(times[1:]) for name, times in seconds.items()}  # the first round warms up
    for name, time_taken in typical.items():
        print(f"{name:12}{time_taken:8.3f} s")
    apart = sum(typical[name] for name in args.proxies)
    shares = [
        seconds["together"][k] / sum(seconds[name][k] for name in args.proxies) for k in range(1, args.rounds + 1)
    ]
    print(f"{'apart':12}{apart:8.3f} s; together takes {median(shares):.3f} of it (median of {args.rounds} rounds)")


if __name__ == "__main__":
    main()
