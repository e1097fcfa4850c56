"""Saliency: scores of an untrained network by its weights, their gradients, and what each of them does to the loss.

Reference: Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021, https://arxiv.org/abs/2101.08134
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from nasbed.core.bounds import Positive
from nasbed.core.proxy import Proxy
from nasbed.proxies.borrowing import tracing
from nasbed.proxies.passes import Saliency, gradients, layer_weights, norm, total
from nasbed.proxies.probe import Probe


@dataclass(frozen=True)
class SNIP(Proxy):
    """Σ |w · ∂loss/∂w| over the weights of convolutions and linear layers.

    It needs one batch with labels, in training mode (statistics of the batch). Initialisation and precision are the
    network's own: PyTorch's defaults and float32 in the published code. No sign is turned.

    References: Lee et al., ICLR 2019, https://arxiv.org/abs/1810.02340; as a proxy Abdelfattah et al., ICLR 2021,
    https://arxiv.org/abs/2101.08134, whose ``foresight/pruners/measures/snip.py`` NASLib took over.
    """

    name: ClassVar[str] = "snip"

    def measure(self, probe: Probe) -> float:
        """Go forward and back once."""
        return total(product.abs() for product in probe.passes().products)


@dataclass(frozen=True)
class Fisher(Proxy):
    """Σ m · ½ · mean over images of (Σ over pixels of a · ∂loss/∂a)², over the channels of layers' outputs a.

    The layers are convolutions and linear layers, and a is what they give, before normalisation and rectifier. With m,
    how many weights make the channel, the published code hands a channel's value on to each of its weights before it
    adds up all. The loss is the batch's mean. It needs one batch with labels, in training mode (statistics of the
    batch). Initialisation and precision are the network's own: PyTorch's defaults and float32 in the published code.
    No sign is turned.

    References: Turner et al., "BlockSwap", ICLR 2020, https://arxiv.org/abs/1906.04113, after Theis et al.,
    https://arxiv.org/abs/1801.05787; as a proxy Abdelfattah et al., ICLR 2021, https://arxiv.org/abs/2101.08134,
    whose ``foresight/pruners/measures/fisher.py`` NASLib took over.

    Attributes:
        per: Whether a channel's value is counted for each ``weight`` that makes it, as published, or once a
            ``channel``, m = 1.
    """

    name: ClassVar[str] = "fisher"

    per: Literal["weight", "channel"] = "weight"

    def measure(self, probe: Probe) -> float:
        """Go forward and back once."""
        return total(self._importance(call) for call in probe.passes().saliencies)

    def _importance(self, call: Saliency) -> Tensor:
        """Give the values of one call's channels, ``(channels,)``."""
        shares = call.weight.numel() / call.channels.shape[1] if self.per == "weight" else 1.0
        return call.channels.square().mean(dim=0) * (shares / 2)


@dataclass(frozen=True)
class GradientNorm(Proxy):
    """Σ ‖∂loss/∂w‖₂ over the weights w of convolutions and linear layers.

    The paper speaks of the norm of all gradients; its code, which published values come from, adds up layers' norms.
    It needs one batch with labels, in training mode (statistics of the batch). Initialisation and precision are the
    network's own: PyTorch's defaults and float32 in the published code. No sign is turned.

    Reference: Abdelfattah et al., ICLR 2021, https://arxiv.org/abs/2101.08134, whose
    ``foresight/pruners/measures/grad_norm.py`` NASLib took over.

    Attributes:
        of: Whether the norm is of each of the ``layers``, and these are added up, or of the ``network`` as a whole.
    """

    name: ClassVar[str] = "grad_norm"

    of: Literal["layers", "network"] = "layers"

    def measure(self, probe: Probe) -> float:
        """Go forward and back once."""
        return norm(probe.passes().weight_gradients, self.of)


@dataclass(frozen=True)
class GraSP(Proxy):
    """−Σ w · (H g) over the weights of convolutions and linear layers, with the loss's gradient g and Hessian H there.

    The part of the layers before batch normalisation is the squared norm of their gradient. In the networks of
    NAS-Bench-201 three other layers, the classifier and two 1×1 convolutions, take away nearly as much: the score is
    what remains of two large numbers, and moves more than they do from draw to draw (``docs/scoring.md`` has figures).

    It needs one batch with labels, in training mode (statistics of the batch), and a network that can be differentiated
    twice. Initialisation and precision are the network's own: PyTorch's defaults and float32 in the published code.
    The sign is the proxy's code's, the opposite of the pruning paper's.

    References: Wang et al., ICLR 2020, https://arxiv.org/abs/2002.07376; as a proxy Abdelfattah et al., ICLR 2021,
    https://arxiv.org/abs/2101.08134, whose ``foresight/pruners/measures/grasp.py`` NASLib took over.

    Attributes:
        temperature: What logits are divided by before the loss; 1 in the proxy's code, 200 in the pruning paper's.
    """

    name: ClassVar[str] = "grasp"

    temperature: Positive = 1.0

    def measure(self, probe: Probe) -> float:
        """Go forward once, back, and back through that."""
        passes = probe.passes()
        weights = passes.weights
        with tracing():
            slopes = gradients(passes.loss_at(self.temperature), weights, further=True)
            steepness = sum((slope.detach() * slope).sum() for slope in slopes)
        if not isinstance(steepness, torch.Tensor):
            return 0.0  # there are no weights
        products = gradients(steepness, weights)
        return -total(weight.detach() * product for weight, product in zip(weights, products, strict=True))


