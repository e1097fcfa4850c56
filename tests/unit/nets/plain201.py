"""The published network of NAS-Bench-201 and of NATS-Bench's size space, written plainly as arithmetic on its weights.

It reads weights by the names that the published files have.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

EDGES = [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2)]
"""Target and source, in the order of the arch string."""


@dataclass
class PlainNetwork:
    """What the papers say, one operation at a time; running averages in ``state`` move in training mode.

    Attributes:
        state: Weights and averages by name.
        operations: Of each edge.
        plan: For each layer between stem and head, its channels, and whether it is a residual block.
    """

    state: dict[str, Tensor]
    operations: list[str]
    plan: list[tuple[int, bool]]
    training: bool = False

    def __call__(self, images: Tensor) -> Tensor:
        x = self.norm(F.conv2d(images, self.state["stem.0.weight"], padding=1), "stem.1")
        for number, (channels, is_block) in enumerate(self.plan):
            x = self.block(x, f"cells.{number}") if is_block else self.cell(x, f"cells.{number}", channels)
        x = torch.relu(self.norm(x, "lastact.0"))
        return x.mean(dim=(2, 3)) @ self.state["classifier.weight"].T + self.state["classifier.bias"]

    def norm(self, x: Tensor, name: str) -> Tensor:
        """Normalise each channel and scale it."""
        mean, variance = self.state[f"{name}.running_mean"], self.state[f"{name}.running_var"]
        if self.training:
            count = x.numel() / x.shape[1]
            batch_mean, batch_variance = x.mean(dim=(0, 2, 3)), x.var(dim=(0, 2, 3), unbiased=False)
            with torch.no_grad():
                mean.mul_(0.9).add_(batch_mean, alpha=0.1)
                variance.mul_(0.9).add_(batch_variance * count / (count - 1), alpha=0.1)
            mean, variance = batch_mean, batch_variance
        scale = self.state[f"{name}.weight"] / torch.sqrt(variance + 1e-5)
        return (x - mean[:, None, None]) * scale[:, None, None] + self.state[f"{name}.bias"][:, None, None]

    def relu_conv_norm(self, x: Tensor, name: str, kernel: int, stride: int = 1) -> Tensor:
        """Rectify, convolve and normalise."""
        x = F.conv2d(torch.relu(x), self.state[f"{name}.op.1.weight"], stride=stride, padding=kernel // 2)
        return self.norm(x, f"{name}.op.2")

    def cell(self, x: Tensor, name: str, channels: int) -> Tensor:
        """Add up at every node, all operations included."""
        nodes = [x]
        for node in (1, 2, 3):
            total = x.new_zeros(len(x), channels, *x.shape[2:])
            for edge, (target, source) in enumerate(EDGES):
                if target == node:
                    total = total + self.operate(
                        nodes[source], f"{name}.layers.{edge}", self.operations[edge], channels
                    )
            nodes.append(total)
        return nodes[3]

    def operate(self, x: Tensor, name: str, operation: str, channels: int) -> Tensor:
        """Apply an operation."""
        if operation == "none":
            return x.new_zeros(len(x), channels, *x.shape[2:])
        if operation.startswith("nor_conv"):
            return self.relu_conv_norm(x, name, int(operation[-1]))
        if operation == "avg_pool_3x3":
            if x.shape[1] != channels:
                x = self.relu_conv_norm(x, f"{name}.preprocess", 1)
            ones = x.new_ones(x.shape[1], 1, 3, 3)
            pixels = F.conv2d(torch.ones_like(x), ones, padding=1, groups=x.shape[1])  # of the window, in the image
            return F.conv2d(x, ones, padding=1, groups=x.shape[1]) / pixels
        if x.shape[1] != channels:
            return self.norm(F.conv2d(x, self.state[f"{name}.conv.weight"]), f"{name}.bn")
        return x

    def block(self, x: Tensor, name: str) -> Tensor:
        """Halve the image two ways and add them."""
        batch, channels, height, width = x.shape
        halved = x.view(batch, channels, height // 2, 2, width // 2, 2).mean(dim=(3, 5))
        main = self.relu_conv_norm(self.relu_conv_norm(x, f"{name}.conv_a", 3, 2), f"{name}.conv_b", 3)
        return main + F.conv2d(halved, self.state[f"{name}.downsample.1.weight"])
