"""load_text, load_corpus and the downloads behind them, against real files and a real web server."""

import codecs
import hashlib
import importlib.util
import json
import os
import pathlib
import re
import shutil
import urllib.parse

import pytest

import utils
from utils import load_corpus, load_text

TEXT = "A line.\nUne ligne: déjà vu.\n人工智慧正在改變世界。\n"
TRADITIONAL = "秋天的早晨，河邊的霧還沒有散去，賣豆漿的老人已經把爐火生好了。孩子們背著書包，踩著落葉去上學。\n"
SIMPLIFIED = "秋天的早晨，河边的雾还没有散去，卖豆浆的老人已经把炉火生好了。孩子们背着书包，踩着落叶去上学。\n"
JAPANESE = "秋の朝、川べりの霧はまだ晴れず、豆腐屋の老人はもう火をおこしていた。子どもたちは落ち葉をふんで歩く。\n"
FRENCH = "Un matin d'été, la brume s'était levée sur la rivière et le café était déjà fermé. Où êtes-vous allés?\n"
SHA256 = hashlib.sha256(TEXT.encode()).hexdigest()

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
VERSES = pathlib.Path(utils.__file__).parent / "assets" / "texts" / "verses.txt"

# Simplified forms of frequent characters, in the last line those that Big5 happens to know.
SIMPLIFIED = (
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
    monkeypatch.setattr(utils, "CORPORA", {"diary": ({"diary.txt": SHA256}, addresses)})
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
    monkeypatch.setattr(utils, "CORPORA", {"diary": ({"diary.txt": SHA256}, addresses)})
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
    monkeypatch.setattr(utils, "CORPORA", {"diary": ({"diary.txt": "0" * 64}, (f"{dead_address}/diary.txt",))})
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
    known = r"\['nietzsche', 'shakespeare', 'tang'\]"
    with pytest.raises(ValueError, match=rf"unknown corpus 'nitzsche': choose from {known}, or use load_text\(path\)"):
        load_corpus("nitzsche")


# ---------------------------------------------------------------- addresses, and corpora of several files


@pytest.mark.parametrize(
    ("first", "second"),
    [("one/", "two/"), ("one/", "two/diary.txt"), ("one/diary.txt", "two/"), ("one/diary.txt", "two/input.txt")],
)
def test_the_files_name_completes_an_address_that_ends_in_a_slash(web, cache, monkeypatch, first, second):
    """Each mirror for itself; a whole address stays as it is, whatever the file is called there."""
    addresses = (f"{web.address}/{first}", f"{web.address}/{second}")
    monkeypatch.setattr(utils, "CORPORA", {"diary": ({"diary.txt": SHA256}, addresses)})
    last = "/two/input.txt" if second.endswith("input.txt") else "/two/diary.txt"
    web.files[last] = TEXT.encode()
    assert load_corpus("diary") == ("diary", TEXT, addresses[0])
    assert web.asked == ["/one/diary.txt", last]
    assert left_in(cache) == ["diary.txt"]


@pytest.fixture
def songs(web, cache, monkeypatch):
    """A corpus "songs" of three JSON files, in a folder with a Chinese name on a local server: {file: its bytes}."""
    files = {}
    for file, poems in SONGS.items():
        entries = [{"author": "佚名", "paragraphs": poem, "title": "無題", "id": "1"} for poem in poems]
        files[file] = json.dumps(entries, ensure_ascii=False, indent=2).encode()
    sums = {file: hashlib.sha256(data).hexdigest() for file, data in files.items()}
    monkeypatch.setattr(utils, "CORPORA", {"songs": (sums, (f"{web.address}/%E8%A9%A9/",))})
    web.files.update({f"/%E8%A9%A9/{file}": data for file, data in files.items()})
    return files


def test_poems_of_several_files_become_one_text(web, songs, cache):
    """Lines under each other, an empty line between poems also where a file ends, files in the order of the table."""
    assert load_corpus("songs") == ("songs", POEMS, f"{web.address}/%E8%A9%A9/")
    assert web.asked == [f"/%E8%A9%A9/{file}" for file in SONGS]
    assert left_in(cache) == sorted(SONGS)
    web.files.clear()
    assert load_corpus("songs").text == POEMS


@pytest.mark.parametrize("file", SONGS)
def test_one_damaged_download_of_several_is_refused(web, songs, cache, file):
    """A poem altered in any of the files is noticed; the files before it are kept."""
    web.files[f"/%E8%A9%A9/{file}"] = songs[file].replace(b"author", b"writer")
    with pytest.raises(ValueError, match=f"download of {file} is damaged and was not kept: run again"):
        load_corpus("songs")
    assert left_in(cache) == sorted(list(SONGS)[: list(SONGS).index(file)])
    web.files[f"/%E8%A9%A9/{file}"] = songs[file]
    assert load_corpus("songs").text == POEMS
    assert sorted(web.asked) == sorted([f"/%E8%A9%A9/{each}" for each in [*SONGS, file]])


@pytest.mark.parametrize("file", SONGS)
def test_one_damaged_file_of_several_in_the_cache_is_mended(web, songs, cache, file):
    """The others are not fetched again."""
    load_corpus("songs")
    web.asked.clear()
    (cache / file).write_bytes(songs[file][:-1])
    assert load_corpus("songs").text == POEMS
    assert web.asked == [f"/%E8%A9%A9/{file}"] and (cache / file).read_bytes() == songs[file]


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
    with pytest.raises(ValueError, match=f"{file} is damaged: its sha256 should be {utils.CORPORA['songs'][0][file]}"):
        load_corpus("songs")
    assert (own / file).read_bytes() == b"mine" and web.asked == []


@pytest.mark.parametrize("file", SONGS)
def test_one_file_that_the_reader_lacks_is_downloaded(web, own, cache, file):
    """What is in the readers' folder is not; and nothing is written into that folder."""
    (own / file).unlink()
    assert load_corpus("songs").text == POEMS
    assert web.asked == [f"/%E8%A9%A9/{file}"] and left_in(cache) == [file]
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
    files, _ = module.CORPORA["tang"]
    monkeypatch.setitem(module.CORPORA, "tang", (files, (f"{address}/",)))


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
    assert all(file in out for file in utils.CORPORA["tang"][0])
    assert left_in(cache) == []


def test_a_module_that_stands_alone_fetches_the_verse_once(web, alone, cache, monkeypatch, capfd):
    """From where the course itself is published; the second time it needs no network."""
    monkeypatch.setenv("LSTM_COURSE_URL", web.address)
    web.files["/assets/texts/verses.txt"] = VERSES.read_bytes()
    assert alone.load_corpus("tang") == ("verses", VERSES.read_text(encoding="utf-8"), "this course")
    web.files.clear()
    assert alone.load_corpus("tang").name == "verses"
    assert web.asked == ["/assets/texts/verses.txt"] and left_in(cache) == ["verses.txt"]
    assert capfd.readouterr().out.count("NOTICE: 'tang' could not be downloaded") == 2


def test_damaged_verse_from_the_web_is_refused_and_not_kept(web, alone, cache, monkeypatch):
    monkeypatch.setenv("LSTM_COURSE_URL", web.address)
    web.files["/assets/texts/verses.txt"] = VERSES.read_bytes().replace(b"\n", b"\r\n")
    with pytest.raises(ValueError, match="download of verses.txt is damaged and was not kept"):
        alone.load_corpus("tang")
    assert web.asked == ["/assets/texts/verses.txt"] and left_in(cache) == []


def test_damaged_verse_beside_the_module_is_named_and_left_alone(web, alone, monkeypatch):
    """The web is not asked, although it has the verse."""
    monkeypatch.setenv("LSTM_COURSE_URL", web.address)
    web.files["/assets/texts/verses.txt"] = VERSES.read_bytes()
    beside = pathlib.Path(alone.__file__).parent / "assets" / "texts" / "verses.txt"
    beside.parent.mkdir(parents=True)
    beside.write_bytes(VERSES.read_bytes()[:-1])
    with pytest.raises(
        ValueError, match=f"verses.txt is damaged: its sha256 should be {utils.ASSETS['texts/verses.txt']}. Replace or"
    ):
        alone.load_corpus("tang")
    assert beside.read_bytes() == VERSES.read_bytes()[:-1] and web.asked == []


def test_without_any_verse_the_missing_file_is_named(alone, cache, dead_address):
    """A module alone and without network can have no poems at all, and does not take prose for them."""
    with pytest.raises(ConnectionError, match=f"{dead_address}/assets/texts/verses.txt"):
        alone.load_corpus("tang")
    assert left_in(cache) == []


def test_the_verse_comes_from_the_repository_unless_told_otherwise(alone, dead_address, monkeypatch):
    """Here behind a proxy that nobody answers at, so that the real address is asked for and not reached."""
    monkeypatch.delenv("LSTM_COURSE_URL")
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, dead_address)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    address = f"https://raw.githubusercontent.com/{utils.REPOSITORY}/main/assets/texts/verses.txt"
    with pytest.raises(ConnectionError, match=f"{re.escape(address)}: ProxyError"):
        alone.load_corpus("tang")


