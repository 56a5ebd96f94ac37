"""load_text, load_corpus and the downloads behind them, against real files and a real web server."""

import codecs
import gzip
import hashlib
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
import zlib

import numpy as np
import pytest

import utils
from notebook_files import lent
from utils import load_corpus, load_text

TEXT = "A line.\nUne ligne: déjà vu.\n人工智慧正在改變世界。\n"
TRADITIONAL = "秋天的早晨，河邊的霧還沒有散去，賣豆漿的老人已經把爐火生好了。孩子們背著書包，踩著落葉去上學。\n"
SIMPLIFIED = "秋天的早晨，河边的雾还没有散去，卖豆浆的老人已经把炉火生好了。孩子们背着书包，踩着落叶去上学。\n"
JAPANESE = "秋の朝、川べりの霧はまだ晴れず、豆腐屋の老人はもう火をおこしていた。子どもたちは落ち葉をふんで歩く。\n"
FRENCH = "Un matin d'été, la brume s'était levée sur la rivière et le café était déjà fermé. Où êtes-vous allés?\n"
KOREAN = "가을 아침, 강가의 안개는 아직 걷히지 않았고 노인은 벌써 불을 피웠다. 아이들은 낙엽을 밟으며 걷는다.\n"
RUSSIAN = "Осенним утром туман над рекой ещё не рассеялся, а старый пекарь уже растопил печь. Дети шли по листве.\n"
SHA256 = hashlib.sha256(TEXT.encode()).hexdigest()
KEPT = f"{SHA256[:8]}-diary.txt"  # its name in the cache

SONGS = {  # poems by file, in an order that sorting would change
    "songs.900.json": [["牀前看月光，疑是地上霜。", "舉頭望山月，低頭思故鄉。"], ["春眠不覺曉，處處聞啼鳥。"]],
    "songs.1000.json": [["Tiger, tiger, burning bright", "In the forests of the night"]],
    "songs.1100.json": [["花開", "花落"], ["O Rose, thou art sick"]],
}
POEMS = (
    "牀前看月光，疑是地上霜。\n舉頭望山月，低頭思故鄉。\n\n春眠不覺曉，處處聞啼鳥。\n\n"
    "Tiger, tiger, burning bright\nIn the forests of the night\n\n"
    "花開\n花落\n\nO Rose, thou art sick"
)
ASSETS = pathlib.Path(utils.__file__).parent / "assets"
SUMS = json.loads((ASSETS / "manifest.json").read_text(encoding="utf-8"))
VERSES = ASSETS / "texts" / "verses.txt"
NEEDED = ["manifest.json", "texts/verses.txt"]

# Simplified forms of frequent characters, in the last line those that Big5 happens to know.
SIMPLIFIED_FORMS = set(
    "个们来时说这为国对会学过还没样开头见问关东车马鸟鱼门长风飞电书画读写话语词诗谁请让认识记讲论证应该经给红绿蓝纸线"
    "细终结绝爱亲热灯灭点炉战军队阳阴难双欢观视觉鸡鸭鹅鸣鸿鸦鹤凤龙龟虾蚁亿专业丛丝两严丽义乌乐乔习乡买乱争产伞伟传伤"
    "兰兴养冯冲冻净凉刘则刚创剑剧劝办务动劳势华协单卖历压县参发变号叹吗启员响园围图圆场块坛坟垄声处备够夺妇娇孙实宫宽"
    "宾寻导寿将尔尘尝层岁岗岛峡师帐带帮广庆废归当录彻径忆忧态总恋恼悬惨惯执扫扬护报择挥捡换"
    "岭庄万与体党坏宁怀怜惊扑机极构洁腊圣虫蚕听离种确儿佣厂复愿扰柜气痒羡胜赶适"
)


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
        (JAPANESE, "euc_jp", "EUC-JP"),
        (KOREAN, "euc_kr", "Korean"),
        (KOREAN, "cp949", "Korean"),
        (RUSSIAN, "cp1251", "Windows-1251"),
        (RUSSIAN, "koi8_r", "KOI8-R"),
        (FRENCH, "latin-1", "Latin-1"),
        (FRENCH, "cp1252", "Latin-1"),
        (TEXT, "utf-16", "UTF-16"),
        (TEXT, "utf-32", "UTF-32"),
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


