"""Lesson 00 as its reader sees it: all cells run, and the text generator obeys keyboard and mouse."""

import string

import pytest
from playwright.sync_api import expect

import utils
from checks import expect_accessible, expect_clean, expect_each_step, take_picture
from controls import (
    box,
    button,
    enter,
    expect_text,
    move,
    output,
    press_tab_until_focused,
    readout,
    slider,
    wait_for_kernel,
    written,
)

LESSON = "00_start_here.ipynb"
WHOLE = True
PROMPT = "the truth is "
SCRIPT = "<script>alert(1)</script>"

# The book has no "<". With other letters for the model's ids, a second widget takes a prompt that is an active element.
ELEMENT = "<img src=x onerror=alert(1)>"
LETTERS = "".join(dict.fromkeys(ELEMENT + string.printable))
FORMULA = "from $5 to $6"
ADDED_CELLS = {
    "element": f"utils.text_generator(model, utils.Vocabulary({LETTERS!r}[: len(vocabulary)]))",
    "formula": f"""
import IPython

utils.show_samples({{"T = 1": "{FORMULA}"}})
IPython.display.HTML("<p>{FORMULA}</p>")""",
}


@pytest.fixture
def panel(panel):
    """The lesson's widget, with the values that it starts from."""
    enter(box(panel, "prompt"), PROMPT)
    enter(box(panel, "seed"), "0")
    move(panel, "temperature", 0.5, step=0.05)
    move(panel, "length (characters)", 200, step=50)
    return panel


def test_all_cells_run_clean(lesson):
    """What a reader sees after Run All Cells."""
    expect_clean(lesson)


def test_a_sample_is_never_a_formula(lesson):
    """JupyterLab typesets what stands between two dollars, but not in a sample."""
    cell = lesson.cells["formula"]
    expect(cell.locator("p mjx-container")).to_have_count(1)  # elsewhere it does
    expect(cell.locator("td")).to_have_text(FORMULA)


def test_accessible(panel):
    """Nothing in the widget shuts a reader out."""
    expect_accessible(panel)


def test_arrow_key_moves_the_temperature(panel, author):
    """One key: the readout goes one step on, and the text becomes the one that this temperature gives."""
    expect_text(panel, written(panel, *author))
    before = readout(panel, "temperature"), output(panel).text_content()
    box(panel, "prompt").focus()
    press_tab_until_focused(slider(panel, "temperature"))
    panel.page.keyboard.press("ArrowRight")
    assert float(readout(panel, "temperature")) == pytest.approx(float(before[0]) + 0.05)
    assert written(panel, *author) != before[1]
    expect_text(panel, written(panel, *author))


def test_the_seed_decides_the_text(panel, author):
    """Generate shows no other text, however often; another seed does; the first seed brings the first text back."""
    enter(box(panel, "seed"), "1")
    first = written(panel, *author)
    expect_text(panel, first)
    panel.locator(".widget-html-content").evaluate("""content => {
        window.shown = [];
        const observer = new MutationObserver(() => window.shown.push(content.textContent));
        observer.observe(content, {childList: true, subtree: true, characterData: true});
    }""")
    button(panel).click()
    button(panel).click()
    enter(box(panel, "seed"), "2")
    second = written(panel, *author)
    expect_text(panel, second)
    assert second != first
    assert set(panel.page.evaluate("window.shown")) <= {first, second}
    enter(box(panel, "seed"), "1")
    expect_text(panel, first)


def test_the_last_change_wins(panel, author):
    """JupyterLab hands Generate and the sliders to different threads: a text begun earlier must not end up on top."""
    slider(panel, "length (characters)").press("End")
    expect_text(panel, written(panel, *author))
    button(panel).click()
    slider(panel, "length (characters)").press("Home")  # a short text, finished before the long one
    wait_for_kernel(panel.page)  # for the long one to come, if it does
    expect_text(panel, written(panel, *author))


def test_a_script_in_the_prompt_is_answered_with_a_message(panel, lesson):
    """It stays visible in the box, the message names the character that the model does not know, and nothing runs."""
    enter(box(panel, "prompt"), SCRIPT)
    expect(panel.get_by_role("alert")).to_contain_text("'<' (position 0) is not in this vocabulary")
    expect(box(panel, "prompt")).to_have_value(SCRIPT)
    expect(panel.locator("script")).to_have_count(0)
    assert lesson.dialogs == []


def test_an_element_in_the_prompt_is_shown_as_text(lesson, author):
    """Where the vocabulary has the characters of HTML, the prompt is escaped before the text: no element, no dialog."""
    model, vocabulary, _ = author
    panel = lesson.cells["element"].locator(".widget-vbox")
    enter(box(panel, "prompt"), ELEMENT)
    expect_text(panel, written(panel, model, utils.Vocabulary(LETTERS[: len(vocabulary)])))
    expect(panel.locator("img")).to_have_count(0)
    assert lesson.dialogs == []


def test_a_capital_letter_is_answered_with_its_lower_case(panel, author):
    """The commonest mistake of a reader gets a cure, and a good prompt brings the text back."""
    enter(box(panel, "prompt"), "The truth is ")
    expect(panel.get_by_role("alert")).to_contain_text("'T' (position 0) is not in this vocabulary")
    expect(panel.get_by_role("alert")).to_contain_text("its lower case 't' is")
    enter(box(panel, "prompt"), PROMPT)
    expect_text(panel, written(panel, *author))


def test_tab_reaches_every_control_by_its_name(panel, lesson):
    """From its cell on, in reading order: without a mouse, and with a label for each."""
    lesson.cells["widget"].focus()
    for control in (
        box(panel, "prompt"),
        slider(panel, "temperature"),
        slider(panel, "length (characters)"),
        box(panel, "seed"),
        button(panel),
    ):
        press_tab_until_focused(control)


def test_screenshot_of_the_widget(panel, author):
    """The README's picture shows what the widget really writes, and is small enough for a page."""
    assert readout(panel, "temperature") == "0.50"
    expect_text(panel, written(panel, *author))
    picture = take_picture(panel, "slider.png")
    assert 5_000 < picture.stat().st_size < 300_000


def test_the_text_follows_each_step(panel, capsys):
    """One key, one new text."""
    expect_each_step(panel, slider(panel, "temperature"), "200 new characters", capsys)


def test_the_page_stayed_clean(lesson):
    """Using the controls has raised no error in the page either."""
    assert lesson.errors == []
