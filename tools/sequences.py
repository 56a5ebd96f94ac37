"""The recorded runs of lesson 12: lists of dates, the Transformer beside the LSTM, and translations.

The trainings are those of the lesson, whose own cells run here, several side by side with one thread each. Seconds are
those of the processor, so that a busy machine changes little.
"""

import concurrent.futures
import contextlib
import functools
import multiprocessing
import os
import sys
import time

import numpy as np

from notebook_files import lent
from recipes import keras

SEEDS, RATES, PASSES, LINES = (0,), (0.004,), (40,), 8_000
BRIDGE = {"LSTM with attention": ("seq2seq", 10), "Transformer": ("transformer", 14)}  # builder and passes


@functools.cache
def lesson() -> dict:
    """What the lesson lends."""
    return lent(12)


@contextlib.contextmanager
def pool():
    """Processes, one for each core, each with one thread."""
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as workers:
        yield workers


def run_and_choose(workers, work, names, settings) -> list[dict]:
    """Runs of `work(name, setting, seed)`: with the first seed at every setting, with the others at the best of them.

    The best has the highest "validation"; the runs at it are marked as chosen.
    """
    first = {(name, each): workers.submit(work, name, each, SEEDS[0]) for name in names for each in settings}
    best = {name: max(settings, key=lambda each: first[name, each].result()["validation"]) for name in names}
    more = [workers.submit(work, name, best[name], seed) for name in names for seed in SEEDS[1:]]
    runs = [job.result() for job in (*first.values(), *more)]
    return [run | {"chosen": run["setting"] == best[run["name"]]} for run in runs]


def noted(name: str, setting: float, seed: int, **facts) -> dict:
    """What is recorded of a run; it is also shown."""
    run = {"name": name, "setting": setting, "seed": seed} | facts
    print(f"  {run}", file=sys.stderr, flush=True)
    return run


def round_weights(model: keras.Model) -> None:
    """Keep nine significant bits of each weight, which more than halves the compressed file."""
    parts = [np.frexp(weights) for weights in model.get_weights()]
    model.set_weights([np.ldexp(np.round(fraction * 512) / 512, exponent) for fraction, exponent in parts])


def dates() -> tuple[list, list, list]:
    """Single dates for training, validation and the test, the first and the last as in the lesson."""
    make, (train, validation, test, _) = lesson()["examples"], lesson()["split_days"]()
    return make(train, lesson()["EXAMPLES"], seed=0), make(validation, 500, seed=100), make(test, 1000, seed=1)


def run_lists(name: str, rate: float, seed: int) -> dict:
    """Train on single dates, then on lines of several; exact match by their number, and by place in the longest."""
    harness = lesson()
    attention, backwards = harness["VARIANTS"][name]
    (train, validation, test, _), make = harness["split_days"](), harness["lists"]
    parts = [make(train, LINES, 0, most=1), make(train, LINES, 1), make(validation, 400, 2), make(test, 1200, 3)]
    single, train, validation, test = map(harness["reverse"], parts) if backwards else parts
    vocabularies = harness["vocabularies_of"](train)
    keras.utils.set_random_seed(seed)
    model = harness["seq2seq"](*map(len, vocabularies), attention=attention)
    start = time.process_time()
    for pairs in (single, train):
        harness["train"](model, pairs, vocabularies, rate=rate)
    seconds = round(time.process_time() - start)
    right = harness["exact"](model, validation, vocabularies)
    lengths, places = harness["by_length"](harness["answers"](model, test, vocabularies), test)
    tested = {"by_length": np.round(lengths, 4).tolist(), "by_place": np.round(places, 4).tolist()}
    return noted(name, rate, seed, validation=round(float(right.mean()), 4), seconds=seconds, **tested)


class Watch(keras.callbacks.Callback):
    """After each pass, seconds of the processor so far and exact match on the test part."""

    def __init__(self, test: list, vocabularies: list):
        super().__init__()
        self.test, self.vocabularies, self.seconds, self.history = test, vocabularies, 0.0, []

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds += time.process_time() - self.started
        row = {"seconds": round(self.seconds, 1), "exact": exact_slowly(self.model, self.test, self.vocabularies)}
        self.history.append(row)


