"""Run the lessons in order, each in a fresh kernel, with a line of progress each; stop at the first cell that fails.

`make run`, `make run LESSON=04` for one, `make run SAVE=1` to write the outputs into the notebooks.
"""

import argparse
import pathlib
import re
import sys
import time

from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError
from nbformat import NotebookNode

from notebook_files import lessons, read, write

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
CELL_TIMEOUT = 600  # seconds
VIEW = "application/vnd.jupyter.widget-view+json"
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def peak_memory(client: NotebookClient) -> str:
    """Return the kernel's peak memory, `1.9 GB`, or nothing where the system does not tell (Linux does)."""
    status = pathlib.Path(f"/proc/{client.km.provisioner.pid}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return f"{int(found[1]) / 1e6:.1f} GB" if found else ""


def run(path: pathlib.Path) -> tuple[NotebookNode, str]:
    """Execute a notebook; return it with its outputs, and its peak memory. RuntimeError names a cell that fails."""
    notebook = read(path)
    notebook.metadata.kernelspec = KERNEL
    notebook.metadata.pop("widgets", None)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        resources={"metadata": {"path": path.parent}},
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],  # no remarks of the kernel itself between the lines of progress
    )
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            try:
                client.execute_cell(cell, index, execution_count=client.code_cells_executed + 1)
            except (
                CellControlSignal,
                DeadKernelError,
            ) as error:  # an exception in the cell, too slow, or out of memory
                last_lines = COLOURS.sub("", str(error)).strip().splitlines()[-8:]
                raise RuntimeError("\n".join([f"{path.name}, cell {cell.id!r}:", *last_lines])) from error
        memory = peak_memory(client)
        client.set_widgets_metadata()
    notebook.metadata.language_info = {"name": "python"}
    return notebook, memory


def without_live_widgets(notebook: NotebookNode) -> NotebookNode:
    """Drop what only a running kernel can show, under names that are new in every run; the widgets' pictures stay."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(VIEW, None)
    return notebook


def run_with_progress(path: pathlib.Path) -> NotebookNode:
    """Execute a notebook as `run` does, with a line that tells its name, seconds and memory; return it."""
    print(f"{path.stem} … ", end="", flush=True)
    start = time.perf_counter()
    try:
        notebook, memory = run(path)
    except RuntimeError:
        print(f"failed after {time.perf_counter() - start:.0f} s", flush=True)
        raise
    print(", ".join(filter(None, [f"{time.perf_counter() - start:.0f} s", memory])), flush=True)
    return notebook


def chosen(beginning: str) -> list[pathlib.Path]:
    """Return the lessons whose file names begin so, or exit where there is none."""
    paths = [path for path in lessons() if path.name.startswith(beginning)]
    if not paths:
        sys.exit(f"No lesson begins with {beginning!r}. There are: {', '.join(path.stem for path in lessons())}")
    return paths


def main() -> None:
    """Run all lessons, or one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lesson", default="", help="only the lesson whose file name begins so, for example 04")
    parser.add_argument("--save", action="store_true", help="write the outputs into the notebooks")
    options = parser.parse_args()
    sys.stdout.reconfigure(errors="replace")  # a terminal that is not UTF-8 shows "?" for "…"
    for path in chosen(options.lesson):
        try:
            notebook = run_with_progress(path)
        except RuntimeError as error:
            sys.exit(str(error))
        if options.save:
            write(without_live_widgets(notebook), path)


if __name__ == "__main__":
    main()
