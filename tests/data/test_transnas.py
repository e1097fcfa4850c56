"""TransNAS-Bench-101: its files as tables, each task a data set, and its networks against published costs."""

import csv
import json

import numpy as np
import pytest

from nasbed import benchmark, search
from nasbed.core.registry import spaces
from nasbed.landscape.landscape import Landscape
from nasbed.landscape.study import study
from nasbed.nets.costs import flops, params
from nasbed.tables.cache import table_for

TASKS = {"class_scene": "accuracy", "jigsaw": "accuracy", "room_layout": "negative loss"}
OTHERS = {"class_object": "accuracy", "autoencoder": "ssim", "normal": "ssim", "segmentsemantic": "accuracy"}
KINDS = ("micro", "macro")

OUTPUTS = {"class_scene": 63, "class_object": 100, "room_layout": 9}
"""Numbers that NASLib's networks give; those of the other tasks have decoders that we do not build."""


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data / "transnas101"


@pytest.fixture(scope="module", params=KINDS)
def read(request, folder):
    kind = request.param
    lines = list(csv.DictReader((folder / f"transnas101_{kind}.csv").read_text().splitlines()))
    return kind, lines, table_for(folder / f"transnas101_{kind}.csv")


def test_every_row_imports_with_every_number(read):
    kind, lines, table = read
    assert (len(table), table.complete) == ({"micro": 4_096, "macro": 3_256}[kind], True)
    rows = np.stack([table.space.parse(line["arch"]) for line in lines])
    for task in TASKS:
        (measured,) = table.find(data=task)
        np.testing.assert_array_equal(measured.mean(rows), [float(line[task]) for line in lines])


@pytest.mark.slow_where("micro")
@pytest.mark.parametrize("task", TASKS)
def test_every_task_is_searched_and_has_a_landscape(read, task):
    kind, _, table = read
    found = benchmark(f"transnas-{kind}", data=task)
    assert (found.name, found.measure) == (f"transnas-{kind}:data={task}", TASKS[task])
    assert found.table.path == table.path
    history = search("regularized-evolution", found, runs=2, evaluations=30, seed=0)
    assert (found.query(history.best).value <= found.optimum()[0]).all()
    landscape = study(Landscape.of(found))
    assert np.nanmax(landscape.landscape.values) == found.optimum()[0]
    assert task in landscape.sentence()


def test_a_file_of_other_tasks_imports_with_the_same_words(folder, tmp_path):
    """Made-up numbers under the names of the four tasks that are not in the files at hand."""
    lines = csv.DictReader((folder / "transnas101_micro.csv").read_text().splitlines())
    path = tmp_path / "transnas101_micro.csv"
    text = [f'"{line["arch"]}",{40 + i / 1e3},{i / 1e4},{i / 2e4},{90 + i / 1e3}' for i, line in enumerate(lines)]
    path.write_text("\n".join([",".join(["arch", *OTHERS]), *text]))
    table = table_for(path)
    assert table.data == tuple(OTHERS)
    for task, measure in OTHERS.items():
        assert benchmark("transnas-micro", data=task).measure == benchmark(table, data=task).measure == measure
    assert benchmark("transnas-micro").data == "class_scene"  # of the other file, which has it


def test_cells_without_a_path_have_one_result_and_one_key(folder):
    table = table_for(folder / "transnas101_micro.csv")
    rows = table.space.enumerate()
    dead = rows[table.space.representatives == 0]
    assert len(dead) == 169
    assert len(np.unique(table.space.key(dead))) == 1
    for task in TASKS:
        values = table.find(data=task)[0].mean(dead)
        np.testing.assert_allclose(values, values[0], atol=1e-4)
        apart = [text for text, value in zip(table.space.texts(dead), values, strict=True) if value != values[0]]
        published = ["0_00_023", "0_03_011", "0_22_020"] if task == "room_layout" else []
        assert apart == [f"64-41414-{cell}" for cell in published]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("task", OUTPUTS)
def test_networks_have_their_published_parameters_and_operations(shared_data, kind, task):
    path = shared_data / "proxies" / f"zc_transbench101_{kind}.json"
    scored, space = json.loads(path.read_text())[task], spaces.make(f"transnas-{kind}", {})
    rows = np.stack([space.parse(text) for text in scored])
    frame = {"classes": OUTPUTS[task], "image_size": 256}
    for name, counted in {
        "params": params(space, rows, **frame),
        "flops": flops(space, rows, counting="naslib", **frame),
    }.items():
        np.testing.assert_array_equal(counted, [round(1e6 * one[name]["score"]) for one in scored.values()])
