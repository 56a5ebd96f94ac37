"""Say where each corpus comes from, and print how the notebooks can be compared: `--nbval` or `--nbval-lax`.

Without the real texts (no folder LSTM_CORPUS_DIR, nothing in the cache, no network) the lessons run on a substitute,
and the facts printed about a corpus differ from the committed ones. Then `make test` compares only the cells tagged
`nbval-check-output`, which do not depend on a corpus; all cells still run.
"""

import contextlib
import sys

from notebook_files import ROOT

sys.path.insert(0, str(ROOT))
import utils


def main() -> None:
    """Report to people on stderr, and to the Makefile on stdout."""
    real = True
    for name in utils.CORPORA:
        with contextlib.redirect_stdout(sys.stderr):  # whatever loading has to say
            corpus = utils.load_corpus(name)
        real = real and corpus.name == name
        print(f"{name}: {corpus.source}", file=sys.stderr)
    compared = "all outputs" if real else "only the outputs that depend on no corpus"
    print(f"Compared with the notebooks as committed: {compared}", file=sys.stderr)
    print("--nbval" if real else "--nbval-lax")


if __name__ == "__main__":
    main()
