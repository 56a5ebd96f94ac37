"""Models and settings that generate refuses, load_pretrained, and what setup does. Needs Keras."""

import json
import pathlib
import random
import shutil

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

import manifest
import utils
from small_models import VOCABULARY, V, classic, deep, model_of, one_hot
from utils import Vocabulary, generate, load_card, load_pretrained

# ---------------------------------------------------------------- what generate refuses


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"length": -1}, r"length must be a whole number, 0 or more, not -1"),
        ({"samples": 0}, r"samples must be a whole number, 1 or more \(or None\), not 0"),
        ({"window": 0}, r"window must be a whole number, 1 or more \(or None\), not 0"),
        ({"window": -3}, r"window must be a whole number, 1 or more \(or None\), not -3"),
        ({"prompt": "abX"}, r"'X' \(position 2\) is not in this vocabulary of 8"),
        ({"temperature": -0.1}, "temperature must be finite and 0 or more, not -0.1"),
        ({"temperature": float("nan")}, "temperature must be finite and 0 or more, not nan"),
        ({"temperature": float("inf")}, "temperature must be finite and 0 or more, not inf"),
        ({"top_k": 0}, "top_k must be a whole number, 1 or more"),
        ({"top_k": 3.0}, "top_k must be a whole number, 1 or more .*, not 3.0"),
        ({"length": 2.5}, "length must be a whole number, 0 or more, not 2.5"),
        ({"samples": True}, "samples must be a whole number, 1 or more .*, not True"),
        ({"seed": -1}, "seed must be a whole number, 0 or more .*, not -1"),
        ({"seed": "a"}, "seed must be a whole number, 0 or more .*, not 'a'"),
        ({"temperature": "0.5"}, "temperature must be finite and 0 or more, not '0.5'"),
        ({"temperature": None}, "temperature must be finite and 0 or more, not None"),
        ({"top_p": "0.9"}, "top_p must be over 0 and at most 1, not '0.9'"),
        ({"top_k": V + 1}, "top_k must lie in 1 … 8, the vocabulary, not 9; None keeps every token"),
        ({"top_p": 0.0}, "top_p must be over 0 and at most 1, not 0.0; None keeps every token"),
        ({"top_p": 1.5}, "top_p must be over 0 and at most 1, not 1.5"),
    ],
)
@pytest.mark.parametrize("length", [0, 3])
def test_settings_out_of_range(settings, message, length):
    """Even where nothing is to be written."""
    arguments = {"prompt": "ab", "length": length} | settings
    with pytest.raises(ValueError, match=message):
        generate(classic(), VOCABULARY, **arguments)


@pytest.mark.parametrize("tokens", [" abcdé人", " abcdé人<x"])
@pytest.mark.parametrize("make", [classic, deep])
def test_a_vocabulary_of_another_size(make, tokens):
    sizes = f"reads {V} and writes {V} tokens, but the vocabulary has {len(tokens)}"
    with pytest.raises(ValueError, match=f"{sizes}: use the vocabulary that it was trained with"):
        generate(make(), Vocabulary(tokens), "", 1)


def test_a_model_that_reads_fewer_tokens_than_it_writes():
    model = model_of(keras.Input((None,)), layers.Embedding(V - 1, 4), layers.LSTM(6), layers.Dense(V))
    with pytest.raises(ValueError, match=f"reads {V - 1} and writes {V} tokens, but the vocabulary has {V}"):
        generate(model, VOCABULARY, "", 1)


