"""Run Python where there is no network: in a network namespace of its own (Linux), in which nothing can be reached."""

import os
import shutil
import subprocess
import sys

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


def run_alone(*arguments: str, environment: dict | None = None, **settings) -> subprocess.CompletedProcess:
    """Run Python with these arguments, in this environment, without network, after a look that there is none."""
    environment = {**(os.environ if environment is None else environment), "NO_NETWORK": NO_NETWORK}
    return subprocess.run([*ALONE, "sh", "-c", SCRIPT, sys.executable, *arguments], env=environment, **settings)


def can_be_alone() -> bool:
    """Say whether a namespace can be made here. In continuous integration it must: SystemExit says what to do."""
    possible = shutil.which("unshare") and shutil.which("ip") and run_alone("-c", "", capture_output=True)
    possible = bool(possible) and possible.returncode == 0
    if not possible and os.environ.get("CI") == "true":
        sys.exit("no network namespace can be made: .ci/run says what is needed")
    return possible
