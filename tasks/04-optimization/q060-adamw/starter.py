"""AdamW by hand, and what its decoupled weight decay does to the weights."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class AdamW(torch.optim.Optimizer):
    """Adam with decoupled weight decay.

    The base class is a convenience, not a duty: without it, provide `param_groups`, `zero_grad`, `state_dict` and
    `load_state_dict` yourself.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        """Take the parameters, or groups of them, and the settings of every group that does not bring its own.

        Raises:
            ValueError: a setting is out of range, there are no parameters, or one is in two groups.
        """
        raise NotImplementedError

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; return what `closure` returned, or None."""
        raise NotImplementedError


def first_step(
    weight: Tensor, grad: Tensor, lr: float, weight_decay: float, eps: float = 1e-8
) -> tuple[Tensor, Tensor]:
    """The weights after one step from zero state: under Adam with an L2 penalty, and under AdamW.

    Raises:
        ValueError: `weight` and `grad` differ in shape.
    """
    raise NotImplementedError


def removed_share(lrs: Tensor, weight_decay: float) -> Tensor:
    """The share of the starting weight that decay alone has removed after each step of a schedule.

    Raises:
        ValueError: `lrs` is not 1-D, a value is negative, or a step would remove more than the whole weight.
    """
    raise NotImplementedError


def decay_rates(
    grads: Tensor, weight_decay: float, beta2: float = 0.999, eps: float = 1e-8, decoupled: bool = True
) -> Tensor:
    """How strongly each coordinate is decayed, given the history of its gradients, oldest first.

    Raises:
        ValueError: the history is empty, or a setting is out of range.
    """
    raise NotImplementedError


class DecoupledDecay:
    """Decoupled weight decay around any optimizer."""

    def __init__(self, inner: torch.optim.Optimizer, weight_decay: float, exclude: Iterable[Tensor] = ()) -> None:
        """Wrap `inner`; the parameters in `exclude` are never decayed.

        Raises:
            ValueError: `weight_decay` is negative, or a group of `inner` has a decay of its own.
        """
        raise NotImplementedError

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of the inner optimizer themselves, for schedulers to write to."""
        raise NotImplementedError

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients, as the inner optimizer does."""
        raise NotImplementedError

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Call `closure`, decay, then step the inner optimizer; return what `closure` returned, or None."""
        raise NotImplementedError


def equilibrium(lr: float, weight_decay: float, update_norm: float) -> tuple[float, float, float]:
    """Where updates of fixed length, orthogonal to the weights, and decay balance: norm, angle a step, half-life.

    Raises:
        ValueError: an argument is not positive, or `lr * weight_decay` is 1 or more.
    """
    raise NotImplementedError
