"""Find, read and write the notebooks, always in the same format, so that a change shows only what changed."""

import pathlib

import nbformat

ROOT = pathlib.Path(__file__).resolve().parent.parent


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
