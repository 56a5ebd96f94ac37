"""Lesson 12 as its reader sees it: a date is typed and read, with its map; a sentence is translated twice."""

from unittest import mock

import pytest
from playwright.sync_api import expect

import utils
from checks import expect_accessible, expect_clean, take_picture
from controls import box, enter, output
from notebook_files import needed_for, read, run_cell, widgets

LESSON = "12_sequence_to_sequence.ipynb"


@pytest.fixture(scope="module")
def names(path):
    """The lesson's names after both its widgets: its own cells have run in the process of the tests."""
    cells, namespace = read(path).cells, {"utils": utils}
    wanted = {cell.id for widget in widgets(cells) for cell in needed_for(widget, cells)} - {"setup"}
    with mock.patch("utils.show_widget"):
        for cell in cells:
            if cell.id in wanted:
                run_cell(cell, path, namespace)
    return namespace


@pytest.fixture
def dates(lesson):
    """The widget that reads dates; `panel` is that of the translator."""
    return lesson.cells["date-widget"].locator(".widget-vbox")


def expect_map(dates, names, text: str) -> None:
    """The answer and the map are those of the lesson's own function."""
    answer, weights = names["read_date"](text)
    expect(dates.locator("tr").first.locator("th")).to_have_text(["%", *text.replace(" ", "␣"), "end"])
    expect(output(dates).locator("p")).to_have_text(answer)
    shown = [row.locator("td").all_inner_texts() for row in dates.locator("tr").all()[1:]]
    assert shown == [[f"{100 * share:.0f}" for share in row] for row in weights.tolist()]


def test_the_cells_run_clean(lesson):
    """What a reader sees who goes straight to the widgets."""
    expect_clean(lesson)


@pytest.mark.parametrize("text", ["Friday, May 3, 2024", "二〇二四年五月三日", "3 mei 2024"])
def test_a_date(dates, names, text):
    """The answer to what was typed, and a row of the map for each character of it."""
    enter(box(dates, "a date"), text)
    expect_map(dates, names, text)


def test_the_map_is_a_picture(dates, names):
    """What had more of the attention is darker."""
    enter(box(dates, "a date"), "民國113年5月3日")
    expect_map(dates, names, "民國113年5月3日")
    cells = dates.locator("td").evaluate_all("cells => cells.map(c => [+c.textContent, c.style.background])")
    darkest = dict(map(tuple, cells))
    blue = [int(darkest[share].split(",")[0].removeprefix("rgb(")) for share in sorted(darkest)]
    assert blue[0] > blue[-1] + 100
    assert take_picture(dates, "map.png").stat().st_size > 5_000


@pytest.mark.parametrize(("text", "reason"), [("3 Мая 2024", "has never seen"), ("1" * 61, "1 to 60 characters")])
def test_what_cannot_be_read_is_explained(dates, text, reason):
    """Letters that it does not know, or too many: the reason stands where the answer was."""
    enter(box(dates, "a date"), text)
    expect(dates.get_by_role("alert")).to_contain_text(reason)


def test_two_translations(panel, names):
    """The network's, with the words that it does not know, and the memory's, with the sentence that it found."""
    for english in ("Close all tabs", "Delete the <b>zebra</b>"):
        enter(box(panel, "English"), english)
        expected = names["both_translations"](english)
        expect(panel.locator("tr").nth(1)).to_contain_text(expected[1][2])
        shown = [
            (row.locator("th").inner_text(), *row.locator("td").all_inner_texts()) for row in panel.locator("tr").all()
        ]
        assert shown == expected
    assert "zebra" in shown[0][2] and panel.locator("td b").count() == 0
    assert take_picture(panel, "translations.png").stat().st_size > 3_000


def test_no_english(panel):
    """Without a word there is nothing to translate."""
    enter(box(panel, "English"), "你好")
    expect(panel.get_by_role("alert")).to_contain_text("English words, please")
    enter(box(panel, "English"), "Open a new file")


def test_accessible(dates, panel):
    """Nothing in the widgets shuts a reader out."""
    enter(box(dates, "a date"), "3 May 2024")
    expect(output(dates).locator("p")).to_have_text("2024-05-03")
    expect_accessible(dates)
    expect_accessible(panel)


def test_the_page_stayed_clean(lesson):
    """Using the controls has raised no error in the page either."""
    assert lesson.errors == []
