"""Initialisation: the network of an architecture with the weights that a seed decides, as a recipe wants them."""

from __future__ import annotations

import torch
from torch import nn

from nasbed.core.records import Archs
from nasbed.core.seeds import derived_seed
from nasbed.nets.blueprint import Blueprint
from nasbed.nets.pretrained import start_from
from nasbed.nets.recipe import Recipe
from nasbed.nets.shards import sharded

_TRUNCATED_STD = 0.87962566103423978
"""The standard deviation of a standard normal truncated at ±2, by which TensorFlow's initialiser divides."""


def initialised(blueprint: Blueprint, row: Archs, recipe: Recipe, seed: int) -> nn.Module:
    """Build the network of an architecture; the same seed gives the same weights, whatever else is built.

    By ``pytorch`` they are those that the network's own layers draw. By ``tensorflow`` those of convolutions are
    truncated normal with variance 1 / fan-in, those of dense layers uniform after Glorot, and biases are zero. What
    ``recipe.pretrained`` has takes their place.
    """
    start = derived_seed("training", seed, "weights")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(start)
        network: nn.Module = blueprint.network(row)
    generator = torch.Generator().manual_seed(start)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0 - recipe.norm_momentum
    if recipe.norm_images:
        network = sharded(network, recipe.norm_images)
    if recipe.initialisation == "tensorflow":
        draw_as_tensorflow(network, generator)
    if recipe.pretrained:
        start_from(network, recipe.pretrained)
    return network


def draw_as_tensorflow(network: nn.Module, generator: torch.Generator | None = None) -> None:
    """Draw the weights of all convolutions and dense layers as TensorFlow does by default, in the order of the layers.

    Args:
        network: What has them, or a layer.
        generator: What they are drawn from; PyTorch's own if None.
    """
    for layer in network.modules():
        _draw_as_tensorflow(layer, generator)


@torch.no_grad()
def _draw_as_tensorflow(layer: nn.Module, generator: torch.Generator | None) -> None:
    if isinstance(layer, nn.Conv2d):
        std = layer.weight[0].numel() ** -0.5 / _TRUNCATED_STD
        nn.init.trunc_normal_(layer.weight, 0.0, std, -2 * std, 2 * std, generator=generator)
    elif isinstance(layer, nn.Linear):
        bound = (6.0 / (layer.in_features + layer.out_features)) ** 0.5
        kernel = torch.empty(layer.in_features, layer.out_features)  # TensorFlow's order
        layer.weight.copy_(kernel.uniform_(-bound, bound, generator=generator).T)
    if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
        layer.bias.zero_()
