"""The scoreboard is what its command measures, and the command notices what is not."""

import contextlib
import io
import json
import subprocess
import sys

import pytest

import recipes
import scoreboard
from notebook_files import ROOT

BOARDS = json.loads(scoreboard.BOARD.read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_command_agrees_with_what_is_committed():
    """All models and opponents are measured again, where the real texts can be had."""
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            for name in scoreboard.TITLES:
                recipes.read(name)
        except SystemExit:
            pytest.skip("the scoreboard needs the real texts")
    command = [sys.executable, ROOT / "tools" / "scoreboard.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_differs_from_itself():
    assert scoreboard.differences(BOARDS, BOARDS, README) == []


def test_a_number_that_has_moved_is_named():
    """Bits count, and seconds do not: they are another machine's."""
    moved = json.loads(json.dumps(BOARDS))
    moved["tang"][0]["seconds"] += 100
    assert scoreboard.differences(moved, BOARDS, README) == []
    moved["tang"][0]["bits_per_character"] += 0.01
    name = moved["tang"][0]["name"]
    assert len(scoreboard.differences(moved, BOARDS, README)) == 1
    assert f"tang: {name} has" in scoreboard.differences(moved, BOARDS, README)[0]


def test_an_interval_that_has_moved_is_named():
    moved = json.loads(json.dumps(BOARDS))
    network = next(row for row in moved["nietzsche"] if "ahead" in row)
    network["ahead"][0] -= 0.01
    (said,) = scoreboard.differences(moved, BOARDS, README)
    assert said.startswith(f"nietzsche: {network['name']} has")


def test_check_fails_and_writes_nothing(monkeypatch):
    """The exit status tells whether a number has moved."""
    files = [scoreboard.BOARD, scoreboard.PICTURE, ROOT / "README.md"]
    before = [path.read_bytes() for path in files]
    moved = json.loads(json.dumps(BOARDS))
    moved["tang"][0]["bits_per_character"] += 0.01
    monkeypatch.setattr(scoreboard, "lesson", dict)
    monkeypatch.setattr(sys, "argv", ["scoreboard.py", "--check"])
    for boards, fails in [(BOARDS, False), (moved, True)]:
        monkeypatch.setattr(scoreboard, "measured", lambda measure, boards=boards: boards)
        with pytest.raises(SystemExit) as end:
            scoreboard.main()
        assert bool(end.value.code) == fails
    assert [path.read_bytes() for path in files] == before


def test_a_row_that_is_missing_is_named():
    fewer = BOARDS | {"nietzsche": BOARDS["nietzsche"][1:]}
    assert scoreboard.differences(fewer, BOARDS, README) == [
        f"nietzsche: {BOARDS['nietzsche'][0]['name']} is in one of them only"
    ]


def test_an_old_table_and_an_old_picture_are_noticed():
    """The README shows the numbers that are in the file."""
    other = json.loads(json.dumps(BOARDS))
    other["shakespeare"][0]["bits_per_character"] += 0.001
    assert scoreboard.differences(other, other, README) == [
        "the table in README.md is not that of the scoreboard",
        "the picture is not that of the scoreboard",
    ]


def test_the_table_holds_the_best_of_both_sides():
    """A line for each text: no network of a lesson and no n-gram model is better than the ones named."""
    lines = scoreboard.table(BOARDS).splitlines()[2:]
    assert len(lines) == len(BOARDS)
    for line, (corpus, rows) in zip(lines, BOARDS.items()):
        title, network, bits, opponent, limit, lead, both = line.strip("| ").split(" | ")
        score = {row["name"]: row["bits_per_character"] for row in rows}
        assert title == scoreboard.TITLES[corpus]
        assert [f"{score[name]:.3f}" for name in (network, opponent, "both together")] == [bits, limit, both]
        low, high = next(row["ahead"] for row in rows if row["name"] == network)
        assert lead == f"{score[opponent] - score[network]:.3f} ({low:.3f} to {high:.3f})" and low < high
        assert float(bits) == min(value for name, value in score.items() if name.startswith("lesson"))
        assert float(limit) == min(value for name, value in score.items() if name.endswith("-gram"))
