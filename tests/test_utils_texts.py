"""load_text, load_corpus and the downloads behind them, against real files and a real web server."""

import codecs
import hashlib
import os
import re

import pytest

import utils
from utils import load_corpus, load_text

TEXT = "A line.\nUne ligne: déjà vu.\n人工智慧正在改變世界。\n"
TRADITIONAL = "秋天的早晨，河邊的霧還沒有散去，賣豆漿的老人已經把爐火生好了。孩子們背著書包，踩著落葉去上學。\n"
SIMPLIFIED = "秋天的早晨，河边的雾还没有散去，卖豆浆的老人已经把炉火生好了。孩子们背着书包，踩着落叶去上学。\n"
JAPANESE = "秋の朝、川べりの霧はまだ晴れず、豆腐屋の老人はもう火をおこしていた。子どもたちは落ち葉をふんで歩く。\n"
FRENCH = "Un matin d'été, la brume s'était levée sur la rivière et le café était déjà fermé. Où êtes-vous allés?\n"
SHA256 = hashlib.sha256(TEXT.encode()).hexdigest()


# ---------------------------------------------------------------- load_text


@pytest.fixture
def write(tmp_path):
    """Write bytes into my.txt and return its path."""

    def write(data: bytes):
        path = tmp_path / "my.txt"
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize(
    "data",
    [TEXT.encode(), codecs.BOM_UTF8 + TEXT.encode(), TEXT.replace("\n", "\r\n").encode()],
    ids=["UTF-8", "with a byte-order mark", "line ends of Windows"],
)
def test_utf8_is_read(write, data):
    """Without the mark, with plain line ends; the path may be a string."""
    path = write(data)
    assert load_text(path) == load_text(str(path)) == TEXT


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        (TRADITIONAL, "cp950", "Traditional Chinese"),
        (SIMPLIFIED, "gbk", "GBK"),
        (JAPANESE, "cp932", "Shift-JIS"),
        (FRENCH, "latin-1", "Latin-1"),
        (FRENCH, "cp1252", "Latin-1"),
        (TEXT, "utf-16", "UTF-16 with a byte-order mark"),
    ],
    ids=lambda value: value[:10] if value.isascii() else "",
)
def test_another_encoding_is_named_and_the_named_one_reads_the_file(write, text, encoding, name):
    """A few lines of text suffice, and the reader can copy the cure from the message."""
    path = write((text * 5).encode(encoding))
    with pytest.raises(ValueError, match=f"my.txt is not UTF-8 .*looks like .*{name}.*Save it as UTF-8") as error:
        load_text(path)
    named = re.search("encoding='(.*?)'", str(error.value))[1]
    assert path.read_text(encoding=named) == text * 5


def test_utf16_of_both_byte_orders_is_named(write):
    data = codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be")
    with pytest.raises(ValueError, match="looks like UTF-16 with a byte-order mark: encoding='utf-16'"):
        load_text(write(data))


def test_the_first_wrong_byte_is_named(write):
    with pytest.raises(ValueError, match=r"not UTF-8 \(byte 5\)"):
        load_text(write(b"caf\xc3\xa9\xe9 " * 20))


def test_bytes_that_are_no_text_are_called_so(write):
    with pytest.raises(ValueError, match="looks like no encoding that we know; is it a text file?"):
        load_text(write(bytes(range(256)) * 20))


@pytest.mark.parametrize("data", [b"", codecs.BOM_UTF8])
def test_an_empty_file_is_refused(write, data):
    with pytest.raises(ValueError, match="my.txt is empty: choose a file with text in it"):
        load_text(write(data))


@pytest.mark.parametrize("name", ["nothing.txt", "."])
def test_a_missing_file_is_named_with_the_folder_that_was_searched(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=f"no file '{name}': this notebook runs in .*{tmp_path.name}"):
        load_text(name)


