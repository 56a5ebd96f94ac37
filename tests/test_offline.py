"""Where the texts cannot be had, the lessons run without network and with an empty cache (tools/compare.py)."""

import os

import pytest

import alone
import compare
import corpora
import example
from notebook_files import lessons, read, write


@pytest.fixture(scope="module")
def namespaces():
    """Skip where no network namespace can be made, but never in continuous integration."""
    if not alone.can_be_alone():
        pytest.skip("no network namespace can be made here (Linux with unshare and ip can)")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Two tiny lessons, the first in the place of all real ones."""
    paths = lessons(example.course(tmp_path, write))
    monkeypatch.setattr(compare, "lessons", lambda: paths[:1])
    return paths


def replace(path, name, source):
    """Write another source into one cell of a lesson."""
    notebook = read(path)
    next(cell for cell in notebook.cells if cell.id == name).source = source
    write(notebook, path)


def status() -> int:
    """Run tools/compare.py and return its exit status."""
    with pytest.raises(SystemExit) as end:
        compare.main()
    return end.value.code


def test_there_is_no_network(namespaces):
    """The namespace really is cut off: no name is found, no address reached."""
    lookup = "import socket; socket.getaddrinfo('example.org', 80)"
    done = alone.run_alone("-c", lookup, capture_output=True, text=True)
    assert done.returncode == 1 and "gaierror" in done.stderr


def test_a_machine_with_a_network_is_noticed(monkeypatch, namespaces):
    """Nothing runs where the network was not cut off."""
    monkeypatch.setattr(alone, "NO_NETWORK", alone.NO_NETWORK.replace("192.0.2.1", "127.0.0.1"))
    done = alone.run_alone("-c", "print('ran')", capture_output=True, text=True)
    assert done.returncode != 0 and done.stdout == ""


def test_continuous_integration_needs_namespaces(monkeypatch):
    """There the pass without network is never left out."""
    monkeypatch.setattr(alone.shutil, "which", lambda name: None)
    monkeypatch.delenv("CI", raising=False)
    assert not alone.can_be_alone()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(SystemExit, match="no network namespace"):
        alone.can_be_alone()


CUT_OFF = """
import os, socket
assert "LSTM_CORPUS_DIR" not in os.environ and not os.listdir(os.environ["LSTM_CACHE_DIR"])
try:
    socket.create_connection(("192.0.2.1", 80), timeout=5)
except OSError:
    print("no network; and this output differs from the committed one")
else:
    raise SystemExit("a network")
"""


@pytest.mark.slow
def test_lessons_run_cut_off(course, monkeypatch, namespaces, capfd):
    """Asked for, or without texts: no network, no folder of texts, an empty cache, and no comparing of facts."""
    monkeypatch.setenv("LSTM_OFFLINE", "1")
    monkeypatch.setenv("LSTM_CORPUS_DIR", "texts")
    replace(course[0], "sum", CUT_OFF)
    assert status() == 0
    replace(course[0], "sum", "import os, pathlib\npathlib.Path(os.environ['LSTM_CACHE_DIR'], 'left.txt').touch()")
    assert status() == 1
    assert "left in the cache: left.txt" in capfd.readouterr().err


@pytest.mark.slow
def test_outputs_are_compared(course, monkeypatch):
    """With the texts, an output that differs from the committed one fails."""
    monkeypatch.setattr(corpora, "comparison", lambda: "--nbval")
    monkeypatch.delenv("LSTM_OFFLINE", raising=False)
    replace(course[0], "sum", "print(1 + 2)")
    assert status() == 1


def test_what_was_asked_for_is_not_left_out(course, monkeypatch):
    """LSTM_OFFLINE=1 on a system without namespaces is an error, not a run with network."""
    monkeypatch.setenv("LSTM_OFFLINE", "1")
    monkeypatch.setattr(alone, "can_be_alone", lambda: False)
    assert "cannot be cut off" in status()


def test_the_longest_lessons_begin(course, monkeypatch):
    """In the order of their minutes, each in one piece, on no more processes than lessons or cores."""
    notebook = read(course[1])
    notebook.metadata.lesson.cpu_minutes = 4
    write(notebook, course[1])
    for cores, processes in [(1, 1), (16, 2)]:
        monkeypatch.setattr(compare, "cores", lambda cores=cores: cores)
        options = compare.options("--nbval", course)
        assert options[-2:] == [str(course[1]), str(course[0])]
        assert f"--numprocesses={processes}" in options and "--dist=loadfile" in options
    monkeypatch.undo()
    assert 1 <= compare.cores() <= os.cpu_count()


def test_a_second_pass_leaves_out_lessons_without_texts(course, monkeypatch):
    """Those would run as in the first."""
    replace(course[1], "sum", "utils.load_corpus('nietzsche')")
    monkeypatch.setattr(compare, "lessons", lambda: course)
    monkeypatch.setattr(compare.sys, "argv", ["compare.py", "--with-texts"])
    monkeypatch.setattr(corpora, "comparison", lambda: "--nbval-lax")
    monkeypatch.setattr(alone, "can_be_alone", lambda: True)
    monkeypatch.setattr(
        compare, "run_cut_off", lambda arguments: [name for name in arguments if name.endswith(".ipynb")]
    )
    assert status() == [str(course[1])]
