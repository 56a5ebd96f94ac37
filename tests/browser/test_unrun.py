"""A lesson that is only opened: its widgets show a picture of themselves, in JupyterLab and as a page of HTML."""

import re
import subprocess
import sys

from playwright.sync_api import expect

import utils
from notebook_files import ROOT

LESSON = "02_temperature.ipynb"
SLIDER = "temperature ━━━━━━━━━━━━●──────── 1"
SENTENCE = "At T = 1 the likeliest character, a, has the probability 0.800; 3 of 3 can be drawn."


def test_jupyterlab_shows_the_picture(lab, browser):
    """In a notebook that is not trusted and has not run: slider, bars, sentence, and what to do."""
    page = browser.new_page(viewport={"width": 1000, "height": 1000})
    page.goto(lab.url)
    cell = page.locator(".jp-Notebook .jp-Cell").nth(lab.cells.index("explorer-widget"))
    output = cell.locator(".jp-OutputArea")
    expect(output).to_contain_text(re.compile(SLIDER.replace(" ", r"\s+")))
    expect(output).to_contain_text(SENTENCE)
    expect(output).to_contain_text(utils.PICTURE_NOTE)
    expect(output).not_to_contain_text("VBox(children")
    expect(output.locator("td span").first).to_have_css("width", "96px")  # the sanitiser has left the bars their width
    page.close()


def test_a_page_of_html_shows_the_picture(tmp_path):
    """As on GitHub, in a printout or on a site."""
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--output-dir", tmp_path, ROOT / "notebooks" / LESSON]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / LESSON).with_suffix(".html").read_text(encoding="utf-8")
    words = re.sub(r"\s+", " ", re.sub("<[^>]*>", "", page))
    assert SLIDER in words and SENTENCE in words and words.count(utils.PICTURE_NOTE) == 4
    assert "VBox(children" not in words
