"""``nasbed doctor``: what is here, and how to get what is not."""

import pytest

import nasbed


def test_it_names_every_package_table_and_folder(nasbed_command, monkeypatch, tmp_path):
    monkeypatch.setenv("NASBED_HOME", str(tmp_path / "home"))
    found = nasbed_command("doctor", "--json").json
    assert found["nasbed"] == nasbed.__version__
    assert set(found["tables"]) == set(nasbed.names("benchmarks"))
    assert found["tables"]["digits101"] == "2,532 architectures"
    assert "nasbed import" in found["tables"]["nasbench101"]
    assert str(tmp_path / "home") in found["folders"]["imported tables"]
    assert {"numpy", "numba", "pyarrow"} <= set(found["packages"])


def test_what_is_missing_is_named_with_the_line_that_installs_it(nasbed_command, monkeypatch):
    from nasbed.cli import doctor

    monkeypatch.setattr(doctor, "_version", lambda package: None if package == "ray" else "1.0")
    assert "lacks ray, for clusters: pip install 'nasbed[ray]'" in nasbed_command("doctor").out


@pytest.mark.parametrize(("system", "here"), [("darwin", "xgboost"), ("linux", "xgboost-cpu")])
def test_packages_of_other_systems_are_not_asked_for(monkeypatch, system, here):
    from nasbed.cli import doctor

    monkeypatch.setattr(doctor, "_version", lambda package: None)
    monkeypatch.setattr(doctor.sys, "platform", system)
    assert doctor._extras()["xgboost"].startswith(f"lacks {here}: ")


@pytest.mark.slow
@pytest.mark.parametrize(("first", "second"), [("compare", "study"), ("study", "compare")])
def test_a_study_and_a_comparison_do_not_share_a_folder(nasbed_command, tmp_path, first, second):
    words = "random", "local", "--runs", "2", "--evaluations", "5", "--out", str(tmp_path / "both")
    assert nasbed_command(first, *words).code == 0
    refused = nasbed_command(second, *words)
    assert refused.code == 2
    assert "of its own" in refused.err