ONE_HOT, IDS = keras.Input((4, V)), keras.Input((4,))
KNOWN = "generate knows Embedding → LSTM … LSTM → Dense, with Dropout between"
DEFAULTS = "generate runs forward LSTMs with tanh and sigmoid, Keras' defaults"
NEEDS = "generate needs a model with at least one LSTM and a Dense layer after it"


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        ([ONE_HOT, layers.Bidirectional(layers.LSTM(5)), layers.Dense(V)], "reads the text backwards too: it needs"),
        ([ONE_HOT, layers.LSTM(5, go_backwards=True), layers.Dense(V)], DEFAULTS),
        ([ONE_HOT, layers.LSTM(5, activation="relu"), layers.Dense(V)], DEFAULTS),
        ([ONE_HOT, layers.LSTM(5, recurrent_activation="hard_sigmoid"), layers.Dense(V)], DEFAULTS),
        ([ONE_HOT, layers.LSTM(5), layers.Dense(7, "relu"), layers.Dense(V)], KNOWN),
        ([ONE_HOT, layers.LSTM(5), layers.Dense(7), layers.Dense(V)], KNOWN),
        ([ONE_HOT, layers.LSTM(5), layers.Dense(V, "sigmoid")], KNOWN),
        ([ONE_HOT, layers.GRU(5), layers.Dense(V)], KNOWN),
        ([ONE_HOT, layers.Conv1D(5, 2), layers.LSTM(5), layers.Dense(V)], KNOWN),
        ([ONE_HOT, layers.LSTM(5), layers.LayerNormalization(), layers.Dense(V)], KNOWN),
        ([ONE_HOT, layers.Dense(V), layers.LSTM(5), layers.Dense(V)], KNOWN),
        ([ONE_HOT, layers.LSTM(5, return_sequences=True), layers.Dense(V), layers.LSTM(V)], KNOWN),
        ([IDS, layers.Embedding(V, 4), layers.Flatten(), layers.Dense(V)], KNOWN),
        ([IDS, layers.Embedding(V, 4), layers.Dense(V)], KNOWN),
        ([IDS, layers.Embedding(V, 4)], NEEDS),
        ([ONE_HOT, layers.LSTM(V)], NEEDS),
    ],
)
def test_models_of_another_kind(stack, message):
    """Each would compute something else than the NumPy cell."""
    with pytest.raises(ValueError, match=message):
        generate(model_of(*stack), VOCABULARY, "", 1)


def ids_input():
    return keras.Input((None,), dtype="int32")


def chain(inputs, lstm=None):
    """Ids → Embedding → LSTM, as tensors, for models that are joined by hand."""
    lstm = lstm or layers.LSTM(5, return_sequences=True)
    return lstm(layers.Embedding(V, 5)(inputs))


def sharper():
    inputs = ids_input()
    return keras.Model(inputs, layers.Dense(V)(chain(inputs)) / 0.3)


def sum_of_two():
    inputs = ids_input()
    return keras.Model(inputs, layers.Dense(V)(chain(inputs) + chain(inputs)))


def joined_by_a_layer():
    inputs = ids_input()
    return keras.Model(inputs, layers.Dense(V)(layers.Add()([chain(inputs), chain(inputs)])))


def used_twice():
    inputs, lstm = ids_input(), layers.LSTM(5, return_sequences=True)
    return keras.Model(inputs, layers.Dense(V)(lstm(chain(inputs, lstm))))


def own_state():
    inputs, h, c = ids_input(), keras.Input((5,)), keras.Input((5,))
    x = layers.LSTM(5, return_sequences=True)(layers.Embedding(V, 5)(inputs), initial_state=[h, c])
    return keras.Model([inputs, h, c], layers.Dense(V)(x))


def zero_state_of_the_graph():
    inputs = ids_input()
    x = layers.Embedding(V, 5)(inputs)
    state = x[:, 0]
    return keras.Model(inputs, layers.Dense(V)(layers.LSTM(5, return_sequences=True)(x, initial_state=[state, state])))


def dropout_at_work():
    inputs = ids_input()
    return keras.Model(inputs, layers.Dense(V)(layers.Dropout(0.5)(chain(inputs), training=True)))


def an_lstm_in_every_step():
    inputs = keras.Input((3, 4, V))
    return keras.Model(inputs, layers.Dense(V)(layers.TimeDistributed(layers.LSTM(5))(inputs)))


def cell_state():
    inputs = ids_input()
    _, _, c = layers.LSTM(5, return_state=True)(layers.Embedding(V, 5)(inputs))
    return keras.Model(inputs, layers.Dense(V)(c))


class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.parts = [layers.Embedding(V, 5), layers.LSTM(5, return_sequences=True), layers.Dense(V)]

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return x / 0.3


