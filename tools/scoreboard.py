"""Measure every model of the course and every opponent on test text: scoreboard.json, picture, README's table.

The measuring is that of lesson 07, whose own cells run here. `make scoreboard` writes. With --check nothing is
written, and the exit status is 1 if a number differs by more than 0.002 bits, or if picture or table are not those of
the numbers. The seconds of a training are those in its card; those of counting are of the machine that wrote the file.
"""

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import manifest
import recipes
from notebook_files import ROOT, lent
from recipes import utils

BOARD, PICTURE = ROOT / "assets" / "models" / "scoreboard.json", ROOT / "assets" / "figures" / "scoreboard.png"
TABLE = re.compile(r"(?<=<!-- scoreboard -->\n).*?(?=<!-- /scoreboard -->)", re.DOTALL)
TITLES = {"shakespeare": "Shakespeare", "nietzsche": "Nietzsche, lower case", "tang": "Tang poems"}
COMPRESSORS, LONGEST = ("gzip", "bz2", "xz"), 8


def lesson() -> dict:
    """The functions of lesson 07."""
    return lent(7)


def trained(name: str, label: str, bits: float) -> tuple:
    """The row of a trained model."""
    card = utils.load_card(name)
    return label, bits, card["seconds"], card["parameters"]


def network_and_counting(measure: dict, model, ids: tuple, vocab_size: int, network: tuple) -> list[tuple]:
    """Rows of guessing, of the n-gram, of the network (whose row lacks the bits), and of both together.

    That of the network ends with the interval of its lead over the n-gram, both on the same blocks of test text.
    """
    train, held_out = ids
    p = measure["probabilities"](model, held_out)
    rows = measure["counted"](train, held_out, vocab_size, LONGEST)
    n = int(rows[-1][0].removesuffix("-gram"))
    q = utils.kneser_ney(train, held_out, vocab_size, n)[-1, 1 : len(p) + 1]
    share, both = measure["mixture"](p, q)
    print(f"{network[0]}: {share:.2f} of it in the mixture", file=sys.stderr)
    lead = np.array_split(np.log2(p / q), 2)[1]
    ahead = measure["interval"](lead, measure["BLOCK"], np.random.default_rng(0)).round(3).tolist()
    together = "both together", measure["halves"](both)[1], *np.add(network[2:], rows[-1][2:])
    return [*rows, (network[0], measure["halves"](p)[1], *network[2:], ahead), together]


def english(measure: dict, text: str, name: str, label: str) -> list[tuple]:
    """The rows of all opponents, and of the trained model of this text, which are measured on the same characters."""
    model, vocabulary, _ = utils.load_pretrained(name)
    train, held_out = utils.split(text)
    ids = tuple(map(vocabulary.encode, (train, held_out)))
    rows = network_and_counting(measure, model, ids, len(vocabulary), trained(name, label, 0.0))
    return rows + measure["compressed"](train, utils.split(held_out, 0.5)[1])


def words(name: str, train_words: list[str], test_words: list[str], alphabet: int) -> tuple:
    """The row of a model of words, spelling included."""
    model, vocabulary, _ = utils.load_pretrained(name)
    bits = lent(6, V=0)["word_bits"](model, vocabulary, train_words, test_words, alphabet)
    return trained(name, "lesson 06, words", sum(bits))


def shakespeare(measure: dict) -> list[tuple]:
    """With the model of words. The recorded runs of lesson 06 kept no weights: they are in lesson 07 alone."""
    text, lesson_06 = recipes.read("shakespeare"), lent(6, V=0)
    rows = english(measure, text, "shakespeare", "lesson 05, two layers")
    train, held_out = utils.split(text)
    parts = map(lesson_06["english_words"], (train, utils.split(held_out, 0.5)[1]))
    return [*rows, words("shakespeare_words", *parts, len(set(text)))]


