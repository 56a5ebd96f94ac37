"""assets/playground.html as its visitor meets it: it writes what Python writes, answers at once, and asks nobody."""

import re
import statistics
import urllib.parse

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import CDPSession, Locator, Page, expect

import page as tool
import utils
from checks import WATCH, take_picture

FILE = tool.PAGE.as_uri()
NO_WEBASSEMBLY = "delete globalThis.WebAssembly"  # as in an old browser, or one that forbids it
WRITE = """async () => {
    const status = document.getElementById("status");
    const whole = new Promise(resolve => new MutationObserver((_, observer) => {
        if (!status.textContent) return;
        observer.disconnect();
        resolve();
    }).observe(status, {childList: true}));
    document.getElementById("again").click();
    await whole;
    jobs = []; // the comparison is not what is measured
}"""
UNCOVERED = """element => {
    const panel = document.querySelector("#next"), over = panel.getBoundingClientRect();
    const {left, right, top, bottom} = element.getBoundingClientRect();
    const apart = right <= over.left || over.right <= left || bottom <= over.top || over.bottom <= top;
    return (apart || panel.contains(element)) && top >= 0 && bottom <= innerHeight;
}"""
SCREENS = {"narrow": {"width": 320, "height": 640}, "wide": {"width": 1280, "height": 900}}


def loaded(change) -> dict:
    """The models with changed weights: {name: (model, vocabulary, prompt, what is read before it)}."""
    found = {}
    for name, (prompt, before, *_) in tool.MODELS.items():
        model, vocabulary, _ = utils.load_pretrained(name)
        model.set_weights(change(model.get_weights()))
        found[name] = model, vocabulary, prompt, before
    return found


@pytest.fixture(scope="module")
def models():
    """As the page has them."""
    return loaded(tool.on_the_page)


@pytest.fixture(scope="module")
def exact_models():
    """As the lessons have them."""
    return loaded(list)


@pytest.fixture
def visit(browser):
    """Open the page with these settings in its address. It must have no error, and ask for nothing but itself."""
    contexts, seen = [], {"requests": [], "errors": [], "dialogs": []}

    def open_page(
        address: str = FILE, screen: str = "wide", options: dict | None = None, script: str = "", **settings
    ) -> Page:
        contexts.append(browser.new_context(viewport=SCREENS[screen], locale="en-GB", **(options or {})))
        page = contexts[-1].new_page()
        page.add_init_script(script)
        page.on("request", lambda request: seen["requests"].append(request.url.split("#")[0]))
        page.on("pageerror", lambda error: seen["errors"].append(str(error)))
        page.on("console", lambda message: seen["errors"].append(message.text))
        page.on("dialog", lambda dialog: (seen["dialogs"].append(dialog.message), dialog.dismiss()))
        page.goto(f"{address}#{urllib.parse.urlencode(settings)}")
        page.locator("main").wait_for()
        return page

    yield open_page
    pages = [page.url.split("#")[0] for context in contexts for page in context.pages]
    for context in contexts:
        context.close()
    assert seen == {"requests": pages, "errors": [], "dialogs": []}


def written(page: Page, length: int = 300) -> str:
    """Prompt and text, once the page has written all of it."""
    expect(page.locator("#status")).to_contain_text(f"{length} ")
    return page.locator("#plain").text_content()


def places(page: Page) -> Locator:
    """The characters of the text, which keyboard and screen reader visit one by one."""
    return page.locator("#places").get_by_role("option")


def compared(page: Page) -> list[str]:
    """The three texts of the comparison."""
    expect(page.locator("#columns .small:not(:empty)")).to_have_count(3)
    return page.locator("#columns .text").all_text_contents()


def by_python(models: dict, name: str, length: int = 300, **settings) -> str:
    model, vocabulary, prompt, before = models[name]
    return prompt + utils.generate(model, vocabulary, before + prompt, length, **settings)


