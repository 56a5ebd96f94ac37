"""Helpers of the course "Text generation with LSTM": plumbing, and code that a lesson has already built in view.

Importing it has no effect; `utils.setup()` prepares a notebook. Sections stand in lesson order. Shapes:
B samples, T steps, V tokens, H units.
"""

from __future__ import annotations

import contextlib
import hashlib
import html
import importlib.util
import json
import math
import os
import pathlib
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

with contextlib.suppress(ModuleNotFoundError):  # `setup` installs it
    if not pathlib.Path("numpy.py").exists():  # the reader's own, which `setup` names
        import numpy as np

__all__ = [
    "Corpus", "Vocabulary", "bits_per_character", "clean_poems", "contiguous_batches", "entropy", "environment",
    "generate", "kneser_ney", "load_card", "load_corpus", "load_pretrained", "load_text", "plot_curves", "reweight",
    "sample", "setup", "show_samples", "show_widget", "sliding_windows", "split", "text_generator",
]  # fmt: skip

REPOSITORY = "OWNER/lstm-text-generation"  # written by `make badges REPOSITORY=owner/name`
REF = "main"  # the branch or tag whose helpers, models and texts a notebook fetches that stands alone
PACKAGES = (
    "tensorflow>=2.19,<2.22 keras>=3.10,<4 numpy>=2.0,<2.5 matplotlib>=3.9,<4 ipywidgets>=8.1,<9 pooch>=1.8,<2 "
    "requests>=2.31,<3 tqdm>=4.66,<5 charset-normalizer>=3.3,<4 threadpoolctl>=3.5,<4"
)  # of every lesson; `make badges` takes them from environment.yml

MANIFEST = "bcfb86daa8fd345520811894bf2357b99f8dd1d78c47db264c19499a0d34ba69"  # see tools/manifest.py
STALL, PATIENCE, SLOWEST = 10, 30, 5_000  # downloads: seconds without a byte, seconds at any speed, bytes a second
PICTURE_NOTE = "Run the cell to move it."  # below the picture of a widget that is not alive
# read when the framework loads; what the reader has set stays. TF32 rounds products on newer GPUs to three digits
SETTINGS = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_DETERMINISTIC_OPS": "1",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "NVIDIA_TF32_OVERRIDE": "0",
}
OKABE_ITO = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]


# ---------------------------------------------------------------- setup


def setup(seed: int = 0, packages: str = "") -> str:
    """Prepare a notebook: install what is missing, load Keras quietly, fix every seed, ask for repeatable operations,
    set the look of figures; return the line of `environment()`.

    `packages`: requirements such as "opencc>=1.2,<2", besides those of every lesson. With the same seed a training
    repeats bit for bit on one machine; another processor differs in the last digits. Raises ImportError where a package
    cannot be had, or is hidden by a file of the reader's.
    """
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    _install(f"{PACKAGES} {packages}".split())
    global np
    import numpy as np

    with _quiet_stderr():
        import keras

        keras.utils.clear_session(free_memory=False)  # Keras 3.10 would go on with the old draws
        keras.utils.set_random_seed(seed)
    import matplotlib as mpl

    mpl.rc("figure", figsize=(8, 3.6))
    mpl.rc("figure.constrained_layout", use=True)
    mpl.rc("axes", grid=True, titlelocation="left", prop_cycle=mpl.cycler(color=OKABE_ITO))
    mpl.rc("axes.spines", top=False, right=False)
    mpl.rc("grid", alpha=0.3)
    return environment()


def _import_name(requirement: str) -> str:
    """What one writes after `import` for a requirement.

    >>> _import_name("scikit-learn>=1.5,<2"), _import_name("rouge-score"), _import_name("PyYAML")
    ('sklearn', 'rouge_score', 'yaml')
    """
    name = re.split("[<>=]", requirement)[0].replace("-", "_")
    return {"scikit_learn": "sklearn", "pyyaml": "yaml"}.get(name.lower(), name)


def _install(packages: list[str]) -> None:
    """Install what is missing; TensorFlow only where it is Keras' backend."""
    names = {_import_name(package): package for package in packages}
    for file in pathlib.Path.cwd().glob("*.py"):
        if file.stem in {*sys.stdlib_module_names, *names}:
            raise ImportError(f"{file} hides the module {file.stem}: rename it, restart the kernel, run this again")
    if os.environ.get("KERAS_BACKEND") not in (None, "", "tensorflow"):
        names.pop("tensorflow", None)
    missing = [package for name, package in names.items() if importlib.util.find_spec(name) is None]
    if missing:
        print("Installing", *missing)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *missing]
        if subprocess.run(pip).returncode:
            raise ImportError(f"pip could not install {' '.join(missing)}: connect to the internet and run this again")
        importlib.invalidate_caches()


def environment() -> str:
    """One line that says which Python, Keras, backend and device this is, and with a GPU what is in force on it."""
    import keras

    backend = keras.backend.backend()
    version = getattr(sys.modules.get(backend), "__version__", "")
    try:
        gpus = [device for device in keras.distribution.list_devices() if "cpu" not in device]
    except (AttributeError, NotImplementedError):  # torch: Keras cannot list its devices
        torch = sys.modules.get("torch")
        gpus = [f"gpu:{i}" for i in range(torch.cuda.device_count())] if torch else []
    if gpus:
        in_force = {"TF32 off": ("NVIDIA_TF32_OVERRIDE", "0"), "memory growth": ("TF_FORCE_GPU_ALLOW_GROWTH", "true")}
        gpus += [fact for fact, (name, value) in in_force.items() if os.environ.get(name) == value]
    versions = f"Python {platform.python_version()}, Keras {keras.__version__} on {backend} {version}"
    return f"{versions}, NumPy {np.__version__}, {', '.join(gpus) or f'CPU with {os.cpu_count()} cores'}"


@contextlib.contextmanager
def _quiet_stderr():
    """Silence the lines that TensorFlow's C++ code writes to stderr before its log level is in force."""
    sys.stderr.flush()
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)


