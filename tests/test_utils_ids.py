"""Vocabulary, split, sliding_windows and contiguous_batches. Needs NumPy only."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from utils import Vocabulary, contiguous_batches, sliding_windows, split

NIETZSCHE = 600_893  # characters of the corpus


def view(array: np.ndarray, ids: np.ndarray) -> bool:
    """Whether an array lies in the memory of ids, and is not a copy."""
    return np.shares_memory(array, ids)


# ---------------------------------------------------------------- Vocabulary


@given(st.text(min_size=1))
@example("to be or not to be")
@example("人工智慧正在改變世界。\n")
@example("𝔘𝔫𝔦 🙂🏳️‍🌈 𠀀")  # outside the 16-bit plane
@example("é e\u0301 \u0301")  # a combining mark is a character of its own
@example("\0\r\n\t\u2028\ufeff")
def test_round_trip(text):
    """What is encoded decodes to the same text, whatever Unicode it holds."""
    vocabulary = Vocabulary.from_text(text)
    ids = vocabulary.encode(text)
    assert vocabulary.decode(ids) == vocabulary.decode(ids.tolist()) == text
    assert ids.shape == (len(text),) and ids.dtype == np.int32


@given(st.text(min_size=1))
def test_tokens_are_the_distinct_characters_in_code_point_order(text):
    """An id is the rank of its character: two characters never share one."""
    vocabulary = Vocabulary.from_text(text)
    assert vocabulary.tokens == tuple(sorted(set(text)))
    assert len(vocabulary) == len(set(text))
    assert vocabulary.encode(vocabulary.tokens).tolist() == list(range(len(vocabulary)))


def test_tokens_keep_the_order_they_are_given_in_and_may_be_words():
    """A model card's list of tokens, or words, become ids by their place."""
    vocabulary = Vocabulary(iter(["to", "be", ""]))
    assert vocabulary.encode(["be", "", "to"]).tolist() == [1, 2, 0]
    assert vocabulary.decode([1, 0]) == "beto"


def test_nothing_encodes_and_decodes_to_nothing():
    """An empty prompt is a text."""
    vocabulary = Vocabulary("ab")
    assert vocabulary.encode("").shape == (0,) and vocabulary.encode("").dtype == np.int32
    assert vocabulary.decode([]) == vocabulary.decode(vocabulary.encode("")) == ""


@pytest.mark.parametrize("make", [Vocabulary, Vocabulary.from_text])
def test_empty_text_makes_no_vocabulary(make):
    with pytest.raises(ValueError, match="at least one token: the text is empty"):
        make("")


def test_a_token_twice_makes_no_vocabulary():
    with pytest.raises(ValueError, match=r"each token once: pass sorted\(set\(tokens\)\)"):
        Vocabulary("aba")


@pytest.mark.parametrize("text", ["abXaX", list("abXaX")])
def test_an_unknown_character_is_named_with_its_position(text):
    with pytest.raises(ValueError, match=r"^'X' \(position 2\) is not in this vocabulary of 2$"):
        Vocabulary("ab").encode(text)


def test_an_unknown_capital_leads_to_its_lower_case():
    with pytest.raises(ValueError, match=r"'B' \(position 1\) .* of 2 \(its lower case 'b' is\)"):
        Vocabulary("ab").encode("aB")


def test_a_second_unknown_character_is_named_too():
    """Each once, however often it comes."""
    with pytest.raises(ValueError, match=r"^'X' \(position 1\) is not in this vocabulary of 2; also unknown: 'Y'$"):
        Vocabulary("ab").encode("aXbYXYYX")


def test_unknown_chinese_characters_are_named_as_they_are_written():
    """Not as \\u667a\\u6167: the reader must recognise them."""
    with pytest.raises(ValueError, match=r"^'智' \(position 2\) is not in this vocabulary of 7; also unknown: '慧'$"):
        Vocabulary.from_text("人工正在改變。").encode("人工智慧正在改變。")


