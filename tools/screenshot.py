"""Take the README's picture of the built site: `python -m tools.screenshot`.

Needs Chromium and a site in `_build/html` (`make site`).
"""

import threading

from playwright.sync_api import sync_playwright

from tools.project import ASSETS, BUILD, chromium
from tools.serve import make_server

PAGE = "1-language-models/1-counting.html"
SIZE = {"width": 1280, "height": 860}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def main() -> None:
    """Photograph the Markov chain on the first page."""
    server = make_server(BUILD / "html", port=8100)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=FLAGS
        )
        page = browser.new_page(viewport=SIZE)
        page.goto(f"http://localhost:{server.server_port}/{PAGE}")
        widget = page.locator(".lm-markov")
        widget.wait_for()
        widget.evaluate("e => e.scrollIntoView({block: 'center'})")
        page.wait_for_timeout(1000)
        page.screenshot(path=ASSETS / "screenshot.png")
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
