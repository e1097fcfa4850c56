"""Records: both readers against the protobuf library, for any double; framing against CRC written plainly."""

import struct

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tables.published import MODULES, message_of, plain_crc, record_of

from nasbed.readers.record import format_record, parse_record
from nasbed.readers.tfrecord import masked_crc
from nasbed.tables import importing

doubles = st.floats(width=64) | st.integers(0, 9984).map(lambda k: float(np.float32(k / 9984)))
values = st.lists(doubles, min_size=16, max_size=16)
paths = st.lists(st.none() | st.text(st.characters(codec="utf-8"), max_size=80), min_size=3, max_size=3)


def bits(numbers):
    return struct.pack("<16d", *numbers)


@given(st.binary(max_size=300))
def test_the_checksum_is_crc32c_masked(data):
    assert masked_crc(np.frombuffer(data, np.uint8), 0, len(data)) == plain_crc(data)


def test_the_checksum_of_a_published_vector():
    crc = int(masked_crc(np.frombuffer(b"123456789", np.uint8), 0, 9))
    assert crc == ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) & 0xFFFFFFFF


@given(values, st.integers(-(2**31), 2**31 - 1), paths, st.integers(1, 2**31 - 1))
def test_the_plain_reader_reads_what_protobuf_writes_and_writes_it_again(numbers, parameters, where, epochs):
    text = record_of(*MODULES[2], epochs, message_of(numbers, parameters, where))
    record = parse_record(text)
    assert bits(record.values) == bits(numbers)
    assert (record.trainable_parameters, record.checkpoint_paths) == (parameters, tuple(where))
    assert (record.epochs, record.operations, record.adjacency) == (epochs, MODULES[2][1], "0110000100010000")
    assert format_record(record) == text


def compiled(*texts):
    """Read records with the compiled reader."""
    data = b""
    for text in texts:
        length = struct.pack("<Q", len(text))
        data += length + struct.pack("<I", plain_crc(length)) + text + struct.pack("<I", plain_crc(text))
    batch = importing.Batch()
    names = importing.joined(list(importing.OPERATIONS))
    count, modules, end, _ = importing.kernels.read_records(
        np.frombuffer(data, np.uint8).copy(), 0, len(data), names, *batch.arrays
    )
    assert (count, end) == (len(texts), len(data))
    return batch, modules


# Published networks have 227,274 to 49,979,274 parameters.
@pytest.mark.slow
@given(values, st.integers(2**14, 2**28 - 1), st.sampled_from(MODULES), st.integers(1, 10**9 - 1))
def test_the_compiled_reader_agrees(numbers, parameters, module, epochs):
    text = record_of(*module, epochs, message_of(numbers, parameters))
    batch, modules = compiled(text)
    assert modules == 1
    assert batch.usual[0]
    assert batch.values[:, 0].tobytes() == bits(numbers)
    assert (batch.parameters[0], batch.epochs[0]) == (parameters, epochs)
    assert batch.hashes[0].tobytes().hex() == parse_record(text).module


ORDINARY = record_of(*MODULES[2], 108, message_of([x / 7 for x in range(16)], 2694282))


@pytest.mark.slow
@given(st.integers(0, len(ORDINARY) - 1), st.sampled_from(b'"\\n=A/0199,: []{}x\xff\x00') | st.integers(0, 255))
@example(ORDINARY.index(b" 108,") + 1, ord("0"))
def test_the_compiled_reader_takes_no_record_but_in_the_form_that_is_written_again(at, byte):
    text = ORDINARY[:at] + bytes([byte]) + ORDINARY[at + 1 :]
    batch, _ = compiled(ORDINARY, text)
    assert batch.usual[0]
    if not batch.usual[1]:
        return  # left to the plain reader
    record = parse_record(text)
    assert format_record(record) == text
    assert (batch.values[:, 1].tobytes(), batch.epochs[1]) == (bits(record.values), record.epochs)
    module = batch.module[1]
    assert batch.hashes[module].tobytes().hex() == record.module
    assert batch.parameters[module] == record.trainable_parameters
    mask = sum(1 << x + y * (y - 1) // 2 for y in range(4) for x in range(y) if record.adjacency[4 * x + y] == "1")
    assert (int(batch.masks[module]), int(batch.vertices[module])) == (mask, 4)
    assert [importing.OPERATIONS[op] for op in batch.labels[module][:2]] == list(record.operations[1:-1])


def test_records_of_a_module_share_it_while_nothing_of_it_changes():
    numbers = [0.5] * 16
    one = [record_of(*MODULES[2], epochs, message_of(numbers, 90_000)) for epochs in (4, 108, 108)]
    more = record_of(*MODULES[2], 108, message_of(numbers, 90_001))  # other parameters: left to the plain reader
    batch, modules = compiled(*one, more, record_of(*MODULES[1], 4, message_of(numbers, 90_002)), one[0])
    assert batch.usual[:6].tolist() == [True, True, True, False, True, True]
    assert batch.module[[0, 1, 2, 4, 5]].tolist() == [0, 0, 0, 1, 2]
    assert (modules, batch.parameters[:3].tolist()) == (3, [90_000, 90_002, 90_000])


@pytest.mark.parametrize("parameters", [0, 2**14 - 1, 2**28, -1])
def test_what_published_files_do_not_have_is_left_to_the_plain_reader(parameters):
    batch, _ = compiled(record_of(*MODULES[2], 108, message_of([0.5] * 16, parameters)))
    assert not batch.usual[0]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"{", "not JSON"),
        (b"[1, 2]", "not a list of hash"),
        (record_of(*MODULES[0], 4, b"\x0a\x05"), "cut off"),
        (record_of(*MODULES[0], 4, b""), "0 evaluations"),
        (record_of(*MODULES[0], 4, b"\x20\x05"), "unknown field 4"),
        (record_of(*MODULES[0], 0, message_of([0.0] * 16, 1)), "not a number of epochs"),
    ],
)
def test_what_is_no_record_is_refused_in_words(text, what):
    with pytest.raises(ValueError, match=what):
        parse_record(text)