def test_unknown_words_are_named():
    with pytest.raises(ValueError, match=r"^'or' \(position 2\) is not in .* of 2; also unknown: 'not', 'that'$"):
        Vocabulary(["to", "be"]).encode(["to", "be", "or", "not", "to", "be", "that"])


def test_the_hint_of_the_first_stays_when_there_are_others():
    with pytest.raises(ValueError, match=r"'B' \(position 1\) .* of 2 \(its lower case 'b' is\); also unknown: '!'$"):
        Vocabulary("ab").encode("aB!")


@pytest.mark.parametrize(
    ("unknown", "rest"),
    [
        ("ABC", "; also unknown: 'B', 'C'"),
        ("ABCDEFGHIJ", "; also unknown: 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J'"),
        ("ABCDEFGHIJK", "; also unknown: 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J' and 1 more"),
        ("JIHGFEDCBAZYX", "; also unknown: 'I', 'H', 'G', 'F', 'E', 'D', 'C', 'B', 'A' and 3 more"),
    ],
    ids=["three", "ten", "eleven", "thirteen"],
)
def test_of_many_unknown_characters_ten_are_named(unknown, rest):
    """In the order of the text; the others are counted, so that a text in another script does not flood the page."""
    with pytest.raises(ValueError) as error:
        Vocabulary("12").encode("21" + unknown * 2)
    assert str(error.value) == f"{unknown[0]!r} (position 2) is not in this vocabulary of 2{rest}"


@given(st.text(min_size=1), st.text(min_size=1))
def test_what_cannot_be_encoded_is_what_the_vocabulary_lacks(known, text):
    """An error if and only if a character is unknown, and then it names the first of them."""
    unknown = [character for character in text if character not in known]
    if not unknown:
        assert Vocabulary.from_text(known).decode(Vocabulary.from_text(known).encode(text)) == text
        return
    with pytest.raises(ValueError) as error:
        Vocabulary.from_text(known).encode(text)
    assert str(error.value).startswith(f"{unknown[0]!r} (position {text.index(unknown[0])}) is not in this vocabulary")
    assert all(repr(character) in str(error.value) for character in list(dict.fromkeys(unknown))[:10])


@pytest.mark.parametrize("ids", [[0, -1], [0, 2], [0.0, 1.0], [[0, 1]], 0, [True], ["0"]])
def test_what_is_no_id_is_not_decoded(ids):
    with pytest.raises(ValueError, match=r"flat sequence of integers in 0 … 1"):
        Vocabulary("ab").decode(ids)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64"])
def test_every_kind_of_integer_is_decoded(dtype):
    assert Vocabulary("ab").decode(np.array([1, 0, 1], dtype)) == "bab"


# ---------------------------------------------------------------- split


@given(st.integers(2, 1000), st.floats(0.01, 0.99))
def test_split_holds_out_the_last_share(n, validation):
    """Both parts together are the whole, in order, without a copy."""
    ids = np.arange(n)
    if not 0 < round(n * validation) < n:
        with pytest.raises(ValueError, match="use a share between 0 and 1, a longer text"):
            split(ids, validation)
        return
    training, held_out = split(ids, validation)
    assert np.concatenate([training, held_out]).tolist() == ids.tolist()
    assert len(held_out) == round(n * validation)
    assert view(training, ids) and view(held_out, ids)


def test_split_holds_out_a_tenth_unless_told_otherwise():
    assert [len(part) for part in split(np.arange(NIETZSCHE))] == [540_804, 60_089]


@pytest.mark.parametrize("validation", [0, 1, -0.1, 1.5, float("nan"), float("inf")])
def test_split_wants_a_share(validation):
    with pytest.raises(ValueError, match=f"cannot hold out {validation} of 100 ids: use a share between 0 and 1"):
        split(np.arange(100), validation)


# ---------------------------------------------------------------- windows


def naive_windows(ids, length, step):
    """The loop that everyone writes first."""
    starts = range(0, len(ids) - length, step)
    return [list(ids[i : i + length]) for i in starts], [ids[i + length] for i in starts]


