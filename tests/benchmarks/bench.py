"""Measure in one run what the course promises: generation, training time to a held-out loss, memory. `make bench`.

Everything is measured several times in turn and the best counts, beside the machine's matrix-multiply rate, so that two
machines, or two days, can be compared. `--quick` is a smoke run of seconds: its training proves nothing.
Ends with status 1 where a promise is not kept, and says which. No promise: how fast the model of the Shakespeare lesson
trains. It stands beside the matrix rate, and beside PyTorch where that is installed.
"""

import argparse
import functools
import importlib.util
import json
import os
import pathlib
import statistics
import sys
import time
from collections.abc import Callable

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
from notebook_files import lent, utils  # noqa: E402

utils.setup(seed=0)
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

import recipes  # noqa: E402

TARGET = 1.70  # nats per character on the held-out last tenth
GENERATION, BATCH, TRAINING = 1000, 5, 0.1  # promises: times `predict`, times a single stream, share of recipe B's time
WINDOW, SAMPLES, TEMPERATURE = 40, 64, 0.5

FAST_EPOCHS, CLASSIC_EPOCHS = 30, 40  # where to give up

# the model of the Shakespeare lesson, as recipes.train_streams makes it
STREAMS, LENGTH, EMBEDDING, UNITS, LAYERS, RATE, CLIP = 32, 64, 64, 128, 2, 0.008, 1.0


def load_text(name: str, prepare: Callable = str) -> tuple[utils.Vocabulary, np.ndarray]:
    """The vocabulary and the ids of a corpus."""
    text = recipes.read(name, prepare)
    vocabulary = utils.Vocabulary.from_text(text)
    return vocabulary, vocabulary.encode(text)


def matrix_rate() -> float:
    """GFLOP/s of a @ b in float32, the best of five."""
    n = 2048
    a, b = np.random.default_rng(0).random((2, n, n), dtype=np.float32)
    return max(2 * n**3 / seconds(lambda: a @ b) / 1e9 for _ in range(5))


def seconds(function: Callable) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def peak_memory() -> float:
    """The most memory that this process has held so far, in MB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


# ---------------------------------------------------------------- generation


def write_with(next_p: Callable, vocab_size: int, window: np.ndarray, length: int) -> None:
    """The classic loop: p of the next character from a one-hot window (1, T, V), draw, slide by one."""
    rng, one_hot = np.random.default_rng(0), np.eye(vocab_size, dtype=np.float32)
    for _ in range(length):
        token = utils.sample(np.log(next_p(window)), temperature=TEMPERATURE, rng=rng)
        window = np.concatenate([window[:, 1:], one_hot[None, None, token]], axis=1)


def generators(vocabulary: utils.Vocabulary, prompt: str) -> dict[str, tuple[Callable, int]]:
    """The ways to write: {name: (function of a length, how many characters it writes for each of that length)}."""
    vocab_size = len(vocabulary)
    model = lent(4, V=vocab_size, WINDOW=WINDOW)["classic_model"]()
    stateful = keras.Sequential(
        [
            keras.Input(batch_shape=(1, 1, vocab_size)),
            keras.layers.LSTM(128, stateful=True),
            keras.layers.Dense(vocab_size, activation="softmax"),
        ]
    )
    stateful.set_weights(model.get_weights())
    one_hot = np.eye(vocab_size, dtype=np.float32)[vocabulary.encode(prompt)][None]
    compiled, step = (tf.function(functools.partial(each, training=False)) for each in (model, stateful))
    loop = functools.partial(write_with, vocab_size=vocab_size)
    generate = functools.partial(utils.generate, model, vocabulary, prompt, temperature=TEMPERATURE, seed=0)
    return {
        "predict": (lambda n: loop(lambda x: model.predict(x, verbose=0)[0], window=one_hot, length=n), 1),
        "window": (lambda n: loop(lambda x: compiled(x)[0].numpy(), window=one_hot, length=n), 1),
        "stateful": (lambda n: loop(lambda x: step(x)[0].numpy(), window=one_hot[:, -1:], length=n), 1),
        "single": (lambda n: generate(length=n), 1),
        "batch": (lambda n: generate(length=n, samples=SAMPLES), SAMPLES),
    }


def measure_generation(vocabulary: utils.Vocabulary, prompt: str, rounds: int) -> dict:
    """Characters a second of each way: the best of several rounds, each way once a round, and all of them."""
    ways = generators(vocabulary, prompt)
    lengths = {"predict": 20, "window": 400, "stateful": 1500, "single": 5000, "batch": 500}
    rates = {name: [] for name in ways}
    for write, _ in ways.values():
        write(3)  # compile, and warm up
    for _ in range(rounds):
        for name, (write, streams) in ways.items():
            n = lengths[name]
            rates[name].append(n * streams / seconds(lambda: write(n)))  # noqa: B023
    return {name: {"best": max(values), "all": values} for name, values in rates.items()}


# ---------------------------------------------------------------- training


def fast_recipe(ids: np.ndarray, vocab_size: int, epochs: int, callbacks: list) -> None:
    """The lesson's own: ids in contiguous streams, a target at every character, carried state, clipping."""
    recipes.train_streams(*utils.split(ids), vocab_size, epochs, callbacks)


