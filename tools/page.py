"""Write assets/playground.html, the page that needs no kernel: tools/page.html with the weights of three models.

The matrices are rounded to three decimals. What that costs is measured on test text, as lesson 07 measures, for a model
whose numbers are new; where it is more than 0.001 bits per character, nothing is written. With --check nothing is
measured or written: the exit status is 1 where the page is not what template, models and scoreboard make.
"""

import argparse
import base64
import json
import re
import sys
import zlib
from collections.abc import Callable

import numpy as np

import recipes
import scoreboard
from notebook_files import ROOT, lent
from recipes import keras, utils

TEMPLATE, PAGE = ROOT / "tools" / "page.html", ROOT / "assets" / "playground.html"
FACTS = re.compile(r'(?<=<script type="application/json" id="facts">).*?(?=</script>)', re.DOTALL)
WEIGHTS = re.compile(r'<script type="text/plain" id="weights-(\w+)">(.*?)</script>')
MOST, PARTS = 0.001, 10  # bits per character that the rounding may cost; parts of the test text, for the spread
MODELS = {  # prompt, what is read before it unseen, the language of the text, the model's row on the scoreboard
    "nietzsche": ("the truth is ", "", "en", "lesson 04, streams"),
    "shakespeare": ("JULIET:", "\n\n", "en", "lesson 05, two layers"),
    "tang": ("明月", "\n\n", "zh-Hant", "lesson 03, characters"),
}


def products(weights: list[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Keras' weights as [(matrix, bias)] that the page multiplies with, an output a column.

    The kernel of the first LSTM, whose product with a token is done once; its recurrent kernel; both kernels of each
    further LSTM as one matrix; the last layer.
    """
    _, kernel, recurrent, bias, *lstms, last, last_bias = weights
    both = [(np.concatenate(lstms[i : i + 2]), lstms[i + 2]) for i in range(0, len(lstms), 3)]
    return [(kernel, bias), (recurrent, np.zeros_like(bias)), *both, (last, last_bias)]


def thousandths(matrix: np.ndarray) -> np.ndarray:
    """A matrix rounded to three decimals, as whole numbers."""
    return np.rint(1000 * matrix).astype("<i2")


def on_the_page(weights: list[np.ndarray]) -> list[np.ndarray]:
    """Keras' weights as the page has them: matrices rounded, biases not."""
    return [each if each.ndim == 1 else np.float32(thousandths(each) / 1000) for each in weights]


def in_order(weights: list[np.ndarray]) -> bytes:
    """All numbers of a model in the order in which the page reads them, those of the matrices in thousandths.

    Eight columns of a matrix stand interleaved: of an LSTM the gates of two units, of the last layer eight tokens, with
    columns of zeros at the end.
    """
    *lstms, (last, bias) = products(weights)
    by_unit = [np.arange(len(gate_bias)).reshape(4, -1).T.ravel() for _, gate_bias in lstms]
    layers = [(matrix[:, order], gate_bias[order]) for (matrix, gate_bias), order in zip(lstms, by_unit)]
    missing = -len(bias) % 8
    layers.append((np.pad(last, ((0, 0), (0, missing))), np.pad(bias, (0, missing))))
    parts = [weights[0]]
    for matrix, bias in layers:
        parts += [bias, matrix.reshape(len(matrix), -1, 8).swapaxes(0, 1)]
    return b"".join((part if part.ndim == 1 else thousandths(part)).tobytes() for part in parts)


def packed(numbers: bytes) -> str:
    """As text: the low bytes of all 16-bit words, then the high ones, of which few differ; deflated; in Ascii85.

    Nothing stands there twice: without a search for that the text is shorter.
    """
    planes = np.frombuffer(numbers, np.uint8).reshape(-1, 2).T.tobytes()
    deflate = zlib.compressobj(strategy=zlib.Z_HUFFMAN_ONLY)
    return base64.a85encode(deflate.compress(planes) + deflate.flush()).decode()


def unpacked(text: str) -> bytes:
    """The numbers in a text; none where it is damaged."""
    try:
        planes = zlib.decompress(base64.a85decode(text))
    except (ValueError, zlib.error):
        return b""
    return np.frombuffer(planes, np.uint8).reshape(2, -1).T.tobytes()


def cost(name: str) -> dict:
    """What the rounding adds to the bits per character of the test text, and between what that lies in parts of it."""
    prepare = {"nietzsche": str.lower, "shakespeare": str, "tang": utils.clean_poems}[name]
    _, held_out = utils.split(recipes.read(name, prepare))
    model, vocabulary, _ = utils.load_pretrained(name)
    ids = lent(6, V=0)["encode_words"](held_out, vocabulary)
    if "〓" in vocabulary.tokens:
        scoreboard.heard(model, ids)

    def surprise() -> np.ndarray:
        return -np.log2(np.array_split(scoreboard.lesson()["probabilities"](model, ids), 2)[1])

    before = surprise()
    model.set_weights(on_the_page(model.get_weights()))
    added = surprise() - before
    parts = [float(part.mean()) for part in np.array_split(added, PARTS)]
    if added.mean() > MOST:
        sys.exit(f"{name}: rounding costs {added.mean():.4f} bits per character, more than {MOST}: nothing is written")
    return {"cost": round(float(added.mean()), 5), "range": [round(min(parts), 5), round(max(parts), 5)]}


def built(old: str, measure: Callable[[str], dict] = cost) -> str:
    """The page as it should be.

    Where the old one has the same numbers, what the rounding costs and the text are taken from it: another zlib would
    pack them differently.
    """
    known = {facts["checksum"]: facts for facts in json.loads(FACTS.search(old)[0]).values()} if old else {}
    texts = dict(WEIGHTS.findall(old))
    board, facts, scripts = json.loads(scoreboard.BOARD.read_text(encoding="utf-8")), {}, []
    for name, (prompt, before, language, row) in MODELS.items():
        model, vocabulary, _ = utils.load_pretrained(name)
        numbers = in_order(model.get_weights())
        checksum = zlib.adler32(numbers)
        costs = known.get(checksum) or measure(name)
        facts[name] = {
            "prompt": prompt,
            "before": before,
            "language": language,
            "tokens": "".join(vocabulary.tokens),
            "dimensions": model.layers[0].output_dim,
            "units": [layer.units for layer in model.layers if isinstance(layer, keras.layers.LSTM)],
            "checksum": checksum,
            "parameters": model.count_params(),
            "bits": next(each["bits_per_character"] for each in board[name] if each["name"] == row),
            "cost": costs["cost"],
            "range": costs["range"],
        }
        text = texts.get(name, "")
        if unpacked(text) != numbers:
            text = packed(numbers)
        scripts.append(f'<script type="text/plain" id="weights-{name}">{text}</script>')
    page = TEMPLATE.read_text(encoding="utf-8").replace("REPOSITORY", utils.REPOSITORY)
    page = page.replace("FACTS", json.dumps(facts, ensure_ascii=False).replace("<", r"\u003c"))
    return page.replace("WEIGHTS", "\n".join(scripts))


def main() -> None:
    """Write or check the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="measure and write nothing; fail if the page is stale")
    check, old = parser.parse_args().check, PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    page = built(old, (lambda _: {"cost": None, "range": None}) if check else cost)
    if check:
        sys.exit(f"{PAGE.name} is stale: run `make page`" if page != old else None)
    PAGE.write_text(page, encoding="utf-8", newline="\n")
    for name, facts in json.loads(FACTS.search(page)[0]).items():
        print(f"{name}: rounding adds {facts['cost']} bits per character of test text, in parts of it {facts['range']}")


if __name__ == "__main__":
    main()
