"""Lesson 01 as its reader sees it: the gate explorer says and draws what the gates do."""

import math

import pytest
from playwright.sync_api import expect

from checks import expect_accessible, expect_clean, expect_each_step, take_picture
from controls import move, output, slider

LESSON = "01_rnn_and_lstm.ipynb"
START = {"input gate b_i": 2, "forget gate b_f": 3, "output gate b_o": 2, "pulse": 2}


@pytest.fixture
def explorer(panel):
    """The gate explorer with the values that it starts from."""
    for name, value in START.items():
        move(panel, name, value, step=0.5)
    return panel


def sentence(b_i: float, b_f: float, b_o: float, pulse: float) -> str:
    """What the explorer should say, from the formulas: c = i · tanh(pulse) at step 5, times f at each step after it."""
    i, f, o = (1 / (1 + math.exp(-b)) for b in (b_i, b_f, b_o))
    first = i * math.tanh(pulse)
    last = first * f**54
    gates = f"Gates: input {i:.2f}, forget {f:.3f}, output {o:.2f}. The pulse puts {first:.2f} into the memory"
    half = f"half of it is gone after {math.log(0.5) / math.log(f):.1f} steps"
    return f"{gates}; {half}. At the end c = {last:.2f}, and h = {o * math.tanh(last):.2f} is shown."


def test_the_cells_run_clean(lesson):
    """What a reader sees who goes straight to the explorer."""
    expect_clean(lesson)


@pytest.mark.parametrize(
    ("name", "value"), [("forget gate b_f", 5), ("input gate b_i", -6), ("output gate b_o", -6), ("pulse", -2)]
)
def test_each_slider_changes_sentence_and_traces(explorer, name, value):
    """One knob at a time: the words are those of the formulas, and the picture is another one."""
    expect(output(explorer)).to_have_text(sentence(*START.values()))
    picture = explorer.get_by_role("img", name="Traces of c and h")
    before = picture.get_attribute("src")
    move(explorer, name, value, step=0.5)
    expect(output(explorer)).to_have_text(sentence(*(START | {name: value}).values()))
    assert picture.get_attribute("src") != before
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300


def test_traces_follow_each_step(explorer, capsys):
    """A picture takes longer than bars, and still follows the finger."""
    expect_each_step(explorer, slider(explorer, "forget gate b_f"), "new traces", capsys)


def test_accessible(explorer):
    """Nothing in the widget shuts a reader out."""
    expect_accessible(explorer)
    take_picture(explorer, "gates.png")


def test_the_page_stayed_clean(lesson):
    """Using the controls has raised no error in the page either."""
    assert lesson.errors == []
