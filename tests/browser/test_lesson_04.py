"""Lesson 04 as its reader sees it: the text generator with the model that was trained for longer."""

from playwright.sync_api import expect

from checks import expect_accessible, expect_clean
from controls import box, enter, expect_text_follows

LESSON = "04_nietzsche.ipynb"
MODEL = "nietzsche"
CELLS = ("setup", "imports", "pretrained", "three-temperatures", "widget")


def test_the_cells_run_clean(lesson):
    """What a reader sees who goes straight to the widget."""
    expect_clean(lesson)


def test_the_text_follows_the_controls(panel, author):
    """Temperature, seed and button, moved as a reader moves them."""
    expect_text_follows(panel, *author)


def test_a_script_in_the_prompt_is_text(panel, lesson):
    """It is refused with a message that names the character, and nothing runs."""
    enter(box(panel, "prompt"), "<script>alert(1)</script>")
    expect(panel.get_by_role("alert")).to_contain_text("'<' (position 0)")
    expect(panel.locator("script")).to_have_count(0)
    assert lesson.dialogs == []


def test_accessible(panel):
    """Nothing in the widget shuts a reader out."""
    expect_accessible(panel)


def test_the_page_stayed_clean(lesson):
    """Using the controls has raised no error in the page either."""
    assert lesson.errors == []