def exact_slowly(model: keras.Model, pairs: list, vocabularies: list) -> float:
    """Exact match of any model that reads a source and what is written."""
    harness = lesson()
    x, y = harness["arrays"](pairs, vocabularies)
    written = harness["texts_of"](harness["write_slowly"](model, x, y.shape[1]), vocabularies[1])
    return round(float(np.mean([text == pair[1] for text, pair in zip(written, pairs)])), 4)


def run_bridge(name: str, rate: float, seed: int) -> dict:
    """Train on single dates; exact match after each pass."""
    harness, (builder, passes) = lesson(), BRIDGE[name]
    train, validation, test = dates()
    vocabularies = harness["vocabularies_of"](train)
    keras.utils.set_random_seed(seed)
    model, watch = harness[builder](*map(len, vocabularies)), Watch(test, vocabularies)
    harness["train"](model, train, vocabularies, passes=passes, rate=rate, callbacks=[watch])
    facts = {"parameters": model.count_params(), "history": watch.history}
    run = noted(name, rate, seed, validation=exact_slowly(model, validation, vocabularies), **facts)
    return run | {"weights": model.get_weights()}


def run_translator(tokens: str, passes: int, seed: int) -> dict:
    """Train a translator of words or of characters; its quality on validation and test, and its weights."""
    harness = lesson()
    train, validation, test = (harness["cut"](pairs, tokens) for pairs in harness["sentences"]())
    vocabularies = harness["translation_vocabularies"](train)
    keras.utils.set_random_seed(seed)
    model, start = harness["translation_model"](vocabularies), time.process_time()
    harness["train"](model, train, vocabularies, passes=passes, batch_size=64)
    seconds = round(time.process_time() - start)
    found = [harness["quality"](harness["answers"](model, pairs, vocabularies), pairs) for pairs in (validation, test)]
    chosen_by, tested = ({key: round(value, 2) for key, value in each.items()} for each in found)
    run = noted(tokens, passes, seed, validation=chosen_by["chrF"], test=tested, seconds=seconds)
    return run | {"weights": model.get_weights()}


def record_dates() -> tuple[keras.Model, dict]:
    """The runs of sections 4 and 8, and the LSTM among them that is best on validation, for the widget."""
    harness = lesson()
    with pool() as workers:
        lists = run_and_choose(workers, run_lists, harness["VARIANTS"], [harness["RATE"]])
        bridge = run_and_choose(workers, run_bridge, BRIDGE, RATES)
    train, _, test = dates()
    vocabularies = harness["vocabularies_of"](train)
    model, stored = best_of(bridge, "LSTM with attention", harness["seq2seq"](*map(len, vocabularies)))
    stored |= {"exact": round(float(harness["exact"](model, test, vocabularies).mean()), 4)}
    return model, tokens_of(vocabularies) | {"stored": stored, "lists": lists, "bridge": bridge}


def best_of(runs: list[dict], name: str, model: keras.Model) -> tuple[keras.Model, dict]:
    """The model with the weights of the run that is best on validation, rounded, and which run that was.

    The weights leave all runs.
    """
    best = max((run for run in runs if run["name"] == name), key=lambda run: run["validation"])
    model.set_weights(best["weights"])
    round_weights(model)
    for run in runs:
        del run["weights"]
    return model, {"setting": best["setting"], "seed": best["seed"]}


def tokens_of(vocabularies: list) -> dict:
    """Both vocabularies, as a card holds them."""
    return dict(zip(("source_vocabulary", "vocabulary"), (list(vocabulary.tokens) for vocabulary in vocabularies)))


def record_translations() -> tuple[keras.Model, dict]:
    """The runs of section 9, and the translator of words among them that is best on validation."""
    harness = lesson()
    with pool() as workers:
        runs = run_and_choose(workers, run_translator, harness["TOKENS"], PASSES)
    vocabularies = harness["translation_vocabularies"](harness["cut"](harness["sentences"]()[0], "words"))
    model, stored = best_of(runs, "words", harness["translation_model"](vocabularies))
    return model, tokens_of(vocabularies) | {"stored": stored, "runs": runs}
