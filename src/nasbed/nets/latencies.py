"""Latencies: how long each layer of a space's networks takes here, measured once, and networks as sums of them.

A sum of layers, as the look-up tables of once-for-all and ProxylessNAS are: what joins layers, sums and
concatenations, is not in it. Numbers are read from the file alone, so a search under a limit is the same wherever it is
played again.

Reference: Cai et al., ProxylessNAS, ICLR 2019, https://arxiv.org/abs/1812.00332, section 3.3
"""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nasbed.core.checked import read_json, write_json
from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.printing import Card, Printed
from nasbed.core.records import Archs
from nasbed.nets.blueprint import Blueprint
from nasbed.nets.clock import Clock
from nasbed.nets.making import made
from nasbed.nets.passes import using_threads
from nasbed.nets.plan import PlannedLayer
from nasbed.nets.supernet import Supernet

FORM = "nasbed.latencies.1"
_WARM = 3  # passes that are not counted
_REMEDY = "measure them again: nasbed latency"


@dataclass(frozen=True, eq=False)
class Latencies(Printed):
    """How long layers take.

    Attributes:
        layers: Milliseconds of each, by what it is and where it stands.
        about: Where and how they were measured.
    """

    layers: Mapping[str, float]
    about: Mapping[str, Any]

    @classmethod
    def measured(
        cls,
        blueprint: Blueprint,
        batch: int = 1,
        repeats: int = 20,
        device: str = "cpu",
        threads: int = 1,
        progress: Callable[[float], None] = lambda share: None,
    ) -> Latencies:
        """Measure all layers that stand somewhere in some network of a blueprint: medians, in evaluation.

        Args:
            blueprint: How architectures become networks.
            batch: Images at a time.
            repeats: How often each is measured.
            device: Where.
            threads: How many of the CPU.
            progress: Called with the share done.

        Raises:
            BadSetting: When the space has no supernet, which says which layers there are.
        """
        with torch.random.fork_rng(devices=[]):
            every = {key_of(stand.layer): stand.layer for stand in Supernet(blueprint).standing()}
        found = dict[str, float]()
        with using_threads(threads), torch.no_grad(), torch.random.fork_rng(devices=[]):
            for number, (key, layer) in enumerate(every.items()):
                found[key] = _timed(layer, batch, repeats, torch.device(device), threads)
                progress((number + 1) / len(every))
        about = {
            "space": blueprint.space.name,
            "network": blueprint.settings(),
            "device": device,
            "machine": platform.processor() or platform.machine(),
            "threads": threads,
            "batch": batch,
            "repeats": repeats,
            "torch": str(torch.__version__),
        }
        return cls(found, about)

    def of(self, blueprint: Blueprint, rows: Archs) -> NDArray[np.float64]:
        """Return the milliseconds of each of ``(n, decisions)`` rows' networks, the sum of their layers, ``(n,)``.

        Raises:
            BadSetting: When a layer was not measured.
        """
        written: Any = blueprint.written
        found = np.zeros(len(rows))
        for i, row in enumerate(rows):
            for layer in written.plan(row).layers():
                key = key_of(layer)
                if key not in self.layers:
                    raise BadSetting(
                        f"the layer {layer.op.label} {layer.place} was not measured; these latencies are of "
                        f"{self.about.get('space')} with {self.about.get('network')}: {_REMEDY}"
                    )
                found[i] += self.layers[key]
        return found

    def write(self, path: str | Path) -> Path:
        """Write them to a file, whole or not at all, and give its path."""
        return write_json(Path(path), {"form": FORM, "about": dict(self.about), "layers": dict(self.layers)}, indent=1)

    @classmethod
    def read(cls, path: str | Path) -> Latencies:
        """Read what ``write`` wrote.

        Raises:
            BadSetting: When it cannot be read.
            CorruptFile: When it is damaged or something else.
        """
        found = read_json(Path(path).expanduser(), "a file of latencies", _REMEDY)
        if found.get("form") != FORM:
            raise CorruptFile(f"{path} is not a file of latencies ({FORM}); {_REMEDY}")
        return cls(found["layers"], found["about"])

    def _card(self) -> Card:
        return Card(f"Latencies of {len(self.layers)} layers", facts=dict(self.about))


def key_of(layer: PlannedLayer) -> str:
    """Return what is the same for layers that are alike, as text."""
    maker: Any = layer.op.maker
    name = layer.op.label if maker is None else f"{maker.__module__}:{maker.__qualname__}"
    return json.dumps([name, {key: str(value) for key, value in layer.op.settings.items()}, vars(layer.place)])


def _timed(layer: PlannedLayer, batch: int, repeats: int, device: torch.device, threads: int) -> float:
    """Return the median time of a layer, in milliseconds; on one thread of a CPU that of the processor."""
    module = made(layer.op, layer.place).eval().to(device)
    shape = (batch, layer.place.in_channels, layer.place.image_size, layer.place.image_size)
    images, times = torch.zeros(shape, device=device), list[float]()
    for _ in range(_WARM + repeats):
        clock = Clock(device, threads)
        clock.start()
        module(images)
        clock.stop()
        times.append(clock.seconds)
    return 1000 * statistics.median(times[_WARM:])
