"""Train the models in assets/models again, write their cards and sha256 (tools/manifest.py), and renew quotations.

`make pretrained` trains all of them, several hours on two cores; `tools/pretrain.py --only nietzsche` trains
one. The same machine gives the same weights again; another one differs in the last digits at first, and after epochs in
more.
"""

import argparse
import functools
import importlib.metadata
import itertools
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import threadpoolctl

import experiments
import manifest
import music
import older_keras
import recipes
import sequences
from notebook_files import ROOT, lent
from recipes import keras, utils

MODELS = ROOT / "assets" / "models"
PROMPT_LENGTH, TEMPERATURES, SHOWN_EPOCHS = 40, (0.2, 0.5, 1.0, 1.2), (1, 21, 40)
POEMS = "no editors' marks, each poem once, poems shuffled with seed 0"
WORDS = 4000  # tokens of a model of words
SCANNED = 20_000  # characters that are read without each unit in turn
COUNTED, COUNTERS = (20, 12), 4  # longest n of lesson 08's counters, and how many seeds of each
REPLY_EPOCHS, REPLY_LOOKS = 60, 12  # of the chat model, and after how many it is asked
NEWS_EPOCHS = 100  # of a training on the news, at most: the validation part ends it sooner
VERSIONS = {"python": platform.python_version(), "keras": keras.__version__, "numpy": np.__version__}
LOGITS_LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def read(name: str, preparation: str, prepare: Callable[[str], str] = str) -> tuple[str, dict]:
    """A corpus after its preparation, and what a card says of it."""
    text = recipes.read(name, prepare)
    files, addresses, *_ = utils.CORPORA[name]
    about = {
        "name": name,
        "source": addresses[0],
        "sha256": files if len(files) > 1 else next(iter(files.values())),
        "preparation": preparation,
        "characters": len(text),
    }
    return text, {"corpus": about, "split": "held out: the last tenth by position"}


def n_gram_nats(train: np.ndarray, held_out: np.ndarray, vocab_size: int, longest: int) -> list[float]:
    """Held-out nats per character of lesson 07's n-gram models, of n = 1 to the longest."""
    p = utils.kneser_ney(train, held_out, vocab_size, longest)
    return [round(float(nats), 4) for nats in -np.log(p).mean(axis=1)]


class Diary(keras.callbacks.Callback):
    """After the shown epochs of the classic run, write 400 characters from the published prompt at each temperature."""

    def __init__(self, vocabulary: utils.Vocabulary, prompt: str):
        super().__init__()
        self.vocabulary, self.prompt, self.texts = vocabulary, prompt, {}

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 in SHOWN_EPOCHS:
            self.texts[str(epoch + 1)] = {
                str(t): utils.generate(self.model, self.vocabulary, self.prompt, 400, temperature=t, seed=0, window=40)
                for t in TEMPERATURES
            }


def train_classic() -> tuple[keras.Model, dict]:
    """The recipe that everybody copies, 40 epochs, with a diary of what it writes."""
    text, card = read("nietzsche", "lower case, newlines to spaces", recipes.one_line)
    vocabulary = utils.Vocabulary.from_text(text)
    ids = vocabulary.encode(text)
    train, held_out = utils.split(ids)
    prompt = vocabulary.decode(ids[:PROMPT_LENGTH])
    clock, diary = recipes.Clock(), Diary(vocabulary, prompt)
    model = recipes.train_classic(ids, len(vocabulary), epochs=max(SHOWN_EPOCHS), callbacks=[clock, diary])
    utils.setup(seed=0)
    small_batches = recipes.Clock()
    recipes.train_classic(ids, len(vocabulary), 15, [small_batches], batch_size=128)
    card |= {
        "recipe": "one-hot windows 40, step 3; LSTM(128), Dense softmax; RMSprop(0.01), batch 1024, 40 epochs",
        "batch_128": small_batches.history,
        "five_gram_nats": n_gram_nats(train, held_out, len(vocabulary), 5)[-1],
        "prompt": prompt,
        "texts": diary.texts,
    }
    return model, finish(card, vocabulary, clock)


