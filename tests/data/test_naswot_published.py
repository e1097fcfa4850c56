"""NASWOT on real images, against published scores and against accuracies of trained cells."""

import csv
import json

import numpy as np
import pytest
import torch
from scipy.stats import kendalltau, spearmanr

import nasbed
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


def scores(archs, batch):
    found = []
    for seed, arch in enumerate(archs):
        torch.manual_seed(seed)
        found.append(NASWOT()(Probe(build(SPACE, arch), batch)))
    return np.array(found)


def held_against_the_notebook(folder, cells, variant="notebook", seeded_each=False):
    """Score the first of the notebook's cells by what the first page of the documentation says; give theirs, too."""
    with (folder / "proxies" / "naswot_notebook40.csv").open() as file:
        printed = [(row["uid"], float(row["score"])) for row in csv.DictReader(file)][:cells]
    space, batch, labels = nasbed.space("nasbench201"), images(folder, 128), torch.arange(128) % 10
    torch.manual_seed(0)
    ours = []
    for index, _ in printed:
        if seeded_each:
            torch.manual_seed(0)
        network = nasbed.network(space, space.parse(f"#{index}"))
        ours += nasbed.score(network, batch, labels, [f"naswot:variant={variant}"]).values()
    return np.array(ours), np.array([score for _, score in printed])


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


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("seeded_each", [False, True])
def test_the_notebook_s_scores_are_those_it_prints(shared_data, seeded_each):
    ours, theirs = held_against_the_notebook(shared_data, 40, seeded_each=seeded_each)
    assert spearmanr(ours, theirs).statistic >= 0.98
    assert abs((ours - theirs).mean()) <= 6


def test_a_few_of_the_notebook_s_scores_are_those_it_prints(shared_data):
    ours, theirs = held_against_the_notebook(shared_data, 2)
    assert abs(ours - theirs).max() <= 25


@pytest.mark.slow
def test_evaluation_mode_is_not_what_the_notebook_prints(shared_data):
    ours, theirs = held_against_the_notebook(shared_data, 1, "evaluation")
    assert (ours - theirs).mean() <= -40
