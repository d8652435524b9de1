"""AdamW by hand, and what its decoupled weight decay does to the weights."""

import math
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
        if lr < 0 or eps < 0 or weight_decay < 0:
            raise ValueError("lr, eps and weight_decay must not be negative")
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError("each beta must lie in [0, 1)")
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; return what `closure` returned, or None."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for param in group["params"]:
                if param.grad is not None:
                    adamw_update(param, param.grad, self.state[param], group)
        return loss


def adamw_update(param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
    """One AdamW step of one parameter, in place; `state` is empty before the first."""
    if not state:
        state.update(step=0, mean=torch.zeros_like(param), square=torch.zeros_like(param))
    state["step"] += 1
    lr, (beta1, beta2) = group["lr"], group["betas"]
    mean = state["mean"].mul_(beta1).add_(grad, alpha=1 - beta1)
    square = state["square"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    denominator = (square / (1 - beta2 ** state["step"])).sqrt_().add_(group["eps"])
    param.mul_(1 - lr * group["weight_decay"])
    param.addcdiv_(mean, denominator, value=-lr / (1 - beta1 ** state["step"]))


def first_step(
    weight: Tensor, grad: Tensor, lr: float, weight_decay: float, eps: float = 1e-8
) -> tuple[Tensor, Tensor]:
    """The weights after one step from zero state: under Adam with an L2 penalty, and under AdamW.

    Raises:
        ValueError: `weight` and `grad` differ in shape.
    """
    if weight.shape != grad.shape:
        raise ValueError("weight and grad must have the same shape")
    w, g = weight.double(), grad.double()
    penalised = g + weight_decay * w
    coupled = w - lr * penalised / (penalised.abs() + eps)
    decoupled = (1 - lr * weight_decay) * w - lr * g / (g.abs() + eps)
    return coupled.to(weight.dtype), decoupled.to(weight.dtype)


def removed_share(lrs: Tensor, weight_decay: float) -> Tensor:
    """The share of the starting weight that decay alone has removed after each step of a schedule.

    Raises:
        ValueError: `lrs` is not 1-D, a value is negative, or a step would remove more than the whole weight.
    """
    if lrs.ndim != 1 or weight_decay < 0:
        raise ValueError("lrs must be 1-D and weight_decay must not be negative")
    steps = lrs.double() * weight_decay
    if bool(((lrs < 0) | (steps > 1)).any()):
        raise ValueError("each lr * weight_decay must lie in [0, 1]")
    return -torch.expm1(torch.log1p(-steps).cumsum(0)).to(lrs.dtype)


def decay_rates(
    grads: Tensor, weight_decay: float, beta2: float = 0.999, eps: float = 1e-8, decoupled: bool = True
) -> Tensor:
    """How strongly each coordinate is decayed, given the history of its gradients, oldest first.

    Raises:
        ValueError: the history is empty, or a setting is out of range.
    """
    if grads.ndim == 0 or len(grads) == 0:
        raise ValueError("grads must hold at least one step")
    if weight_decay < 0 or eps <= 0 or not 0 <= beta2 < 1:
        raise ValueError("weight_decay >= 0, eps > 0 and 0 <= beta2 < 1 are required")
    square = torch.zeros_like(grads[0], dtype=torch.float64)
    for grad in grads.double():
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    if decoupled:
        return torch.full_like(grads[0], weight_decay)
    return (weight_decay / ((square / (1 - beta2 ** len(grads))).sqrt() + eps)).to(grads.dtype)


class DecoupledDecay:
    """Decoupled weight decay around any optimizer."""

    def __init__(self, inner: torch.optim.Optimizer, weight_decay: float, exclude: Iterable[Tensor] = ()) -> None:
        """Wrap `inner`; the parameters in `exclude` are never decayed.

        Raises:
            ValueError: `weight_decay` is negative, or a group of `inner` has a decay of its own.
        """
        if weight_decay < 0:
            raise ValueError("weight_decay must not be negative")
        if any(group.get("weight_decay", 0) != 0 for group in inner.param_groups):
            raise ValueError("the inner optimizer already decays its weights")
        self.inner = inner
        self.weight_decay = weight_decay
        self._excluded = {id(param): param for param in exclude}

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of the inner optimizer themselves, for schedulers to write to."""
        return self.inner.param_groups

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients, as the inner optimizer does."""
        self.inner.zero_grad(set_to_none=set_to_none)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Call `closure`, decay, then step the inner optimizer; return what `closure` returned, or None."""
        loss = None if closure is None else closure()
        with torch.no_grad():
            for group in self.inner.param_groups:
                for param in group["params"]:
                    if param.grad is not None and id(param) not in self._excluded:
                        param.mul_(1 - group["lr"] * self.weight_decay)
        self.inner.step()
        return loss


def equilibrium(lr: float, weight_decay: float, update_norm: float) -> tuple[float, float, float]:
    """Where updates of fixed length, orthogonal to the weights, and decay balance: norm, angle a step, half-life.

    Raises:
        ValueError: an argument is not positive, or `lr * weight_decay` is 1 or more.
    """
    if lr <= 0 or weight_decay <= 0 or update_norm <= 0 or lr * weight_decay >= 1:
        raise ValueError("positive arguments with lr * weight_decay < 1 are required")
    decay = lr * weight_decay
    norm = lr * update_norm / math.sqrt(decay * (2 - decay))
    angle = 2 * math.asin(math.sqrt(decay / 2))
    half_life = -math.log(2) / (2 * math.log1p(-decay))
    return norm, angle, half_life
