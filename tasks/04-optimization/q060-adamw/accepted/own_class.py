"""An optimizer without a base class, a two-level scan for the schedule, averages corrected as they go."""

import math

import torch


class AdamW:
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        if not (lr >= 0 and eps >= 0 and weight_decay >= 0):
            raise ValueError("negative setting")
        if not (0 <= betas[0] < 1 and 0 <= betas[1] < 1):
            raise ValueError("beta out of range")
        given = list(params)
        if not given:
            raise ValueError("no parameters")
        if not isinstance(given[0], dict):
            given = [{"params": given}]
        self.param_groups = []
        known = set()
        for group in given:
            full = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, **group}
            members = full["params"]
            full["params"] = [members] if isinstance(members, torch.Tensor) else list(members)
            for p in full["params"]:
                if id(p) in known:
                    raise ValueError("a parameter is in two groups")
                known.add(id(p))
            self.param_groups.append(full)
        if not known:
            raise ValueError("no parameters")
        self.memory = {}

    def zero_grad(self, set_to_none=True):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                p.grad = None if set_to_none else torch.zeros_like(p)

    def step(self, closure=None):
        result = None
        if closure is not None:
            with torch.enable_grad():
                result = closure()
        with torch.no_grad():
            for g, group in enumerate(self.param_groups):
                for i, p in enumerate(group["params"]):
                    if p.grad is not None:
                        self._move((g, i), p, p.grad, group)
        return result

    def _move(self, place, p, grad, group):
        t, m, v = self.memory.get(place, (0, torch.zeros_like(p), torch.zeros_like(p)))
        t += 1
        beta1, beta2 = group["betas"]
        m = m.lerp(grad, 1 - beta1)
        v = torch.lerp(v, grad**2, 1 - beta2)
        self.memory[place] = (t, m, v)
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        p -= group["lr"] * (group["weight_decay"] * p + m_hat / (v_hat.sqrt() + group["eps"]))

    def state_dict(self):
        settings = [{k: v for k, v in group.items() if k != "params"} for group in self.param_groups]
        sizes = [len(group["params"]) for group in self.param_groups]
        rows = [[g, i, t, m, v] for (g, i), (t, m, v) in self.memory.items()]
        return {"settings": settings, "sizes": sizes, "rows": rows}

    def load_state_dict(self, state):
        if state["sizes"] != [len(group["params"]) for group in self.param_groups]:
            raise ValueError("other groups")
        for group, settings in zip(self.param_groups, state["settings"]):
            group.update(settings)
        self.memory = {(g, i): (t, m.clone(), v.clone()) for g, i, t, m, v in state["rows"]}


def first_step(weight, grad, lr, weight_decay, eps=1e-8):
    if weight.shape != grad.shape:
        raise ValueError("shapes")

    def adam(g):
        return torch.sign(g) / (1 + eps / g.abs())

    w, g = weight.to(torch.float64), grad.to(torch.float64)
    coupled = w - lr * adam(weight_decay * w + g)
    decoupled = w - lr * (weight_decay * w + adam(g))
    return coupled.to(weight.dtype), decoupled.to(weight.dtype)


def removed_share(lrs, weight_decay):
    if lrs.dim() != 1 or weight_decay < 0:
        raise ValueError("arguments")
    r = lrs.to(torch.float64) * weight_decay
    if torch.any(lrs < 0) or torch.any(r > 1):
        raise ValueError("a step")
    n = len(r)
    if n == 0:
        return torch.zeros_like(lrs)
    width = max(1, math.isqrt(n))
    height = -(-n // width)
    grid = torch.zeros(height * width, dtype=torch.float64)
    grid[:n] = r
    grid = grid.reshape(height, width).t().contiguous()  # row j holds the j-th step of every stretch
    for j in range(1, width):
        grid[j] += grid[j - 1] * (1 - grid[j])
    before, gone = [], 0.0
    for whole in grid[-1].tolist():
        before.append(gone)
        gone += whole * (1 - gone)
    before = torch.tensor(before, dtype=torch.float64)
    shares = before + grid * (1 - before)
    return shares.t().reshape(-1)[:n].to(lrs.dtype)


def decay_rates(grads, weight_decay, beta2=0.999, eps=1e-8, decoupled=True):
    if grads.ndim == 0 or grads.shape[0] == 0:
        raise ValueError("no steps")
    if weight_decay < 0 or eps <= 0 or beta2 < 0 or beta2 >= 1:
        raise ValueError("settings")
    if decoupled:
        return torch.full(grads.shape[1:], weight_decay, dtype=grads.dtype)
    average = torch.zeros(grads.shape[1:], dtype=torch.float64)
    for t in range(1, grads.shape[0] + 1):
        share = (1 - beta2) / (1 - beta2**t)
        average = average + share * (grads[t - 1].double() ** 2 - average)
    return (weight_decay / (torch.sqrt(average) + eps)).to(grads.dtype)


class DecoupledDecay:
    def __init__(self, inner, weight_decay, exclude=()):
        if weight_decay < 0:
            raise ValueError("negative")
        for group in inner.param_groups:
            if group.get("weight_decay"):
                raise ValueError("decays already")
        self.inner, self.weight_decay, self.exclude = inner, weight_decay, list(exclude)

    @property
    def param_groups(self):
        return self.inner.param_groups

    def zero_grad(self, set_to_none=True):
        self.inner.zero_grad(set_to_none)

    @torch.no_grad()
    def step(self, closure=None):
        result = None
        if closure is not None:
            with torch.enable_grad():
                result = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None or any(p is other for other in self.exclude):
                    continue
                p.sub_(p * (group["lr"] * self.weight_decay))
        self.inner.step()
        return result


def equilibrium(lr, weight_decay, update_norm):
    if min(lr, weight_decay, update_norm) <= 0:
        raise ValueError("not positive")
    shrink = lr * weight_decay
    if shrink >= 1:
        raise ValueError("the whole weight")
    norm = update_norm * math.sqrt(lr / (weight_decay * (2 - shrink)))
    angle = math.atan2(lr * update_norm, (1 - shrink) * norm)
    return norm, angle, math.log(0.5) / (2 * math.log1p(-shrink))
