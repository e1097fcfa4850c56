"""Pickles that mean harm: refused by the name of what they want; nothing of theirs runs, nothing of ours changes."""

import builtins
import os
import pickle
import resource
import struct
import subprocess

import numpy as np
import pytest

from nasbed.core.errors import CorruptFile
from nasbed.readers import pickles
from nasbed.readers.pickles import read_pickle

DTYPE = b"cnumpy\ndtype\n(X\x02\x00\x00\x00f8I00\nI01\ntR"
RECONSTRUCT = b"cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I%d\ntC\x01btR"


class Attack:
    """Asks to call something when it is read."""

    def __init__(self, called, *arguments):
        self.called, self.arguments = called, arguments

    def __reduce__(self):
        return self.called, self.arguments


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    ("called", "arguments"),
    [
        (os.system, ("touch {}",)),
        (builtins.eval, ("open({!r}, 'w')",)),
        (builtins.exec, ("open({!r}, 'w')",)),
        (builtins.getattr, ("", "join")),
        (builtins.__import__, ("os",)),
        (subprocess.Popen, (["touch", "{}"],)),
        (np.load, ("{}",)),
        (np.fromfile, ("{}",)),
        (pickle.loads, (b"cos\nsystem\n.",)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_would_run_code_is_refused_by_name(tmp_path, protocol, called, arguments):
    canary = tmp_path / "canary"
    arguments = [part.format(str(canary)) if isinstance(part, str) else part for part in arguments]
    with pytest.raises(CorruptFile, match=rf"file wants to call .*\.{called.__name__},"):
        read_pickle(pickle.dumps([1, Attack(called, *arguments)], protocol), "file")
    assert not canary.exists()


@pytest.mark.parametrize(
    ("wanted", "written"),
    [
        ("torch.load", b"ctorch\nload\n."),
        ("torch.storage._load_from_bytes", b"ctorch.storage\n_load_from_bytes\n."),
        ("copyreg._reconstructor", b"ccopyreg\n_reconstructor\n."),
        ("copy_reg._reconstructor", b"ccopy_reg\n_reconstructor\n."),
        ("operator.attrgetter", b"coperator\nattrgetter\n."),
        ("numpy.ndarray.tofile", b"cnumpy\nndarray.tofile\n."),
        ("collections.OrderedDict.fromkeys", b"\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.fromkeys\x93."),
        ("nasbed.readers.pickles.read_pickle", b"cnasbed.readers.pickles\nread_pickle\n."),
        ("builtins.object", b"cbuiltins\nobject\n)\x81."),
        ("posix.system", b"(X\x04\x00\x00\x00trueiposix\nsystem\n."),
        ("posix.system", b"(cposix\nsystem\nX\x04\x00\x00\x00trueo."),
    ],
)
def test_no_spelling_gets_round_the_list(wanted, written):
    with pytest.raises(CorruptFile, match=rf"it wants to call {wanted},"):
        read_pickle(written, "it")


@pytest.mark.parametrize(
    "change",
    [
        b"}X\x0c\x00\x00\x00__defaults__)sb",
        b"(N}X\x0c\x00\x00\x00__defaults__)stb",
        b"(N}X\x06\x00\x00\x00called)stb",
    ],
    ids=["attributes", "slots", "what it calls"],
)
@pytest.mark.parametrize("named", [b"c_codecs\nencode\n", b"ccollections\nOrderedDict\n", b"cnumpy\ndtype\n"])
def test_what_it_may_call_it_cannot_change(named, change):
    before = pickles.ALLOWED["_codecs", "encode"].__defaults__
    with pytest.raises(CorruptFile, match="change"):
        read_pickle(named + change + b".", "it")
    assert pickles.ALLOWED["_codecs", "encode"].__defaults__ == before


def test_no_attribute_can_be_hung_on_a_dictionary():
    written = b"ccollections\nOrderedDict\n)R}X\x03\x00\x00\x00getI1\nsb."
    assert read_pickle(written, "it").get("x", 5) == 5


def test_the_types_of_numpy_stay_as_they_are():
    state = b"(I3\nX\x01\x00\x00\x00>NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffI0\ntb"
    read_pickle(b"cnumpy\ndtype\n(X\x02\x00\x00\x00f8tR" + state + b".", "it")
    assert np.dtype("f8").isnative
    assert np.arange(3.0).tobytes() == struct.pack("=3d", 0, 1, 2)


@pytest.mark.parametrize(
    "state",
    [
        b"(I3\nX\x01\x00\x00\x00<(" + DTYPE + b"(I5\ntt)NJ\xff\xff\xff\xffJ\xff\xff\xff\xffI0\ntb",
        b"(I3\nX\x01\x00\x00\x00<NNNJ\xf0\xff\xff\xffJ\xff\xff\xff\xffI0\ntb",
        b"(I3\nX\x01\x00\x00\x00<N(X\x01\x00\x00\x00at}J\xff\xff\xff\xffJ\xff\xff\xff\xffI0\ntb",
    ],
    ids=["an array in a number", "a negative size", "fields"],
)
def test_a_type_that_is_not_what_it_says_is_refused(state):
    with pytest.raises(CorruptFile, match="has parts"):
        read_pickle(DTYPE + state + b".", "it")


BOMBS = {
    "a memory of many million things": b"\x80\x02]r\x00\x00\x00\x02.",
    "such a memory in text": b"]p33554432\n.",
    "bytes that are not there": b"\x80\x04B\xff\xff\xff\x7fxx.",
    "more of them": b"\x80\x04\x8e\x00\x00\x00\x00\x00\x01\x00\x00xx.",
    "bytes of a negative number": b"\x80\x04\x8e" + b"\xff" * 8 + b"xx.",
    "a text that is not there": b"\x80\x04\x8d\x00\x00\x00\x00\x00\x01\x00\x00xx.",
    "a frame that is not there": b"\x80\x05\x95\x00\x00\x00\x00\x00\x01\x00\x00N.",
    "an array announced": RECONSTRUCT % (1 << 28) + b".",
    "an array without content": RECONSTRUCT % 0 + b"(I1\n(L%dL\ntF1.0\nI00\nC\x01xtb." % (1 << 28),
    "an array of nothing": b"cnumpy\nndarray\n(L%dL\ntR." % (1 << 28),
    "bytes by their number": b"cbuiltins\nbytes\n(L%dL\ntR." % (1 << 28),
    "a text type of no width": b"cnumpy._core.numeric\n_frombuffer\n(C\x00cnumpy\ndtype\n(X\x02\x00\x00\x00S0tR(L%dL\nt"
    b"X\x01\x00\x00\x00CtR." % (1 << 28),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_few_bytes_cannot_take_much_memory(bomb):
    read_pickle(b"N.", "it")  # what reads is compiled now
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CorruptFile):
        read_pickle(bomb, "it")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


def test_deep_nesting_is_refused():
    with pytest.raises(CorruptFile, match="nested too deeply"):
        read_pickle(b"(" * 20_000 + b"t" * 20_000 + b".", "it")
