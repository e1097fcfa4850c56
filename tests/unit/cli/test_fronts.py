"""Searches with several objectives print their fronts; those that found nothing say why."""

import pytest

SEARCH = ("search", "nsga2", "--benchmark", "digits101", "--evaluations", 40, "--objective", "params")


def test_a_search_prints_the_front_it_found(nasbed_command):
    printed = nasbed_command(*SEARCH, "--limit", "params=5000")
    assert "accuracy, params" in printed.out
    assert "params ≤ 5,000" in printed.out
    assert "% of the exact front's hypervolume" in printed.out


def test_a_search_gives_each_run_s_front_as_json(nasbed_command):
    found = nasbed_command(*SEARCH, "--runs", 3, "--json").json["trade_offs"]
    assert found["objectives"] == ["accuracy", "params"]
    assert len(found["fronts"]["nsga2"]) == 3
    for front in found["fronts"]["nsga2"]:
        accuracies = [point["accuracy"] for point in front]
        assert accuracies == sorted(accuracies, reverse=True)
    assert 0 < found["summary"][0]["hypervolume"] <= 1


def test_a_comparison_prints_the_hypervolume_of_each_search(nasbed_command):
    words = ("compare", "nsga2", "random", "--runs", 5, "--evaluations", 40)
    assert "hypervolume" in nasbed_command(*words, "--objective", "params").out
    assert len(nasbed_command(*words, "--objective", "params", "--json").json["trade_offs"]["summary"]) == 2
    assert "hypervolume" not in nasbed_command(*words).out


@pytest.mark.parametrize("verb", ["search", "compare"])
@pytest.mark.parametrize(
    ("rule", "why"),
    [(("--limit", "seconds=0.001"), "over a limit (seconds 0.001)"), (("--failures", 1), "training failed")],
)
def test_who_has_nothing_to_choose_says_why(nasbed_command, verb, rule, why):
    ran = nasbed_command(verb, "random", "--runs", 2, "--evaluations", 20, "--objective", "params", *rule)
    assert ran.code == (1 if why == "training failed" else 0)
    assert why in ran.out
    assert "hypervolume" not in ran.out
