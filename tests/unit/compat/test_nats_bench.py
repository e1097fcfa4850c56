import copy
import itertools
import json
import math
import random
import shutil

import numpy as np
import pytest
from compat import made_nats
from compat.plain_nats import Plain

from nasbed.compat.nats_bench import (
    ArchResults,
    NASBench201API,
    ResultsCount,
    create,
    search_space_info,
    tabled,
    version,
)
from nasbed.compat.nats_bench.result import NotMeasured
from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.tables.nats_import import import_published

DATA = ("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120")
INDICES = (0, 7, 15_000)
SPACES = {"nasbench201": "tss", "natssize": "sss"}


pytestmark = pytest.mark.slow_where("nasbench201-table", "natssize-fast")  # two of four combinations are held quickly


@pytest.fixture(scope="module", params=list(SPACES))
def space(request):
    return request.param


@pytest.fixture(scope="module")
def folder(space, tmp_path_factory):
    return made_nats.folder(tmp_path_factory.mktemp(space) / f"NATS-{SPACES[space]}-v1_0-made-simple", space)


@pytest.fixture(scope="module")
def table(folder, tmp_path_factory):
    return import_published(folder, tmp_path_factory.mktemp("tables") / "made.arrow", workers=1)


@pytest.fixture(scope="module")
def plain(folder):
    return Plain(folder)


@pytest.fixture(params=["fast", "table"])
def api(request, space, folder, table):
    given, fast = (str(folder), True) if request.param == "fast" else (table, False)
    return create(given, SPACES[space], fast_mode=fast, verbose=False)


@pytest.fixture(scope="module")
def topology(tmp_path_factory):
    """A folder of the topology space, whichever space the other fixtures are of."""
    return made_nats.folder(tmp_path_factory.mktemp("tss") / "NATS-tss-v1_0-made-simple")


def epochs_of(plain, index, hp):
    return next(iter(plain.states[index][hp]["all_results"].values()))["epochs"]


def asked(plain):
    """Give every architecture, recipe, data set and some epochs."""
    for index, hp, data in itertools.product(INDICES, plain.states[0], DATA):
        last = epochs_of(plain, index, hp) - 1
        for iepoch in [*sorted({0, 3, last} & set(range(last + 1))), None]:
            yield index, data, iepoch, hp


def answer(ask, *args, **kwargs):
    """Give what a call returns, or the kind of its error."""
    try:
        return ask(*args, **kwargs)
    except (KeyError, ValueError):
        return "error"


@pytest.mark.slow_where("-fast")
def test_every_form_of_more_info_is_as_published(api, plain):
    for args in asked(plain):
        for seed in (False, 111, 777, 888, 999):
            expected = answer(plain.get_more_info, *args, is_random=seed)
            found = answer(api.get_more_info, *args, is_random=seed)
            assert found == expected, (args, seed)
            assert found == "error" or list(found) == list(expected)


def test_random_seeds_are_drawn_as_published(api, plain):
    random.seed(5)
    expected = [answer(plain.get_more_info, *args) for args in asked(plain)]
    after = random.random()
    random.seed(5)
    assert [answer(api.get_more_info, *args) for args in asked(plain)] == expected
    assert random.random() == after


@pytest.mark.parametrize("shift", [0, 1])
def test_rows_are_packed_some_at_a_time(table, plain, space, shift, monkeypatch):
    monkeypatch.setattr(tabled, "_SHIFT", shift)
    monkeypatch.setattr(tabled, "_CHUNK", 1 << shift)
    api = create(table, SPACES[space], verbose=False)
    for index in reversed(INDICES):
        expected = answer(plain.get_more_info, index, "cifar10", is_random=False)
        assert answer(api.get_more_info, index, "cifar10", is_random=False) == expected


def test_numbers_are_pythons_own(api, plain):
    info = api.get_more_info(0, "cifar100", hp=list(plain.states[0])[-1], is_random=False)
    assert {type(value) for value in info.values()} == {float}
    json.dumps(api.get_cost_info(0, "cifar100", hp=list(plain.states[0])[-1]))


