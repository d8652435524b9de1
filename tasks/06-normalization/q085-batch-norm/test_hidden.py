"""Hidden tests of q085-batch-norm: modules live in probes, expected values are float64 sums over single channels."""

import math

import torch
import torch.nn.functional as F

from grader.testing import assert_close, assert_equal, assert_gradient, probe, raises

DOUBLE = torch.float64
KEYS = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]


def normal(rng, *shape, dtype=torch.float32):
    """Normal numbers of the given shape."""
    return torch.randn(shape, generator=rng, dtype=DOUBLE).to(dtype)


def features(rng, *shape, dtype=torch.float32):
    """Activations whose channels differ in mean and scale."""
    channels = shape[1]
    scale = 0.3 + 3 * torch.rand(channels, 1, 1, generator=rng, dtype=DOUBLE)
    return (normal(rng, *shape, dtype=DOUBLE) * scale + 2 * normal(rng, channels, 1, 1, dtype=DOUBLE)).to(dtype)


def positive(rng, *shape, dtype=torch.float32):
    """Numbers between a half and two and a half."""
    return (0.5 + 2 * torch.rand(shape, generator=rng, dtype=DOUBLE)).to(dtype)


def state(rng, channels, count, dtype=torch.float32):
    """A state as a trained layer leaves it."""
    mean, bias = normal(rng, channels, dtype=dtype), normal(rng, channels, dtype=dtype)
    weight, var = positive(rng, channels, dtype=dtype), positive(rng, channels, dtype=dtype)
    return dict(zip(KEYS, (weight, bias, mean, var, torch.tensor(count))))


def apply64(x, mean, var, weight=None, bias=None, eps=1e-5):
    """The formula of the statement in float64, one channel after the other."""
    out = torch.empty(x.shape, dtype=DOUBLE)
    for c in range(x.shape[1]):
        out[:, c] = (x[:, c].double() - mean[c].item()) / math.sqrt(var[c].item() + eps)
        if weight is not None:
            out[:, c] = out[:, c] * weight[c].item() + bias[c].item()
    return out


def moments64(x):
    """Mean, biased variance and number of values of each channel in float64."""
    rows = [x[:, c].double().flatten() for c in range(x.shape[1])]
    means = torch.stack([row.sum() / len(row) for row in rows])
    squares = [((row - mean) ** 2).sum() / len(row) for row, mean in zip(rows, means)]
    return means, torch.stack(squares), len(rows[0])


def train64(xs, start=None, momentum=0.1, eps=1e-5):
    """Answers of training steps and the state after them, in float64; `start` is the state before, if any."""
    channels = xs[0].shape[1]
    if start is None:
        zeros, ones = torch.zeros(channels), torch.ones(channels)
        start = dict(zip(KEYS, (ones, zeros, zeros, ones, torch.tensor(0))))
    mean, var, count = (
        start["running_mean"].double(),
        start["running_var"].double(),
        start["num_batches_tracked"].item(),
    )
    outs = []
    for x in xs:
        own_mean, own_var, n = moments64(x)
        outs.append(apply64(x, own_mean, own_var, start["weight"], start["bias"], eps))
        count += 1
        m = 1 / count if momentum is None else momentum
        mean = (1 - m) * mean + m * own_mean
        var = (1 - m) * var + m * own_var * n / (n - 1)
    return outs, {**start, "running_mean": mean, "running_var": var, "num_batches_tracked": torch.tensor(count)}


def blur(x):
    """How far a few roundings of the input's size can move an answer: large where a channel has little deviation."""
    _, var, _ = moments64(x)
    return 16 * torch.finfo(x.dtype).eps * (x.abs().max() / (var.min() + 1e-5).sqrt()).item()


def gradients64(x, dy, weight, eps=1e-5):
    """Gradients with respect to input, weight and bias through the batch statistics, by the closed formula."""
    mean, var, _ = moments64(x)
    unit, dy = apply64(x, mean, var, eps=eps), dy.double()
    dx = torch.empty_like(unit)
    for c in range(x.shape[1]):
        g, u = dy[:, c], unit[:, c]
        dx[:, c] = weight[c].item() / math.sqrt(var[c].item() + eps) * (g - g.mean() - u * (g * u).mean())
    return dx, (dy * unit).sum((0, 2, 3)), dy.sum((0, 2, 3))


@probe
def made(candidate, start, dtype, **config):
    """A module, given a state if `start` holds any."""
    channels = start["channels"]
    norm = candidate.BatchNorm2d(channels, **config)
    if dtype == "float64":
        norm.double()
    given = {key: value.clone() for key, value in start.items() if key != "channels"}
    if given:
        norm.load_state_dict(given)
    return norm


@probe
def run(candidate, xs, modes, start, dtype="float32", **config):
    """The answer to each input in its mode, and the state in the end: its keys and its tensors."""
    norm = made(candidate, start, dtype, **config)
    outs = [norm.train(mode)(x).detach() for x, mode in zip(xs, modes)]
    saved = norm.state_dict()
    return [outs, list(saved), [value.detach().clone() for value in saved.values()]]


@probe
def resumed(candidate, xs, split, channels, **config):
    """The last answer in evaluation mode, of a run that a new module takes over after `split` training steps."""
    norm = candidate.BatchNorm2d(channels, **config)
    for i, x in enumerate(xs):
        if i == split:
            saved = {key: value.detach().clone() for key, value in norm.state_dict().items()}
            norm = candidate.BatchNorm2d(channels, **config)
            norm.load_state_dict(saved)
        norm(x)
    return norm.eval()(xs[0]).detach()


@probe
def gradients(candidate, x, dy, start, training, dtype="float32", **config):
    """Gradients of one forward pass with respect to input, weight and bias."""
    norm = made(candidate, start, dtype, **config).train(training)
    x = x.clone().requires_grad_()
    out = norm(x)
    return list(torch.autograd.grad(out, [x, norm.weight, norm.bias], dy))


@probe
def input_gradient(candidate, x, dy, **config):
    """The gradient with respect to the input alone."""
    norm = candidate.BatchNorm2d(x.shape[1], **config)
    x = x.clone().requires_grad_()
    return torch.autograd.grad(norm(x), x, dy)[0]


@probe
def held(candidate, xs):
    """Buffers whose references were taken before training, after it; and what of them wants gradients."""
    norm = candidate.BatchNorm2d(xs[0].shape[1])
    mean, var, count = norm.running_mean, norm.running_var, norm.num_batches_tracked
    for x in xs:
        norm(x.clone().requires_grad_()).sum().backward()
    return [mean.clone(), var.clone(), count.clone(), [b.requires_grad for b in norm.buffers()]]


@probe
def without_grad(candidate, xs):
    """The running statistics after forward passes under no_grad."""
    norm = candidate.BatchNorm2d(xs[0].shape[1])
    with torch.no_grad():
        for x in xs:
            norm(x)
    return [norm.running_mean, norm.running_var, norm.num_batches_tracked]


