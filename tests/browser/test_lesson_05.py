"""Lesson 05 as its reader sees it: a speaker's name in the widget, and a speech comes back."""

import pytest

import utils
from checks import expect_accessible, expect_clean, take_picture
from controls import box, button, enter, expect_text, output, readout, slider, written

LESSON = "05_shakespeare.ipynb"
CELLS = ("setup", "imports", "pretrained", "widget")
NEW_SPEECH = "\n\n"


@pytest.fixture(scope="module")
def shakespeare():
    """The lesson's model and vocabulary, and what the model reads before the prompt."""
    model, vocabulary, _ = utils.load_pretrained("shakespeare")
    return model, vocabulary, NEW_SPEECH


@pytest.fixture
def panel(lesson):
    return lesson.cells["widget"].locator(".widget-vbox")


def test_the_cells_run_clean(lesson):
    """What a reader sees who goes straight to the widget."""
    expect_clean(lesson)


def test_a_speaker(panel, shakespeare):
    """The name stays at the beginning, and the model knows that a speech begins there."""
    for prompt in ("ROMEO:", "KING RICHARD III:"):
        enter(box(panel, "prompt"), prompt)
        expect_text(panel, written(panel, *shakespeare))
        assert output(panel).text_content().startswith(f"{prompt}\n")
    assert take_picture(panel, "speech.png").stat().st_size > 5_000


def test_the_text_follows_the_controls(panel, shakespeare):
    """An arrow key changes the text to what the new temperature writes; Generate with the same seed leaves it."""
    before, text = readout(panel, "temperature"), output(panel).text_content()
    slider(panel, "temperature").press("ArrowLeft")
    expect_text(panel, written(panel, *shakespeare))
    assert (readout(panel, "temperature"), output(panel).text_content()) != (before, text)
    button(panel).click()
    expect_text(panel, written(panel, *shakespeare))


def test_accessible(panel):
    """Nothing in the widget shuts a reader out."""
    expect_accessible(panel)


def test_the_page_stayed_clean(lesson):
    """Using the controls has raised no error in the page either."""
    assert lesson.errors == []
