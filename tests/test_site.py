"""Build the site, then look at every page of it in a browser."""

import inspect
import os
import subprocess
import time
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

import pytest
import widget_drags
from browser import AXE, Site

from tools.build_site import build
from tools.project import BUILD, VENDOR, chromium, repository_url, toc_pages
from tools.serve import make_server
from tools.sphinx_book import pages_url

FIRST_PAGE_BYTES = 4_000_000
NEXT_PAGE_BYTES = 300_000
PAGES = toc_pages()
DRAGS = inspect.getmembers(
    widget_drags,
    lambda f: (
        inspect.isfunction(f) and len(inspect.signature(f).parameters) == 1
    ),
)
DRAGS = {name: f for name, f in DRAGS if name.startswith("drag_")}


@pytest.fixture(scope="session")
def attempt():
    started = time.perf_counter()
    out = BUILD / "check" / "_build"
    try:
        folder = build(out, strict=True, fresh=True, quiet=True)
    except subprocess.CalledProcessError:
        return None  # the warnings are in the output
    print(f"site built in {time.perf_counter() - started:.1f} s")
    return folder


@pytest.fixture(scope="session")
def html(attempt):
    if attempt is None:
        pytest.skip("the site was not built: see test_site_builds")
    return attempt


@pytest.fixture(scope="session")
def site(html, playwright):
    if chromium() is None:
        message = "no Chromium or Chrome found: install one, or set CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    opened = Site(html, playwright)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def offline():
    if not VENDOR.exists():
        pytest.skip("MathJax was not fetched (no npm): formulas need a CDN")


def test_site_builds(attempt):
    assert attempt, "the build ends with the warnings shown here"
    built = {str(p.relative_to(attempt)) for p in attempt.rglob("*.html")}
    assert {f"{name}.html" for name in PAGES} <= built


def test_every_link_inside_the_book_leads_somewhere(html):
    written = [p for p in html.rglob("*.html") if "_static" not in p.parts]
    found = {page: Links.of(page) for page in written}
    broken = [
        f"{page.relative_to(html)} -> {link}"
        for page, links in found.items()
        for link in links.targets
        if not leads_somewhere(page, link, found)
    ]
    assert not broken, "\n".join(broken)


class Links(HTMLParser):
    """The addresses on a page, and the names that links can lead to."""

    def __init__(self):
        super().__init__()
        self.targets, self.names = set(), set()

    @classmethod
    def of(cls, page):
        links = cls()
        links.feed(page.read_text(encoding="utf-8"))
        return links

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.names.add(attributes.get("id"))
        link = attributes.get("href") or attributes.get("src")
        if link and tag != "base":
            self.targets.add(link)


def leads_somewhere(page, link, found):
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True  # outside the book
    path = page
    if parts.path:
        path = page.parent / unquote(parts.path)
        path = type(page)(os.path.normpath(path))
    if path not in found:
        return path.is_file() and not parts.fragment
    # "#" alone leads to the top of the page
    return not parts.fragment or unquote(parts.fragment) in found[path].names


@pytest.mark.parametrize("name", PAGES)
def test_page_loads_without_errors(site, name):
    assert site.visit(name).errors == []


@pytest.mark.parametrize("name", PAGES)
def test_page_needs_no_network(site, offline, name):
    assert site.visit(name).strangers == []


@pytest.mark.parametrize("name", PAGES)
def test_formulas_are_typeset(site, offline, name):
    seen = site.visit(name)
    assert seen.typeset == seen.formulas


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible(site, name, theme):
    if not AXE.exists():
        pytest.skip("axe-core was not fetched (no npm)")
    assert site.visit(name).axe[theme] == []


@pytest.mark.parametrize("name", PAGES)
def test_page_fits_a_phone(site, name):
    assert site.visit(name).too_wide <= 0


def test_pages_are_light(site, offline):
    weights = site.weights(PAGES)
    print(
        *(f"{size:10,} bytes  {name}" for name, size in weights.items()),
        sep="\n",
    )
    assert weights[PAGES[0]] <= FIRST_PAGE_BYTES
    heavy = {k: v for k, v in weights.items() if v > NEXT_PAGE_BYTES}
    heavy.pop(PAGES[0], None)
    assert not heavy, f"more than {NEXT_PAGE_BYTES:,} bytes: {heavy}"


def test_any_page_can_be_the_first(site, offline):
    heaviest = max(PAGES, key=lambda name: len(site.source(name)))
    assert site.weights([heaviest])[heaviest] <= FIRST_PAGE_BYTES


@pytest.mark.parametrize("name", DRAGS)
def test_widget_can_be_dragged(site, name):
    module = f"companion.widgets.{name.removeprefix('drag_')}."
    pages = [page for page in PAGES if module in site.source(page)]
    if not pages and name in widget_drags.NOT_ON_A_PAGE:
        pytest.skip("on no page yet; test_widget_drags.py drags it alone")
    assert pages, f"no page shows a widget of {module[:-1]}"
    page = site.open(pages[0])
    DRAGS[name](page)
    page.close()


def test_keyboard_focus_is_visible(site):
    page = site.open(PAGES[0])
    for _ in range(12):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            """() => {
                const style = getComputedStyle(document.activeElement);
                const outline = style.outlineStyle !== "none"
                    && parseFloat(style.outlineWidth) >= 1;
                return outline || style.boxShadow !== "none";
            }"""
        )
        focused = page.evaluate("document.activeElement.outerHTML")
        assert shown, f"nothing shows that this has focus: {focused[:200]}"
    page.close()


def test_search_finds_a_word(site):
    page = site.open("search")
    page.goto(f"{site.root}/search.html?q=perplexity")
    found = page.locator("#search-results li a").first
    found.wait_for(timeout=10_000)
    assert "html" in found.get_attribute("href")
    page.close()


def test_source_links_follow_the_one_address(html):
    source = (html / "index.html").read_text(encoding="utf-8")
    assert f"{repository_url()}/edit/main/book/index.md" in source
    card = urljoin(pages_url(repository_url()), "_static/social-card.png")
    assert f'property="og:image" content="{card}"' in source


def test_server_takes_the_next_port(html):
    first = make_server(html, port=8300)
    second = make_server(html, port=first.server_port)
    assert second.server_port > first.server_port
    first.server_close()
    second.server_close()


def test_server_wants_a_built_site(tmp_path):
    with pytest.raises(FileNotFoundError, match="build it with `make site`"):
        make_server(tmp_path)
