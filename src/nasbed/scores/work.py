"""The work of a scoring campaign, which workers do: look at the data, then score one untrained network at a time.

What a score comes to follows from the settings, the seed and the architecture's unit alone. The batch follows from the
seed, so that all networks see the same images; weights, and what a proxy draws, follow from the seed and the unit.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import numpy as np

from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.registry import proxies as registered
from nasbed.core.seeds import derived_seed
from nasbed.core.space import Space
from nasbed.core.spelling import spelled
from nasbed.nets.survey import check_device
from nasbed.scores.scores import to_json


def survey(proxies: Mapping[str, Sequence[Any]], data: str, batch: int, seed: int, device: str) -> dict[str, Any]:
    """See that networks can be scored here, and give versions and data in plain values.

    Raises:
        MissingExtra: When PyTorch is not installed.
        UnknownName: When no data source has the name.
        BadSetting: When a proxy has not such a setting, the data have too few images for a batch, or PyTorch has no
            such device.
    """
    torch = require("torch", "torch")
    made = [registered.make(name, settings).label for name, settings in proxies.values()]
    if len(set(made)) < len(made):
        raise BadSetting(f"a proxy is asked for twice: {', '.join(made)}")
    images, _, facts = _batch(data, batch, seed)
    check_device(device)
    return {
        "versions": {"nasbed": version("nasbed"), "torch": str(torch.__version__), "numpy": np.__version__},
        "data_checksum": facts["checksum"],
        "warnings": facts["warnings"],
        "network": {"classes": facts["classes"], "image_size": images.shape[-1], "image_channels": images.shape[1]},
    }


def score_unit(
    space: Space,
    arch: Sequence[int],
    unit: str,
    proxies: Mapping[str, Sequence[Any]],
    network: Mapping[str, Any],
    data: str,
    batch: int,
    seed: int,
    device: str,
) -> dict[str, Any]:
    """Build the network of one architecture and score it.

    Args:
        space: Of which space the architecture is.
        arch: The architecture's row.
        unit: What its random draws follow from, beside the seed.
        proxies: How each is called, with its registered name and settings.
        network: Settings of the network.
        data: A data source, ``name`` or ``name:where``; or ``noise``.
        batch: How many images.
        seed: Of the whole campaign.
        device: Where the network is scored.

    Returns:
        ``scores`` by name, ``seconds`` that scoring took: of the processor on the CPU, of the wall elsewhere.
    """
    import torch

    from nasbed.nets.blueprint import network as build
    from nasbed.proxies.probe import Probe, score

    images, labels, facts = _on(data, batch, seed, device)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derived_seed("scoring", seed, unit, "weights"))
        made = build(space, np.array(arch, np.int8), **network).to(device)
    loss = {name: facts[name] for name in ("loss",) if name in facts}
    probe = Probe(made, images, labels, seed=derived_seed("scoring", seed, unit, "probe"), **loss)
    chosen = {called: registered.make(name, settings) for called, (name, settings) in proxies.items()}
    began = _now(device)
    found = score(probe, list(chosen.values()))
    seconds = _now(device) - began
    return {
        "architecture": list(map(int, arch)),
        "scores": {called: to_json(float(value)) for called, value in zip(chosen, found.values(), strict=True)},
        "seconds": seconds,
    }


def _now(device: str) -> float:
    """Read the processor's clock, which does not see what else the machine does; on a GPU the wall's."""
    import torch

    from nasbed.nets.clock import finish

    finish(torch.device(device))
    return time.process_time() if device == "cpu" else time.perf_counter()


@lru_cache(maxsize=2)
def _on(data: str, batch: int, seed: int, device: str) -> tuple[Any, Any, dict[str, Any]]:
    images, labels, facts = _batch(data, batch, seed)
    return images.to(device), labels.to(device), facts


@lru_cache(maxsize=2)
def _batch(data: str, batch: int, seed: int) -> tuple[Any, Any, dict[str, Any]]:
    """Draw the batch: images ``(batch, channels, size, size)``, labels, and what is to be known of the source."""
    import torch

    generator = torch.Generator().manual_seed(derived_seed("scoring", seed, "batch"))
    if data.partition(":")[0] == "noise":
        return _noise(data, batch, generator)
    from nasbed.nets.data.source import load

    source = load(data)
    part = source.train
    if batch > len(part):
        raise BadSetting(f"{source.name} has {len(part)} images to train on, too few for a batch of {batch}")
    chosen = torch.randperm(len(part), generator=generator)[:batch]
    images = part.normal(part.images[chosen]).permute(0, 3, 1, 2).contiguous()
    facts = {"checksum": source.checksum, "warnings": list(source.warnings), "classes": source.outputs}
    if source.is_regression or source.task.checksum:
        facts["loss"] = source.task.mean_loss
    return images, part.labels[chosen], facts


_NOISE = {"size": 32, "channels": 3, "classes": 10}


def _noise(data: str, batch: int, generator: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Draw images of standard normal pixels; every class has as many, or one fewer."""
    import torch

    from nasbed.nets.data.sources import parsed

    sizes = dict(_NOISE)
    for name, text in parsed(data)[1].items():
        if name not in _NOISE or not text.isdecimal() or not int(text):
            raise BadSetting(f"noise takes {', '.join(f'{n}={v}' for n, v in _NOISE.items())}, not {name}={text}")
        sizes[name] = int(text)
    images = torch.randn(batch, sizes["channels"], sizes["size"], sizes["size"], generator=generator)
    warning = "standard normal noise in the place of images"
    facts = {"checksum": spelled("noise", sizes), "warnings": [warning], "classes": sizes["classes"]}
    return images, torch.arange(batch) % sizes["classes"], facts
