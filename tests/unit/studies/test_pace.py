"""Pace: another clock, and nothing else."""

import numpy as np
import pytest

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.core.rng import Streams
from nasbed.studies import Study
from nasbed.studies.door import Paced, evaluations
from nasbed.testing import benchmark_laws


def test_only_seconds_change():
    own = nasbed.benchmark("digits101")
    paced = Paced(own, 100.0)
    archs = own.space.enumerate()[:50]
    here, there = own.query(archs, 12, Streams.from_seed(0, 50)), paced.query(archs, 12, Streams.from_seed(0, 50))
    np.testing.assert_array_equal(there.seconds, 100.0 * here.seconds)
    np.testing.assert_array_equal(there.value, here.value)
    np.testing.assert_array_equal(paced.test(archs), own.test(archs))
    assert paced.optimum() == own.optimum()
    assert paced.describe()["checksum"] == own.describe()["checksum"]
    assert "stands for 100 seconds" in paced.describe()["warnings"][-1]


@pytest.mark.slow
def test_a_paced_benchmark_is_a_benchmark():
    assert len(benchmark_laws.check(Paced(nasbed.benchmark("digits101"), 3.0))) > 5


@pytest.mark.parametrize("pace", [0, -1, float("inf"), float("nan")])
def test_a_pace_is_positive(pace):
    with pytest.raises(BadSetting, match="positive"):
        Paced(nasbed.benchmark("digits101"), pace)


def test_a_week_at_a_pace_is_a_part_of_it_without():
    words = {"optimizers": "random", "search": {"seconds": 604_800}}
    (paced,) = Study.of({**words, "benchmarks": [{"name": "digits101", "pace": 3065}]}).cells
    (plain,) = Study.of({**words, "search": {"seconds": 604_800 / 3065}}).cells
    assert evaluations(paced) == evaluations(plain) == pytest.approx(330, abs=30)
