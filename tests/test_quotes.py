"""The samples that README.md and the lessons quote are what the pretrained models write."""

import subprocess
import sys

from notebook_files import ROOT


def test_quotations_are_what_the_models_write():
    """A model trained again, or a change to generate, must not leave an old text on the front page."""
    done = subprocess.run([sys.executable, ROOT / "tools" / "quotes.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_quotations():
    """The front page and both openings hold one, so that the check above has something to check."""
    for file in ("README.md", "notebooks/00_start_here.ipynb", "notebooks/04_nietzsche.ipynb"):
        assert (ROOT / file).read_text(encoding="utf-8").count("<!-- sample: ") == 1, file