def test_simulated_training_is_as_published(api, plain):
    plain.used_time = 0
    calls = [args for args in asked(plain) if args[1] != "cifar10-valid" and args[0] != INDICES[2]]

    def all_of(simulate):
        random.seed(3)
        return [answer(simulate, *args, account_time=i % 3 > 0) for i, args in enumerate(calls)]

    assert all_of(api.simulate_train_eval) == all_of(plain.simulate_train_eval)
    assert api.used_time == plain.used_time > 0
    api.reset_time()
    assert api.used_time == 0


def test_simulated_training_without_times_is_refused(api, plain):
    with pytest.raises(NotMeasured, match="no times"):
        api.simulate_train_eval(INDICES[2], "cifar100")


def test_another_data_set_cannot_be_simulated(api):
    with pytest.raises(ValueError, match="Invalid dataset name : cifar10-valid"):
        api.simulate_train_eval(0, "cifar10-valid")


def test_costs_are_as_published(api, plain):
    for index, data, _, hp in asked(plain):
        expected = answer(plain.get_cost_info, index, data, hp)
        found = answer(api.get_cost_info, index, data, hp)
        assert found == expected
        assert list(found) == list(expected)
        assert answer(api.get_latency, index, data, hp) == expected["latency"]


def test_seed_888_decides_where_seeds_disagree_on_the_network(api, plain):
    assert api.get_cost_info(INDICES[2], "cifar100", "200" if "200" in plain.states[0] else "12")["flops"] == 15.5


@pytest.mark.parametrize("limits", [{}, {"flop_max": 15.5}, {"flop_max": 1.0}, {"param_max": 5.0}, {"FLOP_max": 1.0}])
def test_the_best_is_as_published(api, plain, limits):
    for index in INDICES:
        api.get_more_info(index, "cifar10", hp="12")  # in the fast mode, those that have been read are compared
    every = False if api.fast_mode else None
    there = {name.lower(): value for name, value in limits.items()}
    for hp, data, split in itertools.product(plain.states[0], DATA, ("train", "valid", "test", "x-valid", "ori-test")):
        expected = answer(plain.find_best, data, split, hp=hp, **there)
        assert answer(api.find_best, data, split, hp=hp, enforce_all=every, **limits) == expected, (hp, data, split)


def test_the_first_of_equals_is_the_best(plain, space):
    states = copy.deepcopy(plain.states)
    recipes = [state for some in states.values() for state in some.values()]
    for result in [result for state in recipes for result in state["all_results"].values()]:
        result["train_acc1es"] = dict.fromkeys(result["train_acc1es"], 50.0)
    loaded = {"meta_archs": plain.archs, "arch2infos": states, "evaluated_indexes": set(states)}
    assert create(loaded, SPACES[space], verbose=False).find_best("cifar10", "train") == (INDICES[0], 50.0)


def test_all_are_asked_for_the_best_in_the_fast_mode_alone(api):
    if api.fast_mode:
        with pytest.raises(NotMeasured, match="Did not find 1: NATS-"):
            api.find_best("cifar10", "valid")
    else:
        with pytest.raises(ValueError, match="fast_mode=True"):
            api.find_best("cifar10", "valid", enforce_all=True)


def test_nothing_evaluated_has_no_best(folder, space):
    api = create(str(folder), SPACES[space], fast_mode=True, verbose=False)
    assert api.find_best("cifar10", "valid", enforce_all=False) == (-1, None)


def test_results_of_an_architecture_are_as_published(api, plain):
    for index, hp in itertools.product(INDICES, plain.states[0]):
        results = api.query_by_index(index, hp=hp)
        assert isinstance(results, ArchResults)
        assert results.get_dataset_names() == list(DATA)
        for data in DATA:
            assert results.get_dataset_seeds(data) == plain.states[index][hp]["dataset_seed"][data]
            assert results.get_compute_costs(data) == plain.get_cost_info(index, data, hp)
            for split, iepoch, seed in itertools.product(("train", "x-valid", "x-test"), (None, 3), (False, 777, 888)):
                expected = answer(plain.metrics, index, hp, data, split, iepoch, seed)
                assert answer(results.get_metrics, data, split, iepoch, seed) == expected


def test_metrics_of_a_random_seed_are_drawn_as_published(api, plain):
    results = api.query_meta_info_by_index(0, hp="12")
    random.seed(1)
    expected = [plain.metrics(0, "12", "cifar10-valid", "x-valid", None, True) for _ in range(9)]
    random.seed(1)
    assert [results.get_metrics("cifar10-valid", "valid", is_random=True) for _ in range(9)] == expected


