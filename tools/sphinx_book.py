"""What the site needs from Sphinx beyond `_config.yml`.

- Addresses: GitHub Pages' address of the site follows from
  `repository.url`; MathJax is served by the site where it was fetched.
- MathJax is loaded on every page, so that it is there before it is needed.
- Names: a class that a sub-package hands on is documented there, while
  signatures name the module it was written in. The two are joined here.
- Weight: the theme loads its icons twice, as fonts and as 1.5 MB of
  JavaScript. The fonts are enough.
"""

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
ICON_SCRIPT = re.compile(r"<script src=\"[^\"]*fontawesome[^\"]*\"></script>")


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
    """Resolve `companion.a.b.Name` to the documented `companion.a.Name`."""
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
    return None


def drop_icon_script(app: Sphinx, exception: Exception | None) -> None:
    """Take the icons' JavaScript out of the written pages."""
    if exception or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        source = page.read_text(encoding="utf-8")
        lighter = ICON_SCRIPT.sub("", source)
        if lighter != source:
            page.write_text(lighter, encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Connect these to Sphinx's events."""
    app.set_html_assets_policy("always")
    app.connect("config-inited", set_addresses, priority=100)
    app.connect("missing-reference", find_public_name)
    app.connect("build-finished", drop_icon_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
