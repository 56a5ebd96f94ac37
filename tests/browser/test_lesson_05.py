"""Lesson 05 as its reader sees it: a speaker's name in the widget, and a speech comes back."""

from checks import expect_accessible, expect_clean, take_picture
from controls import box, enter, expect_text, expect_text_follows, output, written

LESSON = "05_shakespeare.ipynb"
CELLS = ("setup", "imports", "pretrained", "widget")
MODEL, BEFORE = "shakespeare", "\n\n"


def test_the_cells_run_clean(lesson):
    """What a reader sees who goes straight to the widget."""
    expect_clean(lesson)


def test_a_speaker(panel, author):
    """The name stays at the beginning, and the model knows that a speech begins there."""
    for prompt in ("ROMEO:", "KING RICHARD III:"):
        enter(box(panel, "prompt"), prompt)
        expect_text(panel, written(panel, *author))
        assert output(panel).text_content().startswith(f"{prompt}\n")
    assert take_picture(panel, "speech.png").stat().st_size > 5_000


def test_the_text_follows_the_controls(panel, author):
    """Temperature, seed and button, moved as a reader moves them."""
    expect_text_follows(panel, *author)


def test_accessible(panel):
    """Nothing in the widget shuts a reader out."""
    expect_accessible(panel)


def test_the_page_stayed_clean(lesson):
    """Using the controls has raised no error in the page either."""
    assert lesson.errors == []