def test_one_training_has_all_that_the_file_has(api, plain):
    for index, hp, data in itertools.product(INDICES, plain.states[0], DATA):
        seeds, states = plain.results(index, hp, data)
        trainings = api.query_by_index(index, data, hp)
        assert list(trainings) == seeds
        for state, training in zip(states, trainings.values(), strict=True):
            assert isinstance(training, ResultsCount)
            assert training.state_dict() == state
            assert training.get_times() == plain.times(state)
            assert training.get_train(0) == plain.train(state, 0)
            assert training.get_eval_set() == state["eval_names"]
            assert training.get_total_epoch() == state["epochs"]


def test_trainings_on_another_data_set_are_both_published_errors(api):
    with pytest.raises(NotMeasured, match="digits"):
        api.query_by_index(0, "digits")
    with pytest.raises(ValueError, match="13"):
        api.query_by_index(0, "cifar10", "13")


def test_trainings_are_copies(api):
    seed = api.query_meta_info_by_index(0).get_dataset_seeds("cifar10")[0]
    results = api.query_meta_info_by_index(0)
    before = api.get_cost_info(0, "cifar10")
    training = results.query("cifar10", seed)
    assert training.get_train()["all_time"] != 2.0 * training.epochs
    assert training.get_eval("ori-test", 2)["all_time"] != 9.0
    results.reset_latency("cifar10", None, 7.0)
    results.reset_pseudo_train_times("cifar10", seed, 2.0)
    results.reset_pseudo_eval_times("cifar10", None, "ori-test", 3.0)
    api.query_by_index(0, "cifar10")[seed].update_latency([9.0])
    assert api.get_cost_info(0, "cifar10") == before
    assert results.get_latency("cifar10") == 7.0
    assert training.get_train()["all_time"] == 2.0 * training.epochs
    assert training.get_eval("ori-test", 2)["all_time"] == 9.0


def test_lines_are_as_published(api, plain, space, capsys):
    size = space == "natssize"
    for index, hp in itertools.product(INDICES[:2], plain.states[0]):
        expected = plain.described(index, hp, size, f"arch-index={index}")
        assert api.query_by_arch(index, hp) == api.query_info_str_by_arch(
            plain.archs[index], int(hp) if hp != "01" else hp
        )
        assert api.query_by_arch(index, hp) == expected
    api.show(7)
    shown = "".join(
        f"{'>' * 40} {epochs_of(plain, 7, hp):03d} epochs {'>' * 40}\n{plain.described(7, hp, size)}\n"
        for hp in plain.states[7]
    )
    assert capsys.readouterr().out == f"{shown}{'<' * 40}------------{'<' * 40}\n"


def test_everything_is_shown(api, capsys):
    for index in INDICES:
        api.get_more_info(index, "cifar10")
    api.show()
    shown = capsys.readouterr().out
    assert "test : [not measured]" in shown
    assert shown.startswith(f"{api}\n\n---------- The (    0/    ")
    assert f"000000-th architecture! ----------\narch : {api[0]}\n" in shown


def test_what_is_not_there_is_said_when_it_is_shown(api, capsys):
    api.show(1)
    api.show(99_999)
    assert capsys.readouterr().out == (
        f"The 1-th architecture has not been evaluated or not saved.\n"
        f"This index (99999) is out of range (0~{len(api)}).\n"
    )  # fmt: skip
    with pytest.warns(UserWarning, match="Find this arch-index : 1, but this arch is not evaluated"):
        assert api.query_by_arch(1, "12") is None


def test_trainings_are_counted(api, plain):
    for index in INDICES:
        api.get_cost_info(index, "cifar10")
    for data, hp in itertools.product(DATA, plain.states[0]):
        assert api.statistics(data, hp) == plain.statistics(data, hp)
    with pytest.raises(ValueError, match="digits not in"):
        api.statistics("digits", "12")


def test_networks_are_configured_as_published(api, plain):
    for index, data in itertools.product(INDICES, DATA):
        assert api.get_net_config(index, data) == plain.get_net_config(index, data)


def test_a_genotype_can_be_turned_into_a_structure(api):
    training = next(iter(api.query_by_index(0, "cifar10").values()))
    assert training.get_config(str.upper)["genotype"] in ("|A~0|", api[0].upper())


