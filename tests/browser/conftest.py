"""A real JupyterLab and a real browser, one of each for all tests, and a copy of a lesson for each test file.

The test file names the lesson in LESSON. Of its code cells the copy keeps those that the widgets need, and none of the
minutes of training; where the test file says WHOLE = True, it keeps them all. ADDED_CELLS {id: source} come at its end.
Where the widgets need a training, SHORTER {text: other text} makes it short: each text stands in one of those cells.
"""

import inspect
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
from types import SimpleNamespace
from unittest import mock

import nbformat
import pytest
import requests
from playwright.sync_api import ConsoleMessage, Page, expect, sync_playwright

import utils
from controls import wait_for_kernel
from notebook_files import ROOT, needed_for, read, run_cell, widgets, write

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LONG = 600  # seconds for JupyterLab to start, and for a lesson to run; more than a busy machine needs
PATIENCE = 60_000  # milliseconds for all that the browser does: a busy machine can stand still for a while
expect.set_options(timeout=PATIENCE)

# All cells are in the page at once, and JupyterLab looks for no news.
SETTINGS = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}

HAS_RUN = """() => {
    const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputArea-prompt')].map(e => e.textContent);
    const failed = document.querySelector('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]');
    return (failed || prompts.some(prompt => prompt != '[ ]:')) && !prompts.includes('[*]:');
}"""


def write_tree(
    folder: pathlib.Path, lesson: pathlib.Path, added: dict[str, str], whole: bool, shorter: dict[str, str]
) -> list[str]:
    """Copy the lesson and what it needs; return its cells' ids. JupyterLab saves files: never the real ones."""
    shutil.copytree(ROOT / "assets", folder / "assets")
    shutil.copy(ROOT / "utils.py", folder)
    notebook = read(lesson)
    if not whole:
        kept = {"setup"}.union(
            *({cell.id for cell in needed_for(widget, notebook.cells)} for widget in widgets(notebook.cells))
        )
        notebook.cells = [cell for cell in notebook.cells if cell.cell_type != "code" or cell.id in kept]
    for text, other in shorter.items():
        [cell] = [cell for cell in notebook.cells if cell.cell_type == "code" and text in cell.source]
        cell.source = cell.source.replace(text, other)
    notebook.cells += [nbformat.v4.new_code_cell(source, id=name) for name, source in added.items()]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = None  # the page then tells which cells have run in it
    (folder / "notebooks").mkdir()
    write(notebook, folder / "notebooks" / lesson.name)
    return [cell.id for cell in notebook.cells]


def write_settings(folder: pathlib.Path) -> None:
    for plugin, values in SETTINGS.items():
        path = folder / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")