@pytest.mark.parametrize("name", ["utf-16", "utf-32"])
@pytest.mark.parametrize("order", ["le", "be"])
def test_marks_of_both_byte_orders_are_recognised(write, name, order):
    """The mark of UTF-32 begins with the one of UTF-16."""
    with pytest.raises(ValueError, match=f"looks like {name.upper()}: encoding='{name.replace('-', '_')}'"):
        load_text(write(("\ufeff" + TEXT).encode(f"{name}-{order}")))


@pytest.mark.parametrize("missing", [1, 2])
def test_a_last_character_that_is_cut_off_is_not_taken_for_another_encoding(write, missing):
    with pytest.raises(ValueError, match="my.txt is not UTF-8 .*its last character is cut off. Copy the file again"):
        load_text(write(TEXT.strip().encode()[:-missing]))


def test_an_accent_at_the_end_of_latin_1_is_not_cut_off(write):
    with pytest.raises(ValueError, match="looks like Latin-1"):
        load_text(write(("We met in the garden of the old castle. " * 9 + "Then came the café").encode("latin-1")))


def test_the_first_wrong_byte_is_named(write):
    with pytest.raises(ValueError, match=r"not UTF-8 \(byte 5\)"):
        load_text(write(b"caf\xc3\xa9\xe9 " * 20))


PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type/Catalog>>\nendobj\n"


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)),
        PDF,
        PDF + zlib.compress(FRENCH.encode()),
        gzip.compress(FRENCH.encode()),
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    ],
    ids=["all bytes", "PDF", "compressed PDF", "gzip", "PNG"],
)
def test_bytes_that_are_no_text_are_called_so(write, data):
    with pytest.raises(ValueError, match="looks like no text in an encoding that we know. Open it in its own program"):
        load_text(write(data * 20))


@pytest.mark.parametrize("data", [b"one\0two", FRENCH.encode("ascii", "ignore").decode().encode("utf-16-le")])
def test_nul_is_refused(write, data):
    """It is UTF-8, and no text: perhaps UTF-16 without a mark."""
    with pytest.raises(ValueError, match="my.txt holds NUL"):
        load_text(write(data))


@pytest.mark.parametrize("data", [b"", codecs.BOM_UTF8])
def test_an_empty_file_is_refused(write, data):
    with pytest.raises(ValueError, match="my.txt is empty: choose a file with text in it"):
        load_text(write(data))


@pytest.mark.parametrize("name", ["nothing.txt", ".", "pipe"])
def test_what_is_no_file_is_named_with_the_folder_that_was_searched(tmp_path, monkeypatch, name):
    """A pipe would be waited for without end."""
    monkeypatch.chdir(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo("pipe")
    with pytest.raises(FileNotFoundError, match=rf"there is no file '{name}' \(run in .*{tmp_path.name}"):
        load_text(name)


@pytest.mark.parametrize("text", [TEXT, FRENCH * 99, "no newline " * 999, "nul\0"])
def test_a_text_in_the_place_of_a_path_is_noticed(text):
    """Also one that is too long for the name of a file."""
    with pytest.raises(FileNotFoundError, match="^load_text takes a path: there is no file .{,300}$"):
        load_text(text)


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
    monkeypatch.setattr(utils, "CORPORA", {"diary": utils._Original({"diary.txt": SHA256}, addresses)})
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
    assert left_in(cache) == [KEPT]


def test_the_cache_is_the_users_own_unless_told_otherwise(web, urls, cache, tmp_path, monkeypatch):
    monkeypatch.delenv("LSTM_CACHE_DIR")
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "users" / name)
    web.files["/first/diary.txt"] = TEXT.encode()
    assert load_corpus("diary").text == TEXT
    assert left_in(tmp_path / "users" / "lstm-text") == [KEPT] and not cache.exists()


def test_the_second_mirror_serves_when_the_first_has_nothing(web, urls):
    web.files["/second/diary.txt"] = TEXT.encode()
    assert load_corpus("diary").text == TEXT
    assert web.asked == ["/first/diary.txt", "/second/diary.txt"]


