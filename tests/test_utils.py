"""The module as a whole, setup and environment in a fresh process, and what is shown without a model."""

import inspect
import os
import re
import subprocess
import sys

import matplotlib
import pytest

import utils
from notebook_files import ROOT

matplotlib.use("Agg")
HEAVY = ["keras", "tensorflow", "jax", "torch", "matplotlib", "IPython", "ipywidgets", "pooch", "requests"]


def python(code: str) -> subprocess.CompletedProcess:
    """Run a line in a fresh Python, as a reader's kernel would."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("TF_", "KERAS_", "XLA_"))}
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=clean, capture_output=True, text=True)


# ---------------------------------------------------------------- the module


def test_import_is_light():
    """Whoever imports utils decides when the framework is loaded, and how quietly."""
    run = python(f"import sys, utils; print([name for name in {HEAVY} if name in sys.modules])")
    assert (run.stdout, run.stderr) == ("[]\n", "")


def test_the_module_stays_small():
    """At most 750 lines that are not blank, and 30 names, each of them explained."""
    lines = (ROOT / "utils.py").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) <= 750
    assert len(utils.__all__) <= 30
    assert all(inspect.getdoc(getattr(utils, name)) for name in utils.__all__)


def test_all_public_names_are_listed():
    """What lessons may use is what __all__ says, in alphabetical order."""
    made_here = {
        name for name, value in vars(utils).items() if getattr(value, "__module__", "") == "utils" and name[0] != "_"
    }
    assert set(utils.__all__) == made_here and utils.__all__ == sorted(utils.__all__)


# ---------------------------------------------------------------- setup and environment


def test_setup_is_quiet_and_environment_is_one_line():
    """Not a line of TensorFlow's on stderr, where a notebook would show it in red."""
    run = python("import utils; print(utils.setup() == utils.environment()); print(utils.environment())")
    assert run.stderr == ""
    line = r"True\nPython 3\.\d+\.\d+\S*, Keras 3\.\d+\.\d+ on tensorflow 2\.\d+\.\d+, NumPy 2\.\d+\.\d+, .*\n"
    assert re.fullmatch(line, run.stdout), run.stdout
    assert re.search(r"CPU with \d+ cores|gpu", run.stdout)


def test_a_numpy_of_the_readers_is_not_run(tmp_path):
    """It is named by `setup`, before anything has imported it."""
    (tmp_path / "numpy.py").write_text("print('mine')")
    code = f"import sys; sys.path.append({str(ROOT)!r}); import utils; utils.setup()"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout == "" and "numpy.py hides the module numpy" in run.stderr


@pytest.mark.parametrize("name", ["random", "numpy", "charset_normalizer"])
def test_setup_names_a_file_that_hides_a_module(tmp_path, monkeypatch, name):
    """A learner's own file in the folder of the notebook; a file of another name is welcome."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").touch()
    utils._install([])
    (tmp_path / f"{name}.py").touch()
    with pytest.raises(ImportError, match=rf"{name}.py hides the module {name}: rename it, restart the kernel"):
        utils.setup()


def test_setup_installs_what_is_missing(monkeypatch, capfd):
    """With its range, beside what is there; where pip cannot, the reader is told what to do."""
    monkeypatch.setattr(utils, "PACKAGES", "numpy>=2.0,<2.5")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ImportError, match=r"pip could not install no-such-thing>=1,<2: connect to the internet"):
        utils.setup(packages="charset-normalizer>=3.3,<4 no-such-thing>=1,<2")
    assert "Installing no-such-thing>=1,<2\n" in capfd.readouterr().out


@pytest.mark.parametrize(("backend", "asked"), [("torch", False), ("jax", False), ("tensorflow", True), ("", True)])
def test_setup_asks_for_tensorflow_only_as_backend(monkeypatch, backend, asked):
    """On a machine for another backend there may be none to be had."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("KERAS_BACKEND", backend)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ImportError) as error:
        utils._install(["tensorflow>=99", "no-such-thing>=1"])
    assert ("tensorflow" in str(error.value)) == asked and "no-such-thing>=1" in str(error.value)


def test_setup_asks_for_repeatable_operations_and_leaves_stderr_open():
    """What goes wrong after setup is still shown; what the reader has set stays."""
    code = "import os, sys, utils; os.environ['TF_CPP_MIN_LOG_LEVEL'] = '1'; utils.setup()"
    shown = "os.environ['TF_DETERMINISTIC_OPS'], os.environ['TF_CPP_MIN_LOG_LEVEL']"
    run = python(f"{code}; print({shown}); os.write(2, b'low '); print('high', file=sys.stderr)")
    assert run.stdout == "1 1\n" and run.stderr.endswith("low high\n")


