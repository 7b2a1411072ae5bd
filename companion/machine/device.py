"""Choose where tensors live.

Chapter: book/2-environment/1-your-machine.ipynb
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def available_devices() -> tuple[str, ...]:
    """List the devices that are there: "cuda", "mps", "cpu", best first."""
    import torch

    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    return tuple(name for name, is_there in there.items() if is_there)


def pick_device(name: str | None = None) -> "torch.device":
    """Return the device that was asked for, or the best that is there.

    Args:
        name: "cpu", "mps", "cuda", or one GPU of several as "cuda:1"; None
            takes the first there is of cuda, mps, cpu. A small model can be
            slower on a GPU than on a CPU: measure.

    Raises:
        ValueError: that device is not there.
    """
    import torch

    there = available_devices()
    if name is None:
        return torch.device(there[0])
    names = list(there)
    if "cuda" in there:
        count = torch.cuda.device_count()
        names[1:1] = [f"cuda:{number}" for number in range(count)]
    if name not in names:
        raise ValueError(
            f"device must be one that is there ({', '.join(names)}), "
            f"got {name!r}"
        )
    return torch.device(name)