# ---------------------------------------------------------------- texts


class Corpus(NamedTuple):
    """A text with its name and where it came from."""

    name: str
    text: str
    source: str


class _Original(NamedTuple):
    """How a corpus is had from the web."""

    files: dict[str, str]  # with their sha256
    addresses: tuple[str, ...]  # to try in turn; to a final "/" the file's name is added
    fallback: str = ""  # a text of the course's own that stands in, or else the manual that every Python carries
    read: Callable[[list[str]], str] = "\n\n".join  # makes one text of the files' texts


CORPORA = {
    "nietzsche": _Original({"nietzsche.txt": "23cf69874ab69d3d256099ab530ea4be24d47d9675b673bcc67cbcd6298ec647"}, (
        "https://s3.amazonaws.com/text-datasets/nietzsche.txt",
        "https://storage.googleapis.com/tfjs-examples/lstm-text-generation/data/nietzsche.txt",
    )),
    "shakespeare": _Original({"shakespeare.txt": "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"}, (
        "https://storage.googleapis.com/download.tensorflow.org/data/shakespeare.txt",
        "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
    )),
    "tang": _Original({  # ten thousand poems; the folder is called 全唐诗
        "poet.tang.0.json": "4f88f429938082523cdc72a1612bd7a7c3e3f7a33f8192c61ae51340efc3c92d",
        "poet.tang.1000.json": "6e703b8d8dcedbd6110f6d48d043665ca2131db2035a5bfcef5e59a19aeb6d75",
        "poet.tang.2000.json": "ec28efa7e2ae9cdbbba09f0ed186e32ccae47a325ad1e5816b7ad56071c1665a",
        "poet.tang.3000.json": "9e4ba2323752b6b9fbdba875cdbc6a26636fe0cabc85fd066370d4915952001f",
        "poet.tang.4000.json": "b8a7946c879b9658a6c667a4c55f776fae7e5e00a17789ab06b274c1429afc66",
        "poet.tang.5000.json": "a0306e6962cff01639ad9a00b042a201b8dec1f30fa5d768a7b112589887861e",
        "poet.tang.6000.json": "982a21d2b15922b406911f1c825785054314c686da86b2155d7aebb362d22771",
        "poet.tang.7000.json": "a6fb69d7b4343c904dc56ae5aae34facc2478d196b51c37ceba9d1e2f171b342",
        "poet.tang.8000.json": "ac3848e95b02736168003863795de4474838c2d6a71a24ca2a4a280ea5177773",
        "poet.tang.9000.json": "b99d6596e3a1fe1a661652383083f92d196b8baf4e461d087081d5e1e1b7a51f",
    }, ("https://raw.githubusercontent.com/chinese-poetry/chinese-poetry/99ebbef7e1345c0985c44b9fd96a3f9e776f117b/"
        "%E5%85%A8%E5%94%90%E8%AF%97/",), "texts/verses.txt",
        lambda texts: "\n\n".join("\n".join(poem["paragraphs"]) for text in texts for poem in json.loads(text))),
}  # fmt: skip
OWN_TEXTS = {"news": "texts/news.txt", "questions": "texts/questions.txt"}  # of the course's own


def load_corpus(name: str) -> Corpus:
    """Return a corpus of the course, from `LSTM_CORPUS_DIR`, the cache or the web; its sha256 is checked every time.

    "tang" is a text of poems with an empty line between them; "news" and "questions" are the course's own. Without
    network a notice says which other text comes. Raises ValueError for an unknown name or a damaged file,
    FileNotFoundError or PermissionError for a useless folder.
    """
    if name in OWN_TEXTS:
        return Corpus(name, _fetch_own(OWN_TEXTS[name]).read_text("utf-8"), "this course")
    if name not in CORPORA:
        names = sorted({*CORPORA, *OWN_TEXTS})
        raise ValueError(f"unknown corpus {name!r}: choose from {names}, or use load_text(path) for your own")
    files, addresses, fallback, read = CORPORA[name]
    folder = os.path.expanduser(os.environ.get("LSTM_CORPUS_DIR", ""))
    if folder and not os.path.isdir(folder):
        raise FileNotFoundError(f"LSTM_CORPUS_DIR: there is no folder {folder!r}, seen from {os.getcwd()}")
    try:
        paths = [_fetch(file, sha256, addresses, folder) for file, sha256 in files.items()]
    except ConnectionError as error:
        from pydoc_data.topics import topics

        corpus = Corpus("pydoc-topics", "\n".join(map(topics.get, sorted(topics))), "the Python standard library")
        if fallback:
            corpus = Corpus(pathlib.Path(fallback).stem, _fetch_own(fallback).read_text("utf-8"), "this course")
        print(
            f"NOTICE: {name!r} could not be downloaded ({error}). We go on with text of {corpus.source}, and every "
            f"number will differ. For the real one, put {', '.join(files)} into a folder and set LSTM_CORPUS_DIR to it."
        )
        return corpus
    return Corpus(name, read([path.read_bytes().decode("utf-8") for path in paths]), addresses[0])


def clean_poems(text: str) -> str:
    """The poems of `load_corpus("tang")` without those with marks of modern editors, each once, in one random order.

    An empty line ends each. Built in lesson 03.

    >>> clean_poems("白日依山盡\\n\\n白□依山盡\\n\\n白日依山盡")
    '白日依山盡\\n\\n'
    """
    marks = set("□○[]〖〗{}（）/0123456789")
    poems = [poem for poem in dict.fromkeys(text.split("\n\n")) if not marks & set(poem)]
    return "".join(poems[i] + "\n\n" for i in np.random.default_rng(0).permutation(len(poems)))


