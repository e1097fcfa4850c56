"""The other published scripts: graphs, long trainings, TFRecords, and the settings that they share."""

import json
from unittest import mock

import pytest

from nasbed.compat.nasbench.lib import config
from nasbed.compat.nasbench.scripts import augment_model, flags, generate_cifar10_tfrecords, generate_graphs
from nasbed.compat.nasbench.scripts import run_evaluation as run_evaluation  # which defines flags, too
from nasbed.core.errors import BadSetting
from nasbed.nets.data.cifar_records import SAMPLE, TEST_RECORDS, TRAIN_RECORDS

FILES = {
    "train_data_files": list(TRAIN_RECORDS[:4]),
    "valid_data_file": TRAIN_RECORDS[4],
    "test_data_file": TEST_RECORDS,
}


@pytest.fixture(autouse=True)
def _flags_as_they_were():
    before = dict(vars(config.FLAGS))
    yield
    vars(config.FLAGS).clear()
    vars(config.FLAGS).update(before)


def test_the_graphs_are_the_published_ones(tmp_path, shared_data):
    generate_graphs.main(["--max_vertices=5", f"--output_file={tmp_path / 'graphs.json'}"])
    published = shared_data / "nasbench101" / "generated_graphs_5V9E.json"
    assert json.loads((tmp_path / "graphs.json").read_text()) == json.loads(published.read_text())


def test_fewer_operations_make_fewer_graphs(tmp_path):
    generate_graphs.main(["--max_vertices", "3", "--num_ops", "1", "--output_file", str(tmp_path / "graphs.json")])
    assert len(json.loads((tmp_path / "graphs.json").read_text())) == 3


@pytest.mark.parametrize(
    ("create", "ops", "skeleton"),
    [
        ("resnet20", ["conv3x3-bn-relu"] * 2, (3, 3, 16)),
        ("resnet50", ["bottleneck3x3"], (3, 6, 128)),
        (
            "inception_resnet",
            ["conv1x1-bn-relu", "conv3x3-bn-relu", "conv3x3-bn-relu", "conv3x3-bn-relu", "maxpool3x3"],
            (3, 3, 128),
        ),
        (
            "best_nasbench",
            ["conv1x1-bn-relu", "conv3x3-bn-relu", "maxpool3x3", "conv3x3-bn-relu", "conv3x3-bn-relu"],
            (3, 3, 128),
        ),
    ],
)
def test_a_created_module_comes_with_its_skeleton(create, ops, skeleton):
    settings = dict.fromkeys(("num_stacks", "num_modules_per_stack", "stem_filter_size"), 1)
    spec = getattr(augment_model, f"create_{create}_spec")(settings)
    assert spec.original_ops == ["input", *ops, "output"]
    assert tuple(settings.values()) == skeleton


def test_a_long_training_is_the_published_one(tmp_path, capsys):
    with mock.patch.object(augment_model, "evaluate") as evaluate:
        evaluate.augment_and_evaluate.return_value = {"test_accuracy": 0.5}
        augment_model.main([f"--model_dir={tmp_path}", "--batch_size=64"])
    _, settings, folder = evaluate.augment_and_evaluate.call_args.args
    assert (folder, settings["batch_size"], settings["train_epochs"]) == (str(tmp_path), 64, 200)
    assert settings["lr_decay_method"] == "STEPWISE"
    assert capsys.readouterr().out == "{'test_accuracy': 0.5}\n"


def test_images_that_are_not_official_are_not_written_as_if_they_were(tmp_path):
    with pytest.raises(BadSetting, match="has no CIFAR-10"):
        generate_cifar10_tfrecords.main(str(tmp_path))


def test_what_the_published_generator_wrote_is_what_is_trained_on():
    given = {
        name: [f"/data/{file}" for file in files] if isinstance(files, list) else f"/data/{files}"
        for name, files in FILES.items()
    }
    for sample in ("", f"/data/{SAMPLE}"):
        assert config.data_source({**config.build_config(), **given, "sample_data_file": sample}) == "cifar10:/data"
    for changes in ({"test_data_file": "/elsewhere/test.tfrecords"}, {"valid_data_file": ""}):
        with pytest.raises(BadSetting, match=r"are read if they are train_1\.tfrecords, "):
            config.data_source({**config.build_config(), **given, **changes})


def test_scripts_add_nothing_to_the_settings():
    assert set(config.build_config()) == {*config.PUBLISHED, "data_source", "device", "made_with"}
    assert config.build_config()["data_source"] == "cifar10"


def test_a_command_line_sets_what_it_names_and_nothing_else():
    flags.read("", {"worker_id": 0, **flags.SETTINGS}, ["--worker_id=3", "--available_ops=a,b", "--use_tpu=false"])
    assert flags.flag("worker_id") == 3
    assert {**config.build_config(), "available_ops": ["a", "b"], "use_tpu": False} == flags.config()
    assert flags.config()["data_source"] == "cifar10"
    flags.read("", flags.SETTINGS, ["--data_source", "digits"])
    assert config.build_config()["data_source"] == "digits"
