"""Where a token stands, written into its vector or into its look-ups.

Source: sinusoids from Vaswani et al. 2017 (arXiv:1706.03762), section 3.5;
rotation from Su et al. 2021 (arXiv:2104.09864).

Chapter: book/4-architectures/3-order.ipynb
"""

from dataclasses import dataclass

import torch
from torch import Tensor


def frequencies(width: int, theta: float = 10_000.0) -> Tensor:
    """Angles per place, from 1 down to nearly 1/theta, geometrically.

    Args:
        width: of the vectors; two numbers share a frequency.
        theta: nearly the longest wave, divided by 2 pi, in places.

    Returns:
        (width / 2,), radians per place, float64.

    Raises:
        ValueError: width is not even.
    """
    if width % 2:
        raise ValueError(f"width must be even, got {width}")
    exponents = torch.arange(0, width, 2, dtype=torch.float64) / width
    return theta**-exponents


def sinusoidal(n_places: int, d_model: int, theta: float = 10_000.0) -> Tensor:
    """Give each place a vector of sines and cosines of many wave lengths.

    Number 2i of the vector of place p is sin(p f_i), number 2i + 1 is
    cos(p f_i). Source: Vaswani et al. 2017, section 3.5.

    Returns:
        (n_places, d_model)

    Raises:
        ValueError: d_model is not even.
    """
    places = torch.arange(n_places, dtype=torch.float64)
    angles = places[:, None] * frequencies(d_model, theta)
    pairs = torch.stack([angles.sin(), angles.cos()], dim=-1)
    return pairs.flatten(1).float()


@dataclass(frozen=True)
class Rotation:
    """Turns the vectors of some places, each pair of numbers by an angle.

    Number i of a vector is paired with number i + d_head / 2, as in the
    library transformers; the papers pair neighbours. The two differ by a
    fixed permutation of the numbers.

    Args:
        cos: (..., T, d_head), of each place; the halves are equal.
        sin: likewise, the first half negated.
    """

    cos: Tensor
    sin: Tensor

    @classmethod
    def table(
        cls, n_places: int, d_head: int, theta: float = 10_000.0
    ) -> "Rotation":
        """Build the rotations of the places 0, 1, ..., n_places - 1.

        Raises:
            ValueError: d_head is not even.
        """
        return cls.at(torch.arange(n_places), d_head, theta)

    @classmethod
    def at(
        cls, places: Tensor, d_head: int, theta: float = 10_000.0
    ) -> "Rotation":
        """Build the rotations of any places, (T,); they may be fractions.

        Angles are float64; a float64 `places` keeps the results so, any
        other gives the default of torch.

        Raises:
            ValueError: d_head is not even.
        """
        double = places.dtype == torch.float64
        dtype = torch.float64 if double else torch.get_default_dtype()
        angles = places.double()[:, None] * frequencies(d_head, theta)
        cos, sin = angles.cos().to(dtype), angles.sin().to(dtype)
        return cls(torch.cat([cos, cos], -1), torch.cat([-sin, sin], -1))

    def __call__(self, x: Tensor) -> Tensor:
        """Turn x, (B, heads, T, d_head)."""
        return x * self.cos + x.roll(x.shape[-1] // 2, -1) * self.sin