def train_streams() -> tuple[keras.Model, dict]:
    """The better model of lessons 00 and 04; and what shorter texts would have given."""
    text, card = read("nietzsche", "lower case", str.lower)
    vocabulary = utils.Vocabulary.from_text(text)
    train, held_out = utils.split(vocabulary.encode(text))
    validation, test = utils.split(held_out, 0.5)
    clock, shape = recipes.Clock(), {"units": 240, "dropout": 0.5, "layers": 2}
    model = train_on_cosine(train, validation, len(vocabulary), 30, clock, batch_size=64, **shape)
    card |= {
        "recipe": "streams 64 x 64; Embedding(64), LSTM(240), dropout 0.5, LSTM(240), dropout 0.5, Dense; "
        "Adam(0.004) on a cosine, clipnorm 1",
        "n_gram_nats": dict(enumerate(n_gram_nats(train, held_out, len(vocabulary), 8), start=1)),
        "text_sizes": [
            text_size(train[-size:], held_out, len(vocabulary)) for size in (10_000, 30_000, 100_000, 300_000)
        ],
    } | in_half_precision(model, *utils.contiguous_batches(held_out, 32, 64))
    return model, finish(card, vocabulary, clock) | three_parts(model, validation, test)


def train_on_cosine(
    train: np.ndarray,
    held_out: np.ndarray,
    vocab_size: int,
    epochs: int,
    clock: recipes.Clock,
    batch_size: int = 32,
    **shape,
) -> keras.Model:
    """Train on streams with a rate that falls on a cosine, and return the model for batches of any size."""
    steps = epochs * ((len(train) - 1) // (batch_size * 64))
    rate = keras.optimizers.schedules.CosineDecay(0.004, steps, alpha=0.01)
    trained = recipes.train_streams(
        train, held_out, vocab_size, epochs, [clock], rate=rate, batch_size=batch_size, **shape
    )
    model = lent(6, V=vocab_size)["build"](batch_size=None, **shape)
    model.set_weights(trained.get_weights())
    return model


def train_further(
    model: keras.Model, train: np.ndarray, held_out: np.ndarray, vocab_size: int, clock: recipes.Clock, **shape
) -> None:
    """Go on for 20 epochs at a constant rate and 2 at a quarter, in batches of 64; keep the moving average."""
    steps, done = (len(train) - 1) // (64 * 64), len(clock.history)
    trained = recipes.train_streams(
        train,
        held_out,
        vocab_size,
        done + 22,
        [clock],
        rate=keras.optimizers.schedules.PiecewiseConstantDecay([20 * steps], [0.002, 0.0005]),
        batch_size=64,
        weights=model.get_weights(),
        average=0.99,
        initial_epoch=done,
        **shape,
    )
    model.set_weights(trained.get_weights())


def three_parts(model: keras.Model, validation: np.ndarray, test: np.ndarray) -> dict:
    """Nats per character on the last tenth and its halves: choices are made on validation, test is what counts."""
    parts = {"held_out_nats": [*validation, *test], "validation_nats": validation, "test_nats": test}
    nats = {part: utils.bits_per_character(model, np.asarray(ids)) * np.log(2) for part, ids in parts.items()}
    return {part: round(float(value), 4) for part, value in nats.items()} | {
        "split": "held out: the last tenth by position; its first half is for validation, its second for the test"
    }


def halved(weights: list[np.ndarray]) -> list[np.ndarray]:
    """Weights rounded to float16, still float32: a compressed file of them is half as large."""
    return [each.astype(np.float16).astype(np.float32) for each in weights]


def in_half_precision(model: keras.Model, x, y: np.ndarray) -> dict:
    """Round the weights to float16, which halves the compressed file; return what that costs on held-out rows."""
    model.compile(loss=LOGITS_LOSS)
    before = model.evaluate(x, y, batch_size=32, verbose=0)
    model.set_weights(halved(model.get_weights()))
    after = model.evaluate(x, y, batch_size=32, verbose=0)
    return {"rounding": f"weights rounded to float16: held-out loss of single windows {before:.4f} → {after:.4f}"}


def slim(model: keras.Model) -> keras.Model:
    """A copy without the optimiser's numbers, its weights rounded to float16."""
    copy = keras.models.clone_model(model)
    copy.set_weights(halved(model.get_weights()))
    return copy


def never_write(model: keras.Model, token: int) -> None:
    """Give a token a probability of zero, whatever comes before it."""
    kernel, bias = model.layers[-1].get_weights()
    bias[token] = -1e4
    model.layers[-1].set_weights([kernel, bias])


def train_tang() -> tuple[keras.Model, dict]:
    """The poems of lesson 03: frequent characters, and one token for all others, which the model never writes."""
    text, card = read("tang", POEMS, utils.clean_poems)
    lesson, parts, frequent = lent(6, V=0), utils.split(text), lent(3)["FREQUENT"]
    vocabulary = lesson["word_vocabulary"](parts[0], frequent + 1)
    train, held_out = (lesson["encode_words"](part, vocabulary) for part in parts)
    validation, test = utils.split(held_out, 0.5)
    clock, shape = recipes.Clock(), {"units": 160, "dropout": 0.3}
    model = train_on_cosine(train, validation, len(vocabulary), 12, clock, **shape)
    train_further(model, train, validation, len(vocabulary), clock, **shape)
    card |= {
        "recipe": "streams 32 x 64; Embedding(64), LSTM(160), dropout 0.3, Dense; Adam(0.004) on a cosine, clipnorm 1; "
        "then streams 64 x 64, a new Adam at 0.002 for 20 epochs and 0.0005 for 2, moving average of weights (0.99)",
        "unknown": f"the {frequent} most frequent characters of the training part; all others are {lesson['UNKNOWN']}",
        "unknown_share": round(float((held_out == len(vocabulary) - 1).mean()), 4),
        "n_gram_nats": dict(enumerate(n_gram_nats(train, held_out, len(vocabulary), 3), start=1)),
    } | in_half_precision(model, *utils.contiguous_batches(held_out, 32, 64))
    card = finish(card, vocabulary, clock) | three_parts(model, validation, test)
    never_write(model, -1)
    return model, card


def train_shakespeare() -> tuple[keras.Model, dict]:
    """The two layers of lesson 05, trained for longer."""
    text, card = read("shakespeare", "as it is")
    vocabulary = utils.Vocabulary.from_text(text)
    train, held_out = utils.split(vocabulary.encode(text))
    clock = recipes.Clock()
    model = train_on_cosine(train, held_out, len(vocabulary), 14, clock, units=240, dropout=0.3, layers=2)
    card |= {
        "recipe": "streams 32 x 64; Embedding(64), LSTM(240), dropout 0.3, LSTM(240), dropout 0.3, Dense; "
        "Adam(0.004) on a cosine, clipnorm 1",
        "five_gram_nats": n_gram_nats(train, held_out, len(vocabulary), 5)[-1],
    } | in_half_precision(model, *utils.contiguous_batches(held_out, 32, 64))
    return model, finish(card, vocabulary, clock)


def train_gaps() -> tuple[keras.Model, dict]:
    """The gap filler of lesson 06, by its own cells."""
    text, card = read("shakespeare", "as it is")
    vocabulary = utils.Vocabulary.from_text(text)
    train, held_out = utils.split(vocabulary.encode(text))
    clock, lesson = recipes.Clock(), lent(6, V=len(vocabulary))
    longest = lesson["LONGEST_GAP"]
    model = lesson["gap_model"]()
    validation = lesson["gap_rows"](held_out, 1 + np.arange((len(held_out) - 1 - longest) // 64) % longest)
    lesson["train_gaps"](model, train, epochs=10, validation_data=validation, callbacks=[clock])
    bits = [model.evaluate(*lesson["gap_rows"](held_out, n), 64, verbose=0) / np.log(2) for n in range(1, longest + 1)]
    card |= {
        "recipe": f"rows of 64 characters, gaps of 1 to {longest}; Embedding(64), an LSTM(160) from each side, "
        "Dense(160), Dense; Adam(0.004) on a cosine, batches of 64, clipnorm 1",
        "first_character_bits": [round(float(value), 4) for value in bits],
    } | in_half_precision(model, *lesson["gap_rows"](held_out, 1))
    return model, finish(card, vocabulary, clock)


def words_of_shakespeare() -> tuple:
    """Words of both parts, their vocabulary, what a card says of them, and how many characters could come."""
    text, about = read("shakespeare", "as it is")
    lesson, parts = lent(6, V=0), utils.split(text)
    words = [lesson["english_words"](part) for part in parts]
    about["unknown"] = f"the {WORDS - 1} most frequent words of the training part; all others are {lesson['UNKNOWN']}"
    return words, lesson["word_vocabulary"](words[0], WORDS), about, len(set(text))


def words_of_tang() -> tuple:
    """The same of the poems: words and characters, of which a word that is unknown is composed."""
    text, about = read("tang", POEMS, utils.clean_poems)
    lesson, parts = lent(6, V=0), utils.split(text)
    words = [lesson["chinese_words"](part) for part in parts]
    vocabulary = lesson["word_vocabulary"]([*words[0], *parts[0]], WORDS)
    about["unknown"] = (
        f"the {WORDS - 1} most frequent among words and characters of the training part; another word is cut into its "
        f"characters, and another character is {lesson['UNKNOWN']}"
    )
    return [lesson["cut_unknown"](part, set(vocabulary.tokens)) for part in words], vocabulary, about, lesson["CHINESE"]


def train_words(prepare: Callable) -> tuple[keras.Model, dict]:
    """A model that writes words."""
    words, vocabulary, card, alphabet = prepare()
    lesson = lent(6, V=0)
    train, held_out = (lesson["encode_words"](part, vocabulary) for part in words)
    clock = recipes.Clock()
    model = train_on_cosine(train, held_out, WORDS, 10, clock, units=120, dropout=0.3)
    card |= {
        "recipe": "words in streams 32 x 64; Embedding(64), LSTM(120), dropout 0.3, Dense; Adam(0.004) on a cosine, "
        "clipnorm 1",
        "unknown_share": round(float((held_out == WORDS - 1).mean()), 4),
    } | in_half_precision(model, *utils.contiguous_batches(held_out, 32, 64))
    bits = lesson["word_bits"](model, vocabulary, *words, alphabet)
    card["bits_per_character"] = dict(zip(("model", "spelling"), (round(float(value), 6) for value in bits)))
    return model, finish(card, vocabulary, clock)


def text_size(train: np.ndarray, held_out: np.ndarray, vocab_size: int) -> dict:
    """The best held-out loss of lesson 04's own recipe on a shorter text, after the same number of updates."""
    keras.utils.set_random_seed(0)
    clock, epochs = recipes.Clock(), 1056 // ((len(train) - 1) // (32 * 64))
    looks = sorted({round(epoch) for epoch in np.geomspace(1, epochs, 16)})  # held-out looks, close together at first
    recipes.train_streams(train, held_out, vocab_size, epochs, [clock], validation_freq=looks)
    best = min((row for row in clock.history if "val_loss" in row), key=lambda row: row["val_loss"])
    return {
        "characters": len(train),
        "held_out_nats": best["val_loss"],
        "training_nats": best["loss"],
        "epoch": best["epoch"],
    }


def finish(card: dict, vocabulary: utils.Vocabulary, clock: recipes.Clock) -> dict:
    """Add to a card what every card says."""
    return card | {
        "vocabulary": list(vocabulary.tokens),
        "history": clock.history,
        "held_out_nats": clock.history[-1]["val_loss"],
        "seconds": clock.history[-1]["seconds"],
        "versions": VERSIONS,
    }


def save(name: str, model: keras.Model | None, card: dict) -> None:
    """Write card and model, if there is one, and their sha256."""
    MODELS.mkdir(parents=True, exist_ok=True)
    if model:
        model.save(MODELS / f"{name}.keras", include_optimizer=False)
        older_keras.rewrite(MODELS / f"{name}.keras")
        card = {"parameters": model.count_params()} | card
    text = json.dumps({"name": name} | card, ensure_ascii=False, indent=1) + "\n"
    (MODELS / f"{name}.json").write_text(text, encoding="utf-8", newline="\n")
    manifest.update(ROOT)
    utils.MANIFEST = manifest.sha256((ROOT / "assets" / "manifest.json").read_bytes())


def record_experiments() -> tuple[None, dict]:
    """The recorded runs of lesson 06: a card without a model."""
    _, card = read("shakespeare", "as it is")
    start = time.perf_counter()
    card |= experiments.run_all()
    return None, card | {"seconds": round(time.perf_counter() - start), "versions": VERSIONS}


def scan_units() -> tuple[None, dict]:
    """What line ends and all other places lose without each unit of lesson 05's model, by lesson 08's own cells."""
    text, card = read("shakespeare", "as it is")
    model, vocabulary, _ = utils.load_pretrained("shakespeare")
    lesson, weights, start = lent(8, STREAMS=100, FIRST=50), model.get_weights(), time.perf_counter()
    ids = lesson["lay"](vocabulary.encode(utils.split(text)[0][-SCANNED:]))
    marks, means = vocabulary.encode("\n:"), lesson["read"](weights, ids)["c"][lesson["FIRST"] :].mean(axis=(0, 1))
    with threadpoolctl.threadpool_limits(1, "blas"):  # several times as quick as with two
        intact = lesson["costs"](weights, ids, *marks)
        lost = [lesson["costs"](weights, ids, *marks, {unit: mean}) - intact for unit, mean in enumerate(means)]
    ends, elsewhere = np.round(np.transpose(lost).astype(float), 5).tolist()  # float32 would not stay rounded
    return None, card | {
        "recipe": f"the memory of each unit held at its mean, on the last {SCANNED:,} characters of the training part; "
        "what is lost, in nats per character, where a spoken line ends and everywhere else",
        "line_ends": ends,
        "elsewhere": elsewhere,
        "seconds": round(time.perf_counter() - start),
        "versions": VERSIONS,
        "counters": count_letters(),
    }


def count_letters() -> dict:
    """How far lesson 08's networks of eight units count, seed by seed, and by which steps, by its own cells."""
    lesson, start, runs = lent(8), time.perf_counter(), []
    for longest, seed in itertools.product(COUNTED, range(COUNTERS)):
        _, weights = lesson["train_toy"](seed, longest)
        up, down, r = lesson["slopes"](weights, longest)
        steps = [round(float(step[r.argmax()]), 3) for step in (up, down)]
        runs.append({"longest": longest, "seed": seed, "counts_to": lesson["counts_to"](weights), "steps": steps})
        print(runs[-1], flush=True)
    return {
        "recipe": "eight units, trained on aⁿbⁿ with n up to `longest`; `counts_to`: the largest n up to which all are "
        "right; `steps`: what the memory of the unit that counts best gains for an a and for a b",
        "runs": runs,
        "seconds": round(time.perf_counter() - start),
        "versions": VERSIONS,
    }


def train_replies() -> tuple[keras.Model, dict]:
    """The chat model of lesson 10, by its own cells, with what it recites and answers on the way."""
    lesson, start, history = lent(10), time.perf_counter(), []
    chat = lesson["chat_pairs"](lesson["read_pairs"]("english"))
    vocabulary, cases = lesson["vocabulary_of"](chat), lesson["cases"]("other words")[lesson["FOR_CHOICES"] :]

    def look(epoch: int, model: keras.Model) -> None:
        if epoch % REPLY_LOOKS == 0:
            answer = functools.partial(lesson["reply"], model, vocabulary)
            recites = round(float(lesson["right_replies"](answer, lesson["recited"](chat)).mean()), 3)
            right = int(lesson["right_replies"](answer, cases).sum())
            different = len({answer(question) for question, *_ in lesson["cases"]("no answer")})
            history.append({"epoch": epoch, "recites": recites, "right": right, "different": different})

    with threadpoolctl.threadpool_limits(1, "blas"):
        model = lesson["train_replies"](chat, vocabulary, REPLY_EPOCHS, after=look)
    return slim(model), {
        "corpus": {"name": "chatterbot-corpus", "version": importlib.metadata.version("chatterbot-corpus")},
        "recipe": "embedding 64, LSTM 192, no dropout; batches of 16, Adam 0.003; the loss counts the reply alone",
        "epochs": REPLY_EPOCHS,
        "vocabulary": list(vocabulary.tokens),
        "history": history,
        "seconds": round(time.perf_counter() - start),
        "versions": VERSIONS,
    }


def tune_news() -> tuple[keras.Model, dict]:
    """Lesson 10's trainings on the news by its own cells: rates on validation, three seeds; the fine-tuned model."""
    lesson, start, runs = lent(10), time.perf_counter(), {}
    (author, old, _), text = utils.load_pretrained("shakespeare"), read("shakespeare", "as it is")[0]
    _, parts = lesson["parts_of"](utils.load_corpus("news").text.strip().split("\n\n"))
    vocabulary = lesson["with_more"](old, "".join(parts))
    plays = vocabulary.encode(utils.split(utils.split(text)[1], 0.5)[1][:20_000])
    train, validation, test = map(vocabulary.encode, parts)
    blank = functools.partial(lesson["blank"], len(vocabulary))

    def tuned() -> keras.Model:
        return lesson["grown"](author, len(vocabulary))

    def frozen() -> keras.Model:
        model = tuned()
        for layer in model.layers:
            layer.trainable = not isinstance(layer, keras.layers.LSTM)
        return model

    def run(make: Callable, rate: float, seed: int, ids: np.ndarray) -> tuple[keras.Model, dict]:
        keras.utils.set_random_seed(seed)
        model = make()
        history = lesson["tune"](model, ids, validation, rate, NEWS_EPOCHS, seed)
        bits = [utils.bits_per_character(model, each) for each in (validation, test, plays)]
        print(rate, seed, len(ids), *(f"{value:.3f}" for value in bits), len(history), flush=True)
        return model, dict(zip(("validation", "news", "plays"), bits, strict=True)) | {"epochs": len(history)}

    def record(name: str, found: list[dict], **about) -> None:
        runs[name] = about | {key: [round(each[key], 4) for each in found] for key in found[0]}

    kinds = {
        "from nothing, LSTM(128)": (lambda: blank(128, 1, 32), (0.004, 0.008, 0.016)),
        "from nothing, as for the plays": (lambda: blank(240, 2, 64), (0.004, 0.008, 0.016)),
        "fine-tuned": (tuned, (0.001, 0.002, 0.004, 0.008)),
        "fine-tuned, LSTM layers frozen": (frozen, (0.002, 0.008, 0.032)),
    }
    for name, (make, rates) in kinds.items():
        first = {rate: run(make, rate, 0, train) for rate in rates}
        rate = min(rates, key=lambda rate: first[rate][1]["validation"])
        others = [run(make, rate, seed, train)[1] for seed in (1, 2)]
        tried = {str(each): round(row["validation"], 4) for each, (_, row) in first.items()}
        record(name, [first[rate][1], *others], characters=len(train), rate=rate, tried=tried)
        if name == "fine-tuned":
            best = first[rate][0]
    for name in ("from nothing, LSTM(128)", "fine-tuned"):
        for part in (4, 2):
            ids, rate = train[: len(train) // part], runs[name]["rate"]
            found = [run(kinds[name][0], rate, seed, ids)[1] for seed in range(3)]
            record(f"{name}, 1/{part} of the news", found, characters=len(ids), rate=rate)
    return slim(best), {
        "recipe": f"batches of 32 pieces of 64 characters, cut anew in each epoch, at most {NEWS_EPOCHS}; Adam, "
        "clipnorm 1; dropout 0.3; the best weights on validation; bits per character of validation, test, and plays",
        "runs": runs,
        "vocabulary": list(vocabulary.tokens),
        "seconds": round(time.perf_counter() - start),
        "versions": VERSIONS,
    }


def record_dates() -> tuple[keras.Model, dict]:
    """The dates of lesson 12: the model of its widget, and its recorded runs."""
    model, card = sequences.record_dates()
    return model, sourced(card, "dates of 1912 to 2099 in eleven ways, written by Babel", ["babel"])


def record_translations() -> tuple[keras.Model, dict]:
    """The translations of lesson 12: the best model of words, and its recorded runs."""
    model, card = sequences.record_translations()
    about = "sentences of JupyterLab's Chinese language pack, converted by OpenCC; names from Babel"
    return model, sourced(card, about, ["jupyterlab-language-pack-zh-CN", "opencc", "babel"])


def record_summaries() -> tuple[None, dict]:
    """The summaries of lesson 12: a card without a model."""
    packages = ["numpy", "scipy", "scikit-learn", "keras", "matplotlib"]
    return None, sourced(sequences.record_summaries(), "docstrings of Python's library and of packages", packages)


def sourced(card: dict, about: str, packages: list[str]) -> dict:
    """Add to a card from which packages its data came; each of its runs has its own seconds."""
    source = {package: importlib.metadata.version(package) for package in packages}
    return {"corpus": {"name": about, "source": source}} | card | {"versions": VERSIONS}


def record_music() -> tuple[None, dict]:
    """The recorded runs of lesson 11: a card without a model."""
    return None, sourced(music.record(), "chorales of J. S. Bach, read from the corpus of music21", ["music21"])


RECIPES = {
    "nietzsche_classic": train_classic,
    "nietzsche": train_streams,
    "shakespeare": train_shakespeare,
    "tang": train_tang,
    "shakespeare_gaps": train_gaps,
    "shakespeare_words": lambda: train_words(words_of_shakespeare),
    "tang_words": lambda: train_words(words_of_tang),
    "better_models": record_experiments,
    "inside_the_lstm": scan_units,
    "replies": train_replies,
    "news": tune_news,
    "dates": record_dates,
    "translator": record_translations,
    "summaries": record_summaries,
    "music": record_music,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=RECIPES)
    arguments = parser.parse_args()
    for name in [arguments.only] if arguments.only else RECIPES:
        print(f"== {name}", flush=True)
        utils.setup(seed=0)
        save(name, *RECIPES[name]())
    subprocess.run([sys.executable, ROOT / "tools" / "quotes.py"], check=True)


if __name__ == "__main__":
    main()
