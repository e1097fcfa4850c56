"""``nasbed reproduce``: ours beside published, and an exit code for machines."""

from nasbed.studies.reproduction import STUDIES


def test_without_a_name_it_lists_the_studies(nasbed_command):
    ran = nasbed_command("reproduce")
    assert ran.code == 0
    assert all(name in ran.out for name in STUDIES)
    assert list(nasbed_command("reproduce", "--json").json) == list(STUDIES)


def test_figures_stand_beside_each_other(nasbed_command):
    ran = nasbed_command("reproduce", "digits101-card", "--runs", 200)
    assert ran.code == 0
    assert "all 33 figures are within their tolerances" in ran.out
    assert ran.out.count("within") == 34


def test_a_figure_outside_is_exit_code_1(nasbed_command, monkeypatch):
    monkeypatch.setitem(
        __import__("nasbed.studies.digits101_card", fromlist=["SEARCHES"]).SEARCHES, "random", (0.99, 0.989, 0.991)
    )
    ran = nasbed_command("reproduce", "digits101-card", "--runs", 100)
    assert ran.code == 1
    assert "OUTSIDE" in ran.out
    assert "1 of 33 figures are outside their tolerances" in ran.out
    found = nasbed_command("reproduce", "digits101-card", "--runs", 100, "--json")
    assert found.code == 1
    assert found.json["within"] is False
    assert [line["what"] for line in found.json["lines"] if not line["within"]] == ["random, test accuracy"]


def test_what_is_wrong_is_one_sentence(nasbed_command, tmp_path, monkeypatch):
    monkeypatch.setenv("NASBED_HOME", str(tmp_path))
    for words, said in (
        (("digits101-cart",), "Did you mean 'digits101-card'"),
        (("nasbench201-baselines",), "give --data PATH"),
        (("digits101-card", "--runs", 1), "2 runs at least"),
    ):
        ran = nasbed_command("reproduce", *words)
        assert ran.code == 2
        assert said in ran.err
