"""Pretrained weights: networks start with the tensors that fit them, and plans have the file's checksum."""

import json

import pytest
import torch
from safetensors.torch import save_file

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.factory.settings import training_settings
from nasbed.nets.initialisation import initialised
from nasbed.nets.network_file import load_network, save_network
from nasbed.nets.recipe import Recipe
from nasbed.nets.survey import survey
from nasbed.spaces.nasbench201 import NASBench201

SPACE = NASBench201()
BLUEPRINT, RECIPE = training_settings(SPACE, "digits", {"channels": 4})
ROW = SPACE.enumerate()[9000]


@pytest.fixture(params=["ours.safetensors", "theirs.safetensors", "theirs.pt"])
def saved(request, tmp_path):
    """A file of a network's weights, and the network."""
    path, network = tmp_path / request.param, initialised(BLUEPRINT, ROW, RECIPE, 5)
    if request.param.startswith("ours"):
        save_network(path, network, BLUEPRINT, ROW, RECIPE, {})
    elif path.suffix == ".safetensors":
        save_file(network.state_dict(), path)
    else:
        torch.save({"state_dict": network.state_dict(), "epoch": 3}, path)
    return path, network


def recipe(path):
    return Recipe(**{**RECIPE.to_dict(), "pretrained": str(path)})


def test_names_and_shapes_that_match_are_taken_and_the_rest_is_drawn(saved):
    path, network = saved
    other, _ = training_settings(SPACE, "digits", {"channels": 4, "classes": 20})
    started, drawn = (initialised(other, ROW, how, 1).state_dict() for how in (recipe(path), RECIPE))
    for name, tensor in network.state_dict().items():
        fits = tensor.shape == started[name].shape
        assert torch.equal(started[name], tensor if fits else drawn[name])
    found = survey(BLUEPRINT, recipe(path), "digits", [4])
    assert f"networks start from {path}, of which, for one, " in found["warnings"][-1]
    assert len(found["pretrained"]) == 64


def test_a_network_that_began_from_a_file_opens_without_it(saved, tmp_path):
    path, network = saved
    save_network(tmp_path / "later.safetensors", network, BLUEPRINT, ROW, recipe(path), {})
    path.unlink()
    loaded = load_network(tmp_path / "later.safetensors").state_dict()
    assert all(torch.equal(tensor, loaded[name]) for name, tensor in network.state_dict().items())


def test_a_plan_has_the_files_name_and_not_its_place(tmp_path):
    assert "pretrained" not in RECIPE.to_dict()
    assert json.loads(json.dumps(recipe(tmp_path / "w.pt").to_dict()))["pretrained"] == "w.pt"


def test_files_that_nothing_can_be_taken_from_are_refused(tmp_path):
    with pytest.raises(BadSetting, match="there is no file"):
        initialised(BLUEPRINT, ROW, recipe(tmp_path / "none.pt"), 0)
    save_file({"other": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(BadSetting, match=r"no tensor of .* the first other \(2,\), the network"):
        initialised(BLUEPRINT, ROW, recipe(tmp_path / "other.safetensors"), 0)
    (tmp_path / "text.pt").write_text("no tensors")
    with pytest.raises(CorruptFile, match="is not a file of tensors"):
        initialised(BLUEPRINT, ROW, recipe(tmp_path / "text.pt"), 0)
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(CorruptFile, match="holds no tensors by name"):
        initialised(BLUEPRINT, ROW, recipe(tmp_path / "list.pt"), 0)
