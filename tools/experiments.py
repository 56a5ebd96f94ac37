"""The recorded runs of lesson 06: what each change of a model buys for the same budget of seconds.

The trainings are those of the lesson, whose own cells run here. A machine that is busy for a moment must not decide
which model is better, so seconds become steps first: the speed of each row is measured on the quiet machine, all rows
in turn, and the best round counts; then every training makes the steps that fit its budget, several side by side.
"""

import concurrent.futures
import functools
import multiprocessing
import os
import sys
import time

import numpy as np

import recipes
from notebook_files import lent
from recipes import keras, utils

SECONDS, LONG, SEEDS, RATES = 20, 80, (0, 1, 2), (0.002, 0.004, 0.008, 0.016, 0.032, 0.064)
SMALL, SMALL_SECONDS, ROUNDS = 10_000, (2.5, 5, 10, 20), 9
WIDE_RATES, WIDE_STEPS = (0.002, 0.008), 67  # for a close look at LSTM(512)

# Each row differs from the first in one thing; the units of RNN and GRU give them as many parameters.
ROWS = {
    "LSTM(128)": {},
    "SimpleRNN(269)": {"cell": "SimpleRNN", "units": 269},
    "GRU(150)": {"cell": "GRU", "units": 150},
    "LSTM(64)": {"units": 64},
    "LSTM(256)": {"units": 256},
    "LSTM(512)": {"units": 512},
    "2 layers": {"layers": 2},
    "3 layers": {"layers": 3},
    "embedding 16": {"embedding_dim": 16},
    "embedding 256": {"embedding_dim": 256},
    "length 16": {"length": 16},
    "length 256": {"length": 256},
    "batch 8": {"batch_size": 8},
    "batch 128": {"batch_size": 128},
}
OPTIMISERS = {
    "RMSprop(0.01)": {"optimizer": "RMSprop", "rate": 0.01, "clipnorm": None},
    "RMSprop(0.01), clipnorm 1": {"optimizer": "RMSprop", "rate": 0.01},
    "Adam, no clipping": {"clipnorm": None},
}
DROPOUTS = {
    "dropout 0.2": {"dropout": 0.2},
    "dropout 0.5": {"dropout": 0.5},
    "recurrent dropout 0.2": {"recurrent_dropout": 0.2},
}


@functools.cache
def lesson() -> dict:
    """The lesson's harness, with Shakespeare as its text."""
    text = recipes.read("shakespeare")
    vocabulary = utils.Vocabulary.from_text(text)
    train, held_out = utils.split(vocabulary.encode(text))
    return lent(6, V=len(vocabulary)) | {"train_ids": train, "held_out_ids": held_out}


def step_seconds(rows: dict) -> dict:
    """Seconds of a step for each row, the best of several rounds, in each of which every row has its turn."""
    harness, trainers = lesson(), {}
    for name, settings in rows.items():
        model, _ = harness["train"](harness["train_ids"], steps=2, **settings)
        size, length = model.input_shape[0], settings.get("length", 64)
        x, y = utils.contiguous_batches(harness["train_ids"], size, length)
        steps = max(4, round(3.2e9 / (size * length * model.count_params())))  # about half a second
        data = {"x": x[: size * steps], "y": y[: size * steps], "batch_size": size, "shuffle": False, "verbose": 0}
        trainers[name] = functools.partial(model.fit, **data), steps
    best = dict.fromkeys(rows, np.inf)
    for count in range(ROUNDS + 1):
        for name, (fit, steps) in trainers.items():
            start = time.perf_counter()
            fit()
            if count:  # the first round only warms up
                best[name] = min(best[name], (time.perf_counter() - start) / steps)
    return best


def run(job: tuple) -> dict:
    """Train once; give bits per character of the training text's end and of the held-out text."""
    settings, steps, seed, size, validation = job
    harness = lesson()
    train, held_out = harness["train_ids"], harness["held_out_ids"]
    if validation:  # a choice, such as the rate, never sees the held-out text
        train, held_out = utils.split(train)
    if size:
        train = train[-size:]
    model, _ = harness["train"](train, steps=steps, seed=seed, **settings)
    scores = [harness["bits_per_character"](model, ids) for ids in (train[-50_000:], held_out)]
    result = {"seed": seed, "training_bits": round(float(scores[0]), 4), "held_out_bits": round(float(scores[1]), 4)}
    print(f"  {settings} {steps} steps {result}", file=sys.stderr, flush=True)
    return result


