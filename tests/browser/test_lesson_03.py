"""Lesson 03 as its reader sees it: Chinese is typed into the widget, Chinese comes back, and it is really drawn."""

import pytest
from playwright.sync_api import expect

from checks import expect_accessible, expect_clean, expect_glyphs, take_picture
from controls import box, enter, expect_text, expect_text_follows, output, written

LESSON = "03_chinese_characters.ipynb"
CELLS = ("setup", "imports", "pretrained", "widget")
MODEL, BEFORE = "tang", "\n\n"


def test_the_cells_run_clean(lesson):
    """What a reader sees who goes straight to the widget."""
    expect_clean(lesson)


def test_a_chinese_prompt(panel, author):
    """Typed character by character: the poem begins with it, and is what the model writes after it."""
    for prompt in ("秋雨", "洛陽城裏見秋風"):
        enter(box(panel, "prompt"), prompt)
        expect_text(panel, written(panel, *author))
        assert output(panel).text_content().startswith(prompt)


def test_the_text_follows_the_controls(panel, author):
    """Temperature, seed and button, moved as a reader moves them."""
    expect_text_follows(panel, *author)


def test_glyphs_are_drawn(panel, author):
    """Not one empty box in the poem. Private characters, which no font has, show that the check can fail."""
    enter(box(panel, "prompt"), "明月")
    expect_text(panel, written(panel, *author))
    expect_glyphs(panel, "".join(dict.fromkeys(output(panel).text_content().split()[0])))
    with pytest.raises(AssertionError, match="no Chinese font"):
        expect_glyphs(panel, "\ue000\ue001")
    assert take_picture(panel, "poem.png").stat().st_size > 5_000


def test_unknown_characters_are_named(panel):
    """Simplified ones and Latin letters: each is named, so that the reader can replace it."""
    enter(box(panel, "prompt"), "电脑 OK")
    message = panel.get_by_role("alert")
    expect(message).to_contain_text("'电' (position 0) is not in this vocabulary")
    expect(message).to_contain_text("also unknown: '脑', ' ', 'O', 'K'")


def test_accessible(panel):
    """Nothing in the widget shuts a reader out."""
    expect_accessible(panel)


def test_the_page_stayed_clean(lesson):
    """Using the controls has raised no error in the page either."""
    assert lesson.errors == []
