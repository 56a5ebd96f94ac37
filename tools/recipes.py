"""Train with the models that lessons 04 and 06 lend, outside the notebooks (for pretrain.py and the benchmark).

`classic`: one-hot windows of 40 characters, one target each, RMSprop(0.01) without clipping, batch 1024 or another.
`streams`: ids in contiguous streams, a target at every character, carried state, Adam with clipping.
Both take int32 ids and report held-out nats per character.
"""

import sys
import time
from collections.abc import Callable

import numpy as np

from notebook_files import lent, utils

utils.setup(seed=0)  # loads Keras without its lines on stderr
import keras  # noqa: E402


def read(name: str, prepare: Callable[[str], str] = str) -> str:
    """A corpus after its preparation; ends the script where the real text cannot be had."""
    corpus = utils.load_corpus(name)
    if corpus.name != name:
        sys.exit("this needs the real text: see the notice above")
    return prepare(corpus.text)


def one_line(text: str) -> str:
    """The text of the classic recipe: lower case, newlines to spaces."""
    return text.lower().replace("\n", " ")


class Clock(keras.callbacks.Callback):
    """After each epoch note losses and seconds of training (not of validation); stop at a held-out loss, if given."""

    def __init__(self, target: float = 0.0):
        super().__init__()
        self.target, self.seconds, self.history = target, 0.0, []

    def on_epoch_begin(self, epoch, logs=None):
        self.started, self.validating = time.perf_counter(), False

    def on_test_begin(self, logs=None):
        self.seconds += time.perf_counter() - self.started
        self.validating = True

    def on_epoch_end(self, epoch, logs):
        if not self.validating:
            self.seconds += time.perf_counter() - self.started
        row = {"epoch": epoch + 1, "seconds": round(self.seconds, 1)}
        row |= {name: round(float(value), 4) for name, value in logs.items()}
        self.history.append(row)
        print(f"  {row}", file=sys.stderr, flush=True)
        self.model.stop_training = row.get("val_loss", np.inf) <= self.target


def train_classic(
    ids: np.ndarray, vocab_size: int, epochs: int, callbacks: list, batch_size: int = 1024
) -> keras.Model:
    """Train the classic recipe and return its model."""
    lesson, one_hot = lent(4, V=vocab_size), np.eye(vocab_size, dtype=bool)
    train, held_out = (utils.sliding_windows(part, lesson["WINDOW"], lesson["STEP"]) for part in utils.split(ids))
    model = lesson["classic_model"]()
    model.compile(optimizer=keras.optimizers.RMSprop(learning_rate=0.01), loss="categorical_crossentropy")
    model.fit(
        one_hot[train[0]],
        one_hot[train[1]],
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(one_hot[held_out[0]], one_hot[held_out[1]]),
        callbacks=callbacks,
        verbose=0,
    )
    return model


def train_streams(
    train: np.ndarray,
    held_out: np.ndarray,
    vocab_size: int,
    epochs: int,
    callbacks: list,
    units: int = 128,
    rate: float | keras.optimizers.schedules.LearningRateSchedule = 0.008,
    dropout: float = 0.0,
    layers: int = 1,
    batch_size: int = 32,
    length: int = 64,
    weights: list[np.ndarray] | None = None,
    average: float | None = None,
    **fit_settings,
) -> keras.Model:
    """Train on streams, from given weights if any, and return the model.

    With `average`, the momentum of a moving average of the weights, the average is judged and returned.
    """
    x, y = utils.contiguous_batches(train, batch_size, length)
    shape = {"units": units, "dropout": dropout, "layers": layers, "batch_size": batch_size}
    model = lent(6, V=vocab_size)["build"](**shape)
    if weights:
        model.set_weights(weights)
    averaging = {"use_ema": True, "ema_momentum": average} if average else {}
    model.compile(
        optimizer=keras.optimizers.Adam(rate, clipnorm=1.0, **averaging),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(
        x,
        y,
        batch_size=batch_size,
        epochs=epochs,
        shuffle=False,
        validation_data=utils.contiguous_batches(held_out, batch_size, length),
        validation_batch_size=batch_size,
        callbacks=[*([keras.callbacks.SwapEMAWeights()] if average else []), lent(5)["EmptyStates"](), *callbacks],
        verbose=0,
        **fit_settings,
    )
    return model
