"""The maintainers' tools, tried on a tiny course in a temporary folder."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import badges
import corpora
import example
import notebook_files
import pretrain
import recipes
import run_lessons
import small_models
import utils
from notebook_files import lent, lessons, needed_for, read, run_cell, write


@pytest.fixture
def course(tmp_path):
    """A course of two lessons whose shared parts are as the tool writes them."""
    example.course(tmp_path, write)
    for path, text in badges.wanted(tmp_path).items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return tmp_path


def edit(path: pathlib.Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8", newline="\n")


def test_badges_are_stable(course):
    """Running the tool again changes nothing."""
    assert badges.stale(badges.wanted(course)) == []


def test_badges_write_navigation(course):
    """Each lesson leads to its neighbours, to the contents and to Colab, and says whether it wants a GPU."""
    first, last = (read(path).cells[1].source for path in lessons(course))
    assert "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]" in first
    assert "/github/OWNER/course/blob/v1/notebooks/01_one.ipynb) **GPU: helps**" in first
    assert first.endswith("\n\n[contents](https://github.com/OWNER/course#lessons) · next: [02 · Two](02_two.ipynb)")
    assert last.endswith("\n\nprevious: [01 · One](01_one.ipynb) · [contents](https://github.com/OWNER/course#lessons)")


def test_badges_lead_to_the_page_that_needs_no_kernel(course):
    """From each lesson with a widget; a fork's own page, from which its own course is linked."""
    path, page = lessons(course)[0], course / badges.PAGE
    notebook = read(path)
    notebook.cells.append(new_code_cell("utils.show_widget(box)", id="widget"))
    write(notebook, path)
    page.parent.mkdir()
    page.write_text('<a href="https://github.com/OWNER/course">', encoding="utf-8")
    for path, text in badges.wanted(course, "me/mine").items():
        path.write_text(text, encoding="utf-8", newline="\n")
    first, last = (read(path).cells[1].source for path in lessons(course))
    assert first.endswith(
        " · no kernel? [three models write in your browser](https://me.github.io/mine/playground.html)"
    )
    assert "no kernel" not in last
    assert page.read_text(encoding="utf-8") == '<a href="https://github.com/me/mine">'
    text = "See https://me.github.io/mine/ and https://me.github.io/mine2/."
    assert badges.renamed(text, "me/mine", "you/yours") == text.replace("me.github.io/mine/", "you.github.io/yours/")


def test_badges_write_the_table(course):
    """README lists every lesson, with what it asks and how long it takes."""
    readme = (course / "README.md").read_text(encoding="utf-8")
    assert readme.count("| [0") == 2
    assert "| [01 · One](notebooks/01_one.ipynb) | What? | 7 min, 2 of them computing | [![Open" in readme


def test_badges_touch_nothing_else(course):
    """Cells, outputs and metadata other than the shared ones stay as they were."""
    before, after = example.lesson(), read(lessons(course)[0])
    for notebook in (before, after):
        notebook.cells = [cell for cell in notebook.cells if cell.id not in ("navigation", "setup")]
    assert after == before


def test_badges_notice_changes(course):
    """A hand-written badge, set-up cell or table is named."""
    one, two, readme = *lessons(course), course / "README.md"
    edit(one, "GPU: helps", "GPU: none")
    edit(two, "setup(seed=0", "setup(seed=1")
    edit(readme, "What?", "Why?")
    assert badges.stale(badges.wanted(course)) == [one, two, readme]


def test_badges_publish_a_fork(course):
    """A new owner's name reaches every address, and nothing is left of the old one."""
    for path, text in badges.wanted(course, "me/my-course").items():
        path.write_text(text, encoding="utf-8", newline="\n")
    assert badges.stale(badges.wanted(course)) == []
    for path in [course / "utils.py", course / "README.md", *lessons(course)]:
        text = path.read_text(encoding="utf-8")
        assert "me/my-course" in text and "OWNER" not in text


