"""The samples that README.md and the lessons quote are what the pretrained models write."""

import subprocess
import sys

from notebook_files import ROOT


def test_quotations_are_what_the_models_write():
    """A model trained again, or a change to generate, must not leave an old text on the front page."""
    done = subprocess.run([sys.executable, ROOT / "tools" / "quotes.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_quotations():
    """The front page and these openings hold them, so that the check above has something to check."""
    quotations = {"README.md": 1, "00_start_here.ipynb": 1, "02_temperature.ipynb": 2}
    quotations |= {"03_chinese_characters.ipynb": 1, "04_nietzsche.ipynb": 1, "05_shakespeare.ipynb": 1}
    quotations |= {"06_better_models.ipynb": 1, "07_evaluation.ipynb": 1}
    for file, count in quotations.items():
        path = ROOT / file if file == "README.md" else ROOT / "notebooks" / file
        assert path.read_text(encoding="utf-8").count("<!-- sample: ") == count, file
