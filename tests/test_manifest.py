"""tools/manifest.py, on the course itself and on a tiny one."""

import json

import pytest

import manifest
import pretrain
import utils
from notebook_files import ROOT


def test_the_manifest_is_up_to_date():
    """Of the assets as they are, and utils.py knows it."""
    assert manifest.update(ROOT, check=True) == [], "run `make manifest`"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course with one text, a figure and a page, which its utils.py does not know yet."""
    for file in ("texts/a.txt", "texts/.hidden", "figures/b.png", "page.html"):
        path = tmp_path / "assets" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file)
    (tmp_path / "utils.py").write_text('A = 1\nMANIFEST = ""  # kept\nB = 2\n')
    for module in (manifest, pretrain):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    return tmp_path


def sums(course) -> dict:
    return json.loads((course / "assets" / "manifest.json").read_text())


def test_what_lessons_load_is_listed(course):
    """Folders of assets but figures; utils.py changes in one line."""
    assert manifest.update(course) == [course / "assets" / "manifest.json", course / "utils.py"]
    assert sums(course) == {"texts/a.txt": manifest.sha256(b"texts/a.txt")}
    line = f'MANIFEST = "{manifest.sha256((course / "assets" / "manifest.json").read_bytes())}"  # kept'
    assert (course / "utils.py").read_text() == f"A = 1\n{line}\nB = 2\n"
    assert manifest.update(course) == []


@pytest.mark.parametrize("file", ["assets/texts/a.txt", "assets/texts/new.txt", "assets/manifest.json", "utils.py"])
def test_a_check_names_what_is_stale_and_writes_nothing(course, monkeypatch, capsys, file):
    """A changed or a new text, a manifest or a helper changed by hand: exit status 1; writing mends it."""
    manifest.update(course)
    (course / file).write_text('MANIFEST = "another"\n')
    before = {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}
    monkeypatch.setattr("sys.argv", ["manifest.py", "--check"])
    with pytest.raises(SystemExit) as end:
        manifest.main()
    assert end.value.code == 1 and "differs, run `make manifest`" in capsys.readouterr().out
    assert before == {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}
    for argv in (["manifest.py"], ["manifest.py", "--check"]):
        monkeypatch.setattr("sys.argv", argv)
        with pytest.raises(SystemExit) as end:
            manifest.main()
        assert end.value.code == 0


def test_a_trained_model_is_listed(course, monkeypatch):
    """What pretrain saves can be loaded in the same process."""
    monkeypatch.setattr(pretrain, "MODELS", course / "assets" / "models")
    monkeypatch.setattr(utils, "__file__", str(course / "utils.py"))
    monkeypatch.setattr(utils, "MANIFEST", "")
    pretrain.save("tiny", None, {"title": "人"})
    assert list(sums(course)) == ["models/tiny.json", "texts/a.txt"]
    assert utils.load_card("tiny") == {"name": "tiny", "title": "人"}
