"""Compile environment.yml into requirements.lock: exact versions with hashes, one file for every system and Python.

Run by `make lock`. The pins of the present lock are kept where they still fit; `make lock UPGRADE=1` takes the newest.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import yaml

from notebook_files import ROOT

HEADER = """\
# The exact versions that this course is tested with, for Linux, macOS and Windows and Python 3.11 to 3.13.
# Made from environment.yml by `make lock`; do not edit.
"""
UV = [sys.executable, "-m", "uv", "pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes"]
UV += ["--no-header", "--no-emit-index-url", "--no-emit-find-links", "--quiet"]


def direct_dependencies(environment: str) -> list[str]:
    """Return the requirements listed under `pip:` in the text of environment.yml."""
    entries = yaml.safe_load(environment)["dependencies"]
    return next(entry["pip"] for entry in entries if isinstance(entry, dict))


def main() -> None:
    """Write requirements.lock."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions instead of the present pins")
    upgrade = ["--upgrade"] if parser.parse_args().upgrade else []
    lock = ROOT / "requirements.lock"
    requirements = "\n".join(direct_dependencies((ROOT / "environment.yml").read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "environment.txt").write_text(requirements, encoding="utf-8")
        command = [*UV, *upgrade, "--output-file", lock, "environment.txt"]
        done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(
            "requirements.lock was not written: see uv's message above. Without network it cannot look up versions."
        )
    pins = lock.read_text(encoding="utf-8")
    lock.write_text(HEADER + pins.replace("-r environment.txt\n", "environment.yml\n"), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
