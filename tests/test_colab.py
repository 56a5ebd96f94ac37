"""What `make test-colab` relies on: the list of versions and the search for faults."""

import re

import pytest
from nbformat.v4 import new_output
from packaging.utils import canonicalize_name

import colab
import example
import utils
from notebook_files import ROOT, lessons, read

LIST = (ROOT / "tools" / "colab.txt").read_text(encoding="utf-8")


def test_list_pins_what_the_setup_cells_look_for():
    """Nothing is missing in Colab's environment, so that no set-up cell installs anything there."""
    wanted = re.findall(r"([\w-]+)>=", utils.PACKAGES)
    assert "keras" in wanted
    wanted += [package for path in lessons() for package in read(path).metadata.lesson.get("packages", [])]
    pinned = re.findall(r"^([\w.-]+)==", LIST, flags=re.MULTILINE)
    names = [{canonicalize_name(utils._import_name(package)) for package in each} for each in (wanted, pinned)]
    assert names[0] <= names[1]


def test_list_is_dated_and_exact():
    """Each line is a comment or one version; the reader sees how old the list is."""
    assert re.search(r"List of \d{4}-\d\d-\d\d", LIST)
    lines = [line for line in LIST.splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+(  # .*)?", line)] == []


def with_widget():
    """A lesson whose cell `sum` shows a slider in a box."""
    lesson = example.lesson()
    data = {colab.VIEW: {"version_major": 2, "version_minor": 0, "model_id": "b0"}, "text/plain": "VBox()"}
    sum_cell(lesson).outputs = [new_output("display_data", data)]
    models = {"b0": {"state": {"children": ["IPY_MODEL_51"]}}, "51": {"state": {"value": 0.5}}}
    lesson.metadata.widgets = {colab.STATE: {"state": models}}
    return lesson


def committed():
    """The same lesson as it is committed."""
    lesson = example.lesson()
    sum_cell(lesson).source = "utils.show_widget(box)"
    return lesson


def sum_cell(lesson):
    return next(cell for cell in lesson.cells if cell.id == "sum")


def test_a_good_run_has_no_faults():
    """A lesson that shows what the committed one shows is fine."""
    assert colab.faults(with_widget(), committed()) == []


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda lesson: sum_cell(lesson).outputs.append(new_output("stream", name="stderr", text="old")),
            "stderr: old",
        ),
        (
            lambda lesson: sum_cell(lesson).outputs.append(new_output("stream", text="Please restart the runtime")),
            "cell 'sum' asks for a restart",
        ),
        (lambda lesson: sum_cell(lesson).outputs.clear(), "cell 'sum' shows no widget"),
        (lambda lesson: lesson.metadata.pop("widgets"), "widget b0 has no model"),
        (lambda lesson: lesson.metadata.widgets[colab.STATE]["state"].pop("51"), "widget 51 has no model"),
    ],
)
def test_faults_are_named(damage, message):
    """What a reader in Colab would see although no cell failed."""
    lesson = with_widget()
    damage(lesson)
    (fault,) = colab.faults(lesson, committed())
    assert message in fault
