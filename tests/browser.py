"""Open the built site in a browser, and keep what was seen there."""

import functools
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path

from tools.project import ROOT, chromium
from tools.serve import make_server

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # no name but localhost has an address
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost",
]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WIDE, NARROW = (
    {"width": 1280, "height": 900},
    {"width": 360, "height": 740},
)
# rules that the theme itself breaks, on every page of every site it makes
THEME_BREAKS = [
    "label-content-name-mismatch",
    "region",
    "aria-required-children",  # citations
]
RUN_AXE = """(rules) => axe.run(document, {
    rules: Object.fromEntries(rules.map((r) => [r, {enabled: false}])),
}).then(({violations}) => violations.map((v) =>
    v.id + ": " + v.nodes.map((n) => n.html.slice(0, 120)).join(" | ")))"""


@dataclass
class Visit:
    """What was seen on one page."""

    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    formulas: int = 0  # in the source of the page
    typeset: int = 0  # of these, shown as formulas
    too_wide: int = 0  # pixels that a phone's screen lacks
    axe: dict[str, list[str]] = field(default_factory=dict)  # by theme

    @property
    def strangers(self) -> list[str]:
        """Addresses that were asked for outside this machine."""
        local = re.compile(r"(http://localhost:|data:|blob:)")
        return [url for url in self.requests if not local.match(url)]


class Site:
    """The built site, served, with one browser for all tests."""

    def __init__(self, html: Path, playwright):
        self.html = html
        self.server = make_server(html, port=8100)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.root = f"http://localhost:{self.server.server_port}"
        self.browser = playwright.chromium.launch(
            executable_path=chromium(), args=FLAGS
        )
        # without motion, so that no colour is measured half way
        self.context = self.browser.new_context(
            viewport=WIDE, reduced_motion="reduce"
        )
        self.visit = functools.cache(self._visit)

    def close(self) -> None:
        """Stop the browser and the server."""
        self.browser.close()
        self.server.shutdown()

    def source(self, name: str) -> str:
        """Return the HTML of a page as it was built."""
        return (self.html / f"{name}.html").read_text(encoding="utf-8")

    def open(self, name: str, seen: Visit | None = None):
        """Open a page and wait until it has settled."""
        page = self.context.new_page()
        seen = seen or Visit()
        page.on("request", lambda request: seen.requests.append(request.url))
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("console", lambda message: _keep_error(message, seen))
        page.goto(f"{self.root}/{name}.html", wait_until="load")
        views = self.source(name).count("vnd.jupyter.widget-view+json")
        page.wait_for_function(
            "n => document.querySelectorAll('[data-ready]').length >= n",
            arg=views,
        )
        if 'class="math' in self.source(name):
            page.wait_for_function(
                "() => window.MathJax?.startup?.promise?.then(() => true)"
            )
        return page

    def _visit(self, name: str) -> Visit:
        seen = Visit()
        page = self.open(name, seen)
        seen.formulas = len(re.findall(r'class="math ', self.source(name)))
        seen.typeset = page.locator(".math mjx-container").count()
        if AXE.exists():
            page.add_script_tag(path=AXE)
            for theme in ("light", "dark"):
                page.evaluate(
                    "t => document.documentElement.dataset.theme = t", theme
                )
                seen.axe[theme] = page.evaluate(RUN_AXE, THEME_BREAKS)
        page.set_viewport_size(NARROW)
        seen.too_wide = page.evaluate(
            "document.documentElement.scrollWidth - window.innerWidth"
        )
        page.close()
        return seen

    def weights(self, names: list[str]) -> dict[str, int]:
        """Return the bytes each page moves, visited in this order.

        The browser is new, and keeps what it has seen between the pages.
        """
        context = self.browser.new_context(viewport=WIDE)
        page = context.new_page()
        network = context.new_cdp_session(page)
        moved = []
        network.on(
            "Network.loadingFinished",
            lambda event: moved.append(event["encodedDataLength"]),
        )
        network.send("Network.enable")
        weights = {}
        for name in names:
            moved.clear()
            page.goto(f"{self.root}/{name}.html", wait_until="networkidle")
            weights[name] = int(sum(moved))
        context.close()
        return weights


def _keep_error(message, seen: Visit) -> None:
    if message.type in ("error", "warning"):
        seen.errors.append(f"{message.text} ({message.location['url']})")