@pytest.mark.parametrize("name", ["", "course", "me/", "me/my course", "me/a/b", "https://github.com/me/course"])
def test_badges_refuse_a_name(course, name):
    """What is not owner/name is refused before anything is written."""
    with pytest.raises(ValueError, match="owner/name"):
        badges.wanted(course, name)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"id": "setup"', '"id": "start"', "id 'setup'"),
        ('"id": "navigation"', '"id": "links"', "id 'navigation' as number 2"),
        ("# 01 · One", "# 02 · One", "its first line must be '# 01 · Title'"),
        ('"gpu": "helps"', '"gpu": "maybe"', "one of"),
        ('"cpu_minutes": 2', '"cpu_minutes": "2"', "whole"),
        ('"question": "What?"', '"question": ""', "question"),
    ],
)
def test_badges_say_what_a_lesson_lacks(course, old, new, message):
    """An author who forgets a part is told which, and in which file."""
    edit(lessons(course)[0], old, new)
    with pytest.raises(ValueError, match=f"01_one.ipynb.*{message}"):
        badges.wanted(course)


def run_setup(folder: pathlib.Path, address: str) -> subprocess.CompletedProcess:
    """Run the set-up cell as a kernel in that folder would, with the course published at that address."""
    source = badges.SETUP.replace("https://raw.githubusercontent.com/OWNER/NAME/REF", address).replace("=20", "=1")
    clean = {"NO_PROXY": "127.0.0.1", "PATH": "", "SYSTEMROOT": "C:\\Windows"}
    return subprocess.run([sys.executable, "-c", source], cwd=folder, env=clean, capture_output=True, text=True)


def test_setup_cell_finds_the_helpers(course):
    """In a clone the set-up cell uses the helpers of the folder above, or further up, and fetches nothing."""
    deep = course / "notebooks" / "mine"
    deep.mkdir()
    for folder in (course, course / "notebooks", deep):
        done = run_setup(folder, "http://127.0.0.1:1")
        assert (done.stdout, done.stderr) == ("Python, Keras, CPU\n", "")
    assert not (course / "notebooks" / "utils.py").exists() and list(deep.iterdir()) == []


@pytest.fixture
def content(course, web):
    """The folder of a notebook that came alone; the course is on a server."""
    web.files["/utils.py"] = (course / "utils.py").read_bytes()
    (course / "utils.py").unlink()
    (course / "content").mkdir()
    return course / "content"


def test_setup_cell_fetches_the_helpers(content, web):
    """In Colab the notebook comes alone: the set-up cell fetches its helpers, once."""
    for _ in range(2):
        assert run_setup(content, web.address).stdout == "Python, Keras, CPU\n"
    assert (content / "utils.py").read_bytes() == web.files["/utils.py"] and web.asked == ["/utils.py"]


@pytest.mark.parametrize("fault", ["no server", "no file", "a login page", "cut off", "half", "stalled"])
def test_setup_cell_leaves_nothing_half_fetched(content, web, dead_address, fault):
    """Where the helpers cannot be fetched, two lines say what to do, and no file is left for the next try."""
    if fault == "no file":
        del web.files["/utils.py"]
    if fault == "a login page":
        web.files["/utils.py"] = b"<html>Please log in</html>"
    if fault == "half":  # with nothing in it that says how long it should be
        web.files["/utils.py"] = web.files["/utils.py"][:100]
    web.cut_off, web.pause = 10 * (fault == "cut off"), 3 * (fault == "stalled")
    done = run_setup(content, dead_address if fault == "no server" else web.address)
    assert done.returncode == 1 and list(content.iterdir()) == []
    first, second = done.stderr.splitlines()
    assert first.startswith("utils.py is ") and "missing" in first and "Go online" in second


@pytest.mark.parametrize("own", ["", "def mine():\n    pass\n"])
@pytest.mark.parametrize("place", [".", ".."])
def test_setup_cell_names_a_foreign_utils(content, web, own, place):
    """A learner's own utils.py is neither imported nor changed, in the notebook's folder or above it."""
    file = (content / place / "utils.py").resolve()
    file.write_text(own + "print('imported')" * bool(own), encoding="utf-8")
    before = file.read_bytes()
    done = run_setup(content, web.address)
    assert (done.returncode, done.stdout, file.read_bytes()) == (1, "", before)
    assert "utils.py is missing, or not ours" in done.stderr and "rename it" in done.stderr


def test_the_end_of_the_helpers_is_marked():
    """The set-up cell takes the real utils.py, and not one that lacks its last line."""
    mark = re.search(r'^b"(.*?)" in code', badges.SETUP, re.MULTILINE)[1]
    text = (notebook_files.ROOT / "utils.py").read_text(encoding="utf-8")
    assert text.count(mark) == 1 and mark in text.splitlines()[-1]