def rate_scores(rows: dict, steps: dict, pool) -> dict[str, dict[float, list[float]]]:
    """For each row and rate, bits of the last tenth of the training text, with every seed, after half a budget."""
    jobs = {
        name: {
            rate: [pool.submit(run, (settings | {"rate": rate}, steps[name], seed, None, True)) for seed in SEEDS]
            for rate in RATES
        }
        for name, settings in rows.items()
    }
    return {
        name: {rate: [job.result()["held_out_bits"] for job in seeds] for rate, seeds in rates.items()}
        for name, rates in jobs.items()
    }


def best_rate(scores: dict[float, list[float]]) -> float:
    """The rate with the lowest mean over the seeds."""
    return min(scores, key=lambda rate: np.mean(scores[rate]))


def record(rows: dict, seconds: float, step: dict, pool, size: int | None = None) -> list[dict]:
    """Every row with every seed, for a budget of seconds, on the whole text or on its last `size` characters."""
    steps = {name: max(1, round(seconds / step[name])) for name in rows}
    jobs = {name: [pool.submit(run, (rows[name], steps[name], seed, size, False)) for seed in SEEDS] for name in rows}
    harness = lesson()
    return [
        {
            "name": name,
            "settings": settings,
            "seconds": seconds,
            "parameters": harness["train"](harness["train_ids"], steps=1, **settings)[0].count_params(),
            "steps": steps[name],
            "characters_a_second": round(settings.get("length", 64) * settings.get("batch_size", 32) / step[name]),
            "runs": [job.result() for job in jobs[name]],
        }
        for name, settings in rows.items()
    ]


class Losses(keras.callbacks.Callback):
    """The training loss of each step; Keras tells the mean since the epoch began."""

    def on_train_begin(self, logs=None):
        self.values = []

    def on_epoch_begin(self, epoch, logs=None):
        self.before = 0.0

    def on_train_batch_end(self, batch, logs):
        total = logs["loss"] * (batch + 1)
        self.values.append(round(float(total - self.before), 4))
        self.before = total


def watch(rate: float, steps: int, seed: int) -> dict:
    """Train the widest network and look at its memory: bits of the held-out text with the state carried on and with
    the state emptied every 64 characters, and the largest memory cell after reading that text.
    """
    harness, losses = lesson(), Losses()
    shape, held_out = ROWS["LSTM(512)"], harness["held_out_ids"]
    model, _ = harness["train"](harness["train_ids"], steps=steps, seed=seed, rate=rate, callbacks=[losses], **shape)
    x, y = utils.contiguous_batches(held_out, 32, 64)
    bits = {}
    for state, batch_size in (("carried", 32), ("emptied", None)):
        twin = harness["build"](**shape, batch_size=batch_size)
        twin.set_weights(model.get_weights())
        bits[state] = round(twin.evaluate(x, y, batch_size=32, verbose=0) / np.log(2), 4)
        if state == "carried":
            largest = float(np.abs(twin.layers[1].states[1].numpy()).max())
    return {"seed": seed, "rate": rate, "losses": losses.values, "bits": bits, "largest_cell": round(largest, 1)}


def run_all() -> dict:
    """All recorded runs, by the part of the lesson that shows them."""
    everything = ROWS | OPTIMISERS | DROPOUTS
    step = step_seconds(everything)
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = "1"  # for the processes of the pool: one training on each core
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count(), context) as pool:
        scores = rate_scores(ROWS, {name: round(SECONDS / 2 / step[name]) for name in ROWS}, pool)
        rows = {name: settings | {"rate": best_rate(scores[name])} for name, settings in ROWS.items()}
        base = {"LSTM(128)": rows["LSTM(128)"]}
        changed = {name: base["LSTM(128)"] | settings for name, settings in (OPTIMISERS | DROPOUTS).items()}
        regularised = base | {name: changed[name] for name in DROPOUTS}
        wide = {name: rows[name] for name in ("GRU(150)", "length 16", "LSTM(256)", "LSTM(512)")}
        watching = [pool.submit(watch, rate, WIDE_STEPS, seed) for rate in WIDE_RATES for seed in SEEDS]
        return {
            "rows": [row | {"rates": scores[row["name"]]} for row in record(rows, SECONDS, step, pool)],
            "rows_long": record(base | wide | {"dropout 0.2": changed["dropout 0.2"]}, LONG, step, pool),
            "optimisers": record({name: changed[name] for name in OPTIMISERS}, SECONDS, step, pool),
            "dropout": record({name: changed[name] for name in DROPOUTS}, SECONDS, step, pool),
            "wide": [watched.result() for watched in watching],
            "small_text": [row for seconds in SMALL_SECONDS for row in record(regularised, seconds, step, pool, SMALL)],
        }
