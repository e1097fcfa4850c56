"""Recipe: how a network is trained, as data.

A schedule is the learning rate as a fraction of the base rate, a function of progress, from 0 to 1: the step over all
steps, or the time over the time limit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.core.extras import require
from nasbed.core.meaning import Configured

if TYPE_CHECKING:
    from nasbed.core.records import Archs
    from nasbed.nets.blueprint import Blueprint

STEPS = ((0.833, 1e-4), (0.667, 1e-2), (0.5, 1e-1))
"""Where the published stepwise schedule falls, and to what; the last first."""


def cosine(progress: float) -> float:
    """Fall from 1 to 0 along half a cosine."""
    return 0.5 * (1.0 + math.cos(math.pi * min(max(progress, 0.0), 1.0)))


def stepwise(progress: float) -> float:
    """Fall to a tenth, a hundredth and a ten-thousandth at a half, 0.667 and 0.833.

    The published program falls after a step (``tf.train.piecewise_constant``, the boundaries rounded down), and counts
    200 epochs as 39,062.5 steps: at steps 19,532, 26,055 and 32,540. Here, where a schedule is a function of progress
    whatever the clock, the first and the last of these come one step earlier.
    """
    return next((fraction for start, fraction in STEPS if progress >= start), 1.0)


def constant(progress: float) -> float:
    """Stay at 1."""
    return 1.0


SCHEDULES: dict[str, Callable[[float], float]] = {"cosine": cosine, "stepwise": stepwise, "constant": constant}
"""From a recipe's name to the schedule."""

EPOCHS = "epochs"
"""What ``Recipe.evaluations`` is for learning curves."""

AUTO = "auto"
"""The precision that ``settled`` chooses where networks are trained."""

WORDS = {
    "optimizer": ("rmsprop", "sgd"),
    "schedule": tuple(SCHEDULES),
    "clock": ("step", "epoch", "time"),
    "initialisation": ("tensorflow", "pytorch"),
    "precision": ("float32", "bfloat16", AUTO),
}
"""The fields that are names, and what each may be."""