def test_setup_comes_before_the_framework(monkeypatch):
    """A GPU's settings are read when the framework loads: they stand by then, and `environment` states them."""
    asked = "os.environ['NVIDIA_TF32_OVERRIDE'], os.environ['TF_FORCE_GPU_ALLOW_GROWTH']"
    finder = f"sys.meta_path.insert(0, type('F', (), {{'find_spec': lambda n, *_: n == 'keras' and print({asked})}}))"
    assert python(f"import os, sys, utils; {finder}; utils.setup()").stdout.startswith("0 true\n")
    monkeypatch.setattr("keras.distribution.list_devices", lambda: ["cpu:0", "gpu:0"])
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "0")
    monkeypatch.setenv("TF_FORCE_GPU_ALLOW_GROWTH", "false")
    assert utils.environment().endswith(", gpu:0, TF32 off")


@pytest.mark.parametrize("error", [AttributeError, NotImplementedError])
def test_environment_where_devices_cannot_be_listed(monkeypatch, error):
    """Keras on torch cannot list devices; the line about the machine comes all the same."""

    def no_list():
        raise error("no attribute 'list_devices'")

    monkeypatch.setattr("keras.distribution.list_devices", no_list)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert re.search(r"CPU with \d+ cores$", utils.environment())


def test_setup_repeats_the_draws_of_keras():
    """Whoever runs the set-up cell again gets the same numbers again, in Keras 3.10 too."""
    draw = "utils.setup(0); print(keras.random.normal((2,)).numpy())"
    first, second = python(f"import keras, utils; {draw}; {draw}").stdout.splitlines()
    assert first == second


# ---------------------------------------------------------------- figures and tables


@pytest.fixture
def axes():
    """The axes that a test has drawn, on a matplotlib without a screen."""
    import matplotlib.pyplot as plt

    plt.close("all")
    yield plt.gca
    plt.close("all")


CURVES = {"training": ([1, 2, 3], [3.0, 2.0, 1.0]), "held out": ([1, 2, 3], [3.1, 2.2, 1.9])}


@pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive")
def test_plot_curves_draws_and_labels(axes):
    """Title, units on both axes, one line each in the legend, told apart without colour too."""
    assert utils.plot_curves(CURVES, "Over-fitting", "epochs", "nats", lines={"5-gram": 1.434}, ylim=(1, 4)) is None
    drawn = axes()
    labels = drawn.get_title() or drawn.get_title(loc="left"), drawn.get_xlabel(), drawn.get_ylabel()
    assert labels == ("Over-fitting", "epochs", "nats")
    assert drawn.get_ylim() == (1, 4)
    assert [text.get_text() for text in drawn.get_legend().get_texts()] == ["training", "held out"]
    training, held_out, level = drawn.get_lines()
    assert list(training.get_ydata()) == [3, 2, 1] and list(held_out.get_xdata()) == [1, 2, 3]
    assert training.get_linestyle() != held_out.get_linestyle()
    assert set(level.get_ydata()) == {1.434} and [text.get_text() for text in drawn.texts] == ["5-gram"]


@pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive")
def test_plot_curves_needs_no_lines(axes):
    utils.plot_curves(CURVES, "Title", "x", "y")
    assert len(axes().get_lines()) == 2


@pytest.fixture
def shown(monkeypatch):
    """Call show_samples and return the HTML that it displays."""

    def shown(samples, **settings) -> str:
        displayed = []
        monkeypatch.setattr("IPython.display.display", displayed.append)
        assert utils.show_samples(samples, **settings) is None
        (html,) = displayed
        return html.data

    return shown


def test_show_samples_is_a_table_with_the_prompt_in_bold(shown):
    table = shown({"T = 0.2": "the same", "T = 1": "else\nwhere"}, prompt="on ")
    assert re.findall("<th.*?>(.*?)</th>", table) == ["T = 0.2", "T = 1"]
    assert re.findall("(?s)<b>(.*?)</b>(.*?)</pre>", table) == [("on ", "the same"), ("on ", "else\nwhere")]
    assert "white-space: pre-wrap" in table  # line ends and runs of spaces stay


def test_show_samples_escapes_everything(shown):
    """Neither label, nor prompt, nor text can be HTML."""
    table = shown({"<i>": "<script>alert('1')</script> & more"}, prompt="<b & b>")
    assert set(re.findall("<([a-z]+)", table)) == {"table", "tr", "th", "td", "pre", "b"}
    assert "&lt;i&gt;" in table and "&lt;b &amp; b&gt;" in table
    assert "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt; &amp; more" in table
