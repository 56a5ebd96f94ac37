"""Lesson 02 as its reader sees it: the explorer shows the numbers that the formula gives, at once and in words."""

import numpy as np
import pytest
from playwright.sync_api import expect

import utils
from checks import expect_accessible, expect_clean, expect_each_step, take_picture
from controls import box, expect_text_follows, output, readout, slider, wait_for_kernel

LESSON = "02_temperature.ipynb"
P = np.array([0.8, 0.1, 0.1])


@pytest.fixture
def explorer(lesson):
    """The explorer of three characters, as it is at first: T = 1, nothing cut."""
    explorer = lesson.cells["explorer-widget"].locator(".widget-vbox")
    set_temperature(explorer, "1")
    slider(explorer, "top-k").press("End")
    slider(explorer, "top-p").press("End")
    wait_for_kernel(lesson.page)
    return explorer


def set_temperature(explorer, wanted: str) -> None:
    """Arrow keys, from the left end until the readout says so."""
    slider(explorer, "temperature").press("Home")
    for _ in range(30):
        if readout(explorer, "temperature") == wanted:
            return
        slider(explorer, "temperature").press("ArrowRight")
    pytest.fail(f"the slider has no temperature {wanted}")


def expect_shown(explorer, q: np.ndarray, temperature: str) -> None:
    """Bars' numbers, sentence and drawn characters are those of the distribution q."""
    noise = np.random.default_rng(0).gumbel(size=(60, 57))[:, :3]
    with np.errstate(divide="ignore"):
        drawn = "".join("abc"[k] for k in np.argmax(np.log(q) + noise, axis=1))
    numbers = explorer.locator("tr td:nth-child(3)")
    expect(numbers).to_have_text([f"{value:.3f}" for value in q])
    expect(output(explorer)).to_contain_text(f"At T = {temperature} the likeliest character, a, has the probability")
    expect(output(explorer)).to_contain_text(f"{q.max():.3f}; {np.count_nonzero(q)} of 3 can be drawn.")
    expect(output(explorer)).to_contain_text(f"Entropy 0.92 bits before, {utils.entropy(q):.2f} after.")
    expect(explorer.get_by_text(drawn, exact=True)).to_be_visible()


def test_the_cells_run_clean(lesson):
    """What a reader sees who goes straight to the widgets: they are alive, and their pictures are seen no more."""
    expect_clean(lesson)
    expect(lesson.page.get_by_text(utils.PICTURE_NOTE)).to_have_count(0)
    expect(lesson.page.locator(".widget-vbox")).to_have_count(4)


@pytest.mark.parametrize(
    ("temperature", "q"),
    [("0.5", [0.970, 0.015, 0.015]), ("2", [0.586, 0.207, 0.207]), ("10", [0.381, 0.309, 0.309])],
)
def test_temperature_changes_bars_sentence_and_text(explorer, temperature, q):
    """The formula's own figures appear, and the characters that the fixed noise draws from them."""
    set_temperature(explorer, temperature)
    exact = utils.reweight(P, float(temperature))
    assert exact.round(3).tolist() == q
    expect_shown(explorer, exact, temperature)


def test_filters_cut_after_the_temperature(explorer):
    """top-p 0.8 keeps only `a` at T = 1, and all three at T = 2, where `a` has less than that."""
    for _ in range(4):
        slider(explorer, "top-p").press("ArrowLeft")
    expect_shown(explorer, np.array([1.0, 0.0, 0.0]), "1")
    set_temperature(explorer, "2")
    expect_shown(explorer, utils.reweight(P, 2), "2")
    slider(explorer, "top-k").press("Home")
    expect_shown(explorer, np.array([1.0, 0.0, 0.0]), "2")


def test_bars_follow_each_step(explorer, capsys):
    """One key, new bars."""
    expect_each_step(explorer, slider(explorer, "temperature"), "changed bars", capsys)


def test_the_bars_follow_what_is_typed(lesson, author):
    """Key by key the likeliest next characters are the model's own; what it does not know is named, as text."""
    model, vocabulary, _ = author
    panel = lesson.cells["typing"].locator(".widget-vbox")
    for prompt in ("the truth i", "morality an"):
        logits = np.asarray(model(vocabulary.encode(prompt)[None]))[0, -1].astype(np.float64)
        p = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
        box(panel, "prompt").fill("")
        box(panel, "prompt").press_sequentially(prompt)
        expect(panel.locator("td").first).to_have_text(f"{p.max():.3f}")
        likeliest = f"The likeliest next character is {vocabulary.tokens[p.argmax()]}, p = {p.max():.3f}."
        expect(output(panel)).to_contain_text(likeliest)
    box(panel, "prompt").press_sequentially("<script>")
    wait_for_kernel(lesson.page)
    expect(panel.get_by_role("alert")).to_contain_text("'<' (position 11) is not in this vocabulary")
    expect(panel.locator("script")).to_have_count(0)
    box(panel, "prompt").fill("the philosoph")  # good again
    expect(output(panel)).to_be_visible()


def test_the_text_follows_the_controls(panel, author):
    """The generator at the end writes what its controls say, and the same seed writes it again."""
    expect_text_follows(panel, *author)


@pytest.mark.parametrize("cell", ["typing", "explorer-widget", "explorer-real", "text-explorer"])
def test_accessible(lesson, cell):
    """Nothing in the widgets shuts a reader out."""
    panel = lesson.cells[cell].locator(".widget-vbox")
    expect_accessible(panel)
    take_picture(panel, f"{cell}.png")


def test_a_fault_would_be_found(lesson):
    """The accessibility rules are in force: a picture without words in a widget does not pass."""
    panel = lesson.cells["explorer-widget"].locator(".widget-vbox")
    panel.evaluate("element => element.insertAdjacentHTML('beforeend', '<img src=\"data:,\">')")
    with pytest.raises(AssertionError, match="image-alt"):
        expect_accessible(panel)
    panel.evaluate("element => element.lastElementChild.remove()")


def test_the_page_stayed_clean(lesson):
    """Using the controls has raised no error in the page either."""
    assert lesson.errors == []