# ---------------------------------------------------------------- load_corpus


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of this test's own, not yet made, and no LSTM_CORPUS_DIR."""
    monkeypatch.delenv("LSTM_CORPUS_DIR", raising=False)
    monkeypatch.setenv("LSTM_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def urls(web, cache, monkeypatch):
    """A corpus "diary" with two mirrors on a local server, which does not have it yet."""
    addresses = (f"{web.address}/first/diary.txt", f"{web.address}/second/diary.txt")
    monkeypatch.setattr(utils, "CORPORA", {"diary": ("diary.txt", SHA256, addresses)})
    return addresses


def left_in(folder) -> list[str]:
    return sorted(os.listdir(folder)) if folder.exists() else []


def test_a_corpus_is_downloaded_once(web, urls, cache):
    """The second time it comes from the cache, without network."""
    web.files["/first/diary.txt"] = TEXT.encode()
    assert load_corpus("diary") == ("diary", TEXT, urls[0])
    web.files.clear()
    assert load_corpus("diary").text == TEXT
    assert web.asked == ["/first/diary.txt"]
    assert left_in(cache) == ["diary.txt"]


def test_the_cache_is_the_users_own_unless_told_otherwise(web, urls, cache, tmp_path, monkeypatch):
    monkeypatch.delenv("LSTM_CACHE_DIR")
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "users" / name)
    web.files["/first/diary.txt"] = TEXT.encode()
    assert load_corpus("diary").text == TEXT
    assert left_in(tmp_path / "users" / "lstm-text") == ["diary.txt"] and not cache.exists()


def test_the_second_mirror_serves_when_the_first_has_nothing(web, urls):
    web.files["/second/diary.txt"] = TEXT.encode()
    assert load_corpus("diary").text == TEXT
    assert web.asked == ["/first/diary.txt", "/second/diary.txt"]


def test_the_second_mirror_serves_when_the_first_is_wrong(web, urls, cache):
    web.files.update({"/first/diary.txt": b"Please log in.", "/second/diary.txt": TEXT.encode()})
    assert load_corpus("diary").text == TEXT
    assert left_in(cache) == ["diary.txt"]


def test_the_second_mirror_serves_when_the_first_cannot_be_reached(web, cache, dead_address, monkeypatch):
    addresses = (f"{dead_address}/diary.txt", f"{web.address}/diary.txt")
    monkeypatch.setattr(utils, "CORPORA", {"diary": ("diary.txt", SHA256, addresses)})
    web.files["/diary.txt"] = TEXT.encode()
    assert load_corpus("diary").text == TEXT


def test_a_quick_download_says_nothing_and_a_slow_one_shows_its_progress(web, urls, cache, capfd):
    web.files["/first/diary.txt"] = TEXT.encode()
    load_corpus("diary")
    assert capfd.readouterr() == ("", "")
    (cache / "diary.txt").unlink()
    web.pause = 1.2
    load_corpus("diary")
    shown = capfd.readouterr()
    assert "diary.txt" in shown.out and "B/s" in shown.out and shown.err == ""
    assert shown.out.endswith(" \r")  # and wipes it away


@pytest.mark.parametrize(
    ("body", "cut_off"),
    [(TEXT.encode(), 10), (TEXT.encode()[:-1], 0), (TEXT.replace("A", "B").encode(), 0), (b"", 0), (b"", 10)],
    ids=["connection breaks", "one byte short", "altered", "empty", "nothing comes"],
)
def test_a_damaged_download_is_refused_and_not_kept(web, urls, cache, body, cut_off):
    web.files["/first/diary.txt"] = body
    web.cut_off = cut_off
    with pytest.raises(ValueError, match="of diary.txt is damaged and was not kept: run again") as error:
        load_corpus("diary")
    assert urls[0] in str(error.value) and urls[1] in str(error.value)
    assert left_in(cache) == []


def test_damage_in_the_cache_is_mended(web, urls, cache):
    web.files["/first/diary.txt"] = TEXT.encode()
    cache.mkdir()
    (cache / "diary.txt").write_bytes(TEXT.encode()[:-1])
    assert load_corpus("diary").text == TEXT
    assert (cache / "diary.txt").read_bytes() == TEXT.encode()


def test_damage_in_the_cache_is_removed_when_it_cannot_be_mended(urls, cache):
    cache.mkdir()
    (cache / "diary.txt").write_bytes(b"damaged")
    assert load_corpus("diary").name == "pydoc-topics"
    assert left_in(cache) == []


