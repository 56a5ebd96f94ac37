"""The samples that README.md and the lessons quote are what the pretrained models write."""

import subprocess
import sys

import pytest

import quotes
from notebook_files import ROOT, lessons, read

QUOTED = """<!-- sample: nietzsche, temperature 0.5, seed 0, 9 characters after "the " -->
```text
old
```
"""


def test_quotations_are_what_the_models_write():
    """A model trained again, or a change to generate, must not leave an old text on the front page."""
    done = subprocess.run([sys.executable, ROOT / "tools" / "quotes.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_quotation_is_read():
    """A comment that is not written as the tool expects would never be checked; the front page has one, at least."""
    texts = {path.name: "\n".join(cell.source for cell in read(path).cells) for path in lessons()}
    texts["README.md"] = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, text in texts.items():
        assert len(quotes.QUOTATION.findall(text)) == text.count("<!-- sample"), name
    assert "<!-- sample" in texts["README.md"]


def test_check_fails_and_writes_nothing(tmp_path, monkeypatch, capsys):
    """The exit status tells whether a quotation is old; without --check it is renewed."""
    readme = tmp_path / "README.md"
    readme.write_text(QUOTED, encoding="utf-8")
    monkeypatch.setattr(quotes, "ROOT", tmp_path)
    monkeypatch.setattr(quotes, "lessons", lambda: [])
    monkeypatch.setattr(quotes, "written", lambda match: match[1] + "new" + match["end"])

    def status(*arguments):
        monkeypatch.setattr(sys, "argv", ["quotes.py", *arguments])
        with pytest.raises(SystemExit) as end:
            quotes.main()
        return int(end.value.code)

    assert status("--check") == 1
    assert readme.read_text(encoding="utf-8") == QUOTED
    assert "README.md: its quotation is not what the model writes" in capsys.readouterr().out
    assert status() == 0
    assert readme.read_text(encoding="utf-8") == QUOTED.replace("old", "new")
    assert status("--check") == 0