@dataclass(frozen=True)
class L2Norm(Proxy):
    """Σ ‖w‖₂ over the weights w of convolutions and linear layers, also of those that lead nowhere.

    It needs no images and no mode. Precision and initialisation are the network's own, and the latter decides
    everything: by PyTorch's defaults a layer's norm is about √(outputs / 3), so the score counts layers by their width.
    No sign is turned.

    Reference: Abdelfattah et al., ICLR 2021, https://arxiv.org/abs/2101.08134, whose
    ``foresight/pruners/measures/l2_norm.py`` NASLib took over.

    Attributes:
        of: Whether the norm is of each of the ``layers``, and these are added up as in the published code, or of the
            ``network`` as a whole.
    """

    name: ClassVar[str] = "l2_norm"
    data: ClassVar[bool] = False
    labels: ClassVar[bool] = False
    backward: ClassVar[bool] = False

    of: Literal["layers", "network"] = "layers"

    def measure(self, probe: Probe) -> float:
        """Read the weights."""
        with probe.borrowed() as network:  # weights may be computed, which may change what they are computed from
            return norm([weight.detach() for weight in layer_weights(network)], self.of)


@dataclass(frozen=True)
class Plain(Proxy):
    """Σ w · ∂loss/∂w over the weights of convolutions and linear layers.

    A layer before batch normalisation has no part in it, as its loss does not depend on how large its weights are. In
    the networks of NAS-Bench-201 three layers are left: the classifier and the two 1×1 convolutions beside residual
    blocks. Their parts have either sign, as weights and labels are drawn, so that one draw says little of an
    architecture: two published runs hardly agree, nor do two of ours (``docs/scoring.md`` has figures).

    It needs one batch with labels, in training mode (statistics of the batch). Initialisation and precision are the
    network's own: PyTorch's defaults and float32 in the published code. The sign is the published one, under which
    better networks of NAS-Bench-201 have lower scores.

    Reference: Abdelfattah et al., ICLR 2021, https://arxiv.org/abs/2101.08134, whose
    ``foresight/pruners/measures/plain.py`` NASLib took over; after Mozer and Smolensky, "Skeletonization", NIPS
    1988.
    """

    name: ClassVar[str] = "plain"

    def measure(self, probe: Probe) -> float:
        """Go forward and back once."""
        return total(probe.passes().products)


@dataclass(frozen=True)
class SynFlow(Proxy):
    """log Σ |w · ∂R/∂w| over the weights of convolutions and linear layers; R is the sum of logits.

    For this, all parameters and buffers are replaced by their absolute values, and the image is one of ones, so no
    image is needed, only the size of one. The network is in training mode, without batch normalisation, in float64.
    The initialisation is the network's own, PyTorch's defaults in the published code. The logarithm is NASLib's; where
    nothing flows at all there is none, and the score is 0 as there, below every network of a published space. No sign
    is turned.

    References: Tanaka et al., NeurIPS 2020, https://arxiv.org/abs/2006.05467; as a proxy Abdelfattah et al., ICLR
    2021, https://arxiv.org/abs/2101.08134, whose ``foresight/pruners/measures/synflow.py`` NASLib took over.

    Attributes:
        log: Whether the logarithm is taken, as by NASLib, or the sum given as it is.
        normalise: Whether batch normalisation stays as it is, the published variant ``synflow_bn``.
    """

    name: ClassVar[str] = "synflow"
    data: ClassVar[bool] = False
    labels: ClassVar[bool] = False

    log: bool = True
    normalise: bool = False

    def measure(self, probe: Probe) -> float:
        """Send one image of ones forward, and go back once."""
        with probe.borrowed(normalise=self.normalise, dtype=torch.float64) as network:
            ones = torch.ones_like(probe.batch(torch.float64)[:1])
            for tensor in [*network.parameters(), *network.buffers()]:
                if tensor.is_floating_point():
                    tensor.data.abs_()
            logits = probe.logits(network(ones))
            weights = layer_weights(network)
            slopes = gradients(logits.sum(), weights)
        flow = total((weight.detach() * slope).abs() for weight, slope in zip(weights, slopes, strict=True))
        return (math.log(flow) if flow > 0 else flow) if self.log else flow
