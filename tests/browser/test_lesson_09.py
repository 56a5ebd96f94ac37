"""Lesson 09 as its reader sees it: first characters and a rhyme are chosen, and the poem keeps the rules."""

import re

import pytest
from playwright.sync_api import expect

from checks import expect_accessible, expect_clean, take_picture
from controls import box, choose, enter, output

LESSON = "09_poems.ipynb"
QUATRAIN = "4 lines of 5"
ACROSTIC = "天下太平"


@pytest.fixture
def panel(panel):
    """The lesson's widget, with the values that its tests start from."""
    for name, option in (("form", QUATRAIN), ("rhyme", "any")):
        choose(panel, name, option)
    for name, text in (("lines begin with", ACROSTIC), ("seed", "0")):
        enter(box(panel, name), text)
    return panel


def rows(panel) -> list[list[str]]:
    """Each line of the poem as its cells: character, sound, tone and verdict."""
    return [row.locator("td").all_inner_texts() for row in panel.locator("table tr").all()]


def expect_poem(panel, names, first: str, rhyme: str, seed: int, form: str = QUATRAIN) -> list[list[str]]:
    """The poem is the one that the lesson's own function writes for these values."""
    pattern = names["FORMS"][form]
    poem = names["compose"](pattern, first, rhyme, seed)
    words = "、".join(poem[place] for place in names["ends"](pattern))
    expect(output(panel).locator("p")).to_contain_text(f"By the book, {words} ")
    lines = rows(panel)
    assert ["".join(cell[0] for cell in line) for line in lines] == names["lines_of"](poem)
    return lines


def test_the_cells_run_clean(lesson):
    """What a reader sees who goes straight to the widget."""
    expect_clean(lesson)


def test_an_acrostic(panel, names):
    """Its lines begin with what was typed, and have five characters; each has its sound and a verdict in words."""
    lines = expect_poem(panel, names, ACROSTIC, "any", 0)
    assert "".join(line[0][0] for line in lines) == ACROSTIC and [len(line) for line in lines] == [5] * 4
    verdict = re.compile(r".\n\w+\n[○●◐?] (free|right|wrong|not in the book)")
    assert all(verdict.fullmatch(cell) for line in lines for cell in line)
    assert take_picture(panel, "acrostic.png").stat().st_size > 5_000


def test_the_verdict_is_the_books(panel, names):
    """Character by character, the mark and the words are what the rhyme book says."""
    for line, place in zip(expect_poem(panel, names, ACROSTIC, "any", 0), (0, 6, 13, 19)):
        for k, cell in enumerate(line):
            character, _, said = cell.split("\n")
            assert said == " ".join(names["verdict"](names["PATTERN"], place + k, character))


@pytest.mark.parametrize("number", [1, 2])
def test_a_rhyme(panel, names, number):
    """Both rhyme words come from the group that was chosen."""
    rhyme = list(names["CHOICES"])[number]
    choose(panel, "rhyme", rhyme)
    lines = expect_poem(panel, names, ACROSTIC, rhyme, 0)
    assert {lines[1][4][0], lines[3][4][0]} <= names["CHOICES"][rhyme]


@pytest.mark.parametrize(("form", "lines", "length"), [("8 lines of 5", 8, 5), ("4 lines of 7", 4, 7)])
def test_a_form(panel, names, form, lines, length):
    """The poem has as many lines of that length as were asked for, and its rhyme words are of one group."""
    choose(panel, "form", form)
    poem = expect_poem(panel, names, ACROSTIC, "any", 0, form)
    assert [len(line) for line in poem] == [length] * lines
    words = {line[-1][0] for line in poem[1::2]}
    assert any(words <= {*group} for group in names["groups"])


def test_another_seed(panel, names):
    """Another number, another poem; the lines may begin with anything."""
    box(panel, "lines begin with").fill("")
    box(panel, "lines begin with").press("Enter")
    first = expect_poem(panel, names, "", "any", 0)
    enter(box(panel, "seed"), "7")
    assert expect_poem(panel, names, "", "any", 7) != first


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("春夏秋冬年", "4 lines begin with"),
        ("春春", "comes twice"),
        ("<b>", "'<'"),
        ("A", "is not in this vocabulary"),
    ],
)
def test_what_cannot_be_written_is_explained(panel, typed, reason):
    """Five characters, one twice, or what the poems do not have: the reason stands where the poem was, as text."""
    enter(box(panel, "lines begin with"), typed)
    expect(panel.get_by_role("alert")).to_contain_text(reason)
    assert panel.locator("[role=alert] b").count() == 0


def test_accessible(panel):
    """Nothing in the widget shuts a reader out."""
    enter(box(panel, "lines begin with"), "春夏")
    expect_accessible(panel)


def test_the_page_stayed_clean(lesson):
    """Using the controls has raised no error in the page either."""
    assert lesson.errors == []
