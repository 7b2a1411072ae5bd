"""What the site needs from Sphinx beyond `_config.yml`.

- Addresses: GitHub Pages' address of the site follows from
  `repository.url`; MathJax is served by the site where it was fetched.
- MathJax is loaded on every page, and its usual fonts are fetched, so that
  they are there before they are needed.
- Programs and styles of widgets, which every notebook stores again, become
  files that the pages share.
- Names: what a sub-package hands on is documented there, while signatures
  name the module it was written in. The two are joined here.
- Chapters: the last line of a module's docstring becomes a link.
- Repairs of what the pinned theme and extensions write: icons come twice,
  as fonts and as 1.5 MB of JavaScript, the fonts are enough; Thebe is loaded
  though it is off; buttons of the contents have no name; a reference has a
  role that is no longer one; names, brackets and blanks in code are marked,
  a third of a page's weight, though they have the colour of plain text.
  And two of our own: the line of a claim gets a class, and the mark of
  cells that the tests compare is not shown.
"""

import hashlib
import importlib
import json
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

MATHJAX = "vendor/mathjax/tex-mml-chtml.js"
ASSETS = Path(__file__).resolve().parent.parent / "site_assets"
FONT_FOLDER = "vendor/mathjax/output/chtml/fonts/woff-v2"
FONTS = [
    *["MathJax_Zero", "MathJax_Main-Regular", "MathJax_Math-Italic"],
    *["MathJax_Size1-Regular", "MathJax_Size2-Regular"],
]
WIDGETS = re.compile(
    r"<script type=\"application/vnd\.jupyter\.widget-state\+json\">"
    r"(.*?)</script>",
    re.S,
)
PROGRAMS = {"_esm": "js", "_css": "css"}  # ending of each one's file
FIGURE = re.compile(r"<img (?=[^>]*src=\"([^\"]*_images/[^\"]*\.svg)\")")
SVG_SIZE = re.compile(
    r"<svg[^>]*? width=\"([\d.]+)pt\"[^>]*? height=\"([\d.]+)pt\""
)
CHAPTER = re.compile(r"Chapter: book/(\S+)\.ipynb")
REPAIRS = [
    (r"<script src=\"[^\"]*fontawesome[^\"]*\"></script>\n?", ""),
    (r"<script[^>]*sphinx-thebe[^>]*></script>\n?", ""),
    (r"<script>[^<]*THEBE_JS_URL[^<]*</script>\n?", ""),
    (r"<link[^>]*sphinx-thebe[^>]*/>\n?", ""),
    (
        r"<summary>(?=<span class=\"toctree-toggle\")",
        '<summary aria-label="Sections">',
    ),
    (r" role=\"doc-biblioentry\"", ""),
    (
        r"(?m)^((?:<.*<pre><span></span>)?)(✓ .*?)(</pre>.*)?$",
        r'\1<span class="lm-claim">\2</span>\3',
    ),
    (r"<span class=\"c1\"># NBVAL_CHECK_OUTPUT</span>\n", ""),
    (r"<span class=\"[npw]\">([^<]*)</span>", r"\1"),
]


def pages_url(repository_url: str) -> str:
    """Return GitHub Pages' address for a repository.

    >>> pages_url("https://github.com/lm-measured/book")
    'https://lm-measured.github.io/book/'
    """
    owner, name = urlsplit(repository_url).path.strip("/").split("/")[:2]
    return f"https://{owner.lower()}.github.io/{name}/"


def set_addresses(app: Sphinx, config: Config) -> None:
    """Derive the site's own address, and choose where MathJax is."""
    url = pages_url(config.html_theme_options["repository_url"])
    config.html_baseurl = config.ogp_site_url = url
    if (ASSETS / MATHJAX).exists():
        config.mathjax_path = MATHJAX


