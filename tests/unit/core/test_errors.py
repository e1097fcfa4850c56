"""Errors: sentences that say what to do, caught as what they are and as what Python calls them."""

import pytest

from nasbed.core.errors import InvalidArchitecture, MissingExtra, NasbedError, NotInTable, UnknownName


def test_a_key_error_is_printed_without_quotes():
    assert str(NotInTable("no results at 3 epochs")) == "no results at 3 epochs"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("nasbench210", "Did you mean 'nasbench201'?"),
        ("zzz", "There are: darts, nasbench101, nasbench201."),
    ],
)
def test_an_unknown_name_is_told_its_nearest_or_all(name, hint):
    error = UnknownName("space", name, {"nasbench201", "nasbench101", "darts"})
    assert str(error) == f"no space is called {name!r}. {hint}"


def test_where_there_are_no_names_none_is_offered():
    assert str(UnknownName("proxy", "naswot", [])) == "no proxy is called 'naswot'. There are: none."


@pytest.mark.parametrize(
    ("error", "python"), [(NotInTable, KeyError), (InvalidArchitecture, ValueError), (MissingExtra, ImportError)]
)
def test_code_that_does_not_know_nasbed_catches_what_it_expects(error, python):
    assert issubclass(error, python)
    assert issubclass(error, NasbedError)
