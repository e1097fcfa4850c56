"""The structure of the tree: no circles, imports that point downwards, sizes, and what each room exports."""

import ast
import importlib
import pkgutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import grimp
import pytest

import nasbed

ROOT = Path(nasbed.__file__).parent
PROJECT = Path(__file__).parents[2] / "pyproject.toml"
FILES_AT_MOST, LINES_AT_MOST = 575, 350  # of the files, 12 stand where published packages have theirs
HEAVY = {"torch", "numba", "scipy", "pandas", "matplotlib", "plotly", "sklearn", "pyarrow", "numpy", "ray"}
ROOMS = sorted(room.name for room in pkgutil.iter_modules([str(ROOT)]) if room.ispkg)


def modules():
    """Give every module's file by its dotted name."""
    found = {}
    for file in sorted(ROOT.rglob("*.py")):
        parts = ("nasbed", *file.relative_to(ROOT).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


@cache
def parsed(file):
    return ast.parse(file.read_bytes())


@pytest.fixture(scope="module")
def graph():
    """What each module imports of nasbed, imports inside functions included.

    What stands under ``TYPE_CHECKING`` is not imported, so it makes no circle; ``lint-imports`` sees to its direction.
    """
    found = grimp.build_graph("nasbed", exclude_type_checking_imports=True, cache_dir=None)
    return {name: sorted(found.find_modules_directly_imported_by(name)) for name in sorted(found.modules)}


def circle(graph):
    """Give one circle of modules, the first again at the end; None where there is none."""
    done, path = set(), []

    def visit(name):
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return None
        path.append(name)
        found = next(filter(None, map(visit, graph[name])), None)
        path.pop()
        done.add(name)
        return found

    return next(filter(None, map(visit, graph)), None)


def test_no_module_imports_itself_through_others(graph):
    found = circle(graph)
    assert found is None, "a circle, imports inside functions included: " + " → ".join(found)


def test_circles_are_found():
    assert circle({"a": ["b"], "b": ["c"], "c": ["b"]}) == ["b", "c", "b"]
    assert circle({"a": ["b", "c"], "b": ["c"], "c": []}) is None


def floors():
    """Give each room's floor, the highest first, as ``lint-imports`` has them."""
    contracts = tomllib.loads(PROJECT.read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return {room.strip(): -number for number, layer in enumerate(layers) for room in layer.replace("|", ":").split(":")}


def test_every_room_has_a_floor():
    assert {f"nasbed.{room}" for room in ROOMS} == set(floors())


def test_deferred_imports_point_downwards_too(graph):
    floor = floors()

    def room(name):
        return ".".join(name.split(".")[:2])

    upwards = [
        f"{name} imports {target}"
        for name, targets in graph.items()
        for target in targets
        if room(name) in floor and room(target) in floor and floor[room(name)] < floor[room(target)]
    ]
    assert not upwards


def classes():
    """Give every class of the tree by name: its room, the names of what it derives from, and those of its methods."""
    found = {}
    for name, file in modules().items():
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.ClassDef):
                bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
                found[node.name] = name.split(".")[1], bases, members(node)
    return found


def members(node):
    """Give the public attributes of a class: methods, what its body declares, and what its methods set on self."""
    names = {inner.name for inner in node.body if isinstance(inner, ast.FunctionDef)}
    names |= {inner.target.id for inner in node.body if isinstance(inner, ast.AnnAssign)}
    stored = (n for n in ast.walk(node) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store))
    names |= {n.attr for n in stored if isinstance(n.value, ast.Name) and n.value.id == "self"}
    return {name for name in names if not name.startswith("_")}


def kinds():
    """Give the classes of tables and kinds of benchmarks, and what only objects of these have."""
    found = classes()
    of_benchmarks = {"Benchmark"}
    while more := {name for name, (_, bases, _) in found.items() if bases & of_benchmarks} - of_benchmarks:
        of_benchmarks |= more
    names = {name for name, (room, _, _) in found.items() if room == "tables"} | of_benchmarks - {"Benchmark"}
    others = set().union(*(has for name, (_, _, has) in found.items() if name not in names))
    return names, set().union(*(found[name][2] for name in names)) - others


def questions(tree, names, attributes):
    """Give the lines in which a type is asked whether it is one of some, or an object whether it has an attribute."""

    def named(node):
        found = set()
        for inner in ast.walk(node):
            found |= {getattr(inner, name, None) for name in ("id", "attr", "value")} - {None}
        return {word for word in found if isinstance(word, str)}

    for node in ast.walk(tree):
        called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        if called in ("isinstance", "issubclass"):
            asked = named(node.args[1]) & names
        elif called == "hasattr" or (called == "getattr" and len(node.args) == 3):
            asked = named(node.args[1]) & attributes
        elif isinstance(node, ast.MatchClass):
            asked = named(node.cls) & names
        elif isinstance(node, ast.Compare) and named(node) & {"type", "__class__"}:
            asked = named(node) & names
        else:
            asked = set()
        if asked:
            yield node.lineno


def test_no_code_outside_their_room_asks_what_kind_of_table_or_benchmark_it_has():
    names, attributes = kinds()
    assert {"Table", "Measurement", "LiveBenchmark", "TableBenchmark"} <= names
    assert {"by_key", "row_of_index"} <= attributes
    asking = [
        f"{name}:{line}"
        for name, file in modules().items()
        if not name.startswith("nasbed.tables")
        for line in questions(parsed(file), names, attributes)
    ]
    assert not asking, "give the noun a method, or let it offer the same: " + ", ".join(asking)


@pytest.mark.parametrize(
    "question",
    [
        "isinstance(found, Table)",
        "isinstance(found, str | tables.Table)",
        "issubclass(type(found), (str, Table))",
        "type(found) is Table",
        "type(found).__name__ == 'Table'",
        "found.__class__ in (Table, str)",
        "hasattr(found, 'by_key')",
        "getattr(found, 'by_key', None)",
        "match found:\n    case Table():\n        pass",
    ],
)
def test_such_questions_are_found(question):
    assert list(questions(ast.parse(question), {"Table"}, {"by_key"}))


def test_sizes():
    files = list(modules().values())
    long = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}
    assert len(files) <= FILES_AT_MOST, f"{len(files)} files; a helper with one importer and few lines lives in it"
    assert {name: lines for name, lines in long.items() if lines > LINES_AT_MOST} == {}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_exports_its_public_names(room):
    package = importlib.import_module(f"nasbed.{room}")
    assert package.__all__
    assert set(package.__all__) <= set(dir(package))
    submodules = {module.name for module in pkgutil.iter_modules(package.__path__)}
    for name in package.__all__:
        exported = getattr(package, name)
        # A function called like its module would be hidden by it, or hide it, by the order of imports.
        assert name not in submodules or exported is sys.modules[f"nasbed.{room}.{name}"]
    with pytest.raises(AttributeError, match=f"module 'nasbed.{room}' has no attribute 'nothing'"):
        package.nothing  # noqa: B018 - the attribute is what is asked for


def test_entering_rooms_imports_nothing_heavy():
    entered = ", ".join(f"nasbed.{room}" for room in ROOMS if room != "testing")
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys, {entered}; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not HEAVY & set(loaded)