def find_public_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, text: nodes.Element
) -> nodes.Element | None:
    """Resolve `companion.a.b.Name` to the documented `companion.a.Name`.

    A name that exists but is not public is left as text; one that does not
    exist stays an error.
    """
    target = node.get("reftarget", "")
    if node.get("refdomain") != "py" or not target.startswith("companion."):
        return None
    *package, name = target.split(".")
    objects = env.get_domain("py").objects
    for depth in range(len(package), 0, -1):
        public = ".".join([*package[:depth], name])
        if public in objects:
            place = objects[public]
            return make_refnode(
                app.builder,
                node["refdoc"],
                place.docname,
                place.node_id,
                text,
                public,
            )
    return text if exists(".".join(package), name) else None


def exists(module: str, name: str) -> bool:
    """Say whether a module has a name."""
    try:
        return hasattr(importlib.import_module(module), name)
    except ImportError:
        return False


def link_chapter(
    app: Sphinx, what: str, name: str, obj: object, options: dict, lines: list
) -> None:
    """Make the line `Chapter: book/...ipynb` of a docstring a link."""
    for number, line in enumerate(lines):
        if found := CHAPTER.fullmatch(line.strip()):
            page = found.group(1)
            if (Path(app.srcdir) / f"{page}.ipynb").exists():
                lines[number] = f"Chapter: :doc:`/{page}`"


def prefetch_fonts(
    app: Sphinx, name: str, template: str, context: dict, tree: object
) -> None:
    """Ask for the usual fonts of formulas while the page is idle."""
    if app.config.mathjax_path != MATHJAX:
        return
    for font in FONTS:
        address = context["pathto"](f"_static/{FONT_FOLDER}/{font}.woff", 1)
        context["metatags"] = context.get("metatags", "") + (
            f'<link rel="prefetch" as="font" crossorigin href="{address}"/>'
        )


def share_programs(source: str, page: Path, folder: Path) -> str:
    """Move the programs and styles of a page's widgets into files.

    Args:
        source: the page's HTML.
        page: where the page is.
        folder: of the files.

    Returns:
        The HTML with, in their place, addresses relative to the page.
    """
    found = WIDGETS.search(source)
    if not found:
        return source
    stored = json.loads(found.group(1))
    for model in stored["state"].values():
        for key, ending in PROGRAMS.items():
            text = model["state"].get(key)
            if text and not text.startswith("./"):
                digest = hashlib.sha256(text.encode()).hexdigest()[:16]
                file = folder / f"{digest}.{ending}"
                folder.mkdir(exist_ok=True)
                file.write_text(text, encoding="utf-8")
                address = Path(os.path.relpath(file, page.parent)).as_posix()
                model["state"][key] = f"./{address}"
    start, end = found.span(1)
    text = json.dumps(stored).replace("</", "<\\/")
    return source[:start] + text + source[end:]


def load_figures_late(source: str, page: Path) -> str:
    """Let a figure load when the reader comes near, and keep its place.

    Args:
        source: the page's HTML.
        page: where the page is; its figures lie beside it.
    """

    def late(match: re.Match) -> str:
        drawing = (page.parent / match.group(1)).read_text(encoding="utf-8")
        size = SVG_SIZE.search(drawing)
        if size is None:
            return match.group(0)
        width, height = (round(float(pt) * 4 / 3) for pt in size.groups())
        return f'<img loading="lazy" width="{width}" height="{height}" '

    return FIGURE.sub(late, source)


def repair_pages(app: Sphinx, exception: Exception | None) -> None:
    """Repair and lighten the written pages."""
    if exception or app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / "widgets"
    for page in Path(app.outdir).rglob("*.html"):
        source = page.read_text(encoding="utf-8")
        repaired = share_programs(source, page, folder)
        if "loading=" not in repaired:
            repaired = load_figures_late(repaired, page)
        for found, instead in REPAIRS:
            repaired = re.sub(found, instead, repaired)
        if repaired != source:
            page.write_text(repaired, encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Connect these to Sphinx's events."""
    app.set_html_assets_policy("always")
    app.connect("config-inited", set_addresses, priority=100)
    app.connect("missing-reference", find_public_name)
    app.connect("html-page-context", prefetch_fonts)
    app.connect("autodoc-process-docstring", link_chapter)
    app.connect("build-finished", repair_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
