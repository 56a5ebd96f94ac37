"""generate and bits_per_character: the same numbers as Keras, the same text as the classic loop; on any backend."""

import importlib.util
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import threadpoolctl
from keras import layers

import utils
from small_models import VOCABULARY, V, classic, deep, model_of, one_hot
from utils import bits_per_character, generate

PROMPT = "ab人 dcéa"


def noise(seed: int, length: int, number: int = 0) -> np.ndarray:
    """The uniform numbers that generate uses for its sample of this number."""
    return np.random.default_rng(np.random.SeedSequence(seed).spawn(number + 1)[number]).random(length)


def choose(p, u: float, temperature: float) -> int:
    """One draw as the lesson builds it: reweight, add up, see where u falls."""
    return int(np.searchsorted(np.cumsum(utils.reweight(p, temperature)), u, side="right"))


def classic_loop(model, prompt: str, length: int, temperature: float, seed: int) -> str:
    """The loop that everyone writes: predict on a one-hot window, draw, slide the window by one."""
    window, written = prompt, ""
    for u in noise(seed, length):
        p = model.predict(one_hot(VOCABULARY.encode(window))[None], verbose=0)[0]
        character = VOCABULARY.tokens[choose(p, u, temperature)]
        window, written = window[1:] + character, written + character
    return written


def keras_logits(model, text: str) -> np.ndarray:
    """What Keras says after reading a text from the zero state, as logits whose largest is 0."""
    ids = VOCABULARY.encode(text)
    out = model.predict((ids if isinstance(model.layers[0], layers.Embedding) else one_hot(ids))[None], verbose=0)[0]
    out = out[-1] if out.ndim == 2 else out
    out = np.log(out) if abs(out.sum() - 1) < 1e-5 and (out > 0).all() else out
    return out - out.max()


@pytest.fixture
def seen(monkeypatch):
    """The logits (B, V) that generate computes at each step, their largest at 0."""
    logits, distribution = [], utils._distribution

    def record(values, *settings):
        logits.append(values - values.max(axis=-1, keepdims=True))
        return distribution(values, *settings)

    monkeypatch.setattr(utils, "_distribution", record)
    return logits


def functional() -> keras.Model:
    """The deep model written with the functional API, and with layers that do the same under another name."""
    inputs = keras.Input((None,))
    x = layers.Embedding(V + 1, 4)(inputs)  # one row more, as for padding
    x = layers.SpatialDropout1D(0.5)(x)
    x = layers.LSTM(6, return_sequences=True)(x)
    x = layers.LSTM(5, return_sequences=True)(x)
    return keras.Model(inputs, layers.TimeDistributed(layers.Dense(V))(x))


MODELS = {
    "one-hot, softmax": classic,
    "one-hot, linear": lambda: classic("linear"),
    "many to many, two layers, dropout": deep,
    "three layers": lambda: model_of(
        keras.Input((None, V)),
        *[layers.LSTM(units, return_sequences=True) for units in (4, 6, 5)],
        layers.Dense(V),
    ),
    "no biases": lambda: model_of(
        keras.Input((None, V)), layers.LSTM(6, use_bias=False), layers.Dense(V, use_bias=False)
    ),
    "softmax as a layer": lambda: model_of(keras.Input((None, V)), layers.LSTM(6), layers.Dense(V), layers.Softmax()),
    "stateful": lambda: model_of(
        keras.Input(batch_shape=(1, None)), layers.Embedding(V, 4), layers.LSTM(6, stateful=True), layers.Dense(V)
    ),
}


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("window", [None, 3])
def test_logits_agree_with_keras(kind, window, seen):
    """To 1e-5 at every step, with the state carried and with a sliding window."""
    model = MODELS[kind]()
    text = PROMPT + generate(model, VOCABULARY, PROMPT, 6, seed=1, window=window)
    assert len(seen) == 6
    for t, logits in enumerate(seen, start=len(PROMPT)):
        if kind == "stateful":
            model.layers[1].reset_state()
        read = text[max(0, t - window) if window else 0 : t]
        assert logits.shape == (1, V) and np.allclose(logits[0], keras_logits(model, read), rtol=0, atol=1e-5)


