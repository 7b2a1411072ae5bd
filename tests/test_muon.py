import pytest
import torch

from companion.optimizers import orthogonal
from companion.training.muon import Muon


def twins():
    torch.manual_seed(0)
    shapes = [(6, 6), (6, 6), (4, 12), (12, 4)]
    ours = [torch.nn.Parameter(torch.randn(s)) for s in shapes]
    return ours, [torch.nn.Parameter(p.detach().clone()) for p in ours]


def test_equals_torchs_own_within_its_sixteen_bits():
    ours, theirs = twins()
    settings = dict(lr=0.05, weight_decay=0.1)
    a = Muon(ours, **settings)
    b = torch.optim.Muon(theirs, adjust_lr_fn="match_rms_adamw", **settings)
    for _ in range(100):
        for p, q in zip(ours, theirs, strict=True):
            p.grad = torch.randn_like(p)
            q.grad = p.grad.clone()
        a.step()
        b.step()
    for p, q in zip(ours, theirs, strict=True):
        error = (p - q).norm() / p.norm()
        assert error < 0.02  # torch rounds to three digits inside


def test_singular_values_come_near_one():
    torch.manual_seed(1)
    x = torch.randn(20, 5, 9)
    values = torch.linalg.svdvals(orthogonal(x))
    assert values.min() > 0.6 and values.max() < 1.3
    u, _, v = torch.linalg.svd(x, full_matrices=False)
    cosine = torch.cosine_similarity(
        orthogonal(x).flatten(1), (u @ v).flatten(1)
    )
    assert cosine.min() > 0.97


def test_a_stack_is_its_matrices():
    torch.manual_seed(2)
    x = torch.randn(3, 4, 6)
    alone = torch.stack([orthogonal(matrix) for matrix in x])
    torch.testing.assert_close(orthogonal(x), alone)
    tall = orthogonal(x.mT.numpy())  # of NumPy, and laid on their side
    torch.testing.assert_close(torch.from_numpy(tall), alone.mT)


def test_a_gradient_of_zeros_moves_nothing_but_by_decay():
    p = torch.nn.Parameter(torch.ones(2, 3))
    p.grad = torch.zeros(2, 3)
    Muon([p], lr=0.1, weight_decay=0.5).step()
    torch.testing.assert_close(p.detach(), torch.full((2, 3), 0.95))


def test_is_for_matrices():
    with pytest.raises(ValueError, match=r"for matrices, got .* \(3,\)"):
        Muon([torch.nn.Parameter(torch.ones(3))])
