"""Write what the models write into the places that quote them: README.md and the openings of lessons.

A quotation is a comment that says how the text was made, and a text block after it:

    <!-- sample: nietzsche, temperature 0.5, seed 0, 300 characters after "the truth is " -->

With `, line by line` before the arrow the lines are those of the model; else they are filled as those of a paragraph.
`make pretrained` runs this at its end. With --check nothing is written: the files whose quotations are not what the
models write are named, and the exit status is 1.
"""

import argparse
import re
import sys
import textwrap

from notebook_files import ROOT, as_text, lessons, read, utils

QUOTATION = re.compile(
    r"(<!-- sample: (?P<model>\w+), temperature (?P<temperature>[\d.]+), seed (?P<seed>\d+), "
    r'(?P<length>\d+) (?:characters|words) after "(?P<prompt>[^"]*)"(?P<lines>, line by line)? -->\n'
    r"```text\n).*?(?P<end>\n```)",
    re.DOTALL,
)


def written(match: re.Match) -> str:
    """Return a quotation with the text that its model writes."""
    model, vocabulary, _ = utils.load_pretrained(match["model"])
    settings = {"temperature": float(match["temperature"]), "seed": int(match["seed"])}
    prompt = match["prompt"].replace("\\n", "\n")
    text = prompt + utils.generate(model, vocabulary, prompt, int(match["length"]), **settings)
    return match[1] + (text.strip() if match["lines"] else textwrap.fill(text, width=88)) + match["end"]


def main() -> None:
    """Write or check all quotations."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if something would change")
    check = parser.parse_args().check
    utils.setup()
    texts = {ROOT / "README.md": QUOTATION.sub(written, (ROOT / "README.md").read_text(encoding="utf-8"))}
    for path in lessons():
        notebook = read(path)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = QUOTATION.sub(written, cell.source)
        texts[path] = as_text(notebook)
    changed = [path for path, text in texts.items() if path.read_text(encoding="utf-8") != text]
    for path in changed:
        print(f"{path.relative_to(ROOT)}: {'its quotation is not what the model writes' if check else 'written'}")
        if not check:
            path.write_text(texts[path], encoding="utf-8", newline="\n")
    sys.exit(bool(check and changed))


if __name__ == "__main__":
    main()
