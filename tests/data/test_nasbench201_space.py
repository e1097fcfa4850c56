"""The spaces of NAS-Bench-201 and NATS-Bench against the published files that index them."""

import bz2
import csv
import json

import numpy as np
import pytest

from nasbed.nets.costs import flops, params
from nasbed.readers.pickles import read_pickle
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.spaces.natssize import NATSSize

FOLDERS = {
    "nasbench201": (NASBench201(), "NATS-tss-v1_0-3ffb9-simple"),
    "natssize": (NATSSize(), "NATS-sss-v1_0-50262-simple"),
}


@pytest.mark.slow_where("natssize")
@pytest.mark.parametrize("name", FOLDERS)
def test_the_official_order_is_that_of_the_published_index(shared_data, name):
    space, folder = FOLDERS[name]
    path = shared_data / "natsbench" / folder / "meta.pickle.pbz2"
    published = list(read_pickle(bz2.decompress(path.read_bytes()), path.name)["meta_archs"])
    rows = np.array([space.parse(text) for text in published])
    np.testing.assert_array_equal(space.index(rows), np.arange(len(published)))
    assert [space.format(row) for row in space.enumerate()] == published


@pytest.mark.slow
def test_the_uid_of_the_info_file_is_the_index(shared_data):
    space = NASBench201()
    with (shared_data / "nasbench201" / "nasbench201_info.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    archs = np.array([space.parse(row["architecture"]) for row in rows])
    assert space.index(archs).tolist() == [int(row["uid"]) for row in rows]


@pytest.mark.parametrize(("data", "classes", "pixels"), [("cifar10", 10, 32), ("cifar100", 100, 32)])
def test_naslib_tuples_name_the_networks_whose_costs_are_published(shared_data, data, classes, pixels):
    space = NASBench201()
    published = json.loads((shared_data / "proxies" / "zc_nasbench201.json").read_text())[data]
    archs = np.array([space.parse(text) for text in published])
    for proxy, counted in (
        ("params", params(space, archs, classes=classes, image_size=pixels)),
        ("flops", flops(space, archs, counting="naslib", classes=classes, image_size=pixels)),
    ):
        scores = [scored[proxy]["score"] for scored in published.values()]
        np.testing.assert_allclose(counted / 1e6, scores, rtol=1e-9)


@pytest.mark.slow
def test_the_rows_of_the_hardware_files_follow_the_index(shared_data):
    space = NASBench201()
    for path in sorted((shared_data / "hardware").glob("hw_*.csv")):
        with path.open(newline="") as file:
            rows = [space.parse(row["net"]) for row in csv.DictReader(file)]
        np.testing.assert_array_equal(space.index(np.array(rows)), np.arange(15625))
