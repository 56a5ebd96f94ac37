"""Lesson 07 as its reader sees it: the blind test, answered rightly, wrongly, and begun again."""

import math

import pytest
from playwright.sync_api import expect

from checks import expect_accessible, expect_clean, take_picture

LESSON = "07_evaluation.ipynb"


@pytest.fixture(scope="module")
def questions(names):
    """The passages and what they are, made again by the lesson's own cells."""
    return names["questions"]


def press(panel, name):
    panel.get_by_role("button", name=name, exact=True).click()


def said(panel):
    return panel.get_by_role("status")


def answer_all(panel, questions, rightly: int) -> None:
    """Answer every question, the first `rightly` of them right and the others wrong; look at every page on the way."""
    for number, (passage, is_real) in enumerate(questions):
        expect(said(panel)).to_contain_text(f"Passage {number + 1} of {len(questions)}:")
        assert panel.locator(".widget-html-content").text_content().endswith(passage)
        right = number < rightly
        press(panel, "Real" if is_real == right else "Generated")
        truth = "it was real" if is_real else "the model wrote it"
        expect(said(panel)).to_contain_text(f"{'Right' if right else 'Wrong'}: {truth}.")


def test_the_cells_run_clean(lesson):
    """What a reader sees who goes straight to the widget."""
    expect_clean(lesson)


def test_the_passages_are_of_both_kinds(questions):
    """A coin has fallen on both sides, and no passage comes twice."""
    assert len(questions) == len({passage for passage, _ in questions}) == 12
    assert {is_real for _, is_real in questions} == {True, False}


def test_all_right(panel, questions):
    """Twelve of twelve: guessing does that once in 4096 times. Afterwards nothing more can be answered."""
    assert take_picture(panel, "blind.png").stat().st_size > 5_000
    answer_all(panel, questions, rightly=12)
    expect(said(panel)).to_contain_text(
        f"12 of 12 right. Guessing does as well or better in {1 / 4096:.1%} of all cases."
    )
    for name in ("Real", "Generated"):
        expect(panel.get_by_role("button", name=name, exact=True)).to_be_disabled()


def test_again_with_seven_right(panel, questions):
    """The test begins again from its first passage, and the count from zero."""
    press(panel, "Start again")
    answer_all(panel, questions, rightly=7)
    chance = sum(math.comb(12, k) for k in range(7, 13)) / 2**12
    expect(said(panel)).to_contain_text(f"7 of 12 right. Guessing does as well or better in {chance:.1%} of all cases.")


def test_by_keyboard(panel, questions):
    """Tab leads to the buttons, and Enter presses them."""
    press(panel, "Start again")
    button = panel.get_by_role("button", name="Real", exact=True)
    expect(button).to_be_enabled()
    button.focus()
    button.press("Enter")
    expect(said(panel)).to_contain_text("Right" if questions[0][1] else "Wrong")
    button.press("Tab")
    expect(panel.get_by_role("button", name="Generated", exact=True)).to_be_focused()


def test_accessible(panel):
    """Nothing in the widget shuts a reader out."""
    expect_accessible(panel)


def test_the_page_stayed_clean(lesson):
    """Using the controls has raised no error in the page either."""
    assert lesson.errors == []