def test_architectures_are_found(api, plain):
    class Structure:
        def tostr(self):
            return plain.archs[11]

    assert len(api) == len(plain.archs)
    assert api.meta_archs == plain.archs == list(api)
    assert [api.query_index_by_arch(arch) for arch in (plain.archs[284], 284, np.int64(284))] == [284] * 3
    assert api.query_index_by_arch(Structure()) == 11
    assert api.query_index_by_arch("|none~0|") == api.query_index_by_arch(2.5) == -1
    assert (api.arch(3), api[-1]) == (plain.archs[3], plain.archs[-1])
    assert api.get_more_info(plain.archs[7], "cifar10", is_random=False) == plain.get_more_info(
        7, "cifar10", None, "12", False
    )


@pytest.mark.parametrize("index", [-1, 10**6])
def test_there_is_no_such_index(api, index):
    for ask in (api.query_index_by_arch, api.arch, lambda i: api.get_more_info(i, "cifar10")):
        with pytest.raises(ValueError, match=f"Invalid architecture index {index}"):
            ask(index)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((1, "cifar10"), "Did not find 1"),
        (("none", "cifar10"), "'none' is no architecture of"),
        ((0, "digits"), "digits"),
        ((0, "cifar10", None, "13"), "13"),
        ((0, "cifar10", 10_000), "invalid iepoch=10000"),
        ((0, "cifar10", -1), "invalid iepoch=-1"),
        ((0, "cifar10", None, "12", 5), r"can not find random seed \(5\) from \["),
        ((0, "cifar10", None, "12", None), r"can not find random seed \(None\)"),
    ],
)
def test_what_was_not_measured_is_both_published_errors(api, args, message):
    with pytest.raises(ValueError, match=message) as found:
        api.get_more_info(*args)
    assert isinstance(found.value, KeyError) or "Invalid" in message


def test_a_split_that_was_not_evaluated_is_named_with_those_that_were(topology):
    api = create(topology, "tss", fast_mode=True, verbose=False)
    with pytest.raises(NotMeasured, match="x-test"):
        api.query_by_index(0, "cifar10", "200")[777].get_eval("x-test")


def test_draws_of_architectures_are_as_published(api):
    random.seed(2)
    expected = [random.randint(0, len(api) - 1) for _ in range(20)]
    random.seed(2)
    assert [api.random() for _ in range(20)] == expected


def test_weights_are_refused(api):
    for ask in (
        lambda: api.get_net_param(0, "cifar10", None),
        lambda: api.query_meta_info_by_index(0).get_net_param("cifar10"),
        lambda: next(iter(api.query_by_index(0, "cifar10").values())).get_net_param(),
    ):
        with pytest.raises(NotMeasured, match="no trained weights"):
            ask()
    api.clear_params(0, "12")
    with pytest.warns(UserWarning, match="no need to clear"):
        api.clear_params(1)


def test_settings_say_what_is_open(api, space, folder):
    assert (api.search_space_name, api.is_size) == (("size", True) if space == "natssize" else ("topology", False))
    assert api.full_epochs_in_paper == api.full_train_epochs == {"natssize": 90, "nasbench201": 200}[space]
    fast = api.fast_mode
    assert api.archive_dir == (str(folder) if fast else None)
    assert api.evaluated_indexes == (set() if fast else set(INDICES))
    for index in INDICES[:2]:
        api.get_more_info(index, "cifar10")
    assert api.evaluated_indexes == (set(INDICES[:2]) if fast else set(INDICES))
    assert api.avaliable_hps == (["12", "200"] if space == "nasbench201" else ["01", "12", "90"])
    assert set(api.arch2infos_dict) == api.evaluated_indexes
    assert api.arch2infos_dict[0]["12"].state_dict() == api.query_by_index(0).state_dict()
    assert f"{len(api.evaluated_indexes)}/{len(api)} architectures, fast_mode={fast}" in repr(api)