def classic_recipe(ids: np.ndarray, vocab_size: int, epochs: int, callbacks: list) -> None:
    """Recipe B as published."""
    recipes.train_classic(ids, vocab_size, epochs, callbacks)


def measure_training(recipe: Callable, ids: np.ndarray, vocab_size: int, epochs: int) -> dict:
    """Seconds to the target (None if it is not reached), the epochs, and the peak memory afterwards."""
    print(recipe.__name__, file=sys.stderr)
    keras.utils.set_random_seed(0)
    clock = recipes.Clock(TARGET)
    recipe(ids, vocab_size, epochs, [clock])
    last = clock.history[-1]
    reached = last["seconds"] if last["val_loss"] <= TARGET else None
    return {"seconds_to_target": reached, "epochs": clock.history, "peak_memory_mb": peak_memory()}


# ---------------------------------------------------------------- training speed


def training_flops(vocab_size: int) -> int:
    """Floating-point operations that one character of training needs, matrix products alone.

    Forward, a row of n numbers times a matrix (n, m) takes 2 n m: in an LSTM the input and h, each times 4 H columns,
    then H times V in the Dense layer. Backward takes twice as much, for the gradients of both factors.
    """
    inputs = [EMBEDDING] + [UNITS] * (LAYERS - 1)
    products = sum((n + UNITS) * 4 * UNITS for n in inputs) + UNITS * vocab_size
    return 3 * 2 * products


def keras_trainer(x: np.ndarray, y: np.ndarray, ids: np.ndarray, vocab_size: int) -> Callable:
    """A function that trains once on x and y, with the lesson's recipe; it is compiled already."""
    few = ids[: 4 * STREAMS * LENGTH]
    settings = {"units": UNITS, "rate": RATE, "layers": LAYERS, "batch_size": STREAMS, "length": LENGTH}
    model = recipes.train_streams(few, few, vocab_size, epochs=1, callbacks=[], **settings)
    return lambda: model.fit(x, y, batch_size=STREAMS, shuffle=False, verbose=0)


def torch_trainer(x: np.ndarray, y: np.ndarray, vocab_size: int) -> Callable:
    """The same in PyTorch, on as many threads. Its clipping takes all gradients together, Keras' one at a time."""
    import torch

    torch.set_num_threads(os.cpu_count())
    embedding, dense = torch.nn.Embedding(vocab_size, EMBEDDING), torch.nn.Linear(UNITS, vocab_size)
    lstm = torch.nn.LSTM(EMBEDDING, UNITS, LAYERS, batch_first=True)
    weights = [w for layer in (embedding, lstm, dense) for w in layer.parameters()]
    optimizer = torch.optim.Adam(weights, lr=RATE)
    batches = list(zip(*(torch.from_numpy(ids.astype(np.int64)).split(STREAMS) for ids in (x, y))))

    def train() -> None:
        state = None
        for inputs, targets in batches:
            optimizer.zero_grad()
            h, state = lstm(embedding(inputs), state)
            state = tuple(each.detach() for each in state)
            torch.nn.functional.cross_entropy(dense(h).flatten(0, 1), targets.flatten()).backward()
            torch.nn.utils.clip_grad_norm_(weights, CLIP)
            optimizer.step()

    return train


def measure_speed(rounds: int, batches: int) -> dict:
    """Characters a second of training, and the matrix rate, once a round in turn: a busy machine slows them all."""
    vocabulary, ids = load_text("shakespeare")
    x, y = (rows[: batches * STREAMS] for rows in utils.contiguous_batches(ids, STREAMS, LENGTH))
    trainers = {"fit": keras_trainer(x, y, ids, len(vocabulary))}
    if importlib.util.find_spec("torch"):
        trainers["torch"] = torch_trainer(x, y, len(vocabulary))
    for train in trainers.values():
        train()  # warm up
    speed = {"flops_per_character": training_flops(len(vocabulary)), "matrix_gflops": []}
    for _ in range(rounds):
        speed["matrix_gflops"].append(matrix_rate())
        for name, train in trainers.items():
            speed.setdefault(name, []).append(x.size / seconds(train))
    return speed


# ---------------------------------------------------------------- report


def ratios(results: dict) -> dict:
    """What the promises are about, and the training speed; None where it was not measured or not reached."""
    rate = {name: way["best"] for name, way in results["generation"].items()}
    times = [results["training"].get(name, {}).get("seconds_to_target") for name in ("fast_recipe", "classic_recipe")]
    speed = results["speed"]
    gflops = [rate * speed["flops_per_character"] / 1e9 for rate in speed["fit"]]
    return {
        "single_over_predict": rate["single"] / rate["predict"],
        "batch_over_single": rate["batch"] / rate["single"],
        "fast_over_classic": times[0] / times[1] if all(times) else None,
        "fit_over_matrix": middle_ratio(gflops, speed["matrix_gflops"]),
        "fit_over_torch": middle_ratio(speed["fit"], speed["torch"]) if "torch" in speed else None,
    }


