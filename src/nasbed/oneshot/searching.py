"""Searching: a one-shot method on a supernet and data, step by step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from nasbed.core.errors import BadSetting, NasbedError
from nasbed.core.printing import Card, Printed
from nasbed.core.records import Archs
from nasbed.core.registry import spaces
from nasbed.core.seeds import derived_seed
from nasbed.core.space import Space
from nasbed.nets.data.batches import Augmentation, Orders
from nasbed.nets.data.source import Data, load
from nasbed.nets.recipe import Recipe
from nasbed.nets.supernet import Supernet
from nasbed.oneshot.alphas import Alphas
from nasbed.oneshot.methods import Descent, Method, method_of
from nasbed.oneshot.sampling import PENALTIES, SAMPLERS
from nasbed.oneshot.unrolling import EPSILON, unrolled

PLAIN = Recipe(flip=False, crop=0)
"""Images as they are."""


class Epoch(NamedTuple):
    """What an epoch came to.

    Attributes:
        number: From 1.
        training_loss: Mean over its steps, of the weights' descent.
        validation_loss: Mean over its steps, of the architecture parameters' descent, without a penalty.
        entropy: Mean over decisions of that of their softmax, in nats.
        architecture: What would be derived, as text.
    """

    number: int
    training_loss: float
    validation_loss: float
    entropy: float
    architecture: str


class OneShot(Printed):
    """A search that trains a supernet's weights and its architecture parameters together.

    In each step both descend once, in the method's order, each on a batch of its own: weights on training images,
    architecture parameters on validation images. Weights that a step did not use rest. The weights are drawn by the
    supernet; all else that is drawn depends on the seed alone.

    Args:
        net: The supernet; its weights are trained in place.
        method: A name out of ``METHODS``, or a method of your own.
        data: What it is trained on, or the name of a data source.
        epochs: How often all training images are seen; by default the method's own number.
        seed: Of architecture parameters, samples and order.
        recipe: How training images are augmented; by default they are not.

    Attributes:
        epochs_done: What each epoch so far came to.
        made: How many steps are made.
    """

    def __init__(
        self,
        net: Supernet,
        method: str | Method,
        data: str | Data,
        epochs: int | None = None,
        seed: int = 0,
        recipe: Recipe = PLAIN,
    ) -> None:
        self.net, self.method, self.seed = net, method_of(method), seed
        self.name = method if isinstance(method, str) else "method"
        like = next(net.parameters())
        self.data = (load(data) if isinstance(data, str) else data).to(like.device)
        self.epochs = self.method.epochs if epochs is None else epochs
        self.steps = len(self.data.train) // self.method.batch
        if self.epochs < 1 or min(self.steps, len(self.data.validation) // self.method.batch) < 1:
            raise BadSetting(
                f"a search takes an epoch at least, and a batch of {self.method.batch} training and validation images; "
                f"there are {self.epochs} epochs, and {len(self.data.train)} and {len(self.data.validation)} images of "
                f"{self.data.name}"
            )
        generators = {
            what: torch.Generator().manual_seed(derived_seed("oneshot", seed, what))
            for what in ("alphas", "samples", "order", "augmentation", "validation")
        }
        self._generators, self._samples = generators, generators["samples"]
        self.alphas = Alphas.of(net, generators["alphas"], self.method.none)
        self._weights = list(net.parameters())
        self._descents = {
            "weights": _descent(self.method.weights, self._weights),
            "alphas": _descent(self.method.alphas, self.alphas.values.values()),
        }
        batch, parts = self.method.batch, {"weights": self.data.train, "alphas": self.data.validation}
        self._orders = {
            "weights": Orders(len(self.data.train), batch, [generators["order"]]),
            "alphas": Orders(len(self.data.validation), batch, [generators["validation"]]),
        }
        self._images = {
            what: Augmentation(
                replace(self.data, train=part),
                recipe if what == "weights" else PLAIN,
                [generators["augmentation"]],
            )
            for what, part in parts.items()
        }
        self.epochs_done: list[Epoch] = []
        self.made = 0
        self._losses = {"weights": 0.0, "alphas": 0.0}

    @classmethod
    def of(
        cls,
        method: str | Method,
        space: Space | str,
        data: str | Data,
        epochs: int | None = None,
        seed: int = 0,
        **settings: Any,
    ) -> OneShot:
        """Make a search with a supernet of its own, whose weights depend on the seed alone.

        Args:
            method: As for the search, as ``data``, ``epochs`` and ``seed``.
            space: A space, or what spells one.
            data: It says the size of images, their colours, and the classes.
            epochs: How often all training images are seen.
            seed: Any integer.
            **settings: Of the supernet.
        """
        found = load(data) if isinstance(data, str) else data
        frame = {"classes": found.outputs, "image_size": found.image_size, "image_channels": found.channels}
        where = spaces.read(space) if isinstance(space, str) else space
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derived_seed("oneshot", seed, "weights"))
            net = Supernet.of(where, **{**frame, **settings})
        return cls(net, method, found, epochs, seed)

    # ── what was found ────────────────────────────────────────────────────────────────────────────────────────

    @property
    def architecture(self) -> Archs:
        """The row that the architecture parameters stand for now, canonical."""
        found: Archs = self.net.space.canonical(self.alphas.derived()[None])[0]
        return found

    @property
    def entropy(self) -> float:
        """The mean over decisions of the entropy of their softmax, in nats."""
        chances = [value.detach().double().softmax(0) for value in self.alphas.values.values()]
        return sum(float(torch.special.entr(one).sum()) for one in chances) / len(chances)

    # ── steps ─────────────────────────────────────────────────────────────────────────────────────────────────

    def run(self) -> OneShot:
        """Make the epochs that are left, and return the search."""
        while len(self.epochs_done) < self.epochs:
            self.epoch()
        return self

    def epoch(self) -> Epoch:
        """Make the steps that are left of an epoch, and return what it came to.

        Raises:
            NasbedError: When an architecture parameter or a loss is no longer finite.
        """
        self.step()
        while self.made % self.steps:
            self.step()
        return self.epochs_done[-1]

    def step(self) -> dict[str, float]:
        """Let weights and architecture parameters descend once each, in the method's order; return their losses.

        Raises:
            NasbedError: As ``epoch``.
        """
        self.net.train()
        for what, settings in (("weights", self.method.weights), ("alphas", self.method.alphas)):
            self._descents[what].param_groups[0]["lr"] = _rate(settings, self.made // self.steps / self.epochs)
        batches = {what: self._images[what](next(self._orders[what])) for what in ("weights", "alphas")}
        order = ("alphas", "weights") if self.method.first == "alphas" else ("weights", "alphas")
        losses = {what: self.descend(what, batches) for what in order}
        self.made += 1
        for what, loss in losses.items():
            self._losses[what] += loss / self.steps
        if self.made % self.steps == 0:
            found = self._losses["weights"], self._losses["alphas"], self.entropy
            self.epochs_done.append(Epoch(self.made // self.steps, *found, self.net.space.format(self.architecture)))
            self._losses = dict.fromkeys(self._losses, 0.0)
        return losses

    def descend(self, what: str, batches: Mapping[str, tuple[Tensor, Tensor]]) -> float:
        """Let ``weights`` or ``alphas`` descend once, and return their loss.

        Args:
            what: Which.
            batches: Images and labels for each of the two.
        """
        is_alphas = what == "alphas"
        trained = list(self.alphas.values.values()) if is_alphas else self._weights
        settings = self.method.alphas if is_alphas else self.method.weights
        gradients: Sequence[Tensor | None]
        if is_alphas and self.method.unrolled:
            gradients, value = self._unrolled(batches)
        else:
            loss = self._loss(batches[what], is_alphas)
            whole = self._penalised(loss, is_alphas)
            gradients, value = torch.autograd.grad(whole, trained, allow_unused=True), float(loss.detach())
        if not math.isfinite(value):
            raise NasbedError(f"the loss was {value} in epoch {len(self.epochs_done) + 1}; try a lower learning rate")
        for one, gradient in zip(trained, gradients, strict=True):
            one.grad = gradient
        if settings.clip is not None:
            nn.utils.clip_grad_norm_(trained, settings.clip)
        self._descents[what].step()
        if is_alphas and not all(bool(one.isfinite().all()) for one in trained):
            raise NasbedError(
                f"an architecture parameter is no longer finite in epoch {len(self.epochs_done) + 1}; try a lower rate "
                "of alphas"
            )
        return value

    def _loss(self, batch: tuple[Tensor, Tensor], is_alphas: bool) -> Tensor:
        """Return the mean loss of a batch, with coefficients that are sampled for it."""
        images, labels = batch
        with torch.set_grad_enabled(is_alphas):
            coefficients = self.coefficients()
        carried = self.method.carried and is_alphas
        outputs = self.net(images.to(self._weights[0]), coefficients, carried=carried)
        return self.data.task.losses(outputs, labels[:, 0]).mean()

    def _penalised(self, loss: Tensor, is_alphas: bool) -> Tensor:
        return loss + self.penalty() if is_alphas and self.method.penalty else loss

    def _unrolled(self, batches: Mapping[str, tuple[Tensor, Tensor]]) -> tuple[list[Tensor], float]:
        """Return the gradient of architecture parameters through a step of the weights, and the loss behind it."""
        settings, descent = self.method.weights, self._descents["weights"]
        rests = []
        for one in self._weights:
            momentum = descent.state[one].get("momentum_buffer")
            rest = settings.decay * one.detach()
            rests.append(rest if momentum is None else rest + settings.momentum * momentum)
        return unrolled(
            lambda: self._loss(batches["weights"], True),
            lambda: self._penalised(self._loss(batches["alphas"], True), True),
            list(self.alphas.values.values()),
            self._weights,
            rests,
            descent.param_groups[0]["lr"],
            None if self.method.unrolled == "exact" else EPSILON,
        )

    # ── going on ──────────────────────────────────────────────────────────────────────────────────────────────

    def state_dict(self) -> dict[str, Any]:
        """Return all that decides the steps to come; with it a search goes on bit for bit, on a CPU."""
        return {
            "net": self.net.state_dict(),
            "alphas": {slot: value.detach() for slot, value in self.alphas.values.items()},
            "descents": {what: one.state_dict() for what, one in self._descents.items()},
            "waiting": {what: one.waiting for what, one in self._orders.items()},
            "generators": {what: one.get_state() for what, one in self._generators.items()},
            "epochs_done": [tuple(one) for one in self.epochs_done],
            "losses": dict(self._losses),
            "made": self.made,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go back to where ``state_dict`` was called, in a search that was made likewise."""
        self.net.load_state_dict(state["net"])
        with torch.no_grad():
            for slot, value in self.alphas.values.items():
                value.copy_(state["alphas"][slot])
        for what, one in self._descents.items():
            one.load_state_dict(state["descents"][what])
            self._orders[what].waiting = state["waiting"][what]
        for what, generator in self._generators.items():
            generator.set_state(state["generators"][what])
        self.epochs_done = [Epoch(*one) for one in state["epochs_done"]]
        self._losses, self.made = dict(state["losses"]), state["made"]

    # ── what a descent is made of ─────────────────────────────────────────────────────────────────────────────

    def coefficients(self) -> list[Tensor]:
        """Sample the supernet's coefficients."""
        sampler = SAMPLERS[self.method.sampler]
        temperature = self._between(self.method.temperature)
        return self.alphas.coefficients(
            {slot: sampler(value, temperature, self._samples) for slot, value in self.alphas.values.items()}
        )

    def penalty(self) -> Tensor:
        """Return what is added to the loss of architecture parameters in this epoch."""
        each = [PENALTIES[self.method.penalty](value) for value in self.alphas.values.values()]
        return self._between(self.method.penalty_weights) * torch.stack(each).mean()

    def _between(self, ends: tuple[float, float]) -> float:
        """Return where this epoch is on the line from the first to the last."""
        done = min(self.made // self.steps, self.epochs - 1) / max(self.epochs - 1, 1)
        return ends[0] + (ends[1] - ends[0]) * done

    def _card(self) -> Card:
        found = self.epochs_done[-1] if self.epochs_done else None
        facts = {
            "epochs": f"{len(self.epochs_done)} of {self.epochs}",
            "architecture": None if found is None else found.architecture,
            "training loss": None if found is None else f"{found.training_loss:.4f}",
            "validation loss": None if found is None else f"{found.validation_loss:.4f}",
            "entropy": f"{self.entropy:.4f} nats",
            "seed": self.seed,
        }
        return Card(f"One-shot search: {self.name} on {self.net.space.name} and {self.data.name}", facts=facts)


def _descent(settings: Descent, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
    if settings.kind == "adam":
        return torch.optim.Adam(parameters, settings.rate, settings.betas, weight_decay=settings.decay)
    return torch.optim.SGD(
        parameters, settings.rate, settings.momentum, nesterov=settings.nesterov, weight_decay=settings.decay
    )


def _rate(settings: Descent, done: float) -> float:
    """Return the learning rate after a part of all epochs."""
    if settings.end is None:
        return settings.rate
    return settings.end + 0.5 * (settings.rate - settings.end) * (1 + math.cos(math.pi * done))