def test_setup_cell_is_short():
    """The reader meets it in every lesson; folded in JupyterLab and in Colab."""
    assert len(badges.SETUP.replace("\n\n", "\n").splitlines()) <= 9
    for path in lessons():
        cell = next(cell for cell in read(path).cells if cell.id == "setup")
        assert cell.source.startswith("# @title") and cell.metadata.cellView == "form"
        assert cell.metadata.jupyter.source_hidden


def test_setup_cell_names_packages_and_ref(course):
    """A lesson names packages; their ranges come from environment.yml, the address from utils.py."""
    path = lessons(course)[0]
    notebook = read(path)
    notebook.metadata.lesson.packages = ["rouge_score"]
    write(notebook, path)
    files = badges.wanted(course)
    assert '/OWNER/course/v1/utils.py\\"' in files[path] and "/blob/v1/notebooks/01_one.ipynb" in files[path]
    assert 'packages=\\"rouge-score>=0.1.2,<0.2\\"' in files[path]
    usual = 'PACKAGES = (\n    "keras>=3.10,<4 charset-normalizer>=3.3,<4"\n)'
    assert usual in files[course / "utils.py"] and usual in (course / "utils.py").read_text(encoding="utf-8")
    notebook.metadata.lesson.packages = ["rouge-scores"]
    write(notebook, path)
    with pytest.raises(ValueError, match="01_one.ipynb: environment.yml has no rouge-scores"):
        badges.wanted(course)


def test_what_nobody_came_to_read_is_folded(course):
    """The set-up cell, checks of exercises and cells tagged `fold`; no other, also one that was folded by hand."""
    path = lessons(course)[0]
    notebook = read(path)
    cells = {cell.id: cell for cell in notebook.cells}
    cells["sum"].source = "def check_1(answer):\n    return answer"
    cells["product"].metadata.tags = ["fold"]
    cells["timing"].metadata.jupyter = {"source_hidden": True}
    write(notebook, path)
    path.write_text(badges.wanted(course)[path], encoding="utf-8", newline="\n")
    folded = [cell.id for cell in read(path).cells if cell.metadata.get("jupyter")]
    assert folded == ["setup", "sum", "product"]


def test_origin_gives_the_name(course, monkeypatch):
    """`make badges` in a fork writes its name; a check does not ask, and another host or no Git changes nothing."""
    monkeypatch.setattr(badges, "ROOT", course)
    git = ["git", "-C", course]
    assert badges.origin(course) is None
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "remote", "add", "origin", "/srv/course"], check=True)
    assert badges.origin(course) is None
    for address in ("https://github.com/me/my.course", "git@github.com:me/my.course.git"):
        subprocess.run([*git, "remote", "set-url", "origin", address], check=True)
        assert badges.origin(course) == "me/my.course"
    assert command(monkeypatch, badges, "--check") == 0
    command(monkeypatch, badges)
    assert 'REPOSITORY = "me/my.course"' in (course / "utils.py").read_text(encoding="utf-8")


def test_run_gives_outputs(course):
    """A lesson is executed from its own folder, and what is saved is ready to commit."""
    path = lessons(course)[0]
    notebook, memory = run_lessons.run(path)
    write(notebook, path)
    saved = read(path)
    outputs = {cell.id: cell.outputs[0].text for cell in saved.cells if cell.cell_type == "code"}
    assert outputs == {
        "setup": "Python, Keras, CPU\n",
        "sum": "2\n",
        "product": "6\n",
        "timing": "0.1\n",
        "check": "2\n",
    }
    assert [cell.execution_count for cell in saved.cells if cell.cell_type == "code"] == [1, 2, 3, 4, 5]
    assert saved.metadata.language_info == {"name": "python"}
    assert all("execution" not in cell.metadata for cell in saved.cells)
    assert memory.endswith(" GB") or sys.platform != "linux"
    first = path.read_bytes()
    write(run_lessons.run(path)[0], path)
    assert path.read_bytes() == first


def test_run_names_the_cell_that_fails(course):
    """The first cell that fails stops the run and is named with its error."""
    path = lessons(course)[0]
    notebook = read(path)
    notebook.cells.insert(4, new_code_cell("1 / 0", id="division"))
    write(notebook, path)
    with pytest.raises(RuntimeError, match=r"(?s)01_one.ipynb, cell 'division'.*ZeroDivisionError: division by zero"):
        run_lessons.run(path)


def test_run_needs_no_utf8(course):
    """A terminal in the C locale shows the line of progress with a question mark."""
    shutil.copytree(notebook_files.ROOT / "tools", course / "tools")
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, course / "tools" / "run_lessons.py", "--lesson", "01"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("01_one ? "), done.stderr