def load_text(path: str | os.PathLike) -> str:
    """Return the text of a UTF-8 file, line ends as "\\n", without a byte-order mark.

    Raises FileNotFoundError, or ValueError if the file is empty or not UTF-8, naming the encoding it looks like.
    """
    path = pathlib.Path(path)
    if not os.path.isfile(path):  # False for a whole text, too, where path.is_file() fails
        raise FileNotFoundError(f"load_text takes a path: there is no file {str(path)[:200]!r} (run in {os.getcwd()})")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not UTF-8 (byte {error.start}): {_guess(path.read_bytes(), error)}") from None
    if not text or "\0" in text:
        raise ValueError(f"{path.name} {'holds NUL' if text else 'is empty'}: choose a file with text in it")
    return text


def _guess(data: bytes, error: UnicodeDecodeError) -> str:
    """Say what bytes that are not UTF-8 look like, and what to do."""
    import charset_normalizer

    names = {
        "cp950": "Big5 (Traditional Chinese)", "gb18030": "GBK (Simplified Chinese)", "cp932": "Shift-JIS (Japanese)",
        "euc_jp": "EUC-JP (Japanese)", "cp949": "EUC-KR (Korean)", "cp1251": "Windows-1251 (Cyrillic)",
        "koi8_r": "KOI8-R (Cyrillic)", "cp1252": "Latin-1 (Western European)", "utf_32": "UTF-32", "utf_16": "UTF-16",
    }  # fmt: skip
    found = getattr(charset_normalizer.from_bytes(data, cp_isolation=list(names)).best(), "encoding", "")
    for encoding in ("cp932", "euc_jp"):  # kana without a Latin letter, which charset_normalizer takes for Korean
        if len(re.findall("[ぁ-ん]", data.decode(encoding, "replace"))) > len(data) / 10:
            found = encoding
    if error.reason == "unexpected end of data" and not data[: error.start].isascii():
        return "its last character is cut off. Copy the file again"
    if not found or (found[:3] != "utf" and re.search(rb"\A%PDF|[\0-\x08\x0e-\x1a\x1c-\x1f]", data)):
        return "it looks like no text in an encoding that we know. Open it in its own program and save it as UTF-8 text"
    how = "Save it as UTF-8 in your editor, or read it with pathlib.Path(path).read_text(encoding=...)"
    return f"it looks like {names[found]}: encoding={found!r}. {how}"


def _fetch(file: str, sha256: str, addresses: Iterable[str], folder: str | os.PathLike) -> pathlib.Path:
    """The path of a file, in `folder` (if any), in the cache, or from the web; ConnectionError where it is nowhere."""
    import pooch

    name = f"{sha256[:8]}-{file}"  # so that in the cache files of equal names do not drive each other out
    cache = pathlib.Path(os.path.expanduser(os.environ.get("LSTM_CACHE_DIR") or pooch.os_cache("lstm-text")))
    own = [pathlib.Path(folder, each) for each in (name, file)] if folder else []
    for path in [*own, cache / name]:
        if os.path.isfile(path) and pooch.file_hash(path) == sha256:
            return path
        if path in own and path.exists():
            problem = "is damaged" if path.is_file() else "is not a file"
            raise ValueError(f"{path} {problem}: its sha256 should be {sha256}. Replace or remove it, and run again")
    problems, damaged, part = [], False, cache / f"{name}.{os.getpid()}"
    try:
        path.unlink(missing_ok=True)
        for url in [url + file if url.endswith("/") else url for url in addresses]:
            data, problem = _download(url, file)
            if hashlib.sha256(data).hexdigest() == sha256:
                cache.mkdir(parents=True, exist_ok=True)
                part.write_bytes(data)
                return part.replace(path)
            damaged |= not problem
            problems.append(f"{url}: {problem or 'not the file that we know'}")
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise PermissionError(f"cannot write to {cache} ({error}): set LSTM_CACHE_DIR to a folder of yours") from None
    if damaged:
        raise ValueError(f"the download of {file} is damaged and was not kept: run again ({'; '.join(problems)})")
    raise ConnectionError("; ".join(problems))


def _download(url: str, name: str) -> tuple[bytes, str]:
    """Return what comes from an address, maybe not all, and "", or else the problem. A bar shows after a second."""
    import requests
    import urllib3
    from tqdm.auto import tqdm

    start, data = time.monotonic(), b""
    bar = tqdm(desc=name, unit="B", unit_scale=True, file=sys.stdout, leave=False, delay=1)
    try:
        with bar, requests.get(url, stream=True, timeout=STALL) as response:
            response.raise_for_status()
            bar.total = response.raw.length_remaining
            while part := response.raw.read1(1 << 16, decode_content=True):
                data += part
                bar.update(len(part))
                if time.monotonic() - start > PATIENCE + len(data) / SLOWEST:
                    return data, "too slow"
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        return data, "" if isinstance(error, urllib3.exceptions.ProtocolError) else type(error).__name__
    return data, ""


def _fetch_own(file: str, sha256: str = "") -> pathlib.Path:
    """Return the path of one of the course's own files, from assets beside this module or from the repository."""
    if not sha256:
        sums = json.loads(_fetch_own("manifest.json", MANIFEST).read_text("utf-8"))
        if file not in sums:
            raise ValueError(f"the course has no {file}, only {', '.join(sums)}")
        sha256 = sums[file]
    address = os.environ.get("LSTM_COURSE_URL", f"https://raw.githubusercontent.com/{REPOSITORY}/{REF}")
    room, name = os.path.split(f"assets/{file}")
    try:
        return _fetch(name, sha256, [f"{address}/{room}/"], pathlib.Path(__file__).parent / room)
    except ConnectionError as error:
        raise ConnectionError(f"{name} could not be fetched ({error}): copy assets beside utils.py") from None


# ---------------------------------------------------------------- ids and windows


