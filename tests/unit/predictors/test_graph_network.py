"""The network that reads graphs: the order of vertices is nothing to it, and it learns by pairs."""

from functools import cache

import numpy as np
import pytest

import nasbed
from nasbed.core.errors import BadSetting, MissingExtra
from nasbed.core.rng import Streams
from nasbed.predictors.graph_network import _hinge

torch = pytest.importorskip("torch")

SPACE = nasbed.space("nasbench101")
VALUES = np.random.default_rng(0).normal(size=40)
FEW = {"members": 2, "width": 8, "epochs": 3}


@cache
def rows():
    return SPACE.simplify(SPACE.sample(Streams.from_seed(0, 40)))


@pytest.fixture(scope="module")
def fitted():
    return nasbed.predictor("graph-network", SPACE, **FEW).fit(rows(), VALUES)


def test_vertices_may_stand_in_any_order(fitted):
    labels, arrows, beside = fitted._inputs(fitted.features(rows()))
    order = torch.tensor([0, 3, 5, 1, 2, 4, 6])  # input and output stay
    turned = [labels[:, order], arrows[:, order][:, :, order], beside]
    found = fitted._of_all(turned)
    np.testing.assert_allclose(found, fitted._of_all([labels, arrows, beside]), atol=1e-5)
    assert np.ptp(found, axis=1).min() > 0.01


def scored(weights, labels, arrows, layers):
    """What one member says of one graph, vertex by vertex."""
    weights, there = iter(weights), labels.sum(axis=1)
    state = labels @ next(weights)
    for _ in range(layers):
        matrix, bias = next(weights), next(weights)[0]
        heard = []
        for v, own in enumerate(state):
            read = [state[u] for u in range(len(state)) if arrows[u, v]] or [0 * own]
            reading = [state[u] for u in range(len(state)) if arrows[v, u]] or [0 * own]
            heard.append(np.concatenate([own, np.mean(read, axis=0), np.mean(reading, axis=0)]))
        state = there[:, None] * (state + np.maximum(np.array(heard) @ matrix + bias, 0))
    hidden = np.concatenate([state.sum(axis=0) / there.sum(), state[-1]]) @ next(weights) + next(weights)[0]
    return (np.maximum(hidden, 0) @ next(weights))[0]


def test_each_vertex_hears_those_that_it_reads_and_those_that_read_it(fitted):
    labels, arrows, beside = fitted._inputs(fitted.features(rows()))
    found = fitted._of_all([labels, arrows, beside])
    for member in range(2):
        weights = [one[member].numpy().astype(float) for one in fitted.weights_]
        for row in range(5):
            expected = scored(weights, labels[row].numpy(), arrows[row].numpy(), fitted.layers)
            assert found[member, row] == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_the_loss_is_what_pairs_are_short_of_a_margin():
    scores, values = np.random.default_rng(1).normal(0, 0.2, (2, 6)), np.random.default_rng(2).integers(0, 4, (2, 6))
    expected = 0.0
    for score, value in zip(scores, values, strict=True):
        pairs = [(i, j) for i in range(6) for j in range(6) if value[i] > value[j]]
        expected += np.mean([max(0.0, 0.1 - (score[i] - score[j])) for i, j in pairs])
    assert float(_hinge(torch, torch.tensor(scores), torch.tensor(values))) == pytest.approx(expected, rel=1e-5)


def test_scores_beside_the_graph_are_read():
    encoding = nasbed.encoding("graph", SPACE).with_columns(rows(), {"score": VALUES})
    predictor = nasbed.predictor("graph-network", SPACE, encoding=encoding, **{**FEW, "epochs": 60})
    assert np.corrcoef(predictor.fit(rows()[:30], VALUES[:30]).predict(rows()[30:])[0], VALUES[30:])[0, 1] > 0.8


@pytest.mark.slow
def test_nothing_else_is_drawn_otherwise_by_it(fitted):
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    again = nasbed.predictor("graph-network", SPACE, **FEW).fit(rows(), VALUES)
    assert torch.equal(torch.rand(3), expected)
    np.testing.assert_array_equal(again.predict(rows()), fitted.predict(rows()))
    other = nasbed.predictor("graph-network", SPACE, seed=1, **FEW).fit(rows(), VALUES)
    assert (other.predict(rows())[0] != fitted.predict(rows())[0]).any()


def test_without_a_graph_or_torch_it_is_refused(monkeypatch):
    assert nasbed.predictor("graph-network", SPACE, encoding="onehot").features.encoding.name == "graph"
    with pytest.raises(BadSetting, match="has no cell, so no graph"):
        nasbed.encoding("graph", nasbed.space("natssize"))
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"nasbed\[torch\]"):
        nasbed.predictor("graph-network", SPACE)
