"""Kneser-Ney against counts by hand, against a plain implementation, and against what every model must do."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import utils

ABRA = utils.Vocabulary.from_text("abracadabra")


def plain(train: list[int], ids: list[int], vocab_size: int, longest: int) -> list[float]:
    """p of each id by the n-grams of one length, from counters, a context at a time."""
    counts = {longest: Counter(tuple(train[i : i + longest]) for i in range(len(train) - longest + 1))}
    for n in range(longest - 1, 0, -1):
        # every longer n-gram that was seen, without its first id
        before = Counter(tuple(train[i : i + n + 1]) for i in range(len(train) - n))
        counts[n] = Counter(gram[1:] for gram in before)

    def discount(n: int, count: int) -> float:
        times = Counter(counts[n].values())
        k = min(count, 3)
        if not times[1] or not times[k] or not times[k + 1]:
            return k / 2
        y = times[1] / (times[1] + 2 * times[2])
        d = k - (k + 1) * y * times[k + 1] / times[k]
        return d if 0 < d < k else k / 2

    def p(context: tuple, token: int, n: int) -> float:
        if n == 0:
            return 1 / vocab_size
        lower = p(context[1:], token, n - 1)
        seen = {gram: count for gram, count in counts[n].items() if gram[:-1] == context}
        if len(context) != n - 1 or not seen:
            return lower
        count = seen.get((*context, token), 0)
        kept = count - discount(n, count) if count else 0
        return (kept + sum(discount(n, c) for c in seen.values()) * lower) / sum(seen.values())

    text = [*train, *ids]
    places = range(len(train), len(text))
    return [p(tuple(text[max(0, i - longest + 1) : i])[: longest - 1], text[i], min(longest, i + 1)) for i in places]


ids_of = st.lists(st.integers(0, 3), min_size=1, max_size=60)


@given(ids_of, st.lists(st.integers(0, 3), max_size=4), st.integers(4, 6), st.integers(1, 6))
@example([2] * 40, [2, 2], 4, 5)
@example([1], [0, 0, 1], 4, 3)
def test_probabilities_are_positive_and_sum_to_1(train, context, vocab_size, longest):
    """After any context, seen or not, of any text: also one id alone, and one id over and over."""
    every = [utils.kneser_ney(np.array(train), np.array([*context, w]), vocab_size, longest) for w in range(vocab_size)]
    last = np.array(every)[:, :, -1]  # (V, longest)
    assert (last > 0).all()
    np.testing.assert_allclose(last.sum(axis=0), 1, rtol=0, atol=1e-12)


@given(ids_of, ids_of, st.integers(1, 5))
@example([0, 1, 0, 1, 1, 0, 0, 0, 1, 2, 0, 1, 0, 3, 0, 0, 1, 1, 1, 0, 1, 0, 2, 2, 3], [0, 1, 0, 2, 3, 3, 3, 0], 4)
def test_it_equals_counting_in_plain_python(train, ids, longest):
    """Each length by itself: its own counts are plain, those of the shorter n-grams are of what stands before them."""
    p = utils.kneser_ney(np.array(train), np.array(ids), 4, longest)
    for n in range(1, longest + 1):
        np.testing.assert_allclose(p[n - 1], plain(train, ids, 4, n), rtol=1e-12)


def test_estimated_discounts_equal_plain_python_on_a_text_with_many_counts():
    """Long enough that no discount is a fallback: a text whose ids have very different frequencies."""
    rng = np.random.default_rng(0)
    text = np.minimum(rng.zipf(1.5, 1200), 40) - 1
    train, ids = text[:1100], text[1100:]
    for n, p in enumerate(utils.kneser_ney(train, ids, 40, 3), 1):
        np.testing.assert_allclose(p, plain(train.tolist(), ids.tolist(), 40, n), rtol=1e-12)


def test_abracadabra_by_hand():
    """After "a" come b twice, c and d. Letters count once for each other letter that stands before them.

    Where a discount comes out as 0 or as the whole count, it is half the count.
    """
    p = utils.kneser_ney(ABRA.encode("abracadabra"), ABRA.encode("b"), len(ABRA), 2)
    # alone: counts 5 2 2 1 1, so once 2, twice 2, three times 0: D1 = 1 - 2 · 1/3 · 2/2, D2 = 2 would be all: half, 1
    assert p[0, 0] == pytest.approx(((2 - 1) + (2 * 1 / 3 + 2 * 1 + 1.5) / 5) / 11)
    # before each letter: a 3 (r, c, d), b 1, c 1, d 1, r 1, of 7: D1 = 1 would be all: half; D3 half of 3
    b_before = ((1 - 0.5) + (4 * 0.5 + 1.5) / 5) / 7
    # pairs: four once, three twice, none more: D1 = 1 - 2 · 4/10 · 3/4; D2 half
    assert p[1, 0] == pytest.approx(((2 - 1) + (1 + 2 * 0.4) * b_before) / 4)


def test_an_unseen_context_gives_way_to_a_shorter_one():
    """After an id that never was in the text, all lengths say what they would say with no context."""
    train = np.array([0, 1, 0, 2, 0, 1, 1, 0])
    p = utils.kneser_ney(train, np.array([3, 1]), 4, 4)[:, 1]
    assert p[1] == p[2] == p[3]


def test_many_kinds_of_ids_and_long_contexts_fit():
    """In base V these n-grams would need 120 bits."""
    text = np.random.default_rng(0).integers(3000, size=5000).astype(np.int32)
    p = utils.kneser_ney(np.append(text, text[:4000]), text[4000:], 3001, 10)  # the end of the text, a second time
    assert p.shape == (10, 1000)
    assert np.median(p[9]) > 0.1 > 100 * np.median(p[0])  # a long context has been seen, and what follows it


@pytest.mark.parametrize(
    ("train", "ids", "longest"),
    [([], [0], 2), ([0, 3], [0], 2), ([0], [3], 2), ([0], [-1], 2), ([0.5], [0], 2), ([0], [0], 0)],
)
def test_what_cannot_be_counted_is_refused(train, ids, longest):
    with pytest.raises(ValueError, match="train must not be empty|longest must be"):
        utils.kneser_ney(np.array(train), np.array(ids), 3, longest)