@given(st.integers(1, 60), st.integers(1, 12), st.integers(1, 9))
def test_windows_equal_a_naive_loop(n, length, step):
    """Each window, each target, and how many there are."""
    ids = np.random.default_rng(n).integers(0, 100, n).astype(np.int32)
    if n < length + 1:
        with pytest.raises(ValueError, match=f"need {length + 1} ids, the text has {n}: use a longer text"):
            sliding_windows(ids, length, step)
        return
    x, y = sliding_windows(ids, length, step)
    naive_x, naive_y = naive_windows(ids.tolist(), length, step)
    assert x.tolist() == naive_x and y.tolist() == naive_y
    assert x.dtype == y.dtype == np.int32


def test_windows_step_by_one_unless_told_otherwise():
    x, y = sliding_windows(np.arange(5), 2)
    assert x.tolist() == [[0, 1], [1, 2], [2, 3]] and y.tolist() == [2, 3, 4]


def test_windows_are_views():
    """No window is copied, and nobody can write through one into the text."""
    ids = np.arange(100)
    for array in sliding_windows(ids, 40, 3):
        assert view(array, ids)
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize(("length", "step"), [(0, 1), (-1, 1), (3, 0), (3, -1)])
def test_windows_want_a_length_and_a_step(length, step):
    with pytest.raises(ValueError, match=f"at least 1, not {length} and {step}"):
        sliding_windows(np.arange(10), length, step)


@pytest.mark.parametrize(("length", "count"), [(40, 200_285), (60, 200_278)])
def test_counts_of_the_published_recipes(length, count):
    """Windows of 40 and of 60 characters at step 3 on the real length."""
    x, y = sliding_windows(np.zeros(NIETZSCHE, np.int32), length, 3)
    assert x.shape == (count, length) and y.shape == (count,)


def test_all_of_recipe_d_costs_under_10_megabytes():
    """From the text to its windows; one-hot, as published, x alone is 685 MB."""
    characters = [chr(97 + i) for i in range(57)]
    text = "".join(np.random.default_rng(0).choice(characters, NIETZSCHE))
    tracemalloc.start()
    x, y = sliding_windows(Vocabulary.from_text(text).encode(text), 60, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10e6
    assert round(x.size * 57 / 1e6) == 685  # one byte for each True or False


# ---------------------------------------------------------------- contiguous streams


@given(st.integers(2, 400), st.integers(1, 7), st.integers(1, 9))
def test_streams_are_the_text_in_order(n, batch_size, length):
    """Each stream is a stretch of the text; together they hold all of it but the tail."""
    ids = np.random.default_rng(n).integers(0, 100, n)
    steps = (n - 1) // (batch_size * length)
    if steps < 1:
        with pytest.raises(ValueError, match=f"need {batch_size * length + 1} ids, not {n}: use fewer or"):
            contiguous_batches(ids, batch_size, length)
        return
    x, y = contiguous_batches(ids, batch_size, length)
    assert x.shape == y.shape == (steps * batch_size, length)
    streams = [np.concatenate(x[row::batch_size]) for row in range(batch_size)]
    covered = np.concatenate(streams)
    assert covered.tolist() == ids[: len(covered)].tolist()
    assert 0 < n - len(covered) <= batch_size * length  # at least the last target, at most one incomplete piece each


@given(st.integers(30, 200), st.integers(1, 5), st.integers(1, 5))
def test_targets_come_one_character_later(n, batch_size, length):
    """The ids are their own positions here, so that y = x + 1, and row r + batch_size begins where row r ends."""
    x, y = contiguous_batches(np.arange(n), batch_size, length)
    assert (y == x + 1).all()
    assert (x[batch_size:, 0] == x[:-batch_size, -1] + 1).all()


@pytest.mark.parametrize(("batch_size", "length"), [(0, 5), (-1, 5), (5, 0), (5, -2)])
def test_streams_want_a_batch_and_a_length(batch_size, length):
    with pytest.raises(ValueError, match=f"at least 1, not {batch_size} and {length}"):
        contiguous_batches(np.arange(100), batch_size, length)