class Vocabulary:
    """The tokens of a text in a fixed order; a token's id is its place in that order. Built in lesson 04.

    >>> vocabulary = Vocabulary.from_text("to be")
    >>> vocabulary.tokens, vocabulary.encode("be"), vocabulary.decode([4, 3])
    ((' ', 'b', 'e', 'o', 't'), array([1, 2], dtype=int32), 'to')
    """

    def __init__(self, tokens: Iterable[str]):
        self.tokens = tuple(tokens)
        self._ids = {token: i for i, token in enumerate(self.tokens)}
        if not self.tokens:
            raise ValueError("a vocabulary needs at least one token: the text is empty")
        if len(self._ids) < len(self.tokens):
            raise ValueError("a vocabulary holds each token once: pass sorted(set(tokens))")

    @classmethod
    def from_text(cls, text: str) -> Vocabulary:
        """The distinct characters of a text, sorted by code point."""
        return cls(sorted(set(text)))

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, text: Sequence[str]) -> np.ndarray:
        """Text of T tokens → int32 ids (T,). Raises ValueError naming the tokens that are not in the vocabulary."""
        try:
            return np.array([self._ids[token] for token in text], dtype=np.int32)
        except KeyError:
            token, *others = dict.fromkeys(token for token in text if token not in self._ids)
            hint = f" (its lower case {token.lower()!r} is)" if str(token).lower() in self._ids else ""
            also = f"; also unknown: {', '.join(map(repr, others[:9]))}" if others else ""
            also += f" and {len(others) - 9} more" if others[9:] else ""
            where = f"{token!r} (position {list(text).index(token)})"
            raise ValueError(f"{where} is not in this vocabulary of {len(self)}{hint}{also}") from None

    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        """Ids (T,) → text. Raises ValueError for an id outside 0 … V-1."""
        ids = np.asarray(ids)
        if ids.size and (ids.ndim != 1 or ids.dtype.kind not in "iu" or ids.min() < 0 or ids.max() >= len(self)):
            raise ValueError(f"ids must be a flat sequence of integers in 0 … {len(self) - 1}")
        return "".join(self.tokens[i] for i in ids.tolist())


