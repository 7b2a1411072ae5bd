"""Planted bugs: what a wrong solution says, and the tests it must lose.

Of each assignment, name -> (the solution cell, what it says, what it says
instead, the test cells that must be lost by it, and no others). GRADED are
those that are also graded for real; each of these takes seconds.
"""

from planted_bugs import (
    chapter_1,
    chapter_2,
    chapter_3,
    chapter_4,
    chapter_5,
)

CHAPTERS = {
    "1-language-models": chapter_1,
    "2-environment": chapter_2,
    "3-tokenization": chapter_3,
    "4-architectures": chapter_4,
    "5-training": chapter_5,
}
BUGS = {name: chapter.BUGS for name, chapter in CHAPTERS.items()}
GRADED = {name: chapter.GRADED for name, chapter in CHAPTERS.items()}
