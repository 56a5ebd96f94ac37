"""Untrained Keras models of a few units, for tests: their weights are large enough to make every logit matter."""

import keras
import numpy as np
from keras import layers

from utils import Vocabulary

VOCABULARY = Vocabulary(" abcdé人<")
V = len(VOCABULARY)


def one_hot(ids) -> np.ndarray:
    """Ids (…) → float32 (…, V)."""
    return np.eye(V, dtype=np.float32)[ids]


def model_of(*stack, seed: int = 0) -> keras.Model:
    """A Sequential of these layers with normal random weights."""
    model = keras.Sequential(stack)
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(0, 0.7, w.shape).astype(np.float32) for w in model.get_weights()])
    return model


def classic(activation: str = "softmax", **lstm) -> keras.Model:
    """One-hot windows → LSTM → Dense: one prediction a window, of any length."""
    return model_of(keras.Input((None, V)), layers.LSTM(6, **lstm), layers.Dense(V, activation))


def deep(vocab_size: int = V) -> keras.Model:
    """Embedding → LSTM → Dropout → LSTM → Dense: a prediction at every step."""
    return model_of(
        keras.Input((None,)),
        layers.Embedding(vocab_size, 4),
        layers.LSTM(6, return_sequences=True),
        layers.Dropout(0.5),
        layers.LSTM(5, return_sequences=True),
        layers.Dense(vocab_size),
    )
