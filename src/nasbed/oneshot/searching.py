"""Searching: a one-shot method on a supernet and data, step by step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch

from nasbed.core.errors import BadSetting, NasbedError
from nasbed.core.printing import Card, Printed
from nasbed.core.records import Archs
from nasbed.core.registry import spaces
from nasbed.core.seeds import derived_seed
from nasbed.core.space import Space
from nasbed.nets.data.source import Data, load
from nasbed.nets.recipe import Recipe
from nasbed.nets.supernet import Supernet
from nasbed.oneshot.alphas import Alphas
from nasbed.oneshot.choosing import chosen, inherited_by
from nasbed.oneshot.descending import Descents, Schedule
from nasbed.oneshot.feeding import PLAIN, Batches, Feed
from nasbed.oneshot.growing import grown, shared
from nasbed.oneshot.inheriting import Inherited
from nasbed.oneshot.methods import Method, method_of
from nasbed.oneshot.objective import Objective, check_fit
from nasbed.oneshot.saving import save_supernet


class Epoch(NamedTuple):
    """What an epoch came to.

    Attributes:
        number: From 1.
        training_loss: Mean over its steps, of the weights' descent.
        validation_loss: Mean over its steps, of the architecture parameters' descent, without a penalty; None where
            they rested, or there are none.
        entropy: Mean over decisions of that of their chances, in nats; None where there are no parameters.
        architecture: What would be derived, as text; empty where inherited weights choose it, which takes its time.
    """

    number: int
    training_loss: float
    validation_loss: float | None
    entropy: float | None
    architecture: str


class OneShot(Printed):
    """A search that trains a supernet's weights and its architecture parameters together.

    In each step both descend once, in the method's order, each on a batch of its own: weights on training images,
    architecture parameters, where the method has some, on validation images. Weights that a step did not use rest. The
    weights are drawn by the supernet; all else that is drawn depends on the seed alone.

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
        stage: Which of the method's stages it is in, from 0.
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
        check_fit(self.method, net)
        self.name = method if isinstance(method, str) else "method"
        like = next(net.parameters())
        self.data = (load(data) if isinstance(data, str) else data).to(like.device)
        self.epochs = self.method.epochs if epochs is None else epochs
        if self.epochs < 1:
            raise BadSetting(f"a search takes an epoch at least, not {self.epochs}")
        self._generators = {
            what: torch.Generator().manual_seed(derived_seed("oneshot", seed, what))
            for what in ("alphas", "samples", "order", "augmentation", "validation", "growth")
        }
        self.feed = Feed(self.data, self.method.batch, recipe, self._generators)
        self.steps = self.feed.steps
        self.alphas = Alphas.of(net, self.method, self._generators["alphas"])
        self.descents = Descents(self.method, {"weights": list(net.parameters()), "alphas": self.alphas.trained})
        self.schedule = Schedule(self.method, self.epochs, self.steps)
        self.epochs_done: list[Epoch] = []
        self.made = self.stage = 0
        self._losses: dict[str, float] = {}
        self._chosen: tuple[int, Archs] | None = None
        self._stopped = ""

    @classmethod
    def of(
        cls,
        method: str | Method,
        space: Space | str,
        data: str | Data,
        epochs: int | None = None,
        seed: int = 0,
        recipe: Recipe = PLAIN,
        device: torch.device | str = "cpu",
        **settings: Any,
    ) -> OneShot:
        """Make a search with a supernet of its own, whose weights depend on the seed alone.

        Args:
            method: As for the search, as ``data``, ``epochs`` and ``seed``.
            space: A space, or what spells one.
            data: It says the size of images, their colours, and the classes.
            epochs: How often all training images are seen.
            seed: Any integer.
            recipe: How training images are augmented.
            device: Where it computes.
            **settings: Of the supernet.
        """
        found = load(data) if isinstance(data, str) else data
        frame: dict[str, Any] = {
            "classes": found.outputs,
            "image_size": found.image_size,
            "image_channels": found.channels,
            "tracked": method_of(method).normalisation == "tracked",
            "share": method_of(method).stages[0].share,
        }
        where = spaces.read(space) if isinstance(space, str) else space
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derived_seed("oneshot", seed, "weights"))
            net = Supernet.of(where, **{**frame, **settings})
        return cls(net.to(device), method, found, epochs, seed, recipe)

    # ── what was found ────────────────────────────────────────────────────────────────────────────────────────

    @property
    def architecture(self) -> Archs:
        """The row that is derived now, canonical: of the architecture parameters, or chosen by inherited weights.

        The latter judges as many architectures as ``method.choice`` says, once after each step that is asked for.
        """
        if self._chosen is None or self._chosen[0] != self.made:
            self._chosen = self.made, chosen(self.method, self.net, self.alphas, self.data, self.seed, self.made)
        return self._chosen[1]

    @property
    def inherited(self) -> Inherited:
        """Judges architectures by the weights as they are."""
        return inherited_by(self.method, self.net, self.data)

    @property
    def entropy(self) -> float | None:
        """The mean over decisions of the entropy of their chances, in nats; None where there are no parameters."""
        return self.alphas.entropy

    def describe(self) -> dict[str, Any]:
        """Return what decides the result, in plain values: method, order, normalisation, data, space, seed, epochs."""
        return {
            "method": self.name,
            "settings": self.method.describe(),
            "space": self.net.space.name,
            "network": {**self.net.blueprint.settings(), **self.net.settings()},
            "data": self.data.describe(),
            "seed": self.seed,
            "epochs": self.epochs,
        }

    def save(self, path: str | Path) -> Path:
        """Write the supernet as it is to a file, as which other searches take it: ``inherited:FILE``.

        Raises:
            BadSetting: When nothing can be written there, or the space has functions that no file can name.
        """
        return save_supernet(
            path, self.net, {**self.describe(), "data": self.data.name, "epoch": self.made / self.steps}
        )

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
            NasbedError: When one of them is no longer finite. Then the search has stopped: it gives no state any more,
                so that nothing replaces an earlier one, and ``load_state_dict`` takes that back.
        """
        self._check_going()
        self._grow()
        self.net.train()
        self.descents.begin(self.made // self.steps / self.epochs)
        order = ["weights"] if self.schedule.rests(self.made) else ["weights", "alphas"]
        batches = {what: self.feed.batch(what) for what in order}
        if self.method.first == "alphas":
            order.reverse()
        try:
            losses = {what: self.descend(what, batches) for what in order}
        except NasbedError as error:
            self._stopped = f"{error} in epoch {len(self.epochs_done) + 1}"
            raise NasbedError(f"{self._stopped}; try a lower learning rate") from None
        self.made += 1
        for what, loss in losses.items():
            self._losses[what] = self._losses.get(what, 0.0) + loss / self.steps
        if self.made % self.steps == 0:
            text = "" if self.method.choice.kind != "strongest" else self.net.space.format(self.architecture)
            found = self._losses["weights"], self._losses.get("alphas"), self.entropy
            self.epochs_done.append(Epoch(self.made // self.steps, *found, text))
            self._losses = {}
        return losses

    def _grow(self) -> None:
        """Go over to the next stage where it begins."""
        if self.stage == self.schedule.stage(self.made):
            return
        self.stage += 1
        stage = self.method.stages[self.stage]
        if stage.kept:
            self.alphas.prune(stage.kept)
        if stage.share != self.net.share:
            weights = self.descents.optimizers["weights"]
            self.net, momenta = grown(self.net, stage.share, weights, self._generators["growth"])
            self.descents.take(list(self.net.parameters()), momenta)

    def descend(self, what: str, batches: Batches) -> float:
        """Let ``weights`` or ``alphas`` descend once, and return their loss.

        Args:
            what: Which.
            batches: Images and labels for each of the two.

        Raises:
            NasbedError: When a loss or an architecture parameter is no longer finite.
        """
        self.alphas.check_finite()  # before anything is sampled of them
        if what == "weights":
            gradients, value = self.objective.of_weights(batches[what], self.descents.trained[what])
        elif self.method.unrolled:
            gradients, value = self.objective.through_a_step(
                batches, self.descents.trained["weights"], self.descents.optimizers["weights"]
            )
        else:
            gradients, value = self.objective.of_alphas(batches[what])
        if not math.isfinite(value):
            raise NasbedError(f"the loss was {value}")
        self.descents.step(what, gradients)
        self.alphas.check_finite()
        return value

    @property
    def objective(self) -> Objective:
        """What a step descends."""
        of = self.method, self.net, self.alphas, self.data.task
        return Objective(*of, self._generators["samples"], self.schedule.done(self.made))

    # ── going on ──────────────────────────────────────────────────────────────────────────────────────────────

    def _check_going(self) -> None:
        if self._stopped:
            raise NasbedError(f"the search has stopped: {self._stopped}; load an earlier state, or begin again")

    def state_dict(self) -> dict[str, Any]:
        """Return all that decides the steps to come; with it a search goes on bit for bit, on a CPU.

        Raises:
            NasbedError: When the search has stopped.
        """
        self._check_going()
        return {
            "net": self.net.state_dict(),
            "alphas": [one.detach() for one in self.alphas.trained],
            "kept": dict(self.alphas.kept),
            "stage": self.stage,
            "descents": self.descents.state_dict(),
            "waiting": self.feed.state_dict(),
            "generators": {what: one.get_state() for what, one in self._generators.items()},
            "epochs_done": [tuple(one) for one in self.epochs_done],
            "losses": dict(self._losses),
            "made": self.made,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go back to where ``state_dict`` was called, in a search that was made likewise."""
        self.stage = state["stage"]
        if (share := self.method.stages[self.stage].share) != self.net.share:
            self.net = shared(self.net, share)
            self.descents.take(list(self.net.parameters()), {})
        self.net.load_state_dict(state["net"])
        self.alphas.kept.clear()
        self.alphas.kept.update({slot: one.to(self.alphas.like.device) for slot, one in state["kept"].items()})
        with torch.no_grad():
            for one, before in zip(self.alphas.trained, state["alphas"], strict=True):
                one.copy_(before)
        self.descents.load_state_dict(state["descents"])
        self.feed.load_state_dict(state["waiting"])
        for what, generator in self._generators.items():
            generator.set_state(state["generators"][what])
        self.epochs_done = [Epoch(*one) for one in state["epochs_done"]]
        self._losses, self.made = dict(state["losses"]), state["made"]
        self._chosen, self._stopped = None, ""

    def _card(self) -> Card:
        found = self.epochs_done[-1] if self.epochs_done else None
        facts = {
            "epochs": f"{len(self.epochs_done)} of {self.epochs}",
            "architecture": found.architecture or None if found else None,
            "training loss": None if found is None else f"{found.training_loss:.4f}",
            "validation loss": None
            if found is None or found.validation_loss is None
            else f"{found.validation_loss:.4f}",
            "entropy": None if self.entropy is None else f"{self.entropy:.4f} nats",
            "normalisation": self.method.normalisation,
            "first": self.method.first if self.method.alphas is not None else None,
            "seed": self.seed,
        }
        return Card(f"One-shot search: {self.name} on {self.net.space.name} and {self.data.name}", facts=facts)
