"""The recorded runs of lesson 11: other sizes and seeds of its network, and other ways of writing the chorales.

The lesson's own cells run here, several side by side with one thread each. What is recorded is numbers alone: neither
the chorales nor weights trained on them belong into this repository.
"""

import functools
import re
import sys
import zlib

import numpy as np

from notebook_files import lent, utils
from recipes import keras
from sequences import pool

SIZES, LONG = [(256, 0), (192, 0), (192, 1), (48, 0)], 20  # units and seed, and epochs: longer than in the lesson
UNITS, EPOCHS, SEEDS = 128, 12, (0, 1)  # of the ways of writing
AHEAD = 2  # frames by which the tune runs ahead in one of them
SAMPLES, TEMPERATURE = 12, 0.8


@functools.cache
def lesson() -> dict:
    """What the lesson lends."""
    return lent(11)


def frames_of(piece) -> list[list[str]]:
    """The tokens of each frame as the lesson writes them: mark, soprano, alto, tenor, bass."""
    return [[mark, *cells] for mark, cells in zip(piece.marks, lesson()["cells_of"](piece), strict=True)]


def joined(rows: list[list[str]]) -> list[str]:
    """Frames as a text."""
    return [*(token for row in rows for token in row), lesson()["END"]]


def bass_second(piece) -> list[str]:
    return joined([[mark, soprano, bass, alto, tenor] for mark, soprano, alto, tenor, bass in frames_of(piece)])


def ties(piece) -> list[str]:
    """A voice that goes on sounding repeats its name, with a ~."""
    name = lesson()["name_of"]
    return joined(
        [
            [mark, *(name(pitch) + "~" * (cell == "_") for cell, pitch in zip(cells, pitches, strict=True))]
            for (mark, *cells), pitches in zip(frames_of(piece), piece.pitch, strict=True)
        ]
    )


def intervals(piece) -> list[str]:
    """After the soprano the bass as its distance below, then alto and tenor as their distances above the bass."""
    rows = []
    for (mark, *cells), (soprano, alto, tenor, bass) in zip(frames_of(piece), piece.pitch.tolist(), strict=True):
        row = [mark, cells[0]]
        for cell, pitch, base in zip(cells[3:] + cells[1:3], (bass, alto, tenor), (soprano, bass, bass), strict=True):
            row.append(cell if cell in ("_", "r") or not base else f"{pitch - base:+d}")
        rows.append(row)
    return joined(rows)


def keys_back(piece) -> int:
    """By how many semitones a piece is moved into its original key."""
    return -lesson()["to_c"](piece.sharps)


def keys_at_random(piece) -> int:
    """By how many a piece is moved to any key, the same in every run: -5 to 6."""
    return zlib.crc32(piece.name.encode()) % 12 - 5


def moved(piece, keys: int) -> list[str]:
    return lesson()["tokens_of"](piece._replace(pitch=np.where(piece.pitch > 0, piece.pitch + keys, 0)))


def tune_ahead(piece) -> list[str]:
    """The soprano runs ahead of mark and other voices; frames without these begin the piece."""
    rows = [[".", "=", "=", "=", "="] for _ in range(AHEAD)] + frames_of(piece)
    tune = [row[1] for row in rows[AHEAD:]] + ["="] * AHEAD
    return joined([[mark, soprano, *rest] for (mark, _, *rest), soprano in zip(rows, tune, strict=True)])


def plain(text: str):
    return lesson()["piece_of"](text)


def rows_of(text: str, *cells: str) -> list[tuple[str, ...]]:
    """The frames in a text up to its first line end: a mark, and what fits the pattern of each of four cells."""
    return re.findall(r"([|:.]\^?)" + "".join(f"({cell})" for cell in cells), text.split(lesson()["END"])[0])


def read_bass_second(text: str):
    return plain(lesson()["FRAME"].sub(r"\1\2\4\5\3", text))


def read_ties(text: str):
    """A note that is tied to another pitch begins anew."""
    rows, now = [], [""] * 4
    for mark, *cells in rows_of(text, *["(?:[A-G][#b]?[0-9]|r)~?"] * 4):
        rows.append(mark)
        for voice, cell in enumerate(cells):
            rows.append("_" if cell == f"{now[voice]}~" else cell.rstrip("~"))
            now[voice] = cell.rstrip("~")
    return plain("".join(rows))


