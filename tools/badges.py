"""Write what all lessons share: navigation, badges, the set-up cell, and the table of lessons in README.md.

A notebook gives the facts: the first line of its cell `title`, and the key `lesson` of its metadata (question, gpu,
reading_minutes, cpu_minutes; and packages, if it needs more of them than the others). The repository's name is the
line `REPOSITORY = ...` in utils.py; a fork changes it everywhere with `make badges REPOSITORY=owner/name`. With --check
nothing is written: the files that differ from what would be written are named, and the exit status is 1.
"""

import argparse
import json
import pathlib
import re
import sys

from nbformat import NotebookNode

from notebook_files import ROOT, as_text, lessons, read

COLAB = "https://colab.research.google.com"
GPU = ("not needed", "helps", "recommended")
MINUTES = ("reading_minutes", "cpu_minutes")
NAME = re.compile(r'(?<=^REPOSITORY = ")[^"]*(?=")', re.MULTILINE)
TABLE = re.compile(r"(?<=<!-- lessons -->\n).*?(?=<!-- /lessons -->)", re.DOTALL)

SETUP = """\
import importlib.util
import os
import pathlib
import subprocess
import sys
import urllib.request

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # quiet logs: said before the framework is imported
address = os.environ.get("LSTM_COURSE_URL", "https://raw.githubusercontent.com/OWNER/NAME/main")
home = pathlib.Path("..") if pathlib.Path("../utils.py").exists() else pathlib.Path(".")
if not (home / "utils.py").exists():  # in Colab the notebook comes alone: fetch its helpers
    (home / "utils.py").write_bytes(urllib.request.urlopen(f"{address}/utils.py").read())
packages = "tensorflow keras matplotlib ipywidgets pooch tqdm charset_normalizer threadpoolctl".split()
missing = [package for package in packages if importlib.util.find_spec(package) is None]
if missing:
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *missing], check=True)
sys.path.insert(0, str(home.resolve()))
import utils

utils.setup(seed=0)
print(utils.environment())"""


def cell(notebook: NotebookNode, file: str, position: int | None, name: str) -> NotebookNode:
    """Return the cell with this id, or say that it is missing or not where it belongs."""
    ids = [cell.get("id") for cell in notebook.cells]
    if name not in ids or position not in (None, ids.index(name)):
        where = "" if position is None else f" as number {position + 1}"
        raise ValueError(f"{file}: it needs a cell with the id {name!r}{where}")
    return notebook.cells[ids.index(name)]


def title(notebook: NotebookNode, file: str) -> str:
    """Return a lesson's number and title, `04 · Nietzsche`."""
    first = cell(notebook, file, 0, "title").source.split("\n")[0]
    if not re.fullmatch(rf"# {file[:2]} · \S.*", first):
        raise ValueError(f"{file}: its first line must be '# {file[:2]} · Title', not {first!r}")
    return first.removeprefix("# ")


def facts(notebook: NotebookNode, file: str) -> NotebookNode:
    """Return a lesson's question, GPU advice and minutes from its metadata."""
    found = notebook.metadata.get("lesson", {})
    if (
        not found.get("question")
        or found.get("gpu") not in GPU
        or any(type(found.get(key)) is not int for key in MINUTES)
    ):
        raise ValueError(
            f"{file}: metadata 'lesson' needs a question, gpu (one of {GPU}) and whole {', '.join(MINUTES)}"
        )
    return found


def badge(file: str, repository: str) -> str:
    """Return the link that opens a lesson in Colab."""
    link = f"{COLAB}/github/{repository}/blob/main/notebooks/{file}"
    return f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({link})"


def navigation(file: str, titles: dict[str, str], gpu: str, repository: str) -> str:
    """Return the second cell of a lesson: badges, and links to its neighbours."""
    files = list(titles)
    before, after = files[: files.index(file)][-1:], files[files.index(file) + 1 :][:1]
    links = [f"previous: [{titles[other]}]({other})" for other in before]
    links += [f"[contents](https://github.com/{repository}#lessons)"]
    links += [f"next: [{titles[other]}]({other})" for other in after]
    return f"{badge(file, repository)} **GPU: {gpu}**\n\n{' · '.join(links)}"


def setup_source(repository: str, packages: list[str]) -> str:
    """Return the set-up cell of a lesson that needs these packages besides the usual ones."""
    more = f"packages += {json.dumps(packages)}  # for this lesson\n" if packages else ""
    return SETUP.replace("OWNER/NAME", repository).replace("missing = ", more + "missing = ", 1)


def row(file: str, heading: str, lesson: NotebookNode, repository: str) -> str:
    """Return a lesson's line in the table of README.md."""
    time = f"{sum(lesson[key] for key in MINUTES)} min, {lesson.cpu_minutes} of them computing"
    return f"| [{heading}](notebooks/{file}) | {lesson.question} | {time} | {badge(file, repository)} |\n"


def renamed(text: str, old: str, new: str) -> str:
    """Return the text with the repository's addresses changed."""
    return re.sub(rf"(github(usercontent)?(\.com)?/){re.escape(old)}(?![\w-])", rf"\g<1>{new}", text)


def wanted(root: pathlib.Path, repository: str | None = None) -> dict[pathlib.Path, str]:
    """Return each file that has a shared part, and the text that it should have."""
    helpers = (root / "utils.py").read_text(encoding="utf-8")
    if not NAME.search(helpers):
        raise ValueError('utils.py: the line REPOSITORY = "owner/name" is missing')
    old = NAME.search(helpers)[0]
    repository = old if repository is None else repository
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}", repository):
        raise ValueError(f"a repository is called owner/name, not {repository!r}")
    files = {root / "utils.py": NAME.sub(repository, helpers)}
    notebooks = {path.name: read(path) for path in lessons(root)}
    titles = {file: title(notebook, file) for file, notebook in notebooks.items()}
    table = "| Lesson | Question | Time | |\n|---|---|---|---|\n"
    for file, notebook in notebooks.items():
        lesson = facts(notebook, file)
        cell(notebook, file, 1, "navigation").source = navigation(file, titles, lesson.gpu, repository)
        setup = cell(notebook, file, None, "setup")
        setup.source = setup_source(repository, lesson.get("packages", []))
        setup.metadata.tags = ["nbval-ignore-output"]
        files[root / "notebooks" / file] = renamed(as_text(notebook), old, repository)
        table += row(file, titles[file], lesson, repository)
    readme = root / "README.md"
    if readme.exists():
        text = readme.read_text(encoding="utf-8")
        if not TABLE.search(text):
            raise ValueError("README.md: the lines <!-- lessons --> and <!-- /lessons --> around the table are missing")
        files[readme] = renamed(TABLE.sub(lambda _: table, text), old, repository)
    return files


def stale(files: dict[pathlib.Path, str]) -> list[pathlib.Path]:
    """Return the files that do not have the text that they should have."""
    return [path for path, text in files.items() if path.read_bytes() != text.encode()]


def main() -> None:
    """Write or check the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repository", metavar="owner/name", help="publish under this name")
    parser.add_argument("--check", action="store_true", help="write nothing; name the files that differ")
    options = parser.parse_args()
    try:
        files = wanted(ROOT, options.repository)
    except ValueError as error:
        sys.exit(str(error))
    different = stale(files)
    for path in different:
        print(f"{path.relative_to(ROOT)}: {'differs, run `make badges`' if options.check else 'written'}")
        if not options.check:
            path.write_text(files[path], encoding="utf-8", newline="\n")
    sys.exit(1 if options.check and different else 0)


if __name__ == "__main__":
    main()
