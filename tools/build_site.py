"""Build the website from stored outputs: `python -m tools.build_site`."""

import argparse
import filecmp
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tools.project import ASSETS, BOOK, BUILD, ROOT

STRICT = ["-W", "-n", "--keep-going"]


def forget_changed_assets(copies: Path) -> None:
    """Remove copies of files that have changed: Sphinx 7.4 keeps them.

    Args:
        copies: where the site keeps what stands in `site_assets`.
    """
    for asset in ASSETS.rglob("*"):
        copy = copies / asset.relative_to(ASSETS)
        if copy.is_file() and not filecmp.cmp(asset, copy, shallow=False):
            copy.unlink()


def build(out: Path, *, strict: bool, fresh: bool, quiet: bool) -> Path:
    """Build the site.

    Args:
        out: the folder that gets `html/`.
        strict: warnings are errors, unresolved references are warnings.
        fresh: forget earlier builds (a page that did not change is not
            read again, so its warnings would not be seen).
        quiet: print warnings only.

    Returns:
        The folder of the built pages.

    Raises:
        subprocess.CalledProcessError: the build failed.
    """
    if fresh:
        shutil.rmtree(out, ignore_errors=True)
    forget_changed_assets(out / "html" / "_static")
    command = [sys.executable, "-m", "tools.rare_gc", "build", str(BOOK)]
    command += ["--config", str(ROOT / "_config.yml")]
    command += ["--toc", str(ROOT / "_toc.yml")]
    # jupyter-book puts `_build` into the folder it is given
    command += ["--path-output", str(out.parent)]
    command += STRICT if strict else []
    output = subprocess.DEVNULL if quiet else None  # warnings still show
    subprocess.run(command, check=True, cwd=ROOT, stdout=output)
    return out / "html"


def main() -> None:
    """Build, and say where the pages are and how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    args = parser.parse_args()
    started = time.perf_counter()
    try:
        html = build(BUILD, strict=args.strict, fresh=args.fresh, quiet=True)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
    seconds = time.perf_counter() - started
    print(f"built {html.relative_to(ROOT)}/index.html in {seconds:.1f} s")


if __name__ == "__main__":
    main()
