"""The website's front page finds a heading: by keyboard, in Chinese, and as a plain list without JavaScript."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

import website

HEADINGS = {
    "a.html": ["01 · Poems", "The 平仄 of a line", "How it rhymes"],
    "b.html": ["02 · Prose", "How it <em>ends</em>"],
}
LINES = [f"{heading} {headings[0]}" for headings in HEADINGS.values() for heading in headings]


def front_page() -> str:
    pages = {
        address: "".join(
            f'<h2 id="{n}">{text}<a class="anchor-link" href="#{n}">¶</a></h2>' for n, text in enumerate(texts)
        )
        for address, texts in HEADINGS.items()
    }
    return f"<!doctype html><html lang=en><title>Front</title><main><h1>Front</h1>{website.search(pages)}</main>"


def test_it_finds_a_heading(browser):
    """As it is typed: by its words in any order, by those of its lesson's title, by Chinese characters."""
    page = browser.new_page()
    page.set_content(front_page())
    page.keyboard.press("Tab")
    field, entries, status = (
        page.get_by_label("Find a heading"),
        page.get_by_role("listitem"),
        page.get_by_role("status"),
    )
    expect(field).to_be_focused()
    expect(entries).to_have_count(0)
    for words, found in [("it HOW", [2, 4]), ("how poems", [2]), ("平仄", [1]), ("nothing", []), ("", [])]:
        field.fill(words)
        expect(entries).to_have_count(len(found))
        assert entries.all_inner_texts() == [LINES[i].replace("<em>", "").replace("</em>", "") for i in found]
        if words:
            expect(status).to_have_text(f"{len(found)} of 5 headings")
    field.fill("ends")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("a:focus")).to_have_attribute("href", "b.html#1")
    found = Axe().run(page)
    assert found.response["violations"] == [], found.generate_report()
    page.close()


def test_without_javascript_there_is_a_list(browser):
    """Folded; and no field that would do nothing."""
    page = browser.new_page(java_script_enabled=False)
    page.set_content(front_page())
    expect(page.get_by_label("Find a heading")).to_be_hidden()
    page.get_by_text("All headings of the lessons").click()
    expect(page.get_by_role("link")).to_have_count(5)
    page.close()