def middle_ratio(values: list, others: list) -> float:
    """The median over the rounds."""
    return statistics.median(value / other for value, other in zip(values, others))


def broken_promises(results: dict) -> list[str]:
    """Say what fell short; training counts in a full run only."""
    ratio, problems = results["ratios"], []
    if ratio["single_over_predict"] < GENERATION:
        problems.append(f"generate is {ratio['single_over_predict']:.0f} x predict, promised are {GENERATION}")
    if ratio["batch_over_single"] < BATCH:
        problems.append(
            f"a batch of {SAMPLES} is {ratio['batch_over_single']:.1f} x a single stream, promised are {BATCH}"
        )
    if results["quick"]:
        return problems
    if ratio["fast_over_classic"] is None:
        problems.append(f"a recipe did not reach {TARGET} nats on held-out text")
    elif ratio["fast_over_classic"] > TRAINING:
        problems.append(
            f"the lesson's recipe takes {ratio['fast_over_classic']:.0%} of the classic one's time, promised: 10%"
        )
    return problems


def table(results: dict) -> str:
    """The results as plain text."""
    names = {
        "predict": f"predict loop, window {WINDOW}",
        "window": f"tf.function, window {WINDOW}",
        "stateful": "tf.function, stateful step",
        "single": "utils.generate",
        "batch": f"utils.generate, batch of {SAMPLES}",
    }
    slowest = results["generation"]["predict"]["best"]
    lines = [results["environment"], f"{'matrix product, float32':<32}{results['matrix_gflops']:>12,.0f} GFLOP/s", ""]
    for name, way in results["generation"].items():
        rate = way["best"]
        lines.append(f"{names[name]:<32}{rate:>12,.0f} characters/s{rate / slowest:>10,.0f} x predict")
    lines += [f"{'batch over single':<32}{results['ratios']['batch_over_single']:>12.1f} x", ""]
    for name, run in results["training"].items():
        best = min(epoch["val_loss"] for epoch in run["epochs"])
        reached = f"{run['seconds_to_target']:>12.1f} s" if run["seconds_to_target"] else f"{'not reached':>14}"
        label = f"{name.replace('_', ' ')} to {TARGET:.2f} nats"
        lines.append(f"{label:<32}{reached}   best {best:.3f}, peak memory {run['peak_memory_mb']:,.0f} MB")
    if results["ratios"]["fast_over_classic"]:
        lines.append(f"{'fast over classic':<32}{results['ratios']['fast_over_classic']:>12.1%}")
    return "\n".join([*lines, "", *speed_lines(results["speed"], results["ratios"])])


def speed_lines(speed: dict, ratio: dict) -> list[str]:
    best = max(speed["fit"])
    gflops = best * speed["flops_per_character"] / 1e9
    lines = [
        f"{f'fit, {LAYERS} x LSTM({UNITS})':<32}{best:>12,.0f} characters/s",
        f"{'its matrix products':<32}{gflops:>12,.0f} GFLOP/s{ratio['fit_over_matrix']:>10.0%} of the matrix rate",
    ]
    if ratio["fit_over_torch"] is None:
        return [*lines, "PyTorch is not installed"]
    lines.append(f"{'the same in PyTorch':<32}{max(speed['torch']):>12,.0f} characters/s")
    return [*lines, f"{'fit over PyTorch':<32}{ratio['fit_over_torch']:>12.2f} x"]


def measure(quick: bool) -> dict:
    """All measurements. The small training goes first, and PyTorch is loaded last: peak memory only ever rises."""
    vocabulary, ids = load_text("nietzsche", recipes.one_line)
    results = {
        "quick": quick,
        "environment": utils.environment(),
        "matrix_gflops": matrix_rate(),
        "generation": measure_generation(vocabulary, vocabulary.decode(ids[:WINDOW]), rounds=2 if quick else 7),
        "training": {},
    }
    text, epochs = (ids[:80_000], (1, 1)) if quick else (ids, (FAST_EPOCHS, CLASSIC_EPOCHS))
    for recipe, limit in zip((fast_recipe, classic_recipe), epochs):
        results["training"][recipe.__name__] = measure_training(recipe, text, len(vocabulary), limit)
    results["speed"] = measure_speed(*(2, 10) if quick else (7, 60))
    return results | {"ratios": ratios(results)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a smoke run of seconds")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).with_name("results.json"))
    arguments = parser.parse_args()
    results = measure(arguments.quick)
    arguments.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(table(results))
    if problems := broken_promises(results):
        sys.exit("\n".join(["", "Not kept:", *problems]))


if __name__ == "__main__":
    main()
