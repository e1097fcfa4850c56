"""The published ``nasbench/lib``, in modules of the published names; what is made of TensorFlow alone is refused.

Reference: Ying et al., ICML 2019, https://github.com/google-research/nasbench, ``nasbench/lib``
"""

from typing import Any

_REFUSED = {
    "cifar": "reads images for TensorFlow's Estimator; config['data_source'] names what is trained on here, such as "
    "'cifar10:/folder', and nasbed.nets.data.source.load gives its images",
    "training_time": "is made of TensorFlow's hooks; config['train_seconds'] limits a training here, and its result "
    "says how long it took",
    "model_metrics_pb2": "is compiled from a protocol buffer; nasbed.readers.record.parse_record reads a record of the "
    "published files, format_record writes one",
}


def __getattr__(name: str) -> Any:
    """Refuse the published modules that are nothing without TensorFlow, saying what is in their place."""
    if name in _REFUSED:
        raise NotImplementedError(f"nasbench.lib.{name} {_REFUSED[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