@probe
def members(candidate, **config):
    """The names of parameters and buffers, and which of the five attributes are None."""
    norm = candidate.BatchNorm2d(3, **config)
    names = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    missing = [getattr(norm, name) is None for name in names]
    return [[name for name, _ in norm.named_parameters()], [name for name, _ in norm.named_buffers()], missing]


@probe
def after_error(candidate, good, bad):
    """The state after a good batch and one that should be refused, and whether it was."""
    norm = candidate.BatchNorm2d(good.shape[1])
    norm(good)
    refused = 0
    try:
        norm(bad)
    except ValueError:
        refused = 1
    return [norm.running_mean.clone(), norm.running_var.clone(), norm.num_batches_tracked.clone(), refused]


@probe
def training_step(candidate, x, dy):
    """Forward and backward of one training step."""
    norm = candidate.BatchNorm2d(x.shape[1])
    x = x.clone().requires_grad_()
    return torch.autograd.grad(norm(x), [x, norm.weight, norm.bias], dy)[0]


class TestBatchNorm:
    def steps(self, candidate, xs, start=None, dtype=torch.float32, **config):
        """Answers and state of training steps, and the oracle's."""
        given = {"channels": xs[0].shape[1], **(start or {})}
        got = run(candidate, xs, [True] * len(xs), given, "float64" if dtype == DOUBLE else "float32", **config)
        return got, train64(xs, start, config.get("momentum", 0.1), config.get("eps", 1e-5))

    def check_answers(self, candidate, xs, start=None, dtype=torch.float32, **config):
        """Compare the answers of training steps with the oracle's."""
        (outs, _, _), (want, _) = self.steps(candidate, xs, start, dtype, **config)
        for x, got, right in zip(xs, outs, want):
            assert_close(got, right, dtype=dtype, atol=blur(x))  # the mean is rounded before it is taken off

    def check_state(self, candidate, xs, start=None, dtype=torch.float32, **config):
        """Compare the state after training steps with the oracle's."""
        (_, keys, values), (_, left) = self.steps(candidate, xs, start, dtype, **config)
        assert_equal(keys, KEYS)
        # running statistics carry the rounding of every step
        assert_close(values[:4], [left[key].double() for key in KEYS[:4]], dtype=dtype, reduction=10.0 * len(xs))
        assert_equal(values[4], left["num_batches_tracked"])

    def test_training(self, candidate, rng):
        """In training mode each channel is normalised by the mean and the biased variance of its batch."""
        for shape in ((4, 3, 5, 6), (2, 1, 1, 1), (1, 5, 2, 3), (7, 2, 1, 1)):
            self.check_answers(candidate, [features(rng, *shape)], state(rng, shape[1], 2))

    def test_eps(self, candidate, rng):
        """Eps is added to the variance under the root, which shows where both are about as small."""
        for eps in (1e-3, 0.5):
            self.check_answers(candidate, [features(rng, 3, 2, 4, 3) * eps**0.5 for _ in range(2)], eps=eps)

    def test_running_statistics(self, candidate, rng):
        """Running statistics follow batches of any size; the new variance is unbiased, and momentum is its weight."""
        for momentum in (0.3, 0.1, 1.0):
            xs = [features(rng, n, 3, 2, 2) for n in (2, 5, 1, 3)]
            self.check_state(candidate, xs, momentum=momentum)

    def test_defaults(self, candidate, rng):
        """Settings that are not given take the values in the signature."""
        xs = [features(rng, 2, 4, 2, 1) * 0.01 for _ in range(3)]
        self.check_answers(candidate, xs)
        self.check_state(candidate, xs)

    def test_momentum_of_zero(self, candidate, rng):
        """A momentum of zero leaves the running statistics alone, and batches are still counted."""
        self.check_state(candidate, [features(rng, 3, 2, 2, 2) for _ in range(3)], momentum=0.0)

    def test_cumulative_average(self, candidate, rng):
        """Without momentum every batch so far has the same weight."""
        self.check_state(candidate, [features(rng, n, 3, 2, 2) for n in (2, 5, 3, 1, 4)], momentum=None)

    def test_state_of_the_library(self, candidate, rng):
        """A state in the library's layout is loaded, and training goes on from it, the count of batches included."""
        for momentum in (None, 0.25):
            xs = [features(rng, 3, 4, 2, 2) for _ in range(2)]
            self.check_state(candidate, xs, state(rng, 4, 7), momentum=momentum)

    def test_initial_state(self, candidate, rng):
        """A new module has the library's five entries with their initial values and dtypes."""
        _, keys, values = run(candidate, [], [], {"channels": 3})
        want = [torch.ones(3), torch.zeros(3), torch.zeros(3), torch.ones(3), torch.tensor(0)]
        assert_equal([keys, values], [KEYS, want])

    def test_members(self, candidate, rng):
        """Weight and bias are parameters, the rest buffers, and what is switched off is None."""
        buffers = KEYS[2:]
        assert_equal(members(candidate), [KEYS[:2], buffers, [False] * 5])
        assert_equal(members(candidate, affine=False), [[], buffers, [True, True, False, False, False]])
        assert_equal(members(candidate, track_running_stats=False), [KEYS[:2], [], [False, False, True, True, True]])

    def test_resume(self, candidate, rng):
        """A run saved at any step and continued by a new module ends where the unbroken run does."""
        for momentum in (None, 0.4):
            xs = [features(rng, 3, 2, 2, 3) for _ in range(5)]
            _, left = train64(xs, None, momentum)
            want = apply64(xs[0], left["running_mean"], left["running_var"])
            for split in (0, 3):
                # running statistics carry the rounding of every step
                assert_close(resumed(candidate, xs, split, 2, momentum=momentum), want, reduction=50)

    def test_inference(self, candidate, rng):
        """In evaluation mode the running statistics serve, whatever the batch holds, and nothing changes."""
        start = state(rng, 3, 5)
        xs = [features(rng, *shape) for shape in ((4, 3, 2, 2), (1, 3, 2, 2), (1, 3, 1, 1), (0, 3, 2, 2))]
        outs, _, values = run(candidate, xs, [False] * 4, {"channels": 3, **start})
        want = [apply64(x, start["running_mean"], start["running_var"], start["weight"], start["bias"]) for x in xs]
        assert_close(outs, want, reduction=4)  # three roundings, and a difference that may cancel
        assert_equal(values, list(start.values()))

    def test_modes_in_turn(self, candidate, rng):
        """Evaluation between training steps uses what has been learnt so far and disturbs nothing."""
        xs = [features(rng, 3, 2, 3, 2) for _ in range(4)]
        outs, _, values = run(candidate, xs, [True, False, True, False], {"channels": 2})
        _, first = train64(xs[:1])
        _, second = train64([xs[0], xs[2]])
        want = [apply64(x, s["running_mean"], s["running_var"]) for x, s in ((xs[1], first), (xs[3], second))]
        assert_close([outs[1], outs[3]], want, reduction=10)  # as above
        assert_close(values[2:4], [second["running_mean"], second["running_var"]], reduction=10)  # as above
        assert_equal(values[4], torch.tensor(2))

    def test_gradients(self, candidate, rng):
        """In training mode gradients flow through mean and variance of the batch."""
        for shape in ((3, 4, 2, 3), (2, 2, 1, 1), (5, 1, 3, 2)):
            start = state(rng, shape[1], 1, dtype=DOUBLE)
            x, dy = features(rng, *shape, dtype=DOUBLE), normal(rng, *shape, dtype=DOUBLE)
            got = gradients(candidate, x, dy, {"channels": shape[1], **start}, True, "float64", eps=0.1)
            assert_gradient(got, gradients64(x, dy, start["weight"], eps=0.1), dtype=DOUBLE)

    def test_gradients_in_inference(self, candidate, rng):
        """In evaluation mode the statistics are constants, and gradients are those of an affine map."""
        start = state(rng, 3, 1)
        x, dy = features(rng, 4, 3, 2, 2), normal(rng, 4, 3, 2, 2)
        got = gradients(candidate, x, dy, {"channels": 3, **start}, False)
        unit = apply64(x, start["running_mean"], start["running_var"])
        slope = start["weight"].double() / (start["running_var"].double() + 1e-5).sqrt()
        want = dy.double() * slope[:, None, None], (dy.double() * unit).sum((0, 2, 3)), dy.double().sum((0, 2, 3))
        assert_gradient(got, want)

    def test_no_gradient_for_a_shift(self, candidate, rng):
        """An output gradient that is constant in a channel, or proportional to the answer, reaches no input."""
        x = features(rng, 4, 3, 3, 2, dtype=torch.float32)
        mean, var, _ = moments64(x)
        unit = apply64(x, mean, var).float()
        extra = normal(rng, 4, 3, 3, 2)
        for dy in (2 + torch.zeros_like(x), 3 * unit):
            got = input_gradient(candidate, x, dy + extra) - input_gradient(candidate, x, extra)
            # what should vanish is measured against the cotangent over the smallest deviation
            bound = 1e-4 * (dy.abs().max() / var.min().sqrt()).item()
            assert_gradient(got, torch.zeros_like(x), atol=bound)
        want, _, _ = gradients64(x, extra, torch.ones(3))
        assert_gradient(input_gradient(candidate, x, extra), want, reduction=24)  # sums over a channel

    def test_constant_channel(self, candidate, rng):
        """A channel without any variance is answered with its bias, and its gradient is finite."""
        start = state(rng, 2, 0)
        x = features(rng, 3, 2, 2, 2)
        x[:, 1] = 3.0
        outs, _, _ = run(candidate, [x], [True], {"channels": 2, **start})
        # a sum over the channel, rounded before a division by the root of eps
        assert_close(outs[0][:, 1], start["bias"][1].double().expand(3, 2, 2), atol=1e-3)
        dy = normal(rng, 3, 2, 2, 2)
        want, _, _ = gradients64(x, dy, start["weight"])
        got = gradients(candidate, x, dy, {"channels": 2, **start}, True)[0]
        assert_gradient(got, want, reduction=12)  # sums over a channel

    def test_large_mean(self, candidate, rng):
        """A mean far larger than the deviation does not spoil the variance."""
        for _ in range(2):
            x = normal(rng, 8, 3, 6, 5) + 1e4 * torch.tensor([1.0, -1.0, 0.5])[:, None, None]
            outs, _, values = run(candidate, [x], [True], {"channels": 3}, momentum=1.0)
            mean, var, n = moments64(x)
            # half a unit in the last place of the mean, 5e-4, is a shift of the answer; more for sums in another order
            assert_close(outs[0], apply64(x, mean, var), atol=5e-3)
            assert_close(values[3], var * n / (n - 1), rtol=1e-4)  # the square of that shift, and a sum of 240

    def test_layouts(self, candidate, rng):
        """Channels last, slices and expanded inputs are as good as any."""
        last = features(rng, 2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
        sliced = features(rng, 4, 6, 3, 3)[1:, ::2]
        turned = features(rng, 3, 3, 5, 2).transpose(0, 3)
        expanded = features(rng, 1, 3, 4, 2).expand(3, 3, 4, 2)
        for x in (last, sliced, turned, expanded):
            self.check_answers(candidate, [x])

    def test_held_buffers(self, candidate, rng):
        """Buffers are updated where they are, and carry no graph."""
        xs = [features(rng, 3, 2, 2, 2) for _ in range(3)]
        _, left = train64(xs)
        mean, var, count, wanting = held(candidate, xs)
        # running statistics carry the rounding of every step
        assert_close([mean, var], [left["running_mean"], left["running_var"]], reduction=30)
        assert_equal([count, wanting], [torch.tensor(3), [False] * 3])

    def test_without_grad(self, candidate, rng):
        """Forward passes in training mode count under no_grad as well."""
        xs = [features(rng, 3, 2, 2, 2) for _ in range(2)]
        _, left = train64(xs)
        mean, var, count = without_grad(candidate, xs)
        # running statistics carry the rounding of every step
        assert_close([mean, var], [left["running_mean"], left["running_var"]], reduction=20)
        assert_equal(count, torch.tensor(2))

    def test_without_affine(self, candidate, rng):
        """Without weight and bias the statistics are the same, and the answer is the bare normalisation."""
        x = features(rng, 3, 2, 4, 2)
        outs, keys, values = run(candidate, [x, x], [True, False], {"channels": 2}, affine=False)
        _, left = train64([x])
        mean, var, _ = moments64(x)
        want = [apply64(x, mean, var), apply64(x, left["running_mean"], left["running_var"])]
        assert_close(outs, want, atol=blur(x))  # the mean is rounded before it is taken off
        assert_equal([keys, values[2]], [KEYS[2:], torch.tensor(1)])

    def test_without_tracking(self, candidate, rng):
        """Without running statistics the batch serves in both modes, and the state holds weight and bias only."""
        xs = [features(rng, 3, 2, 4, 2) for _ in range(2)]
        outs, keys, _ = run(candidate, xs, [True, False], {"channels": 2}, track_running_stats=False)
        # the mean is rounded before it is taken off
        assert_close(outs, train64(xs)[0], atol=max(blur(x) for x in xs))
        assert_equal(keys, KEYS[:2])
        with raises(ValueError):
            run(candidate, [features(rng, 1, 2, 1, 1)], [False], {"channels": 2}, track_running_stats=False)

    def test_double_precision(self, candidate, rng):
        """In double precision all is double but the count, which stays an integer."""
        for momentum in (None, 0.3):
            xs = [features(rng, 3, 2, 2, 2, dtype=DOUBLE) for _ in range(3)]
            start = state(rng, 2, 4, dtype=DOUBLE)
            self.check_answers(candidate, xs, start, DOUBLE, momentum=momentum)
            self.check_state(candidate, xs, start, DOUBLE, momentum=momentum)

    def test_errors(self, candidate, rng):
        """Inputs of another rank, or with another number of channels, are refused in both modes."""
        for shape in ((2, 3), (2, 3, 4), (3, 4, 4), (1, 2, 3, 4, 4), (2, 1, 4, 4), (2, 4, 3, 3)):
            for training in (True, False):
                with raises(ValueError):
                    run(candidate, [normal(rng, *shape)], [training], {"channels": 3})

    def test_too_few_values(self, candidate, rng):
        """A batch with fewer than two values a channel is refused in training, and leaves no trace."""
        good = features(rng, 3, 2, 2, 2)
        _, left = train64([good])
        for shape in ((1, 2, 1, 1), (0, 2, 3, 3), (2, 2, 0, 3)):
            bad = normal(rng, *shape)
            mean, var, count, refused = after_error(candidate, good, bad)
            assert_close([mean, var], [left["running_mean"], left["running_var"]], reduction=12)  # sums over a channel
            assert_equal([count, refused], [torch.tensor(1), 1])

    def test_time(self, candidate, rng, budget):
        """A training step takes a few operations on large tensors, not many on small ones."""

        def make():
            return normal(rng, 16, 32, 28, 28), normal(rng, 16, 32, 28, 28)

        budget.time(training_step, make)


@probe
def fold_gradients(candidate, weight, bias, mean, var, gamma, beta, dw, db):
    """Gradients with respect to all six tensors."""
    inputs = [t.clone().requires_grad_() for t in (weight, bias, mean, var, gamma, beta)]
    outs = candidate.fold_batch_norm(*inputs)
    return list(torch.autograd.grad(outs, inputs, [dw, db]))


def normalized64(z, mean, var, gamma, beta, eps):
    """Batch normalisation of a layer's output in evaluation mode, in float64."""
    gamma = torch.ones_like(mean) if gamma is None else gamma
    beta = torch.zeros_like(mean) if beta is None else beta
    return apply64(z, mean, var, gamma, beta, eps)


class TestFolding:
    def draw(self, rng, channels, dtype=DOUBLE):
        """Statistics, gamma and beta of a normalisation."""
        mean, beta = normal(rng, channels, dtype=dtype), normal(rng, channels, dtype=dtype)
        return mean, positive(rng, channels, dtype=dtype), positive(rng, channels, dtype=dtype) - 1.5, beta

    def test_convolution(self, candidate, rng):
        """The folded convolution answers what the pair does, with its old bias, groups and padding."""
        for groups, kernel in ((1, (3, 3)), (2, (1, 2)), (4, (3, 1))):
            x, weight = normal(rng, 2, 4, 6, 5, dtype=DOUBLE), normal(rng, 8, 4 // groups, *kernel, dtype=DOUBLE)
            bias, (mean, var, gamma, beta) = normal(rng, 8, dtype=DOUBLE), self.draw(rng, 8)
            got = candidate.fold_batch_norm(weight, bias, mean, var, gamma, beta, 0.2)
            want = normalized64(F.conv2d(x, weight, bias, padding=1, groups=groups), mean, var, gamma, beta, 0.2)
            assert_equal([list(t.shape) for t in got], [list(weight.shape), [8]])
            assert_close(F.conv2d(x, *got, padding=1, groups=groups), want, dtype=DOUBLE)

    def test_transposed(self, candidate, rng):
        """A transposed convolution has its output channels in the second dimension."""
        for channels in (3, 5):
            x, weight = normal(rng, 2, 3, 4, 4, dtype=DOUBLE), normal(rng, 3, channels, 2, 3, dtype=DOUBLE)
            bias, (mean, var, gamma, beta) = normal(rng, channels, dtype=DOUBLE), self.draw(rng, channels)
            got = candidate.fold_batch_norm(weight, bias, mean, var, gamma, beta, transposed=True)
            want = normalized64(F.conv_transpose2d(x, weight, bias, stride=2), mean, var, gamma, beta, 1e-5)
            assert_equal([list(t.shape) for t in got], [list(weight.shape), [channels]])
            assert_close(F.conv_transpose2d(x, *got, stride=2), want, dtype=DOUBLE)

    def test_linear(self, candidate, rng):
        """A linear layer and its bias go through the normalisation together, square or not, in float32 too."""
        for width in (4, 4, 3):
            x, weight = normal(rng, 5, width), normal(rng, 4, width)
            bias, (mean, var, gamma, beta) = normal(rng, 4), self.draw(rng, 4, torch.float32)
            got = candidate.fold_batch_norm(weight, bias, mean, var, gamma, beta)
            z = F.linear(x.double(), weight.double(), bias.double())
            want = normalized64(z, mean, var, gamma, beta, 1e-5)
            assert_close(F.linear(x.double(), *(t.double() for t in got)), want, dtype=DOUBLE, rtol=1e-5, atol=1e-5)
            assert_equal([t.dtype == torch.float32 for t in got], [True, True])

    def test_missing_vectors(self, candidate, rng):
        """A layer without bias gets one, and gamma and beta may each be missing by themselves."""
        weight, bias = normal(rng, 3, 2, dtype=DOUBLE), normal(rng, 3, dtype=DOUBLE)
        mean, var, gamma, beta = self.draw(rng, 3)
        scale = 1 / (var + 1e-5).sqrt()
        for b, g, shift in ((None, None, None), (bias, None, beta), (None, gamma, None), (bias, gamma, None)):
            factor = scale if g is None else scale * g
            offset = (0 if b is None else b) - mean
            want = weight * factor[:, None], offset * factor + (0 if shift is None else shift)
            assert_close(candidate.fold_batch_norm(weight, b, mean, var, g, shift), want, dtype=DOUBLE)

    def test_eps(self, candidate, rng):
        """Eps is added to the variance under the root, also where the variance is smaller or one of them is zero."""
        weight, mean, var = normal(rng, 3, 2), normal(rng, 3), torch.tensor([0.0, 1e-6, 4e-5])
        for eps in (1e-5, 1e-3):
            factor = 1 / (var.double() + eps).sqrt()
            want = weight.double() * factor[:, None], -mean.double() * factor
            assert_close(candidate.fold_batch_norm(weight, None, mean, var, eps=eps), want)
        factor = 1 / (var.double() + 1e-6).sqrt()
        want = weight.double() * factor[:, None], -mean.double() * factor
        # the sum of two float32 numbers of one size is rounded before the root
        assert_close(candidate.fold_batch_norm(weight, None, mean, var + 1e-6, eps=0.0), want)

    def test_gradients(self, candidate, rng):
        """Gradients reach all six tensors, the old bias included."""
        weight, bias, dw = (
            normal(rng, 3, 2, dtype=DOUBLE),
            normal(rng, 3, dtype=DOUBLE),
            normal(rng, 3, 2, dtype=DOUBLE),
        )
        (mean, var, gamma, beta), db = self.draw(rng, 3), normal(rng, 3, dtype=DOUBLE)
        root = (var + 1e-5).sqrt()
        scale = gamma / root
        on_scale = (dw * weight).sum(1) + db * (bias - mean)
        slopes = (dw * scale[:, None], db * scale, -db * scale, -on_scale * scale / (2 * root**2), on_scale / root, db)
        got = fold_gradients(candidate, weight, bias, mean, var, gamma, beta, dw, db)
        assert_gradient(got, slopes, dtype=DOUBLE)

    def test_errors(self, candidate, rng):
        """A vector of another shape is refused, even where it could be broadcast."""
        right = [normal(rng, 4, 2, 3, 3), *(torch.ones(4) for _ in range(5))]
        for i in range(1, 6):
            for shape in ((1,), (2,), (4, 1), ()):
                with raises(ValueError):
                    candidate.fold_batch_norm(*right[:i], torch.ones(shape), *right[i + 1 :])
        with raises(ValueError):
            candidate.fold_batch_norm(*right, transposed=True)


def shares64(before, after):
    """The three shares for single features, by a loop over their values in float64."""
    shares = []
    for c in range(before.shape[1]):
        a, b = sorted(before[:, c].double().tolist()), sorted(after[:, c].double().tolist())
        n = len(a)
        mean_a, mean_b = math.fsum(a) / n, math.fsum(b) / n
        a, b = [v - mean_a for v in a], [v - mean_b for v in b]
        std_a, std_b = (math.sqrt(math.fsum(v * v for v in x) / n) for x in (a, b))
        scale = (std_a - std_b) ** 2
        centred = math.fsum((v - w) ** 2 for v, w in zip(a, b)) / n
        shares.append(((mean_a - mean_b) ** 2, scale, centred - scale))
    return tuple(torch.tensor(share, dtype=DOUBLE) for share in zip(*shares))


class TestCovariateShift:
    def test_shares(self, candidate, rng):
        """Location compares means, scale standard deviations with 1/N, and shape is the rest, feature by feature."""
        for n, c in ((40, 3), (7, 5), (2, 2)):
            before, after = normal(rng, n, c), 2 * normal(rng, n, c).exp() + 1
            # where values are few, a share is a small difference of larger ones
            assert_close(candidate.covariate_shift(before, after), shares64(before, after), atol=1e-6)

    def test_double_precision(self, candidate, rng):
        """Answers for double precision are accurate to it."""
        for _ in range(2):
            before, after = normal(rng, 12, 3, dtype=DOUBLE), normal(rng, 12, 3, dtype=DOUBLE).exp()
            # a share may be a difference of larger ones
            assert_close(candidate.covariate_shift(before, after), shares64(before, after), dtype=DOUBLE, atol=1e-12)

    def test_affine_change(self, candidate, rng):
        """A feature that is only shifted and stretched has a shift without shape."""
        before = normal(rng, 20, 4, dtype=DOUBLE)
        stretch, move = positive(rng, 4, dtype=DOUBLE), 3 * normal(rng, 4, dtype=DOUBLE)
        got = candidate.covariate_shift(before, before * stretch + move)
        mean, std = before.mean(0), before.std(0, correction=0)
        want = (mean * (stretch - 1) + move) ** 2, (std * (stretch - 1)) ** 2, torch.zeros(4, dtype=DOUBLE)
        # the shape is what remains of terms of order ten
        assert_close(got, want, dtype=DOUBLE, atol=1e-12)

    def test_reversed_feature(self, candidate, rng):
        """A change of sign moves a lopsided feature's shape and leaves its scale."""
        before = normal(rng, 30, 3, dtype=DOUBLE).exp()
        got = candidate.covariate_shift(before, -before)
        # as above
        assert_close(got, shares64(before, -before), dtype=DOUBLE, atol=1e-12)

    def test_order_of_examples(self, candidate, rng):
        """Which example has which value makes no difference, and neither does another order for each feature."""
        before, after = normal(rng, 25, 3), normal(rng, 25, 3) * 2 + 1
        mixed = torch.stack([after[torch.randperm(25, generator=rng), c] for c in range(3)], 1)
        # as above
        assert_close(candidate.covariate_shift(before, mixed), shares64(before, after), atol=1e-6)

    def test_one_share_hides_no_other(self, candidate, rng):
        """A feature that moved by thousands of deviations still shows its small change of scale and shape."""
        before = normal(rng, 50, 3)
        after = normal(rng, 50, 3).exp() + 5000
        assert_close(candidate.covariate_shift(before, after), shares64(before, after))

    def test_constant_features(self, candidate, rng):
        """A feature that is or becomes constant has no shape to compare."""
        before, after = normal(rng, 9, 3), normal(rng, 9, 3)
        before[:, 0], after[:, 1] = 2.0, -1.0
        before[:, 2], after[:, 2] = 1.5, 4.5
        # what should be zero may be a rounded difference of larger shares
        assert_close(candidate.covariate_shift(before, after), shares64(before, after), atol=1e-6)

    def test_single_example(self, candidate, rng):
        """A single example has a location only."""
        for _ in range(2):
            before, after = normal(rng, 1, 3), normal(rng, 1, 3)
            want = (before.double() - after.double())[0] ** 2
            none = torch.zeros(3, dtype=DOUBLE)
            # as above
            assert_close(candidate.covariate_shift(before, after), (want, none, none), atol=1e-6)

    def test_no_features(self, candidate, rng):
        """Without features there is nothing to answer, and that is no error."""
        empty = torch.zeros(0)
        assert_equal(candidate.covariate_shift(torch.zeros(4, 0), torch.zeros(4, 0)), (empty, empty, empty))

    def test_layouts(self, candidate, rng):
        """Transposed and sliced tables are as good as any."""
        before, after = normal(rng, 3, 11).t(), normal(rng, 22, 6)[::2, 1::2]
        # as above
        assert_close(candidate.covariate_shift(before, after), shares64(before, after), atol=1e-6)

    def test_errors(self, candidate, rng):
        """Tables that differ in shape, hold no examples or are no tables are refused."""
        for one, other in (((4, 3), (4, 1)), ((4, 3), (5, 3)), ((4,), (4,)), ((0, 3), (0, 3)), ((2, 2, 2), (2, 2, 2))):
            with raises(ValueError):
                candidate.covariate_shift(torch.ones(one), torch.ones(other))


def rates64(x, eps):
    """Two over the largest eigenvalue of the Hessian, for the rows and for the normalised rows."""
    x = x.double()
    mean = x.sum(0) / len(x)
    deviation = (((x - mean) ** 2).sum(0) / len(x) + eps).sqrt()
    return tuple(2.0 / torch.linalg.eigvalsh(y.T @ y / len(x))[-1].item() for y in (x, (x - mean) / deviation))


class TestStableRates:
    def test_random_inputs(self, candidate, rng):
        """Both limits are those of the mean loss over all examples, for tall and wide tables."""
        for shape in ((20, 3), (5, 8), (2, 2), (6, 1)):
            x = normal(rng, *shape) * positive(rng, shape[1]) ** 2 + normal(rng, shape[1])
            assert_close(candidate.stable_rates(x), rates64(x, 1e-5))

    def test_double_precision(self, candidate, rng):
        """Normalising takes off the mean of a column and divides by the root of its biased variance plus eps."""
        for eps in (0.0, 0.7):
            x = normal(rng, 9, 4, dtype=DOUBLE) + 1
            assert_close(candidate.stable_rates(x, eps), rates64(x, eps))

    def test_limits_hold(self, candidate, rng):
        """Descent shrinks the error just below a limit, and lets it grow just above."""
        x = normal(rng, 12, 3) * torch.tensor([1.0, 2.0, 0.5]) + 1
        raw, scaled = candidate.stable_rates(x)
        mean, var, _ = moments64(x[:, :, None, None])
        rows = x.double(), apply64(x[:, :, None, None], mean, var)[:, :, 0, 0]
        factors = []
        for rate, y in zip((raw, scaled), rows):
            top = torch.linalg.eigh(y.T @ y / len(y)).eigenvectors[:, -1]
            factors += [(top - share * rate * (y.T @ (y @ top)) / len(y)).norm().item() for share in (1.0, 0.5)]
        assert_close(factors, [1.0, 0.0, 1.0, 0.0], atol=1e-6)  # the second is a difference of ones

    def test_scale_of_a_column(self, candidate, rng):
        """Units of a column and its offset decide the first limit and do not touch the second."""
        x = normal(rng, 30, 3, dtype=DOUBLE)
        _, want = rates64(x, 0.0)
        for _ in range(2):
            factor = 10.0 ** (6 * torch.rand(3, generator=rng, dtype=DOUBLE) - 3)
            y = x * factor + 10 * factor * normal(rng, 3, dtype=DOUBLE)
            assert_close(candidate.stable_rates(y, 0.0), (rates64(y, 0.0)[0], want))

    def test_offset(self, candidate, rng):
        """A common offset, far larger than the deviations, lowers the first limit and costs the second no digits."""
        x = normal(rng, 16, 4, dtype=DOUBLE)
        for offset in (100.0, -1000.0):
            assert_close(candidate.stable_rates(x + offset, 0.0), (rates64(x + offset, 0.0)[0], rates64(x, 0.0)[1]))

    def test_independent_columns(self, candidate, rng):
        """Columns that do not correlate normalise to the largest limit there is; equal columns share it."""
        signs = torch.tensor([[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]])
        scale = positive(rng, 3)
        x = signs * scale
        assert_close(candidate.stable_rates(x, 0.0), (2.0 / scale.double().max().item() ** 2, 2.0))
        same = positive(rng, 6, 1).expand(6, 5)
        assert_close(candidate.stable_rates(same, 0.0), (2.0 / (5 * same[:, 0].double().square().mean().item()), 0.4))

    def test_nothing_to_learn(self, candidate, rng):
        """Where the loss does not depend on the weights every rate is fine."""
        assert_equal(candidate.stable_rates(torch.zeros(4, 3)), (math.inf, math.inf))
        row = torch.ceil(4 * torch.rand(1, 3, generator=rng))
        want = 2.0 / row.double().square().sum().item(), math.inf
        assert_close(candidate.stable_rates(row), want)
        assert_close(candidate.stable_rates(row.expand(4, 3)), want)

    def test_errors(self, candidate, rng):
        """What is no table, or an empty one, is refused."""
        for shape in ((3,), (2, 2, 2), (0, 3), (3, 0)):
            with raises(ValueError):
                candidate.stable_rates(torch.ones(shape))


@probe
def streamed(candidate, batches):
    """The answer for batches that come from a generator, which can be walked only once."""
    return list(candidate.population_statistics(batch for batch in batches))


def population64(batches):
    """Mean and unbiased variance of each channel of everything together, in float64."""
    rows = torch.cat([b.double().transpose(0, 1).reshape(b.shape[1], -1) for b in batches if b.numel()], 1)
    mean = rows.sum(1) / rows.shape[1]
    return mean, ((rows - mean[:, None]) ** 2).sum(1) / (rows.shape[1] - 1)


class TestPopulationStatistics:
    def test_single_batch(self, candidate, rng):
        """The variance is divided by the number of values less one."""
        for shape in ((2, 3), (3, 2, 2, 2)):
            batches = [normal(rng, *shape)]
            assert_close(candidate.population_statistics(batches), population64(batches))

    def test_drift(self, candidate, rng):
        """Differences between batches are part of the variance."""
        for step in (10.0, 500.0):
            batches = [normal(rng, 4, 2, 2, 2) + step * i for i in range(4)]
            assert_close(candidate.population_statistics(batches), population64(batches))

    def test_uneven_batches(self, candidate, rng):
        """Every value counts the same, however large its batch is."""
        for sizes in ((3, 8, 1), (1, 1, 2, 9)):
            batches = [features(rng, n, 3, 2, 2) + 3 * i for i, n in enumerate(sizes)]
            assert_close(candidate.population_statistics(batches), population64(batches))

    def test_any_dimensions(self, candidate, rng):
        """The second dimension is the channel, in batches of rows, sequences and images, even in one stream."""
        batches = [normal(rng, 5, 3), normal(rng, 2, 3, 7) + 1, normal(rng, 1, 3, 2, 3) - 2, normal(rng, 2, 3, 1, 2, 2)]
        assert_close(candidate.population_statistics(batches), population64(batches))

    def test_order(self, candidate, rng):
        """The order of batches makes no difference."""
        batches = [features(rng, n, 2, 3, 1, dtype=DOUBLE) + n for n in (2, 7, 4, 1)]
        want = population64(batches)
        for order in ((0, 1, 2, 3), (3, 1, 0, 2), (2, 3, 1, 0)):
            assert_close(candidate.population_statistics([batches[i] for i in order]), want, dtype=DOUBLE)

    def test_single_values(self, candidate, rng):
        """Batches of one value have no variance of their own, and together they do."""
        for n in (2, 6):
            batches = [normal(rng, 1, 3) for _ in range(n)]
            assert_close(candidate.population_statistics(batches), population64(batches))

    def test_large_mean(self, candidate, rng):
        """A mean far larger than the deviation does not spoil the variance."""
        for _ in range(2):
            batches = [normal(rng, n, 2, 3, 2) + 1e4 for n in (9, 2, 5)]
            assert_close(candidate.population_statistics(batches), population64(batches))

    def test_generator(self, candidate, rng):
        """The batches may come from a generator, which can be walked only once."""
        for _ in range(2):
            batches = [features(rng, n, 3, 2, 2) for n in (3, 1, 6)]
            assert_close(streamed(candidate, batches), list(population64(batches)))

    def test_empty_batches(self, candidate, rng):
        """Batches without values change nothing, wherever they come."""
        batches = [features(rng, n, 3, 2, 2) for n in (0, 3, 0, 2, 0)]
        batches.insert(2, torch.zeros(4, 3, 0))
        assert_close(candidate.population_statistics(batches), population64(batches))

    def test_layouts(self, candidate, rng):
        """Channels last, slices and expanded batches are as good as any."""
        last = features(rng, 2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
        batches = [
            last,
            features(rng, 4, 6, 2, 3)[1:, ::2],
            normal(rng, 3, 8).t(),
            normal(rng, 1, 3, 1).expand(2, 3, 5),
        ]
        assert_close(candidate.population_statistics(batches), population64(batches))

    def test_errors(self, candidate, rng):
        """Fewer than two values a channel in total, and batches with different numbers of channels, are refused."""
        for shapes in ((), ((1, 3),), ((0, 3), (1, 3, 1, 1)), ((4, 3), (4, 2)), ((4, 3), (4, 1, 2))):
            with raises(ValueError):
                candidate.population_statistics([normal(rng, *shape) for shape in shapes])


@probe
def frozen(candidate, xs, start, dtype="float32", **config):
    """Answers in training and evaluation mode by turns, the keys of the state and its tensors afterwards."""
    norm = candidate.FrozenBatchNorm2d(len(start["weight"]), **config)
    if dtype == "float64":
        norm.double()
    norm.load_state_dict(start)
    outs = [norm.train(i % 2 == 0)(x) for i, x in enumerate(xs)]
    return [outs, list(norm.state_dict()), [value.clone() for value in norm.state_dict().values()]]


@probe
def frozen_inside(candidate, x, start):
    """The answer of a layer inside a model that loads the state of one with batch normalisation."""
    model = nn.Sequential(nn.Identity(), nn.Sequential(candidate.FrozenBatchNorm2d(x.shape[1]), nn.Identity()))
    model.load_state_dict({"1.0." + key: value for key, value in start.items()})
    return model(x)


@probe
def frozen_members(candidate):
    """A new module: its parameters, buffers and their values."""
    norm = candidate.FrozenBatchNorm2d(3)
    return [[name for name, _ in norm.named_parameters()], {name: b.clone() for name, b in norm.named_buffers()}]


@probe
def frozen_gradient(candidate, x, dy, start):
    """The gradient of the input in training mode."""
    norm = candidate.FrozenBatchNorm2d(x.shape[1])
    norm.load_state_dict(start)
    x = x.clone().requires_grad_()
    return torch.autograd.grad(norm.train()(x), x, dy)[0]


@probe
def refusal(candidate, start, inside):
    """Load a state into the layer, by itself or as part of a model."""
    norm = candidate.FrozenBatchNorm2d(3)
    if inside:
        norm = nn.Sequential(norm)
        start = {"0." + key: value for key, value in start.items()}
    norm.load_state_dict(start)
    return 0


class TestFrozen:
    def want(self, x, start, eps=1e-5):
        """The affine map of the statement in float64."""
        return apply64(x, start["running_mean"], start["running_var"], start["weight"], start["bias"], eps)

    def test_both_modes(self, candidate, rng):
        """In training and in evaluation mode the stored statistics serve, and nothing changes."""
        start = state(rng, 3, 4)
        xs = [features(rng, *shape) for shape in ((4, 3, 2, 2), (1, 3, 2, 2), (1, 3, 1, 1), (2, 3, 1, 4), (0, 3, 2, 2))]
        outs, keys, values = frozen(candidate, xs, start)
        assert_close(outs, [self.want(x, start) for x in xs], reduction=4)  # a difference that may cancel
        assert_equal(keys, KEYS[:4])
        assert_equal(values, [start[key] for key in KEYS[:4]])

    def test_members(self, candidate, rng):
        """There are four buffers with their initial values and no parameters."""
        want = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0}
        assert_equal(frozen_members(candidate), [[], {key: torch.full((3,), value) for key, value in want.items()}])

    def test_own_state(self, candidate, rng):
        """A state of four keys is as good as one with a count of batches."""
        for count in range(2):
            start = state(rng, 2, count)
            x = features(rng, 3, 2, 2, 2)
            del start["num_batches_tracked"]
            assert_close(frozen(candidate, [x], start)[0], [self.want(x, start)], reduction=4)  # as above

    def test_inside_a_model(self, candidate, rng):
        """The count of batches is also dropped where a larger model that holds the layer loads its state."""
        for _ in range(2):
            start, x = state(rng, 3, 6), features(rng, 2, 3, 2, 2)
            assert_close(frozen_inside(candidate, x, start), self.want(x, start), reduction=4)  # as above

    def test_gradient(self, candidate, rng):
        """Gradients reach the input as through an affine map."""
        for _ in range(2):
            start, x, dy = state(rng, 3, 1), features(rng, 4, 3, 2, 2), normal(rng, 4, 3, 2, 2)
            slope = start["weight"].double() / (start["running_var"].double() + 1e-5).sqrt()
            assert_gradient(frozen_gradient(candidate, x, dy, start), dy.double() * slope[:, None, None])

    def test_eps(self, candidate, rng):
        """Eps is added to the variance under the root, which shows where both are about as small."""
        for eps in (1e-5, 0.3):
            start, x = state(rng, 2, 1), features(rng, 3, 2, 2, 2)
            start["running_var"] *= eps
            assert_close(frozen(candidate, [x], start, eps=eps)[0], [self.want(x, start, eps)], reduction=4)  # as above

    def test_half_precision(self, candidate, rng):
        """Half-precision inputs are worked on in the wider dtype, and the answer is rounded to theirs once."""
        start = state(rng, 3, 1)
        start["running_mean"] = 40 * start["running_mean"]
        start["running_var"][0] = 1e-6
        for dtype in (torch.float16, torch.bfloat16):
            x = (features(rng, 3, 3, 4, 2) + start["running_mean"][:, None, None]).to(dtype)
            # the answer is rounded once, which is half of eps
            rtol = 0.6 * torch.finfo(dtype).eps
            assert_close(frozen(candidate, [x], start)[0], [self.want(x, start)], dtype=dtype, rtol=rtol, atol=1e-3)

    def test_double_precision(self, candidate, rng):
        """A double input is worth double precision, whatever the buffers are, and a single one comes back single."""
        for name, inner in (("float32", torch.float32), ("float64", DOUBLE)):
            start, x = state(rng, 3, 1, dtype=inner), features(rng, 2, 3, 2, 2, dtype=DOUBLE)
            outs, _, _ = frozen(candidate, [x, x.float()], start, name)
            assert_close(outs[0], self.want(x, start), dtype=DOUBLE)
            assert_close(outs[1], self.want(x.float(), start), dtype=torch.float32, reduction=4)  # as above

    def test_refused_states(self, candidate, rng):
        """A state with one of the four missing, or with a key that means nothing, is refused."""
        for inside in (False, True):
            for key in KEYS[:4]:
                start = state(rng, 3, 1)
                del start[key]
                with raises(RuntimeError):
                    refusal(candidate, start, inside)
            with raises(RuntimeError):
                refusal(candidate, {**state(rng, 3, 1), "running_std": torch.ones(3)}, inside)


@probe
def pooled_gradients(candidate, means, variances, counts, dm, dv):
    """Gradients with respect to the reported means and variances."""
    inputs = [means.clone().requires_grad_(), variances.clone().requires_grad_()]
    return list(torch.autograd.grad(candidate.pooled_statistics(*inputs, counts), inputs, [dm, dv]))


def shards(rng, sizes, channels, offset=0.0, dtype=torch.float32):
    """What shards of random data report."""
    data = [normal(rng, n, channels, dtype=DOUBLE) * (1 + i) + offset + i for i, n in enumerate(sizes)]
    means = torch.stack([d.mean(0) for d in data]).to(dtype)
    variances = torch.stack([d.var(0, correction=0) for d in data]).to(dtype)
    return means, variances, torch.tensor(sizes)


def pooled64(means, variances, counts):
    """Mean and biased variance of everything, from those of the shards, in float64 and channel by channel."""
    mean, var = [], []
    used = [s for s in range(len(counts)) if counts[s] > 0]
    total = sum(counts[s].item() for s in used)
    for c in range(means.shape[1]):
        m = math.fsum(counts[s].item() * means[s, c].item() for s in used) / total
        parts = [counts[s].item() * (variances[s, c].item() + (means[s, c].item() - m) ** 2) for s in used]
        mean.append(m)
        var.append(math.fsum(parts) / total)
    return torch.tensor(mean, dtype=DOUBLE), torch.tensor(var, dtype=DOUBLE)


class TestPooledStatistics:
    def test_agreeing_shards(self, candidate, rng):
        """Where shards agree in mean and variance, theirs are the answer: no degree of freedom is taken off."""
        for sizes in ((4, 4), (2, 5, 1)):
            means, variances = normal(rng, 1, 3).expand(len(sizes), 3), positive(rng, 1, 3).expand(len(sizes), 3)
            got = candidate.pooled_statistics(means, variances, torch.tensor(sizes))
            assert_close(got, (means[0].double(), variances[0].double()))

    def test_different_means(self, candidate, rng):
        """Differences between the means of shards are part of the variance."""
        for sizes in ((5, 5), (3, 3, 3)):
            report = shards(rng, sizes, 3)
            assert_close(candidate.pooled_statistics(*report), pooled64(*report))

    def test_uneven_shards(self, candidate, rng):
        """Shards count by their numbers of values."""
        for sizes in ((4, 9, 2), (7,), (1, 1), (3, 3, 3, 8)):
            report = shards(rng, sizes, 3)
            assert_close(candidate.pooled_statistics(*report), pooled64(*report))

    def test_same_as_one_batch(self, candidate, rng):
        """The answer does not depend on how a batch was cut into shards."""
        data = normal(rng, 24, 3, dtype=DOUBLE) * 3 + 1
        want = data.mean(0), data.var(0, correction=0)
        for sizes in ((24,), (1, 5, 18), (8, 8, 8), (11, 1, 1, 11)):
            parts = data.split(sizes)
            means = torch.stack([p.mean(0) for p in parts])
            variances = torch.stack([p.var(0, correction=0) for p in parts])
            got = candidate.pooled_statistics(means, variances, torch.tensor(sizes))
            assert_close(got, want, dtype=DOUBLE)

    def test_empty_shards(self, candidate, rng):
        """A shard without values says nothing, whatever it reports."""
        for nonsense in (math.nan, math.inf, 1e30):
            means, variances, counts = shards(rng, (3, 1, 5, 1), 2)
            counts[1] = counts[3] = 0
            means[1] = variances[3] = nonsense
            assert_close(candidate.pooled_statistics(means, variances, counts), pooled64(means, variances, counts))

    def test_large_mean(self, candidate, rng):
        """Means far larger than the deviations do not spoil the variance."""
        for _ in range(2):
            report = shards(rng, (20, 7, 11), 3, offset=1e4)
            assert_close(candidate.pooled_statistics(*report), pooled64(*report))

    def test_large_counts(self, candidate, rng):
        """Counts of hundreds of millions, next to counts of one, lose nothing."""
        means, variances, _ = shards(rng, (2, 2, 2), 2, dtype=DOUBLE)
        for sizes in ((99_999_999, 1, 20_000_001), (1, 2**31 - 1, 2**31 + 5)):
            report = means * torch.tensor([[1.0], [1e6], [1.0]], dtype=DOUBLE), variances, torch.tensor(sizes)
            assert_close(candidate.pooled_statistics(*report), pooled64(*report), dtype=DOUBLE)

    def test_gradients(self, candidate, rng):
        """Gradients reach every shard's mean and variance, also through the pooled mean."""
        means, variances, counts = shards(rng, (3, 8, 2), 3, dtype=DOUBLE)
        dm, dv = normal(rng, 3, dtype=DOUBLE), normal(rng, 3, dtype=DOUBLE)
        share = (counts.double() / counts.sum())[:, None]
        mean, _ = pooled64(means, variances, counts)
        want = share * (dm + 2 * dv * (means - mean)), share * dv.expand(3, 3)
        assert_gradient(pooled_gradients(candidate, means, variances, counts, dm, dv), want, dtype=DOUBLE)

    def test_gradient_of_an_empty_shard(self, candidate, rng):
        """A shard without values gets a gradient of zero, even if what it reports is no number."""
        means, variances, counts = shards(rng, (3, 4, 5), 2, dtype=DOUBLE)
        counts[1], means[1], variances[1] = 0, math.nan, math.nan
        dm, dv = normal(rng, 2, dtype=DOUBLE), normal(rng, 2, dtype=DOUBLE)
        share = (counts.double() / counts.sum())[:, None]
        mean, _ = pooled64(means, variances, counts)
        away = (means - mean).nan_to_num()
        want = share * (dm + 2 * dv * away), share * dv.expand(3, 2)
        assert_gradient(pooled_gradients(candidate, means, variances, counts, dm, dv), want, dtype=DOUBLE)

    def test_errors(self, candidate, rng):
        """Reports whose shapes do not fit, even where they would broadcast, and no values at all, are refused."""
        ones = torch.ones(3, 2)
        for means, variances, counts in (
            (ones, torch.ones(3, 1), torch.tensor([1, 2, 3])),
            (ones, ones, torch.tensor([4])),
            (ones, ones, torch.tensor([[1], [2], [3]])),
            (torch.ones(3), torch.ones(3), torch.tensor([1, 2, 3])),
            (ones, ones, torch.tensor([0, 0, 0])),
        ):
            with raises(ValueError):
                candidate.pooled_statistics(means, variances, counts)
