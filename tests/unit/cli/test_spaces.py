"""Commands on spaces other than NAS-Bench-101's."""

import json
import re

import pytest

CELL = "|avg_pool_3x3~0|+|skip_connect~0|none~1|+|none~0|none~1|skip_connect~2|"


@pytest.mark.parametrize(
    ("space", "architectures", "different"), [("nasbench201", "15,625", "6,466"), ("natssize", "32,768", "32,768")]
)
def test_enumerate_counts_architectures_and_classes(nasbed_command, space, architectures, different):
    ran = nasbed_command("enumerate", space)
    assert re.search(rf"architectures +{architectures}", ran.out)
    assert re.search(rf"different by key +{different}", ran.out)


def test_what_is_too_large_to_list_is_counted_and_not_written(nasbed_command, tmp_path):
    ran = nasbed_command("enumerate", "mobile")
    assert (ran.code, "21,758,655,492,572,485,851" in ran.out, "different" in ran.out) == (0, True, False)
    assert nasbed_command("enumerate", "mobile", "--out", tmp_path / "all.json").code == 2


def test_enumerate_writes(nasbed_command, tmp_path):
    ran = nasbed_command("enumerate", "nasbench201", "--out", tmp_path / "cells.json")
    assert "15,625 architectures written" in ran.out
    assert json.loads((tmp_path / "cells.json").read_text())[3] == CELL


@pytest.mark.parametrize("written", [CELL, "3", "(4, 0, 1, 1, 1, 0)"])
def test_show_names_a_cell_however_it_is_written(nasbed_command, written):
    found = nasbed_command("show", written, "--space", "nasbench201", "--json").json
    assert (found["architecture"], found["index"], found["unique string"]) == (CELL, 3, "#+#+#+0")
    assert (found["trainable parameters"], found["flops (natsbench)"], found["flops (naslib)"]) == (
        73306,
        7783050,
        9234112,
    )


def test_show_says_what_has_no_effect(nasbed_command):
    lines = nasbed_command("show", CELL, "--space", "nasbench201").out.splitlines()
    without = [line.split()[1] for line in lines if line.endswith("(no effect)")]
    assert without == ["avg_pool_3x3", "none", "none", "none"]


def test_show_draws_a_cell(nasbed_command, tmp_path):
    svg = tmp_path / "cell.svg"
    assert str(svg) in nasbed_command("show", "8:16:24:32:40", "--space", "natssize", "--svg", svg).out
    assert "reduction-16" in svg.read_text()


def test_info_says_how_networks_train_side_by_side(nasbed_command):
    assert nasbed_command("info", "trained:digits:natssize", "--json").json["benchmark"]["side by side"] == "stacked"
    assert "side by side" not in nasbed_command("info", "digits101", "--json").json["benchmark"]


def test_info_counts_a_space(nasbed_command):
    found = nasbed_command("info", "nasbench201", "--json").json["space"]
    assert (found["architectures"], found["different by key"]) == (15625, 6466)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("enumerate", "nasbench201", "--verify"), "nasbench201 does not have"),
        (("enumerate", "natssize", "--vertices", "4"), "has no setting 'vertices'"),
        (("show", "|none~0|", "--space", "nasbench201"), "0→2 has no operation"),
        (("show", "8:16", "--space", "natssize"), "write 5 channel counts"),
        (("enumerate", "nasbench102"), "Did you mean"),
    ],
)
def test_what_a_space_does_not_have_is_refused_in_a_sentence(nasbed_command, words, why):
    ran = nasbed_command(*words)
    assert ran.code == 2
    assert why in ran.err
