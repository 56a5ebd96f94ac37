"""Measure every model of the course and every opponent again: assets/scoreboard.json, its picture, README's table.

The measuring is that of lesson 07, whose own cells run here. `make scoreboard` writes. With --check nothing is
written, and the exit status is 1 if a number differs by more than 0.002 bits, or if picture or table are not those of
the numbers. The seconds of a training are those in its card; those of counting are of the machine that wrote the file.
"""

import argparse
import hashlib
import json
import math
import re
import sys
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image

import pretrain
import recipes
from notebook_files import ROOT, lent
from recipes import utils

matplotlib.use("Agg")

BOARD, PICTURE = ROOT / "assets" / "scoreboard.json", ROOT / "assets" / "figures" / "scoreboard.png"
TABLE = re.compile(r"(?<=<!-- scoreboard -->\n).*?(?=<!-- /scoreboard -->)", re.DOTALL)
TITLES = {"shakespeare": "Shakespeare", "nietzsche": "Nietzsche, lower case", "tang": "Tang poems"}
COMPRESSORS = ("gzip", "bz2", "xz")


def lesson() -> dict:
    """The functions of lesson 07."""
    return lent(7)


def trained(name: str, label: str, bits: float) -> tuple:
    """The row of a trained model."""
    card = utils.load_card(name)
    return label, bits, card["seconds"], card["parameters"]


def english(measure: dict, text: str, name: str, label: str) -> list[tuple]:
    """The rows of all opponents, and of the trained model of this text, which are measured on the same characters."""
    model, vocabulary, _ = utils.load_pretrained(name)
    train, held_out = utils.split(vocabulary.encode(text))
    rows = measure["counted"](train, held_out, len(vocabulary), 8) + measure["compressed"](*utils.split(text))
    return [*rows, trained(name, label, -np.log2(measure["probabilities"](model, held_out)).mean())]


def shakespeare(measure: dict) -> list[tuple]:
    """With the recorded runs of lesson 06."""
    rows = english(measure, recipes.read("shakespeare"), "shakespeare", "lesson 05, two layers")
    return rows + measure["recorded"]()


def nietzsche(measure: dict) -> list[tuple]:
    """With the classic recipe, whose text has spaces for newlines, at its best epoch."""
    rows = english(measure, recipes.read("nietzsche", str.lower), "nietzsche", "lesson 04, streams")
    classic = utils.load_card("nietzsche_classic")
    best = min(classic["history"], key=lambda epoch: epoch["val_loss"])
    return [
        *rows,
        ("lesson 04, classic recipe", best["val_loss"] / math.log(2), best["seconds"], classic["parameters"]),
    ]


def tang(measure: dict) -> list[tuple]:
    """Opponents and models of the poems; what a vocabulary lacks is spelled, as in lesson 06, for all alike."""
    card, lesson_06 = utils.load_card("tang"), lent(6, V=0)
    vocabulary, parts = utils.Vocabulary(card["vocabulary"]), utils.split(recipes.read("tang", pretrain.clean_poems))
    spelled = lesson_06["spelling_bits"](*parts, set(vocabulary.tokens), lesson_06["CHINESE"])
    ids = [lesson_06["encode_words"](part, vocabulary) for part in parts]
    rows = [(name, bits + spelled, *rest) for name, bits, *rest in measure["counted"](*ids, len(vocabulary), 3)]
    words = sum(utils.load_card("tang_words")["bits_per_character"].values())
    rows.append(trained("tang", "lesson 03, characters", card["held_out_nats"] / math.log(2) + spelled))
    rows.append(trained("tang_words", "lesson 06, words", words))
    return rows + measure["compressed"](*parts)


def measured(measure: dict) -> dict:
    """{corpus: rows, the best first}."""
    boards = {"shakespeare": shakespeare, "nietzsche": nietzsche, "tang": tang}
    names = ("name", "bits_per_character", "seconds", "numbers_kept")
    return {
        corpus: [
            dict(zip(names, (name, round(float(bits), 3), round(seconds, 1), int(kept))))
            for name, bits, seconds, kept in sorted(board(measure), key=lambda row: row[1])
        ]
        for corpus, board in boards.items()
    }


def opponent(rows: list[dict]) -> dict:
    """The best n-gram model, which a network has to beat."""
    return next(row for row in rows if row["name"].endswith("-gram"))


def table(boards: dict) -> str:
    """README's table, a line for each text: the best network, and the best n-gram model, which it has to beat."""
    lines = ["| held-out text | best network | bits per character | best counting | bits per character |"]
    lines.append("|---|---|--:|---|--:|")
    for corpus, rows in boards.items():
        best = next(row for row in rows if row["name"].startswith("lesson"))
        cells = [TITLES[corpus]]
        for row in (best, opponent(rows)):
            cells += [row["name"], f"{row['bits_per_character']:.3f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def fingerprint(boards: dict) -> str:
    return hashlib.sha256(json.dumps(boards["shakespeare"]).encode()).hexdigest()


def draw(measure: dict, boards: dict, path: Path) -> None:
    """The picture of the Shakespeare board, which says in its metadata of which numbers it is."""
    rows = [tuple(row.values()) for row in boards["shakespeare"]]
    figure = measure["plot_board"](rows, "Shakespeare. Blue: networks. Orange: the opponents. Dashed: the 5-gram")
    figure.savefig(path, dpi=110, metadata={"Description": fingerprint(boards)})


def differences(boards: dict, committed: dict, readme: str) -> list[str]:
    """What is not as committed, in words."""
    problems = []
    for corpus, rows in boards.items():
        old, new = ({row["name"]: row["bits_per_character"] for row in each} for each in (committed[corpus], rows))
        problems += [f"{corpus}: {name} is in one of them only" for name in old.keys() ^ new.keys()]
        problems += [
            f"{corpus}: {name} has {new[name]:.3f} bits, not {old[name]:.3f}"
            for name in old.keys() & new.keys()
            if abs(new[name] - old[name]) > 0.002
        ]
    if TABLE.search(readme)[0] != table(committed):
        problems.append("the table in README.md is not that of the scoreboard")
    if Image.open(PICTURE).text.get("Description") != fingerprint(committed):
        problems.append("the picture is not that of the scoreboard")
    return problems


def main() -> None:
    """Write or check the scoreboard."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if something differs")
    arguments = parser.parse_args()
    measure, readme = lesson(), ROOT / "README.md"
    boards, text = measured(measure), readme.read_text(encoding="utf-8")
    if arguments.check:
        sys.exit("\n".join(differences(boards, json.loads(BOARD.read_text(encoding="utf-8")), text)) or None)
    BOARD.write_text(json.dumps(boards, indent=1) + "\n", encoding="utf-8")
    draw(measure, boards, PICTURE)
    readme.write_text(TABLE.sub(lambda _: table(boards), text), encoding="utf-8", newline="\n")
    print(table(boards), end="")


if __name__ == "__main__":
    main()
