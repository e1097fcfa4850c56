"""A small network that reads graphs: each vertex hears of those that it reads, and of those that read it.

References: Ning, Zheng, Zhao, Wang and Yang, "A Generic Graph-based Neural Architecture Encoding Scheme for
Predictor-based NAS", ECCV 2020, https://arxiv.org/abs/2004.01899 (the hinge loss over pairs, with a margin of 0.1);
Wen, Liu, Chen, Li, Bender and Kindermans, "Neural Predictor for Neural Architecture Search", ECCV 2020,
https://arxiv.org/abs/1912.00848 (both directions of the arrows)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Count, Positive
from nasbed.core.extras import require
from nasbed.encodings.graph import Graph
from nasbed.encodings.joining import Encoding
from nasbed.predictors.encoded import EncodedPredictor
from nasbed.predictors.features import Features
from nasbed.predictors.kernel import Floats

_MARGIN, _BATCH, _CHUNK = 0.1, 64, 4096
_LEAST = 1e-3  # what targets rise by with a deviation of a member's scores, whatever was learned


class _Cell(NamedTuple):
    """Where the numbers of one cell stand, and its shape."""

    start: int
    vertices: int
    labels: int


@dataclass(eq=False)
class GraphNetwork(EncodedPredictor):
    """An ensemble of dense graph networks in PyTorch, which are trained side by side to rank pairs.

    It reads the graph whatever its encoding is, and beside that what the encoding has of ``columns`` and ``curve``; of
    an encoding with the block ``graph``, all that it has. A vertex adds up what it knows, what those say that it reads,
    and what those say that read it, each by weights of their own. The mean over the vertices, the output's vertex and
    what stands beside the graph give a score. Each member's scores become targets by a line; how the members differ,
    and how far that line is off, is the deviation.

    Attributes:
        members: How many networks.
        layers: How often vertices hear of each other.
        width: How many numbers each vertex is.
        epochs: How often everything is seen, in batches of 64.
        rate: The learning rate of Adam, which falls to 0 as a cosine does.
    """

    needs: ClassVar[tuple[str, ...]] = ("scipy",)

    members: Count = 5
    layers: Count = 3
    width: Count = 32
    epochs: Count = 150
    rate: Positive = 0.005

    @classmethod
    def check_installed(cls) -> None:
        """See that PyTorch is there.

        Raises:
            MissingExtra: When it is not.
        """
        super().check_installed()
        require("torch", "torch")

    def read_from(self, own: Features) -> Features:
        """Return the graph, and what is known of architectures besides; where its encoding has a graph, that."""
        if any(isinstance(part, Graph) for part in own.encoding.parts.values()):
            return own
        beside = {name: part for name, part in own.encoding.parts.items() if part.known is not None}
        return Features(Encoding(self.space, {"graph": Graph(self.space), **beside}), self.space)

    def _layout(self) -> tuple[list[_Cell], list[int]]:
        """Return the cells, and the columns of what stands beside them among the features."""
        made, cells = self.features.encoding, list[_Cell]()
        name, graph = next((name, part) for name, part in made.parts.items() if isinstance(part, Graph))
        start = made.blocks[name].start
        for vertices, labels in graph.shapes:
            cells.append(_Cell(start, vertices, labels))
            start += vertices * (labels + vertices)
        own = self.features.blocks[name]
        return cells, [i for i in range(len(self.features.names)) if not own.start <= i < own.stop]

    def fit_numbers(self, numbers: Floats, values: Floats) -> None:
        """Train all members, each from first weights and in an order of its own that the seed draws."""
        torch = require("torch", "torch")
        inputs, (cells, beside) = self._inputs(numbers), self._layout()
        chance = torch.Generator().manual_seed(self.seed)
        weights = self._first(cells, len(beside), chance)
        targets = torch.as_tensor(values, dtype=torch.float32)
        optimizer = torch.optim.Adam(weights, lr=self.rate)
        steps = self.epochs * max(1, -(-len(values) // _BATCH))
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        for _ in range(self.epochs):
            order = torch.stack([torch.randperm(len(values), generator=chance) for _ in range(self.members)])
            for some in order.split(_BATCH, dim=1):
                scores = self._scores(weights, [one[some] for one in inputs])
                optimizer.zero_grad()
                _hinge(torch, scores, targets[some]).backward()
                optimizer.step()
                schedule.step()
        self.weights_ = [one.detach() for one in weights]
        self._draw_lines(inputs, values)

    def _draw_lines(self, inputs: list[Any], values: Floats) -> None:
        """Find the line from each member's scores to targets, and how far their mean is off."""
        scores = self._of_all(inputs)
        centre, spread = scores.mean(axis=1), np.maximum(scores.std(axis=1), 1e-12)
        slope = np.maximum(((scores - centre[:, None]) * values).mean(axis=1) / spread, _LEAST)
        self.lines_ = np.stack([centre, slope / spread])
        mean = ((scores - centre[:, None]) * self.lines_[1][:, None]).mean(axis=0)
        self.off_ = float(np.sqrt(np.mean((values - mean) ** 2)))

    def predict_numbers(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Return the mean over the members, and how they differ together with how far they were off."""
        centre, slope = self.lines_[:, :, None]
        each = (self._of_all(self._inputs(numbers)) - centre) * slope
        return each.mean(axis=0), np.hypot(each.std(axis=0), self.off_)

    def learned(self) -> dict[str, NDArray[Any]]:
        """Return the weights and the lines."""
        weights = {f"weight{i}": one.numpy() for i, one in enumerate(self.weights_)}
        return {**weights, "lines": self.lines_, "off": np.array(self.off_)}

    def take_back(self, numbers: Floats, values: Floats, learned: Mapping[str, NDArray[Any]]) -> None:
        """Take both back."""
        torch = require("torch", "torch")
        count = sum(name.startswith("weight") for name in learned)
        self.weights_ = [torch.as_tensor(learned[f"weight{i}"].copy()) for i in range(count)]
        self.lines_, self.off_ = learned["lines"], float(learned["off"])

    def regressor(self) -> Any:
        """Return an estimator of scikit-learn that learns from features as this does."""
        require("sklearn", "predictors")
        from nasbed.predictors.estimator import PredictorEstimator  # a class of scikit-learn's

        return PredictorEstimator(self.clone())

    # ── the network ───────────────────────────────────────────────────────────────────────────────────────────

    def _inputs(self, numbers: Floats) -> list[Any]:
        """Return, for each cell, labels ``(n, V, L)`` and arrows ``(n, V, V)``, and then what is beside, ``(n, m)``."""
        torch = require("torch", "torch")
        cells, beside = self._layout()
        raw, n, found = self.features.raw(numbers), len(numbers), list[Floats]()
        for start, vertices, labels in cells:
            middle = start + vertices * labels
            # They were zeros and ones before they were on one scale.
            found.append(np.rint(raw[:, start:middle]).reshape(n, vertices, labels))
            found.append(np.rint(raw[:, middle : middle + vertices**2]).reshape(n, vertices, vertices))
        return [torch.as_tensor(one, dtype=torch.float32) for one in (*found, numbers[:, beside])]

    def _first(self, cells: list[_Cell], beside: int, chance: Any) -> list[Any]:
        """Return first weights of all members: a normal distribution, of a variance of one over what is added up."""
        shapes = list[tuple[int, ...]]()
        for cell in cells:
            shapes += [(cell.labels, self.width)]
            shapes += [(3 * self.width, self.width), (1, self.width)] * self.layers
        shapes += [(2 * self.width * len(cells) + beside, self.width), (1, self.width), (self.width, 1)]
        return [self._drawn(shape, chance) for shape in shapes]

    def _drawn(self, shape: tuple[int, ...], chance: Any) -> Any:
        torch = require("torch", "torch")
        scale = 0.0 if shape[0] == 1 and shape[1] > 1 else (2.0 / shape[0]) ** 0.5
        return (scale * torch.randn((self.members, *shape), generator=chance)).requires_grad_()

    def _scores(self, weights: list[Any], inputs: list[Any]) -> Any:
        """Return the scores of all members, ``(members, n)``; inputs are ``(members, n, …)`` or the same for all."""
        torch = require("torch", "torch")
        *graphs, beside = inputs
        left, read = iter(weights), list[Any]()
        for labels, arrows in zip(graphs[::2], graphs[1::2], strict=True):
            there = labels.sum(dim=-1, keepdim=True)
            state = _times(labels, next(left))
            for _ in range(self.layers):
                heard = torch.cat([state, _mean(arrows.transpose(-1, -2), state), _mean(arrows, state)], dim=-1)
                state = there.broadcast_to((*state.shape[:-1], 1)) * (
                    state + torch.relu(_times(heard, next(left)) + next(left)[:, None])
                )
            read += [state.sum(dim=-2) / there.sum(dim=-2).clamp(min=1.0), state[..., -1, :]]
        read.append(beside.broadcast_to((*read[0].shape[:-1], beside.shape[-1])))
        hidden = torch.relu(_times(torch.cat(read, dim=-1), next(left)) + next(left))
        return _times(hidden, next(left))[..., 0]

    def _of_all(self, inputs: list[Any]) -> Floats:
        """Return the scores of all members, ``(members, n)``, a part of the architectures at a time."""
        torch = require("torch", "torch")
        with torch.no_grad():
            parts = [
                self._scores(self.weights_, [one[start : start + _CHUNK][None] for one in inputs])
                for start in range(0, len(inputs[-1]), _CHUNK)
            ]
        found: Floats = torch.cat(parts, dim=1).numpy().astype(np.float64)
        return found


def _times(some: Any, weights: Any) -> Any:
    """Return what each member's weights, ``(members, in, out)``, make of ``(members, n, …, in)``, or of one for all."""
    shape = some.shape
    found = some.reshape(shape[0], -1, shape[-1]) @ weights
    return found.reshape(len(weights), *shape[1:-1], weights.shape[-1])


def _mean(arrows: Any, state: Any) -> Any:
    """Return the mean over the vertices that an arrow in each row leads to; 0 where there is none."""
    return arrows @ state / arrows.sum(dim=-1, keepdim=True).clamp(min=1.0)


def _hinge(torch: Any, scores: Any, targets: Any) -> Any:
    """Return how far pairs are from being ranked right by a margin, the mean over pairs, the sum over members."""
    better = (targets[:, :, None] > targets[:, None, :]).float()
    short = torch.relu(_MARGIN - (scores[:, :, None] - scores[:, None, :]))
    return ((better * short).sum(dim=(1, 2)) / better.sum(dim=(1, 2)).clamp(min=1.0)).sum()
