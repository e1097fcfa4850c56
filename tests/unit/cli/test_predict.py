"""``nasbed predict`` and ``nasbed predictors``: one predictor, and the study of many."""

import pytest


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return tmp_path_factory.mktemp("predict") / "gp.npz"


def test_it_learns_judges_explains_and_stores(nasbed_command, stored):
    ran = nasbed_command(
        "predict", "digits101", "--predictor", "gp:steps=5", "--learn", 40, "--explain", "--out", stored
    )
    assert ran.code == 0
    for said in ("learned from 40 of 2,532", "all others", "one for each unseen function", "share learned", "stored: "):
        assert said in ran.out
    quiet = nasbed_command("predict", "--predictor", "gp:steps=5", "--learn", 40, "--top", 2, "--json", "--quiet").json
    assert list(quiet["test_sets"]) == ["all-others", "unseen-functions", "one-for-each-unseen-function"]
    assert quiet["test_sets"]["all-others"]["n"] == 2492
    assert [row["measured"] > 0.5 for row in quiet["architectures"]] == [True, True]
    again = nasbed_command("predict", "digits101", "--load", stored, "--top", 2, "--json").json
    assert [row["architecture"] for row in again["architectures"]] == [
        row["architecture"] for row in quiet["architectures"]
    ]


def test_a_stored_one_predicts_without_a_table(nasbed_command, stored, tmp_path):
    (tmp_path / "archs.txt").write_text("011/001/000:maxpool3x3\n")
    words = ("--arch", "011/001/000:conv3x3-bn-relu", "--archs", tmp_path / "archs.txt", "--json")
    rows = nasbed_command("predict", "--load", stored, *words).json["architectures"]
    assert len(rows) == 2
    assert rows[0]["predicted"] > rows[1]["predicted"]
    assert [row["measured"] for row in rows] == [None, None]


def test_another_table_of_ones_own(nasbed_command, table):
    ran = nasbed_command("predict", table.path, "--predictor", "gp:steps=2", "--learn", 20, "--top", 1)
    assert ran.code == 0
    assert "warning: made up" in ran.out


def test_what_is_wrong_is_one_sentence(nasbed_command, stored, tmp_path):
    for words, said in (
        (("digits101", "--learn", 5000), "has 2,532 architectures; learn from 1 to as many, not from 5,000"),
        (("--predictor", "gq"), "Did you mean 'gp'"),
        (("--load", stored, "--learn", 5, "--arch", "x"), "leave out --learn"),
        (("--load", stored), "say of what is to be predicted"),
        (("--load", tmp_path / "none.npz", "--arch", "x"), "there is no file"),
        (("--epochs", 5), "no results at 5 epochs"),
        (("--out", tmp_path / "x.pkl"), "name the file x.npz"),
    ):
        ran = nasbed_command("predict", *words)
        assert (ran.code, ran.out) == (2, "")
        assert said in ran.err


def test_a_study_prints_three_test_sets_and_goes_on(nasbed_command, tmp_path, table):
    words = ("predictors", table.path, "--predictor", "gp:steps=2", "--sizes", "10,20", "--draws", 2, "--forms", "svg")
    words += ("--out", tmp_path / "study", "--executor", "inline")
    ran = nasbed_command(*words)
    assert ran.code == 0
    for said in ("τ, all others", "τ, unseen", "τ, one for each", "within 90", "warning: made up", "files in"):
        assert said in ran.out
    again = nasbed_command(*words, "--json").json
    assert [row["size"] for row in again["summary"]] == [10, 20]
    assert set(again["ceilings"]["toy"]) == {"tau", "rho", "rmse", "n"}
    assert nasbed_command("status", tmp_path / "study").code == 0
    page = nasbed_command("report", tmp_path / "study", "--out", tmp_path / "page.html")
    assert page.out.strip().endswith("1 study of predictors on toy")
    assert "How well they rank" in (tmp_path / "page.html").read_text()
    assert "NASLib" in nasbed_command("predictors", "--list").out
    wrong = nasbed_command("predictors", "--sizes", "many", "--out", tmp_path / "none")
    assert (wrong.code, wrong.out) == (2, "")
    assert "--sizes are integers" in wrong.err
    assert not (tmp_path / "none").exists()
