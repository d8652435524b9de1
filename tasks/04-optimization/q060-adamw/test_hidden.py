"""Hidden tests of q060-adamw: optimizers run inside probes, expected weights come from float64 sums over histories."""

import math
from fractions import Fraction

import torch
from torch import nn

from grader.testing import assert_close, assert_equal, probe, raises

DOUBLE = torch.float64


def randn(rng, *shape, dtype=DOUBLE):
    """Normal numbers of the given shape."""
    return torch.randn(shape, generator=rng, dtype=DOUBLE).to(dtype)


def adamw64(weight, grads, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
    """The weights after each step; both moments are summed over the whole history, None is a missing gradient.

    `lr` and `weight_decay` may be lists with one value a step.
    """
    w, seen, path = weight.double(), [], []
    for i, grad in enumerate(grads):
        rate = lr[i] if isinstance(lr, list) else lr
        decay = weight_decay[i] if isinstance(weight_decay, list) else weight_decay
        if grad is not None:
            seen.append(grad.double())
            mean, square = average(seen, betas[0], 1), average(seen, betas[1], 2)
            w = w - rate * decay * w - rate * mean / (square.sqrt() + eps)
        path.append(w)
    return torch.stack(path)


def average(history, beta, power):
    """The bias-corrected exponential average of a power of the history."""
    ages = torch.arange(len(history) - 1, -1, -1, dtype=DOUBLE)
    weights = beta**ages
    return torch.tensordot(weights / weights.sum(), torch.stack(history) ** power, dims=1)


@probe
def trajectory(candidate, weights, grads, present=None, lrs=None, decays=None, **config):
    """The weights after each step, one stack a parameter; step i sees a gradient of parameter j if present[i][j]."""
    params = [nn.Parameter(w.clone()) for w in weights]
    optimizer = candidate.AdamW(params, **config)
    paths = [[] for _ in params]
    for i in range(len(grads[0])):
        for group in optimizer.param_groups:
            group["lr"] = group["lr"] if lrs is None else lrs[i]
            group["weight_decay"] = group["weight_decay"] if decays is None else decays[i]
        for j, p in enumerate(params):
            p.grad = grads[j][i].clone() if present is None or present[i][j] else None
        optimizer.step()
        for path, p in zip(paths, params):
            path.append(p.detach().clone())
    return [torch.stack(path) for path in paths]


@probe
def copied(candidate, value):
    """A deep copy of nested containers of tensors and plain values."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {k: copied(candidate, v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(copied(candidate, v) for v in value)
    return value


@probe
def resumed(candidate, weights, grads, split, groups, fresh):
    """The final weights of a run that is saved after `split` steps and continued by a new optimizer."""
    params = [nn.Parameter(w.clone()) for w in weights]
    optimizer = candidate.AdamW([{"params": [p], **g} for p, g in zip(params, groups)])
    for i in range(len(grads[0])):
        if i == split:
            saved = copied(candidate, optimizer.state_dict())
            params = [nn.Parameter(p.detach().clone()) for p in params]
            optimizer = candidate.AdamW([{"params": [p], **g} for p, g in zip(params, fresh)])
            optimizer.load_state_dict(saved)
        for p, g in zip(params, grads):
            p.grad = g[i].clone()
        optimizer.step()
    return [p.detach() for p in params]


@probe
def load_into(candidate, shapes, others):
    """Load the state of an optimizer over groups of sizes `shapes` into one over groups of sizes `others`."""
    made = []
    for sizes in (shapes, others):
        groups = [{"params": [nn.Parameter(torch.ones(2)) for _ in range(n)]} for n in sizes]
        for group in groups:
            for p in group["params"]:
                p.grad = torch.ones(2)
        made.append(candidate.AdamW(groups))
        made[-1].step()
    made[1].load_state_dict(copied(candidate, made[0].state_dict()))
    return 0


@probe
def grouped(candidate, weights, grads, groups, **config):
    """The final weights with one group a parameter; each third group is given as a bare tensor, not a list."""
    params = [nn.Parameter(w.clone()) for w in weights]
    boxes = [p if i % 3 == 2 else [p] for i, p in enumerate(params)]
    optimizer = candidate.AdamW([{"params": b, **g} for b, g in zip(boxes, groups)], **config)
    for i in range(len(grads[0])):
        for p, g in zip(params, grads):
            p.grad = g[i].clone()
        optimizer.step()
    return [p.detach() for p in params]


@probe
def settings(candidate, groups, **config):
    """The settings of each group as `param_groups` shows them, and how many parameters it holds."""
    groups = [{"params": [nn.Parameter(torch.ones(2)) for _ in range(n)], **own} for n, own in groups]
    shown = candidate.AdamW(groups, **config).param_groups
    return [[g["lr"], list(g["betas"]), g["eps"], g["weight_decay"], len(g["params"])] for g in shown]


@probe
def from_generator(candidate, weights, grads):
    """One step of every parameter, handed over as a generator."""
    params = [nn.Parameter(w.clone()) for w in weights]
    optimizer = candidate.AdamW((p for p in params), lr=0.1)
    for p, g in zip(params, grads):
        p.grad = g.clone()
    optimizer.step()
    return [p.detach() for p in params]


@probe
def fitted(candidate, weight, target, steps, **config):
    """A least-squares fit driven by a closure: losses returned by step, and the weights each closure call saw."""
    p = nn.Parameter(weight.clone())
    optimizer = candidate.AdamW([p], **config)
    seen, losses = [], []

    def closure():
        optimizer.zero_grad()
        loss = (p - target).square().sum()
        loss.backward()
        seen.append(p.detach().clone())
        return loss

    for _ in range(steps):
        losses.append(optimizer.step(closure).detach())
    return [torch.stack(losses), torch.stack(seen), p.detach()]


@probe
def after_zero_grad(candidate, weights, grads, used, set_to_none):
    """Two steps with `zero_grad` between them; only the parameters in `used` get a gradient for the second."""
    params = [nn.Parameter(w.clone()) for w in weights]
    optimizer = candidate.AdamW(params, lr=0.1, weight_decay=0.5)
    for p, g in zip(params, grads):
        p.grad = g[0].clone()
    optimizer.step()
    optimizer.zero_grad() if set_to_none else optimizer.zero_grad(set_to_none=False)
    for j in used:
        (params[j] * grads[j][1]).sum().backward()
    optimizer.step()
    return [p.detach() for p in params]


@probe
def aliased(candidate, weight, grads):
    """A view taken before training, after it; and whether the parameter still is a leaf that wants gradients."""
    p = nn.Parameter(weight.clone())
    view = p.detach()
    optimizer = candidate.AdamW([p], lr=0.1)
    for g in grads:
        p.grad = g.clone()
        optimizer.step()
    return [view.clone(), p.requires_grad, p.is_leaf]


@probe
def single_step(candidate, weight, grad):
    """One step on the very gradient tensor that was passed in."""
    p = nn.Parameter(weight.clone())
    p.grad = grad
    candidate.AdamW([p], lr=0.1).step()
    return p.detach()


@probe
def strided(candidate, weight, column, grads, slope):
    """The final weights of a transposed and of a sliced parameter; the latter's gradient is one number, expanded."""
    turned = nn.Parameter(weight.clone().t())
    sliced = nn.Parameter(torch.stack([column, column], -1)[..., 0])
    optimizer = candidate.AdamW([turned, sliced], lr=0.1)
    for g, s in zip(grads, slope):
        turned.grad = g.clone()
        sliced.grad = s.expand(column.shape)
        optimizer.step()
    return [turned.detach().contiguous(), sliced.detach().contiguous()]


@probe
def interleaved(candidate, weights, grads):
    """Two optimizers of one parameter each, stepped in turn."""
    params = [nn.Parameter(w.clone()) for w in weights]
    optimizers = [candidate.AdamW([p], lr=0.1 * (j + 1)) for j, p in enumerate(params)]
    for i in range(len(grads[0])):
        for p, g, optimizer in zip(params, grads, optimizers):
            p.grad = g[i].clone()
            optimizer.step()
    return [p.detach() for p in params]


@probe
def construct(candidate, count, **config):
    """Build an optimizer over `count` parameters."""
    candidate.AdamW([nn.Parameter(torch.ones(2)) for _ in range(count)], **config)
    return 0


@probe
def construct_twice_used(candidate):
    """Build an optimizer with one parameter in two groups."""
    p = nn.Parameter(torch.ones(2))
    candidate.AdamW([{"params": [p]}, {"params": [nn.Parameter(torch.ones(2)), p], "lr": 0.1}])
    return 0


@probe
def many_parameters(candidate, weights, grads):
    """The final weights of a model of many matrices; grads has one more leading dimension, for the steps."""
    params = [nn.Parameter(w.clone()) for w in weights]
    optimizer = candidate.AdamW(params, lr=0.01, weight_decay=0.1)
    for step in grads:
        for p, g in zip(params, step):
            p.grad = g
        optimizer.step()
    return torch.stack([p.detach() for p in params])


class TestAdamw:
    def test_trajectory(self, candidate, rng):
        """Every step, the decay of the weights before it included, follows the definition in full double precision."""
        weights = [randn(rng, 3, 5), randn(rng, 7)]
        grads = [randn(rng, 30, 3, 5), randn(rng, 30, 7) * 20]
        for betas, decay in (((0.9, 0.98), 0.3), ((0.5, 0.9), 1.7)):
            config = {"lr": 0.07, "betas": betas, "eps": 1e-6, "weight_decay": decay}
            want = [adamw64(w, list(g), **config) for w, g in zip(weights, grads)]
            assert_close(trajectory(candidate, weights, grads, **config), want, dtype=DOUBLE)

    def test_single_precision(self, candidate, rng):
        """Float32 parameters stay float32 and follow the same path."""
        weights = [randn(rng, 4, 3, dtype=torch.float32), randn(rng, 11, dtype=torch.float32)]
        grads = [randn(rng, 25, 4, 3, dtype=torch.float32), randn(rng, 25, 11, dtype=torch.float32)]
        want = [adamw64(w, list(g), lr=0.05, weight_decay=0.4) for w, g in zip(weights, grads)]
        # the rounding errors of 25 steps add up in each weight
        assert_close(trajectory(candidate, weights, grads, lr=0.05, weight_decay=0.4), want, reduction=25)

    def test_defaults(self, candidate, rng):
        """Settings that are not given take the values in the signature."""
        weights, grads = [randn(rng, 6) * 50], [randn(rng, 12, 6) * 1e-7]
        want = [adamw64(weights[0], list(grads[0]))]
        assert_close(trajectory(candidate, weights, grads), want, dtype=DOUBLE)

    def test_constant_gradient(self, candidate, rng):
        """Without decay a gradient that never changes moves the weights equally far at every step, the first too."""
        g = randn(rng, 9)
        got = trajectory(candidate, [torch.zeros(9, dtype=DOUBLE)], [g.expand(20, 9)], lr=0.5, weight_decay=0.0)
        steps = torch.arange(1, 21, dtype=DOUBLE)[:, None]
        assert_close(got, [-0.5 * steps * g / (g.abs() + 1e-8)], dtype=DOUBLE)

    def test_first_step_size(self, candidate, rng):
        """Weights of zero have nothing to decay: their first step is the learning rate, whatever the betas are."""
        g = randn(rng, 8)
        for betas in ((0.0, 0.0), (0.99, 0.5), (0.0, 0.999)):
            zero = torch.zeros(8, dtype=DOUBLE)
            got = trajectory(candidate, [zero], [g[None]], lr=0.25, betas=betas, eps=0.0)
            assert_close(got, [-0.25 * g.sign()[None]], dtype=DOUBLE)

    def test_zero_gradients(self, candidate, rng):
        """With zero gradients only decay is left, and takes the same share, lr times weight_decay, off every weight."""
        weights = [randn(rng, 5), randn(rng, 2, 3)]
        grads = [torch.zeros(15, *w.shape, dtype=DOUBLE) for w in weights]
        got = trajectory(candidate, weights, grads, lr=0.2, weight_decay=0.5)
        factors = 0.9 ** torch.arange(1, 16, dtype=DOUBLE)
        want = [factors.reshape(15, *[1] * w.ndim) * w for w in weights]
        assert_close(got, want, dtype=DOUBLE)

    def test_decay_leaves_the_moments_alone(self, candidate, rng):
        """Decay does not enter the moments: where the weights stand has no influence on how the gradients move them."""
        start, shift, grads = randn(rng, 7), 100 * randn(rng, 7), randn(rng, 20, 7)
        one, two = trajectory(candidate, [start, start + shift], [grads, grads], lr=0.1, weight_decay=0.6)
        factors = 0.94 ** torch.arange(1, 21, dtype=DOUBLE)[:, None]
        assert_close(two - one, factors * shift, dtype=DOUBLE)
        assert_close(one, adamw64(start, list(grads), lr=0.1, weight_decay=0.6), dtype=DOUBLE)

    def test_gradient_scale(self, candidate, rng):
        """Without eps, gradients a thousand times as large move the weights just as far."""
        weight, grads = randn(rng, 6), randn(rng, 20, 6)
        config = {"lr": 0.1, "eps": 0.0, "weight_decay": 0.2}
        got = trajectory(candidate, [weight, weight], [grads, grads * 1e3], **config)
        want = adamw64(weight, list(grads), **config)
        assert_close(got, [want, want], dtype=DOUBLE)

    def test_eps_placement(self, candidate, rng):
        """Eps is added after the root and after the correction, which gradients about as small as eps show."""
        zero, grads = torch.zeros(10, dtype=DOUBLE), randn(rng, 12, 10)
        for eps in (1e-4, 1e-2):
            config = {"lr": 1.0, "eps": eps, "weight_decay": 0.0}
            want = adamw64(zero, list(grads * eps), **config)
            assert_close(trajectory(candidate, [zero], [grads * eps], **config), [want], dtype=DOUBLE)

    def test_gradient_magnitudes(self, candidate, rng):
        """Tiny and huge float32 gradients are as good as any others."""
        zero = torch.zeros(6)
        for scale in (1e-12, 1e-7, 1e15):
            grads = randn(rng, 10, 6, dtype=torch.float32) * scale
            want = adamw64(zero, list(grads), lr=1.0, weight_decay=0.1)
            # the rounding errors of 10 steps add up in each weight
            assert_close(trajectory(candidate, [zero], [grads], lr=1.0, weight_decay=0.1), [want], reduction=10)

    def test_missing_gradient(self, candidate, rng):
        """A parameter without a gradient is not touched, and its own count of steps stands still."""
        weights, grads = [randn(rng, 4) for _ in range(3)], [randn(rng, 12, 4) for _ in range(3)]
        present = [[True, i % 3 == 2, i >= 7] for i in range(12)]
        config = {"lr": 0.3, "weight_decay": 0.5}
        got = trajectory(candidate, weights, grads, present, **config)
        histories = [[g if on[j] else None for g, on in zip(grads[j], present)] for j in range(3)]
        assert_close(got, [adamw64(w, h, **config) for w, h in zip(weights, histories)], dtype=DOUBLE)

    def test_zero_is_not_missing(self, candidate, rng):
        """A gradient of zeros still decays the weights, fades the moments and counts as a step."""
        weights, grads = [randn(rng, 4), randn(rng, 4)], [randn(rng, 10, 4), randn(rng, 10, 4)]
        grads[0][:3] = 0
        grads[1][2::2] = 0
        config = {"lr": 0.3, "weight_decay": 0.5}
        want = [adamw64(w, list(g), **config) for w, g in zip(weights, grads)]
        assert_close(trajectory(candidate, weights, grads, **config), want, dtype=DOUBLE)

    def test_changed_settings(self, candidate, rng):
        """Learning rate and decay are read from the groups anew at every step, so schedules work."""
        weights, grads = [randn(rng, 5)], [randn(rng, 12, 5)]
        lrs, decays = [0.02 * i for i in range(12)], [0.1 * (i % 4) for i in range(12)]
        want = [adamw64(weights[0], list(grads[0]), lr=lrs, weight_decay=decays)]
        assert_close(trajectory(candidate, weights, grads, lrs=lrs, decays=decays), want, dtype=DOUBLE)

    def test_parameter_groups(self, candidate, rng):
        """Each group follows its own settings, and the arguments where it has none."""
        weights, grads = [randn(rng, 5) for _ in range(4)], [randn(rng, 10, 5) for _ in range(4)]
        groups = [{"lr": 0.2}, {"weight_decay": 0.0, "eps": 0.1}, {"betas": (0.3, 0.6)}, {}]
        default = {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.7}
        got = grouped(candidate, weights, grads, groups, **default)
        want = [adamw64(w, list(g), **{**default, **own})[-1] for w, g, own in zip(weights, grads, groups)]
        assert_close(got, want, dtype=DOUBLE)

    def test_visible_groups(self, candidate, rng):
        """The groups show every setting, whether it was given or not."""
        lr = 0.1 + torch.rand((), generator=rng).item()
        got = settings(candidate, [(2, {"weight_decay": 0.25}), (1, {"betas": (0.5, 0.75)})], lr=lr)
        assert_equal(got, [[lr, [0.9, 0.999], 1e-8, 0.25, 2], [lr, [0.5, 0.75], 1e-8, 0.01, 1]])

    def test_resume(self, candidate, rng):
        """A run saved at any step and continued by a fresh optimizer ends where the unbroken run does."""
        weights, grads = [randn(rng, 6), randn(rng, 6)], [randn(rng, 14, 6), randn(rng, 14, 6)]
        groups = [{"lr": 0.1}, {"lr": 0.2, "weight_decay": 0.5}]
        want = [adamw64(w, list(g), **own)[-1] for w, g, own in zip(weights, grads, groups)]
        for split in (0, 1, 8):
            assert_close(resumed(candidate, weights, grads, split, groups, groups), want, dtype=DOUBLE)

    def test_saved_settings(self, candidate, rng):
        """The settings of every group are part of the saved state and win over those of the new optimizer."""
        weights, grads = [randn(rng, 3), randn(rng, 3)], [randn(rng, 8, 3), randn(rng, 8, 3)]
        groups = [{"lr": 0.1, "betas": (0.5, 0.7), "eps": 0.1}, {"lr": 0.2, "weight_decay": 0.9}]
        got = resumed(candidate, weights, grads, 4, groups, [{}, {}])
        want = [adamw64(w, list(g), **own)[-1] for w, g, own in zip(weights, grads, groups)]
        assert_close(got, want, dtype=DOUBLE)

    def test_state_of_another_model(self, candidate, rng):
        """A state whose groups differ in number or in size is refused."""
        for others in ([2], [2, 1, 1], [2, 2], [1, 1]):
            with raises(ValueError):
                load_into(candidate, [2, 1], others)

    def test_generator(self, candidate, rng):
        """The parameters may come from a generator, which can be walked only once."""
        weights, grads = [randn(rng, 3) for _ in range(3)], [randn(rng, 3) for _ in range(3)]
        want = [adamw64(w, [g], lr=0.1)[-1] for w, g in zip(weights, grads)]
        assert_close(from_generator(candidate, weights, grads), want, dtype=DOUBLE)

    def test_closure(self, candidate, rng):
        """A closure runs once a step, with gradients on and before anything moves; step returns its loss."""
        weight, target = randn(rng, 5), randn(rng, 5)
        config = {"lr": 0.1, "weight_decay": 0.4}
        seen, grads = [weight], []
        for _ in range(6):
            grads.append(2 * (seen[-1] - target))
            seen.append(adamw64(weight, grads, **config)[-1])
        losses = torch.stack([(w - target).square().sum() for w in seen[:-1]])
        got = fitted(candidate, weight, target, 6, **config)
        assert_close(got, [losses, torch.stack(seen[:-1]), seen[-1]], dtype=DOUBLE)

    def test_zero_grad(self, candidate, rng):
        """Cleared gradients are missing by default and zeros on request; nothing of the old ones is left."""
        weights, grads = [randn(rng, 4), randn(rng, 4)], [randn(rng, 2, 4), randn(rng, 2, 4)]
        for set_to_none in (True, False):
            rest = None if set_to_none else torch.zeros(4)
            histories = [list(grads[0]), [grads[1][0], rest]]
            want = [adamw64(w, h, lr=0.1, weight_decay=0.5)[-1] for w, h in zip(weights, histories)]
            assert_close(after_zero_grad(candidate, weights, grads, [0], set_to_none), want, dtype=DOUBLE)

    def test_in_place(self, candidate, rng):
        """The storage of a parameter is updated in place, and it remains a leaf that wants gradients."""
        weight, grads = randn(rng, 5), randn(rng, 6, 5)
        want = adamw64(weight, list(grads), lr=0.1)[-1]
        assert_close(aliased(candidate, weight, grads), [want, True, True], dtype=DOUBLE)

    def test_gradient_is_left_alone(self, candidate, rng):
        """A step does not write to the gradient."""
        for _ in range(2):
            weight, grad = randn(rng, 6), randn(rng, 6)
            assert_close(single_step(candidate, weight, grad), adamw64(weight, [grad], lr=0.1)[-1], dtype=DOUBLE)

    def test_strides(self, candidate, rng):
        """Transposed and sliced parameters and expanded gradients are as good as contiguous ones."""
        weight, column, grads, slope = randn(rng, 3, 5), randn(rng, 4, 2), randn(rng, 6, 5, 3), randn(rng, 6)
        got = strided(candidate, weight, column, grads, slope)
        turned = adamw64(weight.t(), list(grads), lr=0.1)[-1]
        sliced = adamw64(column, list(slope[:, None, None].expand(6, 4, 2)), lr=0.1)[-1]
        assert_close(got, [turned, sliced], dtype=DOUBLE)

    def test_shapes(self, candidate, rng):
        """Scalars, single elements and empty tensors are parameters like any others."""
        shapes = [(), (1,), (0,), (2, 0, 3), (1, 1, 1), (2, 3, 5, 1)]
        weights, grads = [randn(rng, *s) for s in shapes], [randn(rng, 4, *s) for s in shapes]
        want = [adamw64(w, list(g), lr=0.1) for w, g in zip(weights, grads)]
        assert_close(trajectory(candidate, weights, grads, lr=0.1), want, dtype=DOUBLE)

    def test_independent_optimizers(self, candidate, rng):
        """Two optimizers share nothing."""
        weights, grads = [randn(rng, 4), randn(rng, 4)], [randn(rng, 8, 4), randn(rng, 8, 4)]
        want = [adamw64(w, list(g), lr=0.1 * (j + 1))[-1] for j, (w, g) in enumerate(zip(weights, grads))]
        assert_close(interleaved(candidate, weights, grads), want, dtype=DOUBLE)

    def test_bad_settings(self, candidate, rng):
        """Settings out of range and an empty list of parameters are refused."""
        bad = [{"lr": -0.1}, {"eps": -1e-8}, {"weight_decay": -0.01}]
        bad += [{"betas": (1.0, 0.9)}, {"betas": (0.9, 1.0)}, {"betas": (-0.1, 0.9)}, {"betas": (0.9, -0.1)}]
        for config in bad:
            with raises(ValueError):
                construct(candidate, 1, **config)
        with raises(ValueError):
            construct(candidate, 0)

    def test_parameter_in_two_groups(self, candidate, rng):
        """A parameter that appears in two groups is refused."""
        with raises(ValueError):
            construct_twice_used(candidate)

    def test_time(self, candidate, rng, budget):
        """Whole tensors are updated at once, so many large parameters cost little."""

        def make():
            return randn(rng, 30, 64, 48, dtype=torch.float32), randn(rng, 8, 30, 64, 48, dtype=torch.float32)

        budget.time(many_parameters, make)


def first_step64(weight, grad, lr, weight_decay, eps=1e-8):
    """Both answers of `first_step`, element by element in Python floats."""
    coupled, decoupled = [], []
    for w, g in zip(weight.double().flatten().tolist(), grad.double().flatten().tolist()):
        h = g + weight_decay * w
        coupled.append(w - lr * h / (abs(h) + eps))
        decoupled.append(w - lr * weight_decay * w - lr * g / (abs(g) + eps))
    return tuple(torch.tensor(v, dtype=DOUBLE).reshape(weight.shape) for v in (coupled, decoupled))


class TestFirstStep:
    def test_values(self, candidate, rng):
        """Both answers are those of bias-corrected first steps, on which the betas have no influence."""
        for lr, decay, eps in ((0.1, 0.5, 1e-8), (2.0, 0.01, 0.3)):
            weight, grad = randn(rng, 4, 7), randn(rng, 4, 7)
            got = candidate.first_step(weight, grad, lr, decay, eps)
            assert_close(got, first_step64(weight, grad, lr, decay, eps), dtype=DOUBLE)

    def test_default_eps(self, candidate, rng):
        """Without an eps the usual one is taken, and tiny gradients feel it."""
        for _ in range(2):
            weight, grad = torch.zeros(9, dtype=DOUBLE), randn(rng, 9) * 1e-8
            got = candidate.first_step(weight, grad, 0.1, 0.5)
            assert_close(got, first_step64(weight, grad, 0.1, 0.5), dtype=DOUBLE)

    def test_decay_only(self, candidate, rng):
        """Without a gradient the penalised step forgets how strong the decay is; the decoupled one does not."""
        weight = randn(rng, 8) + 3 * randn(rng, 8).sign()
        for decay in (0.2, 2.0):
            coupled, decoupled = candidate.first_step(weight, torch.zeros_like(weight), 0.1, decay)
            want = weight - 0.1 * weight / (weight.abs() + 1e-8 / decay)
            assert_close(coupled, want, dtype=DOUBLE)
            assert_close(decoupled, weight * (1 - 0.1 * decay), dtype=DOUBLE)

    def test_magnitudes(self, candidate, rng):
        """Gradients and weights of any size that the dtype can hold are handled."""
        for dtype, scale in ((torch.float32, 1e30), (torch.float32, 1e-30), (DOUBLE, 1e200), (DOUBLE, 1e-200)):
            zero, grad = torch.zeros(6, dtype=dtype), (randn(rng, 6) * scale).to(dtype)
            want = first_step64(zero, grad, 0.5, 0.1, scale)
            assert_close(candidate.first_step(zero, grad, 0.5, 0.1, scale), want, dtype=dtype)

    def test_half_precision(self, candidate, rng):
        """Half-precision tensors give the exact result, rounded once to their dtype."""
        for dtype in (torch.float16, torch.bfloat16):
            weight, grad = randn(rng, 40, dtype=dtype), randn(rng, 40, dtype=dtype) * 300
            got = candidate.first_step(weight, grad, 2.0, 0.3)
            assert_close(got, first_step64(weight, grad, 2.0, 0.3), dtype=dtype)

    def test_still_point(self, candidate, rng):
        """Where weight and gradient are zero nothing moves, even in a dtype in which eps would be zero."""
        for dtype in (DOUBLE, torch.float32, torch.bfloat16, torch.float16):
            weight, grad = randn(rng, 6, dtype=dtype), randn(rng, 6, dtype=dtype)
            weight[::2] = grad[::2] = 0
            got = candidate.first_step(weight, grad, 0.5, 0.25)
            assert_close(got, first_step64(weight, grad, 0.5, 0.25), dtype=dtype)

    def test_shapes_and_strides(self, candidate, rng):
        """Scalars, empty tensors and tensors of any layout are accepted."""
        weight = randn(rng, 5, 3)
        cases = [(weight.t(), randn(rng, 3, 5)), (randn(rng, 4, 6)[:, ::2], randn(rng, 1, 3).expand(4, 3))]
        cases += [(randn(rng), randn(rng)), (randn(rng, 0, 3), randn(rng, 0, 3))]
        for w, g in cases:
            assert_close(candidate.first_step(w, g, 0.1, 0.5), first_step64(w, g, 0.1, 0.5), dtype=DOUBLE)

    def test_shape_mismatch(self, candidate, rng):
        """A gradient of another shape is refused, even where it would broadcast."""
        weight = randn(rng, 4, 3)
        for grad in (randn(rng, 3), randn(rng, 4, 1), randn(rng), randn(rng, 3, 4)):
            with raises(ValueError):
                candidate.first_step(weight, grad, 0.1, 0.5)


def removed64(lrs, weight_decay):
    """The removed shares, exactly, by fractions."""
    left, shares = Fraction(1), []
    for lr in lrs.double().tolist():
        left *= 1 - Fraction(lr) * Fraction(weight_decay)
        shares.append(float(1 - left))
    return torch.tensor(shares, dtype=DOUBLE)


class TestDecaySchedule:
    def test_values(self, candidate, rng):
        """Every step of a random schedule removes its share of what is left."""
        for decay in (0.1, 0.9):
            lrs = torch.rand(37, generator=rng)
            assert_close(candidate.removed_share(lrs, decay), removed64(lrs, decay))

    def test_constant_rate(self, candidate, rng):
        """A constant learning rate removes shares along a geometric curve, from the first step's own share on."""
        steps = torch.arange(1, 51, dtype=DOUBLE)
        for lr in (0.125, 0.25):
            got = candidate.removed_share(torch.full((50,), lr, dtype=DOUBLE), 0.5)
            assert_close(got, 1 - (1 - lr / 2) ** steps, dtype=DOUBLE)

    def test_tiny_steps(self, candidate, rng):
        """Shares far below the spacing of numbers near one keep all their digits."""
        for scale in (1e-9, 1e-13):
            lrs = torch.rand(20, generator=rng, dtype=DOUBLE) * scale
            assert_close(candidate.removed_share(lrs, 0.1), removed64(lrs, 0.1), dtype=DOUBLE)
            assert_close(candidate.removed_share(lrs.float(), 0.1), removed64(lrs.float(), 0.1))

    def test_warm_up_and_rest(self, candidate, rng):
        """Steps with learning rate zero remove nothing."""
        lrs = torch.rand(16, generator=rng, dtype=DOUBLE)
        lrs[:4] = lrs[9:12] = 0
        assert_close(candidate.removed_share(lrs, 0.3), removed64(lrs, 0.3), dtype=DOUBLE)
        assert_close(candidate.removed_share(lrs, 0.0), torch.zeros(16, dtype=DOUBLE), dtype=DOUBLE)

    def test_order(self, candidate, rng):
        """The order of the learning rates changes the way, never the end."""
        lrs = torch.rand(24, generator=rng, dtype=DOUBLE)
        turned, straight = candidate.removed_share(lrs.flip(0), 0.4), candidate.removed_share(lrs, 0.4)
        assert_close(turned[-1], straight[-1], dtype=DOUBLE)
        assert_close(turned, removed64(lrs.flip(0), 0.4), dtype=DOUBLE)

    def test_everything_removed(self, candidate, rng):
        """A step may remove all that is left; from there on the share stays at one."""
        lrs = torch.rand(10, generator=rng) * 0.25
        lrs[5] = 0.5
        assert_close(candidate.removed_share(lrs, 2.0), removed64(lrs, 2.0))

    def test_lengths_and_strides(self, candidate, rng):
        """Empty, single, sliced and expanded schedules are accepted."""
        lrs = torch.rand(15, generator=rng, dtype=DOUBLE)
        for case in (lrs[:0], lrs[:1], lrs[::3], lrs[3].expand(5)):
            assert_close(candidate.removed_share(case, 0.6), removed64(case, 0.6), dtype=DOUBLE)

    def test_bad_arguments(self, candidate, rng):
        """Negative values, steps that remove more than everything and schedules that are not 1-D are refused."""
        lrs = torch.rand(4, generator=rng) * 0.1
        wild = torch.cat([lrs, torch.tensor([0.75])])
        bad = [(lrs, -0.1), (-lrs - 0.1, 0.1), (wild, 2.0), (lrs[None], 0.1), (lrs[0], 0.1)]
        for case, decay in bad:
            with raises(ValueError):
                candidate.removed_share(case, decay)

    def test_time(self, candidate, rng, budget):
        """A schedule of hundreds of thousands of steps costs no Python loop."""
        budget.time("removed_share", lambda: (torch.rand(400_000, generator=rng) * 1e-4, 0.1))


class TestDecayRates:
    def test_values(self, candidate, rng):
        """The rates of a penalty follow the definition over a history of gradients."""
        for beta2 in (0.999, 0.6):
            grads = randn(rng, 17, 3, 4)
            want = 0.3 / (average(list(grads), beta2, 2).sqrt() + 0.01)
            got = candidate.decay_rates(grads, 0.3, beta2=beta2, eps=0.01, decoupled=False)
            assert_close(got, want, dtype=DOUBLE)

    def test_decoupled_by_default(self, candidate, rng):
        """Decoupled decay acts on every coordinate alike, whatever its gradients were."""
        grads = randn(rng, 9, 5, 2) * 10.0 ** torch.arange(-4.0, 6.0, dtype=DOUBLE).reshape(5, 2)
        assert_close(candidate.decay_rates(grads, 0.3), torch.full((5, 2), 0.3, dtype=DOUBLE), dtype=DOUBLE)
        assert_close(candidate.decay_rates(grads, 0.02), torch.full((5, 2), 0.02, dtype=DOUBLE), dtype=DOUBLE)

    def test_constant_gradient(self, candidate, rng):
        """Gradients of constant size give the same rate after one step as after many."""
        g = randn(rng, 8)
        for steps in (1, 2, 30):
            signs = torch.ones(steps, 1, dtype=DOUBLE)
            signs[::2] = -1
            got = candidate.decay_rates(signs * g, 0.1, decoupled=False)
            assert_close(got, 0.1 / (g.abs() + 1e-8), dtype=DOUBLE)

    def test_rare_tokens(self, candidate, rng):
        """Rows that seldom get a gradient are pulled harder by a penalty, those that never do hardest of all."""
        grads = randn(rng, 32, 6, 3)
        for row in range(1, 6):
            grads[:, row] *= (torch.arange(32) % 2**row == 0)[:, None]
        grads[:, 5] = 0
        got = candidate.decay_rates(grads, 0.05, beta2=0.99, eps=1e-3, decoupled=False)
        want = 0.05 / (average(list(grads), 0.99, 2).sqrt() + 1e-3)
        assert_close(got, want, dtype=DOUBLE)

    def test_recent_gradients_weigh_more(self, candidate, rng):
        """Recent gradients weigh more than old ones, and the history is oldest first."""
        grads = randn(rng, 12, 5) * torch.linspace(0.1, 3, 12, dtype=DOUBLE)[:, None]
        for history in (grads, grads.flip(0)):
            want = 0.2 / (average(list(history), 0.8, 2).sqrt() + 1e-8)
            assert_close(candidate.decay_rates(history, 0.2, 0.8, decoupled=False), want, dtype=DOUBLE)

    def test_magnitudes(self, candidate, rng):
        """Float32 gradients whose squares overflow or vanish in float32 still give float32 rates."""
        for scale in (1e25, 1e-25):
            grads = randn(rng, 7, 6, dtype=torch.float32) * scale
            want = 1e-3 * scale / (average(list(grads.double()), 0.9, 2).sqrt() + scale)
            got = candidate.decay_rates(grads, 1e-3 * scale, 0.9, eps=scale, decoupled=False)
            assert_close(got, want)

    def test_shapes_and_strides(self, candidate, rng):
        """Histories of scalars and of empty tensors, transposed and expanded ones are accepted."""
        cases = [randn(rng, 6), randn(rng, 6, 0, 2), randn(rng, 4, 6).t(), randn(rng, 3, 1).expand(3, 5)]
        for grads in cases:
            want = 0.2 / (average(list(grads), 0.999, 2).sqrt() + 1e-8)
            assert_close(candidate.decay_rates(grads, 0.2, decoupled=False), want, dtype=DOUBLE)
            assert_close(candidate.decay_rates(grads, 0.2), torch.full_like(want, 0.2), dtype=DOUBLE)

    def test_bad_arguments(self, candidate, rng):
        """Empty histories and settings out of range are refused, with and without decoupling."""
        grads = randn(rng, 3, 2)
        bad = [(grads[:0], 0.1, 0.9, 1e-8), (randn(rng), 0.1, 0.9, 1e-8), (grads, -0.1, 0.9, 1e-8)]
        bad += [(grads, 0.1, 1.0, 1e-8), (grads, 0.1, -0.1, 1e-8), (grads, 0.1, 0.9, 0.0)]
        for args in bad:
            for decoupled in (False, True):
                with raises(ValueError):
                    candidate.decay_rates(*args, decoupled)


def momentum64(weight, grads, lrs, decay, momentum):
    """The final weight under momentum SGD; decay[i] is the coefficient of step i, a None gradient is skipped."""
    w, buffer = weight.double(), None
    for grad, lr, rate in zip(grads, lrs, decay):
        if grad is not None:
            buffer = grad if buffer is None else momentum * buffer + grad
            w = (1 - lr * rate) * w - lr * buffer
    return w


@probe
def wrapped(candidate, weights, grads, decay, lrs, excluded, present=None):
    """The final weights under wrapped momentum SGD, one group a parameter, with a schedule written to the groups."""
    params = [nn.Parameter(w.clone()) for w in weights]
    inner = torch.optim.SGD([{"params": [p], "lr": 1.0} for p in params], momentum=0.8)
    optimizer = candidate.DecoupledDecay(inner, decay, exclude=(params[j] for j in excluded))
    for i in range(len(grads[0])):
        for j, p in enumerate(params):
            optimizer.param_groups[j]["lr"] = lrs[j][i]
            p.grad = grads[j][i].clone() if present is None or present[i][j] else None
        optimizer.step()
    return [p.detach() for p in params]


@probe
def wrapped_adaptive(candidate, weight, grads, lr, decay):
    """The weights after each step under wrapped RMSprop."""
    p = nn.Parameter(weight.clone())
    optimizer = candidate.DecoupledDecay(torch.optim.RMSprop([p], lr=lr, alpha=0.9, eps=1e-3), decay)
    path = []
    for g in grads:
        p.grad = g.clone()
        optimizer.step()
        path.append(p.detach().clone())
    return torch.stack(path)


@probe
def wrapped_closure(candidate, weight, target, steps, lr, decay):
    """A wrapped least-squares fit driven by a closure: losses, weights seen by the closure, final weights."""
    p = nn.Parameter(weight.clone())
    optimizer = candidate.DecoupledDecay(torch.optim.SGD([p], lr=lr), decay)
    losses, seen = [], []

    def closure():
        optimizer.zero_grad()
        loss = (p - target).square().sum()
        loss.backward()
        seen.append(p.detach().clone())
        return loss

    for _ in range(steps):
        losses.append(optimizer.step(closure).detach())
    return [torch.stack(losses), torch.stack(seen), p.detach()]


@probe
def wrap(candidate, decay, inner_decay):
    """Wrap an optimizer of two groups, the second with a decay of its own."""
    groups = [{"params": [nn.Parameter(torch.ones(2))]}, {"params": [nn.Parameter(torch.ones(2))]}]
    groups[1]["weight_decay"] = inner_decay
    candidate.DecoupledDecay(torch.optim.SGD(groups, lr=0.1), decay)
    return 0


class TestDecoupledDecay:
    def test_momentum(self, candidate, rng):
        """Decay comes before the inner step: momentum never sees it, and it does not shrink the update."""
        weights, grads = [randn(rng, 4, 3), randn(rng, 4, 3)], [randn(rng, 12, 4, 3), randn(rng, 12, 4, 3)]
        for decay in (0.0, 0.7):
            want = [momentum64(w, g, [0.1] * 12, [decay] * 12, 0.8) for w, g in zip(weights, grads)]
            got = wrapped(candidate, weights, grads, decay, [[0.1] * 12] * 2, [])
            assert_close(got, want, dtype=DOUBLE)

    def test_adaptive_inner(self, candidate, rng):
        """Around an adaptive optimizer every weight decays at the same rate, large gradients or small."""
        weight, grads = randn(rng, 6), randn(rng, 15, 6) * 10.0 ** torch.arange(-3.0, 3.0, dtype=DOUBLE)
        w, square, path = weight, torch.zeros(6, dtype=DOUBLE), []
        for g in grads:
            square = 0.9 * square + 0.1 * g * g
            w = (1 - 0.05 * 0.8) * w - 0.05 * g / (square.sqrt() + 1e-3)
            path.append(w)
        assert_close(wrapped_adaptive(candidate, weight, grads, 0.05, 0.8), torch.stack(path), dtype=DOUBLE)

    def test_schedule(self, candidate, rng):
        """Each group decays by its own learning rate as it stands at that step."""
        weights, grads = [randn(rng, 5), randn(rng, 5)], [randn(rng, 10, 5), randn(rng, 10, 5)]
        lrs = [[0.02 * i for i in range(10)], [0.3 / (i + 1) for i in range(10)]]
        want = [momentum64(w, g, rates, [0.5] * 10, 0.8) for w, g, rates in zip(weights, grads, lrs)]
        assert_close(wrapped(candidate, weights, grads, 0.5, lrs, []), want, dtype=DOUBLE)

    def test_excluded(self, candidate, rng):
        """Excluded parameters are trained but never decayed, even if an equal tensor is."""
        same = randn(rng, 4)
        weights = [same, same, randn(rng, 2, 3), randn(rng)]
        grads = [randn(rng, 8, *w.shape) for w in weights]
        decays = [[0.6] * 8, [0.0] * 8, [0.0] * 8, [0.6] * 8]
        want = [momentum64(w, g, [0.1] * 8, d, 0.8) for w, g, d in zip(weights, grads, decays)]
        assert_close(wrapped(candidate, weights, grads, 0.6, [[0.1] * 8] * 4, [1, 2]), want, dtype=DOUBLE)

    def test_missing_gradient(self, candidate, rng):
        """A parameter without a gradient is neither decayed nor moved; one with a gradient of zeros is decayed."""
        weights, grads = [randn(rng, 4), randn(rng, 4)], [torch.zeros(9, 4, dtype=DOUBLE), randn(rng, 9, 4)]
        present = [[True, i % 3 == 1] for i in range(9)]
        got = wrapped(candidate, weights, grads, 0.5, [[0.2] * 9] * 2, [], present)
        late = [g if on[1] else None for g, on in zip(grads[1], present)]
        want = [weights[0] * 0.9**9, momentum64(weights[1], late, [0.2] * 9, [0.5] * 9, 0.8)]
        assert_close(got, want, dtype=DOUBLE)

    def test_closure(self, candidate, rng):
        """A closure runs once a step, before the decay, and step returns its loss."""
        weight, target = randn(rng, 5), randn(rng, 5)
        seen = [weight]
        for _ in range(5):
            seen.append((1 - 0.1 * 0.6) * seen[-1] - 0.1 * 2 * (seen[-1] - target))
        losses = torch.stack([(w - target).square().sum() for w in seen[:-1]])
        got = wrapped_closure(candidate, weight, target, 5, 0.1, 0.6)
        assert_close(got, [losses, torch.stack(seen[:-1]), seen[-1]], dtype=DOUBLE)

    def test_refused(self, candidate, rng):
        """A negative decay is refused, and so is an inner optimizer that already decays any of its groups."""
        for decay, inner_decay in ((-0.1, 0.0), (0.1, 0.01), (0.0, 0.01)):
            with raises(ValueError):
                wrap(candidate, decay, inner_decay)


def balance64(lr, weight_decay, update_norm):
    """Norm, angle and half-life read off a long run of a two-dimensional weight."""
    shrink, length = 1 - lr * weight_decay, lr * update_norm
    rest = length / math.sqrt(1 - shrink * shrink)
    x, y, excess = 3 * rest, 0.0, []
    for _ in range(math.ceil(20 / -math.log(shrink)) + 2):
        norm = math.hypot(x, y)
        excess.append(norm)
        last = x, y
        x, y = shrink * x - length * -y / norm, shrink * y - length * x / norm
    norm = math.hypot(x, y)
    angle = math.atan2(abs(last[0] * y - last[1] * x), last[0] * x + last[1] * y)
    fall = (excess[1] ** 2 - norm**2) / (excess[0] ** 2 - norm**2)
    return norm, angle, math.log(0.5) / math.log(fall)


class TestEquilibrium:
    def test_long_run(self, candidate, rng):
        """Norm, angle and half-life of |w|² are those of a settled run whose updates are orthogonal to the weights."""
        for lr, decay in ((0.3, 0.1), (0.5, 0.6), (0.05, 0.4)):
            update = 0.5 + torch.rand((), generator=rng).item()
            assert_close(candidate.equilibrium(lr, decay, update), balance64(lr, decay, update))

    def test_strong_decay(self, candidate, rng):
        """Nothing in the answers relies on small steps."""
        for lr in (0.8, 0.99, 1.5):
            decay = 0.6 + 0.03 * torch.rand((), generator=rng).item()
            assert_close(candidate.equilibrium(lr, decay, 2.0), balance64(lr, decay, 2.0))

    def test_weak_decay(self, candidate, rng):
        """Products of learning rate and decay far below the spacing of numbers near one lose no digits."""
        for lr, decay in ((1e-6, 1e-5), (3e-8, 2e-6), (1e-9, 7e-7)):
            update, a = 1 + torch.rand((), generator=rng).item(), lr * decay
            # the leading terms of the exact answers; what they leave out is below 1e-11 of each
            want = (update * math.sqrt(lr / (2 * decay)), math.sqrt(2 * a), math.log(2) / (2 * a))
            assert_close(candidate.equilibrium(lr, decay, update), want)

    def test_trade(self, candidate, rng):
        """Moving a factor from decay to learning rate stretches the norm and changes nothing else."""
        lr, decay = 0.01 + 0.1 * torch.rand((), generator=rng).item(), 0.5
        norm, angle, half_life = balance64(lr, decay, 1.5)
        assert_close(candidate.equilibrium(lr * 4, decay / 4, 1.5), (norm * 4, angle, half_life))
        assert_close(candidate.equilibrium(lr / 8, decay * 8, 3.0), (norm / 4, angle, half_life))

    def test_bad_arguments(self, candidate, rng):
        """Arguments that are not positive, and steps that would remove the whole weight, are refused."""
        bad = [(0.0, 0.1, 1.0), (0.1, 0.0, 1.0), (0.1, 0.1, 0.0), (-0.1, 0.1, 1.0), (0.1, -0.1, 1.0)]
        bad += [(-0.1, -0.1, 1.0), (0.1, 0.1, -1.0), (2.0, 0.5, 1.0), (2.0, 0.75, 1.0)]
        for args in bad:
            with raises(ValueError):
                candidate.equilibrium(*args)
