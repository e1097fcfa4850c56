"""The work on one network: it follows from the seed and the unit alone, and leaves the process as it was."""

import numpy as np
import pytest
import torch

from nasbed.core.errors import BadSetting
from nasbed.nets.blueprint import network as build
from nasbed.nets.data.source import load
from nasbed.proxies.probe import Probe, score
from nasbed.scores.work import _batch, score_unit, survey
from nasbed.spaces.nasbench201 import NASBench201

SPACE = NASBench201()
ARCHS = SPACE.enumerate()[[0, 11, 1459]].tolist()
NETWORK = {"classes": 10, "image_size": 8, "image_channels": 1, "channels": 4, "cells": 1}
PROXIES = {"naswot": ("naswot", {}), "snip": ("snip", {}), "zen": ("zen", {})}


def scored(arch, unit="00", data="digits", seed=0):
    return score_unit(SPACE, arch, unit, PROXIES, NETWORK, data, 16, seed, "cpu")


def test_scores_follow_from_seed_and_unit_alone():
    forward = [scored(arch, str(i))["scores"] for i, arch in enumerate(ARCHS)]
    torch.manual_seed(99)
    backward = [scored(arch, str(i))["scores"] for i, arch in reversed(list(enumerate(ARCHS)))]
    assert forward == backward[::-1]


@pytest.mark.parametrize("change", [{"unit": "01"}, {"seed": 1}])
def test_another_seed_or_unit_scores_otherwise(change):
    before, after = scored(ARCHS[0])["scores"], scored(ARCHS[0], **change)["scores"]
    assert all(before[proxy] != after[proxy] for proxy in PROXIES)


def test_a_score_is_what_the_proxy_says_of_such_a_network():
    from nasbed.core.seeds import derived_seed

    images, labels, _ = _batch("digits", 16, 0)
    torch.manual_seed(derived_seed("scoring", 0, "00", "weights"))
    network = build(SPACE, np.array(ARCHS[0], np.int8), **NETWORK)
    probe = Probe(network, images, labels, seed=derived_seed("scoring", 0, "00", "probe"))
    assert scored(ARCHS[0])["scores"] == score(probe, PROXIES)


def test_the_generator_of_the_process_is_left_as_it_was():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    scored(ARCHS[0])
    assert torch.equal(torch.get_rng_state(), before)


def test_the_batch_is_of_training_images_each_once():
    images, labels, _ = _batch("digits", 300, 3)
    part = load("digits").train
    known = {(image.numpy().tobytes(), int(label)) for image, label in zip(part.images, part.labels, strict=True)}
    drawn = [
        (image.permute(1, 2, 0).contiguous().numpy().tobytes(), int(label))
        for image, label in zip(images, labels, strict=True)
    ]
    assert len(set(drawn)) == 300
    assert set(drawn) <= known


def test_noise_is_normal_and_its_classes_are_balanced():
    images, labels, facts = _batch("noise:size=16,channels=2,classes=5", 200, 0)
    assert images.shape == (200, 2, 16, 16)
    assert abs(float(images.mean())) < 0.02
    assert abs(float(images.std()) - 1) < 0.02
    assert np.bincount(labels).tolist() == [40] * 5
    assert facts["classes"] == 5


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"data": "noise:size=0"}, "noise takes size=32"),
        ({"data": "noise:colour=3"}, "not colour=3"),
        ({"batch": 500}, "digits has 400 images to train on, too few for a batch of 500"),
        ({"device": "abacus"}, "the device 'abacus' cannot be used here"),
        ({"proxies": {"naswot": ("naswot", {"varient": "x"})}}, "has no setting 'varient'"),
        ({"proxies": {"naswot": ("naswot", {}), "naswot:variant=paper": ("naswot", {"variant": "paper"})}}, "twice"),
    ],
)
def test_a_survey_refuses_what_cannot_be_scored(what, said):
    with pytest.raises(BadSetting, match=said):
        survey(**{"proxies": PROXIES, "data": "digits", "batch": 16, "seed": 0, "device": "cpu", **what})


def test_a_survey_says_what_networks_must_take():
    found = survey(PROXIES, "digits", 16, 0, "cpu")
    assert found["network"] == {"classes": 10, "image_size": 8, "image_channels": 1}
    assert found["data_checksum"] == load("digits").checksum
