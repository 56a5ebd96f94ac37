"""Hygiene of the notebooks as they are committed. Each rule returns what is wrong, in words, for one notebook.

The last test damages a good notebook in every way and so proves that each rule can fail.
"""

import base64
import io
import re
import statistics

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from PIL import Image

import badges
import example
import run_lessons
import utils
from example import SECTIONS
from notebook_files import ROOT, as_text, lessons, read, widgets

MORE_SECTIONS = {"00": ["What this is"]}
FREE_TO_VARY = "nbval-ignore-output"
PRINTED = {"text/plain", "text/html"}
DRAWN = {"image/png", "image/jpeg", "image/svg+xml"}
ASSERTS = re.compile(r"^\s*(assert\b|[\w.]+\.assert_)", re.MULTILINE)
OUTPUT_WIDGET = re.compile(r"\binteract(ive)?(_manual|_output)?\b|\bOutput\(")
PATH_OF_A_MACHINE = re.compile(r"(?<![\w.:/-])/(home|root|Users|work|workspace|tmp|opt|usr|mnt)/|\b[A-Z]:\\\w")


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def tags(cell):
    return cell.metadata.get("tags", [])


def texts(output):
    """Return the texts in an output: what was printed, shown as text or HTML, or raised; no pictures."""
    data = output.get("data", {})
    return [output.get("text", ""), *output.get("traceback", []), *[data[kind] for kind in PRINTED & data.keys()]]


def draws(output):
    return bool(DRAWN & output.get("data", {}).keys())


def prints(cell):
    """Say whether a cell shows text of its own, other than the name of a figure."""
    return any(
        output.output_type == "stream" or (PRINTED & output.get("data", {}).keys() and not draws(output))
        for output in cell.outputs
    )


def executed_once_in_order(notebook):
    """What the reader sees came from running the lesson top to bottom in a fresh kernel."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    return [] if counts == list(range(1, len(counts) + 1)) else [f"execution counts are {counts}, not 1, 2, 3 …"]


def no_empty_code_cell(notebook):
    """An empty cell is never executed, and leaves the reader guessing."""
    return [f"{cell.id} is empty" for cell in code_cells(notebook) if not cell.source.strip()]


def kernel_is_python3(notebook):
    """The lesson opens everywhere, not only where its author's kernel is installed."""
    name = notebook.metadata.get("kernelspec", {}).get("name")
    return [] if name == "python3" else [f"the kernel is {name!r}"]


def cells_have_names(notebook):
    """Failures, links and differences between versions name a cell, so its id says what it does, and stays."""
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
        return ["its format is older than 4.5, which has no cell ids"]
    ids = [cell.id for cell in notebook.cells]
    problems = [f"the id {name} is used twice" for name in set(ids) if ids.count(name) > 1]
    return problems + [f"{name} is no name" for name in ids if re.fullmatch(r"[0-9a-f]{8}|[0-9a-f-]{36}", name)]


def no_warnings_no_errors(notebook):
    """Nothing alarming is left in the outputs, except errors that the lesson shows on purpose."""
    problems = []
    for cell in code_cells(notebook):
        problems += [f"{cell.id} wrote to stderr" for output in cell.outputs if output.get("name") == "stderr"]
        if "raises-exception" not in tags(cell):
            problems += [f"{cell.id} failed" for output in cell.outputs if output.output_type == "error"]
    return problems


def no_path_of_a_machine(notebook):
    """The lesson says nothing about the machine of the one who ran it, and needs none of its folders."""
    problems = []
    for cell in notebook.cells:
        shown = [text for output in cell.get("outputs", []) for text in texts(output)]
        if PATH_OF_A_MACHINE.search("\n".join([cell.source, *shown])):
            problems.append(f"{cell.id} names an absolute path")
    return problems


def images_have_alt_text(notebook):
    """A reader who does not see an image is told what it shows."""
    html = [text for cell in code_cells(notebook) for output in cell.outputs for text in texts(output)]
    bare = re.compile(r"!\[\s*\]\(|<img\b(?![^>]*\balt=[\"'][^\"'])")
    return ["an image has no alt text"] if bare.search("\n".join([prose(notebook), *html])) else []