def test_the_second_mirror_serves_when_the_first_is_wrong(web, urls, cache):
    web.files.update({"/first/diary.txt": b"Please log in.", "/second/diary.txt": TEXT.encode()})
    assert load_corpus("diary").text == TEXT
    assert left_in(cache) == [KEPT]


def test_the_second_mirror_serves_when_the_first_cannot_be_reached(web, cache, dead_address, monkeypatch):
    addresses = (f"{dead_address}/diary.txt", f"{web.address}/diary.txt")
    monkeypatch.setattr(utils, "CORPORA", {"diary": utils._Original({"diary.txt": SHA256}, addresses)})
    web.files["/diary.txt"] = TEXT.encode()
    assert load_corpus("diary").text == TEXT


def test_a_quick_download_says_nothing_and_a_slow_one_shows_its_progress(web, urls, cache, capfd):
    web.files["/first/diary.txt"] = TEXT.encode()
    load_corpus("diary")
    assert capfd.readouterr() == ("", "")
    (cache / KEPT).unlink()
    web.pause = 1.2
    load_corpus("diary")
    shown = capfd.readouterr()
    assert "diary.txt" in shown.out and "B/s" in shown.out and shown.err == ""
    assert shown.out.endswith(" \r")  # and wipes it away


@pytest.mark.parametrize(
    ("body", "cut_off"),
    [(TEXT.encode()[:-10], 10), (TEXT.encode()[:-1], 0), (TEXT.replace("A", "B").encode(), 0), (b"", 0), (b"", 10)],
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
    (cache / KEPT).write_bytes(TEXT.encode()[:-1])
    assert load_corpus("diary").text == TEXT
    assert (cache / KEPT).read_bytes() == TEXT.encode()


def test_damage_in_the_cache_is_removed_when_it_cannot_be_mended(urls, cache):
    cache.mkdir()
    (cache / KEPT).write_bytes(b"damaged")
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
    assert left_in(cache) == [KEPT]


def test_without_network_the_text_is_pythons_manual_and_a_notice_says_so(cache, dead_address, monkeypatch, capfd):
    """The lesson goes on: enough English prose, under a name of its own."""
    original = utils._Original({"diary.txt": "0" * 64}, (f"{dead_address}/diary.txt",))
    monkeypatch.setattr(utils, "CORPORA", {"diary": original})
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


def test_a_cache_that_is_a_loop_of_links_is_named(web, urls, cache):
    cache.symlink_to(cache)
    web.files["/first/diary.txt"] = TEXT.encode()
    with pytest.raises(PermissionError, match="cannot write to .*cache .*: set LSTM_CACHE_DIR to a folder of yours"):
        load_corpus("diary")


def test_a_folder_in_the_place_of_a_file_of_the_cache_is_named(web, urls, cache):
    (cache / KEPT).mkdir(parents=True)
    web.files["/first/diary.txt"] = TEXT.encode()
    with pytest.raises(PermissionError, match=f"cannot write to .*{KEPT}"):
        load_corpus("diary")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
def test_a_pipe_in_the_place_of_a_file_of_the_cache_is_replaced(web, urls, cache):
    """Reading it would wait without end."""
    cache.mkdir()
    os.mkfifo(cache / KEPT)
    web.files["/first/diary.txt"] = TEXT.encode()
    assert load_corpus("diary").text == TEXT
    assert (cache / KEPT).read_bytes() == TEXT.encode()


@pytest.mark.parametrize("make", ["mkdir", "mkfifo"])
def test_what_is_no_file_in_the_readers_folder_is_named(web, urls, tmp_path, monkeypatch, make):
    if not hasattr(os, make):
        pytest.skip("no pipes with names on this system")
    monkeypatch.setenv("LSTM_CORPUS_DIR", str(tmp_path))
    getattr(os, make)(tmp_path / "diary.txt")
    with pytest.raises(ValueError, match="diary.txt is not a file: its sha256 should be .*Replace or remove it"):
        load_corpus("diary")
    assert web.asked == []


@pytest.mark.parametrize("name", ["texts", "a file"])
def test_a_readers_folder_that_is_not_there_is_named(web, urls, tmp_path, monkeypatch, name):
    """Nothing is downloaded instead."""
    (tmp_path / "a file").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LSTM_CORPUS_DIR", name)
    with pytest.raises(
        FileNotFoundError, match=f"LSTM_CORPUS_DIR: there is no folder '{name}', seen from .*{tmp_path.name}"
    ):
        load_corpus("diary")
    assert web.asked == []


@pytest.mark.parametrize("variable", ["LSTM_CORPUS_DIR", "LSTM_CACHE_DIR"])
@pytest.mark.parametrize("name", ["diary.txt", KEPT])
def test_a_tilde_is_the_readers_home(urls, tmp_path, monkeypatch, variable, name):
    """In both settings; a file of the cache may lie in LSTM_CORPUS_DIR, too, under its name there."""
    for home in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(home, str(tmp_path))
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / name).write_bytes(TEXT.encode())
    monkeypatch.setenv(variable, "~/texts")
    found = variable == "LSTM_CORPUS_DIR" or name == KEPT
    assert load_corpus("diary").name == ("diary" if found else "pydoc-topics")


