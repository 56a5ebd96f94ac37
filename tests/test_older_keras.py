"""Saved models that older versions of Keras load too: Colab's is older than ours."""

import json
import zipfile

import keras
import numpy as np
import pytest

import older_keras
from notebook_files import ROOT


def newer_settings(path) -> set[str]:
    """Return the settings in a saved model that Keras 3.10 does not know."""
    config = zipfile.ZipFile(path).read("config.json").decode()
    return {name for name in older_keras.NEWER if json.dumps(name) in config}


@pytest.mark.parametrize("path", sorted((ROOT / "assets" / "models").glob("*.keras")), ids=lambda path: path.stem)
def test_published_models_suit_older_keras(path):
    """No published model has a setting that older versions refuse because they do not know it."""
    assert newer_settings(path) == set()


def test_only_newer_settings_go():
    """A newer setting that is in use stays: older versions must refuse that model."""
    settings = {"units": 3, "seed": None, "quantization_config": None, "input_axes": [0]}
    assert older_keras.without_newer(settings) == {"units": 3, "seed": None, "input_axes": [0]}


def named_operations(path) -> list[str]:
    """The operations in a saved model, such as a flip between two layers, that have a name in their settings."""
    layers = json.loads(zipfile.ZipFile(path).read("config.json"))["config"]["layers"]
    operations = [layer for layer in layers if layer["module"].startswith("keras.src.ops")]
    return [layer["name"] for layer in operations if "name" in layer["config"]]


def test_operations_lose_their_names(tmp_path):
    """Keras 3.10 refuses a name among an operation's settings; without it the model computes the same."""
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.ops.flip(inputs, axis=1)))
    model.save(tmp_path / "flip.keras")
    assert named_operations(tmp_path / "flip.keras") == ["flip"]
    older_keras.rewrite(tmp_path / "flip.keras")
    assert named_operations(tmp_path / "flip.keras") == []
    x = np.arange(6.0).reshape(2, 3)
    again = keras.saving.load_model(tmp_path / "flip.keras", safe_mode=True)
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


@pytest.mark.parametrize("path", sorted((ROOT / "assets" / "models").glob("*.keras")), ids=lambda path: path.stem)
def test_published_models_have_no_named_operation(path):
    """So that Colab loads them."""
    assert named_operations(path) == []


@pytest.fixture
def model():
    """A model with all the layers of the course's."""
    layers = [keras.layers.Embedding(5, 3), keras.layers.LSTM(4), keras.layers.Dense(5)]
    return keras.Sequential([keras.Input((None,), dtype="int32"), *layers])


def test_rewriting_compresses(model, tmp_path):
    """Every part of the file, which gets smaller by more than the settings that go; a second time changes nothing."""
    path = tmp_path / "tiny.keras"
    model.save(path)
    parts = {file.filename: file.file_size for file in zipfile.ZipFile(path).infolist()}
    older_keras.rewrite(path)
    rewritten = zipfile.ZipFile(path).infolist()
    assert [file.filename for file in rewritten] == list(parts)
    assert all(file.compress_type == zipfile.ZIP_DEFLATED for file in rewritten)
    assert all(file.compress_size < 0.9 * parts[file.filename] for file in rewritten if file.file_size > 100)
    assert path.stat().st_size < 0.5 * sum(parts.values())
    data = path.read_bytes()
    older_keras.rewrite(path)
    assert path.read_bytes() == data


def test_weights_of_half_precision_take_half_the_room(tmp_path):
    """Why the larger models are rounded: zeros in the last digits are what compression saves."""
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(512)])
    sizes = []
    for rounding in (np.float32, np.float16):
        model.set_weights([weights.astype(rounding).astype(np.float32) for weights in model.get_weights()])
        model.save(tmp_path / "dense.keras")
        older_keras.rewrite(tmp_path / "dense.keras")
        sizes.append((tmp_path / "dense.keras").stat().st_size)
    assert sizes[1] < 0.65 * sizes[0]


def test_rewriting_keeps_the_model(model, tmp_path):
    """What is left out of the file changes nothing: the same layers with the same weights."""
    path = tmp_path / "tiny.keras"
    model.save(path)
    older_keras.rewrite(path)
    assert newer_settings(path) == set()
    loaded = keras.saving.load_model(path, safe_mode=True)
    assert [layer.get_config() for layer in loaded.layers] == [layer.get_config() for layer in model.layers]
    for weights, saved in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(weights, saved)
