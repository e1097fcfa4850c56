"""NASWOT on real images, against published scores and against accuracies of trained cells."""

import csv
import json

import numpy as np
import pytest
import torch
from scipy.stats import kendalltau, spearmanr

from nasbed.core.rng import Streams
from nasbed.nets.blueprint import network as build
from nasbed.nets.data.cifar import NASBENCH201
from nasbed.proxies.naswot import NASWOT
from nasbed.proxies.probe import Probe
from nasbed.spaces.nasbench201 import NASBench201

SPACE = NASBench201()


def images(folder, count):
    with np.load(folder / "images" / "cifar10_raw_subset.npz") as file:
        raw = file["data_batch_1_images"][:count].astype(np.float32)
    mean, std = (np.array(values, np.float32)[:, None, None] for values in (NASBENCH201.mean, NASBENCH201.std))
    return torch.from_numpy((raw - mean) / std)


def scores(archs, batch, variant="input"):
    found = []
    for seed, arch in enumerate(archs):
        torch.manual_seed(seed)
        found.append(NASWOT(variant)(Probe(build(SPACE, arch), batch)))
    return np.array(found)


def published(folder):
    """The cells of NAS-Bench-Suite-Zero with their scores on CIFAR-10, of batches of 32."""
    rows = json.loads((folder / "proxies" / "zc_nasbench201.json").read_text())["cifar10"]
    archs = np.stack([SPACE.parse(text) for text in rows])
    return archs, np.array([max(row["nwot"]["score"], -1e8) for row in rows.values()])


def accuracies(folder, archs):
    with (folder / "nasbench201" / "seed888_test_accuracy.csv").open() as file:
        by_text = {row["architecture"]: float(row["cifar10"]) for row in csv.DictReader(file)}
    return np.array([by_text[SPACE.format(arch)] for arch in archs])


@pytest.mark.slow
def test_it_orders_cells_as_the_published_scores_do(shared_data):
    archs, theirs = published(shared_data)
    assert spearmanr(scores(archs[:16], images(shared_data, 32)), theirs[:16]).statistic >= 0.97


def test_cells_without_a_published_score_have_none_of_ours(shared_data):
    """Those none of whose rectifiers tells images apart: the determinant is zero."""
    archs, theirs = published(shared_data)
    without = archs[theirs == -1e8]
    assert len(without)
    assert (scores(without[:3], images(shared_data, 32)) == -1e8).all()


@pytest.mark.slow
def test_it_orders_three_hundred_cells_as_the_published_scores_do(shared_data):
    archs, theirs = published(shared_data)
    assert spearmanr(scores(archs[:300], images(shared_data, 32)), theirs[:300]).statistic >= 0.97


@pytest.mark.slow
def test_it_orders_random_cells_much_as_training_does(shared_data):
    archs = SPACE.sample(Streams.from_seed(0, 300))
    assert kendalltau(scores(archs, images(shared_data, 128)), accuracies(shared_data, archs)).statistic >= 0.45
