"""Clock: only the work of a training, and only while the clock runs."""

from __future__ import annotations

import time

import torch

from nasbed.nets.clock import Clock

CPU = torch.device("cpu")


def work(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_what_is_done_between_stretches_does_not_count() -> None:
    clock = Clock(CPU)
    clock.start()
    work(0.02)
    clock.stop()
    stood = clock.seconds
    work(0.05)
    clock.start()
    clock.stop()
    assert 0.02 <= stood <= clock.seconds < 0.05


def test_one_thread_pays_for_its_own_work_alone() -> None:
    clock = Clock(CPU)
    clock.start()
    time.sleep(0.1)
    assert clock.running < 0.05


def test_several_threads_are_timed_by_the_wall() -> None:
    clock = Clock(CPU, threads=2)
    clock.start()
    time.sleep(0.1)
    assert clock.running >= 0.1
