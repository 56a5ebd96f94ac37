"""Lesson 10 as its reader sees it: a scene is cast, a question is asked of both machines, a headline goes on."""

import pytest
from playwright.sync_api import expect

from checks import expect_accessible, expect_clean, take_picture
from controls import box, enter, output, printed

LESSON = "10_plays_and_dialogue.ipynb"
QUESTION = "Which animal cannot make a sound?"
ADDED_CELLS = {
    "said-scene": 'print(stage("Nurse, ROMEO", "Who calls?", 0.6, 3))',
    "said-reply": f"print(lstm({QUESTION!r}), retrieval.find({QUESTION!r})[0], sep='\\n')",
    "said-story": 'print(story("Two gulls fined", 0.6, 0))',
}


def widget(lesson, name: str):
    return lesson.cells[name].locator(".widget-vbox")


def test_the_cells_run_clean(lesson):
    """What a reader sees who goes straight to the widgets."""
    expect_clean(lesson)


def test_a_scene(lesson):
    """Another cast and another first line: the first speaks it, and only the cast speaks."""
    panel = widget(lesson, "widget-stage")
    enter(box(panel, "cast"), "Nurse, ROMEO")
    enter(box(panel, "line"), "Who calls?")
    expect(output(panel)).to_contain_text("Nurse:\nWho calls?\n\nROMEO:\n", use_inner_text=True)
    assert output(panel).inner_text().strip() == printed(lesson, "said-scene")
    assert take_picture(panel, "scene.png").stat().st_size > 5_000


@pytest.mark.parametrize(("cast", "reason"), [("Nurse", "two names"), ("<b>, Ann", "'<'"), ("A1, B", "'1'")])
def test_a_cast_that_cannot_be(lesson, cast, reason):
    """One name alone, or a character that the plays do not have: the reason stands where the scene was, as text."""
    panel = widget(lesson, "widget-stage")
    enter(box(panel, "cast"), cast)
    expect(panel.get_by_role("alert")).to_contain_text(reason)
    assert panel.locator("[role=alert] b").count() == 0


def test_a_question(lesson):
    """Both machines answer what the lesson's own functions answer."""
    panel = widget(lesson, "widget-reply")
    enter(box(panel, "question"), QUESTION)
    rows = output(panel).locator("td")
    lstm, found = printed(lesson, "said-reply").split("\n")
    expect(rows.nth(0)).to_have_text(lstm)
    expect(rows.nth(1)).to_have_text(found)
    assert take_picture(panel, "replies.png").stat().st_size > 5_000


def test_silence(lesson):
    """What the corpus does not know is not answered by the bot with the threshold; nothing asked, nothing answered."""
    panel = widget(lesson, "widget-reply")
    enter(box(panel, "question"), "<i>zzzz</i> qqqq")
    expect(output(panel).locator("td").nth(2)).to_have_text("I do not know.")
    assert output(panel).locator("i").count() == 0
    enter(box(panel, "question"), " ")
    expect(panel.get_by_role("alert")).to_contain_text("ask something")


def test_a_headline(lesson):
    """The story is the one that the lesson's own function writes; an unknown character is named."""
    panel = widget(lesson, "widget-headline")
    enter(box(panel, "headline"), "Two gulls fined")
    expect(output(panel)).to_contain_text(printed(lesson, "said-story"), use_inner_text=True)
    enter(box(panel, "headline"), "Gulls cost 5 €")
    expect(panel.get_by_role("alert")).to_contain_text("'€'")


@pytest.mark.parametrize("name", ["widget-stage", "widget-reply", "widget-headline"])
def test_accessible(lesson, name):
    """Nothing in the widgets shuts a reader out."""
    expect_accessible(widget(lesson, name))


def test_the_page_stayed_clean(lesson):
    """Using the controls has raised no error in the page either."""
    assert lesson.errors == []
