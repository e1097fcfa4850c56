"""Probing: what every network of a pass makes of one fixed batch, forward and backward.

The published sample metrics, at any moment of a training: logits, loss, gradients' norms, and how the images'
activations covary as they pass through the network. It is done in evaluation mode, with running averages, and in
single precision; only what is summed over many numbers is summed in double precision.

Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635, and the published ``build_model_fn``, which looks
at the activations after the stem and each stack; here it is the stem and each module, a stack's last among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasbed.nets.data.source import Data, Part
from nasbed.nets.diagnostics import Diagnostics
from nasbed.nets.network import Network

IMAGES = 100
"""The published number: 10 of each of CIFAR-10's classes. Ying et al., ICML 2019."""


def probe_by_class(data: Data) -> Part:
    """Give the probe batch, all images of the first class first: the published order."""
    batch = probe_batch(data)
    order = batch.labels.argsort(stable=True)
    return Part(batch.images[order], batch.labels[order])


def probed(network: Network, batch: Part, l2: float = 0.0) -> dict[str, Tensor]:
    """Look at a network with a batch of images, and leave it as it was: weights, averages, gradients and mode.

    No random number is drawn. A network with weights that are not finite gives values that are not finite.

    Args:
        network: One, or several repeats side by side.
        batch: Normalised images, and their classes; all of them go through at once.
        l2: Weight of ``½‖w‖²`` over all parameters in the loss.

    Returns:
        The fields of ``Diagnostics`` that are measured, of one moment: float32, on the CPU, with an axis of repeats in
        front.
    """
    parameters = list(network.parameters())
    covariances: list[Tensor] = []

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        covariances.append(covariance(output.detach(), network.repeats))

    with ExitStack() as stack:
        stack.enter_context(torch.enable_grad())
        stack.enter_context(_evaluating(network))
        for layer in layers(network).values():
            stack.callback(layer.register_forward_hook(note).remove)
        images = batch.images.repeat(1, 1, 1, network.repeats).permute(0, 3, 1, 2).requires_grad_()
        logits = network(images)
        losses = F.cross_entropy(logits.flatten(0, 1), batch.labels.repeat(network.repeats), reduction="none")
        losses = losses.view(network.repeats, -1)
        loss = losses.mean(dim=1)  # of each repeat; none depends on what another has
        to_images, *to_parameters = torch.autograd.grad(loss.sum(), [images, *parameters])
    with torch.no_grad():
        slopes = [gradient.add(p, alpha=l2) for gradient, p in zip(to_parameters, parameters, strict=True)]
        parameter_norms = _norms(parameters, network.repeats)
        measured = {
            "logits": logits,
            "image_losses": losses,
            "loss": loss + l2 / 2 * parameter_norms.square().sum(dim=1),
            "input_gradient_norms": _norms(to_images.unbind(), network.repeats),
            "parameter_norms": parameter_norms,
            "gradient_norms": _norms(slopes, network.repeats),
            "covariances": torch.stack(covariances, dim=1),
        }
        return {name: value.detach().to("cpu", torch.float32) for name, value in measured.items()}


def diagnostics_of(
    network: Network, batch: Part, moments: Mapping[str, Mapping[str, Tensor]]
) -> tuple[Diagnostics | None, ...]:
    """Put together what was measured of each repeat; None if nothing was.

    Args:
        network: Which was looked at.
        batch: With which images.
        moments: What ``probed`` gave at each moment, by the moment's name.
    """
    if not moments:
        return (None,) * network.repeats
    names = next(iter(moments.values()))
    together = {name: torch.stack([moment[name] for moment in moments.values()], dim=1).numpy() for name in names}
    return tuple(
        Diagnostics(
            moments=tuple(moments),
            layers=tuple(layers(network)),
            parameters=tuple(name for name, _ in network.named_parameters()),
            labels=batch.labels.cpu().numpy(),
            **{name: values[r] for name, values in together.items()},
        )
        for r in range(network.repeats)
    )


def covariance(activations: Tensor, repeats: int = 1) -> Tensor:
    """Give the covariance of images, each a variable that every feature of it observes: ``numpy.cov`` of its rows.

    A row's own mean is taken off, and the sum of products is divided by the number of features less one.

    Args:
        activations: ``(images, repeats·channels, size, size)``; a feature is a channel at a pixel.
        repeats: How many networks' channels stand behind each other.

    Returns:
        ``(repeats, images, images)``, float64.
    """
    by_feature = activations.permute(0, 2, 3, 1)
    by_repeat = by_feature.view(*by_feature.shape[:3], repeats, -1)
    result = []
    for r in range(repeats):  # one after the other: in double precision they are large
        rows = by_repeat[..., r, :].flatten(1).double()
        rows = rows - rows.mean(dim=1, keepdim=True)
        result.append(rows @ rows.T / (rows.shape[1] - 1))
    return torch.stack(result)


def layers(network: Network) -> dict[str, nn.Module]:
    """Give the stem and the modules of a network, in order, by their names in its state."""
    return {"stem": network.stem, **{f"cells.{n}": cell for n, cell in enumerate(network.cells)}}


def _norms(tensors: Sequence[Tensor], repeats: int) -> Tensor:
    """Give the Euclidean norm of each repeat's share of each tensor, ``(repeats, tensors)``, float64.

    Repeats are the slowest axis of whatever they share.
    """
    return torch.stack(
        [torch.linalg.vector_norm(x.reshape(repeats, -1), dim=1, dtype=torch.float64) for x in tensors], dim=1
    )


@contextmanager
def _evaluating(network: nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode, and at the end back into the mode in which it was."""
    before = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(before)


def probe_batch(data: Data, images: int = IMAGES) -> Part:
    """Give the first validation images of every class, as many of each as there are, normalised, on the data's device.

    They come in turns, one of each class at a time, so that any first few of them are as equal too. A validation part
    with fewer images is given whole.

    Args:
        data: The source.
        images: How many in all.
    """
    part = data.validation
    labels = part.labels.cpu().numpy()
    turn = np.empty(len(labels), np.int64)  # 0 for the first image of its class, 1 for the second, …
    for label in np.unique(labels):
        mine = np.flatnonzero(labels == label)
        turn[mine] = np.arange(len(mine))
    chosen = torch.from_numpy(np.lexsort((labels, turn))[:images]).to(part.labels.device)
    return Part(part.normal(part.images[chosen]), part.labels[chosen])