@pytest.mark.parametrize("script", ["", NO_WEBASSEMBLY], ids=["WebAssembly", "plain"])
@pytest.mark.parametrize("name", tool.MODELS)
def test_it_writes_what_python_writes(visit, models, exact_models, name, script):
    """300 characters each: at T = 0 those of the model itself; with the noise of a seed those of the rounded one."""
    page = visit(model=name, script=script, temperature=0, seed=12345, t0=0.5, t1=1, t2=1.5)
    assert page.evaluate("QUICK !== null") == (not script)
    assert written(page) == by_python(exact_models, name, temperature=0)
    assert compared(page) == [by_python(models, name, temperature=t, seed=12345) for t in (0.5, 1, 1.5)]


@pytest.mark.parametrize(
    ("name", "cut"),
    [("nietzsche", {"top_k": 5}), ("shakespeare", {"top_p": 0.8}), ("tang", {"top_k": 20, "top_p": 0.5})],
)
def test_it_cuts_as_python_cuts(visit, models, name, cut):
    """top-k, top-p, and both."""
    page = visit(model=name, temperature=1, **cut)
    assert written(page) == by_python(models, name, temperature=1, seed=0, **cut)


def test_it_opens_with_the_text_of_lesson_00(visit, exact_models):
    """Who comes from the first lesson recognises its text."""
    assert written(visit()) == by_python(exact_models, "nietzsche", temperature=0.5, seed=0)


def bars(page: Page) -> dict[str, str]:
    return dict(zip(*(page.locator(f"#bars {part}").all_text_contents() for part in ("th", "td:last-child"))))


def test_three_letters_are_reweighted(visit):
    """Without a network: the numbers of lesson 02."""
    page = visit(model="letters", temperature=2)
    assert bars(page) == {"a": "0.586", "b": "0.207", "c": "0.207"}
    slider = page.get_by_role("slider", name="Temperature T")
    slider.fill("1")
    assert bars(page) == {"a": "0.800", "b": "0.100", "c": "0.100"}
    slider.fill("0")
    assert bars(page) == {"a": "1.000", "b": "0.000", "c": "0.000"}
    expect(page.locator("#sentence")).to_contain_text("1 of 3 may come. Entropy 0.92 bits in the model, 0.00 as drawn.")


def test_the_numbers_at_each_place(visit, models):
    """Surprise, and how many top-p keeps, are those of the model, place by place; a button leads there."""
    model, vocabulary, _, _ = models["nietzsche"]
    page = visit(temperature=0.7, length=100)
    page.get_by_role("button", name="Try top-p 0.9").click()
    text = by_python(models, "nietzsche", 100, temperature=0.7, top_p=0.9, seed=0)
    assert written(page, 100) == text
    ids = vocabulary.encode(text)
    logits = np.asarray(model(ids[None, :-1])[0], np.float64)[-100:]
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    ranked = np.sort(utils.reweight(p, 0.7), axis=1)[:, ::-1]
    kept = (ranked.cumsum(axis=1) - ranked < 0.9).sum(axis=1)
    surprise = -np.log2(p[np.arange(100), ids[-100:]])
    entries = places(page)
    labels = [entry.get_attribute("aria-label") for entry in entries.all()]
    found = [re.search(r"surprise ([\d.]+) bits, (\d+) could have come", label).groups() for label in labels]
    assert [int(number) for _, number in found] == kept.tolist()
    assert [float(bits) for bits, _ in found] == pytest.approx(surprise, abs=0.051)
    numbers = "entry => getComputedStyle(entry, '::after').content"
    assert entries.nth(3).evaluate(numbers) == f'"{kept[3]}"'
    sentence = page.locator("#kept").text_content()
    assert sentence.startswith(f"From {kept.min()} to {kept.max()} of 57 characters could have come.")
    first = np.isin(list(text[-101:-1]), [" ", "\n"])
    averages = [float(number) for number in re.findall(r": ([\d.]+)(?: on average)?, where", sentence)]
    assert averages == pytest.approx([kept[first].mean(), kept[~first].mean()], abs=0.051)


