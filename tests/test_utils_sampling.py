"""reweight, entropy and sample: from a distribution to a token. Needs NumPy only."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import utils
from utils import entropy, reweight, sample

NAN, INF = float("nan"), float("inf")
weights = st.lists(st.floats(0, 1), min_size=1, max_size=20).filter(lambda p: max(p) > 0)
temperatures = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
distributions = st.lists(st.integers(0, 1000), min_size=1, max_size=12).filter(any).map(lambda w: np.array(w) / sum(w))


# ---------------------------------------------------------------- reweight


@pytest.mark.parametrize(
    ("temperature", "digits", "expected"),
    [
        (0.01, ".8e", ["1.00000000e+00", "4.90909347e-91", "4.90909347e-91"]),
        (2, ".8f", ["0.58578644", "0.20710678", "0.20710678"]),
        (10, ".8f", ["0.38102426", "0.30948787", "0.30948787"]),
    ],
)
def test_published_figures(temperature, digits, expected):
    """All digits of the well-known example p = [0.8, 0.1, 0.1]."""
    assert [format(q, digits) for q in reweight([0.8, 0.1, 0.1], temperature)] == expected


@given(weights, temperatures)
def test_reweighted_rows_are_distributions_in_the_same_order(p, temperature):
    """They sum to 1, whatever the temperature, and no token overtakes another."""
    q = reweight(p, temperature)
    assert q.dtype == np.float64 and (q >= 0).all()
    assert math.isclose(q.sum(), 1, rel_tol=1e-12)
    assert (np.diff(q[np.argsort(p, kind="stable")]) >= 0).all()


@given(distributions, st.floats(0.2, 20))
def test_reweight_is_the_power_1_over_temperature(p, temperature):
    """Where the textbook form can be computed, it agrees."""
    expected = p ** (1 / temperature) / (p ** (1 / temperature)).sum()
    assert np.allclose(reweight(p, temperature), expected, rtol=1e-9, atol=0)


@pytest.mark.parametrize("temperature", [0, 5e-324, 1e-6, 1, 1e6, 1e308])
@pytest.mark.parametrize("p", [[1 / 57] * 57, [0.8, 0.1, 0.1], [1.0, 0.0], [5e-324, 1e-300], [1e300, 1.0], [1.0]])
def test_no_temperature_fails(p, temperature):
    """No overflow, no division by zero, no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        q = reweight(p, temperature)
    assert math.isclose(q.sum(), 1, rel_tol=1e-12)


def test_temperature_0_puts_all_on_the_first_largest():
    assert reweight([0.2, 0.4, 0.4], 0).tolist() == [0, 1, 0]
    assert reweight([[0.9, 0.1], [0.1, 0.9]], 0).tolist() == [[1, 0], [0, 1]]


def test_low_is_greedy_and_high_is_uniform():
    assert np.allclose(reweight([0.5, 0.3, 0.2], 1e-6), [1, 0, 0])
    assert np.allclose(reweight([0.5, 0.3, 0.2], 1e6), [1 / 3] * 3, atol=1e-5)


@pytest.mark.parametrize("temperature", [0.1, 1, 1e6])
def test_what_cannot_happen_still_cannot(temperature):
    assert reweight([0.5, 0.0, 0.5], temperature).tolist() == [0.5, 0, 0.5]


def test_a_row_far_below_another_does_not_underflow():
    """And single precision is worked on in double."""
    p = np.array([[1e-300, 2e-300], [1, 2]])
    assert np.allclose(reweight(p, 0.5), [[0.2, 0.8], [0.2, 0.8]])
    single = np.array([0.8, 0.1, 0.1], np.float32)
    assert reweight(single, 2).tolist() == reweight(single.astype(np.float64), 2).tolist()


def test_rows_are_reweighted_each_for_itself():
    """Any leading shape, and weights that do not sum to 1 yet."""
    p = np.random.default_rng(0).random((2, 3, 5))
    p[:, :, 0] = 0  # a token that no row allows
    q = reweight(p, 0.7)
    assert q.shape == p.shape
    assert all(np.allclose(q[i, j], reweight(p[i, j] / p[i, j].sum(), 0.7)) for i in range(2) for j in range(3))


