"""Lesson 08 as its reader sees it: a unit is chosen, and the text takes its colours."""

import re

import pytest
from playwright.sync_api import expect

from checks import expect_accessible, expect_clean, take_picture
from controls import enter, output

LESSON = "08_inside_the_lstm.ipynb"


@pytest.fixture(scope="module")
def units(names):
    """The two units that are used, and one of the last layer."""
    return [*names["users"], 479]


def number(panel):
    return panel.get_by_role("spinbutton", name="unit", exact=True)


def colors(panel) -> list[str]:
    return panel.locator("pre span").evaluate_all("spans => spans.map(span => span.style.background)")


def test_the_cells_run_clean(lesson):
    """What a reader sees who goes straight to the widget."""
    expect_clean(lesson)


def test_each_unit_has_its_own_colors(panel, units, names):
    """The whole text stays, in other colours; the sentence, the means and the extreme places are the unit's own."""
    seen = []
    for unit in units:
        enter(number(panel), str(unit))
        expect(output(panel)).to_contain_text(f"Unit {unit}, layer {unit // names['H'] + 1}:")
        first, shown = names["FIRST"], names["SHOWN"]
        assert panel.locator("pre").inner_text().replace("↵", "") == names["test_text"][first : first + shown]
        seen.append(colors(panel))
        assert len({*seen[-1]}) == 9
        lists = panel.locator("td code").all_inner_texts()
        assert len(lists) == 2 and all(len(re.findall(r"\[.\]", places)) == 10 for places in lists)
    assert seen[0] != seen[1] != seen[2]
    assert take_picture(panel, "unit.png").stat().st_size > 20_000


def test_the_colors_are_the_memory(panel, units, names):
    """Where the text is orange the memory is high, where it is blue it is low."""
    enter(number(panel), str(units[0]))
    expect(output(panel)).to_contain_text(f"Unit {units[0]},")
    memory = names["test_all"][names["FIRST"] :, units[0]]
    runs = panel.locator("pre span").evaluate_all("spans => spans.map(s => [s.textContent, s.style.background])")
    start, means = 0, {}
    for text, color in runs:
        end = start + len(text.replace("↵", ""))
        means.setdefault(color, []).extend(memory[start:end])
        start = end
    assert start == names["SHOWN"]
    by_memory = sorted(means, key=lambda color: sum(means[color]) / len(means[color]))
    wanted = ["rgb({}, {}, {})".format(*bytes.fromhex(color[1:])) for color in names["COLORS"]]
    assert by_memory == wanted


def test_a_number_out_of_range(panel):
    """A unit that does not exist becomes the last that does."""
    enter(number(panel), "9999")
    expect(number(panel)).to_have_value("479")
    expect(output(panel)).to_contain_text("Unit 479,")


def test_accessible(panel):
    """Nothing in the widget shuts a reader out."""
    expect_accessible(panel)


def test_the_page_stayed_clean(lesson):
    """Using the controls has raised no error in the page either."""
    assert lesson.errors == []
