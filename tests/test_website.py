"""tools/website.py: links lead through the site, pictures and folds are kept, and a dead link is found."""

import re

import pytest

import badges
import utils
import website
from notebook_files import ROOT, lessons, read, widgets

SITE = badges.website(utils.REPOSITORY)
FILES = f"https://github.com/{utils.REPOSITORY}/blob/{utils.REF}/"


@pytest.mark.parametrize(
    ("folder", "link", "leads_to"),
    [
        ("", "notebooks/04_nietzsche.ipynb", "notebooks/04_nietzsche.html"),
        ("", "assets/figures/slider.png", "assets/figures/slider.png"),
        ("", "assets/playground.html", "playground.html"),
        ("", "assets/models/scoreboard.json", f"{FILES}assets/models/scoreboard.json"),
        ("", "CONTRIBUTING.md#test", f"{FILES}CONTRIBUTING.md#test"),
        ("", SITE, "index.html"),
        ("", "#lessons", "#lessons"),
        ("notebooks", "05_shakespeare.ipynb#wrong", "../notebooks/05_shakespeare.html#wrong"),
        ("notebooks", "../README.md", "../index.html"),
        ("notebooks", f"{SITE}playground.html", "../playground.html"),
        ("notebooks", f"https://github.com/{utils.REPOSITORY}#lessons", "../index.html#Lessons"),
        ("notebooks", "https://example.org/a.ipynb", "https://example.org/a.ipynb"),
    ],
)
def test_links(folder, link, leads_to):
    """What is on the site is linked on it; other files are linked where they are."""
    assert website.online(link, folder) == leads_to


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The whole site."""
    folder = tmp_path_factory.mktemp("site")
    website.write(folder)
    return folder


@pytest.mark.slow
def test_no_link_is_dead(site):
    assert website.dead_links(site) == []


@pytest.mark.slow
def test_lessons_are_whole(site):
    """All code, outputs, Chinese and pictures; navigation above and below; folded cells folded."""
    for path in lessons():
        notebook, page = read(path), (site / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
        cells = [f"cell-id={cell.id}" for cell in notebook.cells]
        found = re.findall(r'id="(cell-id=[^"]+)"', page)
        assert found == [*cells, "cell-id=navigation-again"]
        folded = [cell for cell in notebook.cells if cell.metadata.get("jupyter", {}).get("source_hidden")]
        assert page.count("<summary>Folded code</summary>") == len(folded)
        pictures = sum(
            "image/png" in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])
        )
        assert page.count("data:image/png;base64") >= pictures
        assert utils.PICTURE_NOTE not in page
        if widgets(notebook.cells):
            assert "This is a picture." in page and page.count('href="../playground.html"') >= 3
        assert f"<title>{badges.title(notebook, path.name)}</title>" in page
        for character in set(re.findall("[\u4e00-\u9fff]", "".join(cell.source for cell in notebook.cells))):
            assert character in page


@pytest.mark.slow
def test_the_front_page_leads_everywhere(site):
    """To each lesson, and to the page that needs no kernel, which is the committed one."""
    page = (site / "index.html").read_text(encoding="utf-8")
    assert [path.stem for path in lessons() if f'href="notebooks/{path.stem}.html"' not in page] == []
    assert 'href="playground.html"' in page and 'src="assets/figures/slider.png"' in page
    assert (site / "playground.html").read_bytes() == (ROOT / badges.PAGE).read_bytes()


@pytest.mark.slow
def test_the_front_page_lists_all_headings(site):
    """Each heading of each lesson, as a link into the lesson; that none of them is dead is tested above."""
    page = (site / "index.html").read_text(encoding="utf-8")
    for path in lessons():
        lesson = (site / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
        places = re.findall(r'<h\d id="([^"]+)"', lesson)
        assert len(places) == len(re.findall(r"<h\d", lesson)) > 10
        assert [place for place in places if f'href="notebooks/{path.stem}.html#{place}"' not in page] == []


@pytest.mark.parametrize(
    "link", ["b.html", "a.html#no", "#no", f"{FILES}no.md", "http://example.org", "x/../b.html", "javascript:1"]
)
def test_a_dead_link_is_found(tmp_path, link):
    """A missing page, place or file, and an address without encryption."""
    page = '<h1 id="yes">A</h1><a href="a.html#yes">1</a><a href="#yes">2</a><a href="https://example.org">3</a>'
    (tmp_path / "a.html").write_text(f'{page}<a href="{FILES}README.md">4</a>', encoding="utf-8")
    assert website.dead_links(tmp_path) == []
    (tmp_path / "a.html").write_text(f'{page}<img src="{link}">', encoding="utf-8")
    assert website.dead_links(tmp_path) == [f"a.html: {link}"]
