"""PyTorch's foreach operations over whole groups, numpy for the schedule, explicit powers of beta for the history."""

import math

import numpy as np
import torch


class AdamW(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        for name, value in (("lr", lr), ("eps", eps), ("weight_decay", weight_decay)):
            if value < 0:
                raise ValueError(f"{name} must not be negative")
        for beta in betas:
            if beta < 0 or beta >= 1:
                raise ValueError("betas must be in [0, 1)")
        defaults = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            by_age = {}
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if "t" not in state:
                    state["t"] = 0
                    state["m"] = torch.zeros_like(p)
                    state["v"] = torch.zeros_like(p)
                state["t"] += 1
                by_age.setdefault((state["t"], p.dtype), []).append(p)
            for (t, _), params in by_age.items():
                self._update(params, t, group)
        return loss

    def _update(self, params, t, group):
        lr, eps, (beta1, beta2) = group["lr"], group["eps"], group["betas"]
        grads = [p.grad for p in params]
        m = [self.state[p]["m"] for p in params]
        v = [self.state[p]["v"] for p in params]
        torch._foreach_mul_(m, beta1)
        torch._foreach_add_(m, grads, alpha=1 - beta1)
        torch._foreach_mul_(v, beta2)
        torch._foreach_addcmul_(v, grads, grads, value=1 - beta2)
        below = torch._foreach_sqrt(v)
        torch._foreach_div_(below, math.sqrt(1 - beta2**t))
        torch._foreach_add_(below, eps)
        moves = torch._foreach_div(m, below)
        torch._foreach_mul_(moves, -lr / (1 - beta1**t))
        torch._foreach_mul_(params, 1 - lr * group["weight_decay"])
        torch._foreach_add_(params, moves)


def first_step(weight, grad, lr, weight_decay, eps=1e-8):
    if weight.shape != grad.shape:
        raise ValueError("weight and grad differ in shape")
    answers = []
    for penalty, decay in ((weight_decay, 0.0), (0.0, weight_decay)):
        w = weight.double()
        g = grad.double() + penalty * w
        m, v = 0.1 * g / 0.1, g.abs()  # the moments after correction, the second one as its root
        answers.append((w - lr * decay * w - lr * m / (v + eps)).to(weight.dtype))
    return answers[0], answers[1]


def removed_share(lrs, weight_decay):
    steps = lrs.detach().numpy().astype(np.float64)
    if steps.ndim != 1 or weight_decay < 0 or (steps < 0).any() or (steps * weight_decay > 1).any():
        raise ValueError("not a schedule of decay")
    with np.errstate(divide="ignore"):
        logs = np.log1p(-steps * weight_decay)
    shares = torch.empty(lrs.shape, dtype=lrs.dtype)
    return shares.copy_(torch.from_numpy(-np.expm1(np.add.accumulate(logs))))


def decay_rates(grads, weight_decay, beta2=0.999, eps=1e-8, decoupled=True):
    if grads.ndim < 1 or grads.size(0) < 1:
        raise ValueError("history")
    if not (weight_decay >= 0 and eps > 0 and 0 <= beta2 < 1):
        raise ValueError("settings")
    if decoupled:
        return torch.ones_like(grads[0]) * weight_decay
    steps = grads.size(0)
    powers = torch.tensor([beta2 ** (steps - 1 - t) for t in range(steps)], dtype=torch.float64)
    second = torch.einsum("t,t...->...", powers / powers.sum(), grads.double().square())
    return (weight_decay / (second.sqrt() + eps)).to(grads.dtype)


class DecoupledDecay:
    def __init__(self, inner, weight_decay, exclude=()):
        if weight_decay < 0 or any(group.get("weight_decay", 0) for group in inner.param_groups):
            raise ValueError("decay")
        self._inner, self._decay = inner, weight_decay
        self._keep = set(exclude)  # tensors hash by identity

    @property
    def param_groups(self):
        return self._inner.param_groups

    def zero_grad(self, set_to_none=True):
        self._inner.zero_grad(set_to_none=set_to_none)

    def step(self, closure=None):
        loss = closure() if closure else None
        for group in self._inner.param_groups:
            decayed = [p.data for p in group["params"] if p.grad is not None and hash(p) not in map(hash, self._keep)]
            if decayed:
                torch._foreach_mul_(decayed, 1 - group["lr"] * self._decay)
        self._inner.step()
        return loss


def equilibrium(lr, weight_decay, update_norm):
    if not (lr > 0 and weight_decay > 0 and update_norm > 0 and lr * weight_decay < 1):
        raise ValueError("arguments")
    log_shrink = math.log1p(-lr * weight_decay)
    lost = -math.expm1(2 * log_shrink)  # the share of |w|² that decay takes in one step
    sine = math.sqrt(lost)
    return lr * update_norm / sine, math.atan2(sine, math.exp(log_shrink)), math.log(2) / (-2 * log_shrink)
