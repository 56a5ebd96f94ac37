"""Every lesson runs to its end without network, without the corpora and with an empty cache.

Each runs in a network namespace of its own (Linux), in which first nothing at all can be reached. Two run side
by side; the Makefile gives each one thread.
"""

import concurrent.futures
import os
import shutil
import subprocess
import sys

import pytest

from notebook_files import ROOT, lessons

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
ALONE = ["unshare", "--net"] if AS_ROOT else ["unshare", "--user", "--map-root-user", "--net"]

# Jupyter talks to its kernels over the loopback device, which a new namespace has switched off.
SCRIPT = 'ip link set lo up && "$0" -c "$NO_NETWORK" && exec "$0" "$@"'
NO_NETWORK = """
import errno, socket
try:
    socket.create_connection(("192.0.2.1", 80), timeout=5)
except OSError as error:
    assert error.errno == errno.ENETUNREACH, error
else:
    raise SystemExit("there is a network")
"""


def run_alone(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Run Python with these arguments where there is no network."""
    environment = {**os.environ, "NO_NETWORK": NO_NETWORK, **environment}
    environment.pop("LSTM_CORPUS_DIR", None)
    command = [*ALONE, "sh", "-c", SCRIPT, sys.executable, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def namespaces():
    """Skip where no namespace can be made, but never in continuous integration."""
    possible = shutil.which("unshare") and shutil.which("ip") and run_alone("-c", "").returncode == 0
    if not possible and os.environ.get("CI") == "true":
        pytest.fail("no network namespace can be made: .ci/run says what is needed")
    if not possible:
        pytest.skip("no network namespace can be made here (Linux with unshare and ip can)")


def test_there_is_no_network(namespaces):
    """The namespace really is cut off: no name is found, no address reached."""
    lookup = "import socket; socket.getaddrinfo('example.org', 80)"
    done = run_alone("-c", lookup)
    assert done.returncode == 1 and "gaierror" in done.stderr


@pytest.fixture(scope="module")
def runs(namespaces, tmp_path_factory):
    """All lessons, running: {path: (a future of the run, its cache)}."""

    def run(path, cache):
        script = str(ROOT / "tools" / "run_lessons.py")
        return run_alone(script, "--lesson", path.stem, LSTM_CACHE_DIR=str(cache))

    caches = {path: tmp_path_factory.mktemp(path.stem) for path in lessons()}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        yield {path: (pool.submit(run, path, cache), cache) for path, cache in caches.items()}


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_lesson_runs_without_network(path, runs):
    """A classroom without network loses the real texts, not the lesson."""
    run, cache = runs[path]
    done = run.result()
    assert done.returncode == 0, done.stdout + done.stderr
    assert [file for file in cache.rglob("*") if file.is_file()] == []