def read_intervals(text: str):
    """Distances that lead out of the range of the lesson's pitches end the piece."""
    cell, rows, now = lesson()["CELL"][1:-1], [], [0] * 4  # soprano, bass, alto, tenor
    for mark, *cells in rows_of(text, cell, *[f"[+-][0-9]+|{cell}"] * 3):
        row = []
        for place, (cell, base) in enumerate(zip(cells, (None, 0, 1, 1), strict=True)):
            if cell[0] in "+-":
                now[place] = now[base] + int(cell)
                cell = lesson()["name_of"](now[place])
            elif cell != "_":
                now[place] = lesson()["PITCH"][cell]
            row.append(cell)
        if not all(token == "_" or token in lesson()["PITCH"] for token in row):
            break
        rows += [mark, row[0], row[2], row[3], row[1]]
    return plain("".join(rows))


def read_tune_ahead(text: str):
    """What the tune has run ahead is put back."""
    rows = rows_of(text, *[f"{lesson()['CELL'][1:-1]}|="] * 4)
    pairs = zip(rows[AHEAD:], rows, strict=False)
    return plain("".join(mark + early[1] + "".join(rest) for (mark, _, *rest), early in pairs))


WRITINGS = {
    "as in the lesson": (lambda piece: lesson()["tokens_of"](piece), plain),
    "bass before the inner voices": (bass_second, read_bass_second),
    "ties": (ties, read_ties),
    "intervals above the bass": (intervals, read_intervals),
    "original keys": (lambda piece: moved(piece, keys_back(piece)), plain),
    "transposed at random": (lambda piece: moved(piece, keys_at_random(piece)), plain),
    "the tune a beat ahead": (tune_ahead, read_tune_ahead),
}


@functools.cache
def parts() -> list:
    """The pieces of training, validation and test, as in the lesson."""
    pieces = lesson()["read_chorales"]()
    return [[pieces[i] for i in part] for part in lesson()["three_parts"](lesson()["tune_groups"](pieces))]


def run(writing: str, units: int, epochs: int, seed: int) -> dict:
    """Train, and measure on the test part what all tokens and those of the lower voices cost, and what it writes."""
    harness, (write, read) = lesson(), WRITINGS[writing]
    train, _, test = parts()
    texts, judged = list(map(write, train)), list(map(write, test))
    vocabulary = utils.Vocabulary(sorted({token for piece in sum(parts(), []) for token in write(piece)}))
    stream = harness["stream"](vocabulary, texts)
    weights = harness["train_music"](stream, len(vocabulary), epochs=epochs, units=units, seed=seed)
    model = harness["music_model"](len(vocabulary), units)
    model.set_weights(weights[epochs])
    bits, beats = harness["bits_of"](model, vocabulary, judged), sum(map(harness["beats_of"], test))
    below = sum(harness["by_place"](each)[2:].sum() for each in bits)
    openings, ranges = harness["openings_of"](texts), harness["ranges_of"](train)
    made = harness["compose"](model, vocabulary, openings, SAMPLES, TEMPERATURE, read)
    grades = [harness["grade"](piece, ranges) for piece in made]
    facts = {"bits": sum(map(np.sum, bits)) / beats, "bits below the tune": below / beats}
    facts |= {rule: np.nanmean([grade[rule] for grade in grades]) for rule in grades[0]}
    facts = {name: round(float(value), 3) for name, value in facts.items()}
    found = {"writing": writing, "units": units, "epochs": epochs, "seed": seed, "pieces": len(made)} | facts
    print(f"  {found}", file=sys.stderr, flush=True)
    return found


def record() -> dict:
    """All runs, as a card."""
    keras.utils.set_random_seed(0)
    with pool() as workers:
        sizes = [workers.submit(run, "as in the lesson", units, LONG, seed) for units, seed in SIZES]
        writings = [workers.submit(run, writing, UNITS, EPOCHS, seed) for writing in WRITINGS for seed in SEEDS]
        return {"sizes": [job.result() for job in sizes], "writings": [job.result() for job in writings]}
