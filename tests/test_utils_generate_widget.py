"""text_generator without a browser: what its controls write into its HTML. Needs Keras."""

import re

import ipywidgets as widgets
import pytest

from small_models import VOCABULARY, deep
from utils import Vocabulary, generate, show_widget, text_generator


def parts(widget) -> dict:
    """The widget's children by name."""
    named = {child.description.split()[0]: child for child in widget.children if child.description}
    return named | {"html": next(child for child in widget.children if type(child) is widgets.HTML)}


@pytest.fixture
def panel():
    return parts(text_generator(deep(), VOCABULARY, prompt="ab", temperature=0.8, length=100))


def test_it_writes_at_once(panel):
    """The prompt in bold, then what generate writes with the values of the controls."""
    text = generate(deep(), VOCABULARY, "ab", 100, temperature=0.8, seed=0).replace("<", "&lt;")
    assert f"<b>ab</b>{text}</pre></div>" in panel["html"].value
    assert 'aria-live="polite"' in panel["html"].value


@pytest.mark.parametrize(("name", "value"), [("temperature", 0.3), ("length", 150), ("seed", 5), ("prompt", "人")])
def test_every_control_changes_the_text(panel, name, value):
    """And its old value brings the old text back."""
    before, old = panel["html"].value, panel[name].value
    panel[name].value = value
    settings = {key: panel[key].value for key in ("prompt", "temperature", "length", "seed")}
    text = generate(deep(), VOCABULARY, **settings).replace("<", "&lt;")
    assert f"{text}</pre></div>" in panel["html"].value != before
    panel[name].value = old
    assert panel["html"].value == before


def test_the_button_writes_again(panel):
    before = panel["html"].value
    panel["html"].value = ""
    panel["Generate"].click()
    assert panel["html"].value == before


def test_what_the_reader_and_the_model_write_is_text_and_not_html():
    """A script in the prompt, and in the generated text, is shown and not run."""
    vocabulary = Vocabulary("<script>")
    panel = parts(text_generator(deep(len(vocabulary)), vocabulary, prompt="<script>"))
    assert "<b>&lt;script&gt;</b>" in panel["html"].value
    assert set(re.findall("<(/?[a-z]+)", panel["html"].value)) == {"div", "/div", "pre", "/pre", "b", "/b"}


def test_an_unknown_character_is_answered_with_the_reason(panel):
    """Escaped, as an alert; the next good prompt is answered with text again."""
    before = panel["html"].value
    panel["prompt"].value = "ab>"
    reason = "&#x27;&gt;&#x27; (position 2) is not in this vocabulary of 8"
    assert f'<div role="alert">⚠ {reason}</div>' in panel["html"].value
    panel["prompt"].value = "ab"
    assert panel["html"].value == before


def test_keyboard_and_screen_readers_find_the_controls(panel):
    """Every control says what it is, and sliders wait until they are released."""
    assert list(panel) == ["prompt", "temperature", "length", "seed", "Generate", "html"]
    assert not any(panel[name].continuous_update for name in ("prompt", "temperature", "length", "seed"))
    assert (panel["temperature"].min, panel["temperature"].max) == (0, 2)


def test_what_stands_before_the_prompt_is_read_but_not_shown():
    """A poem or a speech begins after an empty line, which nobody can type into the field; errors do not count it."""
    panel = parts(text_generator(deep(), VOCABULARY, prompt="ab", temperature=0.8, length=100, before="ba"))
    text = generate(deep(), VOCABULARY, "baab", 100, temperature=0.8, seed=0).replace("<", "&lt;")
    assert f"<b>ab</b>{text}</pre></div>" in panel["html"].value
    panel["prompt"].value = "ab?"
    assert "(position 2)" in panel["html"].value


# ---------------------------------------------------------------- show_widget


@pytest.fixture
def shown(monkeypatch):
    """Call show_widget and return what it displays, by kind."""

    def shown(widget) -> dict:
        displayed = []
        monkeypatch.setattr("IPython.display.display", lambda data, raw: displayed.append(data) if raw else None)
        assert show_widget(widget) is None
        (data,) = displayed
        return data

    return shown


def test_the_picture_shows_what_the_widget_shows(shown):
    """The text to the letter, each control by name with its value, the note; and the live widget beside it."""
    panel = text_generator(deep(), VOCABULARY, prompt="ab", temperature=0.8, length=100)
    data = shown(panel)
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == panel.model_id
    picture = data["text/html"]
    assert parts(panel)["html"].value in picture and "Run the cell to move it." in picture
    words = re.sub("<[^>]*>", "", picture)
    for control in (
        "prompt ab",
        "temperature ━━━━━━━━●──────────── 0.80",
        "length (characters) ━●",
        "seed 0",
        "Generate",
    ):
        assert control in words
    assert not re.search("<(script|input|button)|model_id", picture)


def test_a_picture_is_the_same_every_time(shown):
    """So that lessons can be compared."""
    first, second = (text_generator(deep(), VOCABULARY, prompt="ab") for _ in range(2))
    assert shown(first)["text/html"] == shown(second)["text/html"] and first.model_id != second.model_id


def test_what_is_typed_is_text_in_the_picture(shown):
    """Names and values are escaped; boxes may lie in boxes; the selection of a slider is shown as it is written."""
    box = widgets.Text("<b>", description="<i>")
    slider = widgets.SelectionSlider(options=[0.01, 1, 10], value=10, description="T")
    picture = shown(widgets.VBox([widgets.HBox([box, slider])]))["text/html"]
    assert "&lt;i&gt;</span> &lt;b&gt;" in picture and f"{'━' * 20}● 10" in picture


def test_a_player_has_no_picture(shown):
    """What it plays is not kept."""
    player = widgets.Audio(value=b"RIFF", format="wav")
    assert "RIFF" not in str(shown(widgets.VBox([player]))["text/html"])
