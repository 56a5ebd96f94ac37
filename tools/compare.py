"""Run every lesson again and compare its outputs with the committed ones, as far as the texts at hand allow.

`make test-notebooks`. Where the real texts cannot be had, or with LSTM_OFFLINE=1, the lessons run cut off from the
network with an empty cache: each must come to its end, and leave nothing in the cache. One lesson runs on each core, on
one thread, for these small models use two threads badly; the longest lessons begin. With --with-texts, the lessons that
read no text are left out.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import alone
import corpora
from notebook_files import ROOT, lessons, read

ONE_THREAD = dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"], "1")


def longest_first(paths: list[pathlib.Path]) -> list[pathlib.Path]:
    """Return the lessons by the minutes that their metadata promise: a long one that begins last is waited for."""
    return sorted(paths, key=lambda path: -read(path).metadata.lesson.cpu_minutes)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def options(flag: str, paths: list[pathlib.Path]) -> list[str]:
    """Return the arguments for Python: pytest on these lessons, each in one piece, in this order."""
    settings = ["--nbval-current-env", "--nbval-cell-timeout=600", f"--numprocesses={min(cores(), len(paths))}"]
    settings += ["--dist=loadfile", "--no-loadscope-reorder"]
    return ["-m", "pytest", flag, *settings, *map(str, longest_first(paths))]


def run_cut_off(arguments: list[str]) -> int:
    """Run Python without network and texts, with an empty cache; return its exit status, or 1 for a file left there."""
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | ONE_THREAD | {"LSTM_CACHE_DIR": cache}
        environment.pop("LSTM_CORPUS_DIR", None)
        status = alone.run_alone(*arguments, environment=environment, cwd=ROOT).returncode
        left = [path.name for path in pathlib.Path(cache).rglob("*") if path.is_file()]
    if left:
        print(f"Without network, a lesson left in the cache: {', '.join(left)}", file=sys.stderr)
    return status or int(bool(left))


def main() -> None:
    """Run and compare; the exit status is pytest's."""
    flag = corpora.comparison()
    paths = lessons()
    if "--with-texts" in sys.argv:  # for a second pass: where a lesson reads no text, it would be the first once more
        paths = [path for path in paths if "load_corpus(" in path.read_text(encoding="utf-8")]
    arguments = options(flag, paths)
    if flag == "--nbval-lax" and alone.can_be_alone():
        sys.exit(run_cut_off(arguments))
    if os.environ.get("LSTM_OFFLINE"):
        sys.exit("The network cannot be cut off here: that takes Linux, and the commands unshare and ip.")
    sys.exit(subprocess.run([sys.executable, *arguments], env=os.environ | ONE_THREAD, cwd=ROOT).returncode)


if __name__ == "__main__":
    main()
