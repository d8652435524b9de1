"""Hidden tests of the perceptron: oracles replay the rule in exact numbers, certificates are verified and not compared.

Coordinates are mostly multiples of 1/8: all products and sums are exact in any order, so a tie is a tie for everyone.
"""

import math

import torch
from torch import Tensor

from grader.testing import assert_close, assert_equal, probe, raises

DOUBLE = torch.float64


def normal(rng, *shape: int, dtype=torch.float32) -> Tensor:
    """Draw normal numbers."""
    return torch.randn(shape, generator=rng, dtype=dtype)


def whole(rng, low: int, high: int, *shape: int) -> Tensor:
    """Draw whole numbers from `low` to `high`, both included, as float64."""
    return torch.randint(low, high + 1, shape, generator=rng).double()


def eighths(rng, *shape: int) -> Tensor:
    """Draw float32 multiples of 1/8 between -3 and 3."""
    return (whole(rng, -24, 24, *shape) / 8).float()


def signs(rng, *shape: int) -> Tensor:
    """Draw labels at random."""
    return torch.randint(0, 2, shape, generator=rng) * 2 - 1


def both_labels(rng, count: int) -> Tensor:
    """Draw labels of which the first is 1 and the second is -1."""
    y = signs(rng, count)
    y[0], y[1] = 1, -1
    return y


def augmented(x: Tensor, y: Tensor) -> Tensor:
    """The rows y · (x, 1), in float64."""
    return y.unsqueeze(1) * torch.cat([x.double(), torch.ones(len(x), 1, dtype=DOUBLE)], dim=1)


def hyperplane(rng, dims: int) -> Tensor:
    """Draw (w, b) of whole numbers between 1 and 4 in size."""
    return whole(rng, 1, 4, dims + 1) * signs(rng, dims + 1)


