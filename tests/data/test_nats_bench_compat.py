"""The published interface of NATS-Bench over genuine files, against an emulation of its rules and published figures."""

import itertools
import random

import pytest
from compat.plain_nats import Plain

from nasbed.compat.nats_bench import create
from nasbed.tables.nats_import import import_published

INDICES = (0, 11, 284)
DATA = ("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120")
FOLDERS = {"tss": "NATS-tss-v1_0-3ffb9-simple", "sss": "NATS-sss-v1_0-50262-simple"}


@pytest.fixture(scope="module", params=list(FOLDERS))
def space(request):
    return request.param


@pytest.fixture(scope="module")
def folder(space, shared_data):
    return shared_data / "natsbench" / FOLDERS[space]


@pytest.fixture(scope="module")
def plain(folder):
    return Plain(folder)


@pytest.fixture(scope="module")
def table(folder, tmp_path_factory):
    return import_published(folder, tmp_path_factory.mktemp("genuine") / "table.arrow", workers=1)


@pytest.fixture(params=["fast", "table"])
def api(request, space, folder, table):
    given, fast = (str(folder), True) if request.param == "fast" else (table, False)
    return create(given, space, fast_mode=fast, verbose=False)


def answer(ask, *args, **kwargs):
    try:
        return ask(*args, **kwargs)
    except (KeyError, ValueError):
        return "error"


def asked(plain):
    for index, hp, data in itertools.product(INDICES, plain.states[0], DATA):
        last = int(hp) - 1
        for iepoch in [*sorted({0, last // 2, last}), None]:
            yield index, data, iepoch, hp


@pytest.mark.slow_where("-fast")
def test_every_form_of_more_info_is_as_published(api, plain):
    for args, seed in itertools.product(asked(plain), (False, 111, 777, 888, 999)):
        expected = answer(plain.get_more_info, *args, is_random=seed)
        found = answer(api.get_more_info, *args, is_random=seed)
        assert found == expected
        assert found == "error" or list(found) == list(expected)


def test_random_seeds_and_simulated_training_are_as_published(api, plain):
    def all_of(that):
        random.seed(7)
        infos = [answer(that.get_more_info, *args) for args in asked(plain)]
        simulated = [answer(that.simulate_train_eval, *args) for args in asked(plain) if args[1] != "cifar10-valid"]
        return infos, simulated, random.random()

    plain.used_time = 0
    assert all_of(api) == all_of(plain)
    assert api.used_time == plain.used_time > 0


def test_costs_are_as_published(api, plain):
    for index, data, hp in itertools.product(INDICES, DATA, plain.states[0]):
        expected = plain.get_cost_info(index, data, hp)
        found = api.get_cost_info(index, data, hp)
        assert (found, list(found)) == (expected, list(expected))
        assert api.get_latency(index, data, hp) == expected["latency"]


def test_the_best_is_as_published(api, plain):
    for index in INDICES:
        api.get_latency(index, "cifar10")
    every = False if api.fast_mode else None
    splits, limits = ("train", "valid", "test", "x-valid", "ori-test"), ((None, None), (50.0, None), (None, 0.11))
    for data, split, hp, (flops, params) in itertools.product(DATA, splits, plain.states[0], limits):
        expected = answer(plain.find_best, data, split, flops, params, hp)
        assert answer(api.find_best, data, split, flops, params, hp, every) == expected


@pytest.mark.slow_where("-fast")
def test_every_number_of_every_training_is_there(api, plain):
    for index, hp, data in itertools.product(INDICES, plain.states[0], DATA):
        seeds, states = plain.results(index, hp, data)
        trainings = api.query_by_index(index, data, hp)
        assert [training.state_dict() for training in trainings.values()] == states
        assert list(trainings) == seeds
        for state, training in zip(states, trainings.values(), strict=True):
            for split in (*state["eval_names"], "valid"):
                name = "x-valid" if split == "valid" else split
                for iepoch in (0, None):
                    assert answer(training.get_eval, split, iepoch) == answer(plain.evaluation, state, name, iepoch)


@pytest.mark.slow_where("-table", "tss-fast")
def test_configurations_descriptions_and_counts_are_as_published(api, plain, space, capsys):
    for index in INDICES:
        for data in DATA:
            assert api.get_net_config(index, data) == plain.get_net_config(index, data)
        for hp in plain.states[0]:
            expected = plain.described(index, hp, space == "sss", f"arch-index={index}")
            assert api.query_by_arch(plain.archs[index], hp) == expected
    for data, hp in itertools.product(DATA, plain.states[0]):
        assert api.statistics(data, hp) == plain.statistics(data, hp)


def test_architectures_are_in_the_published_order(api, plain):
    assert api.meta_archs == plain.archs
    assert [api.query_index_by_arch(arch) for arch in plain.archs[::777]] == list(range(len(plain.archs)))[::777]


def test_architecture_284_has_the_published_training_accuracies(shared_data):
    """Those of https://github.com/D-X-Y/NATS-Bench/issues/2."""
    api = create(shared_data / "natsbench" / FOLDERS["tss"], "tss", fast_mode=True, verbose=False)
    trainings = api.query_by_index(284, dataname="cifar10", hp=200)
    assert {seed: training.train_acc1es[199] for seed, training in trainings.items()} == {
        777: 94.568,
        888: 94.772,
        999: 94.728,
    }
    assert api.get_more_info(284, "cifar10", hp=200, is_random=777)["train-accuracy"] == 94.568