def test_a_file_is_read_again_from_another_folder(folder, space, tmp_path):
    other = tmp_path / folder.name
    shutil.copytree(folder, other)
    shutil.copy(folder / "000007.pickle.pbz2", tmp_path / "kept")
    changed = made_nats.states(space)[7]
    for state in changed.values():
        for result in state["all_results"].values():
            result["params"] = 77.0
    made_nats.write(other / "000007.pickle.pbz2", changed)
    api = create(folder, SPACES[space], fast_mode=True, verbose=False)
    assert api.get_cost_info(7, "cifar10")["params"] != 77.0
    api.reload(other, 7)
    assert api.get_cost_info(7, "cifar10")["params"] == 77.0
    api.reload(index=7)
    assert api.get_cost_info(7, "cifar10")["params"] != 77.0
    with pytest.raises(ValueError, match="Invalid archive_root"):
        api.reload(tmp_path / "nowhere")


def test_a_table_is_not_reloaded(table, space, folder):
    with pytest.raises(BadSetting, match="a table does not change"):
        create(table, SPACES[space], verbose=False).reload(folder)


def test_a_loaded_file_will_do(folder, space, plain):
    loaded = {
        "meta_archs": plain.archs,
        "arch2infos": copy.deepcopy(plain.states),
        "evaluated_indexes": set(plain.states),
    }
    api = create(loaded, SPACES[space], verbose=False)
    assert api.evaluated_indexes == set(INDICES)
    assert api.get_more_info(7, "cifar100", is_random=False) == plain.get_more_info(7, "cifar100", is_random=False)
    with pytest.raises(ValueError, match=r"Can not find key\[arch2infos\]"):
        create({"meta_archs": []}, SPACES[space], verbose=False)


