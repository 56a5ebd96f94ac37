"""Write what all lessons share: navigation, badges, the set-up cell, and the table of lessons in README.md.

A notebook gives the facts: the first line of its cell `title`, and the key `lesson` of its metadata (question, gpu,
reading_minutes, cpu_minutes; and packages, if it needs more of them than the others). The repository's name is the
line `REPOSITORY = ...` in utils.py; a fork changes it everywhere with `make badges REPOSITORY=owner/name`, or without a
name, where Git's origin is on GitHub. The ranges of the packages are those of environment.yml. With --check nothing is
written: the files that differ from what would be written are named, and the exit status is 1.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import textwrap

from nbformat import NotebookNode

from lock import direct_dependencies
from notebook_files import ROOT, as_text, lessons, read, utils, widgets

COLAB = "https://colab.research.google.com"
PAGE = pathlib.Path("assets", "playground.html")
LINE = 115  # characters in a line of a notebook
GPU = ("not needed", "helps", "recommended")
MINUTES = ("reading_minutes", "cpu_minutes")
NAME, REF = (re.compile(rf'(?<=^{name} = ")[^"]*(?=")', re.MULTILINE) for name in ("REPOSITORY", "REF"))
PACKAGES = re.compile(r"(?<=^PACKAGES = )\(.*?^\)", re.MULTILINE | re.DOTALL)
FOLDED = re.compile(r"^def check_\d", re.MULTILINE)  # what nobody came to read starts folded, as do cells tagged `fold`
TABLE = re.compile(r"(?<=<!-- lessons -->\n).*?(?=<!-- /lessons -->)", re.DOTALL)

SETUP = """\
# @title Set up: run this, no need to read it
import contextlib, os, pathlib, sys, urllib.request  # noqa: E401, I001

url, code = "https://raw.githubusercontent.com/OWNER/NAME/REF/utils.py", b""
path = pathlib.Path(next(filter(os.path.exists, ["utils.py", "../utils.py", "../../utils.py"]), "utils.py"))
with contextlib.suppress(Exception):
    code = path.read_bytes() if path.exists() else urllib.request.urlopen(url, timeout=20).read()
b"# end of lstm-text" in code or sys.exit(f"{path} is missing, or not ours.\\nGo online, or rename it.")
sys.path[:0] = [str(path.parent.resolve())] if path.exists() or path.write_bytes(code) else []
print((utils := __import__("utils")).setup(seed=0))"""


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


def badge(file: str, repository: str, ref: str) -> str:
    """Return the link that opens a lesson in Colab."""
    link = f"{COLAB}/github/{repository}/blob/{ref}/notebooks/{file}"
    return f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({link})"


def website(repository: str) -> str:
    """Return the address where GitHub publishes what `make site` makes."""
    owner, name = repository.split("/")
    return f"https://{owner}.github.io/{name}/"


def navigation(file: str, titles: dict[str, str], gpu: str, repository: str, ref: str, widget: bool) -> str:
    """Return the second cell of a lesson: badges, links to its neighbours, and to the page that needs no kernel."""
    files = list(titles)
    before, after = files[: files.index(file)][-1:], files[files.index(file) + 1 :][:1]
    links = [f"previous: [{titles[other]}]({other})" for other in before]
    links += [f"[contents](https://github.com/{repository}#lessons)"]
    links += [f"next: [{titles[other]}]({other})" for other in after]
    links += [f"no kernel? [three models write in your browser]({website(repository)}{PAGE.name})"] * widget
    return f"{badge(file, repository, ref)} **GPU: {gpu}**\n\n{' · '.join(links)}"


def setup_source(repository: str, ref: str, packages: str) -> str:
    """Return the set-up cell of a lesson that needs these requirements besides the usual ones."""
    more = f"packages={json.dumps(packages)}" if packages else "seed=0"
    source = SETUP.replace("OWNER/NAME/REF", f"{repository}/{ref}").replace("seed=0", more)
    too_long = len(source.rpartition("\n")[2]) > LINE
    return source + "  # noqa: E501  # fmt: skip" * too_long


def origin(root: pathlib.Path) -> str | None:
    """Return owner/name of the repository on GitHub that Git calls origin, if there is one."""
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", root, "remote", "get-url", "origin"]
    address = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    match = re.search(r"[@/]github\.com[:/]([\w-]+/[\w.-]+?)(\.git)?/?$", address)
    return match and match[1]


def requirements(environment: str) -> tuple[dict[str, str], list[str]]:
    """Return {import name: requirement} of all packages in the text of environment.yml, and those of every lesson."""
    direct = [requirement.replace(" ", "") for requirement in direct_dependencies(environment)]
    first = re.search(r"# In every lesson.*?(?= # )", re.sub(r"(?<=\S)  *# .*", "", environment), re.DOTALL)[0]
    names = {utils._import_name(requirement): requirement for requirement in direct}
    return names, [requirement for requirement in direct if requirement in first.replace(" ", "")]


def fold(notebook: NotebookNode) -> None:
    """Fold, in JupyterLab and in Colab, the code that nobody came to read, and no other."""
    for each in notebook.cells:
        for key in ("jupyter", "cellView"):
            each.metadata.pop(key, None)
        if each.id == "setup" or "fold" in each.metadata.get("tags", []) or FOLDED.search(each.source):
            each.metadata.update(jupyter={"source_hidden": True}, cellView="form")


def row(file: str, heading: str, lesson: NotebookNode, repository: str, ref: str) -> str:
    """Return a lesson's line in the table of README.md."""
    time = f"{sum(lesson[key] for key in MINUTES)} min, {lesson.cpu_minutes} of them computing"
    return f"| [{heading}](notebooks/{file}) | {lesson.question} | {time} | {badge(file, repository, ref)} |\n"


