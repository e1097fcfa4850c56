"""Derived seeds: the same for ever, and different for whatever differs."""

from nasbed.core.seeds import derived_seed


def test_a_seed_stays():
    assert derived_seed("training", 0, "order") == 7520819025916162477


def test_rooms_and_parts_tell_seeds_apart():
    seeds = {
        derived_seed(room, *parts) for room in ("live", "trained") for parts in ((0, 1), (1, 0), (0,), ("0", 1, 2))
    }
    assert len(seeds) == 8
    assert all(0 <= seed < 2**63 for seed in seeds)
