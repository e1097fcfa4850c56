"""Small files in the published format, written plainly, and the published way of reading them."""

import base64
import json
import random
import struct

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from nasbed.spaces.module_hash import module_hash

OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
MEASURES = ("current_epoch", "training_time", "train_accuracy", "validation_accuracy", "test_accuracy")


def _metrics():
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="model_metrics.proto", package="t", syntax="proto2")
    evaluation = file.message_type.add(name="EvaluationData")
    for number, name in enumerate(MEASURES, 1):
        evaluation.field.add(name=name, number=number, type=kinds.TYPE_DOUBLE, label=kinds.LABEL_OPTIONAL)
    evaluation.field.add(name="checkpoint_path", number=6, type=kinds.TYPE_STRING, label=kinds.LABEL_OPTIONAL)
    metrics = file.message_type.add(name="ModelMetrics")
    repeated = {"type": kinds.TYPE_MESSAGE, "label": kinds.LABEL_REPEATED, "type_name": ".t.EvaluationData"}
    metrics.field.add(name="evaluation_data", number=1, **repeated)
    metrics.field.add(name="trainable_parameters", number=2, type=kinds.TYPE_INT32, label=kinds.LABEL_OPTIONAL)
    metrics.field.add(name="total_time", number=3, type=kinds.TYPE_DOUBLE, label=kinds.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.ModelMetrics"))


ModelMetrics = _metrics()


def message_of(values, parameters, paths=(None, None, None)):
    made = ModelMetrics(trainable_parameters=parameters, total_time=values[15])
    for point, path in enumerate(paths):
        evaluation = made.evaluation_data.add(**dict(zip(MEASURES, values[5 * point : 5 * point + 5], strict=True)))
        if path is not None:
            evaluation.checkpoint_path = path
    return made.SerializeToString()


def plain_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def framed(text):
    length = struct.pack("<Q", len(text))
    return length + struct.pack("<I", plain_crc(length)) + text + struct.pack("<I", plain_crc(text))


def record_of(matrix, operations, epochs, message):
    labels = [-1, *(OPERATIONS.index(name) for name in operations[1:-1]), -2]
    adjacency = "".join(str(x) for row in matrix for x in row)
    raw = base64.encodebytes(message).decode()
    return json.dumps([module_hash(matrix, labels), epochs, adjacency, ",".join(operations), raw]).encode()


MODULES = [
    ([[0, 1], [0, 0]], ("input", "output")),
    ([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ("input", "maxpool3x3", "output")),
    ([[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]], ("input", *OPERATIONS[:2], "output")),
    ([[0, 1, 1], [0, 0, 1], [0, 0, 0]], ("input", "conv1x1-bn-relu", "output")),
]


def plausible(chance, epochs):
    single = lambda x: float(np.float32(x))  # noqa: E731
    values = []
    for share in (0.0, 0.5, 1.0):
        accuracies = [single(chance.randrange(9985) / 9984) for _ in range(3)]
        values += [epochs * share, single(chance.uniform(1, 4000) * share), *accuracies]
    return [*values, chance.uniform(1000, 5000)]


def records(seed=0, modules=MODULES, budgets=(4, 108), repeats=3, paths=(None, None, None)):
    chance = random.Random(seed)
    return [
        record_of(matrix, operations, epochs, message_of(plausible(chance, epochs), 100_000 + number, paths))
        for number, (matrix, operations) in enumerate(modules)
        for epochs in budgets
        for _ in range(repeats)
    ]


def file_of(path, texts):
    path.write_bytes(b"".join(map(framed, texts)))
    return path


def original_loader(path):
    """Read a file as the published API does: fixed statistics, and computed ones by hash and epochs, in file order."""
    fixed, computed, data, at = {}, {}, path.read_bytes(), 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        assert struct.unpack_from("<I", data, at + 8) == (plain_crc(data[at : at + 8]),)
        text = data[at + 12 : at + 12 + length]
        assert struct.unpack_from("<I", data, at + 12 + length) == (plain_crc(text),)
        at += 16 + length
        module, epochs, raw_adjacency, raw_operations, raw_metrics = json.loads(text.decode())
        side = int(np.sqrt(len(raw_adjacency)))
        adjacency = np.array([int(x) for x in raw_adjacency], dtype=np.int8).reshape(side, side)
        metrics = ModelMetrics.FromString(base64.b64decode(raw_metrics))
        fixed.setdefault(module, (adjacency.tolist(), tuple(raw_operations.split(",")), metrics.trainable_parameters))
        start, half, final = metrics.evaluation_data
        values = tuple(getattr(point, name) for point in (start, half, final) for name in MEASURES)
        computed.setdefault(module, {}).setdefault(epochs, []).append((*values, metrics.total_time))
    return fixed, computed
