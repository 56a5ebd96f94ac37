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


def widgets(cells: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """The cells of a lesson that show a widget."""
    return [cell for cell in cells if cell.cell_type == "code" and "show_widget(" in cell.source]


def run_cell(cell: nbformat.NotebookNode, path: pathlib.Path, namespace: dict) -> None:
    """Run a code cell of a notebook in `namespace`, outside the lesson; a traceback names the cell."""
    exec(compile(cell.source, f"{path.name}, cell {cell.id}", "exec"), namespace)


def lent(lesson: int | pathlib.Path, **names) -> dict:
    """Return what a lesson lends to later lessons and tools: {name: value}, from a fresh namespace.

    Its cells `imports` and `settings` run, then `names` come in (other settings, and data such as V), then the cells
    tagged `reuse` run, in order. The caller has called `utils.setup` before. A NameError says which name is missing,
    also one that only a function would need, later.
    """
    path = lesson if isinstance(lesson, pathlib.Path) else next((ROOT / "notebooks").glob(f"{lesson:02}_*.ipynb"))
    cells, namespace = read(path).cells, {"__name__": path.stem, "utils": utils}
    for cell in cells:
        if cell.id in ("imports", "settings"):
            run_cell(cell, path, namespace)
    namespace.update(names)
    reused = [cell for cell in cells if "reuse" in cell.metadata.get("tags", [])]
    for cell in reused:
        try:
            run_cell(cell, path, namespace)
        except NameError as error:
            raise NameError(_not_lent(path, cell, error.name)) from error
    for cell in reused:
        for missing in _looked_up(cell)["later"] - namespace.keys() - vars(builtins).keys():
            raise NameError(_not_lent(path, cell, missing))
    return namespace


def needed_for(cell: nbformat.NotebookNode, cells: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Return a code cell and those before it that gave their values to the names in use, in order: far from all.

    What a cell changes without giving a name a value, such as an item of a list, is not seen.
    """
    code = [each for each in cells[: cells.index(cell) + 1] if each.cell_type == "code"]
    names, last = list(map(_looked_up, code)), len(code) - 1
    found, new = {last}, [last]
    while new:
        place = new.pop()
        uses = [(name, place) for name in names[place]["now"]]
        uses += [(name, end) for name in names[place]["later"] for end in (place + 1, last + 1)]
        givers = {max((i for i in range(end) if name in names[i]["given"]), default=last) for name, end in uses}
        new += givers - found
        found |= givers
    return [code[place] for place in sorted(found)]


def _not_lent(path: pathlib.Path, cell: nbformat.NotebookNode, name: str) -> str:
    return f"{path.name}, cell '{cell.id}': the name {name} is not lent: tag the cell that makes it `reuse`, or pass it"


def _looked_up(cell: nbformat.NotebookNode) -> dict[str, set[str]]:
    """The global names that a cell has `given` a value, that it takes from others `now`, and its functions `later`."""
    code, found = compile(cell.source, cell.id, "exec"), {"given": set(), "now": set()}
    for step in dis.get_instructions(code):
        if step.opname == "STORE_NAME":
            found["given"].add(step.argval)
        elif step.opname in ("LOAD_NAME", "LOAD_GLOBAL") and step.argval not in found["given"]:
            found["now"].add(step.argval)
    return found | {"later": set().union(*map(_globals, _inner(code)))}


def _inner(code: types.CodeType) -> list[types.CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]


def _globals(code: types.CodeType) -> set[str]:
    """The global names that a function, and those in it, will look for."""
    found = {step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"}
    return found.union(*map(_globals, _inner(code)))