def test_the_verse_of_the_course():
    """UTF-8 as on the first day, enough of it to train on, and in Traditional Chinese throughout."""
    data = VERSES.read_bytes()
    text = data.decode("utf-8")
    assert hashlib.sha256(data).hexdigest() == utils.ASSETS["texts/verses.txt"]
    assert b"\r" not in data and not data.startswith(codecs.BOM_UTF8)
    assert text.endswith("\n") and "\n\n\n" not in text and " " not in text
    assert len(re.findall("[\u4e00-\u9fff]", text)) >= 6000
    assert set(re.sub("[\u4e00-\u9fff]", "", text)) == set("\n，。；：？「」")
    assert text.encode("cp950").decode("cp950") == text  # Big5, which has next to no simplified forms
    assert set(text) & set(SIMPLIFIED) == set()


# ---------------------------------------------------------------- the real texts


def the_real(name: str) -> str:
    """The text of a corpus, wherever it is at hand."""
    corpus = load_corpus(name)
    if corpus.name != name:
        pytest.skip("no network, and no LSTM_CORPUS_DIR")
    return corpus.text


def test_every_address_is_encrypted_and_every_file_has_its_checksum():
    """The English texts can be had from two places each, the poems in a state that never changes."""
    for files, addresses in utils.CORPORA.values():
        assert all(url.startswith("https://") for url in addresses)
        assert all(re.fullmatch("[0-9a-f]{64}", sha256) for sha256 in files.values())
        assert len(files) == 1 or all(url.endswith("/") for url in addresses)
        assert len(set(files.values())) == len(files)
    assert [len(utils.CORPORA[name][1]) for name in ("nietzsche", "shakespeare")] == [2, 2]
    (poems,) = utils.CORPORA["tang"][1]
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
    assert sum(map(text.count, SIMPLIFIED)) < 20


def test_the_readme_says_what_a_classroom_needs():
    """A row for each corpus: its files, how large they are, and where they are to be had."""
    readme = VERSES.parents[2].joinpath("README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"(?m)^\| (`.*) \| [\d,]+ \| (https://\S+) \|$", readme))
    assert list(rows.values()) == [addresses[0] for _, addresses in utils.CORPORA.values()]
    for (files, _), named in zip(utils.CORPORA.values(), map(re.compile("`(.*?)`").findall, rows), strict=True):
        assert set(named) <= set(files) and {min(files), max(files)} <= set(named)
