"""Architectures of one function are networks that compute the same, once layers that read the same share weights."""

import re
import zlib

import numpy as np
import pytest

import nasbed
from nasbed.nets.parts import CELL_EDGES

torch = pytest.importorskip("torch")

SETTINGS = {
    "nasbench201": {"channels": 4, "cells": 1, "image_size": 8},
    "transnas-micro": {"image_size": 32},
    "nasbenchmacro": {"image_size": 8},
}


def cell_terms(space, row):
    """Write what the layer on each edge of a cell computes; the same text where it reads the same."""
    names, nodes, terms = space.names_of(row), {0: ["x"]}, {}
    for place, ((source, target), name) in enumerate(zip(CELL_EDGES, names, strict=True)):
        read = sorted(nodes.get(source, []))
        terms[place] = f"{name}({'+'.join(read)})"
        if name != "none" and read:
            is_identity = name.startswith("skip") and (source > 0 or space.name == "nasbench201")
            nodes.setdefault(target, []).extend(read if is_identity else [terms[place]])
    return terms


def chain_terms(space, row):
    """Write what each layer of a chain computes; an identity that keeps the shape computes nothing."""
    terms, read = {}, "x"
    for place, digit in enumerate(row.tolist()):
        first = place in (0, 2, 5)
        terms[place] = f"{place if first else ''}{digit}({read})"
        read = terms[place] if digit or first else read
    return terms


PLACES = {
    "nasbench201": (r"(cells\.\d+)\.layers\.(\d)\.(.*)", cell_terms),
    "transnas-micro": (r"(cells\.\d+)\.edges\.(\d)\.(.*)", cell_terms),
    "nasbenchmacro": (r"(layers)\.(\d)\.(.*)", chain_terms),
}


def output(space, row, images):
    """Give the output of one network, in which each number is drawn by what its layer computes."""
    network = nasbed.network(space, row, **SETTINGS[space.name]).double().eval()
    pattern, terms_of = PLACES[space.name]
    terms = terms_of(space, row)
    with torch.no_grad():
        for name, values in network.named_parameters():
            place = re.fullmatch(pattern, name)
            said = name if place is None else f"{place[1]} {terms[int(place[2])]} {place[3]}"
            drawn = np.random.default_rng(zlib.crc32(said.encode())).normal(size=values.shape)
            scale = (values[0].numel() if values.ndim > 1 else 1) ** -0.5
            values[...] = 0.0 if name.endswith("bias") else torch.from_numpy(drawn * scale)
        return network(images)


@pytest.fixture(scope="module")
def images():
    return torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, 32, 32)))


@pytest.mark.slow_where("transnas", "nasbenchmacro")
@pytest.mark.parametrize("name", SETTINGS)
def test_rows_of_one_function_give_the_same_output_with_shared_weights(name, images):
    space, rng = nasbed.space(name), np.random.default_rng(1)
    size = SETTINGS[name]["image_size"]
    rows = space.enumerate()
    rows = rows[(space.simplify(rows) != rows).any(axis=1)]
    for row in rng.permutation(rows)[: 4 if name == "transnas-micro" else 12]:
        others = rows[space.function_key(rows) == space.function_key(row[None])]
        expected = output(space, space.simplify(row[None])[0], images[..., :size, :size])
        for other in (row, rng.permutation(others)[0]):
            found = output(space, other, images[..., :size, :size])
            torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.slow_where("transnas", "nasbenchmacro")
@pytest.mark.parametrize("name", SETTINGS)
def test_rows_of_other_functions_give_another_output(name, images):
    space, rng = nasbed.space(name), np.random.default_rng(2)
    size = SETTINGS[name]["image_size"]
    rows = space.enumerate()
    checked = 0
    for row in rng.permutation(space.simplify(rows))[: 5 if name == "transnas-micro" else 12]:
        near = space.neighbors(row)
        near = near[space.function_key(near) != space.function_key(row[None])]
        if len(near) and space.function_key(row[None]) != space.function_key(rows[:1] * 0):
            one = output(space, row, images[..., :size, :size])
            other = output(space, rng.permutation(near)[0], images[..., :size, :size])
            assert (one - other).abs().max() > 1e-9 * one.abs().max()
            checked += 1
    assert checked > 2