@pytest.mark.parametrize("temperature", [-1, -1e-9, NAN, INF, -INF])
def test_reweight_refuses_a_temperature(temperature):
    with pytest.raises(ValueError, match=f"0 or more, not {temperature}; 0 always takes the likeliest"):
        reweight([0.5, 0.5], temperature)


@pytest.mark.parametrize("p", [[0.5, -0.1], [0.0, 0.0], [[0.5, 0.5], [0.0, 0.0]], [NAN, 1.0], [INF, 1.0], [], 0.5])
def test_reweight_refuses_what_is_no_distribution(p):
    with pytest.raises(ValueError, match="none negative and not all zero: give probabilities, not logits"):
        reweight(p, 1.0)


# ---------------------------------------------------------------- entropy


@pytest.mark.parametrize("size", [1, 2, 57])
def test_entropy_of_equals_is_log2(size):
    assert math.isclose(entropy([1 / size] * size), math.log2(size), abs_tol=1e-12)


@pytest.mark.parametrize("p", [[1.0], [0, 1], [0, 0, 1.0]])
def test_entropy_of_certainty_is_0(p):
    """Without a warning, and it is printed as 0.0, not as -0.0."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert str(float(entropy(p))) == "0.0"


@given(distributions)
def test_entropy_is_shannons_sum(p):
    assert math.isclose(entropy(p), sum(q * math.log2(1 / q) for q in p if q), abs_tol=1e-12)


def test_entropy_of_rows_and_of_temperatures():
    """One number a row, and more of it the hotter."""
    p = [[0.7, 0.2, 0.1], [1 / 3, 1 / 3, 1 / 3]]
    assert entropy(p).shape == (2,)
    values = [entropy(reweight(p, temperature))[0] for temperature in (0, 0.2, 0.5, 1, 2, 10)]
    assert values == sorted(values) and values[0] == 0 and values[-1] < math.log2(3)


# ---------------------------------------------------------------- sample


def draws(n: int, logits, **settings) -> np.ndarray:
    """How often each token came in n draws."""
    rng = np.random.default_rng(0)
    return np.bincount([sample(logits, rng=rng, **settings) for _ in range(n)], minlength=len(logits))


def chi_square(counts: np.ndarray, p: np.ndarray) -> float:
    expected = counts.sum() * p
    return float(((counts - expected) ** 2 / expected).sum())


def test_draws_agree_with_the_distribution():
    """100,000 draws; chi-square over 20.5 with 5 degrees of freedom has probability 0.001."""
    p = np.array([0.9, 0.05, 0.02, 0.015, 0.01, 0.005])
    assert chi_square(draws(100_000, np.log(p) + 3), p) < 20.5


@pytest.mark.parametrize("settings", [{"temperature": 0.5}, {"temperature": 2}, {"top_k": 3}, {"top_p": 0.6}])
def test_draws_agree_with_every_setting(settings):
    logits = np.log([0.4, 0.3, 0.2, 0.1])
    p = np.append(np.array([0.4, 0.3, 0.2, 0.1]), 0)
    if temperature := settings.get("temperature"):
        p = p ** (1 / temperature)
    p[settings.get("top_k", 2 if "top_p" in settings else 4) :] = 0
    counts = draws(20_000, np.append(logits, -INF), **settings)
    kept = p > 0
    assert counts[~kept].sum() == 0
    assert chi_square(counts[kept], p[kept] / p.sum()) < 20.5


def test_a_token_with_probability_0_is_never_drawn():
    """Neither by chance nor at the ends of the interval, u = 0 and u just under 1."""
    p = np.array([0.0, 0.5, 0.0, 0.5, 0.0])
    with np.errstate(divide="ignore"):
        assert draws(2000, np.log(p))[p == 0].sum() == 0
    ends = np.array([0.0, 0.5, np.nextafter(1, 0)])
    assert utils._pick(np.tile(p, (3, 1)), ends).tolist() == [1, 3, 3]


def test_pick_follows_the_running_sum():
    """u below the first sum takes the first token, u at a sum takes the next; each row has its own p and u."""
    u = np.array([0.0, 0.2499, 0.25, 0.4999, 0.5, 0.9999])
    assert utils._pick(np.tile([0.25, 0.25, 0.5], (6, 1)), u).tolist() == [0, 0, 1, 1, 2, 2]
    assert utils._pick(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0.5, 0.5])).tolist() == [0, 1]
    assert utils._pick(np.array([[3.0, 1.0]] * 2), np.array([0.74, 0.76])).tolist() == [0, 1]  # weights, not sum 1


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=10), st.integers(0, 99))
def test_temperature_0_is_argmax(logits, seed):
    assert sample(logits, temperature=0, rng=seed) == int(np.argmax(logits))


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=10), temperatures)
def test_any_logits_and_temperature_give_a_token(logits, temperature):
    token = sample(logits, temperature=temperature, rng=0)
    assert type(token) is int and 0 <= token < len(logits)


def test_logits_count_up_to_a_constant():
    logits = np.log([0.4, 0.3, 0.2, 0.1])
    expected = draws(200, logits).tolist()
    assert draws(200, logits + 1e4).tolist() == draws(200, (logits - 1e4).tolist()).tolist() == expected


def test_the_seed_decides():
    """An int, a Generator in the same state, and a Generator that moves on."""
    logits = np.zeros(1000)
    assert sample(logits, rng=5) == sample(logits, rng=5) == sample(logits, rng=np.random.default_rng(5))
    assert len({sample(logits, rng=seed) for seed in range(20)}) > 10
    assert len({sample(logits) for _ in range(20)}) > 10


@pytest.mark.parametrize("rng", [-1, 1.5, "a", [1]])
def test_what_is_neither_seed_nor_generator_is_named(rng):
    with pytest.raises(ValueError, match="rng as a seed must be a whole number, 0 or more .or None., not"):
        sample(np.zeros(3), rng=rng)


def test_a_draw_takes_one_uniform_number():
    """So a Generator that is used elsewhere too stays in step."""
    p, rng = np.array([0.1, 0.2, 0.3, 0.4]), np.random.default_rng(3)
    expected = np.searchsorted(np.cumsum(p), np.random.default_rng(3).random(50), side="right")
    assert [sample(np.log(p), rng=rng) for _ in range(50)] == expected.tolist()


def test_single_precision_logits_are_drawn_in_double():
    """A float32 row sums to 1 in float64, where `multinomial` complains."""
    logits = np.random.default_rng(0).normal(size=(1, 57)).astype(np.float32)
    p = utils._distribution(logits, 1.0, None, None)
    assert p.dtype == np.float64 and abs(p.sum() - 1) < 1e-15


# ---------------------------------------------------------------- top-k and top-p


def naive_top_k(p, top_k):
    """The ids of the k likeliest; among equals the smaller id."""
    return set(sorted(range(len(p)), key=lambda i: (-p[i], i))[:top_k])


def naive_top_p(p, top_p):
    """Add the likeliest until they hold top_p."""
    kept, held = set(), 0.0
    for i in sorted(range(len(p)), key=lambda i: (-p[i], i)):
        assume(abs(held - top_p) > 1e-9)  # where rounding decides, both answers are right
        if held >= top_p:
            break
        kept.add(i)
        held += p[i]
    return kept


def filtered(p, *, temperature=1.0, top_k=None, top_p=None) -> np.ndarray:
    """The distribution that `sample` draws from."""
    with np.errstate(divide="ignore"):
        return utils._distribution(np.log(p), temperature, top_k, top_p)


def renormalised(p, kept) -> np.ndarray:
    q = np.where(np.isin(np.arange(len(p)), list(kept)), p, 0)
    return q / q.sum()


@given(distributions, st.data())
def test_top_k_keeps_what_a_naive_loop_keeps(p, data):
    top_k = data.draw(st.integers(1, len(p)))
    assert np.allclose(filtered(p, top_k=top_k), renormalised(p, naive_top_k(p, top_k)), atol=1e-15)


@given(distributions, st.floats(0.001, 1))
def test_top_p_keeps_what_a_naive_loop_keeps(p, top_p):
    assert np.allclose(filtered(p, top_p=top_p), renormalised(p, naive_top_p(p, top_p)), atol=1e-15)


def test_each_row_is_filtered_for_itself():
    p = np.array([[0.6, 0.3, 0.1], [0.1, 0.3, 0.6]])
    for settings in ({"top_k": 2}, {"top_p": 0.7}):
        assert np.allclose(filtered(p, **settings), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]])


def test_temperature_comes_first_then_top_k_then_top_p():
    """In another order, each of these would keep another set."""
    p = np.array([0.4, 0.3, 0.2, 0.1])
    assert np.count_nonzero(filtered(p, top_p=0.5)) == 2
    assert np.count_nonzero(filtered(p, top_p=0.5, top_k=2)) == 1  # of the two kept, the first holds 4/7
    assert np.count_nonzero(filtered(p, top_p=0.5, temperature=0.1)) == 1
    assert np.count_nonzero(filtered(p, top_p=0.5, temperature=1e6)) == 2
    assert np.count_nonzero(filtered(p, top_p=0.7, temperature=1e6)) == 3


@pytest.mark.parametrize(("top_p", "count"), [(0.25, 1), (0.5, 2), (0.51, 3), (0.75, 3), (1, 4)])
def test_top_p_stops_as_soon_as_it_is_held(top_p, count):
    """Four equals, where no rounding blurs the edge."""
    assert np.count_nonzero(filtered([1.0] * 4, top_p=top_p)) == count


@pytest.mark.parametrize("settings", [{"top_k": 4}, {"top_p": 1.0}, {"top_k": 4, "top_p": 1}])
def test_the_widest_filters_keep_everything(settings):
    p = [0.4, 0.3, 0.2, 0.1]
    assert np.allclose(filtered(p, **settings), p, atol=1e-15)


def test_filters_go_with_temperature_0():
    assert filtered([0.2, 0.5, 0.3], temperature=0, top_k=2, top_p=0.5).tolist() == [0, 1, 0]


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -0.1}, "finite and 0 or more, not -0.1; 0 always takes the likeliest"),
        ({"temperature": NAN}, "finite and 0 or more, not nan"),
        ({"temperature": INF}, "finite and 0 or more, not inf"),
        ({"top_k": 0}, "top_k must be a whole number, 1 or more .*, not 0"),
        ({"top_k": -1}, "top_k must be a whole number, 1 or more .*, not -1"),
        ({"top_k": 4}, "in 1 … 3, the vocabulary, not 4; None keeps every token"),
        ({"top_p": 0}, "over 0 and at most 1, not 0; None keeps every token"),
        ({"top_p": 1.01}, "over 0 and at most 1, not 1.01"),
        ({"top_p": -0.5}, "over 0 and at most 1, not -0.5"),
        ({"top_p": NAN}, "over 0 and at most 1, not nan"),
    ],
)
def test_sample_refuses_settings_out_of_range(settings, message):
    with pytest.raises(ValueError, match=message):
        sample([0.0, 1.0, 2.0], **settings)


@pytest.mark.parametrize("logits", [[[0.0, 1.0]], 1.0])
def test_sample_wants_one_row(logits):
    with pytest.raises(ValueError, match=r"one row of logits, shape \(V,\)"):
        sample(logits)


@pytest.mark.parametrize("logits", [[0.0, NAN], [0.0, INF], [-INF, -INF]])
@pytest.mark.parametrize("temperature", [0, 1])
def test_sample_refuses_logits_that_have_blown_up(logits, temperature):
    with pytest.raises(ValueError, match="NaN or infinity: has the training diverged"):
        sample(logits, temperature=temperature)
    with pytest.raises(ValueError, match="NaN or infinity: has the training diverged"):
        utils._distribution(np.array([[0.0, 1.0], logits]), temperature, None, None)  # one bad row of a batch
