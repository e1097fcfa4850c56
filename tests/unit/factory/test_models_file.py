"""Models files: the modules of a campaign, listed as the published generator writes them."""

import json

import numpy as np
import pytest
from factory.campaigns import MODULES, SPACE, Trainer, made_up, records

from nasbed.core.errors import BadSetting
from nasbed.factory.listing import write_enumeration
from nasbed.factory.merge import merge
from nasbed.factory.models_file import read_models
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201


def test_what_enumerate_writes_is_read_again(tmp_path):
    space = NASBench101(vertices=5)
    write_enumeration(space, tmp_path / "models.json")
    part = read_models(tmp_path / "models.json", NASBench101())
    assert part.size == space.size
    assert part.names(part.enumerate()) == sorted(space.names(space.enumerate()))


def test_what_the_published_generator_wrote_is_read(shared_data):
    path = shared_data / "nasbench101" / "generated_graphs_5V9E.json"
    part = read_models(path, NASBench101(vertices=5))
    assert part.names(part.enumerate()) == sorted(json.loads(path.read_text()))
    np.testing.assert_array_equal(np.sort(part.whole.index(part.enumerate())), np.arange(2532))


@pytest.fixture
def models(tmp_path):
    """A file of three of the seven modules with at most three vertices, and the hashes in it."""
    write_enumeration(SPACE, tmp_path / "all.json")
    some = dict(list(json.loads((tmp_path / "all.json").read_text()).items())[2:5])
    (tmp_path / "models.json").write_text(json.dumps(some))
    return tmp_path / "models.json", list(some)


def test_a_campaign_trains_what_is_listed_and_nothing_else(models, tmp_path):
    path, names = models
    trainer = Trainer()
    table = made_up(tmp_path / "a.arrow", trainer, space=read_models(path, SPACE))
    assert len(trainer.asked) == 3 * 2 * 3
    assert [table.space.names(table.archs[i : i + 1]) for i in range(3)] == [[name] for name in names]
    assert table.provenance["space"] == {"name": "nasbench101", **SPACE.settings()}
    whole = made_up(tmp_path / "whole.arrow")
    rows = [whole.modules.row_of(name) for name in names]
    for column in ("test_accuracy", "halfway_train_accuracy"):  # a module is the same whatever is listed with it
        np.testing.assert_array_equal(table.column(column).values(), whole.column(column).values()[rows])


def test_another_list_does_not_share_a_store(models, tmp_path):
    path, _ = models
    made_up(tmp_path / "a.arrow", space=read_models(path, SPACE))
    with pytest.raises(BadSetting, match=r"space\.name was"):
        made_up(tmp_path / "a.arrow")
    path.write_text(json.dumps(dict(list(json.loads(path.read_text()).items())[:2])))
    with pytest.raises(BadSetting, match=r"space.rows was"):
        made_up(tmp_path / "a.arrow", space=read_models(path, SPACE))


def test_workers_of_a_listed_campaign_are_merged(models, tmp_path):
    from nasbed.factory.selection import Selection

    space = read_models(models[0], SPACE)
    for worker in range(2):
        made_up(tmp_path / "a.arrow", space=space, selection=Selection(worker=worker, of=2))
    table, left = merge([tmp_path / f"a.worker-{worker}-of-2.sqlite" for worker in range(2)], tmp_path / "a.arrow")
    assert (left, len(table), len(records(tmp_path / "a.sqlite"))) == (0, 3, 18)


def entry(matrix, labels):
    return json.dumps({MODULES[0]: [matrix, labels]})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON of the form {hash: "),
        ("[]", "is not JSON of the form {hash: "),
        ("{}", "or lists nothing"),
        ('{"a": 3}', "'a' has no square matrix with a row a label"),
        (entry([[0, 1], [0]], [-1, -2]), "has no square matrix"),
        (entry([[0, 1], [0, 0]], [-1, 0, -2]), "has no square matrix"),
        (entry([[0, 2], [0, 0]], [-1, -2]), "not of 0 and 1, above the diagonal"),
        (entry([[0, 1], [1, 0]], [-1, -2]), "not of 0 and 1, above the diagonal"),
        (entry([[0, "x"], [0, 0]], [-1, -2]), "cannot be read"),
        (entry([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [-1, 3, -2]), "labels that are not −1, then 0 to 2, then −2"),
        (entry([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [0, 0, -2]), "labels that are not −1"),
        (entry(np.eye(4, k=1, dtype=int).tolist(), [-1, 0, 0, -2]), "has 4 vertices, of which this space takes 3"),
        (entry([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [-1, 0, -2]), "list it under its own hash"),
    ],
)
def test_what_is_no_models_file_is_said(tmp_path, text, said):
    (tmp_path / "models.json").write_text(text)
    with pytest.raises(BadSetting) as error:
        read_models(tmp_path / "models.json", SPACE)
    assert said in str(error.value)


def test_a_file_that_is_not_there_and_a_space_that_has_no_modules_are_refused(tmp_path):
    with pytest.raises(BadSetting, match="cannot be read: No such file"):
        read_models(tmp_path / "nowhere.json", SPACE)
    with pytest.raises(BadSetting, match="lists modules of nasbench101, not architectures of nasbench201"):
        read_models(tmp_path / "nowhere.json", NASBench201())
