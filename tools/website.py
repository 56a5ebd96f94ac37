"""Write the website: README.md and all lessons as HTML, as they are committed, and the page that needs no kernel.

`make site` writes into the folder `site`, then follows every link: the exit status is 1 where one leads nowhere. Links
to other sites are not followed, but those to files of the repository are looked for in it. The exporter is nbconvert;
folded cells stay folded, and widgets show their pictures. The front page begins with a field that finds a heading of a
lesson; without JavaScript its list is there all the same.
"""

import argparse
import html.parser
import pathlib
import re
import shutil
import sys
import urllib.parse

import nbconvert
from nbformat.v4 import new_markdown_cell, new_notebook

import badges
from notebook_files import ROOT, lessons, read, utils

LINK = re.compile(r"(?<=\]\()[^()\s]+(?=\))")
HEADING = re.compile(r'<h\d id="([^"]+)">(.*?)<a class="anchor-link"', re.DOTALL)
TEMPLATE = """
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js_requirejs -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block html_head_css -%}
<style>
main { max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word; }
summary { cursor: pointer; padding: .25rem .5rem; }
.jp-RenderedHTMLCommon .highlight { margin: 1em 0; }
.jp-RenderedHTMLCommon table { display: block; overflow-x: auto; }
</style>
{%- endblock -%}
{%- block input_group -%}
{%- if cell.metadata.get('jupyter', {}).get('source_hidden') -%}
<details><summary>Folded code</summary>{{ super() }}</details>
{%- else -%}
{{ super() }}
{%- endif -%}
{%- endblock -%}
"""
SEARCH = """
<search>
<p hidden><label>Find a heading <input type="search"></label> <span role="status"></span></p>
<details><summary>All headings of the lessons</summary><ul>
ENTRIES
</ul></details>
</search>
<script>
const field = document.querySelector("search input"), headings = document.querySelector("search details");
field.closest("p").hidden = false;
field.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(/\\s+/), entries = [...headings.querySelectorAll("li")];
  for (const entry of entries) entry.hidden = !words.every((word) => entry.textContent.toLowerCase().includes(word));
  headings.open = field.value !== "";
  const found = entries.filter((entry) => !entry.hidden).length;
  document.querySelector("search [role=status]").textContent = `${found} of ${entries.length} headings`;
});
</script>
"""


def addresses() -> dict[str, str]:
    """What the repository's addresses become on the site, seen from its top."""
    repository, ref = utils.REPOSITORY, badges.REF.search((ROOT / "utils.py").read_text(encoding="utf-8"))[0]
    return {
        "website": badges.website(repository),
        "contents": f"https://github.com/{repository}#lessons",
        "files": f"https://github.com/{repository}/blob/{ref}/",
    }


def online(link: str, folder: str) -> str:
    """Where a link of a file in this folder of the repository ("" is the top) leads on the site."""
    known, up = addresses(), "../" * bool(folder)
    if link == known["contents"]:
        return f"{up}index.html#Lessons"
    if link.startswith(known["website"]):
        return up + (link.removeprefix(known["website"]) or "index.html")
    if urllib.parse.urlsplit(link).scheme or link.startswith("#"):
        return link
    path, mark, fragment = link.partition("#")
    path = (ROOT / folder / path).resolve().relative_to(ROOT).as_posix()
    if path == "README.md":
        path = "index.html"
    elif path == badges.PAGE.as_posix():
        path = badges.PAGE.name
    elif path.endswith(".ipynb"):
        path = path.removesuffix(".ipynb") + ".html"
    elif not path.startswith("assets/figures/"):
        return known["files"] + path + mark + fragment
    return up + path + mark + fragment


def exported(notebook, title: str, folder: str) -> str:
    """A notebook as HTML; its links lead through the site, and its pictures of widgets say what they are."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK.sub(lambda link: online(link[0], folder), cell.source)
        for output in cell.get("outputs", []):
            shown = output.get("data", {}).get("text/html", "")
            if utils.PICTURE_NOTE in shown:
                page = f'<a href="../{badges.PAGE.name}">page that needs no kernel</a>'
                note = f"This is a picture. The lesson itself is alive in JupyterLab and in Colab, the {page} here."
                output.data["text/html"] = shown.replace(utils.PICTURE_NOTE, note)
    notebook.metadata.title = title
    exporter = nbconvert.HTMLExporter(raw_template=TEMPLATE, exclude_input_prompt=True, exclude_output_prompt=True)
    return exporter.from_notebook_node(notebook)[0]


def search(pages: dict[str, str]) -> str:
    """A list of the headings of these pages {address: HTML} as links, and a field that filters it."""
    entries = []
    for address, page in pages.items():
        (_, title), *_ = headings = HEADING.findall(page)
        entries += [
            f'<li><a href="{address}#{place}">{text}</a> <small>{title}</small></li>' for place, text in headings
        ]
    return SEARCH.replace("ENTRIES", "\n".join(entries))


def write(site: pathlib.Path) -> None:
    """Write the whole site into a folder, which is emptied before."""
    shutil.rmtree(site, ignore_errors=True)
    shutil.copytree(ROOT / "assets" / "figures", site / "assets" / "figures")
    shutil.copy(ROOT / badges.PAGE, site)
    (site / "notebooks").mkdir()
    pages = {}
    for path in lessons():
        notebook = read(path)
        title = badges.title(notebook, path.name)
        notebook.cells.append(new_markdown_cell(notebook.cells[1].source, id="navigation-again"))
        pages[f"notebooks/{path.stem}.html"] = exported(notebook, title, "notebooks")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    front = exported(new_notebook(cells=[new_markdown_cell(readme, id="readme")]), readme.split("\n")[0][2:], "")
    pages["index.html"] = front.replace("<main>", f"<main>{search(pages)}", 1)
    for address, page in pages.items():
        (site / address).write_text(page, encoding="utf-8", newline="\n")


class Page(html.parser.HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.links += [found[name] for name in ("href", "src") if found.get(name)]
        self.anchors.update(found[name] for name in ("id", "name") if found.get(name))


def dead_links(site: pathlib.Path) -> list[str]:
    """Links of the site that lead to no file, to no place in a file, or to no file of the repository."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    files, problems = addresses()["files"], []
    for path, page in pages.items():
        for link in page.links:
            address, _, fragment = link.partition("#")
            if address.startswith(files):
                dead = not (ROOT / address.removeprefix(files)).exists()
            elif urllib.parse.urlsplit(link).scheme:
                dead = urllib.parse.urlsplit(link).scheme not in ("https", "data")
            else:
                target = (path.parent / urllib.parse.unquote(address)).resolve() if address else path
                places = {fragment, urllib.parse.unquote(fragment)}  # as a browser looks for it
                anchors = pages[target].anchors if fragment and target in pages else places
                dead = not target.is_file() or not places & anchors
            if dead:
                problems.append(f"{path.relative_to(site)}: {link[:100]}")
    return problems


def main() -> None:
    """Write the site and look for dead links."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=ROOT / "site", help="to write into (site)")
    site = parser.parse_args().folder.resolve()
    write(site)
    problems = dead_links(site)
    print(f"{len(list(site.rglob('*.html')))} pages in {site.name}")
    sys.exit("\n".join(["dead links:", *problems]) if problems else None)


if __name__ == "__main__":
    main()
