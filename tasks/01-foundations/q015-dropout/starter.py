"""Dropout by hand: what it does to one tensor, to a model in its two modes, and to the weights that are learned."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    """Drop every element with probability `p` and divide the others by `1 - p`; return `x` if not training.

    Raises:
        ValueError: `p` is not in [0, 1].
    """
    raise NotImplementedError


class Dropout(nn.Module):
    """Dropout as a layer, which follows the mode of its model."""

    def __init__(self, p: float = 0.5, inverted: bool = True, generator: Generator | None = None) -> None:
        """Keep the settings; `p` may be changed later.

        Raises:
            ValueError: `p` is not in [0, 1].
        """
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Drop elements in training mode; in evaluation mode leave `x`, or scale it by the classic rule."""
        raise NotImplementedError


def shared_dropout(
    x: Tensor, p: float, shared: Sequence[int], training: bool = True, generator: Generator | None = None
) -> Tensor:
    """Inverted dropout in which elements that differ only along the dimensions `shared` have one fate.

    Raises:
        ValueError: `p` is not in [0, 1], a dimension does not exist, or one is named twice.
    """
    raise NotImplementedError


def choose_rate(losses: Tensor, rates: Sequence[float]) -> float:
    """The largest rate whose validation loss cannot be told from the best one by a paired standard error.

    Raises:
        ValueError: the table is not `(len(rates), S)` with `S >= 1`, a rate is not in [0, 1), or no rate is usable.
    """
    raise NotImplementedError


def mc_dropout(model: nn.Module, x: Tensor, kinds: tuple[type[nn.Module], ...], n: int) -> tuple[Tensor, Tensor]:
    """Mean and unbiased variance of `n` forward passes in which only the modules of these kinds are training.

    Raises:
        ValueError: `n` is below 2.
    """
    raise NotImplementedError


def dropout_ridge(features: Tensor, target: Tensor, p: float) -> Tensor:
    """The weights of a linear model that minimise its squared error, averaged over all dropout masks of its inputs.

    Raises:
        ValueError: `features` is not `(N, D)`, `target` is not `(N,)`, or `p` is not in [0, 1).
    """
    raise NotImplementedError