def test_logits_of_the_functional_api_agree_with_keras(seen):
    model = functional()
    text = PROMPT + generate(model, VOCABULARY, PROMPT, 3, seed=1)
    for t, logits in enumerate(seen, start=len(PROMPT)):
        expected = keras.ops.convert_to_numpy(model(VOCABULARY.encode(text[:t])[None]))[0, -1]
        assert np.allclose(logits[0], expected - expected.max(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("length", range(len(PROMPT) + 1))
@pytest.mark.parametrize("window", [None, 3])
def test_prompts_of_every_length(length, window, seen):
    """Empty, shorter than the window, as long, longer: the state after reading them is Keras' state."""
    model, prompt = deep(), PROMPT[:length]
    generate(model, VOCABULARY, prompt, 1, seed=0, window=window)
    if prompt:
        expected = keras_logits(model, prompt[-window:] if window else prompt)
    else:
        expected = model.layers[-1].get_weights()[1]  # from the zero state, the bias alone speaks
    assert np.allclose(seen[0][0], expected - expected.max(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("temperature", [0.5, 1.2])
def test_a_window_of_40_writes_what_the_classic_loop_writes(temperature):
    """Character for character."""
    model, prompt = classic(), (PROMPT * 5)[:40]
    expected = classic_loop(model, prompt, 30, temperature, seed=3)
    assert generate(model, VOCABULARY, prompt, 30, temperature=temperature, seed=3, window=40) == expected


def test_a_window_forgets_what_lies_before_it(seen):
    """Two prompts with the same last three characters; the carried state still tells them apart."""
    for window in (3, None):
        for prompt in ("aabc", "人abc"):
            generate(classic(), VOCABULARY, prompt, 1, window=window)
    assert np.array_equal(seen[0], seen[1])
    assert np.abs(seen[2] - seen[3]).max() > 1e-3


def test_a_window_as_long_as_all_text_carries_everything():
    model = deep()
    carried = generate(model, VOCABULARY, PROMPT, 20, seed=2)
    assert generate(model, VOCABULARY, PROMPT, 20, seed=2, window=len(PROMPT) + 20) == carried


def test_temperature_0_is_greedy():
    """Each character is the argmax of Keras' prediction on all before it, whatever the seed."""
    model = deep()
    text = PROMPT
    for _ in range(8):
        text += VOCABULARY.tokens[int(np.argmax(keras_logits(model, text)))]
    for seed in (0, 1):
        assert generate(model, VOCABULARY, PROMPT, 8, temperature=0, seed=seed) == text[len(PROMPT) :]


def test_top_k_1_and_a_tiny_top_p_are_greedy():
    model = deep()
    greedy = generate(model, VOCABULARY, PROMPT, 20, temperature=0)
    assert generate(model, VOCABULARY, PROMPT, 20, top_k=1, seed=5) == greedy
    assert generate(model, VOCABULARY, PROMPT, 20, top_p=0.01, seed=5) == greedy
    assert generate(model, VOCABULARY, PROMPT, 20, seed=5) != greedy


def test_the_temperature_is_used():
    """The draws follow reweight with the recorded logits and the seed's noise."""
    model = deep()
    text = generate(model, VOCABULARY, "", 12, temperature=0.7, seed=9)
    for t, u in enumerate(noise(9, 12)):
        logits = keras_logits(model, text[:t]) if t else model.layers[-1].get_weights()[1]
        assert VOCABULARY.tokens[choose(np.exp(logits), u, 0.7)] == text[t]


@pytest.mark.parametrize("window", [None, 4])
def test_a_sample_does_not_depend_on_how_many_there_are(window):
    """The first is the single run; more samples do not change the others."""
    model = deep()
    settings = {"temperature": 0.9, "seed": 7, "window": window}
    single = generate(model, VOCABULARY, PROMPT, 40, **settings)
    three, five = (generate(model, VOCABULARY, PROMPT, 40, samples=n, **settings) for n in (3, 5))
    assert generate(model, VOCABULARY, PROMPT, 40, samples=1, **settings) == [single]
    assert three[0] == single and five[:3] == three
    assert len(set(five)) == 5


def test_the_seed_decides():
    model = deep()
    texts = [generate(model, VOCABULARY, PROMPT, 30, seed=seed) for seed in (0, 0, 1, None)]
    texts += [generate(model, VOCABULARY, PROMPT, 30) for _ in range(2)]  # no seed: another text each time
    assert texts[0] == texts[1]
    assert len(set(texts)) == 5


def test_the_temperature_is_1_unless_told_otherwise():
    model = deep()
    plain = generate(model, VOCABULARY, PROMPT, 30, seed=0)
    assert plain == generate(model, VOCABULARY, PROMPT, 30, seed=0, temperature=1)
    assert plain != generate(model, VOCABULARY, PROMPT, 30, seed=0, temperature=2)


def test_only_the_new_text_is_returned():
    model = deep()
    assert generate(model, VOCABULARY, PROMPT, 0) == ""
    assert generate(model, VOCABULARY, PROMPT, 0, samples=2) == ["", ""]
    text = generate(model, VOCABULARY, PROMPT, 25)
    assert type(text) is str and len(text) == 25 and set(text) <= set(VOCABULARY.tokens)


def test_allow_masks_the_logits_before_the_draw():
    model, banned = classic("linear"), set("ab")
    written = generate(
        model, VOCABULARY, PROMPT, 200, temperature=3, seed=0, allow=lambda _: set(VOCABULARY.tokens) - banned
    )
    assert not banned & set(written)
    assert set(written) == set(VOCABULARY.tokens) - banned, "at this temperature each of the others must come"
    mask = np.array([token not in banned for token in VOCABULARY.tokens])
    for settings in ({"temperature": 0}, {"top_k": 2}, {"top_p": 0.5}, {"window": 5}):
        text = generate(model, VOCABULARY, PROMPT, 50, seed=1, **settings, allow=lambda _: mask)
        assert not banned & set(text), settings


def test_allow_keeps_the_proportions_of_what_is_left(monkeypatch):
    seen, distribution = [], utils._distribution
    monkeypatch.setattr(utils, "_distribution", lambda *given: seen.append(distribution(*given)) or seen[-1])
    generate(classic("linear"), VOCABULARY, PROMPT, 1, seed=0)
    generate(classic("linear"), VOCABULARY, PROMPT, 1, seed=0, allow=lambda _: "ab")
    (free,), (masked,) = seen
    a_and_b = VOCABULARY.encode("ab")
    np.testing.assert_allclose(masked[a_and_b], free[a_and_b] / free[a_and_b].sum())
    assert masked.sum() == pytest.approx(1) and (masked > 0).sum() == 2


def test_allow_sees_what_each_sample_has_written():
    asked = []

    def alternate(written):
        asked.append(list(written))
        return None if len(written) < 2 else "a" if len(written) % 2 else "b"

    texts = generate(deep(), VOCABULARY, PROMPT, 6, samples=3, seed=4, allow=alternate)
    assert {text[2:] for text in texts} == {"baba"}
    assert len({text[:2] for text in texts}) > 1, "where anything may come the samples differ"
    assert asked == [list(text[:steps]) for steps in range(6) for text in texts]


def test_none_allows_everything():
    free = generate(deep(), VOCABULARY, PROMPT, 60, samples=2, seed=4)
    assert generate(deep(), VOCABULARY, PROMPT, 60, samples=2, seed=4, allow=lambda _: None) == free


@pytest.mark.parametrize(
    "answer, message",
    [
        ("", "no token to come after ''"),
        (np.zeros(V, bool), "no token to come after ''"),
        (np.ones(V + 1, bool), f"shape \\({V + 1},\\)"),
        ("Ω", "'Ω' .* is not in this vocabulary"),
        ([3], "3 .* is not in this vocabulary"),
    ],
)
def test_an_answer_of_allow_that_cannot_be_is_named(answer, message):
    with pytest.raises(ValueError, match=message):
        generate(classic(), VOCABULARY, PROMPT, 5, allow=lambda _: answer)


def test_allow_must_be_a_function():
    with pytest.raises(ValueError, match="allow must be a function"):
        generate(classic(), VOCABULARY, PROMPT, 5, allow="ab")


def numbers_in(model) -> list:
    """All weights, and the state of the LSTM."""
    values = [*model.weights, *model.layers[1].states]
    return [keras.ops.convert_to_numpy(value).tolist() for value in values]


def test_the_model_is_left_as_it_was():
    """Neither its weights nor the state of a stateful LSTM move."""
    model = MODELS["stateful"]()
    model.predict(VOCABULARY.encode(PROMPT)[None], verbose=0)
    before = numbers_in(model)
    generate(model, VOCABULARY, PROMPT, 20)
    assert before == numbers_in(model)


def test_large_weights_do_not_overflow():
    """The gates saturate without a warning."""
    model = classic()
    model.set_weights([weights * 1000 for weights in model.get_weights()])
    with np.errstate(all="raise", under="ignore"):
        assert len(generate(model, VOCABULARY, PROMPT, 5)) == 5


def test_diverged_weights_are_named():
    model = classic()
    model.set_weights([weights * np.nan for weights in model.get_weights()])
    with pytest.raises(ValueError, match="NaN or infinity: has the training diverged"):
        generate(model, VOCABULARY, PROMPT, 5)


# ---------------------------------------------------------------- bits_per_character


@pytest.mark.parametrize("make", [classic, deep])
def test_bits_are_those_of_keras(make):
    """The mean of -log2 p over all characters but the first, each after everything before it."""
    ids = np.random.default_rng(0).integers(0, V, 30)
    model, nats = make(), []
    for t in range(1, len(ids)):
        shown = one_hot(ids[:t]) if make is classic else ids[:t]
        out = keras.ops.convert_to_numpy(model(shown[None])).reshape(-1, V)[-1].astype(np.float64)
        p = out if make is classic else np.exp(out) / np.exp(out).sum()
        nats.append(-np.log(p[ids[t]]))
    assert bits_per_character(model, ids) == pytest.approx(np.mean(nats) / np.log(2), abs=1e-5)


def test_bits_of_streams_are_those_of_their_parts():
    """Side by side or one after the other, each stream begins from zero."""
    ids = np.random.default_rng(0).integers(0, V, 601)
    parts = [bits_per_character(deep(), ids[start : start + 201]) for start in (0, 200, 400)]
    assert bits_per_character(deep(), ids) == pytest.approx(np.mean(parts), abs=1e-6)
    assert bits_per_character(deep(), ids, streams=1) != pytest.approx(np.mean(parts), abs=1e-6)
    assert bits_per_character(deep(), ids[:300]) == bits_per_character(deep(), ids[:300], streams=1)


@pytest.mark.parametrize("ids", [[], [1], [[1, 2], [3, 4]], [0.5, 1.0], "ab"])
def test_bits_need_ids(ids):
    with pytest.raises(ValueError, match="at least two integers in one row"):
        bits_per_character(deep(), ids)


def test_bits_of_a_diverged_model_are_refused():
    model = deep()
    model.set_weights([np.full_like(weights, np.nan) for weights in model.get_weights()])
    with pytest.raises(ValueError, match="has the training diverged"):
        bits_per_character(model, [1, 2, 3])


@pytest.mark.parametrize("ids", [[0, V], [-1, 2]])
def test_bits_need_ids_of_the_vocabulary(ids):
    with pytest.raises(ValueError, match=f"0 … {V - 1}, the model's vocabulary"):
        bits_per_character(deep(), ids)


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed")
@pytest.mark.skipif(keras.backend.backend() == "jax", reason="this is the run on jax")
def test_all_of_this_holds_on_jax():
    """These tests once more, on another backend of Keras."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__],
        env=os.environ | {"KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout


def test_the_number_of_threads_changes_no_bit():
    """A product spread over threads rounds otherwise, and in a long sample one character soon differs."""
    model, _, _ = utils.load_pretrained("tang")
    states = []
    for threads in (1, 2):
        with threadpoolctl.threadpool_limits(threads, "blas"):
            begin, read, _ = utils._network(model)
            states.append(read(np.arange(2000), begin(2000)))
    np.testing.assert_array_equal(states[0], states[1])
