"""Every registered space, benchmark, optimizer, store and executor keeps the laws of its noun."""

import pytest

from nasbed.core import registry
from nasbed.core.errors import NotInTable
from nasbed.testing import (
    DoesNotApply,
    benchmark_laws,
    executor_laws,
    optimizer_laws,
    space_laws,
    store_laws,
)


def each(names, laws):
    return pytest.mark.parametrize(
        ("name", "law"), [pytest.param(name, law, id=f"{name}-{law}") for name in names for law in laws]
    )


def hold(law, subject):
    try:
        law(subject)
    except DoesNotApply as reason:
        pytest.skip(str(reason))


@each(registry.spaces, space_laws)
def test_space(name, law):
    hold(law, registry.spaces.make(name, {}))


@each(registry.benchmarks, benchmark_laws)
def test_benchmark(name, law):
    try:
        benchmark = registry.benchmarks.make(name, {})
    except NotInTable as reason:
        pytest.skip(str(reason))
    hold(law, benchmark)


@each(registry.optimizers, optimizer_laws)
def test_optimizer(name, law):
    hold(law, registry.optimizers.make(name, {}))


@each(registry.stores, store_laws)
def test_store(name, law):
    hold(law, registry.stores[name])


@each(registry.executors, executor_laws)
def test_executor(name, law):
    hold(law, registry.executors[name])