def test_install_says_that_the_folder_cannot_be_written(tmp_path):
    """Not the advice to install a package of the system; a file in the place of .venv stops root, too."""
    (tmp_path / "tools").mkdir()
    shutil.copy(notebook_files.ROOT / "tools" / "install.sh", tmp_path / "tools")
    (tmp_path / ".venv").write_text("")
    done = subprocess.run(["sh", tmp_path / "tools" / "install.sh"], capture_output=True, text=True)
    assert done.returncode == 1
    assert f"{tmp_path} cannot be written" in done.stderr and "apt" not in done.stderr


@pytest.mark.parametrize(
    ("loaded", "flag"),
    [
        (["nietzsche", "tang"], "--nbval\n"),
        (["pydoc-topics", "tang"], "--nbval-lax\n"),
        (["nietzsche", "verses"], "--nbval-lax\n"),
        (["pydoc-topics", "verses"], "--nbval-lax\n"),
    ],
)
def test_corpora_choose_the_comparison(monkeypatch, capsys, loaded, flag):
    """Facts about a corpus are compared only where all are at hand; what loading prints stays out of the way."""

    def load(name):
        print("NOTICE")
        return utils.Corpus(dict(zip(utils.CORPORA, loaded, strict=True))[name], "text", f"the home of {name}")

    monkeypatch.setattr(utils, "CORPORA", {"nietzsche": (), "tang": ()})
    monkeypatch.setattr(utils, "load_corpus", load)
    corpora.main()
    out, err = capsys.readouterr()
    assert out == flag
    assert "nietzsche: the home of nietzsche\n" in err and "tang: the home of tang\n" in err


def cells_of(*sources: str) -> list:
    return [new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]


def test_cells_of_a_lesson_run_elsewhere(tmp_path):
    """Where the widgets are tested; an error names the cell."""
    namespace = {"factor": 2}
    good, broken = cells_of("def double(x):\n    return x * factor", "1 / 0")
    run_cell(good, tmp_path / "one.ipynb", namespace)
    assert namespace["double"](21) == 42
    with pytest.raises(ZeroDivisionError) as error:
        run_cell(broken, tmp_path / "one.ipynb", {})
    assert "one.ipynb, cell cell-1" in str(error.traceback[-1].path)


def test_what_a_cell_needs():
    """The cells that gave their values to its names, and to those of its functions; no other, and none of later."""
    later = "def f():\n    return a + late"
    cells = cells_of("a = 1", "b = 2", "unused = a", later, "late = 3", "print(f(), b)", "b = 4")
    assert [cell.id for cell in needed_for(cells[5], cells)] == [f"cell-{i}" for i in (0, 1, 3, 4, 5)]
    assert needed_for(cells[1], cells) == [cells[1]]


def command(monkeypatch, tool, *arguments: str):
    """Run a tool's main with these arguments; return its exit status, None where it ends without one."""
    monkeypatch.setattr(sys, "argv", [tool.__name__, *arguments])
    try:
        tool.main()
    except SystemExit as end:
        return end.code


def test_badges_check_fails_and_writes_nothing(course, monkeypatch, capsys):
    """The exit status tells whether a file differs; without --check it is written."""
    monkeypatch.setattr(badges, "ROOT", course)
    assert command(monkeypatch, badges, "--check") == 0
    one = lessons(course)[0]
    edit(one, "GPU: helps", "GPU: none")
    damaged = one.read_bytes()
    assert command(monkeypatch, badges, "--check") == 1
    assert one.read_bytes() == damaged and "differs, run `make badges`" in capsys.readouterr().out
    assert command(monkeypatch, badges) == 0
    assert command(monkeypatch, badges, "--check") == 0


def test_lessons_are_saved_only_when_asked(course, monkeypatch):
    """A run to see whether a lesson works leaves the committed outputs alone."""
    path = lessons(course)[0]
    result = read(path)
    result.cells[0].source = "# from the run"
    monkeypatch.setattr(run_lessons, "lessons", lambda: [path])
    monkeypatch.setattr(run_lessons, "run_with_progress", lambda path: result)
    before = path.read_bytes()
    command(monkeypatch, run_lessons)
    assert path.read_bytes() == before
    command(monkeypatch, run_lessons, "--save")
    assert read(path) == result


def softmax(logits: np.ndarray) -> np.ndarray:
    p = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


