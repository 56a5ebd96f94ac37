#!/bin/sh
# Makes .venv, the course's own Python environment, from requirements.lock (`make install`). Says what to do where it cannot.
set -u
cd "$(dirname "$0")/.." || exit 1

fail() {
    printf '\nmake install failed: %s\n' "$1" >&2
    exit 1
}

in_range='import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))'

if ! .venv/bin/python -c "import pip; $in_range" 2>/dev/null; then
    python=
    for candidate in python3 python3.13 python3.12 python3.11 python; do
        if "$candidate" -c "$in_range" >/dev/null 2>&1; then # run it: some are stubs that only complain
            python=$candidate
            break
        fi
    done
    [ -n "$python" ] || fail "no Python 3.11, 3.12 or 3.13 was found.
Cure: install one (https://www.python.org/downloads, or your system's package), or use conda: see README.md."
    printf 'Making .venv with %s (%s)\n' "$("$python" --version)" "$(command -v "$python")"
    mkdir -p .venv 2>/dev/null && touch .venv/.write 2>/dev/null || fail "$(pwd) cannot be written.
Cure: clone the course into a folder of your own; or, if a file called .venv is in the way, remove it."
    rm .venv/.write
    "$python" -m venv --clear .venv || fail "Python could not make a virtual environment.
Cure: on Debian and Ubuntu, sudo apt-get install python3-venv; then run make again."
fi

.venv/bin/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock || fail "pip stopped; the lines above say why.
Cure: without network, connect and run make again (what was downloaded is kept); with a full disk, free 4 GB."