def nietzsche(measure: dict) -> list[tuple]:
    """With the classic recipe, all its epochs; its text has spaces for newlines."""
    rows = english(measure, recipes.read("nietzsche", str.lower), "nietzsche", "lesson 04, streams")
    model, vocabulary, _ = utils.load_pretrained("nietzsche_classic")
    _, held_out = utils.split(vocabulary.encode(recipes.read("nietzsche", recipes.one_line)))
    x, y = utils.sliding_windows(held_out, lent(4, V=0)["WINDOW"])
    x, y = x[len(x) // 2 :], y[len(y) // 2 :]  # the test part
    p = model.predict(np.eye(len(vocabulary), dtype=bool)[x], batch_size=1024, verbose=0)
    return [*rows, trained("nietzsche_classic", "lesson 04, classic recipe", -np.log2(p[np.arange(len(y)), y]).mean())]


def heard(model, held_out: np.ndarray) -> None:
    """Give a model that never writes its last token, the unknown one, that token's bias again, chosen on validation."""
    kernel, bias = model.layers[-1].get_weights()
    validation, _ = utils.split(held_out, 0.5)

    def bits(value: float) -> float:
        bias[-1] = value
        model.layers[-1].set_weights([kernel, bias])
        return utils.bits_per_character(model, validation)

    bits(min(np.arange(0.0, 3.5, 0.5), key=bits))


def tang(measure: dict) -> list[tuple]:
    """Opponents and models of the poems; what a vocabulary lacks is spelled, as in lesson 06, for all alike."""
    lesson_06, (model, vocabulary, _) = lent(6, V=0), utils.load_pretrained("tang")
    train, held_out = utils.split(recipes.read("tang", utils.clean_poems))
    test = utils.split(held_out, 0.5)[1]
    ids = tuple(lesson_06["encode_words"](part, vocabulary) for part in (train, held_out))
    heard(model, ids[1])
    spelled = lesson_06["spelling_bits"](train, test, set(vocabulary.tokens), lesson_06["CHINESE"])
    network = trained("tang", "lesson 03, characters", 0.0)
    rows = network_and_counting(measure, model, ids, len(vocabulary), network)
    rows = [(name, bits + spelled, *rest) for name, bits, *rest in rows]
    known = set(utils.load_card("tang_words")["vocabulary"])
    parts = (lesson_06["cut_unknown"](lesson_06["chinese_words"](part), known) for part in (train, test))
    return [*rows, words("tang_words", *parts, lesson_06["CHINESE"]), *measure["compressed"](train, test)]


def measured(measure: dict) -> dict:
    """{corpus: rows, the best first}."""
    boards = {"shakespeare": shakespeare, "nietzsche": nietzsche, "tang": tang}
    names = ("name", "bits_per_character", "seconds", "numbers_kept", "ahead")
    return {
        corpus: [
            dict(zip(names, (name, round(float(bits), 3), round(seconds, 1), int(kept), *ahead)))
            for name, bits, seconds, kept, *ahead in sorted(board(measure), key=lambda row: row[1])
        ]
        for corpus, board in boards.items()
    }


def opponent(rows: list[dict]) -> dict:
    """The best n-gram model, which a network has to beat."""
    return next(row for row in rows if row["name"].endswith("-gram"))


def table(boards: dict) -> str:
    """README's table, a line for each text: the best network, the n-gram, its lead over that, and both together."""
    lines = ["| test text | best network | bits per character | counting | bits per character | lead | both together |"]
    lines.append("|---|---|--:|---|--:|--:|--:|")
    for corpus, rows in boards.items():
        best = next(row for row in rows if row["name"].startswith("lesson"))
        cells = [TITLES[corpus]]
        for row in (best, opponent(rows)):
            cells += [row["name"], f"{row['bits_per_character']:.3f}"]
        low, high = best["ahead"]
        lead = opponent(rows)["bits_per_character"] - best["bits_per_character"]
        cells.append(f"{lead:.3f} ({low:.3f} to {high:.3f})")
        cells.append(f"{next(row['bits_per_character'] for row in rows if row['name'] == 'both together'):.3f}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def fingerprint(boards: dict) -> str:
    return hashlib.sha256(json.dumps(boards["shakespeare"]).encode()).hexdigest()


def draw(boards: dict, path: Path) -> None:
    """The picture of the Shakespeare board, which says in its metadata of which numbers it is."""
    rows = [(row["name"], row["bits_per_character"]) for row in reversed(boards["shakespeare"])]
    opponents = ("guessing", *COMPRESSORS)
    colours = [utils.OKABE_ITO[name in opponents or name.endswith("-gram")] for name, _ in rows]
    figure, axes = plt.subplots(figsize=(8, 0.8 + 0.25 * len(rows)))
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1}  # the dashed line stops at the labels
    axes.bar_label(axes.barh(*zip(*rows), color=colours), fmt="%.2f", padding=3, bbox=box)
    axes.axvline(opponent(boards["shakespeare"])["bits_per_character"], color="black", linewidth=1, linestyle="--")
    axes.set_axisbelow(True)  # the grid goes behind the bars
    title = "Shakespeare. Blue: networks. Orange: the opponents. Dashed: the n-gram"
    axes.set(title=title, xlabel="bits per character of the test part (less is better)")
    figure.savefig(path, dpi=110, metadata={"Description": fingerprint(boards)})


def differences(boards: dict, committed: dict, readme: str) -> list[str]:
    """What is not as committed, in words."""
    problems = []
    for corpus, rows in boards.items():
        old, new = (
            {row["name"]: [row["bits_per_character"], *row.get("ahead", [])] for row in each}
            for each in (committed[corpus], rows)
        )
        problems += [f"{corpus}: {name} is in one of them only" for name in old.keys() ^ new.keys()]
        problems += [
            f"{corpus}: {name} has {new[name]}, not {old[name]}"
            for name in old.keys() & new.keys()
            if not np.allclose(new[name], old[name], rtol=0, atol=0.002)
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
    BOARD.write_text(json.dumps(boards, indent=1) + "\n", encoding="utf-8", newline="\n")
    draw(boards, PICTURE)
    readme.write_text(TABLE.sub(lambda _: table(boards), text), encoding="utf-8", newline="\n")
    manifest.update(ROOT)
    print(table(boards), end="")


if __name__ == "__main__":
    main()