def test_a_place_shows_what_else_might_have_come(visit):
    """Pointing at a character, and the arrow keys from one to the next, move the bars; so does leaving the text."""
    page = visit(length=50)
    text = written(page, 50)
    title, entries = page.locator("#next-title"), places(page)
    expect(title).to_have_text("After “the truth is ”")
    entries.nth(4).hover()
    expect(title).to_have_text(f"After “{text[13 + 4 - 14 : 13 + 4]}”")
    page.locator("h1").hover()
    expect(title).to_have_text("After “the truth is ”")
    entries.first.focus()
    for key, place in (
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("End", 49),
        ("ArrowRight", 49),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        expect(entries.nth(place)).to_be_focused()
        expect(entries.nth(place)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#bars .drawn")).to_have_count(1)


@pytest.mark.parametrize("screen", SCREENS)
def test_every_control_by_keyboard(visit, screen):
    """Tab leads through the controls in reading order; each has a name, and can be seen."""
    page = visit(screen=screen, length=50)
    written(page, 50)
    page.locator("summary").click()
    page.locator("h1").click()
    names = []
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if not focused.count():
            break
        names.append(focused.evaluate("e => e.ariaLabel ?? (e.labels?.[0] ?? e).innerText.split('\\n')[0].trim()"))
        page.wait_for_function(UNCOVERED, arg=focused.element_handle())
    assert all(names)
    for number, start in enumerate(
        ["中文", "Temperature T", "0.2", "1 as", "2 wild", "Model", "It reads first", "top-p"]
    ):
        assert names[number].startswith(start), names


def test_bars_follow_each_key(visit, capsys):
    """While the text is being written, too. The best of three medians: another program may take the processor."""
    page = visit(length=1000)
    slider = page.get_by_role("slider", name="Temperature T")
    page.locator("#bars").evaluate(WATCH)
    medians = []
    for _ in range(3):
        page.evaluate("() => { window.waits.length = 0; }")
        for number in range(1, 12):
            slider.press("ArrowRight" if number % 2 else "ArrowLeft")
            assert page.evaluate("window.waits.length") == number
        medians.append(statistics.median(page.evaluate("window.waits")))
    with capsys.disabled():
        print(f" {min(medians):.0f} ms from key press to changed bars", end=" ")
    assert min(medians) < 50


def processor_time(session: CDPSession) -> float:
    """Seconds that the page has computed so far: how long other programs held it up does not count."""
    facts = session.send("Performance.getMetrics")["metrics"]
    return next(fact["value"] for fact in facts if fact["name"] == "ThreadTime")


def speed(page: Page) -> float:
    """Characters a second of processor time, from a click to a whole text of 1,000."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    begun = processor_time(session)
    page.evaluate(WRITE)
    return 1000 / (processor_time(session) - begun)


@pytest.mark.parametrize("name", tool.MODELS)
def test_speed(visit, capsys, name):
    """WebAssembly helps; how much is printed."""
    pages = [visit(model=name, length=1000, script=script) for script in ("", NO_WEBASSEMBLY)]
    rounds = [[speed(page) for page in pages] for _ in range(3)][1:]
    quick, plain = map(max, zip(*rounds))
    with capsys.disabled():
        print(f" {name}: {quick:.0f} characters a second, {plain:.0f} without WebAssembly", end=" ")
    assert quick > 1.3 * plain


@pytest.mark.parametrize(
    ("screen", "scheme", "language", "model"),
    [
        ("narrow", "light", "en", "nietzsche"),
        ("narrow", "dark", "zh", "tang"),
        ("wide", "light", "zh", "tang"),
        ("wide", "dark", "en", "shakespeare"),
        ("wide", "light", "en", "letters"),
    ],
)
def test_accessible(visit, screen, scheme, language, model):
    """axe finds nothing at all; nothing is wider than the screen; and there is a picture to look at."""
    look = {"color_scheme": scheme, "device_scale_factor": 2}
    page = visit(
        screen=screen, options=look, model=model, lang=language, length=100, top_p=0.9, mark="kept", numbers="on"
    )
    written(page, 100)
    compared(page)
    found = Axe().run(page)
    assert found.response["violations"] == [], found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= SCREENS[screen]["width"]
    picture = take_picture(page.locator("body"), f"playground-{screen}-{scheme}-{language}-{model}.png")
    assert picture.stat().st_size > 20_000


def test_a_fault_would_be_found(visit):
    """The rules are in force."""
    page = visit(length=50)
    written(page, 50)
    page.locator("main").evaluate("element => element.insertAdjacentHTML('beforeend', '<input>')")
    assert [fault["id"] for fault in Axe().run(page).response["violations"]] == ["label"]


@pytest.mark.parametrize(("motion", "grows"), [("reduce", False), ("no-preference", True)])
def test_reduced_motion(visit, motion, grows):
    """The text grows before the reader's eyes, or, for whoever asks for that, is there at once."""
    page = visit(length=50, options={"reduced_motion": motion})
    written(page, 50)
    page.evaluate("""() => {
        window.lengths = new Set();
        const places = document.getElementById("places"), note = () => window.lengths.add(places.children.length);
        new MutationObserver(note).observe(places, {childList: true});
    }""")
    page.get_by_label("Characters to write").evaluate("field => { field.value = 400; }")
    page.get_by_role("button", name="Throw the dice again").click()
    written(page, 400)
    assert page.evaluate("[...window.lengths].some(length => length % 400)") == grows


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"prompt": "The truth"}, "does not know “T” (first at character 1 of what it reads). It knows “t”."),
        ({"prompt": "a <script>alert(1)</script>"}, "does not know “<” “>” “/” (first at character 3"),
        ({"prompt": "明 月"}, "does not know “明” “月”"),
        ({"prompt": "a" * 501}, "500 characters at most; this has 501"),
        ({"model": "tang", "prompt": "长安"}, "does not know “长”"),
    ],
)
def test_what_cannot_be_read_is_explained(visit, settings, message):
    """The reason is said, the field is marked, and a good prompt brings the text back."""
    page = visit(length=50, **settings)
    box = page.get_by_label("It reads first")
    expect(page.get_by_role("alert")).to_contain_text(message)
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(box).to_have_value(settings["prompt"])
    expect(page.locator("#written")).to_be_hidden()
    box.fill("")
    expect(page.get_by_role("alert")).to_be_hidden()
    written(page, 50)


