"""The text generator of each lesson that has no other widget, as its reader sees it: a new lesson needs no new file."""

import pathlib

import pytest
from playwright.sync_api import expect

from checks import expect_accessible, expect_clean, expect_glyphs, take_picture
from controls import box, enter, expect_text, expect_text_follows, output, written
from notebook_files import lessons

TESTS = pathlib.Path(__file__).parent
LESSONS = [
    path
    for path in lessons()
    if "utils.text_generator(" in path.read_text(encoding="utf-8")
    and not (TESTS / f"test_lesson_{path.name[:2]}.py").exists()
]


@pytest.fixture(scope="module", params=LESSONS, ids=lambda path: path.stem)
def path(request):
    """One lesson after the other, each in its own JupyterLab."""
    return request.param


def test_the_cells_run_clean(lesson):
    """What a reader sees who goes straight to the widget."""
    expect_clean(lesson)


def test_a_prompt(panel, author, names, path):
    """Typed character by character, Chinese ones too: the text begins with it and is what the model writes after it."""
    prompt = names["generator"]["prompt"]
    for typed in (prompt[:1], prompt):
        enter(box(panel, "prompt"), typed)
        expect_text(panel, written(panel, *author))
        assert output(panel).text_content().startswith(typed)
    assert take_picture(panel, f"{path.stem}.png").stat().st_size > 5_000


def test_the_text_follows_the_controls(panel, author):
    """Temperature, seed and button, moved as a reader moves them."""
    expect_text_follows(panel, *author)


def test_glyphs_are_drawn(panel, author):
    """No empty box for a Chinese character. Private ones, which no font has, show that the check can fail."""
    expect_text(panel, written(panel, *author))
    expect_glyphs(panel, "".join({character for character in output(panel).text_content() if character > "\u2e7f"}))
    with pytest.raises(AssertionError, match="no Chinese font"):
        expect_glyphs(panel, "\ue000\ue001")


def test_a_script_in_the_prompt_is_text(panel, names, lesson):
    """It is refused with a message that names all that the model does not know, and nothing runs."""
    prompt = names["generator"]["prompt"]
    enter(box(panel, "prompt"), f"{prompt}<ж<script>alert(1)</script>")
    message = panel.get_by_role("alert")
    expect(message).to_contain_text(f"'<' (position {len(prompt)}) is not in this vocabulary")
    expect(message).to_contain_text("'ж'")
    expect(panel.locator("script")).to_have_count(0)
    assert lesson.dialogs == []


def test_accessible(panel):
    """Nothing in the widget shuts a reader out."""
    expect_accessible(panel)


def test_the_page_stayed_clean(lesson):
    """Using the controls has raised no error in the page either."""
    assert lesson.errors == []
