"""What holds for every lesson and every widget in the browser."""

import os
import pathlib
import statistics

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator

SCREENSHOTS = pathlib.Path(os.environ.get("LSTM_SCREENSHOT_DIR", pathlib.Path(__file__).parent / "screenshots"))
OUTPUTS = '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.{}"]'

# ipywidgets draws each slider with a handle and a box for its value and ties neither to the label that it shows before
# them; Python cannot reach them. All else in a widget is ours.
SLIDERS = [".noUi-handle", ".widget-readout"]

WATCH = """content => {
    window.waits = [];
    let pressed = null;
    document.addEventListener("keydown", () => { pressed ??= performance.now(); }, true);
    const changed = () => { if (pressed !== null) { window.waits.push(performance.now() - pressed); pressed = null; } };
    new MutationObserver(changed).observe(content, {childList: true, subtree: true, characterData: true});
}"""

DRAW = """(content, text) => {
    const canvas = Object.assign(document.createElement("canvas"), {width: 40, height: 40});
    const context = canvas.getContext("2d", {willReadFrequently: true});
    context.font = `24px ${getComputedStyle(content).fontFamily}`;
    return new Set([...text].map(character => {
        context.clearRect(0, 0, 40, 40);
        context.fillText(character, 4, 30);
        return context.getImageData(0, 0, 40, 40).data.join();
    })).size;
}"""


# of each code cell the count that it shows; a folded cell shows none
PROMPTS = """() => [...document.querySelectorAll('.jp-CodeCell')].map(
    cell => cell.querySelector('.jp-InputArea-prompt')?.textContent ?? '')"""


def expect_clean(lesson) -> None:
    """No cell failed or warned, all ran once and in order, and the page has no error of its own."""
    prompts = lesson.page.evaluate(PROMPTS)
    assert lesson.page.locator(OUTPUTS.format("error")).all_inner_texts() == []
    assert lesson.page.locator(OUTPUTS.format("stderr")).all_inner_texts() == []
    assert [prompt or f"[{number}]:" for number, prompt in enumerate(prompts, 1)] == [
        f"[{number}]:" for number in range(1, len(prompts) + 1)
    ]
    assert any(prompts)
    assert lesson.errors == []


def expect_accessible(panel: Locator) -> None:
    """The axe rules find nothing serious in a widget, apart from the sliders' own parts."""
    panel.evaluate("element => element.setAttribute('data-checked', '')")
    found = Axe().run(panel.page, {"include": [["[data-checked]"]], "exclude": [[part] for part in SLIDERS]})
    panel.evaluate("element => element.removeAttribute('data-checked')")
    serious = [fault for fault in found.response["violations"] if fault["impact"] in ("serious", "critical")]
    assert serious == [], found.generate_report()


def take_picture(panel: Locator, name: str) -> pathlib.Path:
    """A picture of the widget, without focus and pointer, in the folder of screenshots."""
    panel.page.evaluate("document.activeElement.blur()")
    panel.page.mouse.move(0, 0)
    panel.screenshot(path=SCREENSHOTS / name, style=".widget-vbox { padding: 8px }")
    return SCREENSHOTS / name


def expect_each_step(panel: Locator, handle: Locator, what: str, capsys) -> None:
    """Each arrow key on a slider changes the output, once. The median time is printed, not judged."""
    panel.locator(".widget-html-content").evaluate(WATCH)
    for number in range(1, 17):
        handle.press("ArrowRight" if number % 2 else "ArrowLeft")
        panel.page.wait_for_function(f"window.waits.length === {number}")
    wait = statistics.median(panel.page.evaluate("window.waits"))
    with capsys.disabled():
        print(f" {wait:.0f} ms from key press to {what}", end=" ")


def expect_glyphs(panel: Locator, text: str) -> None:
    """The browser really draws these characters: where it has no font for them, all look like the same empty box."""
    different = panel.locator(".widget-html-content").evaluate(DRAW, text)
    assert different == len(set(text)), "this machine has no Chinese font: install one, for instance fonts-noto-cjk"
