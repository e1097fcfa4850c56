import copy
import pickle
import random

import numpy as np
import pytest
from compat import plain
from hypothesis import given
from hypothesis import strategies as st
from tables.made import write_trainings

from nasbed.compat import nasbench
from nasbed.compat.nasbench import api
from nasbed.core.errors import BadSetting, CorruptFile, NasbedError
from nasbed.spaces.nasbench101 import OPERATIONS, NASBench101
from nasbed.tables.exporting import export

MEASURED = [f"{moment}{name}" for moment in ("", "halfway_", "start_") for name in plain.FIELDS]


def made(path, archs, budgets=(4, 12), repeats=3, seed=0, gaps=False, counts=True):
    generator = np.random.default_rng(seed)
    shape = len(archs), len(budgets), repeats
    results = {}
    for name in [*MEASURED, "total_time"]:
        if name == "train_accuracy" and not counts:
            values = generator.random(shape)
        elif name.endswith("accuracy"):
            values = (generator.integers(0, 9985, shape) / 9984).astype(np.float32)
        else:
            values = generator.uniform(1, 900, shape).astype(np.float32)
        results[name] = values.astype(np.float64)
    if gaps:
        lost = generator.random(shape) < 0.2
        lost[3], lost[4, 1] = True, True  # a module without any training, one without the larger budget
        for values in results.values():
            values[lost] = np.nan
    return write_trainings(
        path,
        NASBench101(),
        archs,
        results,
        budgets=budgets,
        repeats=repeats,
        data="toy",
        parameters=generator.integers(10**5, 10**8, len(archs)),
        provenance={"source": "a test"},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("compat")


@pytest.fixture(scope="module")
def published(folder):
    """A published file of the first 2,532 modules, which are those of at most 5 vertices."""
    archs = NASBench101().enumerate()
    small = archs[:2532]
    order = np.random.default_rng(1).permutation(len(small))
    path = folder / "published.tfrecord"
    export(made(folder / "made.arrow", small[order]), path)
    return path


@pytest.fixture(scope="module", params=["made.arrow", pytest.param("published.tfrecord", marks=pytest.mark.slow)])
def both(request, published, folder):
    """The table as it was made, in the space of seven vertices, or imported, in that of the five that it has all of."""
    ours, theirs = api.NASBench(folder / request.param), plain.NASBench(published)
    theirs.config["module_vertices"] = ours.space.vertices
    for _ in range(api._FEW):
        assert ours.is_valid(api.ModelSpec([[0, 1], [0, 0]], ["input", "output"]))
    assert ours._find != ours._find_few
    return ours, theirs


def same(ours, theirs):
    """Equal to the bit and of equal types, in dictionaries and lists too."""
    assert type(ours) is type(theirs)
    if isinstance(ours, dict):
        assert list(map(str, sorted(ours))) == list(map(str, sorted(theirs)))
        for key in theirs:
            same(ours[key], theirs[key])
    elif isinstance(ours, list | tuple):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            same(a, b)
    elif isinstance(ours, np.ndarray):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
        assert ours.flags.writeable
    else:
        assert ours == theirs


def outcome(call):
    try:
        return call()
    except Exception as error:
        kinds = {KeyError, IndexError, ValueError, api.OutOfDomainError, plain.OutOfDomainError}
        return next((kind.__name__ for kind in kinds if isinstance(error, kind)), repr(error))


@st.composite
def specifications(draw):
    """Any matrix of up to nine vertices, sparse enough to be in the space often; sometimes a foreign operation."""
    n = draw(st.integers(1, 9))
    bits = draw(st.lists(st.sampled_from([0, 0, 1]), min_size=n * n, max_size=n * n))
    matrix = np.triu(np.array(bits).reshape(n, n), 1)
    names = st.sampled_from([*OPERATIONS * 5, "identity"])
    ops = ["input", *draw(st.lists(names, min_size=n, max_size=n))][:n]
    ops[-1] = "output"
    if draw(st.integers(0, 20)) == 0:
        ops[draw(st.integers(0, n - 1))] = "output"
    kind = draw(st.sampled_from([int, np.int8, bool, np.uint32]))
    return matrix.astype(kind), ops


@given(st.integers(0, 2**32), st.lists(st.tuples(specifications(), st.integers(0, 6), st.integers(0, 9)), max_size=12))
def test_a_seeded_script_gets_the_same(both, seed, script):
    ours, theirs = both
    answers = []
    for bench, module in ((ours, api), (theirs, plain)):
        random.seed(seed)
        bench.reset_budget_counters()
        heard = []
        for (matrix, ops), call, choice in script:
            spec = module.ModelSpec(matrix, ops)
            epochs = (4, 12, 12, 4, 7, 108, 4, 12, 12, 4)[choice]
            heard.append(
                outcome(
                    [
                        lambda s=spec, b=bench, e=epochs: b.query(s, e),
                        lambda s=spec, b=bench, e=epochs: b.query(s, epochs=e, stop_halfway=True),
                        lambda s=spec, b=bench: b.query(s),
                        lambda s=spec, b=bench: b.is_valid(s),
                        lambda s=spec, b=bench: b.get_metrics_from_spec(s),
                        lambda s=spec, b=bench: b.get_budget_counters(),
                        lambda b=bench, c=choice: b.get_metrics_from_hash(sorted(b.hash_iterator())[c * 200]),
                    ][call]
                )
            )
        answers.append((heard, bench.get_budget_counters(), random.random()))
    same(*answers)


@pytest.mark.slow
def test_every_module_answers_alike_under_any_numbering(both):
    ours, theirs = both
    in_order = list if ours.table.modules.by_hash is None else sorted  # the exported file is in the order of hashes
    assert in_order(ours.hash_iterator()) == list(theirs.hash_iterator())
    assert len(ours.hash_iterator()) == 2532
    assert ours.valid_epochs == theirs.valid_epochs
    for module in theirs.hash_iterator():
        same(ours.get_metrics_from_hash(module), theirs.get_metrics_from_hash(module))
        fixed = theirs.fixed_statistics[module]
        spec = api.ModelSpec(fixed["module_adjacency"], fixed["module_operations"])
        assert ours._hash_spec(spec) == module
        same(ours.get_metrics_from_spec(spec), theirs.get_metrics_from_hash(module))
        same(ours.fixed_statistics[module], fixed)
        same(ours.computed_statistics[module], theirs.computed_statistics[module])


@pytest.mark.slow
def test_constructors_seed_the_global_generator(published):
    spec = api.ModelSpec([[0, 1], [0, 0]], ["input", "output"])
    heard = [bench(published, seed=7).query(spec, 12)["training_time"] for bench in (api.NASBench, plain.NASBench)]
    assert heard[0] == heard[1]
    assert random.random() == (random.seed(7), random.randint(0, 2), random.random())[-1]


def test_draws_are_those_of_randint():
    for repeats in (*range(1, 34), np.int64(3), True, 0, -1):
        for seed in range(20):
            heard = []
            for draw in (api._drawn, lambda repeats: random.randint(0, repeats - 1)):
                random.seed(seed)
                heard.append((outcome(lambda d=draw, r=repeats: [d(r) for _ in range(9)]), random.getstate()))
            assert heard[0] == heard[1]


def test_what_is_given_out_is_a_copy(both):
    ours, _ = both
    module = next(iter(ours.hash_iterator()))
    fixed, computed = ours.get_metrics_from_hash(module)
    before = copy.deepcopy((fixed, computed))
    fixed["module_adjacency"][:] = 5
    fixed["module_operations"].clear()
    computed[4].clear()
    same(ours.get_metrics_from_hash(module), before)


def test_unknown_hashes_are_key_errors(both):
    for hash_ in ("0" * 32, "", "nothing"):
        for call in (both[0].get_metrics_from_hash, both[0].fixed_statistics.__getitem__):
            with pytest.raises(KeyError):
                call(hash_)
        assert hash_ not in both[0].hash_iterator()


@pytest.mark.parametrize("counts", [True, False])
def test_missing_trainings_are_left_out_and_drawn_into_errors(tmp_path, counts):
    archs = NASBench101(vertices=7).enumerate()[:60]
    table = made(tmp_path / "gaps.arrow", archs, gaps=True, counts=counts)
    assert (table.column("train_accuracy").encoding.kind == "count") == counts
    export(table, tmp_path / "gaps.tfrecord")
    theirs = plain.NASBench(tmp_path / "gaps.tfrecord")
    ours = api.NASBench(table)
    for module in theirs.hash_iterator():
        same(ours.computed_statistics[module], theirs.computed_statistics[module])
        fixed = theirs.fixed_statistics[module]
        for epochs in (4, 12):
            specs = [kind.ModelSpec(fixed["module_adjacency"], fixed["module_operations"]) for kind in (api, plain)]
            for seed in range(4):
                answers = []
                for bench, spec in zip((ours, theirs), specs, strict=True):
                    random.seed(seed)
                    answers.append(
                        (outcome(lambda b=bench, s=spec, e=epochs, h=seed % 2: b.query(s, e, h)), random.random())
                    )
                same(*answers)


@pytest.mark.parametrize("kind", [">i8", "<u2", np.int8, bool, object, float, "m8[s]"])
def test_a_matrix_of_any_integers_is_found(both, kind):
    ours, theirs = both
    matrix, ops = np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]]), ["input", "maxpool3x3", "output"]
    spec, expected = api.ModelSpec(matrix.astype(kind), ops), plain.ModelSpec(matrix, ops)
    if kind in (object, float, "m8[s]"):
        with pytest.raises(KeyError, match="integers 0 and 1"):
            ours.get_metrics_from_spec(spec)
    else:
        same(ours.get_metrics_from_spec(spec), theirs.get_metrics_from_spec(expected))