# ---------------------------------------------------------------- slow servers, and an end in the middle


@pytest.fixture
def slow(web, urls, monkeypatch):
    """A server that has the text, on the first mirror only."""
    web.files["/first/diary.txt"] = TEXT.encode()
    return web


def test_a_server_that_stalls_is_left(slow, monkeypatch, capfd):
    """It stops in the middle; the lesson goes on soon."""
    monkeypatch.setattr(utils, "STALL", 0.2)
    slow.pause = 20
    assert load_corpus("diary").name == "pydoc-topics"  # who waits to the end has the text
    assert "/first/diary.txt: ReadTimeoutError" in capfd.readouterr().out


def test_a_server_that_trickles_is_left(slow, cache, monkeypatch, capfd):
    """Each byte comes in time, and the whole would never come; what had come is not kept."""
    monkeypatch.setattr(utils, "PATIENCE", 0.2)
    slow.pieces, slow.pause = len(TEXT.encode()), 0.3
    assert load_corpus("diary").name == "pydoc-topics"  # who waits to the end has the text
    assert "/first/diary.txt: too slow" in capfd.readouterr().out and left_in(cache) == []


def test_a_slow_connection_is_good_enough(slow, monkeypatch):
    """Whoever keeps the least speed may take longer than the patience with any speed."""
    monkeypatch.setattr(utils, "PATIENCE", 0.2)
    monkeypatch.setattr(utils, "SLOWEST", 10)
    slow.pieces, slow.pause = 4, 0.2
    assert load_corpus("diary").text == TEXT


def test_the_limits_are_those_of_people():
    """Nobody looks at a bar that stands still for a minute; a connection of 1998 is quick enough."""
    assert 5 <= utils.STALL <= 15 and 15 <= utils.PATIENCE <= 60 and 1_000 <= utils.SLOWEST <= 7_000


LOAD = """
import sys, utils
utils.CORPORA = {"diary": utils._Original({"diary.txt": sys.argv[1]}, (sys.argv[2],))}
utils.load_corpus("diary")
"""


def test_a_process_that_is_killed_in_a_download_leaves_nothing(web, urls, cache):
    """And the next one begins anew."""
    web.files["/first/diary.txt"] = TEXT.encode()
    web.pause = 20
    process = subprocess.Popen([sys.executable, "-c", LOAD, SHA256, urls[0]], cwd=ASSETS.parent)
    while not web.sent:
        time.sleep(0.01)
    time.sleep(0.3)  # time to write what has come
    process.kill()
    process.wait()
    assert left_in(cache) == []
    web.pause = 0
    assert load_corpus("diary").text == TEXT


