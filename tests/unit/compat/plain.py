"""The published loader and interface, written plainly: dictionaries, json, base64 and a protobuf parser."""

import base64
import copy
import hashlib
import json
import math
import random
import struct

import numpy as np

CONFIG = {
    "module_vertices": 7,
    "max_edges": 9,
    "available_ops": ["conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"],
    "num_repeats": 3,
}
FIELDS = ("training_time", "train_accuracy", "validation_accuracy", "test_accuracy")


class OutOfDomainError(Exception):
    pass


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def message(data):
    """Give every field of a protobuf message as (number, value)."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        else:
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
        yield tag >> 3, value


def records(path):
    data, at = path.read_bytes(), 0
    while at < len(data):
        (size,) = struct.unpack_from("<Q", data, at)
        yield data[at + 12 : at + 12 + size]
        at += size + 16


def prune(matrix, ops):
    n = len(matrix)
    ahead, behind = {0}, {n - 1}
    for v in range(1, n):
        if any(matrix[u, v] and u in ahead for u in range(v)):
            ahead.add(v)
    for v in range(n - 2, -1, -1):
        if any(matrix[v, w] and w in behind for w in range(v + 1, n)):
            behind.add(v)
    kept = sorted(ahead & behind)
    if len(kept) < 2:
        return None, None
    return matrix[np.ix_(kept, kept)], [ops[v] for v in kept]


def hash_module(matrix, labels):
    def md5(text):
        return hashlib.md5(text.encode()).hexdigest()

    vertices = range(len(labels))
    degrees = zip(matrix.sum(axis=1).tolist(), matrix.sum(axis=0).tolist(), labels, strict=True)
    hashes = [md5(str(degree)) for degree in degrees]
    for _ in vertices:
        hashes = [
            md5(
                "".join(sorted(hashes[u] for u in vertices if matrix[u, v]))
                + "|"
                + "".join(sorted(hashes[w] for w in vertices if matrix[v, w]))
                + "|"
                + hashes[v]
            )
            for v in vertices
        ]
    return md5(str(sorted(hashes)))


class ModelSpec:
    def __init__(self, matrix, ops):
        matrix = np.array(matrix)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise ValueError("square")
        if len(matrix) != len(ops):
            raise ValueError("length of ops")
        if any(matrix[i, j] != 0 for i in range(len(matrix)) for j in range(i + 1)):
            raise ValueError("upper triangular")
        self.original_matrix, self.original_ops = matrix, list(ops)
        self.matrix, self.ops = prune(matrix, list(ops))
        self.valid_spec = self.ops is not None

    def hash_spec(self, canonical):
        return hash_module(self.matrix, [-1, *(canonical.index(op) for op in self.ops[1:-1]), -2])


class NASBench:
    def __init__(self, path, seed=None):
        self.config = copy.deepcopy(CONFIG)
        random.seed(seed)
        self.fixed_statistics, self.computed_statistics, self.valid_epochs = {}, {}, set()
        for record in records(path):
            module, epochs, adjacency, operations, metrics = json.loads(record)
            fields = list(message(base64.b64decode(metrics)))
            if module not in self.fixed_statistics:
                side = math.isqrt(len(adjacency))
                self.fixed_statistics[module] = {
                    "module_adjacency": np.array([int(x) for x in adjacency], np.int8).reshape(side, side),
                    "module_operations": operations.split(","),
                    "trainable_parameters": dict(fields)[2],
                }
                self.computed_statistics[module] = {}
            self.valid_epochs.add(epochs)
            points = [dict(message(value)) for number, value in fields if number == 1]
            point = {}
            for name, values in (("halfway", points[1]), ("final", points[2])):
                for i, field in enumerate(FIELDS):
                    point[f"{name}_{field}"] = values[i + 2]
            self.computed_statistics[module].setdefault(epochs, []).append(point)
        self.reset_budget_counters()

    def query(self, spec, epochs=108, stop_halfway=False):
        if epochs not in self.valid_epochs:
            raise OutOfDomainError("epochs")
        fixed, computed = self.get_metrics_from_spec(spec)
        repeat = random.randint(0, self.config["num_repeats"] - 1)
        chosen = computed[epochs][repeat]
        data = dict(fixed)
        for field in FIELDS:
            data[field] = chosen[f"{'halfway' if stop_halfway else 'final'}_{field}"]
        self.training_time_spent += data["training_time"]
        self.total_epochs_spent += epochs // 2 if stop_halfway else epochs
        return data

    def is_valid(self, spec):
        try:
            self.check(spec)
        except OutOfDomainError:
            return False
        return True

    def check(self, spec):
        if not spec.valid_spec:
            raise OutOfDomainError("disconnected")
        if len(spec.ops) > self.config["module_vertices"]:
            raise OutOfDomainError("too many vertices")
        if np.sum(spec.matrix) > self.config["max_edges"]:
            raise OutOfDomainError("too many edges")
        if spec.ops[0] != "input":
            raise OutOfDomainError("first operation")
        if spec.ops[-1] != "output":
            raise OutOfDomainError("last operation")
        for op in spec.ops[1:-1]:
            if op not in self.config["available_ops"]:
                raise OutOfDomainError("unsupported op")

    def get_budget_counters(self):
        return self.training_time_spent, self.total_epochs_spent

    def reset_budget_counters(self):
        self.training_time_spent, self.total_epochs_spent = 0.0, 0

    def hash_iterator(self):
        return self.fixed_statistics.keys()

    def get_metrics_from_hash(self, module):
        return copy.deepcopy(self.fixed_statistics[module]), copy.deepcopy(self.computed_statistics[module])

    def get_metrics_from_spec(self, spec):
        self.check(spec)
        return self.get_metrics_from_hash(spec.hash_spec(self.config["available_ops"]))
