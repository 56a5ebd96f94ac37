"""The recorded trainings of lesson 06: what a record holds, on a small text."""

import concurrent.futures
import types

import numpy as np
import pytest

import experiments
from notebook_files import ROOT

ROWS = {"LSTM(8)": {"units": 8, "rate": 0.01}, "short rows": {"units": 8, "length": 16, "batch_size": 16}}


@pytest.fixture
def small(monkeypatch):
    """The lesson's harness on the course's own verse, several times over."""
    text = (ROOT / "assets" / "texts" / "verses.txt").read_text(encoding="utf-8") * 4
    monkeypatch.setattr(experiments.recipes, "read", lambda name: text)
    experiments.lesson.cache_clear()
    yield experiments.lesson()
    experiments.lesson.cache_clear()


@pytest.mark.slow
def test_a_record(small, monkeypatch):
    """As many steps as fit into the budget, each seed once, bits of a model that has hardly learned."""
    monkeypatch.setattr(experiments, "SEEDS", (0, 1))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        rows = experiments.record(ROWS, 3.0, {"LSTM(8)": 1.0, "short rows": 0.5}, pool)
    assert [(row["name"], row["steps"], row["characters_a_second"]) for row in rows] == [
        ("LSTM(8)", 3, 32 * 64),
        ("short rows", 6, 16 * 16 * 2),
    ]
    for row in rows:
        assert row["settings"] == ROWS[row["name"]] and row["seconds"] == 3.0
        assert row["parameters"] == small["V"] * 64 + 4 * 8 * (64 + 8 + 1) + 9 * small["V"]
        bits = [run["held_out_bits"] for run in row["runs"]]
        assert [run["seed"] for run in row["runs"]] == [0, 1] and len(set(bits)) == 2
        assert all(0.5 * np.log2(small["V"]) < value < 1.1 * np.log2(small["V"]) for value in bits)


def test_the_rate_is_chosen_without_the_held_out_text(small, monkeypatch):
    """What is held out may be anything: the choice never sees it."""
    jobs = []
    monkeypatch.setattr(
        experiments, "run", lambda job: jobs.append(job) or {"held_out_bits": abs(job[0]["rate"] - 0.008)}
    )
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        scores = experiments.rate_scores({"LSTM(8)": {"units": 8}}, {"LSTM(8)": 7}, pool)["LSTM(8)"]
    assert list(scores) == list(experiments.RATES) and scores[0.016] == [0.008] * len(experiments.SEEDS)
    assert [(settings["rate"], steps, seed, validation) for settings, steps, seed, _, validation in jobs] == [
        (rate, 7, seed, True) for rate in experiments.RATES for seed in experiments.SEEDS
    ]


def test_the_best_rate_is_best_on_average():
    """One lucky seed does not choose."""
    assert experiments.best_rate({0.004: [2.0, 2.4], 0.008: [2.1, 2.2], 0.016: [1.9, 3.0]}) == 0.008


@pytest.mark.slow
def test_a_choice_works_without_a_held_out_text(small, monkeypatch):
    """Real trainings choose a rate although there is nothing held out; a record needs it."""
    monkeypatch.setattr(experiments, "RATES", (1e-6, 0.01))
    monkeypatch.setattr(experiments, "SEEDS", (0,))
    small["held_out_ids"] = None
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        scores = experiments.rate_scores({"LSTM(8)": {"units": 8}}, {"LSTM(8)": 3}, pool)
    assert experiments.best_rate(scores["LSTM(8)"]) == 0.01
    with pytest.raises(TypeError, match="NoneType"):
        experiments.run(({"units": 8}, 1, 0, None, False))


@pytest.mark.slow
def test_a_close_look(small, monkeypatch):
    """The loss of each step, both ways of reading, and the largest cell of a memory that has hardly learned."""
    monkeypatch.setattr(experiments, "ROWS", {"LSTM(512)": {"units": 8}})
    small["held_out_ids"] = small["train_ids"]  # long enough for a state that is carried on
    look = experiments.watch(0.01, 4, seed=0)
    assert (look["rate"], look["seed"], len(look["losses"])) == (0.01, 0, 4)
    assert np.allclose(look["losses"], np.log(small["V"]), atol=0.1) and len(set(look["losses"])) == 4
    assert look["bits"]["carried"] != look["bits"]["emptied"]
    assert all(0.5 * np.log2(small["V"]) < bits < 1.1 * np.log2(small["V"]) for bits in look["bits"].values())
    assert 0 < look["largest_cell"] < 10


def test_seconds_of_a_step(small, monkeypatch):
    """Every row has its turn in each round, and the best round counts; the first only warms up, however quick it is."""
    now, turns = [0.0], []

    class Model:
        """Its fit takes as many seconds as its next cost says."""

        input_shape = (4, None)

        def __init__(self, *costs):
            self.costs = iter(costs)

        def count_params(self):
            return 10**9  # so large that four steps are measured

        def fit(self, x, **_):
            assert x.shape[0] == 4 * 4
            turns.append(x.shape[1])
            now[0] += next(self.costs)

    models = {8: Model(4, 12, 8, 40), 64: Model(100, 20, 24, 16)}
    monkeypatch.setattr(experiments, "ROUNDS", 3)
    monkeypatch.setattr(experiments, "time", types.SimpleNamespace(perf_counter=lambda: now[0]))
    small["train"] = lambda ids, steps, length=64: (models[length], None)
    assert experiments.step_seconds({"short": {"length": 8}, "long": {}}) == {"short": 2.0, "long": 4.0}
    assert turns == [8, 64] * 4