@dataclass(frozen=True)
class Recipe(Configured):
    """The settings of a training but for its length and its seed; the defaults are those of NAS-Bench-101.

    Attributes:
        batch_size: Images a step.
        optimizer: ``rmsprop``, as TensorFlow writes it, or ``sgd``, as PyTorch writes it.
        learning_rate: Base rate, before the schedule.
        decay: How much of RMSProp's mean square stays at each step.
        momentum: How much of the last update stays at each step.
        nesterov: Whether SGD looks ahead along its momentum.
        epsilon: What RMSProp adds to the mean square, inside the root.
        l2: Weight of ``½‖w‖²`` over all trainable variables in the loss; what PyTorch calls weight decay.
        schedule: ``cosine``, ``stepwise`` or ``constant``.
        clock: What the schedule's progress is read off: ``step``, whole ``epoch`` or ``time``.
        zero_first_step: Whether the first step has rate 0 and only starts batch normalisation's averages.
        initialisation: Whose defaults weights are drawn by, ``tensorflow`` or ``pytorch``.
        norm_momentum: How much of batch normalisation's running averages stays at each step.
        norm_images: Over how many images at a time batch normalisation takes its statistics in training, a part of a
            batch; 0 for the whole batch. The published runs of NAS-Bench-101 took 128 of 256 (``nets.shards``).
        flip: Whether training images are mirrored, left and right, half of the time.
        crop: By how many pixels training images are padded before a crop at a random place brings their size back.
        noise: Standard deviation of the normal noise on training images, in units of normalised pixels.
        cutout: Height and width of a square at a random place of each training image, perhaps beyond its border, whose
            pixels are set to their mean (DeVries and Taylor, 2017, https://arxiv.org/abs/1708.04552); 0 for none.
        clip: The greatest Euclidean norm of a network's gradient, to which a longer one is scaled; 0 for any.
        evaluations: When accuracies are measured, beside the start and the end: after these fractions of the training,
            with commas between, or ``epochs`` for the end of each epoch.
        evaluation_batch: Images a step of evaluation.
        evaluation_images: How many training images, at most, the training accuracy is measured on.
        partial_batches: Whether evaluation takes in a last, partial batch; if not, it is dropped.
        precision: What convolutions and products compute in: ``float32``, ``bfloat16`` by autocast, or ``auto``:
            bfloat16 where the networks gain by it (``settled``); what it came to is noted in its place.
        compile: Whether ``torch.compile`` fuses the network; it rounds differently.
        pretrained: A file of weights, ``FILE.safetensors`` or what ``torch.save`` wrote: networks start with those of
            its tensors that have a name and a shape of theirs. Empty for none.
    """

    batch_size: int = 256
    optimizer: str = "rmsprop"
    learning_rate: float = 0.2
    decay: float = 0.9
    momentum: float = 0.9
    nesterov: bool = False
    epsilon: float = 1.0
    l2: float = 1e-4
    schedule: str = "cosine"
    clock: str = "step"
    zero_first_step: bool = True
    initialisation: str = "tensorflow"
    norm_momentum: float = 0.997
    norm_images: int = 0
    flip: bool = True
    crop: int = 4
    noise: float = 0.0
    cutout: int = 0
    clip: float = 0.0
    evaluations: str = "0.5"
    evaluation_batch: int = 256
    evaluation_images: int = 10_000
    partial_batches: bool = False
    precision: str = "float32"
    compile: bool = False
    pretrained: str = ""

    def __post_init__(self) -> None:
        for name, words in WORDS.items():
            if getattr(self, name) not in words:
                raise UnknownName(name, getattr(self, name), words)
        for name in ("batch_size", "evaluation_batch", "evaluation_images"):
            if getattr(self, name) < 1:
                raise BadSetting(f"a recipe's {name} must be at least 1, not {getattr(self, name)}")
        for name in ("learning_rate", "epsilon", "l2", "crop", "noise", "cutout", "clip"):
            if getattr(self, name) < 0:
                raise BadSetting(f"a recipe's {name} must not be negative; it is {getattr(self, name)}")
        for name in ("decay", "momentum", "norm_momentum"):
            if not 0 <= getattr(self, name) <= 1:
                raise BadSetting(f"a recipe's {name} must be between 0 and 1, not {getattr(self, name)}")
        self.moments(1)
        if self.norm_images < 0 or (self.norm_images and self.batch_size % self.norm_images):
            raise BadSetting(
                f"a recipe's norm_images divide its batch_size into equal parts, or are 0; {self.norm_images} does not "
                f"divide {self.batch_size}"
            )
        if self.nesterov and (self.optimizer != "sgd" or not self.momentum):
            raise BadSetting("a recipe's nesterov belongs to the optimizer 'sgd' with some momentum")

    def moments(self, epochs: int) -> dict[str, Fraction]:
        """Return when accuracies are measured: names, from ``start`` to ``end``, and fractions of so many epochs.

        Raises:
            BadSetting: When ``evaluations`` are neither ``epochs`` nor fractions.
        """
        if self.evaluations == EPOCHS:
            between = {f"epoch {epoch}": Fraction(epoch, epochs) for epoch in range(1, epochs)}
        else:
            try:
                fractions = sorted({Fraction(text.strip()) for text in self.evaluations.split(",") if text.strip()})
            except (ValueError, ZeroDivisionError):
                fractions = [Fraction(0)]
            if not all(0 < fraction < 1 for fraction in fractions):
                raise BadSetting(
                    f"a recipe's evaluations are fractions between 0 and 1 with commas between, such as 0.25,0.5, or "
                    f"{EPOCHS!r}, not {self.evaluations!r}"
                )
            between = {"halfway" if 2 * f == 1 else f"{float(f):g}": f for f in fractions}
        return {"start": Fraction(0), **between, "end": Fraction(1)}

    @property
    def has_curves(self) -> bool:
        """Whether more is measured than the published start, half and end."""
        return self.evaluations != Recipe.evaluations

    def to_dict(self) -> dict[str, Any]:
        """Give the settings as JSON-able values; ``Recipe(**…)`` makes it again.

        What is measured by default is left out, as are normalisation over whole batches, cutout and clipping where
        there is none: stores of version 0.1 do not note them. So are pretrained weights where there are none; of others
        the file's name is given, not its place, and plans have its checksum beside.
        """
        found = asdict(self)
        if not self.has_curves:
            del found["evaluations"]
        for name in ("norm_images", "cutout", "clip"):
            if not found[name]:
                del found[name]
        if not self.pretrained:
            del found["pretrained"]
        else:
            found["pretrained"] = PurePath(self.pretrained).name
        return found


NASBENCH101 = Recipe()
"""The published recipe: CIFAR-10, RMSProp at 0.2, cosine by step. Ying et al., ICML 2019.

It is that of one device. The published runs shared a batch of 256 between two TPU cores, each of which normalised its
128 images by themselves: ``norm_images=128`` does so. It is off, so that what was begun without it goes on. The
gradients of the two cores were averaged, which is the gradient of the whole batch.
"""

NASBENCH101_AUGMENT = replace(NASBENCH101, schedule="stepwise")
"""The recipe by which the published code trains one module for long, 200 epochs, with the validation images, too.

In two of its 39,062 steps the rate is a tenth or a hundredth of the published one: see ``stepwise``.
"""

NASBENCH201 = Recipe(
    optimizer="sgd",
    learning_rate=0.1,
    nesterov=True,
    l2=5e-4,
    clock="epoch",
    zero_first_step=False,
    initialisation="pytorch",
    norm_momentum=0.9,
    partial_batches=True,
)
"""The recipe of NAS-Bench-201: SGD with Nesterov's momentum, cosine by epoch. Dong and Yang, ICLR 2020.

Two things differ from the published procedure: a training batch reaches over the end of an epoch instead of being
partial, and training accuracy is measured on images without augmentation instead of being the epoch's running average.
On ImageNet16-120 the published crop is 2.
"""

