"""Say where each corpus comes from, and print how the notebooks can be compared: `--nbval` or `--nbval-lax`.

Without the real texts (no folder LSTM_CORPUS_DIR, nothing in the cache, no network) the lessons run on a substitute,
and the facts printed about a corpus differ from the committed ones. Then `make test` compares only the cells tagged
`nbval-check-output`, which do not depend on a corpus; all cells still run. LSTM_OFFLINE=1 asks for that.
"""

import contextlib
import os
import sys

from notebook_files import utils


def comparison() -> str:
    """Return pytest's option, after a report to people on stderr."""
    if os.environ.get("LSTM_OFFLINE"):
        print("LSTM_OFFLINE is set: the lessons get no texts and no network", file=sys.stderr)
        return "--nbval-lax"
    real = True
    for name in utils.CORPORA:
        with contextlib.redirect_stdout(sys.stderr):  # whatever loading has to say
            corpus = utils.load_corpus(name)
        real = real and corpus.name == name
        print(f"{name}: {corpus.source}", file=sys.stderr)
    compared = "all outputs" if real else "only the outputs that depend on no corpus"
    print(f"Compared with the notebooks as committed: {compared}", file=sys.stderr)
    return "--nbval" if real else "--nbval-lax"


def main() -> None:
    """Print the option for the Makefile."""
    print(comparison())


if __name__ == "__main__":
    main()
