"""The recorded runs of lesson 12: lists of dates, the Transformer beside the LSTM, translations, and summaries.

The trainings are those of the lesson, whose own cells run here, several side by side with one thread each. Seconds are
those of the processor, so that a busy machine changes little.
"""

import collections
import concurrent.futures
import contextlib
import functools
import itertools
import multiprocessing
import os
import sys
import time

import numpy as np

from notebook_files import lent
from recipes import keras

SEEDS, LINES = (0, 1, 2), 8_000  # of the lists; all other trainings run once, with the first seed
PASSES = 40  # of a translator
SUMMARY_PASSES, SHOWN = 16, 40  # of a network for summaries; how many of its summaries are recorded for each split
SPLITS = ("at random", "by file")  # of the docstrings
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


def noted(name: str, **facts) -> dict:
    """What is recorded of a run; it is also shown."""
    run = {"name": name} | facts
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


def run_lists(name: str, seed: int) -> dict:
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
        harness["train"](model, pairs, vocabularies)
    seconds = round(time.process_time() - start)
    right = harness["exact"](model, validation, vocabularies)
    lengths, places = harness["by_length"](harness["answers"](model, test, vocabularies), test)
    tested = {"by_length": np.round(lengths, 4).tolist(), "by_place": np.round(places, 4).tolist()}
    return noted(name, seed=seed, validation=round(float(right.mean()), 4), seconds=seconds, **tested)


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


def run_bridge(name: str) -> dict:
    """Train on single dates; exact match after each pass."""
    harness, (builder, passes) = lesson(), BRIDGE[name]
    train, validation, test = dates()
    vocabularies = harness["vocabularies_of"](train)
    keras.utils.set_random_seed(SEEDS[0])
    model, watch = harness[builder](*map(len, vocabularies)), Watch(test, vocabularies)
    harness["train"](model, train, vocabularies, passes=passes, callbacks=[watch])
    facts = {"parameters": model.count_params(), "history": watch.history}
    run = noted(name, validation=exact_slowly(model, validation, vocabularies), **facts)
    return run | {"weights": model.get_weights()}


def run_translator(tokens: str) -> dict:
    """Train a translator of words or of characters; its quality on validation and test, and its weights."""
    harness = lesson()
    train, validation, test = (harness["cut"](pairs, tokens) for pairs in harness["sentences"]())
    vocabularies = harness["translation_vocabularies"](train)
    keras.utils.set_random_seed(SEEDS[0])
    model, start = harness["translation_model"](vocabularies), time.process_time()
    harness["train"](model, train, vocabularies, passes=PASSES, batch_size=64)
    seconds = round(time.process_time() - start)
    found = [harness["quality"](harness["answers"](model, pairs, vocabularies), pairs) for pairs in (validation, test)]
    validation, test = ({key: round(value, 2) for key, value in each.items()} for each in found)
    run = noted(tokens, validation=validation["chrF"], test=test, seconds=seconds)
    return run | {"weights": model.get_weights()}


def record_dates() -> tuple[keras.Model, dict]:
    """The runs of sections 4 and 8, and the LSTM of the latter, for the widget."""
    harness = lesson()
    with pool() as workers:
        lists = workers.map(run_lists, *zip(*itertools.product(harness["VARIANTS"], SEEDS)))
        bridge = workers.map(run_bridge, BRIDGE)
    lists, bridge = list(lists), list(bridge)
    train, _, test = dates()
    vocabularies = harness["vocabularies_of"](train)
    model = stored(bridge, "LSTM with attention", harness["seq2seq"](*map(len, vocabularies)))
    exact = round(float(harness["exact"](model, test, vocabularies).mean()), 4)
    return model, tokens_of(vocabularies) | {"exact": exact, "lists": lists, "bridge": bridge}


def stored(runs: list[dict], name: str, model: keras.Model) -> keras.Model:
    """The model with the weights of one of the runs, rounded. The weights leave all runs."""
    weights = {run["name"]: run.pop("weights") for run in runs}
    model.set_weights(weights[name])
    round_weights(model)
    return model


