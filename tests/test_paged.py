"""Pages against a contiguous cache."""

import pytest
import torch

from companion.models import KVCache, Transformer, TransformerConfig
from companion.models.paged import PagedCache, PagedLayer

K, D = 2, 4


def places(n, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, n, K, D, generator=generator)


def new(n_pages=8, page_size=4):
    return PagedCache(n_pages, page_size, (K, D), torch.zeros(1))


@pytest.mark.parametrize("page_size", [1, 3, 4, 16])
def test_texts_that_grow_by_turns(page_size):
    cache = new(32, page_size)
    texts = {name: places(10, name) for name in range(3)}
    for place in range(10):  # so the pages of a text lie apart
        for name, (k, v) in texts.items():
            step = slice(place, place + 1)
            cache.append(name, k[step], v[step])
    for name, (k, v) in texts.items():
        ours = cache.gather(name)
        assert torch.equal(ours[0], k) and torch.equal(ours[1], v)
    assert cache.n_used == 3 * -(-10 // page_size)


@pytest.mark.parametrize("n_kv_heads", [1, 4])
@pytest.mark.parametrize("page_size", [1, 3, 16])
def test_model_writes_the_same(page_size, n_kv_heads):
    torch.manual_seed(0)
    config = TransformerConfig(
        vocab_size=11,
        context_length=12,
        d_model=16,
        n_layers=2,
        n_kv_heads=n_kv_heads,
        position="rotary",
    )
    model = Transformer(config).eval()
    tokens = torch.randint(11, (3, 12))
    shape = (n_kv_heads, config.d_head)
    paged = KVCache(config, 3, model.lm_head.weight)
    paged.layers = [
        PagedLayer(
            PagedCache(36, page_size, shape, model.lm_head.weight), [7, 8, 9]
        )
        for _ in range(2)
    ]
    cache = None
    for part in tokens.split([5, 1, 1, 4, 1], 1):
        ours, _ = model.run(part, paged)
        theirs, cache = model.run(part, cache)
        assert torch.equal(ours, theirs)
    assert paged.length == cache.length == 12


def test_room_is_used_again():
    cache = new(n_pages=3)
    cache.append(0, *places(12))
    with pytest.raises(ValueError, match="all 3 pages are taken"):
        cache.append(1, *places(1))
    cache.release(0)
    k, v = places(9, 5)
    cache.append(2, k, v)
    assert torch.equal(cache.gather(2)[0], k)
    assert cache.n_used == 3


def test_a_fork_shares_until_it_writes():
    cache = new()
    k, v = places(6)
    cache.append(0, k, v)
    cache.fork(0, 1)
    assert cache.n_used == 2  # one full page, one half full
    more = places(4, 1)
    cache.append(1, *more)
    assert cache.n_used == 4  # the half page copied, and a new one
    cache.append(0, *places(1, 2))
    assert torch.equal(cache.gather(1)[0], torch.cat([k, more[0]]))
    assert torch.equal(cache.gather(0)[0][:6], k)
    assert torch.equal(cache.gather(0)[1][6:], places(1, 2)[1])
    cache.release(0)
    assert torch.equal(cache.gather(1)[1], torch.cat([v, more[1]]))
    cache.release(1)
    assert cache.n_used == 0


def test_refused():
    with pytest.raises(ValueError, match="n_pages must be at least 1, got 0"):
        new(n_pages=0)
    with pytest.raises(ValueError, match="page_size must be at least 1"):
        new(page_size=0)
    cache = new()
    cache.append(3, *places(1))
    for call in (cache.gather, cache.release, lambda t: cache.fork(t, 9)):
        with pytest.raises(ValueError, match=r"got 5; there are \[3\]"):
            call(5)
    with pytest.raises(ValueError, match="text 3 is in the cache already"):
        cache.fork(3, 3)
