"""Run the lessons as Colab does: with the versions that it ships, each from a folder that holds only the notebook.

`make test-colab` makes .venv-colab from tools/colab.txt and runs this in it. The set-up cell has to fetch utils.py, and
utils.py the trained models; a web server on this machine stands in for the repository's address. No cell may fail,
write to stderr or ask for a restart, and each widget must be shown. All lessons run; the problems follow at the end.
"""

import argparse
import contextlib
import functools
import http.server
import json
import os
import pathlib
import platform
import re
import sys
import tempfile
import threading
from importlib.metadata import version

from nbformat import NotebookNode

from notebook_files import ROOT, read, widgets
from run_lessons import VIEW, chosen, run_with_progress

NAMED = {
    "TensorFlow": "tensorflow",
    "Keras": "keras",
    "NumPy": "numpy",
    "ipywidgets": "ipywidgets",
    "IPython": "ipython",
}
STATE = "application/vnd.jupyter.widget-state+json"
HELPERS = re.compile(r"https://raw\.githubusercontent\.com/[^\"]*(?=/utils\.py)")  # in the set-up cell
RESTART = re.compile(r"restart (?:the |your )?(?:kernel|runtime|session)", re.IGNORECASE)


def outputs(notebook: NotebookNode) -> list[tuple[str, NotebookNode]]:
    """Return each output with the id of its cell."""
    return [(cell.id, output) for cell in notebook.cells for output in cell.get("outputs", [])]


def views(notebook: NotebookNode) -> list[tuple[str, str]]:
    """Return the model of each widget that is shown, with the id of its cell."""
    data = [(name, output.get("data", {})) for name, output in outputs(notebook)]
    return [(name, shown[VIEW]["model_id"]) for name, shown in data if VIEW in shown]


def faults(notebook: NotebookNode, committed: NotebookNode) -> list[str]:
    """Say what goes wrong although no cell failed; the committed lesson tells which cells show a widget."""
    printed = [(name, output) for name, output in outputs(notebook) if output.output_type == "stream"]
    problems = [f"cell {name!r} writes to stderr: {text.text}" for name, text in printed if text.name == "stderr"]
    problems += [f"cell {name!r} asks for a restart" for name, text in printed if RESTART.search(text.text)]
    shown = dict(views(notebook))
    wanted = [cell.id for cell in widgets(committed.cells)]
    problems += [f"cell {name!r} shows no widget" for name in wanted if name not in shown]
    state = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    parts = re.findall(r"IPY_MODEL_(\w+)", json.dumps(state))  # what a box holds, and how things look
    models = {model for _, model in views(notebook)} | set(parts)
    problems += [f"the widget {model} has no model" for model in sorted(models - state.keys())]
    return problems


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line in the terminal for each."""

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(folder: pathlib.Path):
    """Serve a folder on this machine; give its address."""
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def run_alone(lesson: pathlib.Path) -> list[str]:
    """Run a lesson from a folder of its own; say what is wrong."""
    with tempfile.TemporaryDirectory() as computer:
        os.environ["LSTM_CACHE_DIR"] = str(pathlib.Path(computer, "cache"))
        content = pathlib.Path(computer, "content")  # so the folder above it is ours too, and holds no utils.py
        content.mkdir()
        source = HELPERS.sub(os.environ["LSTM_COURSE_URL"], lesson.read_text(encoding="utf-8"))
        (content / lesson.name).write_text(source, encoding="utf-8")
        try:
            notebook = run_with_progress(content / lesson.name)
        except RuntimeError as error:
            return [str(error)]
        problems = [f"{lesson.name}, {problem}" for problem in faults(notebook, read(lesson))]
        helpers = content / "utils.py"
        if not helpers.exists() or helpers.read_bytes() != (ROOT / "utils.py").read_bytes():
            problems.append(f"{lesson.name}: it did not fetch utils.py")
        return problems


def main() -> None:
    """Run all lessons, or one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lesson", default="", help="only the lesson whose file name begins so, for example 04")
    paths = chosen(parser.parse_args().lesson)
    versions = [f"{name} {version(package)}" for name, package in NAMED.items()]
    print(", ".join([f"Python {platform.python_version()}", *versions]), flush=True)
    os.environ |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    with served(ROOT) as address:
        os.environ["LSTM_COURSE_URL"] = address
        problems = [problem for path in paths for problem in run_alone(path)]
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
