"""Lesson 06 as its reader sees it: a line with a gap is typed, and the model fills it from both sides."""

from playwright.sync_api import expect

from checks import expect_accessible, expect_clean, take_picture
from controls import enter, output

LESSON = "06_better_models.ipynb"


def field(panel):
    return panel.get_by_role("textbox", name="text with a gap", exact=True)


def test_the_cells_run_clean(lesson):
    """What a reader sees who goes straight to the widget."""
    expect_clean(lesson)


def test_a_gap_is_filled(panel, names):
    """The first line is the likeliest filling, as the lesson's own function gives it; all keep both sides."""
    for text in ("My lord, the ____ is dead.", "I have seen the m__n rise"):
        enter(field(panel), text)
        expect(output(panel).locator("p").first).to_have_text(names["fill"](text))
        before, after = text[: text.index("_")], text[text.rindex("_") + 1 :]
        for line in output(panel).locator("p").all_inner_texts():
            assert line.startswith(before) and line.endswith(after) and len(line) == len(text)
    assert take_picture(panel, "gap.png").stat().st_size > 5_000


def test_what_cannot_be_filled_is_explained(panel):
    """No gap, two gaps, a character that Shakespeare does not have: the reason stands where the text was."""
    for text, reason in (
        ("no gap", "mark one gap"),
        ("t_o g_ps", "mark one gap"),
        ("ž_ž", "is not in this vocabulary"),
    ):
        enter(field(panel), text)
        expect(panel.get_by_role("alert")).to_contain_text(reason)


def test_text_is_escaped(panel, lesson):
    """What is typed is text, not a page."""
    enter(field(panel), "Is <b>he</b> _____?")
    expect(panel.get_by_role("alert")).to_contain_text("'<'")
    assert panel.locator("[role=alert] b").count() == 0


def test_accessible(panel):
    """Nothing in the widget shuts a reader out."""
    enter(field(panel), "What a _____ is this!")
    expect_accessible(panel)


def test_the_page_stayed_clean(lesson):
    """Using the controls has raised no error in the page either."""
    assert lesson.errors == []