def start_lab(home: pathlib.Path) -> subprocess.Popen:
    """Start JupyterLab on home/tree; nothing of the user's own settings, extensions and sessions is read or written."""
    folders = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
    environment = {f"JUPYTER_{name}_DIR": str(home / folder) for name, folder in folders.items()}
    options = {
        "ServerApp.root_dir": home / "tree",
        "ServerApp.port": 0,  # it takes a free one
        "LabApp.expose_app_in_browser": True,  # for wait_for_kernel
        "LabApp.user_settings_dir": home / "settings",
        "LabApp.workspaces_dir": home / "workspaces",
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--{name}={value}" for name, value in options.items()]
    environment |= {"IPYTHONDIR": str(home / "ipython")}
    with open(home / "log", "w", encoding="utf-8") as log:
        return subprocess.Popen(command, env=os.environ | environment, stdout=log, stderr=log)


def wait_for_lab(server: subprocess.Popen, home: pathlib.Path) -> dict:
    """What JupyterLab writes down once it listens: its port and token among other things."""
    end = time.monotonic() + LONG
    while not list((home / "runtime").glob("jpserver-*-open.html")):  # the last that it writes
        if server.poll() is not None or time.monotonic() > end:
            pytest.fail(f"JupyterLab did not start:\n{(home / 'log').read_text(encoding='utf-8')}")
        time.sleep(0.1)
    [file] = (home / "runtime").glob("jpserver-*.json")
    return json.loads(file.read_text(encoding="utf-8"))


def stop(server: subprocess.Popen) -> None:
    server.terminate()  # it ends its kernels, too
    try:
        server.wait(30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@pytest.fixture(scope="module")
def path(request):
    """The notebook of the lesson."""
    return ROOT / "notebooks" / request.module.LESSON


@pytest.fixture(scope="module")
def names(path):
    """The lesson's names where it shows its last widget: its own cells have run in the process of the tests.

    `generator` holds the arguments of the text generator, if it made one.
    """
    cells, namespace = read(path).cells, {"utils": utils}
    with mock.patch("utils.show_widget"), mock.patch("utils.text_generator", autospec=True) as made:
        for cell in needed_for(widgets(cells)[-1], cells):
            if cell.id != "setup":
                run_cell(cell, path, namespace)
    if made.called:
        call = inspect.signature(utils.text_generator).bind(*made.call_args.args, **made.call_args.kwargs)
        call.apply_defaults()
        namespace["generator"] = call.arguments
    return namespace


@pytest.fixture(scope="module")
def author(names):
    """The model of the lesson's text generator, its vocabulary, and what it reads before the prompt."""
    return tuple(names["generator"][name] for name in ("model", "vocabulary", "before"))


@pytest.fixture(scope="session")
def chromium():
    """The path of the system's Chromium: without one the tests skip, but never in continuous integration."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None and os.environ.get("CI") == "true":
        pytest.fail(f"found none of {', '.join(BROWSERS)}: .ci/run says what is needed")
    if path is None:
        pytest.skip(f"found none of {', '.join(BROWSERS)}: install Chromium")
    return path


@pytest.fixture(scope="session")
def browser(chromium):
    """The running browser, which reaches nothing but this machine."""
    flags = ["--disable-gpu", "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--no-sandbox")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        browser.on("context", lambda context: context.set_default_timeout(PATIENCE))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(browser, tmp_path_factory):
    """A running JupyterLab: its `address`, the `token` that it asks for, and the folder `tree` that it serves."""
    home = tmp_path_factory.mktemp("lab")
    (home / "tree").mkdir()
    write_settings(home / "settings")
    process = start_lab(home)
    try:
        facts = wait_for_lab(process, home)
        yield SimpleNamespace(address=f"http://127.0.0.1:{facts['port']}", token=facts["token"], tree=home / "tree")
    finally:
        stop(process)


def end_kernels(server: SimpleNamespace) -> None:
    """Shut down what the lesson has started: each kernel holds hundreds of megabytes."""
    headers = {"Authorization": f"token {server.token}"}
    kernels = requests.get(f"{server.address}/api/kernels", headers=headers, timeout=LONG).json()
    for kernel in kernels:
        requests.delete(
            f"{server.address}/api/kernels/{kernel['id']}", headers=headers, timeout=LONG
        ).raise_for_status()


@pytest.fixture(scope="module")
def lab(request, path, server):
    """The lesson in its own folder: JupyterLab's `address`, the `url` of the lesson, and the ids of its `cells`."""
    added, whole = getattr(request.module, "ADDED_CELLS", {}), getattr(request.module, "WHOLE", False)
    shorter = getattr(request.module, "SHORTER", {})
    folder = f"{request.module.__name__}-{path.stem}"
    cells = write_tree(server.tree / folder, path, added, whole, shorter)
    url = f"{server.address}/doc/tree/{folder}/notebooks/{path.name}?token={server.token}"
    yield SimpleNamespace(address=server.address, url=url, cells=cells)
    end_kernels(server)


def is_ours(message: ConsoleMessage, address: str) -> bool:
    """An error, but not a picture on another server, such as Colab's badge, that could not be had."""
    outside = message.text.startswith("Failed to load resource") and not message.location["url"].startswith(address)
    return message.type == "error" and not outside


def run_all_cells(page: Page) -> None:
    """Run all cells from the menu, and wait until the last has run or one has failed."""
    idle = page.locator("#jp-main-statusbar").get_by_text("| Idle")  # the toolbar says idle before there is a kernel
    expect(idle).to_be_visible(timeout=LONG * 1000)
    page.locator(".jp-Notebook .jp-Cell").first.click()  # the menu acts on the notebook that has the focus
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(HAS_RUN, timeout=LONG * 1000)
    wait_for_kernel(page, timeout=LONG * 1000)  # a folded cell does not show that it still runs


@pytest.fixture(scope="module")
def opened(lab, browser):
    """The lesson after all its cells were run, for all tests of a file."""
    page = browser.new_page(viewport={"width": 800, "height": 1000}, device_scale_factor=2)
    errors, dialogs = [], []
    page.on("console", lambda message: errors.append(message.text) if is_ours(message, lab.address) else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(lab.url)
    run_all_cells(page)
    cells = {name: page.locator(".jp-Notebook .jp-Cell").nth(place) for place, name in enumerate(lab.cells)}
    yield SimpleNamespace(page=page, cells=cells, errors=errors, dialogs=dialogs)
    page.close()


@pytest.fixture
def lesson(opened):
    """The lesson as the test before has left it: `page`, `cells` by id, `errors` of the page and `dialogs` so far."""
    wait_for_kernel(opened.page)
    return opened


@pytest.fixture
def panel(lesson, path):
    """The lesson's widget, the last where it has several."""
    return lesson.cells[widgets(read(path).cells)[-1].id].locator(".widget-vbox")
