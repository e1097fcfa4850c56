"""Files of PyTorch: read without it, an architecture at a time, with the same result as folders."""

import os
import pickle
import subprocess
import sys
from collections import OrderedDict

import numpy as np
import pytest
from readers.natsbench.states import archs_of, states, write_folder

from nasbed.core.errors import CorruptFile
from nasbed.readers.natsbench.published import open_published

torch = pytest.importorskip("torch")
INDICES = (0, 284, 11)
FORMS = pytest.mark.parametrize("zipped", [True, False], ids=["v1_1", "v1_0"])


def content(indices=INDICES, kind=OrderedDict, **changes):
    archs = archs_of("nasbench201")
    found = {index: states(index) for index in indices}
    results = kind((index, {"full": one["200"], "less": one["12"]}) for index, one in found.items())
    return {
        "meta_archs": archs,
        "total_archs": len(archs),
        "arch2infos": results,
        "evaluated_indexes": set(indices),
    } | changes


def saved(path, value, zipped=True):
    torch.save(value, path, _use_new_zipfile_serialization=zipped)
    return path


def said(published):
    """All that a source says of an architecture, in a form that can be compared."""
    return published.arch, {
        (run.hp, run.data, run.seed): (
            run.epochs,
            run.params,
            run.flops,
            run.latency,
            {name: curve.tolist() for name, curve in run.curves.items()},
            run.evaluations,
            run.other,
        )
        for run in published.runs
    }


@FORMS
@pytest.mark.parametrize("kind", [dict, OrderedDict])
def test_it_says_what_a_folder_says(tmp_path, zipped, kind):
    folder = open_published(write_folder(tmp_path / "folder", {index: states(index) for index in INDICES}))
    file = open_published(saved(tmp_path / "it.pth", content(kind=kind), zipped))
    assert {one.index: said(one) for one in file} == {one.index: said(one) for one in folder}
    assert (file.space, file.name, len(file), tuple(file.archs)) == ("nasbench201", "it.pth", 3, folder.archs)


@FORMS
def test_what_architectures_share_comes_back(tmp_path, zipped):
    value = content()
    first, second = (value["arch2infos"][index]["full"] for index in (0, 284))
    for state in (first, second):
        for run in state["all_results"].values():
            run["weights"] = torch.arange(3.0)
            run["eval_times"] = first["all_results"]["cifar100", 777]["eval_times"]
    value["arch2infos"][11]["less"]["arch_str"] = value["meta_archs"][11]
    found = {one.index: one for one in open_published(saved(tmp_path / "it.pth", value, zipped))}
    runs = {(run.hp, run.data, run.seed): run for run in found[284].runs}
    assert runs["200", "cifar100", 888].evaluations["x-valid", 1]["time"] == 0.75
    assert np.array_equal(runs["200", "cifar100", 888].other["weights"], [0.0, 1.0, 2.0])


def test_parts_are_the_whole_and_can_be_sent_to_other_processes(tmp_path):
    parts = pickle.loads(pickle.dumps(open_published(saved(tmp_path / "it.pth", content())).parts(2)))
    assert [one.index for part in parts for one in part] == list(INDICES)
    assert [len(part) for part in parts] == [2, 1]


def test_more_than_a_thousand_architectures_are_found(tmp_path):
    few = {index: {} for index in range(2_100)}  # Python writes a thousand items at once
    found = open_published(saved(tmp_path / "it.pth", content() | {"arch2infos": few}))
    assert [one.index for one in found] == list(range(2_100))


@pytest.mark.slow
def test_torch_is_not_imported(tmp_path):
    path = saved(tmp_path / "it.pth", content())
    program = f"import sys; from nasbed.readers.natsbench.published import open_published as o; list(o({str(path)!r}))"
    subprocess.run([sys.executable, "-c", f"{program}; assert 'torch' not in sys.modules"], check=True)


class Attack:
    """Asks to make a folder when it is read."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@FORMS
def test_a_file_that_would_run_code_is_refused_and_does_not(tmp_path, zipped):
    value = content()
    value["arch2infos"][284]["less"]["note"] = Attack(tmp_path / "ran")
    with pytest.raises(CorruptFile, match=r"it\.pth wants to call (posix|nt)\.mkdir"):
        list(open_published(saved(tmp_path / "it.pth", value, zipped)))
    assert not (tmp_path / "ran").exists()


@FORMS
def test_a_file_that_is_cut_off_is_refused(tmp_path, zipped):
    path = saved(tmp_path / "it.pth", content(), zipped)
    whole = path.read_bytes()
    for keep in (10, len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:keep])
        with pytest.raises(CorruptFile, match=r"it\.pth"):
            open_published(path)


FOREIGN = {
    "a list": ([1, 2], r"lacks arch2infos and meta_archs"),
    "weights": ({"layer": torch.ones(2)}, r"lacks arch2infos and meta_archs"),
    "no architectures": (content(indices=()), r"has results of \[\]"),
    "an index beyond": (content(arch2infos={15_625: {}}), r"has results of \[15625\]"),
    "a name": (content(arch2infos={"a": {}}), r"has results of \['a'\]"),
    "no recipes": (content(arch2infos={3: {"12": {}}}), "less and full should be"),
    "results of another": (
        content(arch2infos={3: {"less": states(4)["12"]}}),
        "architecture 3, 12 epochs: .*of architecture 4",
    ),
    "a list of others": (content(meta_archs=["a"]), "stand where all architectures of"),
}


@pytest.mark.parametrize(("value", "why"), FOREIGN.values(), ids=FOREIGN.keys())
def test_another_file_of_pytorch_is_refused(tmp_path, value, why):
    with pytest.raises(CorruptFile, match=rf"it\.pth.*{why}"):
        list(open_published(saved(tmp_path / "it.pth", value)))
