"""A lesson that is added by the list in CONTRIBUTING.md, in a copy of the repository, is a lesson like the others."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

import example
from notebook_files import ROOT, lessons, read, write

LIST = re.search("## Add a lesson\n.*?(?=\n## )", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)[0]
NUMBER = f"{int(lessons()[-1].name[:2]) + 1:02}"
WIDGET = """\
model, vocabulary, card = utils.load_pretrained("nietzsche")
utils.show_widget(utils.text_generator(model, vocabulary, prompt="the truth is ", length=50))"""


def call(copy, *command: str) -> str:
    """Run a command in the copy and return what it printed; it must succeed."""
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_the_list_is_enough(tmp_path):
    """One file and the commands of the list: it runs, keeps every rule, is compared, linked, and tried in a browser."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv*", ".*cache*", ".ipynb_checkpoints"))
    last, name = lessons(copy)[-1].name, f"{NUMBER}_new.ipynb"
    notebook = example.lesson(f"{NUMBER} · New")
    notebook.cells += [
        new_markdown_cell("Move it; in Colab a model of 2 MB comes first.", id="try"),
        new_code_cell(WIDGET, id="widget"),
    ]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    write(notebook, copy / "notebooks" / name)

    commands = re.findall("`(make [^`]+)`", LIST.rpartition("|")[2].replace("NN", NUMBER))
    assert commands[-1] == "make test"
    for command in commands[:-1]:  # with this Python, which has all that is to be installed
        call(copy, *shlex.split(command), "--assume-old=.venv/.installed", f"VENV={sys.executable}")

    pytest_ = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    both = "tests/test_notebooks.py", f"notebooks/{name}"
    call(copy, *pytest_, "--nbval", "--nbval-current-env", *both, "-k", f"{NUMBER}_new or shared_parts")
    browser = call(copy, *pytest_, "--collect-only", "tests/browser/test_text_generators.py")
    assert f"test_a_prompt[{NUMBER}_new]" in browser
    assert f"notebooks/{name}" in (copy / "README.md").read_text(encoding="utf-8")
    assert f"({name})" in read(copy / "notebooks" / last).cells[1].source
