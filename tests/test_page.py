"""tools/page.py and its template: the committed page is up to date and small, and says what its rounding costs."""

import base64
import json
import re
import sys
import zlib

import numpy as np
import pytest

import page
import utils

TEMPLATE = page.TEMPLATE.read_text(encoding="utf-8")
COMMITTED = page.PAGE.read_text(encoding="utf-8")
FACTS = json.loads(page.FACTS.search(COMMITTED)[0])


@pytest.fixture(scope="module")
def built():
    return page.built(COMMITTED, measure=lambda name: pytest.fail(f"the weights of {name} are new: run `make page`"))


def test_the_page_is_up_to_date(built):
    """Of template, models and scoreboard as they are."""
    assert built == COMMITTED, "run `make page`"


def test_the_page_is_small():
    assert len(COMMITTED.encode()) < 4_000_000


def test_the_page_fetches_nothing():
    """It could not: its own policy forbids it, and it names no address but the course's."""
    assert "default-src 'none'" in TEMPLATE
    addresses = re.findall(r"https?://[^\s\"'<>]+", COMMITTED)
    assert addresses == [f"https://github.com/{utils.REPOSITORY}"]


@pytest.mark.parametrize("name", page.MODELS)
def test_the_rounding_costs_little(name):
    """What stands on the page is at most what is allowed, and lies in its own range."""
    low, high = FACTS[name]["range"]
    assert low <= FACTS[name]["cost"] <= high and FACTS[name]["cost"] <= page.MOST


@pytest.mark.slow
@pytest.mark.parametrize("name", page.MODELS)
def test_the_cost_is_what_is_measured(name):
    """Again, where the real texts can be had."""
    try:
        measured = page.cost(name)
    except SystemExit:
        pytest.skip("this needs the real texts")
    assert measured["cost"] == pytest.approx(FACTS[name]["cost"], abs=0.0001)


@pytest.mark.parametrize("name", page.MODELS)
def test_rounding(name):
    """Three decimals of a matrix stay, and all of a bias."""
    weights = utils.load_pretrained(name)[0].get_weights()
    for old, new in zip(weights, page.on_the_page(weights), strict=True):
        np.testing.assert_allclose(new, old, rtol=0, atol=0 if old.ndim == 1 else 0.000501)


@pytest.mark.parametrize("size", range(2, 20, 2))
def test_numbers_are_packed_without_loss(size):
    """Whatever is left over after the last group of four bytes. Of a damaged text nothing is left."""
    numbers = bytes(range(100, 100 + size))
    text = page.packed(numbers)
    assert page.unpacked(text) == numbers and page.unpacked(text[:-3]) == b""


def test_another_packing_of_the_same_numbers_stays(built):
    """As that of another zlib; a damaged one does not."""
    text = dict(page.WEIGHTS.findall(built))["tang"]
    other = base64.a85encode(zlib.compress(zlib.decompress(base64.a85decode(text)))).decode()
    repacked = built.replace(text, other)
    assert page.built(repacked) == repacked != built
    assert page.built(built.replace(text, text[:-10])) == built


def test_new_weights_are_measured_and_old_ones_not(built):
    """A cost is kept as long as the numbers are those that it was measured on."""
    asked = []

    def measure(name):
        asked.append(name)
        return {"cost": 0.002, "range": [0.001, 0.003]}

    other = COMMITTED.replace(str(FACTS["tang"]["checksum"]), "1")
    assert page.built(other, measure) == built.replace(
        f'"cost": {FACTS["tang"]["cost"]}, "range": {json.dumps(FACTS["tang"]["range"])}',
        '"cost": 0.002, "range": [0.001, 0.003]',
    )
    assert asked == ["tang"]


def test_check_names_a_stale_page(tmp_path, monkeypatch):
    """Exit status 1, and nothing is written."""
    stale = tmp_path / "playground.html"
    stale.write_text(COMMITTED.replace("<title>", "<title>Old "), encoding="utf-8")
    monkeypatch.setattr(page, "PAGE", stale)
    monkeypatch.setattr(sys, "argv", ["page.py", "--check"])
    with pytest.raises(SystemExit, match="playground.html is stale: run `make page`"):
        page.main()
    assert "<title>Old " in stale.read_text(encoding="utf-8")


def words() -> dict[str, list[str]]:
    """Names and sentences of the page's dictionary: each name with the two strings behind it."""
    found = re.search(r"^const WORDS = \{\n(.*?)^\};", TEMPLATE, re.MULTILINE | re.DOTALL)[1]
    entries = re.findall(r"^  (\w+): \[(.*?)\],$", found, re.MULTILINE | re.DOTALL)
    return {name: re.findall(r'"((?:[^"\\]|\\.)*)"', strings) for name, strings in entries}


def test_both_languages_say_the_same():
    """Each sentence is there twice, with the same gaps; each that is asked for exists, and each that exists is used."""
    for name, sentences in words().items():
        english, chinese = (sorted(re.findall(r"\{\w+\}", sentence)) for sentence in sentences)
        assert english == chinese, name
    used = set(re.findall(r'data-words="(\w+)"', TEMPLATE)) | set(re.findall(r'\bsay\("(\w+)"', TEMPLATE))
    assert used <= words().keys()
    by_name = {*page.MODELS, "word_start", "word_inside", "line_start", "line_inside"}
    idle = {name for name in words() if not re.search(rf'"{name}"|WORDS\.{name}\b', TEMPLATE)}
    assert idle <= by_name <= words().keys()