def test_a_full_disk_leaves_nothing(web, urls, cache):
    """Here no file may have more than ten bytes."""
    resource = pytest.importorskip("resource")
    web.files["/first/diary.txt"] = TEXT.encode()
    done = subprocess.run(
        [sys.executable, "-c", LOAD, SHA256, urls[0]],
        cwd=ASSETS.parent,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "PermissionError: cannot write to" in done.stderr
    assert left_in(cache) == []


def test_an_unknown_corpus_leads_to_the_known_ones():
    known = r"\['news', 'nietzsche', 'questions', 'shakespeare', 'tang'\]"
    with pytest.raises(ValueError, match=rf"unknown corpus 'nitzsche': choose from {known}, or use load_text\(path\)"):
        load_corpus("nitzsche")


def test_a_text_of_the_courses_own():
    """It is beside the helpers, whole, and no download: headlines and stories in pairs, in plain ASCII."""
    news = load_corpus("news")
    stories = news.text.strip().split("\n\n")
    assert news.source == "this course" and news.text.isascii()
    assert len(stories) == 180 and all(story.count("\n") == 1 for story in stories)


# ---------------------------------------------------------------- addresses, and corpora of several files


@pytest.mark.parametrize(
    ("first", "second"),
    [("one/", "two/"), ("one/", "two/diary.txt"), ("one/diary.txt", "two/"), ("one/diary.txt", "two/input.txt")],
)
def test_the_files_name_completes_an_address_that_ends_in_a_slash(web, cache, monkeypatch, first, second):
    """Each mirror for itself; a whole address stays as it is, whatever the file is called there."""
    addresses = (f"{web.address}/{first}", f"{web.address}/{second}")
    monkeypatch.setattr(utils, "CORPORA", {"diary": utils._Original({"diary.txt": SHA256}, addresses)})
    last = "/two/input.txt" if second.endswith("input.txt") else "/two/diary.txt"
    web.files[last] = TEXT.encode()
    assert load_corpus("diary") == ("diary", TEXT, addresses[0])
    assert web.asked == ["/one/diary.txt", last]
    assert left_in(cache) == [KEPT]


def kept(files) -> list[str]:
    """The names of songs in the cache."""
    return sorted(f"{utils.CORPORA['songs'].files[file][:8]}-{file}" for file in files)


@pytest.fixture
def songs(web, cache, monkeypatch):
    """A corpus "songs" of three JSON files, in a folder with a Chinese name on a local server: {file: its bytes}."""
    files = {}
    for file, poems in SONGS.items():
        entries = [{"author": "佚名", "paragraphs": poem, "title": "無題", "id": "1"} for poem in poems]
        files[file] = json.dumps(entries, ensure_ascii=False, indent=2).encode()
    sums = {file: hashlib.sha256(data).hexdigest() for file, data in files.items()}
    original = utils._Original(sums, (f"{web.address}/%E8%A9%A9/",), read=utils.CORPORA["tang"].read)
    monkeypatch.setattr(utils, "CORPORA", {"songs": original})
    web.files.update({f"/%E8%A9%A9/{file}": data for file, data in files.items()})
    return files


def test_poems_of_several_files_become_one_text(web, songs, cache):
    """Lines under each other, an empty line between poems also where a file ends, files in the order of the table."""
    assert load_corpus("songs") == ("songs", POEMS, f"{web.address}/%E8%A9%A9/")
    assert web.asked == [f"/%E8%A9%A9/{file}" for file in SONGS]
    assert left_in(cache) == kept(SONGS)
    web.files.clear()
    assert load_corpus("songs").text == POEMS


@pytest.mark.parametrize("file", SONGS)
def test_one_damaged_download_of_several_is_refused(web, songs, cache, file):
    """A poem altered in any of the files is noticed; the files before it are kept."""
    web.files[f"/%E8%A9%A9/{file}"] = songs[file].replace(b"author", b"writer")
    with pytest.raises(ValueError, match=f"download of {file} is damaged and was not kept: run again"):
        load_corpus("songs")
    assert left_in(cache) == kept(list(SONGS)[: list(SONGS).index(file)])
    web.files[f"/%E8%A9%A9/{file}"] = songs[file]
    assert load_corpus("songs").text == POEMS
    assert sorted(web.asked) == sorted([f"/%E8%A9%A9/{each}" for each in [*SONGS, file]])


@pytest.mark.parametrize("file", SONGS)
def test_one_damaged_file_of_several_in_the_cache_is_mended(web, songs, cache, file):
    """The others are not fetched again."""
    load_corpus("songs")
    web.asked.clear()
    (name,) = kept([file])
    (cache / name).write_bytes(songs[file][:-1])
    assert load_corpus("songs").text == POEMS
    assert web.asked == [f"/%E8%A9%A9/{file}"] and (cache / name).read_bytes() == songs[file]


def test_equal_names_do_not_drive_each_other_out(web, cache, monkeypatch):
    """Two corpora whose file has the same name lie beside each other, also in a folder for a classroom."""
    texts = {"one": "One.", "two": "Two."}
    originals = {
        name: utils._Original({"input.txt": hashlib.sha256(text.encode()).hexdigest()}, (f"{web.address}/{name}/",))
        for name, text in texts.items()
    }
    monkeypatch.setattr(utils, "CORPORA", originals)
    web.files.update({f"/{name}/input.txt": text.encode() for name, text in texts.items()})
    assert [load_corpus(name).text for name in (*texts, *texts)] == [*texts.values()] * 2
    assert web.asked == ["/one/input.txt", "/two/input.txt"]
    monkeypatch.setenv("LSTM_CORPUS_DIR", str(cache))
    monkeypatch.setenv("LSTM_CACHE_DIR", "nowhere")
    assert [load_corpus(name).text for name in texts] == [*texts.values()]


@pytest.fixture
def own(songs, tmp_path, monkeypatch):
    """The readers' own folder, which holds all the songs."""
    folder = tmp_path / "own"
    folder.mkdir()
    for file, data in songs.items():
        (folder / file).write_bytes(data)
    monkeypatch.setenv("LSTM_CORPUS_DIR", str(folder))
    return folder


@pytest.mark.parametrize("file", SONGS)
def test_one_damaged_file_of_several_of_the_readers_is_named_and_left_alone(web, own, file):
    (own / file).write_bytes(b"mine")
    with pytest.raises(
        ValueError, match=f"{file} is damaged: its sha256 should be {utils.CORPORA['songs'].files[file]}"
    ):
        load_corpus("songs")
    assert (own / file).read_bytes() == b"mine" and web.asked == []


@pytest.mark.parametrize("file", SONGS)
def test_one_file_that_the_reader_lacks_is_downloaded(web, own, cache, file):
    """What is in the readers' folder is not; and nothing is written into that folder."""
    (own / file).unlink()
    assert load_corpus("songs").text == POEMS
    assert web.asked == [f"/%E8%A9%A9/{file}"] and left_in(cache) == kept([file])
    assert left_in(own) == sorted(set(SONGS) - {file})


def test_a_full_cache_serves_as_the_folder_of_another_machine(web, songs, cache, monkeypatch, tmp_path):
    """How a teacher collects the texts for a classroom without internet."""
    load_corpus("songs")
    cache.rename(tmp_path / "stick")
    monkeypatch.setenv("LSTM_CORPUS_DIR", str(tmp_path / "stick"))
    web.files.clear()
    assert load_corpus("songs").text == POEMS and not cache.exists()


def test_without_the_last_of_several_files_there_is_another_text(web, songs, capfd):
    """Never half of the poems under the name of all; the notice lists every file that is wanted."""
    *_, last = SONGS
    del web.files[f"/%E8%A9%A9/{last}"]
    assert load_corpus("songs").name == "pydoc-topics"
    out = capfd.readouterr().out
    assert out.startswith(f"NOTICE: 'songs' could not be downloaded ({web.address}/%E8%A9%A9/{last}: HTTPError)")
    assert "put songs.900.json, songs.1000.json, songs.1100.json into a folder" in out


# ---------------------------------------------------------------- poems without network


def out_of_reach(module, address: str, monkeypatch) -> None:
    """Let a module look for the poems where nothing is."""
    monkeypatch.setitem(module.CORPORA, "tang", module.CORPORA["tang"]._replace(addresses=(f"{address}/",)))


@pytest.fixture
def alone(cache, dead_address, tmp_path, monkeypatch):
    """A copy of utils.py with no file of the course beside it, as in Colab, and no poems."""
    (tmp_path / "content").mkdir()
    spec = importlib.util.spec_from_file_location("alone", shutil.copy(utils.__file__, tmp_path / "content"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    out_of_reach(module, dead_address, monkeypatch)
    monkeypatch.setenv("LSTM_COURSE_URL", dead_address)
    return module


def test_without_network_poems_are_verse_of_the_course(cache, dead_address, monkeypatch, capfd):
    """It lies beside the module: nothing but a notice tells that the network is gone."""
    out_of_reach(utils, dead_address, monkeypatch)
    monkeypatch.setenv("LSTM_COURSE_URL", dead_address)
    assert load_corpus("tang") == utils.Corpus("verses", VERSES.read_text(encoding="utf-8"), "this course")
    out, err = capfd.readouterr()
    assert out.startswith(f"NOTICE: 'tang' could not be downloaded ({dead_address}/poet.tang.0.json: Conn")
    assert "every number will differ" in out and "set LSTM_CORPUS_DIR" in out and err == ""
    assert all(file in out for file in utils.CORPORA["tang"].files)
    assert left_in(cache) == []


@pytest.fixture
def published(web, monkeypatch):
    """The course's own address is on the local server, with the manifest and the verse: returns what is asked for."""
    monkeypatch.setenv("LSTM_COURSE_URL", web.address)
    web.files.update({f"/assets/{file}": (ASSETS / file).read_bytes() for file in NEEDED})
    return [f"/assets/{file}" for file in NEEDED]


def test_a_module_that_stands_alone_fetches_the_verse_once(web, alone, published, cache, capfd):
    """From where the course itself is published; the second time it needs no network."""
    assert alone.load_corpus("tang") == ("verses", VERSES.read_text(encoding="utf-8"), "this course")
    web.files.clear()
    assert alone.load_corpus("tang").name == "verses"
    names = [f"{utils.MANIFEST[:8]}-manifest.json", f"{SUMS['texts/verses.txt'][:8]}-verses.txt"]
    assert web.asked == published and left_in(cache) == sorted(names)
    assert capfd.readouterr().out.count("NOTICE: 'tang' could not be downloaded") == 2


def test_damaged_verse_from_the_web_is_refused_and_not_kept(web, alone, published, cache):
    web.files["/assets/texts/verses.txt"] = VERSES.read_bytes().replace(b"\n", b"\r\n")
    with pytest.raises(ValueError, match="download of verses.txt is damaged and was not kept"):
        alone.load_corpus("tang")
    assert web.asked == published and left_in(cache) == [f"{utils.MANIFEST[:8]}-manifest.json"]


def test_damaged_verse_beside_the_module_is_named_and_left_alone(web, alone, published):
    """The web is not asked for it, although it has the verse."""
    beside = pathlib.Path(alone.__file__).parent / "assets" / "texts" / "verses.txt"
    beside.parent.mkdir(parents=True)
    beside.write_bytes(VERSES.read_bytes()[:-1])
    with pytest.raises(
        ValueError, match=f"verses.txt is damaged: its sha256 should be {SUMS['texts/verses.txt']}. Replace or"
    ):
        alone.load_corpus("tang")
    assert beside.read_bytes() == VERSES.read_bytes()[:-1] and web.asked == published[:1]


def test_without_any_verse_the_missing_file_is_named(alone, cache, dead_address):
    """A module alone and without network can have no poems at all, and does not take prose for them."""
    with pytest.raises(ConnectionError, match=f"{dead_address}/assets/manifest.json"):
        alone.load_corpus("tang")
    assert left_in(cache) == []


def test_the_verse_comes_from_the_repository_unless_told_otherwise(alone, dead_address, monkeypatch):
    """Here behind a proxy that nobody answers at, so that the real address is asked for and not reached."""
    monkeypatch.delenv("LSTM_COURSE_URL")
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, dead_address)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    address = f"https://raw.githubusercontent.com/{utils.REPOSITORY}/main/assets/manifest.json"
    with pytest.raises(ConnectionError, match=f"{re.escape(address)}: ProxyError"):
        alone.load_corpus("tang")


def test_the_verse_of_the_course():
    """UTF-8 as on the first day, enough of it to train on, and in Traditional Chinese throughout."""
    data = VERSES.read_bytes()
    text = data.decode("utf-8")
    assert hashlib.sha256(data).hexdigest() == SUMS["texts/verses.txt"]
    assert b"\r" not in data and not data.startswith(codecs.BOM_UTF8)
    assert text.endswith("\n") and "\n\n\n" not in text and " " not in text
    assert len(re.findall("[\u4e00-\u9fff]", text)) >= 6000
    assert set(re.sub("[\u4e00-\u9fff]", "", text)) == set("\n，。；：？「」")
    assert text.encode("cp950").decode("cp950") == text  # Big5, which has next to no simplified forms
    assert set(text) & SIMPLIFIED_FORMS == set()


# ---------------------------------------------------------------- the real texts


def the_real(name: str) -> str:
    """The text of a corpus, wherever it is at hand."""
    corpus = load_corpus(name)
    if corpus.name != name:
        pytest.skip("no network, and no LSTM_CORPUS_DIR")
    return corpus.text


def test_every_address_is_encrypted_and_every_file_has_its_checksum():
    """The English texts can be had from two places each, the poems in a state that never changes."""
    for files, addresses, *_ in utils.CORPORA.values():
        assert all(url.startswith("https://") for url in addresses)
        assert all(re.fullmatch("[0-9a-f]{64}", sha256) for sha256 in files.values())
        assert len(files) == 1 or all(url.endswith("/") for url in addresses)
        assert len(set(files.values())) == len(files)
    assert [len(utils.CORPORA[name].addresses) for name in ("nietzsche", "shakespeare")] == [2, 2]
    (poems,) = utils.CORPORA["tang"].addresses
    assert re.search("/chinese-poetry/[0-9a-f]{40}/全唐诗/$", urllib.parse.unquote(poems))


def test_the_real_nietzsche():
    """Its published counts, wherever it is at hand."""
    text = the_real("nietzsche")
    assert len(text) == 600_893
    assert len(utils.Vocabulary.from_text(text.lower())) == 57
    assert text.lower().replace("\n", " ").startswith("preface   supposing that truth is a woma")


def test_the_real_shakespeare():
    """The counts that everyone quotes, wherever it is at hand."""
    text = the_real("shakespeare")
    assert len(text) == 1_115_394
    assert len(utils.Vocabulary.from_text(text)) == 65
    assert text.startswith("First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, speak.\n")


def test_the_real_tang():
    """Ten thousand poems, wherever they are at hand: none lost between files, none empty, hardly a simplified form."""
    text = the_real("tang")
    poems = text.split("\n\n")
    assert len(poems) == 10_008 and all(poem.strip("\n") == poem != "" for poem in poems)
    assert len(text.replace("\n", "")) == 663_210
    assert poems[0].startswith("秦川雄帝宅，函谷壯皇居。\n綺殿千尋起，離宮百雉餘。\n")
    assert sum(map(text.count, SIMPLIFIED_FORMS)) < 20


def test_the_readme_says_what_a_classroom_needs():
    """A row for each corpus: its files, how large they are, and where they are to be had."""
    readme = ASSETS.parent.joinpath("README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"(?m)^\| (`.*) \| [\d,]+ \| (https://\S+) \|$", readme))
    assert list(rows.values()) == [original.addresses[0] for original in utils.CORPORA.values()]
    for original, named in zip(utils.CORPORA.values(), map(re.compile("`(.*?)`").findall, rows), strict=True):
        assert set(named) <= set(original.files) and {min(original.files), max(original.files)} <= set(named)


def test_clean_poems_as_lesson_03_does():
    """A poem with a mark of its editors, for each mark that the lesson lists, is left out, and so is a second copy."""
    marks = lent(3)["EDITORS_MARKS"]
    text = "\n\n".join(["花開", *(f"花{mark}開" for mark in sorted(marks)), "花落", "花開"])
    assert sorted(utils.clean_poems(text).split("\n\n")) == ["", "花落", "花開"]
    assert utils.clean_poems(text) == "".join(
        ["花開\n\n", "花落\n\n"][i] for i in np.random.default_rng(0).permutation(2)
    )