def test_numbers_out_of_range_are_explained(visit):
    """Typed by hand."""
    page = visit(length=50)
    page.locator("summary").click()
    for name, wrong, right, message in [
        ("top-k", "58", "57", "top-k must be a whole number from 1 to 57."),
        ("top-k", "0", "", "top-k must be"),
        ("Seed", "", "3", "seed must be a whole number from 0"),
        ("Seed", "1.5", "4", "seed must be a whole number from 0"),
    ]:
        page.get_by_label(name).fill(wrong)
        expect(page.get_by_role("alert")).to_contain_text(message)
        page.get_by_label(name).fill(right)
        expect(page.get_by_role("alert")).to_be_hidden()
    page.locator("#columns input").first.fill("2.5")
    expect(page.get_by_role("alert")).to_contain_text("a number from 0 to 2")


def test_text_is_never_html(visit):
    """A model that knows the characters of HTML: prompt and text stay text."""
    page = visit(model="letters", length=50)
    page.evaluate("() => { models.letters.tokens = ['<', 'b', '>']; }")
    page.get_by_label("It reads first").fill("<b>")
    assert re.fullmatch("<b>[<b>]{50}", written(page, 50))
    expect(page.locator("#places b, #shown-prompt b")).to_have_count(0)
    expect(page.locator("#shown-prompt")).to_have_text("<b>")


