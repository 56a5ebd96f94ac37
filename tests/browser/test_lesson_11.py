"""Lesson 11 as its reader sees it: a tune is chosen or typed, the roll and the critic answer, and it can be heard.

The network has had two passes only, so the settings are poor; that they are the lesson's own is what is tested.
"""

import re

import pytest
from playwright.sync_api import expect

from checks import expect_accessible, expect_clean, take_picture
from controls import box, choose, enter, move, output, printed, slider

LESSON = "11_music.ipynb"
TUNE = "C D E F | G G C -"
SHORTER = {"EPOCHS, RATE = 14, 0.004": "EPOCHS, RATE = 2, 0.004"}
ADDED_CELLS = {
    "report-typed": f'print(report(set_tune(TYPED, {TUNE!r}, 0.2, True, 4)).count("⚠"))',
    "faults-free": f"print(len(faults_of(set_tune(TYPED, {TUNE!r}, 1.0, False, 1))))",
    "rules": "print(*bach[0], sep=',')",
}


def duration(panel) -> float:
    """Seconds of what the player holds."""
    panel.page.wait_for_function("audio => audio.readyState > 0", arg=panel.locator("audio").element_handle())
    return panel.locator("audio").evaluate("audio => audio.duration")


def test_the_cells_run_clean(lesson):
    """What a reader sees who goes straight to the widget."""
    expect_clean(lesson)


def test_ode_to_joy(panel):
    """Roll, words, critic and sound of the first tune, which has 32 beats of two times 0.3 seconds."""
    expect(output(panel).get_by_role("img", name="Piano roll of four voices")).to_be_visible()
    expect(output(panel)).to_contain_text("No parallel fifths or octaves.")
    assert duration(panel) == pytest.approx(32 * 0.6, abs=0.05)
    assert take_picture(panel, "roll.png").stat().st_size > 10_000


def test_a_typed_tune(lesson, panel):
    """Another roll, another critic's table, and a sound as long as the tune."""
    picture = output(panel).get_by_role("img")
    for change in (lambda: choose(panel, "tune", "the one typed below"), lambda: enter(box(panel, "typed"), TUNE)):
        before = picture.get_attribute("src")
        change()
        expect(picture).not_to_have_attribute("src", before)
    expect(picture).to_have_attribute("alt", "Piano roll of four voices: 0 parallels in 8 beats")
    assert output(panel).get_by_role("rowheader").all_inner_texts() == printed(lesson, "rules").split(",")
    assert output(panel).inner_text().count("⚠") == int(printed(lesson, "report-typed"))
    assert duration(panel) == pytest.approx(8 * 0.6, abs=0.05)


def test_without_rules(lesson, panel):
    """The faults that the lesson's own function finds are counted and named in words."""
    choose(panel, "tune", "the one typed below")
    enter(box(panel, "typed"), TUNE)
    move(panel, "tries", 1, 1)
    move(panel, "temperature", 1.0, 0.1)
    panel.get_by_role("checkbox", name="rules").uncheck()
    count = int(printed(lesson, "faults-free"))
    expect(output(panel).get_by_role("img")).to_have_attribute(
        "alt", f"Piano roll of four voices: {count} parallels in 8 beats"
    )
    assert len(re.findall(r"bar \d+, beat \d: parallel", output(panel).locator("p").inner_text())) == min(count, 8)
    panel.get_by_role("checkbox", name="rules").check()


def test_the_player_works_by_keyboard(panel):
    """It can be reached, and space begins to play."""
    choose(panel, "tune", "Ode to Joy")
    player = panel.locator("audio")
    player.focus()
    player.press("Space")
    panel.page.wait_for_function("audio => audio.currentTime > 0", arg=player.element_handle())
    player.press("Space")
    expect(player).to_have_js_property("paused", True)


@pytest.mark.parametrize(
    ("tune", "reason"),
    [
        ("C D H", "'H' is not a note"),
        ("C4 D2", "not a note"),
        ("C3 D E F", "too low"),
        ("C", "2 to 100 beats"),
        ("- C", "'-' is not a note"),
    ],
)
def test_what_cannot_be_read_is_explained(panel, tune, reason):
    """The reason stands where the roll was, and there is nothing to play."""
    choose(panel, "tune", "the one typed below")
    enter(box(panel, "typed"), tune)
    expect(panel.get_by_role("alert")).to_contain_text(reason)
    enter(box(panel, "typed"), TUNE)
    expect(output(panel).get_by_role("img")).to_be_visible()


def test_accessible(panel):
    """Nothing in the widget shuts a reader out."""
    slider(panel, "temperature").focus()
    expect_accessible(panel)


def test_the_page_stayed_clean(lesson):
    """Using the controls has raised no error in the page either."""
    assert lesson.errors == []