def test_the_readers_own_folder_comes_first(web, urls, cache, tmp_path, monkeypatch):
    """LSTM_CORPUS_DIR needs neither network nor cache."""
    monkeypatch.setenv("LSTM_CORPUS_DIR", str(tmp_path))
    (tmp_path / "diary.txt").write_bytes(TEXT.encode())
    assert load_corpus("diary").text == TEXT
    assert web.asked == [] and not cache.exists()


def test_a_damaged_file_of_the_readers_is_named_and_left_alone(web, urls, tmp_path, monkeypatch):
    web.files["/first/diary.txt"] = TEXT.encode()
    monkeypatch.setenv("LSTM_CORPUS_DIR", str(tmp_path))
    (tmp_path / "diary.txt").write_bytes(b"mine")
    with pytest.raises(ValueError, match="diary.txt is damaged: its sha256 should be .*Replace or remove it") as error:
        load_corpus("diary")
    assert str(tmp_path) in str(error.value)
    assert (tmp_path / "diary.txt").read_bytes() == b"mine"


def test_a_corpus_that_is_not_in_the_readers_folder_is_downloaded(web, urls, cache, tmp_path, monkeypatch):
    web.files["/first/diary.txt"] = TEXT.encode()
    monkeypatch.setenv("LSTM_CORPUS_DIR", str(tmp_path))
    assert load_corpus("diary").text == TEXT
    assert left_in(cache) == ["diary.txt"]


def test_without_network_the_text_is_pythons_manual_and_a_notice_says_so(cache, dead_address, monkeypatch, capfd):
    """The lesson goes on: enough English prose, under a name of its own."""
    monkeypatch.setattr(utils, "CORPORA", {"diary": ("diary.txt", "0" * 64, (f"{dead_address}/diary.txt",))})
    corpus = load_corpus("diary")
    assert corpus.name == "pydoc-topics" and corpus.source == "the Python standard library"
    assert len(corpus.text) > 400_000 and "assert" in corpus.text
    assert load_corpus("diary") == corpus
    out, err = capfd.readouterr()
    assert out.startswith("NOTICE: 'diary' could not be downloaded") and f"{dead_address}/diary.txt: Conn" in out
    assert "put diary.txt into a folder and set LSTM_CORPUS_DIR" in out and err == ""
    assert left_in(cache) == []


@pytest.mark.parametrize("place", ["", "deeper"])
def test_a_cache_that_cannot_be_written_is_named(web, urls, tmp_path, monkeypatch, place):
    """Here a file stands where the folder should be, which stops even an administrator."""
    (tmp_path / "occupied").write_text("a file, not a folder")
    monkeypatch.setenv("LSTM_CACHE_DIR", str(tmp_path / "occupied" / place))
    web.files["/first/diary.txt"] = TEXT.encode()
    with pytest.raises(PermissionError, match="cannot write to .*occupied.*: set LSTM_CACHE_DIR to a folder of yours"):
        load_corpus("diary")


def test_a_cache_without_permission_is_named(web, urls, cache):
    cache.mkdir(mode=0o500)
    if os.access(cache, os.W_OK):
        pytest.skip("this user may write everywhere")
    web.files["/first/diary.txt"] = TEXT.encode()
    with pytest.raises(PermissionError, match="set LSTM_CACHE_DIR to a folder of yours"):
        load_corpus("diary")


def test_an_unknown_corpus_leads_to_the_known_ones():
    with pytest.raises(
        ValueError, match=r"unknown corpus 'nitzsche': choose from \['nietzsche'\], or use load_text\(path\)"
    ):
        load_corpus("nitzsche")


def test_the_real_nietzsche():
    """Its published counts, wherever it is at hand; its mirrors are two, and both encrypted."""
    _, _, mirrors = utils.CORPORA["nietzsche"]
    assert len(mirrors) == 2 and all(url.startswith("https://") for url in mirrors)
    corpus = load_corpus("nietzsche")
    if corpus.name != "nietzsche":
        pytest.skip("no network, and no LSTM_CORPUS_DIR")
    assert len(corpus.text) == 600_893
    assert len(utils.Vocabulary.from_text(corpus.text.lower())) == 57
    assert corpus.text.lower().replace("\n", " ").startswith("preface   supposing that truth is a woma")
