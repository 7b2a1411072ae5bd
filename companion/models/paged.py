"""A cache of keys and values in pages, handed out one by one.

Source: Kwon et al. 2023 (arXiv:2309.06180), sections 4.1 to 4.4.

Chapter: book/4-architectures/8-long-texts.ipynb
"""

import torch
from torch import Tensor


class PagedCache:
    """Keys and values of one layer, for texts of any length.

    A text owns a list of pages, its block table: place p lies on page
    `tables[text][p // page_size]`, in row p % page_size. Texts that begin
    alike can share pages.

    Args:
        n_pages: how many there are for all texts together.
        page_size: places on a page.
        shape: (K, d_head) of the keys, and of the values, of a place.
        like: says on which device and in which format.

    Raises:
        ValueError: n_pages or page_size is below 1.
    """

    def __init__(
        self,
        n_pages: int,
        page_size: int,
        shape: tuple[int, int],
        like: Tensor,
    ) -> None:
        for name, n in (("n_pages", n_pages), ("page_size", page_size)):
            if n < 1:
                raise ValueError(f"{name} must be at least 1, got {n}")
        self.page_size = page_size
        # both in one tensor, so that a page is one piece of memory
        self.pages = like.new_zeros((n_pages, 2, page_size, *shape))
        self.users = [0] * n_pages  # how many texts a page belongs to
        self.tables: dict[int, list[int]] = {}
        self.lengths: dict[int, int] = {}

    def append(self, text: int, k: Tensor, v: Tensor) -> None:
        """Store the next places of a text; a new text begins one.

        Args:
            text: any number that stands for it.
            k: (T, K, d_head)
            v: as k.

        Raises:
            ValueError: there is no free page left.
        """
        table = self.tables.setdefault(text, [])
        start = self.lengths.setdefault(text, 0)
        for place in range(start, start + len(k)):
            page, row = divmod(place, self.page_size)
            if page == len(table):
                table.append(self._take())
            elif self.users[table[page]] > 1:
                table[page] = self._own_copy(table[page])
            both = self.pages[table[page]]  # (2, page_size, K, d_head)
            both[0, row], both[1, row] = k[place - start], v[place - start]
            self.lengths[text] = place + 1

    def gather(self, text: int) -> tuple[Tensor, Tensor]:
        """Lay a text's keys, and its values, in order: (T, K, d_head).

        Raises:
            ValueError: the text is unknown.
        """
        self._check(text)
        both = self.pages[self.tables[text]].transpose(0, 1)
        k, v = both.flatten(1, 2)[:, : self.lengths[text]]
        return k, v

    def fork(self, text: int, new: int) -> None:
        """Let a new text begin as another: no page is copied until written.

        Raises:
            ValueError: the text is unknown, or the new one is not new.
        """
        self._check(text)
        if new in self.tables:
            raise ValueError(f"text {new} is in the cache already")
        self.tables[new] = list(self.tables[text])
        self.lengths[new] = self.lengths[text]
        for page in self.tables[new]:
            self.users[page] += 1

    def release(self, text: int) -> None:
        """Forget a text: its pages are free for others.

        Raises:
            ValueError: the text is unknown.
        """
        self._check(text)
        for page in self.tables.pop(text):
            self.users[page] -= 1
        del self.lengths[text]

    @property
    def n_used(self) -> int:
        """Pages that belong to a text."""
        return sum(users > 0 for users in self.users)

    def _take(self) -> int:
        if 0 not in self.users:
            raise ValueError(f"all {len(self.users)} pages are taken")
        page = self.users.index(0)
        self.users[page] = 1
        return page

    def _own_copy(self, page: int) -> int:
        """Copy a page that others read as well, before it is written."""
        new = self._take()
        self.pages[new] = self.pages[page]
        self.users[page] -= 1
        return new

    def _check(self, text: int) -> None:
        if text not in self.tables:
            raise ValueError(
                f"a text must be in the cache, got {text}; there are "
                f"{sorted(self.tables)}"
            )


class PagedLayer:
    """Stands in a `KVCache` where a `LayerCache` does, and keeps pages.

    Args:
        cache: holds the pages of the layer.
        texts: the numbers of the batch's texts, in order.
    """

    def __init__(self, cache: PagedCache, texts: list[int]) -> None:
        self.cache = cache
        self.texts = texts

    @property
    def length(self) -> int:
        """How many places of each text are stored."""
        return self.cache.lengths.get(self.texts[0], 0)

    def append(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Store the next places, (B, K, T, d_head); return all there are."""
        for text, keys, values in zip(self.texts, k, v, strict=True):
            self.cache.append(
                text, keys.transpose(0, 1), values.transpose(0, 1)
            )
        gathered = [self.cache.gather(text) for text in self.texts]
        k, v = (torch.stack(each) for each in zip(*gathered, strict=True))
        return k.transpose(1, 2), v.transpose(1, 2)  # (B, K, S, d_head)