def renamed(text: str, old: str, new: str) -> str:
    """Return the text with the addresses of repository and website changed."""
    text = text.replace(website(old), website(new))
    return re.sub(rf"(github(usercontent)?(\.com)?/){re.escape(old)}(?![\w-])", rf"\g<1>{new}", text)


def wanted(root: pathlib.Path, repository: str | None = None) -> dict[pathlib.Path, str]:
    """Return each file that has a shared part, and the text that it should have."""
    helpers = (root / "utils.py").read_text(encoding="utf-8")
    if not (NAME.search(helpers) and REF.search(helpers) and PACKAGES.search(helpers)):
        raise ValueError('utils.py: the lines REPOSITORY = "owner/name", REF = "main" or PACKAGES = (...) are missing')
    old, ref = NAME.search(helpers)[0], REF.search(helpers)[0]
    repository = old if repository is None else repository
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}", repository):
        raise ValueError(f"a repository is called owner/name, not {repository!r}")
    known, usual = requirements((root / "environment.yml").read_text(encoding="utf-8"))
    lines = "".join(f'    "{line}"\n' for line in textwrap.wrap(" ".join(usual), 112, drop_whitespace=False))
    helpers = PACKAGES.sub(lambda _: f"(\n{lines})", NAME.sub(repository, helpers))
    files = {root / "utils.py": helpers}
    notebooks = {path.name: read(path) for path in lessons(root)}
    titles = {file: title(notebook, file) for file, notebook in notebooks.items()}
    table = "| Lesson | Question | Time | |\n|---|---|---|---|\n"
    for file, notebook in notebooks.items():
        lesson = facts(notebook, file)
        cell(notebook, file, 1, "navigation").source = navigation(
            file, titles, lesson.gpu, repository, ref, bool(widgets(notebook.cells))
        )
        if unknown := set(lesson.get("packages", [])) - known.keys():
            raise ValueError(f"{file}: environment.yml has no {', '.join(sorted(unknown))}")
        setup = cell(notebook, file, None, "setup")
        setup.source = setup_source(repository, ref, " ".join(map(known.get, lesson.get("packages", []))))
        setup.metadata.tags = ["nbval-ignore-output"]
        fold(notebook)
        files[root / "notebooks" / file] = renamed(as_text(notebook), old, repository)
        table += row(file, titles[file], lesson, repository, ref)
    page = root / PAGE
    if page.exists():
        files[page] = renamed(page.read_text(encoding="utf-8"), old, repository)
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
        files = wanted(ROOT, options.repository or (None if options.check else origin(ROOT)))
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
