"""Fresh seed: what one seed found is held against what another finds, pair by pair."""

from dataclasses import replace

import numpy as np
import pytest
from made_runs import ended
from toy import ToyBenchmark

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.statistics.fresh import fresh_seed

LOW, HIGH = np.linspace(0.50, 0.55, 12), np.linspace(0.70, 0.75, 12)
MIXED = np.where(np.arange(12) % 2, LOW, HIGH)


def repeated(first, second):
    """A comparison of ``a`` and ``b``, each as given, with what they ended with under the fresh seed."""
    again = ended(dict(zip("ab", second, strict=True)))
    for history in again.histories.values():
        history.info["seed"] = 5
    return replace(ended(dict(zip("ab", first, strict=True))), again=again)


@pytest.mark.parametrize(
    ("first", "second", "verdict", "agrees"),
    [
        ((HIGH, LOW), (HIGH, LOW), "found again", True),
        ((HIGH, LOW), (LOW, HIGH), "the opposite", False),
        ((HIGH, LOW), (MIXED, LOW[::-1] + 0.1), "not found again", False),
        ((MIXED, LOW[::-1] + 0.1), (LOW, HIGH), "found under the fresh seed alone", False),
        ((MIXED, LOW[::-1] + 0.1), (MIXED, LOW[::-1] + 0.1), "not apart", True),
    ],
)
def test_a_finding_is_held_against_that_of_the_fresh_seed(first, second, verdict, agrees):
    found = fresh_seed(repeated(first, second))
    (pair,) = found.pairs
    assert (pair.verdict, pair.agrees, found.agrees) == (verdict, agrees, agrees)
    difference = np.mean(second[0]) - np.mean(second[1])
    assert pair.second == pytest.approx(difference if pair.better == "a" else -difference)
    assert found.seeds == (0, 5)
    assert ("the findings agree" in found.sentence()) is agrees
    assert agrees or verdict in found.sentence()


def test_a_comparison_is_played_again_with_one_setting():
    told = []
    how = {
        "evaluations": 20,
        "runs": 4,
        "seed": 3,
        "progress": lambda status: told.append((status.search, status.share)),
    }
    twice = nasbed.compare(["random", "local"], ToyBenchmark(), fresh_seed=8, **how)
    for seed, found in ((3, twice), (8, twice.again)):
        alone = nasbed.compare(["random", "local"], ToyBenchmark(), **{**how, "seed": seed})
        for label, history in alone.histories.items():
            assert np.array_equal(history.archs, found.histories[label].archs)
    shares = [share for _, share in told[: len(told) // 2]]
    assert shares == sorted(shares)
    assert dict.fromkeys(label for label, _ in told) == dict.fromkeys(
        ["random", "local", "random (seed 8)", "local (seed 8)"]
    )
    assert fresh_seed(twice).seeds == (3, 8)


def test_a_seed_is_fresh():
    with pytest.raises(BadSetting, match="a fresh seed differs from that of the comparison, which is 3"):
        nasbed.compare(["random"], ToyBenchmark(), evaluations=5, runs=2, seed=3, fresh_seed=3)


def test_where_there_is_nothing_to_confirm_that_is_said():
    assert "not played again" in fresh_seed(ended({"a": LOW, "b": HIGH})).sentence()
    few = repeated((LOW[:1], HIGH[:1]), (LOW, HIGH))
    assert "find nothing that a fresh seed could confirm" in fresh_seed(few).missing