def sections_are_there(notebook):
    """Every lesson has the same parts, so that the reader knows where to look."""
    headings = " ".join(re.findall(r"^#+ .*", prose(notebook), flags=re.MULTILINE)).lower()
    number = notebook.cells[0].source[2:4]
    wanted = SECTIONS + MORE_SECTIONS.get(number, [])
    return [f"no heading says {section!r}" for section in wanted if section.lower() not in headings]


def file_is_small(notebook):
    """The lesson loads quickly in a browser and GitHub still shows it."""
    size = len(as_text(notebook).encode())
    return [] if size < 1_000_000 else [f"it has {size:,} bytes"]


def code_cells_are_short(notebook):
    """One idea a cell: at most 30 lines, and half of them at most 8."""
    lengths = {cell.id: len(cell.source.splitlines()) for cell in code_cells(notebook)}
    problems = [f"{name} has {length} lines" for name, length in lengths.items() if length > 30]
    return problems + ["half of the code cells have more than 8 lines"] * (statistics.median(lengths.values()) > 8)


def prose_comes_before_code(notebook):
    """The reader is told what a cell is about before reading it."""
    kinds = [cell.cell_type for cell in notebook.cells]
    return [
        f"{cell.id} has no prose in the two cells before it"
        for i, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and "markdown" not in kinds[max(i - 2, 0) : i]
    ]


def no_trailing_spaces(notebook):
    """Editors strip them, and then a difference shows lines that nobody changed."""
    return [
        f"{cell.id} has trailing spaces" for cell in notebook.cells if re.search(r"[ \t]+$", cell.source, re.MULTILINE)
    ]


def no_output_widget(notebook):
    """Widgets update HTML or images: what an Output widget shows is taken for the cell's own output when lessons are
    compared, and it stalls headless runs now and then. `interact` makes one."""
    return [f"{cell.id} makes an Output widget" for cell in code_cells(notebook) if OUTPUT_WIDGET.search(cell.source)]


def widgets_have_pictures(notebook):
    """Whoever has not run the lesson sees the widgets all the same; no name that is new in every run is in the file."""
    problems = ["its metadata hold the state of widgets: `make run SAVE=1`"] * ("widgets" in notebook.metadata)
    for cell in code_cells(notebook):
        data = [output.get("data", {}) for output in cell.outputs]
        problems += [f"{cell.id} has a live widget in its output" for shown in data if run_lessons.VIEW in shown]
        pictured = any(utils.PICTURE_NOTE in shown.get("text/html", "") for shown in data)
        if "show_widget(" in cell.source and not pictured:
            problems.append(f"{cell.id} has no picture of its widget")
    return problems


def most_output_is_compared(notebook):
    """The tests really compare the lesson: at least 60 % of the cells that print."""
    printing = [cell for cell in code_cells(notebook) if prints(cell)]
    compared = [cell for cell in printing if FREE_TO_VARY not in tags(cell)]
    enough = len(compared) >= 0.6 * len(printing)
    return [] if enough else [f"only {len(compared)} of {len(printing)} printing cells are compared"]


def varying_output_is_asserted(notebook):
    """Where the output may differ, an assert soon says what must hold all the same."""
    cells, problems = code_cells(notebook), []
    for i, cell in enumerate(cells):
        only_draws = all(draws(output) for output in cell.outputs)
        if FREE_TO_VARY not in tags(cell) or cell.id in ("setup", "settings") or only_draws:
            continue
        if not any(ASSERTS.search(near.source) for near in cells[i : i + 3]):
            problems.append(f"{cell.id} may vary, and no assert follows in the next two code cells")
    return problems


def models_are_announced(notebook):
    """Whoever opens it in Colab knows what is fetched: all models that the cells load, in whole MB."""
    names = set(re.findall(r'load_pretrained\("(\w+)"\)', "\n".join(cell.source for cell in code_cells(notebook))))
    size = sum((ROOT / "assets" / "models" / f"{name}.keras").stat().st_size for name in names) / 1e6
    said, wanted = re.findall(r"models? of (\S+) MB", prose(notebook)), [f"{size:.0f}"] * bool(names)
    return [] if said == wanted else [f"its models have {size:.1f} MB, it says {said}"]


BLANK = 5  # the contrast of a picture with a few specks


def contrast(png):
    """The standard deviation of the grey values, 0 to 255, of a picture in a file or in bytes; clear is white."""
    picture = Image.open(png).convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("L")).std()