DIGITS = Recipe(
    batch_size=25, learning_rate=0.1, l2=1e-4, norm_momentum=0.9, flip=False, crop=1, noise=0.0, evaluation_batch=800
)
"""The recipe of ``digits101``, with the small skeleton of NAS-Bench-101 and the division of ``data.digits``.

Chosen on every fourth of the 91 modules of at most 4 vertices, 3 repeats each, so that 4, 12 and 36 epochs tell
architectures apart: Spearman between the validation accuracies of single repeats 0.72, 0.84 and 0.91; of the shorter
budgets' means to those at 36 epochs 0.69 and 0.94; mean validation accuracy 0.48, 0.79 and 0.89, and at 36 epochs from
0.73 to 0.97. Three stacks and 50 images a class agree no better (0.76, 0.91, 0.88) and cost half as much again; 25
images a class cost a third less and agree better at 36 epochs (0.93) but worse at 4 (0.62). An evaluation batch holds
all of a part, so that none of the few images is left out.
"""

CLUTTERED_DIGITS = replace(
    NASBENCH201,
    batch_size=25,
    clock="step",
    flip=False,
    crop=1,
    evaluations=EPOCHS,
    evaluation_batch=1000,
    evaluation_images=200,
)
"""The recipe of ``digits201``, with the small skeleton of NAS-Bench-201 and the images of ``data.cluttered``."""

DARTS = replace(NASBENCH201, batch_size=96, learning_rate=0.025, nesterov=False, l2=3e-4, cutout=16, clip=5.0)
"""The recipe by which networks of DARTS are evaluated, for 600 epochs. Liu et al., ICLR 2019, and ``cnn/train.py``.

Beside it, their blueprint has ``auxiliary=0.4`` and ``drop_path=0.2``.
"""

RECIPES = {
    "darts": DARTS,
    "nasbench101": NASBENCH101,
    "nasbench101-augment": NASBENCH101_AUGMENT,
    "nasbench201": NASBENCH201,
    "digits": DIGITS,
    "cluttered-digits": CLUTTERED_DIGITS,
}
"""From a published name to the recipe."""

PRODUCT, NORMALISED, POOLED, LAYER = 0.034, 0.76, -3.0, -150_000.0
"""What bfloat16 saves in a step, in nanoseconds, for each product of a convolution, each number that is normalised and
each that is pooled, of each image, and for each layer, whose weights it converts; less a tenth of the time in float32,
to be sure."""

FEW = 8  # channels that a convolution reads: with fewer, as where each reads its own, bfloat16 is several times slower


def settled(recipe: Recipe, blueprint: Blueprint, device: Any, together: int = 1, rows: Archs | None = None) -> Recipe:
    """Return a recipe whose precision is ``float32`` or ``bfloat16``: itself, unless it says ``auto``.

    A rule of shapes, not a clock, so that the same networks on the same kind of machine are trained alike. It was
    measured by the steps of ``benchmarks/training.py`` on a processor with AMX, where bfloat16 makes convolutions of
    many channels three to eight times as fast, normalisations hardly, and pooling and convolutions of single channels
    slower. Elsewhere, on GPUs too, it has not been measured, and ``auto`` is float32.

    Args:
        recipe: How networks are trained.
        blueprint: How architectures become networks.
        device: On what.
        together: How many networks a pass trains; only those that are trained alone gain.
        rows: Which architectures, ``(n, decisions)``; None for some of the space. All of them must gain.
    """
    if recipe.precision != AUTO:
        return recipe
    gains = together == 1 and str(device).partition(":")[0] == "cpu" and has_amx()
    if gains:
        from nasbed.nets.blueprint import some_rows

        some = some_rows(blueprint.space) if rows is None else rows
        gains = bool((saved(blueprint, some, recipe.batch_size) > 0).all())
    return replace(recipe, precision="bfloat16" if gains else "float32")


def saved(blueprint: Blueprint, rows: Archs, batch: int) -> NDArray[np.float64]:
    """Estimate how many nanoseconds of a training step bfloat16 saves on a processor with AMX, ``(n,)``."""
    found = np.zeros(len(rows))
    for number, layer in enumerate(blueprint.layers(rows)):
        times, numbers = np.asarray(layer.times), np.asarray(layer.targets) * layer.pixels
        if layer.kind == "convolution":
            # The first reads an image's colours; it is not what decides.
            slow = (number > 0) & (np.asarray(layer.sources) < FEW) & (times > 0)
            found += np.where(slow, -np.inf, times * (LAYER + batch * PRODUCT * layer.products * layer.pixels))
        elif layer.kind in ("normalisation", "pooling"):
            found += batch * times * numbers * (NORMALISED if layer.kind == "normalisation" else POOLED)
    return found


def has_amx() -> bool:
    """Tell whether PyTorch computes with AMX here: Intel's products of small bfloat16 matrices."""
    torch = require("torch", "torch")
    asked = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return asked is not None and torch.backends.mkldnn.is_available() and bool(asked())