def planted(rng, points: Tensor, v: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The first `count` points that lie at least 1 off the hyperplane `v`, by score, with labels by their side."""
    score = points.double() @ v[:-1] + v[-1]
    x = points[score.abs() >= 1][:count]
    return x, (x.double() @ v[:-1] + v[-1] > 0).long() * 2 - 1


def replay(x: Tensor, y: Tensor, max_epochs: int) -> tuple[Tensor, Tensor, list[int]]:
    """Follow Rosenblatt's rule in plain numbers; w and b have the dtype of `x`."""
    rows, weights, mistakes = augmented(x, y).tolist(), [0.0] * (x.shape[1] + 1), []
    while len(mistakes) < max_epochs:
        wrong = 0
        for row in rows:
            if sum(a * b for a, b in zip(row, weights, strict=True)) <= 0:
                weights = [a + b for a, b in zip(row, weights, strict=True)]
                wrong += 1
        mistakes.append(wrong)
        if not wrong:
            break
    return torch.tensor(weights[:-1], dtype=x.dtype), torch.tensor(weights[-1], dtype=x.dtype), mistakes


def bound(x: Tensor, y: Tensor, v: Tensor) -> float:
    """(R / gamma)² of a separating v = (w, b)."""
    z = augmented(x, y)
    return z.square().sum(1).max().item() * v.double().square().sum().item() / (z @ v.double()).min().item() ** 2


def quadrilateral(rng) -> tuple[Tensor, Tensor]:
    """Draw the corners of a convex quadrilateral in eighths, and its multipliers.

    The diagonals cross in the origin and reach `near` and `far` to its two sides.
    """
    near, far = whole(rng, 1, 6, 2), whole(rng, 1, 6, 2)
    first, second = torch.tensor([3.0, 1.0], dtype=DOUBLE), torch.tensor([-1.0, 2.0], dtype=DOUBLE)
    corners = torch.stack([-near[0] * first, -near[1] * second, far[0] * first, far[1] * second]) / 8
    whole_length = near + far
    shares = torch.stack([far[0], far[1], near[0], near[1]]) / whole_length.repeat(2) / 2
    return corners, shares


def logistic_slope(x: Tensor, y: Tensor, l2: float, w: Tensor, b: Tensor) -> Tensor:
    """The gradient of the penalised mean logistic loss by (w, b), in units of the largest entry of each column."""
    z = augmented(x, y)
    v = torch.cat([w, b.reshape(1)])
    ridge = torch.cat([torch.full_like(w, l2), torch.zeros(1, dtype=DOUBLE)])
    gradient = ridge * v - torch.sigmoid(-(z @ v)) @ z / len(z)
    return gradient / z.abs().amax(0).clamp(min=1.0)


def assert_minimum(answer: tuple[Tensor, Tensor], x: Tensor, y: Tensor, l2: float) -> None:
    """Accept (w, b) of the right shapes where the gradient vanishes; the minimum is unique."""
    w, b = answer
    assert_equal([tuple(w.shape), tuple(b.shape)], [(x.shape[1],), ()])
    assert_equal([str(w.dtype), str(b.dtype)], ["torch.float64", "torch.float64"])
    slope = logistic_slope(x, y, l2, w, b).abs().max().item()
    assert slope <= 1e-7, "the gradient does not vanish at the answer"  # as the statement says


def assert_separates(answer: tuple[bool, Tensor], x: Tensor, y: Tensor) -> None:
    """Accept a verdict of True whose vector has every sample on its right side."""
    verdict, v = answer
    assert verdict, "a hyperplane separates these data, but the answer says that none does"
    assert_equal([tuple(v.shape), str(v.dtype)], [(x.shape[1] + 1,), "torch.float64"])
    margin = (augmented(x, y) @ v).min().item()
    assert margin >= 1e-6 * v.norm().item() > 0, (
        "a sample is not on its side of the hyperplane"
    )  # as the statement says


def assert_cancels(answer: tuple[bool, Tensor], x: Tensor, y: Tensor) -> None:
    """Accept a verdict of False whose multipliers have sum one and cancel the samples."""
    verdict, multipliers = answer
    assert not verdict, "no hyperplane separates these data, but the answer says that one does"
    assert_equal([tuple(multipliers.shape), str(multipliers.dtype)], [tuple(y.shape), "torch.float64"])
    assert (multipliers >= -1e-12).all(), "a multiplier is negative"  # tolerances as the statement says
    assert abs(multipliers.sum().item() - 1) <= 1e-8, "the sum of the multipliers is not 1"
    assert ((multipliers @ augmented(x, y)).abs() <= 1e-8).all(), "the samples do not cancel"


@probe
def outputs_of_batches(candidate, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    total = torch.zeros(x.shape[0], dtype=torch.int64)
    for step in range(60):
        total += candidate.perceptron_output(x * (1.0 + 0.1 * step), w, b)
    return total


class TestPerceptronOutput:
    def test_definition(self, candidate, rng):
        """Points get 1 on the positive side of the hyperplane and -1 on the other, as int64."""
        for dtype in (torch.float32, DOUBLE, torch.float32):
            x, w, b = normal(rng, 40, 5, dtype=dtype), normal(rng, 5, dtype=dtype), normal(rng, dtype=dtype)
            want = torch.where(x.double() @ w.double() + b.double() > 0, 1, -1)
            assert_equal(candidate.perceptron_output(x, w, b), want)

    def test_zero_score(self, candidate, rng):
        """A score of exactly zero, of either sign, counts as 1."""
        w = eighths(rng, 4)
        x = eighths(rng, 30, 4)
        x[:10, 2:] = 0
        x[:10, 0], x[:10, 1] = w[1], -w[0]
        x[10] = 0
        want = torch.where(x.double() @ w.double() >= 0, 1, -1)
        assert_equal(candidate.perceptron_output(x, w, torch.tensor(0.0)), want)
        assert_equal(candidate.perceptron_output(x, w, torch.tensor(-0.0)), want)
        assert_equal(candidate.perceptron_output(-x.abs(), torch.zeros(4), torch.tensor(-0.0)), want.new_ones(30))

    def test_leading_dimensions(self, candidate, rng):
        """Any number of leading dimensions is served, none at all and empty ones included."""
        w, b = eighths(rng, 3), torch.tensor(0.25)
        for shape in ((3,), (6, 2, 4, 3), (2, 0, 3), (1, 3)):
            x = eighths(rng, *shape)
            want = torch.where(x.double() @ w.double() + 0.25 >= 0, 1, -1)
            assert_equal(candidate.perceptron_output(x, w, b), want)

    def test_bias_alone(self, candidate, rng):
        """Without features the bias decides."""
        for bias in (0.5, -0.5, 0.0):
            want = torch.full((3,), 1 if bias >= 0 else -1)
            assert_equal(candidate.perceptron_output(torch.zeros(3, 0), torch.zeros(0), torch.tensor(bias)), want)

    def test_scale(self, candidate, rng):
        """Products beyond the range of single precision still tell the side."""
        for size, bias in ((2.0**70, 2.0**120), (2.0**-80, 0.0)):
            x, w, b = eighths(rng, 40, 6) * size, eighths(rng, 6) * size, torch.tensor(bias)
            want = torch.where(x.double() @ w.double() + bias >= 0, 1, -1)
            assert_equal(candidate.perceptron_output(x, w, b), want)

    def test_cancellation(self, candidate, rng):
        """Large terms that cancel leave a small score, which decides."""
        w, small = torch.ones(5), eighths(rng, 40, 3)
        large = 2.0 ** whole(rng, 24, 30, 40).float()
        x = torch.stack([large, small[:, 0], small[:, 1], small[:, 2], -large], dim=1)
        want = torch.where(small.double().sum(1) - 0.0625 >= 0, 1, -1)
        assert_equal(candidate.perceptron_output(x, w, torch.tensor(-0.0625)), want)

    def test_memory_layout(self, candidate, rng):
        """Transposed, strided and expanded inputs give the same answer as contiguous ones."""
        w, b = eighths(rng, 10)[::2], torch.tensor(0.5)
        for x in (eighths(rng, 5, 30).t(), eighths(rng, 60, 10)[1::2, ::2], eighths(rng, 5).expand(30, 5)):
            want = torch.where(x.double() @ w.double() + 0.5 >= 0, 1, -1)
            assert_equal(candidate.perceptron_output(x, w, b), want)

    def test_shapes(self, candidate, rng):
        """Weights and biases of other shapes are refused, not broadcast."""
        x, w, b = eighths(rng, 4, 4), eighths(rng, 4), torch.tensor(0.5)
        for bad in ((x, w[:3], b), (x, w[:1], b), (x, w.unsqueeze(1), b), (x, w, b.reshape(1)), (w[0], w[:1], b)):
            with raises(ValueError):
                candidate.perceptron_output(*bad)

    def test_speed(self, candidate, budget, rng):
        """A batch of points costs a few passes over it, not a step for each point."""
        w, b = eighths(rng, 16), torch.tensor(0.5)
        budget.time(outputs_of_batches, lambda: (eighths(rng, 2_000, 16), w, b))


class TestPerceptronFit:
    def test_rule(self, candidate, rng):
        """In the order given, each mistake and nothing else moves weights and bias one step before the next sample."""
        for _ in range(3):
            x, y = eighths(rng, 14, 3), signs(rng, 14)
            assert_equal(candidate.perceptron_fit(x, y, 7), replay(x, y, 7))

    def test_separable(self, candidate, rng):
        """On separable data training ends with its first epoch without mistakes, which is listed as a 0."""
        for dims in (2, 3):
            v = hyperplane(rng, dims)
            x, y = planted(rng, eighths(rng, 200, dims), v, 20)
            got = candidate.perceptron_fit(x, y, 4000)
            assert_equal(got, replay(x, y, 4000))
            assert sum(got[2]) <= bound(x, y, v), "more mistakes than the theorem allows"

    def test_one_sample(self, candidate, rng):
        """The first sample is always a mistake, for its score is zero, and one update puts it right."""
        for label in (1, -1):
            x, y = eighths(rng, 1, 4), torch.tensor([label])
            assert_equal(candidate.perceptron_fit(x, y, 9), (label * x[0], torch.tensor(float(label)), [1, 0]))

    def test_exact_ties(self, candidate, rng):
        """A sample exactly on the hyperplane is a mistake, whatever its label."""
        for _ in range(2):
            x, y = whole(rng, -1, 1, 16, 2).float(), signs(rng, 16)
            for labels in (y, -y):
                assert_equal(candidate.perceptron_fit(x, labels, 6), replay(x, labels, 6))

    def test_order(self, candidate, rng):
        """Samples are visited in the order given, in every epoch."""
        x, y = eighths(rng, 12, 2), signs(rng, 12)
        for _ in range(3):
            order = torch.randperm(12, generator=rng)
            assert_equal(candidate.perceptron_fit(x[order], y[order], 5), replay(x[order], y[order], 5))

    def test_limit(self, candidate, rng):
        """Data that cannot be separated use up all epochs, and no epochs leave zeros."""
        x, y = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]), torch.tensor([-1, 1, -1, 1])
        for epochs in (0, 1, 2, 11):
            assert_equal(candidate.perceptron_fit(x, y, epochs), replay(x, y, epochs))

    def test_mirror(self, candidate, rng):
        """Swapping the two labels turns weights and bias round and changes no mistake."""
        x, y = eighths(rng, 15, 3), signs(rng, 15)
        w, b, mistakes = replay(x, y, 6)
        assert_equal(candidate.perceptron_fit(x, -y, 6), (0 - w, 0 - b, mistakes))

    def test_degenerate_shapes(self, candidate, rng):
        """No samples take one epoch without mistakes, and without features the bias is trained alone."""
        assert_equal(
            candidate.perceptron_fit(torch.zeros(0, 3), signs(rng, 0), 5), (torch.zeros(3), torch.tensor(0.0), [0])
        )
        y = signs(rng, 7)
        assert_equal(candidate.perceptron_fit(torch.zeros(7, 0), y, 4), replay(torch.zeros(7, 0), y, 4))

    def test_double_precision_and_layout(self, candidate, rng):
        """The answer has the dtype of the points, and any memory layout is served."""
        x, y = eighths(rng, 3, 20).double().t()[::2], signs(rng, 20)[::2]
        # the numbers are exact
        assert_close(candidate.perceptron_fit(x, y, 5), replay(x, y, 5), dtype=DOUBLE, rtol=0.0, atol=0.0)
        x, y = eighths(rng, 3).expand(6, 3), torch.tensor([1]).expand(6)
        assert_equal(candidate.perceptron_fit(x, y, 5), replay(x, y, 5))

    def test_refuses(self, candidate, rng):
        """Labels other than 1 and -1, shapes that do not fit and a negative limit are refused."""
        x, y = eighths(rng, 4, 4), torch.tensor([1, -1, 1, -1])
        for bad in (
            (x, (y + 1) // 2, 3),
            (x, 2 * y, 3),
            (x, y[:1], 3),
            (x, y.unsqueeze(1), 3),
            (x[0], y, 3),
            (x, y, -1),
        ):
            with raises(ValueError):
                candidate.perceptron_fit(*bad)


class TestMistakeBound:
    def test_definition(self, candidate, rng):
        """The bound is the squared ratio of largest length to smallest distance, both with the bias coordinate."""
        for dims, dtype in ((3, torch.float32), (2, DOUBLE), (5, torch.float32)):
            v = hyperplane(rng, dims)
            x, y = planted(rng, eighths(rng, 200, dims).to(dtype), v, 20)
            got = candidate.mistake_bound(x, y, v[:-1].to(dtype), v[-1].to(dtype))
            assert_close(got, bound(x, y, v))

    def test_rule_keeps_it(self, candidate, rng):
        """Rosenblatt's rule never makes more mistakes than the bound says."""
        for _ in range(3):
            v = hyperplane(rng, 2)
            x, y = planted(rng, eighths(rng, 100, 2), v, 10)
            got = candidate.mistake_bound(x, y, v[:-1].float(), v[-1].float())
            assert sum(replay(x, y, 4000)[2]) <= got, "the rule makes more mistakes than that"
            assert_close(got, bound(x, y, v))

    def test_scale(self, candidate, rng):
        """The length of (w, b) means nothing, however large or small its numbers are."""
        v = hyperplane(rng, 3)
        x, y = planted(rng, eighths(rng, 200, 3).double(), v, 15)
        for scale in (1e-200, 1e-9, 1e150):
            assert_close(candidate.mistake_bound(x, y, v[:-1] * scale, v[-1] * scale), bound(x, y, v))

    def test_distant_points(self, candidate, rng):
        """Moving data and hyperplane away from the origin makes the bound worse, for the bias then has more to do."""
        for shift in (3.0, 64.0):
            v = hyperplane(rng, 2)
            x, y = planted(rng, eighths(rng, 100, 2).double(), v, 12)
            moved = torch.cat([v[:-1], (v[-1] - shift * v[:-1].sum()).reshape(1)])
            assert_close(candidate.mistake_bound(x + shift, y, moved[:-1], moved[-1]), bound(x + shift, y, moved))

    def test_one_sample(self, candidate, rng):
        """A single sample and the hyperplane that the rule learns from it give a bound of one mistake."""
        for label in (1, -1):
            x = eighths(rng, 1, 4)
            got = candidate.mistake_bound(x, torch.tensor([label]), label * x[0], torch.tensor(float(label)))
            assert_close(got, 1.0)

    def test_no_separation(self, candidate, rng):
        """A hyperplane with a sample on the wrong side, or exactly on it, is refused."""
        v = hyperplane(rng, 3)
        x, y = planted(rng, eighths(rng, 100, 3), v, 10)
        w, b = v[:-1].float(), v[-1].float()
        wrong, flipped = torch.cat([x, x[4:5]]), torch.cat([y, -y[4:5]])
        # a sample at the origin: its score without a bias is zero whichever way it is computed
        on_it = torch.tensor([[0.0, 0.0, 0.0], [3.0, 0.0, 0.0]]), torch.tensor([1, 1])
        touching = *on_it, w.abs(), torch.tensor(0.0)
        for bad in ((wrong, flipped, w, b), (x, -y, w, b), touching, (x, y, 0 * w, 0 * b)):
            with raises(ValueError):
                candidate.mistake_bound(*bad)

    def test_refuses(self, candidate, rng):
        """Strange labels, no samples at all and shapes that do not fit are refused."""
        x, y, w, b = torch.eye(3) + 1, torch.tensor([1, 1, 1]), torch.ones(3), torch.tensor(1.0)
        for bad in ((x, y * 3, w, b), (x[:0], y[:0], w, b), (x, y[:1], w, b), (x, y, w[:1], b), (x, y, w, w)):
            with raises(ValueError):
                candidate.mistake_bound(*bad)


class TestXor:
    def test_square(self, candidate, rng):
        """On squares of any size, as in XOR itself, all corners count alike, and together one."""
        square = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
        for side in (1.0, 0.125, 40.0):
            assert_close(candidate.xor_multipliers(square * side), torch.full((4,), 0.25))

    def test_quadrilaterals(self, candidate, rng):
        """On every convex quadrilateral the labelled corners cancel."""
        for _ in range(5):
            corners, want = quadrilateral(rng)
            got = candidate.xor_multipliers(corners)
            assert_close(got, want, dtype=DOUBLE)
            moment = (got * torch.tensor([-1.0, 1, -1, 1], dtype=DOUBLE)) @ torch.cat([corners, torch.ones(4, 1)], 1)
            assert (moment.abs() <= 1e-9).all(), "the corners do not cancel"  # rounding, for numbers of a few units

    def test_any_start(self, candidate, rng):
        """Starting at another corner, or going round the other way, moves the multipliers along."""
        corners, want = quadrilateral(rng)
        for order in ([1, 2, 3, 0], [2, 3, 0, 1], [3, 2, 1, 0]):
            assert_close(candidate.xor_multipliers(corners[order]), want[order], dtype=DOUBLE)

    def test_skewed_and_moved(self, candidate, rng):
        """Any invertible map of the plane, and a move far away, leave the multipliers as they were."""
        for power in (-3, 0, 3):
            corners, want = quadrilateral(rng)
            skew = torch.tensor([[2.0, 1.0], [-1.0, 1.0]], dtype=DOUBLE) * 2.0**power
            moved = corners @ skew + whole(rng, 2048, 4096, 2) * signs(rng, 2)
            assert_close(candidate.xor_multipliers(moved.float()), want)

    def test_memory_layout(self, candidate, rng):
        """Transposed and strided corners are served."""
        corners, want = quadrilateral(rng)
        assert_close(candidate.xor_multipliers(corners.t().contiguous().t()), want, dtype=DOUBLE)
        corners, want = quadrilateral(rng)
        assert_close(candidate.xor_multipliers(corners.repeat_interleave(2, 0)[::2]), want, dtype=DOUBLE)

    def test_no_crossing(self, candidate, rng):
        """Corners that are not in order, or do not form a convex quadrilateral, are refused."""
        square = torch.tensor([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])
        dented, folded = square.clone(), square.clone()
        dented[2] = 0.5
        folded[0] = torch.tensor([1.5, 1.5])
        twisted, line = square[[0, 2, 1, 3]], torch.arange(4.0).unsqueeze(1).expand(4, 2)
        for bad in (dented, folded, twisted, square[[1, 0, 2, 3]], line, square[:, :1].expand(4, 2)):
            with raises(ValueError):
                candidate.xor_multipliers(bad + eighths(rng, 2))

    def test_shapes(self, candidate, rng):
        """Anything but four points of the plane is refused."""
        for shape in ((3, 2), (5, 2), (4, 3), (2, 4), (4,), (1, 4, 2)):
            with raises(ValueError):
                candidate.xor_multipliers(normal(rng, *shape))


class TestPulls:
    def test_definition(self, candidate, rng):
        """Both pulls go by label times score: Rosenblatt's is all or nothing, the logistic one falls smoothly."""
        for dtype in (DOUBLE, torch.float32, torch.float32):
            x, y, w = eighths(rng, 30, 3).to(dtype), signs(rng, 30), eighths(rng, 3).to(dtype)
            margin = y * (x.double() @ w.double() + 0.5)
            want = (margin <= 0).double(), 1 / (1 + margin.exp())
            assert_close(candidate.pulls(x, y, w, torch.tensor(0.5, dtype=dtype)), want, dtype=dtype)

    def test_logistic_gradient(self, candidate, rng):
        """The logistic pulls are what the gradient of the logistic loss is made of."""
        for _ in range(2):
            x, y = normal(rng, 12, 4, dtype=DOUBLE), signs(rng, 12)
            v = normal(rng, 5, dtype=DOUBLE).requires_grad_()
            z = augmented(x, y)
            want = -torch.autograd.grad((1 + (-(z @ v)).exp()).log().sum(), v)[0]
            got = candidate.pulls(x, y, v.detach()[:-1], v.detach()[-1])[1]
            assert_close(got @ z, want, dtype=DOUBLE)

    def test_on_the_hyperplane(self, candidate, rng):
        """A sample exactly on the hyperplane is a mistake to Rosenblatt and undecided to logistic regression."""
        w = eighths(rng, 2)
        x = torch.stack([w[1], -w[0]]) * whole(rng, -3, 3, 8, 1).float()
        for y in (signs(rng, 8), signs(rng, 8)):
            assert_equal(candidate.pulls(x, y, w, torch.tensor(0.0)), (torch.ones(8), torch.full((8,), 0.5)))

    def test_safe_samples(self, candidate, rng):
        """Samples far on their right side still pull a little in logistic regression, and how little is exact."""
        for dtype, far in ((torch.float32, 80), (DOUBLE, 600)):
            margin = whole(rng, 20, far, 12)
            y = signs(rng, 12)
            got = candidate.pulls(
                (y * margin).to(dtype).unsqueeze(1), y, torch.ones(1, dtype=dtype), torch.zeros((), dtype=dtype)
            )
            assert_equal(got[0], torch.zeros(12, dtype=dtype))
            # each against its own size, for they differ by many orders of magnitude
            rtol = 1e-5 if dtype == torch.float32 else 1e-9
            assert_close(
                got[1].double() * margin.exp(), torch.ones(12, dtype=DOUBLE), dtype=DOUBLE, rtol=rtol, atol=rtol
            )

    def test_huge_margins(self, candidate, rng):
        """Margins of any size give pulls between zero and one, never NaN."""
        y = signs(rng, 10)
        margin = torch.tensor([1e3, -1e3, 1e30, -1e30, 3e38, -3e38, 2e4, -2e4, 90.0, -90.0])
        wrong = (margin < 0).float()
        w, b = torch.ones(1), torch.tensor(0.0)
        assert_close(candidate.pulls((y * margin).unsqueeze(1), y, w, b), (wrong, wrong.double()))
        steep = torch.full((2,), 2.0**100), torch.tensor(0.0)
        x = torch.stack([y * margin.sign(), torch.zeros(10)], 1) * 2.0**100
        assert_close(candidate.pulls(x, y, *steep), (wrong, wrong.double()))

    def test_precise_margins(self, candidate, rng):
        """Large terms that cancel leave a small margin, which counts."""
        for _ in range(2):
            y, small = signs(rng, 20), eighths(rng, 20)
            large = 2.0 ** whole(rng, 24, 28, 20).float()
            x = torch.stack([large, small, -large], dim=1)
            margin = y * small.double()
            got = candidate.pulls(x, y, torch.ones(3), torch.tensor(0.0))
            assert_close(got, ((margin <= 0).double(), 1 / (1 + margin.exp())))

    def test_hardening(self, candidate, rng):
        """With longer and longer weights the logistic pull turns into Rosenblatt's."""
        x, y, w = eighths(rng, 25, 2), signs(rng, 25), eighths(rng, 2)
        b = torch.tensor(0.0078125)  # no sample lies on the hyperplane, for scores without it are 64ths
        for _ in range(2):
            wrong = (y * (x.double() @ w.double() + b.double()) < 0).float()
            assert_close(
                candidate.pulls(x, y, w * 2.0**20, b * 2.0**20), (wrong, wrong.double()), atol=1e-6
            )  # σ of 1e4
            y = -y

    def test_layout_and_empty(self, candidate, rng):
        """Any memory layout is served, and no samples give empty answers."""
        x, y, w = eighths(rng, 3, 20).t()[::2], signs(rng, 20)[::2], eighths(rng, 6)[::2]
        margin = y * (x.double() @ w.double() - 1)
        got = candidate.pulls(x, y, w, torch.tensor(-1.0))
        assert_close(got, ((margin <= 0).double(), 1 / (1 + margin.exp())))
        got = candidate.pulls(torch.zeros(0, 3), signs(rng, 0), w, torch.tensor(-1.0))
        assert_equal(got, (torch.zeros(0), torch.zeros(0)))

    def test_refuses(self, candidate, rng):
        """Labels other than 1 and -1 and shapes that do not fit are refused."""
        x, y, w, b = eighths(rng, 3, 3), torch.tensor([1, -1, 1]), eighths(rng, 3), torch.tensor(1.0)
        for bad in (
            (x, (y + 1) // 2, w, b),
            (x, y[:1], w, b),
            (x, y, w[:1], b),
            (x, y, w, w),
            (x, y.unsqueeze(1), w, b),
        ):
            with raises(ValueError):
                candidate.pulls(*bad)


class TestLogisticFit:
    def test_overlapping(self, candidate, rng):
        """The gradient vanishes at the answer, for losses that are averaged, half a penalty, and a bias without one."""
        for l2 in (0.1, 1e-3):
            x, y = normal(rng, 40, 3, dtype=DOUBLE), both_labels(rng, 40)
            x += 0.5 * y.unsqueeze(1)
            assert_minimum(candidate.logistic_fit(x, y, l2), x, y, l2)

    def test_separable(self, candidate, rng):
        """On separable classes the penalty keeps the weights finite, and the minimum is still met."""
        for l2 in (1e-4, 1e-2):
            y = both_labels(rng, 30)
            x = 0.3 * normal(rng, 30, 2, dtype=DOUBLE) + 5.0 * y.unsqueeze(1)
            assert_minimum(candidate.logistic_fit(x, y, l2), x, y, l2)

    def test_outliers(self, candidate, rng):
        """A few samples far on the wrong side do not throw the search off."""
        for far in (30.0, 90.0):
            y = both_labels(rng, 40)
            x = normal(rng, 40, 2, dtype=DOUBLE) + 3.0 * y.unsqueeze(1)
            x[5:8] = -far * y[5:8].unsqueeze(1) * torch.tensor([1.0, 0.5], dtype=DOUBLE)
            assert_minimum(candidate.logistic_fit(x, y, 1e-4), x, y, 1e-4)

    def test_scales_of_features(self, candidate, rng):
        """Features that differ in size by orders of magnitude are as good as any others."""
        x, y = normal(rng, 60, 4, dtype=DOUBLE), both_labels(rng, 60)
        x = (x + 0.7 * y.unsqueeze(1)) * torch.tensor([1e-2, 1.0, 100.0, 10.0], dtype=DOUBLE)
        assert_minimum(candidate.logistic_fit(x, y, 1e-3), x, y, 1e-3)

    def test_free_bias(self, candidate, rng):
        """Moving all points changes the bias alone, for the bias is not penalised."""
        x, y = normal(rng, 30, 2, dtype=DOUBLE), both_labels(rng, 30)
        x += 0.4 * y.unsqueeze(1)
        w, b = candidate.logistic_fit(x, y, 0.05)
        moved_w, moved_b = candidate.logistic_fit(x + 4.0, y, 0.05)
        # gradients of 1e-7 leave the weights uncertain by up to 1e-7 / 0.05 and the bias by a few times that
        assert_close(moved_w, w, dtype=DOUBLE, atol=1e-5)
        assert_close(moved_b, b - 4.0 * w.sum(), dtype=DOUBLE, atol=1e-4)
        assert_minimum((moved_w, moved_b), x + 4.0, y, 0.05)

    def test_strong_penalty(self, candidate, rng):
        """Under an overwhelming penalty only the bias is left, and it tells how frequent the labels are."""
        x = normal(rng, 40, 2, dtype=DOUBLE)
        for positive in (7, 31):
            y = torch.where(torch.arange(40) < positive, 1, -1)
            w, b = candidate.logistic_fit(x, y, 1e3)
            want = torch.tensor(math.log(positive / (40 - positive)), dtype=DOUBLE)
            assert_close(b, want, dtype=DOUBLE, atol=5e-3)  # w is below 1e-3 and moves b no further than that
            assert_minimum((w, b), x, y, 1e3)

    def test_mean(self, candidate, rng):
        """Repeating every sample changes nothing, for the loss is a mean."""
        x, y = normal(rng, 20, 2, dtype=DOUBLE), both_labels(rng, 20)
        many_x, many_y = x.repeat(3, 1), y.repeat(3)
        assert_minimum(candidate.logistic_fit(many_x, many_y, 0.03), x, y, 0.03)

    def test_layout_and_one_feature(self, candidate, rng):
        """Strided and expanded points are served, and so are one feature or none."""
        y = both_labels(rng, 12)
        for x in (normal(rng, 3, 24, dtype=DOUBLE).t()[::2], normal(rng, 12, 1, dtype=DOUBLE).expand(12, 2)):
            assert_minimum(candidate.logistic_fit(x, y, 0.1), x, y, 0.1)
        x = normal(rng, 12, 1, dtype=DOUBLE)
        for cut in (x, x[:, :0]):
            assert_minimum(candidate.logistic_fit(cut, y, 0.1), cut, y, 0.1)

    def test_refuses(self, candidate, rng):
        """A penalty that is not above zero, a single class, strange labels and other shapes are refused."""
        x, y = normal(rng, 3, 3, dtype=DOUBLE), torch.tensor([1, -1, 1])
        for bad in (
            (x, y, 0.0),
            (x, y, -1.0),
            (x, y.abs(), 0.1),
            (x, (y + 1) // 2, 0.1),
            (x, y[:2], 0.1),
            (x[0], y, 0.1),
        ):
            with raises(ValueError):
                candidate.logistic_fit(*bad)


class TestSeparability:
    def test_separable(self, candidate, rng):
        """Separable data come with a hyperplane, near the origin or not, that has every sample on its right side."""
        for dims in (1, 2, 4):
            x, y = planted(rng, whole(rng, -9, 9, 400, dims), hyperplane(rng, dims), 24)
            assert_separates(candidate.separability(x, y), x, y)

    def test_narrow_gap(self, candidate, rng):
        """Classes far from the origin with a narrow gap between them are separable too."""
        for _ in range(2):
            steps = whole(rng, -9, 9, 16)
            y = both_labels(rng, 16)
            x = torch.stack([steps + (y == 1), steps], 1) + torch.tensor([3.0, -2.0], dtype=DOUBLE)
            assert_separates(candidate.separability(x, y), x, y)

    def test_contradiction(self, candidate, rng):
        """One point with both labels makes any data inseparable, and multipliers with a sum of one prove it."""
        for _ in range(2):
            x, y = planted(rng, whole(rng, -9, 9, 200, 3), hyperplane(rng, 3), 15)
            x, y = torch.cat([x, x[4:5]]), torch.cat([y, -y[4:5]])
            assert_cancels(candidate.separability(x, y), x, y)

    def test_point_between(self, candidate, rng):
        """A sample inside the other class makes data inseparable, and multipliers that cancel all samples prove it."""
        for dims in (1, 2, 4):
            v = hyperplane(rng, dims)
            x, y = planted(rng, 2 * whole(rng, -9, 9, 300, dims), v, 18)
            x[1] = -x[0] + 2 * (x[0] == 0)
            y[1] = y[0]
            x, y = torch.cat([x, (x[:1] + x[1:2]) / 2]), torch.cat([y, -y[:1]])
            order = torch.randperm(len(x), generator=rng)
            assert_cancels(candidate.separability(x[order], y[order]), x[order], y[order])

    def test_parity(self, candidate, rng):
        """XOR, and parity of more bits, cannot be separated, wherever the cube stands."""
        for bits in (2, 3, 4):
            cube = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=DOUBLE)] * bits)
            y = 1 - 2 * (cube.sum(1).long() % 2)
            x = cube * whole(rng, 1, 3, 1) + whole(rng, -9, 9, bits)
            assert_cancels(candidate.separability(x, y), x, y)

    def test_crossing_segments(self, candidate, rng):
        """Two segments that cross cannot be separated, two that do not can."""
        for _ in range(3):
            corners, _ = quadrilateral(rng)
            x, y = (corners * 8).round(), torch.tensor([-1, 1, -1, 1])
            assert_cancels(candidate.separability(x, y), x, y)
            y = torch.tensor([-1, -1, 1, 1])
            assert_separates(candidate.separability(x, y), x, y)

    def test_boolean_functions(self, candidate, rng):
        """Of all functions of two bits, only XOR and its negation are beyond a perceptron."""
        x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype=DOUBLE)
        for code in range(16):
            y = torch.tensor([1 if code >> i & 1 else -1 for i in range(4)])
            check = assert_cancels if code in (6, 9) else assert_separates
            check(candidate.separability(x, y), x, y)

    def test_one_class(self, candidate, rng):
        """Samples of a single class, down to one sample, are separable."""
        for count, label in ((1, 1), (1, -1), (12, -1), (12, 1)):
            x, y = whole(rng, -9, 9, count, 3), torch.full((count,), label)
            assert_separates(candidate.separability(x, y), x, y)

    def test_layout(self, candidate, rng):
        """Transposed and expanded points are served."""
        x, y = planted(rng, whole(rng, -9, 9, 2, 100).t(), hyperplane(rng, 2), 10)
        x = x.t().contiguous().t()
        assert_separates(candidate.separability(x, y), x, y)
        x, y = whole(rng, -9, 9, 1, 3).expand(5, 3), torch.tensor([1, 1, 1, -1, 1])
        assert_cancels(candidate.separability(x, y), x, y)

    def test_refuses(self, candidate, rng):
        """Strange labels, no samples at all and shapes that do not fit are refused."""
        x, y = whole(rng, -9, 9, 3, 3), torch.tensor([1, -1, 1])
        for bad in ((x, (y + 1) // 2), (x, y[:1]), (x, y.unsqueeze(1)), (x[0], y), (x[:0], y[:0])):
            with raises(ValueError):
                candidate.separability(*bad)
