"""Methods: a one-shot search as a row of data: what samples, who descends when and how, what is derived.

Which words a field may have, ``nasbed.oneshot.sampling`` says.

References: DARTS, Liu et al., ICLR 2019, https://arxiv.org/abs/1806.09055, and ``cnn/train_search.py`` in
https://github.com/quark0/darts; GDAS, Dong and Yang, CVPR 2019, https://arxiv.org/abs/1910.04465, and
``exps/algos/GDAS.py`` in https://github.com/D-X-Y/AutoDL-Projects; DrNAS, Chen et al., ICLR 2021,
https://arxiv.org/abs/2006.10355; β-DARTS, Ye et al., CVPR 2022, https://arxiv.org/abs/2203.01665; RSPS, Li and
Talwalkar, UAI 2019, https://arxiv.org/abs/1902.07638, and ``exps/algos/RANDOM-NAS.py`` in AutoDL-Projects; SPOS, Guo et
al., ECCV 2020, https://arxiv.org/abs/1904.00420; PC-DARTS, Xu et al., ICLR 2020, https://arxiv.org/abs/1907.05737, and
``train_search.py`` in https://github.com/yuhuixu1993/PC-DARTS; SNAS, Xie et al., ICLR 2019,
https://arxiv.org/abs/1812.09926; FairNAS, Chu et al., ICCV 2021, https://arxiv.org/abs/1907.01845; GAEA, Li et al.,
ICLR 2021, https://arxiv.org/abs/2004.07802; SmoothDARTS, Chen and Hsieh, ICML 2020, https://arxiv.org/abs/2002.05283;
DARTS−, Chu et al., ICLR 2021, https://arxiv.org/abs/2009.01027; FairDARTS, Chu et al., ECCV 2020,
https://arxiv.org/abs/1911.12126; DARTS-PT, Wang et al., ICLR 2021, https://arxiv.org/abs/2108.04392
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, NamedTuple

from nasbed.core.errors import UnknownName
from nasbed.core.meaning import Configured

Normalisation = Literal["batch", "tracked", "recalibrated"]
"""What normalisations read when an architecture is judged by inherited weights; see ``nasbed.oneshot.inheriting``."""


@dataclass(frozen=True)
class Descent(Configured):
    """How some parameters descend.

    Attributes:
        kind: ``sgd`` or ``adam``, as PyTorch has them; or ``exponentiated``, for numbers that sum up to 1: each is
            multiplied by ``exp(−rate · gradient)``, and the sum made 1 again.
        rate: The learning rate at the start.
        end: The rate at the end, to which it falls along half a cosine, epoch by epoch; None where it stays.
        momentum: How much of the last update stays, of ``sgd``.
        nesterov: Whether ``sgd`` looks ahead along its momentum.
        betas: How much of the averages stays, of ``adam``.
        decay: Weight of ``½‖w‖²`` in the loss.
        clip: The greatest norm of the gradient of all of them, to which a longer one is scaled; None for any.
    """

    kind: Literal["sgd", "adam", "exponentiated"]
    rate: float
    end: float | None = None
    momentum: float = 0.0
    nesterov: bool = False
    betas: tuple[float, float] = (0.9, 0.999)
    decay: float = 0.0
    clip: float | None = None


@dataclass(frozen=True)
class Choice(Configured):
    """How an architecture is chosen in the end.

    Attributes:
        kind: The ``strongest`` values of the architecture parameters; or, by the weights that an architecture inherits,
            ``best-of`` some random ones or the best of an ``evolution``; or the values whose absence hurts validation
            most, decision by decision, ``perturbation``.
        candidates: How many ``best-of`` judges.
        images: By how many validation images each is judged; 0 for all.
        population: Of ``evolution``.
        rounds: How often it judges a population.
        top: Of how many, the best so far, children are made.
        mutation: How likely each decision of a child that is mutated is drawn anew.
        calibration: By how many training images normalisations are recalibrated, where they are.
        tuning: For how many epochs weights descend between two decisions of ``perturbation``, at a tenth of their rate.
        nothing: Whether the ``strongest`` value may be one that passes nothing on.
    """

    kind: Literal["strongest", "best-of", "evolution", "perturbation"] = "strongest"
    candidates: int = 100
    images: int = 0
    population: int = 50
    rounds: int = 20
    top: int = 10
    mutation: float = 0.1
    calibration: int = 1024
    tuning: int = 10
    nothing: bool = True


class Stage(NamedTuple):
    """A part of a search; stages take epochs alike.

    Attributes:
        share: Options on edges read one channel in so many; see ``Supernet``.
        kept: How many values of each decision are left, those of the largest parameters; 0 for all.
    """

    share: int = 1
    kept: int = 0


@dataclass(frozen=True)
class Method(Configured):
    """A one-shot search as a row of data. The order of descents and what normalisations read are part of it.

    Attributes:
        sampler: What makes coefficients of architecture parameters: ``softmax``; ``gumbel``, one-hot vectors that have
            the gradient of a relaxed sample, or ``relaxed``, these samples; ``dirichlet``, samples that have their
            implicit gradient; ``simplex``, the parameters themselves; ``sigmoid``; or ``helped``, a softmax with
            further skips. Without parameters, ``uniform`` draws an architecture, ``living`` one in which something
            reaches each node, ``fair`` as many as there are values, each once, ``sandwich`` the largest, the smallest
            and two between. Or a function of your own; see ``nasbed.oneshot.sampling``.
        weights: How the supernet's weights descend, on training images.
        alphas: How architecture parameters descend, on validation images; None for a method that has none.
        first: Which of the two descends first in a step.
        batch: Images of each kind a step.
        epochs: How often all training images are seen, where a search does not say.
        unrolled: Whether architecture parameters descend through a step of the weights, of second order: with the
            ``exact`` product or the published ``difference``; empty for first order.
        of_weights: What samples where weights descend, if that is another: ``perturbed``, a softmax and noise.
        temperature: Of the sampler, at the first and at the last epoch; in between on a line.
        strength: Of what a sampler adds: the noise of ``perturbed``, the skips of ``helped``; likewise.
        distilled: Whether, of the paths of a step, all but the first learn what that gives in place of labels.
        carried: Whether coefficients that are 0 are carried through the supernet; see ``Supernet.forward``.
        none: Whether edges into nodes whose inputs are chosen may be nothing during the search, though no architecture
            has that.
        weighs_edges: Whether edges into a node have parameters of their own, whose softmax scales all that they bring.
        stages: What the supernet is in parts of the search: from one to the next it has fewer options and wider ones.
        frozen: The part of each stage in whose epochs architecture parameters rest.
        scale: What makes chances of parameters: their ``softmax``; or each is one, ``simplex``, where they begin even;
            or each by itself, ``sigmoid``.
        penalty: What is added to the loss of architecture parameters: ``logsumexp``, ``divergence`` from an even
            Dirichlet distribution, ``certainty``, or nothing.
        penalty_weights: Its weight at the first and at the last epoch; in between on a line.
        choice: How an architecture is chosen in the end.
        normalisation: What normalisations read when an architecture is judged by inherited weights: the ``batch``, or
            averages, which are ``tracked`` in the supernet's training or ``recalibrated`` for each architecture. In
            training they read the batch.
        source: Where the settings are from.
    """

    sampler: str | Callable[..., Any]
    weights: Descent
    alphas: Descent | None
    first: Literal["alphas", "weights"]
    batch: int = 64
    epochs: int = 50
    unrolled: Literal["", "exact", "difference"] = ""
    of_weights: str | Callable[..., Any] = ""
    temperature: tuple[float, float] = (1.0, 1.0)
    strength: tuple[float, float] = (0.0, 0.0)
    distilled: bool = False
    carried: bool = False
    none: bool = True
    weighs_edges: bool = False
    stages: tuple[Stage, ...] = (Stage(),)
    frozen: float = 0.0
    scale: Literal["softmax", "simplex", "sigmoid"] = "softmax"
    penalty: Literal["", "logsumexp", "divergence", "certainty"] = ""
    penalty_weights: tuple[float, float] = (0.0, 0.0)
    choice: Choice = Choice()
    normalisation: Normalisation = "batch"
    source: str = ""

    def describe(self) -> dict[str, Any]:
        """Return the settings in plain values; a function by its name."""
        told = {
            name: one if isinstance(one, str) else one.__name__
            for name, one in (("sampler", self.sampler), ("of_weights", self.of_weights))
        }
        return {**asdict(self), **told, "stages": [one._asdict() for one in self.stages]}


_ALPHAS = Descent("adam", 3e-4, betas=(0.5, 0.999), decay=1e-3)
_DARTS = Descent("sgd", 0.025, 0.001, momentum=0.9, decay=3e-4, clip=5.0)
_AUTODL = Descent("sgd", 0.025, 0.001, momentum=0.9, nesterov=True, decay=5e-4)

METHODS = {
    "darts": Method(
        "softmax", _DARTS, _ALPHAS, first="alphas",
        source="quark0/darts, cnn/train_search.py: first order",
    ),
    "darts-2nd": Method(
        "softmax", _DARTS, _ALPHAS, first="alphas",
        unrolled="difference", source="quark0/darts, cnn/train_search.py --unrolled",
    ),
    "gdas": Method(
        "gumbel", _AUTODL, _ALPHAS, first="weights", epochs=250, temperature=(10.0, 0.1), carried=True, none=False,
        source="AutoDL-Projects, exps/algos/GDAS.py on NAS-Bench-201",
    ),
    "drnas": Method(
        "dirichlet", _DARTS, _ALPHAS, first="alphas",
        epochs=100, none=False, source="DrNAS on NAS-Bench-201: l2, all channels, without progressive growth",
    ),
    "beta-darts": Method(
        "softmax", _AUTODL, _ALPHAS, first="weights", epochs=100, penalty="logsumexp", penalty_weights=(0.0, 50.0),
        source="β-DARTS on NAS-Bench-201",
    ),
    "pc-darts": Method(
        "softmax", Descent("sgd", 0.1, 0.001, momentum=0.9, decay=3e-4, clip=5.0), replace(_ALPHAS, rate=6e-4),
        first="alphas", batch=256, weighs_edges=True, stages=(Stage(share=4),), frozen=0.3,
        source="PC-DARTS, train_search.py: K = 4, parameters rest for 15 of 50 epochs",
    ),
    "drnas-progressive": Method(
        "dirichlet", _DARTS, _ALPHAS, first="alphas",
        epochs=100, none=False, stages=(Stage(share=4), Stage(share=2, kept=3)), frozen=0.2,
        source="DrNAS on NAS-Bench-201, progressive: l2, K = 4 and 2, parameters rest for 10 of 50 epochs twice",
    ),
    "rsps": Method(
        "living", _AUTODL, None, first="weights", epochs=250, choice=Choice("best-of", images=512),
        source="AutoDL-Projects, exps/algos/RANDOM-NAS.py on NAS-Bench-201",
    ),
    "spos": Method(
        "uniform", _AUTODL, None, first="weights", epochs=250, choice=Choice("evolution"), normalisation="recalibrated",
        source="SPOS; weights descend as those of RSPS",
    ),
    "snas": Method(
        "relaxed", _DARTS, _ALPHAS, first="alphas", epochs=100, temperature=(10.0, 1.0), none=False,
        source="SNAS as in DrNAS's code on NAS-Bench-201: parameters descend on validation images",
    ),
    "fairnas": Method(
        "fair", _AUTODL, None, first="weights", epochs=250, choice=Choice("evolution"), normalisation="recalibrated",
        source="FairNAS's sampling; all else as SPOS",
    ),
    "gaea": Method(
        "simplex", _DARTS, Descent("exponentiated", 0.1), first="alphas", epochs=25, none=False, scale="simplex",
        choice=Choice(nothing=False), source="GAEA on NAS-Bench-201, of two levels; weights descend as those of DARTS",
    ),
    "sdarts-rs": Method(
        "softmax", _DARTS, _ALPHAS, first="alphas", of_weights="perturbed", strength=(0.03, 0.3),
        source="SmoothDARTS with random smoothing",
    ),
    "darts-minus": Method(
        "helped", _DARTS, _ALPHAS, first="alphas", strength=(1.0, 0.0),
        source="DARTS−: the further skips fade on a line; they share the weights of those that are chosen",
    ),
    "fair-darts": Method(
        "sigmoid", _DARTS, _ALPHAS, first="alphas", none=False, scale="sigmoid", penalty="certainty",
        penalty_weights=(1.0, 1.0), source="FairDARTS; its weight of the penalty is 1 here",
    ),
    "darts-pt": Method(
        "softmax", _DARTS, _ALPHAS, first="alphas", choice=Choice("perturbation"),
        source="DARTS, and DARTS-PT's choice",
    ),
    "sandwich": Method(
        "sandwich", _AUTODL, None, first="weights", epochs=100, distilled=True, choice=Choice("evolution"),
        normalisation="recalibrated", source="US-Nets and BigNAS: rule and distillation; weights descend as in RSPS",
    ),
}  # fmt: skip
"""The methods by name, with their published settings."""


def method_of(name: str | Method) -> Method:
    """Return the method of a name, or a method as it is.

    Raises:
        UnknownName: When none has the name.
    """
    if isinstance(name, Method):
        return name
    if name not in METHODS:
        raise UnknownName("one-shot method", name, METHODS)
    return METHODS[name]