def test_a_link_carries_all_settings(visit):
    """The address after a while of playing opens the same page; so does another link in the same tab."""
    page = visit(model="shakespeare", seed=3, length=100)
    page.get_by_label("It reads first").fill("To be, or\nnot")
    page.get_by_role("slider", name="Temperature T").fill("0.8")
    page.get_by_role("slider", name="top-p").fill("0.95")
    page.get_by_label("how many could have come").check()
    page.locator("#columns input").last.fill("1.3")
    page.get_by_role("button", name="中文").click()
    text, columns = written(page, 100), compared(page)
    page.wait_for_url("**lang=zh**")
    assert text.startswith("To be, or\nnot")
    other = visit()
    written(other)
    other.goto(page.url)
    assert written(other, 100) == text and compared(other) == columns
    assert other.url == page.url
    assert other.locator("html").get_attribute("lang") == "zh-Hant-TW"
    expect(other.locator("input[value=kept]")).to_be_checked()


def test_a_bad_link_is_explained(visit):
    """What the page does not have is named, and the usual value taken; nothing of it is read as HTML."""
    wrong = {"model": "<b>x</b>", "temperature": "9", "top_k": "0", "seed": "x", "mark": "?", "top_p": "", "t1": "7"}
    page = visit(length=50, **wrong)
    alert = page.get_by_role("alert")
    for name, value in wrong.items():
        expect(alert).to_contain_text(f"{name}={value}")
    expect(alert.locator("b")).to_have_count(0)
    assert written(page, 50).startswith("the truth is ")
    expect(page.get_by_role("slider", name="Temperature T")).to_have_value("0.5")


def test_from_a_plain_server_it_copies(visit, web):
    """Over http as from a file: and the buttons put text and link on the clipboard."""
    web.files["/playground.html"] = tool.PAGE.read_bytes()
    permissions = {"permissions": ["clipboard-read", "clipboard-write"]}
    page = visit(f"{web.address}/playground.html", options=permissions, length=50)
    text = written(page, 50)
    link = page.evaluate("location.href")
    for button, copied in (("Copy the text", text), ("Copy a link to this", link)):
        page.locator("#copied").evaluate("element => element.replaceChildren()")
        page.get_by_role("button", name=button).click()
        expect(page.locator("#copied")).to_have_text("Copied.")
        assert page.evaluate("navigator.clipboard.readText()") == copied
    assert web.asked == ["/playground.html"]


def test_it_speaks_chinese(visit):
    """One button changes all sentences, and the text stays; no sentence is left in English."""
    page = visit(length=50)
    text = written(page, 50)
    page.get_by_role("button", name="中文").click()
    assert written(page, 50) == text
    compared(page)
    page.locator("#verdict:not(:empty)").wait_for()
    words = page.evaluate("Object.values(WORDS).map(([english]) => english)")
    visible = page.locator("body").inner_text()
    assert [sentence for sentence in words if len(sentence) > 8 and "{" not in sentence and sentence in visible] == []
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("Temperature: how boldly a network writes")


DAMAGES = {
    "a byte of the weights": lambda text: (
        text[:-2_000_000] + ("A" if text[-2_000_000] != "A" else "B") + text[-1_999_999:]
    ),
    "the end of the weights": lambda text: text[:-2_000_000],
    "the facts": lambda text: text.replace('{"nietzsche"', '{"nietzs'),
    "half of the code": lambda text: text[: text.index("function startWork")],
}


def test_an_old_browser_is_told(visit):
    """One that cannot unpack; what needs no network is still done."""
    page = visit(script="delete globalThis.DecompressionStream", length=50)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("one of 2023 or later")
    page.get_by_role("button", name="中文").click()
    expect(alert).to_contain_text("2023 年")
    page.get_by_role("combobox").select_option("letters")
    expect(alert).to_be_hidden()
    written(page, 50)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_says_so(browser, tmp_path, damage):
    """Whatever part of it is lost; what a sound part can do is still done."""
    path = tmp_path / "page.html"
    path.write_text(DAMAGES[damage](tool.PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    page = browser.new_page(locale="en-GB")
    page.goto(f"{path.as_uri()}#model=shakespeare&length=50")
    expect(page.get_by_role("alert")).to_contain_text("damaged")
    if "weights" in damage:
        page.get_by_label("Model").select_option("letters")
        expect(page.get_by_role("alert")).to_be_hidden()
        written(page, 50)
    page.close()
