"""Lesson 11 reads the chorales as music21 does, and writes and reads them in every way without loss."""

import pathlib

import numpy as np
import pytest
from music21 import converter
from nbformat.v4 import new_code_cell

import music
import run_lessons
from notebook_files import ROOT, lent, read, run_cell

LESSON = next((ROOT / "notebooks").glob("11_*.ipynb"))
HARNESS = lent(LESSON)
PATHS = [path for path in sorted(HARNESS["bach_folder"]().glob("bwv*")) if path.suffix in (".mxl", ".xml")]
MOVED = {"original keys": music.keys_back, "transposed at random": music.keys_at_random}


def notes_by_music21(path: pathlib.Path) -> list:
    """(begin, end, pitch, tied) of each note of each part, in eighths."""
    score = converter.parse(path, forceSource=True)
    return [
        [
            (2 * float(note.offset), 2 * float(note.offset + note.quarterLength), note.pitch.midi, goes_on(note))
            for note in part.flatten().notes
            if note.isNote and note.quarterLength
        ]
        for part in score.parts
    ]


def goes_on(note) -> bool:
    return note.tie is not None and note.tie.type in ("stop", "continue")


def notes_by_the_lesson(path: pathlib.Path) -> list:
    parts = HARNESS["read_score"](path).findall("part")
    return [[note[:4] for note in HARNESS["read_part"](part)[0]] for part in parts]


def differ(paths: list[pathlib.Path]) -> list[str]:
    """The names of those for four voices whose notes are not the same."""
    chorales = [path for path in paths if HARNESS["read_piece"](path)]
    return [path.stem for path in chorales if not same(notes_by_music21(path), notes_by_the_lesson(path))]


def same(theirs: list, ours: list) -> bool:
    return len(theirs) == len(ours) and all(
        len(a) == len(b) and np.allclose(np.array(a, float), np.array(b, float), atol=1e-3)
        for a, b in zip(theirs, ours, strict=True)
    )


def test_the_same_notes_as_music21():
    """A dozen of them here."""
    assert differ(PATHS[::36]) == []


@pytest.mark.slow
def test_all_the_same_notes_as_music21():
    """Also bwv366, which is in the folder twice: the lesson keeps it, as its MusicXML holds what music21 reads."""
    assert differ(PATHS) == []


@pytest.fixture(scope="module")
def pieces():
    """Every tenth piece."""
    return HARNESS["read_chorales"]()[::10]


@pytest.mark.parametrize("writing", music.WRITINGS)
def test_each_way_of_writing_can_be_read(pieces, writing):
    """What was written comes back: pitches, beginnings of notes, marks."""
    write, read = music.WRITINGS[writing]
    for piece in pieces:
        keys = MOVED[writing](piece) if writing in MOVED else 0
        wanted = np.where(piece.pitch > 0, piece.pitch + keys, 0)
        again = read("".join(write(piece)))
        np.testing.assert_array_equal(again.pitch, wanted)
        np.testing.assert_array_equal(again.onset[1:], piece.onset[1:])
        assert again.marks == piece.marks


@pytest.mark.parametrize(("sharps", "keys"), [(0, 0), (1, 5), (-1, -5), (2, -2), (3, 3), (-3, -3), (6, 6), (-6, 6)])
def test_pieces_are_moved_to_c(sharps, keys):
    """G major goes up a fourth (or down a fifth), F major down a fourth; by six keys at most."""
    assert HARNESS["to_c"](sharps) == keys


def test_parallels_are_those_of_the_textbooks():
    """Fifths, octaves and unisons that move the same way; not those that stand, nor by contrary motion."""
    parallel = HARNESS["parallel"]
    assert (
        parallel(60, 67, 62, 69) and parallel(67, 60, 69, 62) and parallel(48, 72, 50, 74) and parallel(60, 60, 62, 62)
    )
    assert parallel(48, 67, 50, 69)  # a fifth and an octave
    assert not parallel(60, 67, 60, 67) and not parallel(60, 67, 55, 74) and not parallel(60, 66, 62, 68)
    assert not parallel(60, 64, 62, 66) and not parallel(0, 67, 0, 69)


@pytest.fixture(scope="module")
def stand_ins():
    """The lesson's own pieces, for a music21 that comes without its scores."""
    [cell] = [cell for cell in read(LESSON).cells if cell.id == "own-pieces"]
    namespace = dict(HARNESS)
    run_cell(cell, LESSON, namespace)
    return namespace["own_pieces"]()


def test_without_scores_there_are_none(tmp_path, monkeypatch):
    monkeypatch.setitem(HARNESS, "bach_folder", lambda: tmp_path / "missing")
    assert HARNESS["read_chorales"]() == []


def test_without_music21_there_are_none(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert HARNESS["read_chorales"]() == []


def test_pieces_of_our_own_stand_in(stand_ins):
    """They can be written, read, split and judged as Bach's can."""
    assert len(stand_ins) >= 50
    train, validation, test = HARNESS["three_parts"](HARNESS["tune_groups"](stand_ins))
    assert min(map(len, (validation, test))) >= 5 and len(train) > len(test)
    ranges = HARNESS["ranges_of"](stand_ins)
    for piece in stand_ins[:5]:
        again = HARNESS["piece_of"]("".join(HARNESS["tokens_of"](piece)))
        np.testing.assert_array_equal(again.pitch, piece.pitch)
        found = HARNESS["grade"](again, ranges)
        assert found["chords"] == 100 and found["home"] == 100 and found["phrase"] == 8


@pytest.mark.slow
def test_all_cells_run_without_music21(monkeypatch):
    """The whole lesson, in a kernel that finds no music21."""
    notebook = read(LESSON)
    notebook.cells.insert(0, new_code_cell("import sys\n\nsys.modules['music21'] = None", id="hidden"))
    monkeypatch.setattr(run_lessons, "read", lambda path: notebook)
    done, _ = run_lessons.run(LESSON)
    [told] = [cell for cell in done.cells if cell.id == "back-check"]
    assert told.outputs[0].text.startswith("Note: not the chorales")
