"""jupyter-book, with Python's search for garbage made rare.

A page becomes a tree of a hundred thousand small objects. Looking through
all of them again and again for circles took a third of the build.
"""

import gc

from jupyter_book.cli.main import main

if __name__ == "__main__":
    gc.set_threshold(200_000, 50, 100)
    main()
