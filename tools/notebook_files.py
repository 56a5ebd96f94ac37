"""Find, read and write the notebooks, always in the same format, so that a change shows only what changed.

Other tools take `utils` from here: it stands a folder above them.
"""

import builtins
import dis
import pathlib
import sys
import types

import nbformat

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
import utils  # noqa: E402


def lessons(root: pathlib.Path = ROOT) -> list[pathlib.Path]:
    """Return the notebooks in reading order."""
    return sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def read(path: pathlib.Path) -> nbformat.NotebookNode:
    """Read a notebook."""
    return nbformat.read(path, as_version=4)


def as_text(notebook: nbformat.NotebookNode) -> str:
    """Return what belongs in the file."""
    return nbformat.writes(notebook, version=4) + "\n"


def write(notebook: nbformat.NotebookNode, path: pathlib.Path) -> None:
    """Write a notebook."""
    path.write_text(as_text(notebook), encoding="utf-8", newline="\n")


def run_cells(path: pathlib.Path, names: list[str], namespace: dict) -> dict:
    """Run the named code cells of a notebook in `namespace`, and return it: a lesson's code, outside the lesson."""
    sources = {cell.id: cell.source for cell in read(path).cells}
    for name in names:
        exec(compile(sources[name], f"{path.name}, cell {name}", "exec"), namespace)
    return namespace


def lent(lesson: int | pathlib.Path, **names) -> dict:
    """Return what a lesson lends to later lessons and tools: {name: value}, from a fresh namespace.

    Its cells `imports` and `settings` run, then `names` come in (other settings, and data such as V), then the cells
    tagged `reuse` run, in order. The caller has called `utils.setup` before. A NameError says which name is missing,
    also one that only a function would need, later.
    """
    path = lesson if isinstance(lesson, pathlib.Path) else next((ROOT / "notebooks").glob(f"{lesson:02}_*.ipynb"))
    cells = {cell.id: cell for cell in read(path).cells}
    namespace = {"__name__": path.stem, "utils": utils}
    run_cells(path, [name for name in ("imports", "settings") if name in cells], namespace).update(names)
    reused = [name for name, cell in cells.items() if "reuse" in cell.metadata.get("tags", [])]
    for name in reused:
        try:
            run_cells(path, [name], namespace)
        except NameError as error:
            raise NameError(_not_lent(path, name, error.name)) from error
    for name in reused:
        for missing in _globals(compile(cells[name].source, name, "exec")) - namespace.keys() - vars(builtins).keys():
            raise NameError(_not_lent(path, name, missing))
    return namespace


def _not_lent(path: pathlib.Path, cell: str, name: str) -> str:
    return f"{path.name}, cell '{cell}': the name {name} is not lent: tag the cell that makes it `reuse`, or pass it"


def _globals(code: types.CodeType) -> set[str]:
    """The global names that functions in this code, and in theirs, will look for."""
    found = {step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"}
    return found.union(*(_globals(inner) for inner in code.co_consts if isinstance(inner, types.CodeType)))