def test_a_folder_is_imported_the_first_time_with_a_message(folder, space, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("NASBED_HOME", str(tmp_path / "home"))
    first = create(str(folder), SPACES[space])
    assert "is imported, once" in capsys.readouterr().out
    second = create(str(folder), SPACES[space])
    assert "is imported, once" not in capsys.readouterr().out
    assert first.filename == second.filename == folder.name
    assert second.get_cost_info(7, "cifar10") == create(None, SPACES[space], verbose=False).get_cost_info(7, "cifar10")


def test_a_folder_of_something_else_is_refused(space, tmp_path):
    for fast in (True, False):
        with pytest.raises(ValueError, match=str(tmp_path)):
            create(tmp_path, SPACES[space], fast_mode=fast, verbose=False)


def test_nothing_is_printed_when_it_is_not_wanted(folder, space, capsys):
    create(str(folder), SPACES[space], fast_mode=True, verbose=False).get_more_info(0, "cifar10")
    assert not capsys.readouterr().out


def test_published_files_are_looked_for_where_they_were(folder, space, monkeypatch, tmp_path):
    monkeypatch.setenv("NASBED_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(ValueError, match="have been imported, and there is no"):
        create(None, SPACES[space], verbose=False)
    name = {"nasbench201": "NATS-tss-v1_0-3ffb9-simple", "natssize": "NATS-sss-v1_0-50262-simple"}[space]
    shutil.copytree(folder, tmp_path / name)
    api = create(None, SPACES[space], fast_mode=True, verbose=False)
    assert (api.archive_dir, api.filename) == (str(tmp_path / name), None)
    assert create(None, SPACES[space], verbose=False).evaluated_indexes == set(INDICES)


def test_the_other_space_is_refused(folder, table, space):
    other = {"nasbench201": "sss", "natssize": "tss"}[space]
    for given, fast in ((folder, True), (table, False), (table.path, False)):
        with pytest.raises(ValueError, match=f"has architectures of {space}"):
            create(given, other, fast_mode=fast, verbose=False)


def test_there_are_two_spaces(folder):
    with pytest.raises(ValueError, match="invalid search space : nss"):
        create(folder, "nss")
    assert version() == "v1.8"


def test_a_damaged_file_is_named(folder, space, tmp_path):
    other = tmp_path / folder.name
    shutil.copytree(folder, other)
    whole = (other / "000007.pickle.pbz2").read_bytes()
    (other / "000007.pickle.pbz2").write_bytes(whole[: len(whole) // 2])
    api = create(other, SPACES[space], fast_mode=True, verbose=False)
    with pytest.raises(CorruptFile, match=r"000007\.pickle\.pbz2"):
        api.get_more_info(7, "cifar10")


def test_a_state_will_do(plain):
    state = plain.states[7]["12"]
    results = ArchResults.create_from_state_dict(copy.deepcopy(state))
    assert results.state_dict() == state
    with pytest.raises(ValueError, match="the state"):
        ArchResults.create_from_state_dict({"arch_index": 0})


def test_costs_of_what_is_out_of_the_ordinary_are_those_of_its_trainings(api, plain):
    """The third architecture has no times, so that a table's short way is barred."""
    assert api.get_cost_info(INDICES[2], "cifar100")["T-x-valid@epoch"] is None


def test_spaces_have_the_published_choices():
    assert search_space_info("nats-bench", "size") == {"candidates": [8, 16, 24, 32, 40, 48, 56, 64], "num_layers": 5}
    assert search_space_info("nats-bench", "tss") == search_space_info("nas-bench-201", None)
    with pytest.raises(ValueError, match="there is no space"):
        search_space_info("nas-bench-201", "tss")


# ── cells ─────────────────────────────────────────────────────────────────────────────────────────────────────────

CELL = "|nor_conv_1x1~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"


@pytest.fixture(scope="module")
def tss(topology):
    return create(topology, "tss", fast_mode=True, verbose=False)


def test_the_published_cell_is_read_into_lists(tss):
    assert tss.str2lists(CELL) == [
        (("nor_conv_1x1", 0),),
        (("none", 0), ("none", 1)),
        (("none", 0), ("none", 1), ("skip_connect", 2)),
    ]


def test_the_published_cell_is_read_into_the_published_matrix(tss):
    assert tss.str2matrix(CELL).tolist() == [[0, 0, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]]


def test_a_cell_of_other_operations_has_no_matrix(tss):
    with pytest.raises(ValueError, match=r"this op \(nor_conv_1x1\) is not in \['none', 'skip_connect'\]"):
        tss.str2matrix(CELL, ["none", "skip_connect"])


@pytest.mark.parametrize(
    ("cell", "unique"),
    [
        (CELL, "#+#+#+#"),
        ("|nor_conv_3x3~0|+|skip_connect~0|none~1|+|none~0|none~1|avg_pool_3x3~2|", "#+#+(#+0)@avg_pool_3x3"),
        ("|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|none~0|skip_connect~1|none~2|", "#+#+(0)@nor_conv_3x3"),
        ("|none~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|none~2|", "#+#+0"),
    ],
)
def test_unique_strings_follow_the_published_rule(tss, cell, unique):
    assert tss.get_unique_str(cell) == tss.get_unique_str(tss.query_index_by_arch(cell)) == unique


def test_there_are_6466_unique_cells(tss):
    assert len({tss.get_unique_str(index) for index in range(len(tss))}) == 6466


# ── the interface before NATS-Bench ───────────────────────────────────────────────────────────────────────────────


def test_recipes_of_nas_bench_201_are_12_epochs_or_not(topology, tmp_path):
    new = create(import_published(topology, tmp_path / "made.arrow", workers=1), "tss", verbose=False)
    old = NASBench201API(tmp_path / "made.arrow", verbose=False)
    for short, hp in ((True, "12"), (False, "200"), ("12", "12"), (200, "200")):
        expected = new.get_more_info(7, "cifar10", None, hp, False)
        del expected["comment"]
        assert old.get_more_info(7, "cifar10", None, short, False) == expected
        assert old.get_cost_info(7, "cifar10", short) == new.get_cost_info(7, "cifar10", hp)
        assert old.get_latency(7, "cifar10", use_12epochs_result=short) == new.get_latency(7, "cifar10", hp)
        assert old.find_best("cifar100", "x-valid", 20.0, None, short) == new.find_best(
            "cifar100", "x-valid", 20.0, hp=hp
        )
        assert old.query_by_index(7, "cifar10", short).keys() == new.query_by_index(7, "cifar10", hp).keys()
        assert old.query_by_arch(old[7], short) == new.query_by_arch(7, hp)
        assert old.statistics("cifar10", short) == new.statistics("cifar10", hp)
    assert (
        old.get_more_info(7, "cifar10", hp="12", is_random=False)["train-loss"]
        == new.get_more_info(7, "cifar10", is_random=False)["train-loss"]
    )
    assert old.query_by_arch("nothing") is None
    assert repr(old) == f"NASBench201API(3/{len(new)} architectures, file=made.arrow)"
    assert (old.evaluated_indexes, len(old), old.arch(5)) == (list(INDICES), len(new), new[5])
    assert math.isfinite(old.simulate_train_eval(7, "cifar100", hp="200")[0])