def tokens_of(vocabularies: list) -> dict:
    """Both vocabularies, as a card holds them."""
    return dict(zip(("source_vocabulary", "vocabulary"), (list(vocabulary.tokens) for vocabulary in vocabularies)))


def record_translations() -> tuple[keras.Model, dict]:
    """The runs of section 9, and the translator of words."""
    harness = lesson()
    with pool() as workers:
        runs = list(workers.map(run_translator, harness["TOKENS"]))
    vocabularies = harness["translation_vocabularies"](harness["cut"](harness["sentences"]()[0], "words"))
    model = stored(runs, "words", harness["translation_model"](vocabularies))
    return model, tokens_of(vocabularies) | {"runs": runs}


def run_summaries(split: str) -> dict:
    """Train on one split of the docstrings and judge the test part by ROUGE-1, beside all opponents and controls.

    Means, and how far the copies are ahead of each row, paragraph by paragraph; both with twice the standard error.

    The validation part, whose loss is recorded after each pass, shares no file with the training part.
    """
    harness = lesson()
    entries, test = harness["splits_of"](harness["documented"]())[split]
    train, validation = harness["by_file"](entries, 12, seed=1)
    pairs, validation_pairs, test_pairs = map(harness["summary_pairs"], (train, validation, test))
    keras.utils.set_random_seed(SEEDS[0])
    model, vocabularies = harness["summarizer"](pairs)
    x, y = harness["arrays"](validation_pairs, vocabularies)
    settings = {"passes": SUMMARY_PASSES, "batch_size": 64, "validation_data": ([x, harness["shifted"](y)], y)}
    start = time.process_time()
    history = harness["train"](model, pairs, vocabularies, **settings).history
    seconds = round(time.process_time() - start)
    found = harness["summarise"](model, test_pairs, vocabularies)
    found["copies of another paragraph"] = found["copies"][1:] + found["copies"][:1]
    known = {*vocabularies[1].tokens}
    for who, copying in (("reference, known words", False), ("reference, with copies", True)):
        found[who] = [writable(line, known | {f" {word}" for word in source if copying}) for source, line in test_pairs]
    found |= harness["opponents"](train, test)
    scores, bare = (
        {who: harness["rouge_1"](texts, test, dropped) for who, texts in found.items()}
        for dropped in ((), harness["FUNCTION_WORDS"])
    )
    facts = {"pairs": len(train), "parameters": model.count_params(), "seconds": seconds}
    facts["different"] = len({*found["as written"]})
    losses = {key: [round(value, 3) for value in history[key]] for key in ("loss", "val_loss")}
    tables = {
        "rouge_1": {who: rounded(harness["with_error"](own)) for who, own in scores.items()},
        "ahead": {who: rounded(harness["with_error"](scores["copies"] - own)) for who, own in scores.items()},
        "content": {who: rounded(harness["with_error"](own)) for who, own in bare.items()},
        "copied": {how: hits(found, how, test_pairs) for how in ("copies", "copies from anywhere")},
    }
    shown = {harness["mark"](body): text for (body, *_), text in zip(test, found["copies"][:SHOWN])}
    return noted(split, **facts, **losses, **tables, copies=shown)


def writable(words: list[str], known: set[str]) -> str:
    """What is left of a text without unknown words."""
    return "".join(word for word in words if word in known)


def hits(found: dict[str, list[str]], how: str, pairs: list) -> list[int]:
    """How many words were copied, how many of them stand in the reference, how many of these are of the five words."""
    five = found["five words"][0].split()
    copied = [
        (f" {word}" in line, word in five)
        for text, bare, (_, line) in zip(found[how], found["UNKNOWN left out"], pairs)
        for word in (collections.Counter(text.split()) - collections.Counter(bare.split())).elements()
    ]
    return [len(copied), sum(right for right, _ in copied), sum(right and of_five for right, of_five in copied)]


def rounded(numbers) -> list[float]:
    """To two decimals, as a card holds them."""
    return [round(float(number), 2) for number in numbers]


def record_summaries() -> dict:
    """The runs of section 10."""
    with pool() as workers:
        return {"runs": list(workers.map(run_summaries, SPLITS))}
