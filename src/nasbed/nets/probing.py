"""Probing: what a network makes of one fixed batch, forward and backward.

The published sample metrics, at any moment of a training: logits, loss, gradients' norms, and how the images'
activations covary as they pass through the network. It is done in evaluation mode, with running averages, and in
single precision; only what is summed over many numbers is summed in double precision.

Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635, and the published ``build_model_fn``, which looks
at the activations after the stem and each stack; here it is the stem and each block, a stack's last among them.
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

IMAGES = 100
"""The published number: 10 of each of CIFAR-10's classes. Ying et al., ICML 2019."""


def probe_by_class(data: Data) -> Part:
    """Give the probe batch, all images of the first class first: the published order."""
    batch = probe_batch(data)
    order = batch.labels.argsort(stable=True)
    return Part(batch.images[order], batch.labels[order])


def probed(network: nn.Module, batch: Part, l2: float = 0.0) -> dict[str, Tensor]:
    """Look at a network with a batch of images, and leave it as it was: weights, averages, gradients and mode.

    No random number is drawn. A network with weights that are not finite gives values that are not finite.

    Args:
        network: The network.
        batch: Normalised images, and their classes; all of them go through at once.
        l2: Weight of ``½‖w‖²`` over all parameters in the loss.

    Returns:
        The fields of ``Diagnostics`` that are measured, of one moment: float32, on the CPU.
    """
    parameters = list(trained(network).values())
    covariances: list[Tensor] = []

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        covariances.append(covariance(output.detach()))

    with ExitStack() as stack:
        stack.enter_context(torch.enable_grad())
        stack.enter_context(_evaluating(network))
        for layer in layers(network).values():
            stack.callback(layer.register_forward_hook(note).remove)
        images = batch.images.permute(0, 3, 1, 2).requires_grad_()
        logits = network(images)
        losses = F.cross_entropy(logits, batch.labels, reduction="none")
        loss = losses.mean()
        to_images, *to_parameters = torch.autograd.grad(loss, [images, *parameters], materialize_grads=True)
    with torch.no_grad():
        slopes = [gradient.add(p, alpha=l2) for gradient, p in zip(to_parameters, parameters, strict=True)]
        parameter_norms = _norms(parameters)
        measured = {
            "logits": logits,
            "image_losses": losses,
            "loss": loss + l2 / 2 * parameter_norms.square().sum(),
            "input_gradient_norms": _norms(to_images.unbind()),
            "parameter_norms": parameter_norms,
            "gradient_norms": _norms(slopes),
            "covariances": torch.stack(covariances),
        }
        return {name: value.detach().to("cpu", torch.float32) for name, value in measured.items()}


def diagnostics_of(
    network: nn.Module, batch: Part, moments: Mapping[str, Mapping[str, Tensor]], place: int
) -> Diagnostics | None:
    """Put together what was measured of one network; None if nothing was.

    Args:
        network: The network, or another of its architecture.
        batch: With which images it was looked at.
        moments: What ``probed`` gave at each moment, by the moment's name, of several networks, ``(networks, …)``.
        place: Which of them.
    """
    if not moments:
        return None
    names = next(iter(moments.values()))
    return Diagnostics(
        moments=tuple(moments),
        layers=tuple(layers(network)),
        parameters=tuple(trained(network)),
        labels=batch.labels.cpu().numpy(),
        **{name: torch.stack([moment[name][place] for moment in moments.values()]).numpy() for name in names},
    )


def covariance(activations: Tensor) -> Tensor:
    """Give the covariance of images, each a variable that every feature of it observes: ``numpy.cov`` of its rows.

    A row's own mean is taken off, and the sum of products is divided by the number of features less one.

    Args:
        activations: ``(images, …)``; a feature is a channel at a pixel.

    Returns:
        ``(images, images)``, float64.
    """
    rows = activations.flatten(1).double()
    rows = rows - rows.mean(dim=1, keepdim=True)
    return rows @ rows.T / (rows.shape[1] - 1)


def layers(network: nn.Module) -> dict[str, nn.Module]:
    """Give the stem and the blocks of a network, in order, by their names in its state: what has weights, not heads."""
    blocks: dict[str, nn.Module] = {}
    for name, child in network.named_children():
        inside = child.named_children() if isinstance(child, nn.ModuleList) else ()
        blocks |= {f"{name}.{number}": block for number, block in inside} or {name: child}
    return {
        name: block
        for name, block in blocks.items()
        if not isinstance(block, nn.Linear) and next(block.parameters(), None) is not None
    }


def trained(network: nn.Module) -> dict[str, nn.Parameter]:
    """Give the parameters of a network that are trained, in order, by their names in its state."""
    return {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}


def _norms(tensors: Sequence[Tensor]) -> Tensor:
    """Give the Euclidean norm of each tensor, ``(tensors,)``, float64."""
    return torch.stack([torch.linalg.vector_norm(x, dtype=torch.float64) for x in tensors])


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