def test_settings_are_heeded(published):
    ours, theirs = api.NASBench(published, 1), plain.NASBench(published, 1)
    matrix, ops = [[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "maxpool3x3", "output"]
    for changes in (
        {"num_repeats": 1},
        {"num_repeats": 9},
        {"max_edges": 1},
        {"module_vertices": 2},
        {"available_ops": ["maxpool3x3", "conv1x1-bn-relu", "conv3x3-bn-relu"]},
        {"available_ops": ["maxpool3x3"]},
    ):
        for seed in range(5):
            answers = []
            for bench, module in ((ours, api), (theirs, plain)):
                before = copy.deepcopy(bench.config)
                bench.config.update(changes)
                random.seed(seed)
                answers.append(outcome(lambda b=bench, m=module: b.query(m.ModelSpec(matrix, ops), 4)))
                bench.config.update(before)
            same(*answers)


@pytest.mark.parametrize(
    ("matrix", "ops", "said"),
    [
        (np.eye(8, k=1, dtype=int), ["maxpool3x3"] * 6, "vertices, got 8.*= [57]"),
        (np.triu(np.ones((5, 5), int), 1), ["maxpool3x3"] * 3, "too many edges, got 10"),
        (np.zeros((3, 3), int), ["maxpool3x3"], "disconnected"),
        (np.eye(3, k=1, dtype=int), ["identity"], "unsupported op identity"),
    ],
)
def test_errors_say_what_is_allowed(both, matrix, ops, said):
    with pytest.raises(api.OutOfDomainError, match=said):
        both[0].query(api.ModelSpec(matrix, ["input", *ops, "output"]), 4)


def test_a_table_its_path_and_the_published_path_are_one(published, folder):
    benches = [api.NASBench(path) for path in (published, str(folder / "made.arrow"))]
    spec = api.ModelSpec([[0, 1], [0, 0]], ["input", "output"])
    same(*[bench.get_metrics_from_spec(spec) for bench in benches])
    with pytest.raises(BadSetting, match="there is no file"):
        api.NASBench(folder / "missing.tfrecord")
    assert nasbench.NASBench is api.NASBench
    assert issubclass(api.OutOfDomainError, NasbedError)


def test_a_changed_specification_is_looked_up_anew(both):
    spec = api.ModelSpec([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "maxpool3x3", "output"])
    first = both[0].get_metrics_from_spec(spec)
    spec.ops[1] = "conv3x3-bn-relu"
    assert both[0].get_metrics_from_spec(spec)[0]["module_operations"] == spec.ops != first[0]["module_operations"]
    spec.matrix[0, 2] = 1
    np.testing.assert_array_equal(both[0].get_metrics_from_spec(spec)[0]["module_adjacency"], spec.matrix)
    spec.matrix[0, 2] = 256  # whose lowest byte is 0
    with pytest.raises(api.OutOfDomainError):
        both[0].query(spec, 4)
    for changed, entry in (((1, 2), 0), ((0, 1), 2)):  # a vertex that pruning would drop, a matrix that no table has
        spec = api.ModelSpec([[0, 1, 1], [0, 0, 1], [0, 0, 0]], ["input", "maxpool3x3", "output"])
        spec.matrix[changed] = entry
        with pytest.raises(KeyError):
            both[0].get_metrics_from_spec(spec)
    again = pickle.loads(pickle.dumps(spec))
    assert again.ops == spec.ops


def test_a_pickled_one_answers_as_before(published, monkeypatch, tmp_path):
    ours = api.NASBench(published, seed=1)
    spec = api.ModelSpec([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "maxpool3x3", "output"])
    ours.query(spec, 12)
    ours.config["num_repeats"], ours.history["mine"] = 2, [spec.ops]
    pickled = pickle.dumps(ours)
    assert len(pickled) < 10_000  # the table stays where it is
    state = random.getstate()
    monkeypatch.chdir(tmp_path)
    again = pickle.loads(pickled)
    assert random.getstate() == state  # the constructor seeds, a copy does not
    for name in ("config", "history", "valid_epochs", "total_epochs_spent", "training_time_spent"):
        same(getattr(again, name), getattr(ours, name))
    assert again.hash_iterator() == ours.hash_iterator()
    answers = []
    for bench in (ours, again):
        random.setstate(state)
        answers.append([bench.query(spec, 4, halfway) for halfway in (False, True) * 9] + [bench.get_budget_counters()])
    same(*answers)
    same(again.get_metrics_from_spec(spec), ours.get_metrics_from_spec(spec))
    same(copy.deepcopy(again).get_metrics_from_spec(spec), ours.get_metrics_from_spec(spec))


def test_pickled_statistics_are_the_published_dictionaries(both):
    ours, theirs = both
    statistics = pickle.loads(pickle.dumps(ours.fixed_statistics))
    assert type(statistics) is dict
    same(dict(sorted(statistics.items())), dict(sorted(theirs.fixed_statistics.items())))


def test_a_pickle_opens_the_published_file_again_and_no_other_table(published, folder, tmp_path):
    from_file = pickle.dumps(api.NASBench(published))
    table = tmp_path / "one.arrow"
    table.write_bytes((folder / "made.arrow").read_bytes())
    from_table = pickle.dumps(api.NASBench(table))
    api.NASBench(published).table.path.unlink()  # the cache, which can be made again
    assert len(pickle.loads(from_file).hash_iterator()) == 2532
    table.unlink()
    with pytest.raises(BadSetting, match=r"no file or folder .*one\.arrow"):
        pickle.loads(from_table)
    made(table, NASBench101().enumerate()[:91], seed=1)
    with pytest.raises(CorruptFile, match="has changed since this NASBench was pickled"):
        pickle.loads(from_table)


@pytest.mark.parametrize(
    "column", ["hash", "by_hash", "class", "arch", "vertices", "trainable_parameters", "validation_accuracy"]
)
def test_a_damaged_table_gives_no_other_answer(published, folder, tmp_path, monkeypatch, column):
    """Numbers are compared with their checksums part by part, as they are asked for."""
    monkeypatch.setattr(api, "_FEW", 3)
    path, chance = folder / "made.arrow", np.random.default_rng(0)
    hashes = list(api.NASBench(path).hash_iterator())[::200]

    def answers(path):
        ours, found = api.NASBench(path, seed=0), []
        for module_hash in hashes:
            fixed, trainings = ours.get_metrics_from_hash(module_hash)
            spec = api.ModelSpec(fixed["module_adjacency"], fixed["module_operations"])
            found.append(str((fixed, trainings, ours.query(spec, 12), ours.query(spec, 4, stop_halfway=True))))
        return found

    whole, expected = path.read_bytes(), answers(path)
    stored = api.NASBench(path).table.file.stored(column)
    start, refused = whole.index(stored.array.tobytes()), 0
    for number, place in enumerate(chance.integers(stored.array.nbytes, size=20).tolist()):
        changed = bytearray(whole)
        changed[start + place] ^= 1 << int(chance.integers(8))
        damaged = tmp_path / f"{number}.arrow"
        damaged.write_bytes(changed)
        try:
            assert answers(damaged) == expected
        except CorruptFile:
            refused += 1
    assert refused


def test_evaluation_trains(both, tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    bench = both[0]
    spec = api.ModelSpec([[0, 1, 1], [0, 0, 1], [0, 0, 0]], ["input", "conv1x1-bn-relu", "output"])
    before, state = copy.deepcopy(bench.config), random.getstate()
    assert bench.config["data_source"] == "cifar10"  # on which the published trainings were made
    bench.config.update(stem_filter_size=4, num_stacks=1, num_modules_per_stack=1, batch_size=25, train_epochs=1)
    bench.config["data_source"] = "digits"
    heard = bench.evaluate(spec, tmp_path / "model")
    bench.config.update(before)
    assert set(heard) == set(bench.query(spec, 4))
    assert random.getstate() != state  # the query drew, the training did not
    assert 0 < heard["validation_accuracy"] <= 1
    assert heard["training_time"] > 0
    assert (tmp_path / "model" / "metadata.json").is_file()
