"""Files that mean harm: of a few bytes each, or of a few megabytes, and what reading them would take without bounds.

Run as a program, it reads each in a process of its own that may take two seconds and 500 MB, and prints a table:
``python hostile.py FOLDER [LARGEST]``, where files of more bytes than LARGEST are left out.
"""

import bz2
import io
import os
import pickle
import resource
import signal
import struct
import sys
import time
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

SECONDS, MEGABYTES = 2.0, 500
LIMIT = 8 << 30  # of addresses, so that what is not bounded fails and the machine does not
PRIME = 2**61 - 1
"""Whole numbers that differ by a multiple of it have one hash."""


def got(i: int) -> bytes:
    return b"h%c" % i if i < 256 else b"j" + struct.pack("<I", i)


def text(content: bytes) -> bytes:
    return b"X" + struct.pack("<I", len(content)) + content


def long(value: int) -> bytes:
    content = value.to_bytes(value.bit_length() // 8 + 1, "little")
    return b"\x8a%c" % len(content) + content


def doubled(make: Callable[[bytes], bytes] = lambda two: two + b"\x86", times: int = 60) -> bytes:
    """Things each of which has the one before twice; the last is on the stack."""
    return b"\x80\x04K\x00\x94" + b"".join(make(got(i) * 2) + b"\x94" for i in range(times))


def called(module: str, name: str, arguments: bytes) -> bytes:
    return f"c{module}\n{name}\n".encode() + arguments + b"R"


def array(shape: bytes, kind: bytes = b"f8", content: bytes = b"C\x00") -> bytes:
    kind = called("numpy", "dtype", b"(" + text(kind) + b"\x89\x88t")
    made = called("numpy._core.multiarray", "_reconstruct", b"(cnumpy\nndarray\n(K\x00tC\x01bt")
    return made + b"(K\x01" + shape + kind + b"\x89" + content + b"tb"


LISTS = doubled(lambda two: b"](" + two + b"e")
DICTS = doubled(lambda two: b"}(K\x00" + two[:2] + b"K\x01" + two[2:] + b"u")
FROZEN = doubled(lambda two: b"(" + two[:2] + two[2:] + b"\x85\x91")
COLLIDING = b"".join(long(i * PRIME) for i in range(1, 60_000))
COLLIDING_PAIRS = b"".join(long(i * PRIME) + b"N" for i in range(1, 60_000))
PAIRS = b"".join(b"M" + struct.pack("<H", i) + b"K\x00\x86" for i in range(60_000))
MILLION = text(b"x" * 1_000_000) + b"\x94"
INDEX_LISTS = b"](" + b"](K\x00e" * 30_000 + b"e](" + b"K\x00" * 30_000 + b"e"
COMPLEX = called("numpy", "dtype", b"(" + text(b"c16") + b"\x89\x88t") + b"\x94"

PICKLES = {
    "doubled tuples": doubled() + b".",
    "doubled lists": LISTS + b".",
    "doubled dictionaries": DICTS + b".",
    "doubled frozen sets": FROZEN + b".",
    "doubled tuples as a key": b"}" + doubled() + b"Ns.",
    "doubled tuples as keys": b"}(" + doubled() + b"Nu.",
    "doubled tuples as a key of a made dictionary": b"(" + doubled() + b"Nd.",
    "doubled tuples in a set": b"\x8f(" + doubled() + b"\x90.",
    "doubled tuples in a frozen set": b"(" + doubled() + b"\x91.",
    "doubled tuples for a set": called("builtins", "set", b"](" + doubled() + b"e\x85") + b".",
    "doubled tuples for a frozen set": called("builtins", "frozenset", b"](" + doubled() + b"e\x85") + b".",
    "doubled tuples for an ordered one": called("collections", "OrderedDict", b"](](" + doubled() + b"Nee\x85") + b".",
    "doubled tuples as a persistent name": doubled() + b"Q.",
    "doubled tuples for bytes": called("_codecs", "encode", doubled()) + b".",
    "doubled tuples for a type of numbers": called("numpy", "dtype", doubled() + b"\x85") + b".",
    "doubled tuples as attributes": called("collections", "OrderedDict", b")") + doubled() + b"b.",
    "doubled tuples as a shape": array(doubled()) + b".",
    "doubled by duplicating": b"K\x00" + b"2\x86" * 60 + b".",
    "lists filled from behind": b"\x80\x04"
    + b"]\x94" * 60
    + b"".join(got(i) + b"(" + got(i + 1) * 2 + b"e" for i in range(59))
    + b".",
    "a list in itself": b"]\x94h\x00a.",
    "a dictionary in itself": b"}\x94K\x00h\x00s.",
    "a list in a tuple in itself": b"]\x94h\x00\x85a.",
    "two lists in each other": b"]\x94]\x94h\x00ah\x01a.",
    "a list that changes as a key's part": b"]\x940h\x00h\x00\x86h\x00K\x00a.",
    "nested lists": b"]" * 2_500_000 + b"a" * 2_499_999 + b".",
    "nested tuples": b")" + b"\x85" * 5_000_000 + b".",
    "nested tuples, a few thousand": b")" + b"\x85" * 5_000 + b".",
    "nested tuples by marks": b"(" * 5_000 + b"t" * 5_000 + b".",
    "nested dictionaries": b"}K\x00" * 500_000 + b"}" + b"s" * 500_000 + b".",
    "nested frozen sets": b"(" * 200 + b"\x91" * 200 + b".",
    "nested calls": b"ccollections\nOrderedDict\n\x94"
    + b"0h\x00]" * 1
    + b"h\x00" * 150
    + b")R"
    + b"\x85R" * 149
    + b".",
    "nested tuples as a key": b"})" + b"\x85" * 300 + b"Ns.",
    "nested tuples as a persistent name": b")" + b"\x85" * 100_000 + b"Q.",
    "a number of four million bytes": b"\x8b" + struct.pack("<I", 4_000_000) + b"\x01" * 4_000_000 + b".",
    "a number of 255 bytes": b"\x8a\xff" + b"\x01" * 255 + b".",
    "a number of a million digits": b"L" + b"7" * 1_000_000 + b"L\n.",
    "another number of a million digits": b"I" + b"7" * 1_000_000 + b"\n.",
    "a fraction of a million digits": b"F0." + b"7" * 1_000_000 + b"\n.",
    "keys of one hash": b"}(" + COLLIDING_PAIRS + b"u.",
    "keys of one hash in a made dictionary": b"(" + COLLIDING_PAIRS + b"d.",
    "keys of one hash, one by one": b"}" + b"".join(long(i * PRIME) + b"Ns" for i in range(1, 60_000)) + b".",
    "a set of one hash": b"\x8f(" + COLLIDING + b"\x90.",
    "a frozen set of one hash": b"(" + COLLIDING + b"\x91.",
    "a called set of one hash": called("builtins", "set", b"](" + COLLIDING + b"e\x85") + b".",
    "an ordered one of one hash": called(
        "collections",
        "OrderedDict",
        b"](" + b"".join(b"](" + long(i * PRIME) + b"Ne" for i in range(1, 30_000)) + b"e\x85",
    )
    + b".",
    "keys of one hash as text": b"}(" + b"".join(b"L%dL\nN" % (i * PRIME) for i in range(1, 60_000)) + b"u.",
    "keys of one hash as texts of whole numbers": b"}("
    + b"".join(b"I%d\nN" % (i * PRIME) for i in range(1, 60_000))
    + b"u.",
    "many pairs as keys": b"\x8f(" + PAIRS + b"\x90.",
    "many complex numbers as keys": b"\x80\x04"
    + COMPLEX
    + b"\x8f("
    + b"".join(
        called("numpy._core.multiarray", "scalar", b"h\x00C\x10" + struct.pack("<dd", -1000003.0 * i, i) + b"\x86")
        for i in range(5_000)
    )
    + b"\x90.",
    "a set of an array": called("builtins", "set", array(b"K\x01\x85", content=b"C\x08" + b"\x00" * 8) + b"\x85")
    + b".",
    "a dictionary of an array": called(
        "collections", "OrderedDict", array(b"K\x01K\x02\x86", content=b"C\x10" + b"\x00" * 16) + b"\x85"
    )
    + b".",
    "memory of a high number": b"]r\xff\xff\xff\xff.",
    "memory of a high number as text": b"]p4294967295\n.",
    "memory of a number twice": b"K\x00q\x00K\x01q\x00h\x00.",
    "memory counted twice": b"K\x00q\x01]\x94h\x02.",
    "memory of nothing": b"h\x07.",
    "bytes that are not there": b"\x8e\x00\x00\x00\x00\x00\x01\x00\x00x.",
    "changeable bytes that are not there": b"\x96\x00\x00\x00\x00\x00\x01\x00\x00x.",
    "a text that is not there": b"\x8d\x00\x00\x00\x00\x00\x01\x00\x00x.",
    "a text of a negative number": b"T\xff\xff\xff\xffx.",
    "a number of a negative number": b"\x8b\xff\xff\xff\xffx.",
    "a frame that is not there": b"\x80\x04\x95\x00\x00\x00\x00\x00\x01\x00\x00N.",
    "an array announced": called("numpy._core.multiarray", "_reconstruct", b"(cnumpy\nndarray\n(J\0\0\0\x10tC\x01bt")
    + b".",
    "an array without content": array(b"(J\0\0\0\x10t") + b".",
    "an array of many times nothing": array(long(1 << 40) + b"K\x00\x86") + b".",
    "an array of a million axes": array(b"(" + b"K\x01" * 1_000_000 + b"t", content=b"C\x08" + b"\x00" * 8) + b".",
    "an array of long sides": array(b"(" + long(1 << 100) * 200_000 + b"t") + b".",
    "an array of a negative side": array(b"J\xff\xff\xff\xffJ\xff\xff\xff\xff\x86", content=b"C\x08" + b"\x00" * 8)
    + b".",
    "a type of a million parts": array(b"K\x00\x85", b"f8," * 1_000_000) + b".",
    "a type of an array": array(b"K\x00\x85", b"1000000000f8") + b".",
    "a type of objects": array(b"K\x01\x85", b"O", b"C\x08" + b"\x00" * 8) + b".",
    "a type of times": array(b"K\x01\x85", b"M8[s]", b"C\x08" + b"\x00" * 8) + b".",
    "a type of very long numbers": array(b"K\x01\x85", b"g", b"C\x10" + b"\x00" * 16) + b".",
    "text that is none": array(b"K\x01\x85", b"U1", b"C\x04" + b"\xff" * 4) + b".",
    "an array changed at many places": array(b"K\x01\x85", content=b"C\x08" + b"\x00" * 8)
    + INDEX_LISTS
    + b"\x86K\x00s.",
    "bytes made again and again": b"\x80\x04"
    + MILLION
    + b"0("
    + called("_codecs", "encode", b"h\x00" + text(b"latin1") + b"\x86") * 5_000
    + b"t.",
    "a text in many places": b"\x80\x04" + MILLION + b"0](" + b"h\x00" * 1_000_000 + b"e.",
    "a text in a hundred places, each in a hundred": b"\x80\x04"
    + MILLION
    + b"]("
    + b"h\x00" * 100
    + b"e\x94]("
    + b"h\x01" * 100
    + b"e.",
    "many sets": b"](" + b"\x8f" * 1_000_000 + b"e.",
    "many sets in batches": b"]" + (b"(" + b"\x8f" * 10_000 + b"e") * 300 + b".",
    "many ordered ones": b"ccollections\nOrderedDict\n\x94](" + b"h\x00)R" * 600_000 + b"e.",
    "more items than a stack has": b"(" + b"N" * 3_000_000 + b"t.",
    "an extension": b"\x82\x01.",
    "a far extension": b"\x84\x01\x00\x00\x00.",
    "a persistent name": b"Pstorage\n.",
    "a persistent name from the stack": b"K\x00Q.",
    "a buffer from outside": b"\x80\x05\x97.",
    "a buffer made unchangeable": b"\x80\x05\x97\x98.",
    "a new object": b"cbuiltins\nobject\n)\x81.",
    "a new object with names": b"cbuiltins\nobject\n)}\x92.",
    "an object": b"(cposix\nsystem\n" + text(b"true") + b"o.",
    "an instance": b"(" + text(b"true") + b"iposix\nsystem\n.",
    "a command": called("posix", "system", text(b"true") + b"\x85") + b".",
    "code": called("builtins", "eval", text(b"1") + b"\x85") + b".",
    "an attribute of what is allowed": b"\x80\x04" + text(b"collections") + text(b"OrderedDict.__init__") + b"\x93.",
    "a very long name": b"c" + b"x" * 3_000_000 + b"\n" + b"y" * 1_000_000 + b"\n.",
    "what is allowed, changed": b"c_codecs\nencode\n}" + text(b"called") + b"Nsb.",
    "what is allowed, used as what it is not": called("numpy", "ndarray", b"(L%dL\nt" % (1 << 28)) + b".",
    "what is not on the stack": b"NNR.",
    "nothing": b"",
    "no end": b"](N",
}


def packed_states(**changes: object) -> bytes:
    from readers.natsbench.states import states

    found = states(0)
    for state in found.values():
        state.update({name: value for name, value in changes.items() if name not in RUN_KEYS})
        for run in state["all_results"].values():
            run.update({name: value for name, value in changes.items() if name in RUN_KEYS})
    return bz2.compress(pickle.dumps(found, 4))


RUN_KEYS = ("epochs", "latency", "params", "eval_acc1es", "train_losses", "note", "seed")


def many_trainings() -> bytes:
    from readers.natsbench.states import run_state, state

    empty = {"epochs": 9_999, "train_acc1es": {}, "train_losses": {}, "train_times": {}}
    runs = {("cifar10", seed): run_state("cifar10", seed, 1) | empty for seed in range(900)}
    return bz2.compress(pickle.dumps({"9999": state(0, runs=runs)}, 4))


def few_in_common() -> bytes:
    from readers.natsbench.states import run_state, state

    def run(i: int) -> dict[str, object]:
        none = dict.fromkeys(("train_acc1es", "train_losses", "train_times", "eval_losses", "eval_times"))
        return run_state("cifar10", i, 1, **none) | {"epochs": 9_999, "eval_acc1es": {f"x-valid@{9 * i}": 1.0}}

    return bz2.compress(pickle.dumps({"9999": state(0, runs={("cifar10", i): run(i) for i in range(1000)})}, 4))


def pressed(size: int, content: bytes) -> bytes:
    """So many bytes of one content over and over, packed."""
    packer = bz2.BZ2Compressor()
    block = content * ((1 << 20) // len(content))
    return b"".join([*(packer.compress(block) for _ in range(size >> 20)), packer.flush()])


PACKED = {
    "a bomb of zeros": lambda: pressed(256 << 20, b"\0"),
    "a bomb of lists": lambda: bz2.compress(b"](" + b"]" * 900_000 + b"e."),
    "a bomb of empty streams": lambda: bz2.compress(b"") * 200_000,
    "random bytes": lambda: b"BZh9" + bytes(range(256)) * 100,
    "a file that is cut off": lambda: packed_states()[:-9],
    "a file that goes on": lambda: packed_states() + b"x",
    "doubled tuples as a key, packed": lambda: bz2.compress(PICKLES["doubled tuples as a key"]),
    "nested tuples, packed": lambda: bz2.compress(b")" + b"\x85" * 900_000 + b"."),
    "a recipe of no number": lambda: bz2.compress(
        pickle.dumps({"x": pickle.loads(bz2.decompress(packed_states()))["12"]}, 4)
    ),
    "an array for an index": lambda: packed_states(arch_index=np.zeros(3)),
    "an array for a string": lambda: packed_states(arch_str=np.zeros(3)),
    "lists for seeds": lambda: packed_states(dataset_seed={"cifar10": [[1]]}),
    "texts among seeds": lambda: packed_states(dataset_seed={"cifar10": ["x", 1]}),
    "an array of latencies": lambda: packed_states(latency=np.zeros(3)),
    "no numbers": lambda: packed_states(params=1j),
    "epochs without values": many_trainings,
    "epochs that no two have": few_in_common,
    "a million epochs": lambda: packed_states(epochs=1_000_000),
    "epochs of many digits": lambda: packed_states(eval_acc1es={f"x-valid@{'1' * 5_000}": 1.0}),
    "a split called train": lambda: packed_states(eval_acc1es={"train@0": 1.0}),
    "a split with a slash": lambda: packed_states(eval_acc1es={"../x@0": 1.0}),
    "complex numbers beside the others": lambda: packed_states(note=np.ones(3, complex)),
    "bytes beside the others": lambda: packed_states(note=b"x"),
    "a type beside the others": lambda: packed_states(note=np.dtype("f8")),
}


def zipped(data: bytes, change: Callable[[zipfile.ZipFile], None] = lambda _: None, **records: bytes) -> bytes:
    """A file of PyTorch that has a pickle and storages."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("it/data.pkl", data)
        for name, content in records.items():
            archive.writestr(f"it/data/{name}", content)
        change(archive)
    return file.getvalue()


def storage(kind: str = "FloatStorage", count: bytes = b"K\x04") -> bytes:
    return b"(" + text(b"storage") + f"ctorch\n{kind}\n".encode() + text(b"a") + text(b"cpu") + count + b"tQ"


def tensor(size: bytes, stride: bytes, kept: bytes | None = None) -> bytes:
    kept = storage() if kept is None else kept
    return called("torch._utils", "_rebuild_tensor_v2", b"(" + kept + b"K\x00" + size + stride + b"\x89}t")


def legacy(*parts: bytes) -> bytes:
    usual = [pickle.dumps(one, 2) for one in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    return b"".join([*parts, *usual[len(parts) :], b"N.", b"]."])


def onto_the_first(archive: zipfile.ZipFile) -> None:
    for entry in archive.filelist[2:]:
        entry.header_offset, entry.CRC = archive.filelist[1].header_offset, archive.filelist[1].CRC
        entry.file_size = entry.compress_size = archive.filelist[1].file_size


def deflated() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("it/data.pkl", b"\0" * 50_000_000)
    return file.getvalue()


FOUR = struct.pack("<4f", 1, 2, 3, 4)
BRAIN = (
    b"\x80\x04"
    + storage("BFloat16Storage", b"J\0\0\x10\x00")
    + b"0("
    + storage("BFloat16Storage", b"J\0\0\x10\x00") * 3_000
    + b"t."
)
BYTES = storage("FloatStorage")
TORCH = {
    "a tensor that repeats one number": lambda: zipped(tensor(long(1 << 40) + b"\x85", b"K\x00\x85") + b".", a=FOUR),
    "a tensor of overlapping rows": lambda: zipped(
        tensor(b"(" + b"K\x02" * 30 + b"t", b"(" + b"K\x00" * 30 + b"t") + b".", a=FOUR
    ),
    "a tensor of many times nothing": lambda: zipped(
        tensor(long(1 << 40) + b"K\x00\x86", b"K\x00K\x00\x86") + b".", a=FOUR
    ),
    "a tensor of a million axes": lambda: zipped(
        tensor(b"(" + b"K\x01" * 1_000_000 + b"t", b"(" + b"K\x00" * 1_000_000 + b"t") + b".", a=FOUR
    ),
    "a tensor beyond its storage": lambda: zipped(
        tensor(long(1 << 62) + b"\x85", long(1 << 62) + b"\x85") + b".", a=FOUR
    ),
    "a storage of more numbers": lambda: zipped(storage(count=long(1 << 60)) + b".", a=FOUR),
    "a storage of something else": lambda: zipped(
        b"(" + text(b"storage") + b"c_codecs\nencode\n" + text(b"a") + text(b"cpu") + b"K\x04tQ.", a=FOUR
    ),
    "doubled tuples for a storage": lambda: zipped(doubled() + b"Q."),
    "doubled tuples as a key, in a file of PyTorch": lambda: zipped(PICKLES["doubled tuples as a key"]),
    "doubled tuples for a size": lambda: zipped(called("torch", "Size", doubled() + b"\x85") + b"."),
    "a size of numbers of one hash": lambda: zipped(called("torch", "Size", b"](" + COLLIDING + b"e\x85") + b"."),
    "nested tuples, in a file of PyTorch": lambda: zipped(b")" + b"\x85" * 5_000_000 + b"."),
    "records on one another": lambda: zipped(
        b"N.", onto_the_first, a=b"x" * 1_000_000, **{f"b{i}": b"" for i in range(5_000)}
    ),
    "a packed record": deflated,
    "an archive that is cut off": lambda: zipped(b"N.", a=FOUR)[:-30],
    "an array for a magic number": lambda: legacy(
        b"\x80\x04" + array(b"K\x02\x85", content=b"C\x10" + b"\0" * 16) + b"."
    ),
    "doubled tuples for a protocol": lambda: legacy(pickle.dumps(0x1950A86A20F9469CFC6C, 2), doubled(times=16) + b"."),
    "nested tuples in the older form": lambda: legacy(b"\x80\x02)" + b"\x85" * 1_000_000 + b"."),
    "a command in a file of PyTorch": lambda: zipped(PICKLES["a command"]),
}


def write_all(folder: Path, largest: int | None) -> dict[str, Path]:
    """Write what there is, or of it what is small; a packed file lies in a folder beside a genuine list."""
    from readers.natsbench.states import meta

    made = {
        **{name: ("it.pickle", lambda content=content: content) for name, content in PICKLES.items()},
        **{name: ("it/000000.pickle.pbz2", make) for name, make in PACKED.items()},
        **{name: ("it.pth", make) for name, make in TORCH.items()},
    }
    found = {}
    for number, (name, (file, make)) in enumerate(made.items()):
        content = make()
        if largest is not None and len(content) > largest:
            continue
        path = folder / str(number) / file
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        if path.suffix == ".pbz2":
            (path.parent / "meta.pickle.pbz2").write_bytes(meta("nasbench201"))
        found[name] = path
    return found


def read(path: Path) -> None:
    """Read a file the way that nasbed does."""
    from nasbed.core.errors import CorruptFile
    from nasbed.readers.natsbench.published import open_published
    from nasbed.readers.pickles import read_pickle
    from nasbed.readers.torch_storage import read_torch
    from nasbed.tables.nats_import import read_part

    if path.suffix == ".pickle":
        read_pickle(path.read_bytes(), str(path))
    elif path.suffix == ".pth":
        read_torch(path)
    elif isinstance(why := read_part(open_published(path.parent), path.parent / "part"), str):
        raise CorruptFile(why)


def attempted(path: Path) -> tuple[str, float, float]:
    """Read a file in a process of its own; return how that ended, seconds and megabytes."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
        Path("/proc/self/clear_refs").write_text("5")  # the peak so far
        from nasbed.core.errors import NasbedError

        began = time.process_time()
        try:
            read(path)
            ended = "ACCEPTED"
        except NasbedError as error:
            ended = (
                "refused" if str(path.parent) in str(error) and len(str(error)) < 2_000 else f"UNNAMED {error}"[:300]
            )
        except BaseException:
            ended = traceback.format_exc()[-600:]
        peak = (
            next(
                int(line.split()[1])
                for line in Path("/proc/self/status").read_text().splitlines()
                if line.startswith("VmHWM")
            )
            / 1e3
        )
        os.write(writing, f"{time.process_time() - began}\n{peak}\n{ended}".encode())
        os._exit(0)
    os.close(writing)
    timer = time.monotonic() + 10 * SECONDS
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > timer:
            os.kill(child, signal.SIGTERM)
            time.sleep(0.5)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            break
        time.sleep(0.002)
    with os.fdopen(reading) as file:
        seconds, peak, *ended = file.read().split("\n", 2) if child else ()
    return ended[0] if ended else "", float(seconds or "inf"), float(peak or "inf")


def main() -> int:
    folder, *rest = sys.argv[1:]
    found = write_all(Path(folder), int(rest[0]) if rest else None)
    from readers.natsbench.states import states  # noqa: F401  what reads is imported and compiled in this process

    fine = Path(folder) / "fine.pickle"
    fine.write_bytes(pickle.dumps({"a": [1.0, ("b", 2), np.arange(3)]}, 4))
    read(fine)
    wrong = 0
    for name, path in found.items():
        try:
            ended, seconds, peak = attempted(path)
        except ValueError:
            ended, seconds, peak = "DIED", float("inf"), float("inf")
        good = ended == "refused" and seconds < SECONDS and peak < MEGABYTES
        wrong += not good
        size = path.stat().st_size
        print(f"{'' if good else 'WRONG '}{name:60}{size:>10,} bytes {seconds:8.2f} s {peak:6.0f} MB  {ended}")
    print(f"{len(found)} kinds, {wrong} wrong")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
