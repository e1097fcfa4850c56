"""Small scoring campaigns whose scores are made up: what a network scores follows from its arguments."""

import pytest

from nasbed.run.stores.sqlite import SQLiteStore
from nasbed.scores.campaign import score_space

NETWORK = {"classes": 10, "image_size": 8, "image_channels": 1}


def survey(proxies, data, batch, seed, device):
    versions = {"nasbed": "0", "torch": "0", "numpy": "0"}
    return {"versions": versions, "data_checksum": "0", "warnings": [], "network": NETWORK}


class Scorer:
    """Scores nothing, fails where it is told to, and remembers what it was asked."""

    def __init__(self, fails=lambda unit: False):
        self.fails, self.asked, self.rows = fails, [], []

    def __call__(self, space, arch, unit, proxies, network, data, batch, seed, device):
        self.asked.append(unit)
        self.rows.append(tuple(arch))
        if self.fails(unit):
            raise ValueError("no luck")
        return {"scores": {called: worth(unit, i) for i, called in enumerate(proxies)}, "seconds": 0.5}


def worth(unit, proxy=0):
    """What a unit scores."""
    return float((int(unit[:8], 16) * (proxy + 1)) % 1009)


def made_up(out, scorer=None, **settings):
    """Score in this process, without a network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nasbed.scores.campaign.SURVEY", survey)
        patch.setattr("nasbed.scores.campaign.SCORE", scorer or Scorer())
        given = {"proxies": "snip", "executor": "inline", "command": "a test", **settings}
        return score_space(out, **given)


def records(path):
    with SQLiteStore(path, read_only=True) as store:
        return dict(store)