def no_blank_figure(notebook):
    """A figure shows something: a blank one has a contrast of 0, the lessons' own have more than 20."""
    pictures = [
        (cell.id, output.data["image/png"])
        for cell in code_cells(notebook)
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    return [
        f"{name} shows a blank figure" for name, png in pictures if contrast(io.BytesIO(base64.b64decode(png))) < BLANK
    ]


RULES = [
    executed_once_in_order,
    no_empty_code_cell,
    kernel_is_python3,
    cells_have_names,
    no_warnings_no_errors,
    no_path_of_a_machine,
    images_have_alt_text,
    sections_are_there,
    file_is_small,
    code_cells_are_short,
    prose_comes_before_code,
    no_trailing_spaces,
    no_output_widget,
    widgets_have_pictures,
    most_output_is_compared,
    varying_output_is_asserted,
    models_are_announced,
    no_blank_figure,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_rule(path, rule):
    """Each committed lesson keeps each rule; the rule's own docstring says what it protects."""
    assert rule(read(path)) == []


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_is_valid(path):
    """The file is what the notebook format asks for, so that every editor opens it."""
    nbformat.validate(read(path))


@pytest.mark.parametrize("path", sorted((ROOT / "assets" / "figures").glob("*.png")), ids=lambda path: path.stem)
def test_picture_is_not_blank(path):
    """The front page shows something."""
    assert contrast(path) > BLANK


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_widgets_are_tried_in_a_browser(path):
    """One file tries every text generator; a lesson with another widget, or with several, has a file of its own."""
    shown = widgets(read(path).cells)
    standard = len(shown) == 1 and "utils.text_generator(" in shown[0].source
    assert not shown or standard or (ROOT / "tests" / "browser" / f"test_lesson_{path.name[:2]}.py").exists()


def test_shared_parts_are_as_the_tool_writes_them():
    """Navigation, badges, set-up cells and the table of lessons are alike everywhere: else run `make badges`."""
    assert [path.name for path in badges.stale(badges.wanted(ROOT))] == []


def find(notebook, name):
    return next(cell for cell in notebook.cells if cell.id == name)


def change(name, **values):
    """Return a damage that sets attributes of the cell with this id."""

    def damage(notebook):
        find(notebook, name).update(values)

    return damage


def output(name, *new):
    """Return a damage that replaces the outputs of the cell with this id."""
    return change(name, outputs=list(new))


def add(*cells):
    """Return a damage that appends cells."""
    return lambda notebook: notebook.cells.extend(cells)


def ignore(*names):
    """Return a damage that lets the outputs of these cells vary."""

    def damage(notebook):
        for name in names:
            find(notebook, name).metadata.tags = [FREE_TO_VARY]

    return damage


def old_format(notebook):
    notebook.nbformat_minor = 4


def other_kernel(notebook):
    notebook.metadata.kernelspec.name = "my-env"


def blank(colour):
    """Return the output of a figure with nothing on it."""
    file = io.BytesIO()
    Image.new("RGBA", (640, 480), colour).save(file, "png")
    return new_output("display_data", {"image/png": base64.b64encode(file.getvalue()).decode()})


FIGURE = new_output("display_data", {"image/png": "aGk=", "text/plain": "<Figure size 640x480>"})
HTML = new_output("display_data", {"text/html": '<img src="x.png">'})
STDERR = new_output("stream", name="stderr", text="a warning")
LONG = "\n".join(f"line = {i}" for i in range(9))

DAMAGES = [
    (executed_once_in_order, change("sum", execution_count=None)),
    (executed_once_in_order, change("sum", execution_count=7)),
    (no_empty_code_cell, change("sum", source="\n")),
    (kernel_is_python3, other_kernel),
    (cells_have_names, old_format),
    (cells_have_names, change("sum", id="check")),
    (cells_have_names, change("sum", id="0a1b2c3d")),
    (cells_have_names, change("sum", id="9f0c7e7e-5a3c-4d0f-8a53-5b1c3a8f1f4e")),
    (no_warnings_no_errors, output("sum", STDERR)),
    (no_warnings_no_errors, output("sum", new_output("error", ename="ValueError", evalue="no", traceback=[]))),
    (no_path_of_a_machine, change("sum", source='open("/home/me/my.txt")')),
    (no_path_of_a_machine, change("sum", source=r'open("C:\texts\my.txt")')),
    (no_path_of_a_machine, output("sum", new_output("stream", name="stdout", text="saved to /root/x"))),
    (no_path_of_a_machine, output("sum", new_output("execute_result", {"text/plain": "PosixPath('/Users/me/x')"}))),
    (images_have_alt_text, change("claim", source="![](figure.png)")),
    (images_have_alt_text, change("claim", source='<img src="figure.png">')),
    (images_have_alt_text, change("claim", source='<img src="figure.png" alt="">')),
    (images_have_alt_text, output("sum", HTML)),
    *[
        (sections_are_there, change(section.lower().replace(" ", "-"), source=f"Not a heading: {section}"))
        for section in SECTIONS
    ],
    (sections_are_there, change("title", source="# 00 · Start here")),
    (file_is_small, change("claim", source="x" * 1_000_000)),
    (code_cells_are_short, change("sum", source="\n".join(["x = 1"] * 31))),
    (code_cells_are_short, add(*[new_code_cell(LONG) for _ in range(7)])),
    (prose_comes_before_code, add(new_code_cell("x = 1"))),
    (no_trailing_spaces, change("claim", source="A claim \nfollows.")),
    (no_trailing_spaces, change("sum", source="print(1 + 1)\t")),
    (no_output_widget, change("sum", source="widgets.interact(draw, temperature=(0.0, 2.0))")),
    (no_output_widget, change("sum", source="with widgets.Output():\n    print(1)")),
    (widgets_have_pictures, change("sum", source="utils.show_widget(box)")),
    (widgets_have_pictures, output("sum", new_output("display_data", {run_lessons.VIEW: {"model_id": "1"}}))),
    (widgets_have_pictures, lambda notebook: notebook.metadata.update(widgets={})),
    (most_output_is_compared, ignore("sum")),
    (no_blank_figure, output("sum", blank("white"))),
    (no_blank_figure, output("sum", blank((0, 0, 0, 0)))),
    (models_are_announced, change("sum", source='utils.load_pretrained("tang")')),
    (models_are_announced, change("claim", source="In Colab a model of 2 MB.")),
    (varying_output_is_asserted, change("check", source="print(2)  # nothing to assert")),
    (varying_output_is_asserted, add(new_markdown_cell("x"), example.code("last", "print(3)", "3", FREE_TO_VARY))),
]


@pytest.mark.parametrize(
    ("rule", "damage"), DAMAGES, ids=[f"{i}-{rule.__name__}" for i, (rule, _) in enumerate(DAMAGES)]
)
def test_rule_can_fail(rule, damage):
    """Each rule accepts the good example and notices the damage."""
    notebook = example.lesson()
    assert rule(notebook) == []
    damage(notebook)
    assert rule(notebook) != []


HARMLESS = [
    (no_warnings_no_errors, change("claim", source="stderr")),
    (
        no_path_of_a_machine,
        change("claim", source="See https://example.org/home/page and `../texts/my.txt`, and/or a/b."),
    ),
    (images_have_alt_text, change("claim", source='![A curve](x.png) <img src="x.png" alt="A curve">')),
    (no_output_widget, change("claim", source="Here is an interactive one.")),
    (most_output_is_compared, output("timing", FIGURE)),
    (varying_output_is_asserted, add(new_code_cell("plot()", outputs=[FIGURE], metadata={"tags": [FREE_TO_VARY]}))),
    (varying_output_is_asserted, change("check", source="np.testing.assert_allclose(1, 1)")),
]


@pytest.mark.parametrize(("rule", "edit"), HARMLESS, ids=[rule.__name__ for rule, _ in HARMLESS])
def test_rule_is_fair(rule, edit):
    """A rule does not fail for a thing that it does not name."""
    notebook = example.lesson()
    edit(notebook)
    assert rule(notebook) == []


def test_an_error_on_purpose_is_allowed():
    """A lesson may show an error if its cell says so with the tag `raises-exception`."""
    notebook = example.lesson()
    output("sum", new_output("error", ename="ValueError", evalue="no", traceback=[]))(notebook)
    find(notebook, "sum").metadata.tags = ["raises-exception"]
    assert no_warnings_no_errors(notebook) == []