def own_class():
    model = Own()
    model(np.zeros((1, 2), "int32"))
    return model


class OwnSequential(keras.Sequential):
    def call(self, *args, **kwargs):
        return 2 * super().call(*args, **kwargs)


def with_lora():
    model = deep()
    model.layers[-1].enable_lora(2)
    return model


def quantised():
    model = deep()
    model.quantize("int8")
    return model


def one_lstm(*rest, **embedding):
    return model_of(ids_input(), layers.Embedding(V, 4, **embedding), layers.LSTM(5), *rest)


def unbuilt():
    return [layers.Embedding(V, 4), layers.LSTM(5), layers.Dense(V)]


REFUSED = {
    "an operation after it": (sharper, "joined by nothing else|generate knows"),
    "a sum": (sum_of_two, "joined by nothing else"),
    "a layer that joins": (joined_by_a_layer, "joined by nothing else"),
    "a layer used twice": (used_twice, "lstm.*joined by nothing else"),
    "inputs for the state": (own_state, "one input"),
    "a state from the graph": (zero_state_of_the_graph, "joined by nothing else"),
    "dropout that draws": (dropout_at_work, "dropout.*joined by nothing else"),
    "an LSTM in every step": (an_lstm_in_every_step, KNOWN),
    "the cell state": (cell_state, "joined by nothing else"),
    "a class of its own": (own_class, "class of your own: Own"),
    "a subclass": (lambda: OwnSequential(deep().layers), "class of your own: OwnSequential"),
    "softmax and softmax": (lambda: one_lstm(layers.Dense(V, "softmax"), layers.Softmax()), KNOWN),
    "two softmax layers": (lambda: one_lstm(layers.Dense(V), layers.Softmax(), layers.Softmax()), KNOWN),
    "softmax over time": (lambda: one_lstm(layers.Dense(V), layers.Softmax(axis=0)), KNOWN),
    "a second Embedding": (lambda: one_lstm(layers.Embedding(V, 4), layers.LSTM(5), layers.Dense(V)), KNOWN),
    "an Embedding after an LSTM": (lambda: model_of(keras.Input((None, V)), layers.LSTM(5), *unbuilt()), KNOWN),
    "mask_zero": (lambda: one_lstm(layers.Dense(V), mask_zero=True), "mask_zero skips id 0"),
    "a model in a model": (lambda: keras.Sequential([ids_input(), deep()]), KNOWN),
    "LoRA": (with_lora, "dense.*not LoRA"),
    "int8": (quantised, "not LoRA and not quantised"),
    "not built": (lambda: keras.Sequential(unbuilt()), "call or train it first"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_chain_of_known_layers_is_refused(name):
    """Its weights would run in another order, or scaled otherwise, than Keras runs them."""
    make, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        generate(make(), VOCABULARY, "ab", 1)


def test_layers_that_another_model_shares_are_no_hindrance():
    """A twin for writing, built from the layers of the model that was trained."""
    model = deep()
    twin = keras.Sequential([keras.Input((7,)), *model.layers])
    assert generate(twin, VOCABULARY, "ab", 9, seed=1) == generate(model, VOCABULARY, "ab", 9, seed=1)


def test_a_model_that_was_built_by_a_call():
    model = keras.Sequential(unbuilt())
    model(np.zeros((1, 3), "int32"))
    assert len(generate(model, VOCABULARY, "ab", 3)) == 3


@given(data=st.data())
@settings(max_examples=15)
def test_random_chains_write_what_keras_writes(data):
    """Any allowed stack, greedily: each character is the likeliest that Keras gives after the whole text so far."""
    stack = [keras.Input((None, V))]
    if data.draw(st.booleans()):
        stack = [ids_input(), layers.Embedding(V + data.draw(st.integers(0, 2)), 3)]
    count = data.draw(st.integers(1, 3))
    for depth in range(count):
        many = depth < count - 1 or data.draw(st.booleans())
        stack.append(
            layers.LSTM(data.draw(st.integers(1, 5)), return_sequences=many, use_bias=data.draw(st.booleans()))
        )
        if data.draw(st.booleans()):
            stack.append(layers.Dropout(0.5))
    activation = data.draw(st.sampled_from(["linear", "softmax"]))
    stack.append(layers.Dense(V, activation, use_bias=data.draw(st.booleans())))
    if activation == "linear" and data.draw(st.booleans()):
        stack.append(layers.Softmax())
    model = model_of(*stack, seed=data.draw(st.integers(0, 99)))
    text = "ab" + generate(model, VOCABULARY, "ab", 6, temperature=0)
    ids = VOCABULARY.encode(text)
    for t in range(2, len(text)):
        shown = ids[:t] if len(stack[0].shape) == 2 else one_hot(ids[:t])
        scores = keras.ops.convert_to_numpy(model(shown[None])).reshape(-1, V)[-1]
        assert scores[ids[t]] >= scores.max() - 1e-6


# ---------------------------------------------------------------- load_pretrained


def publish(course: pathlib.Path, monkeypatch) -> None:
    """Write the manifest of a folder's assets, as for a release, and let utils know it."""
    (course / "utils.py").write_text('MANIFEST = ""\n')
    manifest.update(course)
    monkeypatch.setattr(utils, "MANIFEST", manifest.sha256((course / "assets" / "manifest.json").read_bytes()))


@pytest.fixture
def shop(web, tmp_path, monkeypatch):
    """A pretrained model "tiny" whose files lie on a local server only: returns the folder of what is published."""
    models = tmp_path / "published" / "assets" / "models"
    models.mkdir(parents=True)
    trained = deep()
    trained.compile("adam", "mse")  # as a model that was trained is saved; it is loaded without its optimizer
    trained.save(models / "tiny.keras")
    card = json.dumps({"vocabulary": VOCABULARY.tokens, "title": "人"}, ensure_ascii=False)
    (models / "tiny.json").write_text(card, encoding="utf-8")
    publish(tmp_path / "published", monkeypatch)
    for path in models.parent.rglob("*.*"):
        web.files["/" + path.relative_to(tmp_path / "published").as_posix()] = path.read_bytes()
    monkeypatch.setattr(utils, "__file__", str(tmp_path / "course" / "utils.py"))
    monkeypatch.setenv("LSTM_COURSE_URL", web.address)
    monkeypatch.setenv("LSTM_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "published"


@pytest.fixture
def beside(shop, tmp_path):
    """The same files in assets beside the module: returns the folder of models."""
    return shutil.copytree(shop, tmp_path / "course") / "assets" / "models"


def check_tiny(model, vocabulary, card) -> None:
    assert vocabulary.tokens == VOCABULARY.tokens and card["title"] == "人"
    assert generate(model, vocabulary, "ab", 20, seed=1) == generate(deep(), VOCABULARY, "ab", 20, seed=1)
    assert not model.compiled


def test_a_model_beside_the_module_needs_no_network(web, beside, tmp_path):
    check_tiny(*load_pretrained("tiny"))
    assert web.asked == [] and not (tmp_path / "cache").exists()


def test_a_model_that_is_not_beside_the_module_is_fetched_once(web, shop, capfd):
    """As in Colab, where utils.py stands alone."""
    check_tiny(*load_pretrained("tiny"))
    check_tiny(*load_pretrained("tiny"))
    assert web.asked == [f"/assets/{file}" for file in ("manifest.json", "models/tiny.keras", "models/tiny.json")]
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("name", ["tiny.keras", "tiny.json"])
def test_a_damaged_model_beside_the_module_is_named_and_left_alone(web, beside, name):
    (beside / name).write_bytes(b"damaged")
    with pytest.raises(ValueError, match=f"{name} is damaged: its sha256 should be .* Replace or remove it"):
        load_pretrained("tiny")
    assert (beside / name).read_bytes() == b"damaged" and web.asked == []


def test_a_damaged_download_of_a_model_is_refused(web, shop, tmp_path):
    web.files["/assets/models/tiny.keras"] = web.files["/assets/models/tiny.keras"][:-1]
    with pytest.raises(ValueError, match="download of tiny.keras is damaged and was not kept: run again"):
        load_pretrained("tiny")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [f"{utils.MANIFEST[:8]}-manifest.json"]


def test_another_manifest_is_refused(web, shop, beside):
    """Beside the module, or from the web: its sha256 stands in utils.py."""
    text = (beside.parent / "manifest.json").read_text()
    web.files["/assets/manifest.json"] = text.replace("tiny", "huge").encode()
    (beside.parent / "manifest.json").write_text(text.replace("tiny", "huge"))
    with pytest.raises(ValueError, match=f"manifest.json is damaged: its sha256 should be {utils.MANIFEST}"):
        load_card("huge")
    (beside.parent / "manifest.json").unlink()
    with pytest.raises(ValueError, match="download of manifest.json is damaged and was not kept"):
        load_card("huge")


def test_a_model_that_cannot_be_had(shop, dead_address, monkeypatch):
    monkeypatch.setenv("LSTM_COURSE_URL", dead_address)
    with pytest.raises(ConnectionError, match="manifest.json could not be fetched .*copy assets beside utils.py"):
        load_pretrained("tiny")


def test_an_unknown_model_leads_to_the_known_ones(shop):
    with pytest.raises(
        ValueError, match="the course has no models/huge.keras, only models/tiny.json, models/tiny.keras"
    ):
        load_pretrained("huge")


def test_a_model_file_with_code_in_it_is_not_loaded(shop, beside, monkeypatch):
    """Safe mode is on: a Lambda layer would run whatever its author wrote."""
    path = beside / "tiny.keras"
    keras.Sequential([keras.Input((1,)), layers.Lambda(lambda x: x + 1)]).save(path)
    publish(beside.parents[1], monkeypatch)
    with pytest.raises(ValueError, match="(?i)safe"):
        load_pretrained("tiny")


def test_a_card_alone(web, shop):
    """Recorded trainings have a card and no model."""
    assert load_card("tiny")["title"] == "人"
    assert web.asked == ["/assets/manifest.json", "/assets/models/tiny.json"]
    with pytest.raises(
        ValueError, match="the course has no models/huge.json, only models/tiny.json, models/tiny.keras"
    ):
        load_card("huge")


MODELS = pathlib.Path(utils.__file__).parent / "assets" / "models"


@pytest.mark.parametrize("file", sorted(path.name for path in MODELS.iterdir()))
def test_models_of_the_course(file):
    """Each is under 2 MB; a model loads, fits its vocabulary, and writes, unless it reads more than one text."""
    name, end = file.split(".")
    assert (MODELS / file).stat().st_size < 2e6
    if end == "json":
        card = load_card(name)
        assert name == "scoreboard" or card["name"] == name
        return
    model, vocabulary, card = load_pretrained(name)
    assert card["vocabulary"] == list(vocabulary.tokens) and card["parameters"] == model.count_params()
    assert model.output_shape[-1] == len(vocabulary)
    if len(model.inputs) == 1:
        text = generate(model, vocabulary, "", 50, seed=0)
        assert 50 <= len(text) <= 50 * max(map(len, vocabulary.tokens))  # of characters, exactly 50


# ---------------------------------------------------------------- setup


def numbers() -> tuple:
    """One random number of each source: Python, NumPy and Keras, and a training of two steps."""
    model = classic()
    model.compile(keras.optimizers.Adam(0.1), loss="categorical_crossentropy")
    x = np.random.default_rng(0).normal(size=(64, 9, V)).astype(np.float32)
    history = model.fit(x, np.eye(V)[np.arange(64) % V], verbose=0, epochs=2)
    return (random.random(), np.random.random(), float(keras.random.uniform(())), *history.history["loss"])


def test_setup_makes_everything_repeat():
    """The same seed gives the same numbers, another seed others."""
    runs = []
    for arguments in ((), (0,), (1,)):
        utils.setup(*arguments)
        runs.append(numbers())
    assert runs[0] == runs[1]
    assert all(a != b for a, b in zip(runs[0], runs[2]))
