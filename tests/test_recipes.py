"""The recipes of the lessons learn, on each backend of Keras that is installed."""

import importlib.util
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

import recipes
import utils
from notebook_files import ROOT, lent

TEXT = utils.load_text(ROOT / "assets" / "texts" / "verses.txt")
SMALL = {"units": 16, "batch_size": 4, "length": 32}


@pytest.mark.parametrize(("layers", "dropout"), [(1, 0.0), (2, 0.2)])
def test_streams_learn(layers, dropout):
    """Poems with one layer, plays with two: the training loss falls, and the model writes with its weights."""
    keras.utils.set_random_seed(0)
    vocabulary = utils.Vocabulary.from_text(TEXT)
    train, held_out = utils.split(vocabulary.encode(TEXT))
    clock = recipes.Clock()
    model = recipes.train_streams(train, held_out, len(vocabulary), 3, [clock], layers=layers, dropout=dropout, **SMALL)
    losses = [row["loss"] for row in clock.history]
    assert losses[2] < losses[0] - 0.3
    twin = lent(6, V=len(vocabulary))["build"](batch_size=1, units=16, layers=layers)
    twin.set_weights(model.get_weights())
    ids = vocabulary.encode("春風")
    step_by_step = [np.asarray(twin(ids[None, [t]]))[0, -1] for t in range(2)][-1]
    likeliest = vocabulary.decode([step_by_step.argmax()])
    assert utils.generate(model, vocabulary, "春風", 1, temperature=0) == likeliest


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed")
@pytest.mark.skipif(keras.backend.backend() == "jax", reason="this is the run on jax")
def test_streams_learn_on_jax():
    """The same with another backend of Keras."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    run = subprocess.run(command, env=os.environ | {"KERAS_BACKEND": "jax"}, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
