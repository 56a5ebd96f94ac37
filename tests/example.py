"""A tiny course that keeps every rule: the tests of the rules and of the tools damage copies of it."""

import pathlib

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

SECTIONS = ["Objectives", "What can go wrong", "Summary", "Exercises", "Further reading"]
HELPERS = '''"""Helpers of the course, in small."""

REPOSITORY = "OWNER/course"  # written by the tool
REF = "v1"
PACKAGES = (
    "old>=1"
)


def setup(seed, packages=""):
    return "Python, Keras, CPU"


# end of lstm-text
'''
ENVIRONMENT = """dependencies:
  - pip:
      # In every lesson
      - keras >=3.10,<4      # models
      - charset-normalizer >=3.3,<4 # texts
      # In some lessons
      - rouge-score >=0.1.2,<0.2 # ROUGE
"""


def lesson(heading: str = "01 · One") -> NotebookNode:
    """Return a lesson of five code cells with their outputs."""
    cells = [
        new_markdown_cell(f"# {heading}", id="title"),
        new_markdown_cell("Navigation", id="navigation"),
        code("setup", "print('Python, Keras, CPU')", "Python, Keras, CPU\n", "nbval-ignore-output"),
        *[new_markdown_cell(f"## {section}", id=section.lower().replace(" ", "-")) for section in SECTIONS],
        code("sum", "print(1 + 1)", "2\n"),
        code("product", "print(2 * 3)", "6\n"),
        new_markdown_cell("A claim follows.", id="claim"),
        code("timing", "print(0.1)", "0.1\n", "nbval-ignore-output"),
        code("check", "print(2)\nassert 1 + 1 == 2", "2\n"),
    ]
    for count, cell in enumerate((cell for cell in cells if cell.cell_type == "code"), start=1):
        cell.execution_count = count
    facts = {"question": "What?", "gpu": "helps", "reading_minutes": 5, "cpu_minutes": 2}
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "lesson": facts})


def code(name: str, source: str, printed: str, *tags: str) -> NotebookNode:
    """Return a code cell with what it printed."""
    output = new_output("stream", name="stdout", text=printed)
    return new_code_cell(source, id=name, outputs=[output], metadata={"tags": list(tags)} if tags else {})


def course(folder: pathlib.Path, write) -> pathlib.Path:
    """Write helpers, README and two lessons into a folder, with the given function for notebooks; return the folder."""
    (folder / "notebooks").mkdir()
    write(lesson("01 · One"), folder / "notebooks" / "01_one.ipynb")
    write(lesson("02 · Two"), folder / "notebooks" / "02_two.ipynb")
    (folder / "utils.py").write_text(HELPERS, encoding="utf-8")
    (folder / "environment.yml").write_text(ENVIRONMENT, encoding="utf-8")
    (folder / "README.md").write_text(
        "Get https://github.com/OWNER/course.git\n\n<!-- lessons -->\n<!-- /lessons -->\n", encoding="utf-8"
    )
    return folder