def split(ids: np.ndarray, validation: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Cut ids (N,) by position into a training part and the held-out last `validation` share, both views.

    >>> split(np.arange(10), 0.2)
    (array([0, 1, 2, 3, 4, 5, 6, 7]), array([8, 9]))
    """
    held_out = round(len(ids) * validation) if 0 < validation < 1 else 0
    if not 0 < held_out < len(ids):
        raise ValueError(f"cannot hold out {validation} of {len(ids)} ids: use a share between 0 and 1, a longer text")
    return ids[:-held_out], ids[-held_out:]


def sliding_windows(ids: np.ndarray, length: int, step: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Windows x (N, length) and the id after each, y (N,), both read-only views of ids. Built in lesson 04.

    >>> x, y = sliding_windows(np.arange(6), length=3, step=2)
    >>> x.tolist(), y.tolist()
    ([[0, 1, 2], [2, 3, 4]], [3, 5])
    """
    if length < 1 or step < 1:
        raise ValueError(f"length and step must be at least 1, not {length} and {step}")
    if len(ids) < length + 1:
        raise ValueError(f"a window and its target need {length + 1} ids, the text has {len(ids)}: use a longer text")
    windows = np.lib.stride_tricks.sliding_window_view(ids, length + 1)[::step]  # (N, length + 1)
    return windows[:, :-1], windows[:, -1]


def contiguous_batches(ids: np.ndarray, batch_size: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut ids into `batch_size` parallel streams, for stateful training with `fit(batch_size=…, shuffle=False)`.

    Returns x and y, each (steps · batch_size, length), y one character later; row r + batch_size goes on where row r
    ends. The last, incomplete piece of each stream is dropped. Built in lesson 04.

    >>> x, y = contiguous_batches(np.arange(9), batch_size=2, length=2)
    >>> x.tolist(), y.tolist()
    ([[0, 1], [4, 5], [2, 3], [6, 7]], [[1, 2], [5, 6], [3, 4], [7, 8]])
    """
    if batch_size < 1 or length < 1:
        raise ValueError(f"batch_size and length must be at least 1, not {batch_size} and {length}")
    steps = (len(ids) - 1) // (batch_size * length)
    if steps < 1:
        needed = batch_size * length + 1
        raise ValueError(f"{batch_size} streams of {length} need {needed} ids, not {len(ids)}: use fewer or shorter")

    def rows(start: int) -> np.ndarray:
        streams = ids[start : start + batch_size * steps * length].reshape(batch_size, steps, length)
        return streams.swapaxes(0, 1).reshape(-1, length)

    return rows(0), rows(1)


# ---------------------------------------------------------------- from a distribution to a token


def reweight(p: np.ndarray, temperature: float) -> np.ndarray:
    """Distribution(s) p (…, V) at another temperature: exp(log p / T), normalised; T = 0 puts all on the largest.

    The maximum of log p is subtracted first, so that no T > 0 can overflow. Raises ValueError for a temperature that is
    negative, infinite or not a number, and for a p that is no distribution. Built in lesson 02.

    >>> reweight([0.8, 0.1, 0.1], temperature=2)
    array([0.58578644, 0.20710678, 0.20710678])
    """
    p = np.asarray(p, dtype=np.float64)
    if p.ndim == 0 or not (np.isfinite(p).all() and (p >= 0).all() and (p.sum(-1) > 0).all()):
        raise ValueError("p must hold finite numbers, none negative and not all zero: give probabilities, not logits")
    with np.errstate(divide="ignore"):
        return _distribution(np.log(p), temperature, None, None)


def entropy(p: np.ndarray) -> np.ndarray:
    """Entropy in bits of p (…, V) → (…): 0 if sure, log2 V if all are alike (Shannon, 1948). Built in lesson 02.

    >>> float(entropy([0.5, 0.25, 0.25]))
    1.5
    """
    p = np.asarray(p, dtype=np.float64)
    return 0.0 - np.sum(p * np.log2(p, where=p > 0, out=np.zeros_like(p)), axis=-1)  # 0.0 -: never prints -0.0


def sample(logits: np.ndarray, *, temperature=1.0, top_k=None, top_p=None, rng=None) -> int:
    """Draw one id from logits (V,), which are log p up to a constant: temperature first, then top-k, then top-p.

    `top_k` keeps the k likeliest tokens (1 … V), `top_p` the smallest set that holds that much probability (0 < p ≤ 1);
    `rng` is a numpy.random.Generator, a seed or None.
    Built in lesson 02.

    >>> sample([0.0, 3.0, 1.0], temperature=0)
    1
    """
    if not isinstance(rng, np.random.Generator):
        _check_whole("rng as a seed", rng, 0, or_none=True)
    logits = np.asarray(logits, dtype=np.float64)
    if logits.ndim != 1:
        raise ValueError(f"sample draws from one row of logits, shape (V,), not {logits.shape}")
    p = _distribution(logits[None], temperature, top_k, top_p)
    return int(_pick(p, np.random.default_rng(rng).random(1))[0])


def _check_whole(name: str, value, least: int, or_none: bool = False) -> None:
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= least
    if not (whole or (or_none and value is None)):
        raise ValueError(f"{name} must be a whole number, {least} or more{' (or None)' * or_none}, not {value!r}")


def _check_sampling(temperature: float, top_k: int | None, top_p: float | None, vocab_size: int) -> None:
    if not (_is_number(temperature) and math.isfinite(temperature) and temperature >= 0):
        raise ValueError(f"temperature must be finite and 0 or more, not {temperature!r}; 0 always takes the likeliest")
    _check_whole("top_k", top_k, 1, or_none=True)
    if top_k is not None and top_k > vocab_size:
        raise ValueError(f"top_k must lie in 1 … {vocab_size}, the vocabulary, not {top_k}; None keeps every token")
    if top_p is not None and not (_is_number(top_p) and 0 < top_p <= 1):
        raise ValueError(f"top_p must be over 0 and at most 1, not {top_p!r}; None keeps every token")


def _is_number(value) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _distribution(logits: np.ndarray, temperature: float, top_k: int | None, top_p: float | None) -> np.ndarray:
    """Logits (…, V) → probabilities (…, V) in float64."""
    vocab_size = logits.shape[-1]
    _check_sampling(temperature, top_k, top_p, vocab_size)
    logits = np.asarray(logits, dtype=np.float64)
    largest = logits.max(axis=-1, keepdims=True)
    if not np.isfinite(largest).all():
        raise ValueError("the logits hold NaN or infinity: has the training diverged?")
    if temperature == 0:
        p = (np.arange(vocab_size) == logits.argmax(axis=-1)[..., None]).astype(np.float64)
    else:
        with np.errstate(over="ignore"):
            p = np.exp((logits - largest) / temperature)
    if top_k is not None or top_p is not None:
        order = np.argsort(-p, axis=-1, kind="stable")  # likeliest first; equals in the order of their ids
        ranked = np.take_along_axis(p, order, axis=-1)
        if top_k is not None:
            ranked[..., top_k:] = 0
        if top_p is not None:
            before = np.cumsum(ranked, axis=-1) - ranked
            ranked[before >= top_p * ranked.sum(axis=-1, keepdims=True)] = 0
        np.put_along_axis(p, order, ranked, axis=-1)
    return p / p.sum(axis=-1, keepdims=True)


def _pick(p: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Distributions p (B, V) and uniform numbers u (B,) in [0, 1) → ids (B,): where the running sum of p passes u."""
    running = p.cumsum(axis=-1)
    return (running > (u * running[:, -1])[:, None]).argmax(axis=-1)


# ---------------------------------------------------------------- generation


def generate(
    model, vocabulary, prompt, length, *, temperature=1.0, top_k=None, top_p=None, samples=None, seed=None, window=None,
    allow=None,
) -> str | list[str]:  # fmt: skip
    """Write `length` characters after `prompt`; `samples=n` gives a list, the first as without `samples`.

    `model`: a Keras model of Embedding (or one-hot input) → one or more LSTM, Dropout between → Dense with V units; its
    weights run in the NumPy cell below with carried state. `window=n` starts from zero for every character and reads
    only the last n, as the classic recipe does. An empty prompt starts from the zero state. The same seed gives the
    same text. Raises ValueError for a model of another kind, a vocabulary of another size and settings out of range.
    Built in lesson 04.

    `allow(written)`, asked before each token of each sample, gets the list of tokens written so far, without the
    prompt, and gives those that may come next, or a bool mask (V,), or None for all. The others lose their probability
    before temperature, top-k and top-p. ValueError where none may come. Built in lesson 09.
    """
    import threadpoolctl

    begin, read, logits = _network(model, len(vocabulary))
    _check_sampling(temperature, top_k, top_p, len(vocabulary))
    _check_whole("length", length, 0)
    _check_whole("samples", samples, 1, or_none=True)
    _check_whole("window", window, 1, or_none=True)
    _check_whole("seed", seed, 0, or_none=True)
    if allow is not None and not callable(allow):
        raise ValueError(f"allow must be a function of the tokens written so far (or None), not {allow!r}")
    batch_size = 1 if samples is None else samples
    streams = np.random.SeedSequence(seed).spawn(batch_size)  # a sample's noise does not depend on how many there are
    noise = np.stack([np.random.default_rng(stream).random(length) for stream in streams], axis=1)  # (length, B)

    start = len(prompt)
    ids = np.empty((start + length, batch_size), np.int64)
    ids[:start] = vocabulary.encode(prompt)[:, None]
    # Products this small only wait for each other when a batch spreads them over threads.
    with threadpoolctl.threadpool_limits(None if samples is None else 1, "blas"):
        state = begin(batch_size)
        for row in ids[: 0 if window else start]:
            state = read(row, state)
        for t in range(start, start + length):
            if window:
                state = begin(batch_size)
                for row in ids[max(0, t - window) : t]:
                    state = read(row, state)
            scores = logits(state)
            if allow is not None:
                written = [[vocabulary.tokens[i] for i in column] for column in ids[start:t].T.tolist()]
                scores = np.where([_mask(allow(tokens), tokens, vocabulary) for tokens in written], scores, -np.inf)
            ids[t] = _pick(_distribution(scores, temperature, top_k, top_p), noise[t - start])
            if not window:
                state = read(ids[t], state)
    texts = [vocabulary.decode(column) for column in ids[start:].T]
    return texts[0] if samples is None else texts


def _mask(allowed, written: list[str], vocabulary: Vocabulary) -> np.ndarray:
    """What `allow` answered, as a bool mask (V,)."""
    if allowed is None:
        return np.ones(len(vocabulary), bool)
    mask = allowed
    if not (isinstance(allowed, np.ndarray) and allowed.dtype == bool):
        mask = np.zeros(len(vocabulary), bool)
        mask[vocabulary.encode(list(allowed))] = True
    if mask.shape != (len(vocabulary),):
        raise ValueError(f"allow gave a mask of shape {mask.shape}: it needs {(len(vocabulary),)}, one for each token")
    if not mask.any():
        raise ValueError(f"allow leaves no token to come after {''.join(written)[-40:]!r}: it must give at least one")
    return mask


def bits_per_character(model, ids: np.ndarray, streams: int = 32) -> float:
    """The mean of -log2 p that a model gives to each of `ids` (N,) after those before it, read from the zero state.

    `model`: as for `generate`. The text is cut into `streams` that are read side by side with carried state, which is
    quicker; each begins from zero, holds at least 200 ids (a short text has fewer streams), and what does not fill them
    at the end is left out. `streams=1` reads from the first id to the last. Raises ValueError for fewer than two ids,
    for ids that the model does not know, and as `generate` does. Built in lesson 07.
    """
    import threadpoolctl

    ids = np.asarray(ids)
    if ids.ndim != 1 or ids.dtype.kind not in "iu" or len(ids) < 2:
        raise ValueError("ids must be at least two integers in one row, such as vocabulary.encode(text)")
    begin, read, logits = _network(model)
    streams = max(1, min(streams, (len(ids) - 1) // 200))
    x, y = (part.T for part in contiguous_batches(ids, streams, (len(ids) - 1) // streams))  # (steps, streams)
    state, nats = begin(streams), 0.0
    vocab_size = logits(state).shape[1]
    if ids.min() < 0 or ids.max() >= vocab_size:
        raise ValueError(f"ids must lie in 0 … {vocab_size - 1}, the model's vocabulary: encode the text with its own")
    with threadpoolctl.threadpool_limits(1, "blas"):
        for row, targets in zip(x, y, strict=True):
            state = read(row, state)
            z = np.asarray(logits(state), np.float64)
            z -= z.max(axis=1, keepdims=True)
            nats += np.sum(np.log(np.exp(z).sum(axis=1)) - z[np.arange(streams), targets])
    if not math.isfinite(nats):
        raise ValueError("the logits hold NaN or infinity: has the training diverged?")
    return float(nats / y.size / np.log(2))


def _network(model, vocab_size: int | None = None) -> tuple:
    """A Keras text model as functions: begin(B) → state, read(ids (B,), state) → state, logits(state) → (B, V).

    A state is the (h, c) of every layer. The lookup of an id and its product with the first kernel are done beforehand.
    """
    import threadpoolctl

    embedding, layers, dense_kernel, dense_bias = _read_weights(model, vocab_size)
    (kernel, _, bias), *_ = layers
    with threadpoolctl.threadpool_limits(1, "blas"):  # the same text whatever the number of threads
        gate_inputs = (kernel if embedding is None else embedding @ kernel) + bias  # (V, 4H): each token's x W + b

    def begin(batch_size: int) -> list:
        return [(np.zeros((batch_size, len(recurrent)), np.float32),) * 2 for _, recurrent, _ in layers]

    def read(ids: np.ndarray, state: list) -> list:
        inputs, new = gate_inputs[ids], []
        for depth, (h, c) in enumerate(state):
            if depth:
                inputs = new[-1][0] @ layers[depth][0] + layers[depth][2]
            new.append(_lstm_step(inputs, h, c, layers[depth][1]))
        return new

    return begin, read, lambda state: state[-1][0] @ dense_kernel + dense_bias


def _lstm_step(inputs: np.ndarray, h: np.ndarray, c: np.ndarray, recurrent: np.ndarray) -> tuple:
    """One LSTM step: inputs = x W + b (B, 4H), states h and c (B, H), recurrent kernel (H, 4H) → new h, c (B, H).

    Gates stand in Keras' order i f g o. The sigmoid is written with tanh, which cannot overflow. Hochreiter and
    Schmidhuber (1997), with the forget gate of Gers, Schmidhuber and Cummins (2000). Built in lesson 01.
    """
    units = h.shape[1]
    z = inputs + h @ recurrent
    gates = 0.5 * np.tanh(0.5 * z) + 0.5
    i, f, o = gates[:, :units], gates[:, units : 2 * units], gates[:, 3 * units :]
    c = f * c + i * np.tanh(z[:, 2 * units : 3 * units])
    return o * np.tanh(c), c


def _chain(model) -> list:
    """The layers of a model from input to output; ValueError unless each is used once, on the output of one other."""
    if (kind := type(model).__name__) not in ("Sequential", "Functional"):
        raise ValueError(f"generate runs Sequential and functional models, not a class of your own: {kind}")
    if not model.built or not model.weights:
        raise ValueError("the model is not built and has no weights yet: call or train it first")
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError("generate runs models with one input, ids or one-hot rows, and one output")
    for layer in model.layers:
        if getattr(layer, "mask_zero", False):
            raise ValueError(f"{layer.name}: mask_zero skips id 0, which generate reads and writes: train without it")
    tensor, layers = model.outputs[0], []
    while tensor is not model.inputs[0]:
        layer, node, output = tensor._keras_history  # as Keras itself walks through a model
        inputs, settings = layer._inbound_nodes[node].input_tensors, layer._inbound_nodes[node].arguments.kwargs
        if len(inputs) != 1 or output != 0 or layer in layers or settings.get("training"):
            raise ValueError(f"{layer.name}: generate runs a chain of layers, each used once, joined by nothing else")
        layers.insert(0, layer)
        tensor = inputs[0]
    return layers


def _read_weights(model, vocab_size: int | None):
    """A Keras text model as arrays: embedding or None, [(kernel, recurrent, bias)], dense kernel, dense bias."""
    embedding, lstms, dense, softmax = None, [], None, False
    for layer in _chain(model):
        name, kind = layer.name, type(layer).__name__
        if kind == "TimeDistributed" and type(layer.layer).__name__ == "Dense":
            layer, kind = layer.layer, "Dense"
        if getattr(layer, "lora_enabled", False) or getattr(layer, "quantization_mode", None):
            raise ValueError(f"{name}: generate runs plain weights, not LoRA and not quantised ones")
        settings = layer.get_config()
        if kind == "Embedding" and embedding is None and not lstms:
            embedding = np.asarray(layer.get_weights()[0])
        elif kind == "LSTM" and dense is None:
            if settings["activation"] != "tanh" or settings["recurrent_activation"] != "sigmoid" or layer.go_backwards:
                raise ValueError(f"{name}: generate runs forward LSTMs with tanh and sigmoid, Keras' defaults")
            kernel, recurrent, *bias = layer.get_weights()
            lstms.append((kernel, recurrent, bias[0] if bias else np.zeros(kernel.shape[1], np.float32)))
        elif kind == "Dense" and lstms and dense is None and settings["activation"] in ("softmax", "linear"):
            kernel, *bias = layer.get_weights()
            dense = kernel, bias[0] if bias else np.zeros(kernel.shape[1], np.float32)
            softmax = settings["activation"] == "softmax"
        elif kind == "Softmax" and dense is not None and not softmax and settings["axis"] == -1:
            softmax = True
        elif kind == "Bidirectional":
            raise ValueError(f"{name} reads the text backwards too: it needs the characters that it should write")
        elif kind not in ("InputLayer", "Dropout", "SpatialDropout1D"):
            raise ValueError(f"{name}: generate knows Embedding → LSTM … LSTM → Dense, with Dropout between")
    if not lstms or dense is None:
        raise ValueError("generate needs a model with at least one LSTM and a Dense layer after it")
    inputs = len(lstms[0][0]) if embedding is None else len(embedding)
    outputs = dense[0].shape[1]
    vocab_size = vocab_size or outputs
    if outputs != vocab_size or inputs < vocab_size:
        sizes = f"reads {inputs} and writes {outputs} tokens, but the vocabulary has {vocab_size}"
        raise ValueError(f"the model {sizes}: use the vocabulary that it was trained with")
    return embedding, lstms, *dense


def load_pretrained(name: str):
    """Return (model, vocabulary, card) of a trained model: Keras model, Vocabulary, and the model card as a dict.

    Files come from assets/models beside this module, else from the repository's address; their sha256 is checked.
    Raises ValueError for an unknown name or a damaged file, ConnectionError where they cannot be had.
    """
    path, card = _fetch_own(f"models/{name}.keras"), load_card(name)
    import keras

    return keras.saving.load_model(path, compile=False, safe_mode=True), Vocabulary(card["vocabulary"]), card


def load_card(name: str) -> dict:
    """The card of a trained model, or of recorded trainings, alone; files and errors as with `load_pretrained`."""
    return json.loads(_fetch_own(f"models/{name}.json").read_text(encoding="utf-8"))


# ---------------------------------------------------------------- counting, the opponent


def kneser_ney(train: np.ndarray, ids: np.ndarray, vocab_size: int, longest: int) -> np.ndarray:
    """p (longest, N) of each of `ids` (N,) after all ids before it, from counts in `train` alone, which stands before.

    Row n - 1 is of n-grams: interpolated modified Kneser-Ney (Chen and Goodman, 1999). A discount of each count goes to
    the context without its oldest id, whose n-grams count once for each id that stands before them. The discounts come
    from how many n-grams were counted once to four times; where these give none, they are half the count. Every p is
    above 0. Raises ValueError for an empty `train` and for ids outside 0 … vocab_size - 1. Built in lesson 07.

    >>> kneser_ney(np.array([0, 1, 0, 1, 0]), np.array([1, 1]), vocab_size=2, longest=2).round(2).tolist()
    [[0.45, 0.45], [0.75, 0.25]]
    """
    _check_whole("longest", longest, 1)
    start, text = len(train), np.concatenate([train, ids])
    if not start or text.dtype.kind not in "iu" or text.min() < 0 or text.max() >= vocab_size:
        raise ValueError(f"train must not be empty, and every id lie in 0 … {vocab_size - 1}, the vocabulary")
    contexts, shorter, lower, rows = np.zeros(len(text), np.int64), None, np.full(len(ids), 1 / vocab_size), []
    for n in range(1, longest + 1):
        # a context and an id as one number, then the rank of that number: it never outgrows 64 bits
        codes, first, grams = np.unique(contexts * vocab_size + text, return_index=True, return_inverse=True)
        count = np.bincount(grams[n - 1 : start], minlength=len(codes))  # from where a context is complete
        if shorter:
            before = np.bincount(shorter[0][first[count > 0]], minlength=len(shorter[2]))
            lower = _discounted(before, *shorter, lower)
        shorter = grams, contexts, codes // vocab_size
        rows.append(_discounted(count, *shorter, lower))
        contexts = np.append(-1, grams[:-1])
    return np.stack(rows)


def _discounted(count: np.ndarray, grams: np.ndarray, contexts: np.ndarray, owners: np.ndarray, lower: np.ndarray):
    """p (N,) of the last N of `grams` after their `contexts`, from the count of each n-gram and the context it has."""
    times, k = np.bincount(count, minlength=5)[1:5], np.arange(1, 4)  # how many n-grams were counted 1 … 4 times
    grams, contexts = (ranks[len(ranks) - len(lower) :] for ranks in (grams, contexts))
    with np.errstate(divide="ignore", invalid="ignore"):
        discount = k - (k + 1) * times[0] / (times[0] + 2 * times[1]) * times[1:] / times[:-1]
        discount = np.append(0, np.where((discount > 0) & (discount < k), discount, k / 2))[count.clip(max=3)]
        total, freed = (np.bincount(owners.clip(0), weights) for weights in (count, discount))  # of each context
        mixed = ((count - discount)[grams] + freed[contexts] * lower) / total[contexts]
    return np.where(total[contexts] > 0, mixed, lower)


# ---------------------------------------------------------------- figures, tables, widgets


def plot_curves(curves: Mapping, title: str, xlabel: str, ylabel: str, lines: Mapping | None = None, **limits) -> None:
    """Draw named curves {name: (x, y)} and dashed horizontal lines {name: y}; `limits` such as ylim go to the axes."""
    import matplotlib.pyplot as plt

    _, axes = plt.subplots()
    for (name, (x, y)), style in zip(curves.items(), ["-", "--", ":", "-."] * len(curves), strict=False):
        axes.plot(x, y, style, marker="o", markersize=3, label=name)
    for name, y in (lines or {}).items():
        axes.axhline(y, color="black", linewidth=1, linestyle=(0, (5, 3)))
        axes.annotate(name, (0.99, y), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize="small")
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel, **limits)
    axes.legend()
    plt.show()


def show_samples(samples: Mapping[str, str], prompt: str = "") -> None:
    """Show texts {label: text} as a table, the prompt in bold before each; everything is escaped."""
    from IPython.display import HTML, display

    rows = "".join(
        f'<tr><th scope="row" style="vertical-align: top; white-space: nowrap">{html.escape(label)}</th>'
        f'<td style="text-align: left">{_text_html(prompt, text)}</td></tr>'
        for label, text in samples.items()
    )
    display(HTML(f"<table>{rows}</table>"))


def _text_html(prompt: str, text: str) -> str:
    """In a <pre>, where JupyterLab makes no formula of a text with two "$"."""
    style = "white-space: pre-wrap; word-break: normal; overflow-wrap: anywhere"  # never within a word that fits
    style += "; font-family: monospace; line-height: 1.5; margin: 0"
    return f'<pre style="{style}"><b>{html.escape(prompt)}</b>{html.escape(text)}</pre>'


def show_widget(widget) -> None:
    """Show a widget; whoever has not run the cell sees a picture of it, in plain HTML that does nothing.

    The picture holds each control with its value, and what the widget shows at first. JupyterLab, GitHub and nbconvert
    show it where there is no live widget; where there is one, that alone is seen.
    """
    from IPython.display import display

    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    picture = f"{_picture(widget)}<p><em>{PICTURE_NOTE}</em></p>"
    display(
        {"text/plain": PICTURE_NOTE, "text/html": picture, "application/vnd.jupyter.widget-view+json": view}, raw=True
    )


def _picture(widget) -> str:
    """A box of controls, or a control, as HTML without any life; a slider has a track of twenty places."""
    kind = type(widget).__name__
    if hasattr(widget, "children"):
        return f"<div>{''.join(map(_picture, widget.children))}</div>"
    if kind in ("HTML", "Audio"):
        return widget.value if kind == "HTML" else ""  # a player shows nothing
    name = html.escape(widget.description)
    if kind == "Button":
        return f'<span style="display: inline-block; border: 1px solid; padding: 2px 12px; margin: 4px">{name}</span>'
    value = html.escape(str(widget.value))
    if kind.endswith("Slider"):
        chosen = kind == "SelectionSlider"
        low, high = (0, len(widget.options) - 1) if chosen else (widget.min, widget.max)
        share = ((widget.index if chosen else widget.value) - low) / (high - low)
        value = value if chosen else f"{widget.value:{widget.readout_format}}"
        place = round(20 * share)
        value = f"{'━' * place}●{'─' * (20 - place)} {value}"
    return f'<div><span style="display: inline-block; width: 160px; text-align: right">{name}</span> {value}</div>'


def text_generator(model, vocabulary: Vocabulary, prompt="", temperature=0.5, length=200, before=""):
    """A widget that writes text: prompt, temperature, length, seed and a Generate button; for `show_widget`.

    The text follows every control once it is released; what cannot be generated is answered with the reason. The model
    reads `before` in front of the prompt, unseen: for instance an empty line, where a poem begins.
    """
    import ipywidgets as widgets

    shared = {"continuous_update": False, "layout": {"width": "36em"}, "style": {"description_width": "11em"}}
    controls = {
        "prompt": widgets.Text(prompt, description="prompt", **shared),
        "temperature": widgets.FloatSlider(temperature, min=0, max=2, step=0.05, description="temperature", **shared),
        "length": widgets.IntSlider(length, min=50, max=1000, step=50, description="length (characters)", **shared),
        "seed": widgets.BoundedIntText(0, min=0, max=2**31 - 1, description="seed", **shared),
    }
    button = widgets.Button(description="Generate", button_style="primary", tooltip="Write the text again")
    output = widgets.HTML()

    def write(_=None) -> None:
        values = {name: control.value for name, control in controls.items()}
        try:
            vocabulary.encode(values["prompt"])  # its error counts positions in the prompt alone
            text = generate(model, vocabulary, **values | {"prompt": before + values["prompt"]})
            text = _text_html(values["prompt"], text)
        except ValueError as error:
            text = f'<div role="alert">⚠ {html.escape(str(error))}</div>'
        output.value = f'<div role="status" aria-live="polite">{text}</div>'

    for control in controls.values():
        control.observe(write, names="value")
    button.on_click(write)
    write()
    return widgets.VBox([*controls.values(), button, output])


# end of lstm-text: the set-up cell asks for this line, which half a file lacks
