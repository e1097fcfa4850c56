"""What a benchmark is called: the table, which of its data sets, and what else of it is not the usual."""

from dataclasses import replace

import pytest
from tables.made_runs import made, table_of

import nasbed
from nasbed.benchmarks.table import TableBenchmark
from nasbed.core.errors import BadSetting
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.reading import read
from nasbed.statistics.selected import selected


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("named")
    return table_of([made(index) for index in (3, 7, 284, 5000)], folder / "toy.arrow")


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "toy:data=cifar10"),
        ({"data": "cifar100"}, "toy:data=cifar100"),
        ({"data": "cifar10-valid"}, "toy:data=cifar10-valid"),
        ({"data": "cifar100", "recipe": 2}, "toy:data=cifar100,recipe=2"),
        ({"data": "cifar100", "hp": 2}, "toy:data=cifar100,recipe=2"),
        ({"data": "cifar100", "hp": "12"}, "toy:data=cifar100"),
        ({"test": "cifar10-valid"}, "toy:data=cifar10,test=cifar10-valid"),
        ({"test": "cifar10"}, "toy:data=cifar10"),
        ({"metric": "accuracy"}, "toy:data=cifar10"),
        ({"called": "nasbench201", "data": "cifar100"}, "nasbench201:data=cifar100"),
        ({"name": "mine", "data": "cifar100", "recipe": 2}, "mine"),
    ],
)
def test_a_name_says_the_data_set_and_what_is_not_usual(table, settings, name):
    assert TableBenchmark(table, **settings).name == name
    assert TableBenchmark(table, **settings).describe()["name"] == name


def test_a_name_is_read_again_where_the_table_lies(table):
    name = TableBenchmark(table, data="cifar100", recipe=2).name
    again = nasbed.benchmark(f"{table.path}:{name.partition(':')[2]}")
    assert again.name == name


def test_one_data_set_need_not_be_named():
    assert nasbed.benchmark("digits101").name == "digits101"
    assert nasbed.benchmark("digits101", name="mine").name == "mine"
    path = nasbed.benchmark("digits101").table.path
    assert nasbed.benchmark(path, recipe=12).name == "digits101:recipe=12"


def test_a_table_of_the_cache_is_called_without_its_checksum(table, tmp_path):
    path = tmp_path / f"nasbench201-{'0a' * 32}.arrow"
    path.write_bytes(table.path.read_bytes())
    assert nasbed.benchmark(path).name == "nasbench201:data=cifar10"


def searched(table, **settings):
    return nasbed.search("random", TableBenchmark(table, **settings), evaluations=3, runs=4)


def test_searches_on_two_data_sets_of_a_table_are_not_compared(table):
    one, other = searched(table, data="cifar10-valid"), searched(table, data="cifar100")
    with pytest.raises(BadSetting, match=r"the same data, not cifar10-valid \(a\) and cifar100 \(b\)"):
        Comparison({"a": one, "b": other})


def test_what_another_name_stands_for_does_not_change_it(table):
    one, other = searched(table, data="cifar10-valid", name="mine"), searched(table, data="cifar100", name="mine")
    with pytest.raises(BadSetting, match="the same data"):
        Comparison({"a": one, "b": other})


def called(comparison, name):
    """The same as if its histories were from before data sets were part of names; None for not even its data."""
    histories = {}
    for label, one in comparison.histories.items():
        about = {**one.info["benchmark"], "name": name or "toy"}
        if name is None:
            del about["data"]
        histories[label] = replace(one, info={**one.info, "benchmark": about})
    return replace(comparison, histories=histories)


@pytest.fixture(scope="module")
def played(table):
    return [
        nasbed.compare(["random", "local"], TableBenchmark(table, data=data), runs=4, evaluations=3, seed=seed)
        for seed, data in enumerate(("cifar10", "cifar100"))
    ]


def test_histories_from_before_data_sets_were_named_are_pooled_by_what_they_say_of_their_data(played, tmp_path):
    old = [called(one, "toy") for one in played]
    assert list(selected(old).blocks) == ["toy:data=cifar10", "toy:data=cifar100"]
    assert list(selected([old[0], played[1]]).blocks) == ["toy:data=cifar10", "toy:data=cifar100"]
    for place, one in enumerate(old):
        for label, history in one.histories.items():
            history.to_parquet(tmp_path / f"{label}{place}.parquet")
    assert list(read([tmp_path])) == ["toy:data=cifar10", "toy:data=cifar100"]


def test_one_data_set_is_not_pooled_with_itself_whatever_it_was_called(played):
    with pytest.raises(BadSetting, match="one benchmark cannot be taken together: toy:data=cifar10, toy:data=cifar10"):
        selected([called(played[0], "toy"), played[0]])


def test_where_histories_do_not_say_of_what_data_they_are_the_refusal_says_how_to_name_them(played):
    nothing = [called(one, None) for one in played]
    with pytest.raises(BadSetting, match=r"toy, toy\. If they are of several that were called alike, name each"):
        selected(nothing)
    for place, one in enumerate(nothing):
        for history in one.histories.values():
            history.info["benchmark"]["name"] = f"toy:data={place}"  # as the refusal says
    assert len(selected(nothing).blocks) == 2


@pytest.mark.slow
def test_data_sets_are_pooled_and_named_in_tables_and_files(table, tmp_path):
    from nasbed.statistics.ranks import average_ranks

    both = [
        nasbed.compare(["random", "local"], TableBenchmark(table, data=data), runs=4, evaluations=3, seed=seed)
        for seed, data in enumerate(("cifar10", "cifar100"))
    ]
    assert [one.benchmark for one in both] == ["toy:data=cifar10", "toy:data=cifar100"]
    assert average_ranks(both).blocks == 8
    both[1].save(tmp_path, ["svg"])
    assert (tmp_path / "summary.md").read_text().startswith("# toy:data=cifar100, 4 runs")
