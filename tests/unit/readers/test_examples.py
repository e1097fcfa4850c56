"""Examples: what ``tf.train.Example`` is on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.errors import CorruptFile
from nasbed.readers.examples import example_record, read_examples
from nasbed.readers.protobuf import delimited
from nasbed.readers.tfrecord import framed

KNOWN = bytes.fromhex("0a20 0a0e0a05696d61676512050a030a0141 0a0e0a056c6162656c12051a030a0107")
"""``Example`` with image b"A" and label 7: each length and tag written out by hand from the two definitions."""


@given(st.lists(st.dictionaries(st.text(max_size=5), st.binary(max_size=9) | st.integers(0, 2**63 - 1), max_size=3)))
def test_what_is_written_is_read_again(examples):
    content = b"".join(map(example_record, examples))
    assert list(read_examples(content, "it")) == [{name: [value] for name, value in one.items()} for one in examples]


def test_an_example_is_on_the_wire_as_defined():
    assert example_record({"image": b"A", "label": 7}) == framed(KNOWN)


def test_numbers_may_be_packed_or_not():
    numbers = [delimited(1, bytes([3, 4])), bytes([1 << 3, 3, 1 << 3, 4])]
    for values in numbers:
        feature = delimited(3, values)
        record = delimited(1, delimited(1, delimited(1, b"n") + delimited(2, feature)))
        assert list(read_examples(framed(record), "it")) == [{"n": [3, 4]}]


@pytest.mark.parametrize(
    "record",
    [b"\x0a\xff", b"\x0a\x02\x0a\x00", b"\x0b", b"\x0a\x04\x0a\x02\x0a\x00", b"\xff" * 11, b"\x0a\x03\x0a\x01"],
)
def test_what_is_no_example_is_refused(record):
    with pytest.raises(CorruptFile, match=r"record 0 of it is not a tf\.train\.Example"):
        list(read_examples(framed(record), "it"))
