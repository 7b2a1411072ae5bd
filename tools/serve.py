"""Serve the built site on this machine: `python -m tools.serve`."""

import argparse
import errno
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from tools.project import BUILD


class Handler(SimpleHTTPRequestHandler):
    """Files from one folder, without a line in the terminal for each."""

    extensions_map: ClassVar = {
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".svg": "image/svg+xml",
        ".woff2": "font/woff2",
    }

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


class Server(ThreadingHTTPServer):
    """A server that does not take a port somebody else listens on."""

    allow_reuse_address = sys.platform != "win32"
    daemon_threads = True


def make_server(
    folder: Path, port: int = 8000, tries: int = 50
) -> ThreadingHTTPServer:
    """Bind a server for `folder` to the first free port from `port` on.

    Raises:
        FileNotFoundError: the folder holds no built site.
        OSError: none of the ports is free.
    """
    if not (folder / "index.html").exists():
        raise FileNotFoundError(
            f"no site in {folder}: build it with `make site`"
        )
    handler = partial(Handler, directory=str(folder))
    for candidate in range(port, port + tries):
        try:
            return Server(("127.0.0.1", candidate), handler)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise OSError(f"no free port between {port} and {port + tries - 1}")


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    server = make_server(BUILD / "html", parser.parse_args().port)
    print(f"the book is at http://localhost:{server.server_port}/")
    print("Ctrl-C stops serving it", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
