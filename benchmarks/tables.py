"""How fast a full-size table is imported, opened, queried and looked up, beside a plain record-by-record reader.

Makes, unless it is there, a SYNTHETIC file in the published format: the real modules with their real parameter counts,
and made-up results. Nothing in it was trained. The baseline reads a record at a time with ``json``, ``base64`` and a
protobuf parser, as published loaders do, on a part of the file, and is scaled up unless ``--full``.

    python benchmarks/tables.py [FOLDER] [--modules 423624] [--full]
"""

from __future__ import annotations

import argparse
import base64
import json
import resource
import struct
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import numpy as np

import nasbed
from nasbed.core.rng import Streams
from nasbed.nets.nasbench101 import NASBench101Blueprint
from nasbed.spaces import nasbench101_kernels as kernels
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.table import Table
from nasbed.tables.writing import given_trainings, write_table

BUDGETS, REPEATS, IMAGES = (4, 12, 36, 108), 3, 9984


def fraction(counts):
    return (np.clip(np.rint(counts), 0, IMAGES) / IMAGES).astype(np.float32)


def synthetic(path: Path, modules: int) -> None:
    """Write made-up results of the first modules, by hash, in the published format."""
    from nasbed.tables.exporting import export

    space, random = NASBench101(), np.random.default_rng(0)
    archs = space.enumerate()[:modules]
    hashes = space.hashes(archs)
    order = np.argsort([digest.tobytes() for digest in hashes])
    archs, hashes = archs[order], hashes[order]
    counts, masks, labels = kernels.pruned_rows(archs, 7)
    n, shape = len(archs), (len(archs), len(BUDGETS), REPEATS)
    adjacency = np.zeros((n, 7, 7), np.int8)
    for y in range(1, 7):
        for x in range(y):
            there = (masks >> np.uint64(x + y * (y - 1) // 2) & np.uint64(1)).astype(np.int8)
            adjacency[np.arange(n), x, np.where(y == counts - 1, 6, y)] |= there
    operations = np.concatenate([np.full((n, 1), -1), labels, np.full((n, 1), -1)], axis=1)
    layers = NASBench101Blueprint(space).of_modules(adjacency.astype(np.int64), operations, space.operations)
    parameters = sum((layer.parameters for layer in layers), np.zeros(n, np.int64))
    epochs = np.array(BUDGETS)[:, None]
    quality = np.clip(
        random.normal(0.905, 0.02, (n, 1, 1)) + 0.004 * np.log(parameters / 2e6)[:, None, None], 0.1, 0.95
    )
    seconds = (0.6 + parameters[:, None, None] / 2.2e6) * 10.5 * epochs
    results = {}
    for prefix, share in (("start_", 0.0), ("halfway_", 0.5), ("", 1.0)):
        results[f"{prefix}current_epoch"] = np.broadcast_to(epochs * share, shape)
        noise = random.normal(1, 0.02, shape)
        results[f"{prefix}training_time"] = (seconds * share * noise + random.uniform(0, 2, shape)).astype(np.float32)
        level = 0.1 + (quality - 0.1) * (1 - np.exp(-epochs * share / 6.0))
        for split, bonus in (("train", 0.06), ("validation", 0.0), ("test", -0.005)):
            value = level + bonus * min(share * 2, 1) * epochs / 108 + random.normal(0, 0.006, shape)
            results[f"{prefix}{split}_accuracy"] = fraction(value * IMAGES)
    results["total_time"] = results["training_time"].astype(np.float64) * 1.02 + random.uniform(20, 60, shape)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        given = given_trainings(results, BUDGETS, REPEATS, "cifar10", parameters)
        provenance = {"source": "SYNTHETIC: made-up numbers, nothing was trained"}
        made = Path(folder) / "made.arrow"
        table = write_table(made, space, archs, given, provenance=provenance, failed=True, hashes=hashes)
        export(table, path)


def metrics_message():
    """Build the published message type at run time."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="metrics.proto", package="b", syntax="proto2")
    kinds = descriptor_pb2.FieldDescriptorProto
    evaluation = file.message_type.add(name="EvaluationData")
    names = ("current_epoch", "training_time", "train_accuracy", "validation_accuracy", "test_accuracy")
    for number, name in enumerate(names, 1):
        evaluation.field.add(name=name, number=number, type=kinds.TYPE_DOUBLE, label=kinds.LABEL_OPTIONAL)
    evaluation.field.add(name="checkpoint_path", number=6, type=kinds.TYPE_STRING, label=kinds.LABEL_OPTIONAL)
    metrics = file.message_type.add(name="ModelMetrics")
    metrics.field.add(
        name="evaluation_data",
        number=1,
        type=kinds.TYPE_MESSAGE,
        label=kinds.LABEL_REPEATED,
        type_name=".b.EvaluationData",
    )
    metrics.field.add(name="trainable_parameters", number=2, type=kinds.TYPE_INT32, label=kinds.LABEL_OPTIONAL)
    metrics.field.add(name="total_time", number=3, type=kinds.TYPE_DOUBLE, label=kinds.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("b.ModelMetrics"))


def plain_read(path: Path, limit: int) -> tuple[int, int]:
    """Read records one by one as the published loader does, checksums unverified; give records and bytes read."""
    message, fixed, computed, count = metrics_message(), {}, {}, 0
    with path.open("rb") as file:
        while count < limit and (head := file.read(12)):
            text = file.read(struct.unpack("<Q", head[:8])[0])
            file.read(4)
            digest, epochs, adjacency, operations, raw = json.loads(text)
            side = int(np.sqrt(len(adjacency)))
            matrix = np.array([int(x) for x in adjacency], np.int8).reshape(side, side)
            metrics = message.FromString(base64.b64decode(raw))
            if digest not in fixed:
                fixed[digest] = (matrix, operations.split(","), metrics.trainable_parameters)
            point = {}
            for prefix, evaluation in zip(("start", "halfway", "final"), metrics.evaluation_data, strict=True):
                for name in ("training_time", "train_accuracy", "validation_accuracy", "test_accuracy"):
                    point[f"{prefix}_{name}"] = getattr(evaluation, name)
            computed.setdefault(digest, {}).setdefault(epochs, []).append(point)
            count += 1
        return count, file.tell()


def fresh(code: str, times: int = 5) -> tuple[float, float, float]:
    """Run code in a fresh process some times; give wall seconds, peak MiB and processor seconds of the fastest."""
    best = []
    peak = "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0])"
    program = f"{textwrap.dedent(code)}\n{peak}\nimport time; print(time.process_time())"
    for _ in range(times):
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
        *_, memory, processor = done.stdout.split()
        best.append((time.perf_counter() - start, int(memory) / 1024, float(processor)))
    return min(best)


def timed(call, repeats: int = 5) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def line(what: str, measured: str, baseline: str = "", ratio: str = "") -> None:
    print(f"{what:58}{measured:>18}{baseline:>18}{ratio:>10}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=Path(tempfile.gettempdir()) / "nasbed-synthetic", type=Path)
    parser.add_argument("--modules", type=int, default=423624)
    parser.add_argument("--full", action="store_true", help="measure the plain reader on the whole file")
    parser.add_argument("--sample", type=int, default=200_000, help="records that the plain reader is measured on")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    suffix = "" if given.modules == 423624 else f"_{given.modules}"
    source = given.folder / f"nasbench_synthetic{suffix}.tfrecord"
    path = source.with_suffix(".arrow")
    if not source.exists():
        print(f"making {source} (synthetic: nothing in it was trained) …", flush=True)
        synthetic(source, given.modules)
    line(f"SYNTHETIC, {given.modules:,} modules", "nasbed", "plain", "ratio")
    importing(source, path, given)
    using(path)


def importing(source: Path, path: Path, given: argparse.Namespace) -> None:
    size = source.stat().st_size
    program = f"""
        from nasbed.tables.importing import import_tfrecord
        import_tfrecord({str(source)!r}, {str(path)!r})
    """
    start, begun = time.perf_counter(), time.process_time()
    _, read = plain_read(source, size if given.full else given.sample)
    plain, of_processor = ((now - then) * size / read for now, then in
                           ((time.perf_counter(), start), (time.process_time(), begun)))  # fmt: skip
    seconds, memory, processor = fresh(program, times=2)
    line(f"import of {size / 1e9:.2f} GB, both checksums (s, whole process)", f"{seconds:.2f}", f"{plain:.1f}",
         f"{plain / seconds:.1f}")  # fmt: skip
    line("  of the processor (s)", f"{processor:.2f}", f"{of_processor:.1f}", f"{of_processor / processor:.1f}")
    line("  peak memory (MiB)", f"{memory:.0f}")
    table = nasbed.table(path)
    sizes(table)


def sizes(table: Table) -> None:
    """Say where the bytes are: what queries read, modules, and what is compressed, such as step-0 values."""
    own = {name: table.file.batch.column(name).nbytes for name in table.file.batch.schema.names}
    whole = table.path.stat().st_size
    results = sum(own[name] for name in table.columns if name in own)
    modules = sum(own.values()) - results - own["cold"]
    line("table file (MB)", f"{whole / 1e6:.1f}")
    line("  of it what queries read", f"{results / 1e6:.1f}")
    line("  of it modules", f"{modules / 1e6:.1f}")
    blocks = {name: len(block) for name, block in table.file.blocks().items()}
    at_start = sum(size for name, size in blocks.items() if name.startswith("start_"))
    rest = whole - sum(blocks.values())
    line("  of it not compressed; the line is 130", f"{rest / 1e6:.1f}", "130.0", f"{130e6 / rest:.2f}")
    line("  of it compressed", f"{sum(blocks.values()) / 1e6:.1f}")
    line("    of it step-0 values", f"{at_start / 1e6:.1f}")
    line("    of it total_time", f"{blocks['total_time'] / 1e6:.1f}")
    line("    of it all else", f"{(sum(blocks.values()) - at_start - blocks['total_time']) / 1e6:.1f}")


def using(path: Path) -> None:
    table = nasbed.table(path)
    arch = table.space.embed(table.modules.graph(len(table) // 2))

    def first_query():
        benchmark = nasbed.benchmark(nasbed.table(path))
        benchmark.query(arch[None])

    line("opening and first query, running process (ms)", f"{1e3 * timed(first_query, 1):.1f}")
    line("  again (ms)", f"{1e3 * timed(first_query):.2f}")
    text = table.space.format(arch)
    bare, *_ = fresh("import numpy, pyarrow")
    module = table.modules.hashes[7].tobytes().hex()
    for what, code in (
        ("benchmark", f"b = nasbed.benchmark({str(path)!r}); print(b.query(b.space.parse({text!r})[None]).value)"),
        ("table", f"t = nasbed.table({str(path)!r}); r = t.modules.row_of({module!r}); "
                  "print(t.measurement(split='validation').values([r])[0])"),
    ):  # fmt: skip
        seconds, memory, _ = fresh(f"import nasbed\n{code}")
        line(f"fresh process, one query of the {what} (s, MiB)", f"{seconds:.3f}, {memory:.0f}")
    line("  of it importing NumPy and pyarrow (s)", f"{bare:.3f}")
    line("verifying every bit, hash and class (s)", f"{timed(table.verify, 1):.2f}")
    found = table.measurement(split="validation")
    line("mean over repeats of all modules (ms)", f"{1e3 * timed(found.mean):.1f}")
    digests = [digest.tobytes().hex() for digest in table.modules.hashes[:: max(1, len(table) // 10_000)]]
    seconds = timed(lambda: [table.modules.row_of(digest) for digest in digests])
    line("rows of hashes, one by one (per second)", f"{len(digests) / seconds:,.0f}")
    if table.complete:
        searching(table)
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def searching(table: Table) -> None:
    """Time what a search asks of a table at each step; searches.py times whole searches."""
    benchmark = nasbed.benchmark(table)
    raw = table.space.sample(Streams.from_seed(0, 1_000_000))
    benchmark.table.rows(table.archs)
    line("raw specs to rows (per second)", f"{len(raw) / timed(lambda: benchmark.table.rows(raw)):,.0f}")
    for runs in (1, 500):
        archs, streams = raw[:runs], Streams.from_seed(1, runs)
        steps = range(20_000 // runs)
        seconds = timed(lambda: [benchmark.query(archs, None, streams) for _ in steps])  # noqa: B023
        line(f"look-ups of searches, {runs} run{'s' * (runs > 1)} (per second)", f"{runs * len(steps) / seconds:,.0f}")


if __name__ == "__main__":
    main()
