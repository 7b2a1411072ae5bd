"""Copy the browser libraries the site needs into `site_assets/vendor/`.

They come from the npm registry, pinned in `package-lock.json`. Without npm
the site loads the same libraries from a public CDN instead.
"""

import shutil
import subprocess

from tools.project import ROOT, VENDOR

MATHJAX = ROOT / "node_modules" / "mathjax" / "es5"
PARTS = [
    "tex-mml-chtml.js",
    "output/chtml/fonts/woff-v2",
    "input/tex/extensions",
]
STAMP = VENDOR / ".copied"


def is_fresh() -> bool:
    """Say whether the copies are of the versions now pinned."""
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    return STAMP.exists() and STAMP.read_text(encoding="utf-8") == lock


def copy_mathjax() -> None:
    """Copy MathJax, its fonts and TeX extensions, then leave a stamp."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    for part in PARTS:
        source, target = MATHJAX / part, VENDOR / "mathjax" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    STAMP.write_text(lock, encoding="utf-8")


def main() -> None:
    """Fetch and copy, unless it is done already or cannot be done."""
    if is_fresh():
        return
    npm = shutil.which("npm")
    if npm is None:
        print("npm not found: formulas will load MathJax from a public CDN")
        return
    print("fetching MathJax with npm, so that the site needs no network")
    done = subprocess.run([npm, "ci", "--loglevel=error"], cwd=ROOT)
    if done.returncode:
        print("npm could not fetch it: formulas will load MathJax from a CDN")
        return
    copy_mathjax()


if __name__ == "__main__":
    main()
