"""The controls of the course's widgets as their user meets them: by label, with keyboard and mouse."""

import pytest
from playwright.sync_api import Locator, Page, expect

import utils

# The kernel answers in order. What changes while it works, ipywidgets holds back until the first of these has returned.
TWO_ROUND_TRIPS = """async () => {
    const {kernel} = jupyterapp.shell.currentWidget.sessionContext.session;
    await kernel.requestKernelInfo();
    await kernel.requestKernelInfo();
    return true;
}"""


def wait_for_kernel(page: Page, **options) -> None:
    """Wait until the page shows the answer to all that its controls were told: until then a key can be swallowed."""
    page.wait_for_function(TWO_ROUND_TRIPS, **options)


def box(panel: Locator, name: str) -> Locator:
    """A box to type into, by its accessible name."""
    return panel.get_by_role("spinbutton" if name == "seed" else "textbox", name=name, exact=True)


def slider(panel: Locator, name: str) -> Locator:
    """A slider's handle, by the label before it: ipywidgets does not tie the two together as it does for boxes."""
    return row(panel, name).get_by_role("slider")


def row(panel: Locator, name: str) -> Locator:
    return panel.locator(".widget-hslider").filter(has=panel.page.locator(f'label:text-is("{name}")'))


def readout(panel: Locator, name: str) -> str:
    """A slider's value as shown, with a plain minus sign."""
    return row(panel, name).locator(".widget-readout").inner_text().replace("\N{MINUS SIGN}", "-")


def button(panel: Locator) -> Locator:
    return panel.get_by_role("button", name="Generate", exact=True)


def output(panel: Locator) -> Locator:
    return panel.get_by_role("status")


def printed(lesson, name: str) -> str:
    """What the lesson's own functions said in the same kernel."""
    return lesson.cells[name].locator(".jp-OutputArea-output").inner_text().strip()


def enter(box: Locator, text: str) -> None:
    """Replace what stands in a box, key by key, and wait for the answer."""
    box.press("ControlOrMeta+a")
    box.press_sequentially(text)
    box.press("Enter")
    wait_for_kernel(box.page)


def choose(panel: Locator, name: str, option: str) -> None:
    """Choose from a list, and wait for the answer."""
    panel.get_by_role("combobox", name=name, exact=True).select_option(option)
    wait_for_kernel(panel.page)


def move(panel: Locator, name: str, target: float, step: float) -> None:
    """Move a slider with the arrow keys, step by step, and wait for the answer."""
    steps = round((target - float(readout(panel, name))) / step)
    for _ in range(abs(steps)):
        slider(panel, name).press("ArrowRight" if steps > 0 else "ArrowLeft")
    wait_for_kernel(panel.page)


def press_tab_until_focused(control: Locator, presses: int = 4) -> None:
    for _ in range(presses):
        control.page.keyboard.press("Tab")
        if control.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"{presses} times Tab do not lead to {control}")


def written(panel: Locator, model, vocabulary, before: str = "") -> str:
    """Prompt and text that belong to the values which the text generator's controls show now."""
    prompt = box(panel, "prompt").input_value()
    settings = {
        "prompt": before + prompt,
        "length": int(readout(panel, "length (characters)")),
        "temperature": float(readout(panel, "temperature")),
        "seed": int(box(panel, "seed").input_value()),
    }
    return prompt + utils.generate(model, vocabulary, **settings)


def expect_text_follows(panel: Locator, *model) -> None:
    """An arrow key and another seed change the text to what `written` says; Generate with the same seed leaves it."""
    for change in (lambda: slider(panel, "temperature").press("ArrowLeft"), lambda: enter(box(panel, "seed"), "7")):
        text = output(panel).text_content()
        change()
        expect_text(panel, written(panel, *model))
        assert output(panel).text_content() != text
        button(panel).click()
        wait_for_kernel(panel.page)
        expect_text(panel, written(panel, *model))


def expect_text(panel: Locator, text: str) -> None:
    """Wait until the text generator shows exactly this text, with its spaces and line breaks."""
    expect(output(panel)).to_have_js_property("textContent", text)
    expect(output(panel)).to_be_visible()
