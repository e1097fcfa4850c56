"""Exporting what was trained: a subnet out of a supernet's file, or a network out of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike

from nasbed.core.checked import read_json
from nasbed.core.errors import BadSetting
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.nets.blueprint import blueprint_of
from nasbed.nets.data.source import load
from nasbed.nets.exporting import export, stand_alone
from nasbed.nets.network_file import load_network, network_facts
from nasbed.nets.recipe import Recipe
from nasbed.oneshot.inheriting import Inherited
from nasbed.oneshot.running import FOUND, NET
from nasbed.oneshot.saving import load_supernet
from nasbed.oneshot.told import FORMAT, space_of

_REMEDY = "run the search's command again, which writes it anew"


def export_network(
    source: str | Path,
    out: str | Path,
    architecture: ArrayLike | str | None = None,
    *,
    data: str | None = None,
    calibration: int = 1024,
    space: Space | None = None,
) -> Path:
    """Write a network to a file for other programs, and give its path.

    Args:
        source: A supernet's file, the folder of a one-shot search, or the file of a trained network.
        out: ``NAME.safetensors``, ``NAME.pt`` or ``NAME.onnx``; see ``nasbed.nets.exporting``.
        architecture: Which subnet of a supernet: its row, ``(decisions,)``, or a text that the space reads; what was
            found, if ``source`` is a folder.
        data: The data source by whose training images a subnet's normalisations take their averages; by default that
            of the supernet's training.
        calibration: By how many of them.
        space: The space, where it is one of your own that no file describes.

    Raises:
        BadSetting: When there is no such file, no architecture is named, or the name of ``out`` ends otherwise.
        CorruptFile: When a file is damaged.
        InvalidArchitecture: When it is none of the space.
        MissingExtra: When what writes ONNX is not installed.
    """
    source = Path(source)
    if source.is_dir():
        if not (source / NET).exists():
            raise BadSetting(
                f"{source} has no {NET}: it is no folder of a one-shot search, or the search has not ended"
            )
        if architecture is None:
            architecture = read_json(source / FOUND, "what a one-shot search found", _REMEDY)["row"]
        source = source / NET
    if not source.exists():
        raise BadSetting(f"there is no file {source}")
    facts = network_facts(source)
    if facts.get("format") == FORMAT:
        if architecture is None:
            raise BadSetting(f"{source} holds a supernet: say which architecture of it is exported")
        return _subnet(source, Path(out), architecture, data, calibration, space or space_of(facts))
    if architecture is not None:
        raise BadSetting(f"{source} holds one network, {facts.get('architecture')}: leave the architecture out")
    network = load_network(source, space=space)
    if space is None:
        settings = dict(facts["space"])
        space = spaces.make(settings.pop("name"), settings)
    row, recipe = np.array(facts["row"], np.int8), Recipe(**{**facts["recipe"], "pretrained": ""})
    return export(out, network, blueprint_of(space, **facts["skeleton"]), row, recipe, {"exported_from": source.name})


def _subnet(
    source: Path, out: Path, architecture: ArrayLike | str, data: str | None, calibration: int, space: Space
) -> Path:
    net, facts = load_supernet(source, space=space)
    row = space.parse(architecture) if isinstance(architecture, str) else np.asarray(architecture, np.int8)
    row = space.canonical(space.checked(row[None]))[0]
    judge = Inherited(net, load(data or facts["data"]), "recalibrated", calibration=calibration)
    with torch.no_grad():
        network = stand_alone(net.blueprint, row, judge.recalibrated(row))
    about = {"supernet": {name: facts[name] for name in ("method", "seed", "epoch", "data") if name in facts}}
    return export(out, network, net.blueprint, row, Recipe(), about)
