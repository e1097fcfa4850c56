"""The restricted reader: data comes back as it was, whatever wrote it, and nothing else is ever called."""

import pickle
from collections import OrderedDict
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nasbed.core.errors import CorruptFile
from nasbed.readers.pickles import read_pickle

WHOLE = st.integers(-(1 << 120), 1 << 120)  # longer ones no data file needs: they are refused
PLAIN = st.recursive(
    st.none() | st.booleans() | WHOLE | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner) | st.sets(WHOLE),
)
PROTOCOLS = st.integers(0, pickle.HIGHEST_PROTOCOL)


@given(PLAIN, PROTOCOLS)
def test_plain_values_come_back(value, protocol):
    assert read_pickle(pickle.dumps(value, protocol), "it") == value


@given(
    arrays.arrays(
        arrays.integer_dtypes(endianness="=")
        | arrays.floating_dtypes(endianness="=")
        | arrays.boolean_dtypes()
        | arrays.byte_string_dtypes(endianness="="),
        arrays.array_shapes(max_dims=3),
    ),
    PROTOCOLS,
)
def test_arrays_and_their_numbers_come_back(array, protocol):
    back = read_pickle(pickle.dumps(OrderedDict(a=array, one=array.flat[0]), protocol), "it")
    assert (back["a"].dtype, back["a"].shape) == (array.dtype, array.shape)
    assert back["a"].tobytes() == array.tobytes()
    assert back["one"].tobytes() == array.flat[0].tobytes()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("kind", [">i4", ">f8", ">U3", "<c8"])
def test_the_order_of_bytes_comes_back(protocol, kind):
    array = np.array([[1, 2, 300]]).astype(kind)
    written = pickle.dumps([array, array.T[1:], array[0, 2]], protocol)
    back, expected = read_pickle(written, "it"), pickle.loads(written)  # NumPy turns some of them to the native order
    assert [(one.dtype, one.tolist()) for one in back] == [(one.dtype, one.tolist()) for one in expected]


def test_a_pickle_of_python_2_comes_back():
    # what Python 2.7 writes for {"data": numpy.array([[250]], "uint8"), "labels": [3]} at protocol 2
    written = (
        b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85"
        b"U\x01b\x87Rq\x05(K\x01K\x01K\x01\x86cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff"
        b"\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x01\xfatbU\x06labelsq\x08]q\tK\x03au."
    )
    found = read_pickle(written, "it", encoding="latin1")
    assert found["labels"] == [3]
    assert (found["data"].dtype, found["data"].tolist()) == (np.uint8, [[250]])


class Attack:
    """Asks to call something when it is read."""

    def __init__(self, called, *arguments):
        self.called, self.arguments = called, arguments

    def __reduce__(self):
        return self.called, self.arguments


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_would_run_code_is_refused_by_name_and_not_called(tmp_path, protocol):
    canary = tmp_path / "canary"
    attack = pickle.dumps({"data": Attack(open, str(canary), "w")}, protocol)
    with pytest.raises(CorruptFile, match=r"batch wants to call _?io\.open.*not read"):
        read_pickle(attack, "batch")
    assert not canary.exists()


@pytest.mark.parametrize(
    "written",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"(S'true'\nios\nsystem\n.",
        b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.",
        b"\x80\x04\x8c\x05numpy\x8c\x12load\x93.",
        b"\x80\x04\x8c\x08builtins\x8c\x07getattr\x93.",
        b"\x80\x02cnumpy\nndarray.tofile\n.",
    ],
)
def test_no_spelling_of_a_global_gets_round_the_list(written):
    with pytest.raises(CorruptFile):
        read_pickle(written, "it")


def test_arrays_of_objects_are_refused():
    with pytest.raises(CorruptFile, match="not of numbers or text"):
        read_pickle(pickle.dumps(np.array([None, "x"], object)), "it")


@pytest.mark.parametrize("keep", [0, 1, 20, -1])
def test_a_pickle_that_ends_early_is_refused(keep):
    whole = pickle.dumps({"data": np.arange(100), "labels": list(range(100))})
    with pytest.raises(CorruptFile, match="it is not a whole pickle"):
        read_pickle(whole[:keep], "it")


def test_a_format_can_allow_more():
    also = {("fractions", "Fraction"): Fraction}
    assert read_pickle(pickle.dumps(Fraction(1, 3)), "it", also=also) == Fraction(1, 3)
    with pytest.raises(CorruptFile, match=r"fractions\.Fraction"):
        read_pickle(pickle.dumps(Fraction(1, 3)), "it")