def test_a_token_that_is_never_written():
    """Its probability is exactly zero, and all others grow by the same factor."""
    model, ids = small_models.deep(), np.arange(small_models.V)[None]
    before = softmax(np.asarray(model(ids)))[0]
    pretrain.never_write(model, -1)
    after = softmax(np.asarray(model(ids)))[0]
    assert (before[:, -1] > 0).all() and (after[:, -1] == 0).all()
    np.testing.assert_allclose(after[:, :-1], before[:, :-1] / (1 - before[:, -1:]), rtol=1e-4)


def test_the_poet_writes_no_unknown_character():
    """The published model of the poems had never_write."""
    unknown = lent(6, V=0)["UNKNOWN"]
    model, vocabulary, _ = utils.load_pretrained("tang")
    assert vocabulary.tokens[-1] == unknown
    assert (softmax(np.asarray(model(vocabulary.encode("春風")[None])))[..., -1] == 0).all()
    text = utils.generate(model, vocabulary, "春風", 2000, temperature=3, seed=0)
    assert len(set(text)) > 500 and unknown not in text


def test_validation_begins_with_empty_memory():
    """Training on streams carries the state from batch to batch, but not into the held-out text or the next epoch."""
    memory = {"epoch": [], "batch": [], "test": []}

    class Look(keras.callbacks.Callback):
        def note(self, moment):
            states = [state for layer in self.model.layers for state in getattr(layer, "states", None) or []]
            memory[moment].append(max(float(abs(np.asarray(state)).max()) for state in states))

        def on_epoch_begin(self, epoch, logs=None):
            self.note("epoch")

        def on_train_batch_end(self, batch, logs=None):
            self.note("batch")

        def on_test_begin(self, logs=None):
            self.note("test")

    train, held_out = np.random.default_rng(0).integers(0, 9, (2, 400), dtype=np.int32)
    recipes.train_streams(train, held_out, 9, 2, [Look()], units=8, layers=2, batch_size=4, length=16)
    assert min(memory["batch"]) > 0
    assert memory["epoch"] == memory["test"] == [0, 0]


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_what_a_lesson_lends_runs_alone(path, monkeypatch):
    """Definitions only: nothing is trained, drawn, loaded, or missing."""
    for name in ("load_corpus", "load_pretrained", "load_card"):
        monkeypatch.setattr(f"utils.{name}", lambda *_: pytest.fail("a lent cell loads something"))
    for name in ("keras.Model.__init__", "keras.Model.fit", "matplotlib.pyplot.figure"):
        monkeypatch.setattr(name, lambda *_, **__: pytest.fail("a lent cell does more than define"))
    assert lent(path, V=40)["V"] == 40


@pytest.mark.parametrize("broken", ["def double(x):\n    return x * factor", "double = 2 * factor"])
def test_a_name_that_is_not_lent_is_named(broken, tmp_path):
    """Where a statement needs it now, and where a function would need it later."""
    notebook = example.lesson()
    notebook.cells.append(new_code_cell(broken, id="double", metadata={"tags": ["reuse"]}))
    write(notebook, tmp_path / "one.ipynb")
    with pytest.raises(NameError, match="one.ipynb, cell 'double': the name factor is not lent"):
        lent(tmp_path / "one.ipynb")
    assert lent(tmp_path / "one.ipynb", factor=3)["factor"] == 3


def test_a_kernel_that_does_not_come_up_is_started_again(tmp_path):
    """The first start fails here, as where a port is taken. Without notebooks/conftest.py nbval gives up."""
    write(new_notebook(cells=[new_code_cell("6 * 7")]), tmp_path / "sum.ipynb")
    (tmp_path / "flaky.py").write_text(
        "import nbval.kernel\n"
        "start, calls = nbval.kernel.start_new_kernel, []\n"
        "def once_in_vain(*arguments, **settings):\n"
        "    calls.append(1)\n"
        "    if len(calls) == 1:\n"
        "        raise RuntimeError('Kernel died before replying to kernel_info')\n"
        "    return start(*arguments, **settings)\n"
        "nbval.kernel.start_new_kernel = once_in_vain\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "flaky", "--nbval-lax", "--nbval-current-env", "sum.ipynb"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    outcomes = []
    for _ in range(2):
        outcomes.append(subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True).returncode)
        shutil.copy(notebook_files.ROOT / "notebooks" / "conftest.py", tmp_path)
    assert outcomes == [1, 0]
