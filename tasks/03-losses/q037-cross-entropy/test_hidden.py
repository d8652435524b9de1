"""Hidden tests of cross-entropy; every expected value is computed here, in float64."""

import itertools
import math

import torch
from torch import Tensor

from grader.testing import assert_close, assert_equal, assert_gradient, probe, raises

DOUBLE = torch.float64
INF = math.inf
NAN = math.nan
E = math.e


def normal(rng, *shape: int, scale: float = 3.0) -> Tensor:
    """Draw float32 logits with standard deviation `scale`."""
    return torch.randn(shape, generator=rng) * scale


def classes(rng, count: int, *shape: int) -> Tensor:
    """Draw class numbers below `count`."""
    return torch.randint(count, shape, generator=rng)


def ranks(rng, *shape: int) -> Tensor:
    """Shuffle 0, 1, 2, … along the last dimension, so that no two values are near each other."""
    return torch.rand(shape, generator=rng).argsort(-1).float()


def positive(rng, *shape: int) -> Tensor:
    """Draw weights between a half and three."""
    return torch.rand(shape, generator=rng) * 2.5 + 0.5


def masses(rng, *shape: int) -> Tensor:
    """Draw distributions along dimension 1."""
    drawn = torch.rand(shape, generator=rng) + 0.01
    return drawn / drawn.sum(1, keepdim=True)


def log_probs(logits: Tensor, dim: int = 1) -> Tensor:
    """Evaluate log-softmax in float64."""
    wide = logits.double()
    shifted = wide - wide.detach().amax(dim, keepdim=True)
    return shifted - shifted.exp().sum(dim, keepdim=True).log()


def places(target: Tensor) -> itertools.product:
    """List the indices of every place of a target."""
    return itertools.product(*(range(size) for size in target.shape))


def hard_loss(logits: Tensor, target: Tensor, weight: Tensor | None = None, ignore: int = -100) -> list[Tensor]:
    """Evaluate the definition place by place, in float64: the losses, their sum and their mean."""
    scores = log_probs(logits)
    losses, total = torch.zeros(target.shape, dtype=DOUBLE), 0.0
    for place in places(target):
        label = int(target[place])
        if label != ignore:
            share = 1.0 if weight is None else weight[label].double()
            losses[place] = -share * scores[place[0], label, *place[1:]]
            total += share
    return [losses, losses.sum(), losses.sum() / (total or 1.0)]


def soft_loss(logits, target, weight=None, ignore=-100, smoothing=0.0) -> list[Tensor]:
    """Evaluate the definition with masses place by place, in float64: the losses, their sum and their mean."""
    scores, count = log_probs(logits), logits.shape[1]
    soft = target.is_floating_point()
    wide = torch.ones(count, dtype=DOUBLE) if weight is None else weight.double()
    shape = target.select(1, 0).shape if soft else target.shape
    losses, total = [], 0.0
    for place in itertools.product(*(range(size) for size in shape)):
        column = (place[0], slice(None), *place[1:])
        if soft:
            y, divisor = target[column].double(), 1.0
        else:
            label = int(target[place])
            y, divisor = torch.zeros(count, dtype=DOUBLE), 0.0
            if label != ignore:
                y[label], divisor = 1.0, wide[label].item()
        share = ((1 - smoothing) * y + smoothing / count) * wide if divisor else torch.zeros(count, dtype=DOUBLE)
        row = scores[column]
        losses.append(sum(-share[c] * row[c] for c in range(count) if share[c] > 0) + 0.0 * row.detach()[:0].sum())
        total += divisor
    stacked = torch.stack(losses).reshape(shape) if losses else torch.zeros(shape, dtype=DOUBLE)
    return [stacked, stacked.sum(), stacked.sum() / (total or 1.0)]


def binary_loss(x: Tensor, y: Tensor, pos_weight: Tensor | float = 1.0) -> Tensor:
    """Evaluate the definition of the binary loss in float64, without a difference of nearby numbers."""
    wide, y = x.double(), y.double()
    small = (-wide.abs()).exp().log1p()
    minus_log_yes = small + (-wide).clamp(min=0)
    minus_log_no = small + wide.clamp(min=0)
    return torch.as_tensor(pos_weight).double() * y * minus_log_yes + (1 - y) * minus_log_no


def measures(p: Tensor, q: Tensor, base: float) -> list[Tensor]:
    """Sum up entropy, cross-entropy and divergence term by term."""
    shape, rows = p.shape[:-1], []
    for a, b in zip(p.double().reshape(-1, p.shape[-1]), q.double().reshape(-1, p.shape[-1])):
        sums = [0.0, 0.0, 0.0]
        for x, y in zip(a.tolist(), b.tolist()):
            if x > 0:
                sums[0] -= x * math.log(x)
                sums[1] -= x * math.log(y) if y > 0 else -INF
                sums[2] += x * math.log(x / y) if y > 0 else INF
        rows.append([value / math.log(base) for value in sums])
    table = torch.tensor(rows, dtype=DOUBLE).reshape(-1, 3)
    return [table[:, k].reshape(shape) for k in range(3)]


def likelihood(logits: Tensor, tokens: Tensor, lengths: list[int]) -> tuple[Tensor, Tensor]:
    """Score sequences token by token, in float64."""
    scores, count = [], 0
    for n, length in enumerate(lengths):
        steps = [log_probs(logits[n, t - 1], 0)[tokens[n, t]].item() for t in range(1, length)]
        scores.append(math.fsum(steps))
        count += len(steps)
    total = torch.tensor(scores, dtype=DOUBLE)
    return total, (-total.sum() / max(1, count)).exp()


def linear_loss(hidden, weight, target, ignore=-100) -> tuple[Tensor, Tensor, Tensor]:
    """Differentiate the loss of all logits at once, in float64."""
    leaves = [x.double().requires_grad_() for x in (hidden, weight)]
    loss = hard_loss(leaves[0] @ leaves[1].T, target, None, ignore)[2]
    grads = torch.autograd.grad(loss, leaves) if loss.requires_grad else [torch.zeros_like(x) for x in leaves]
    return loss.detach(), grads[0], grads[1]


@probe
def hard_gradient(candidate, logits, target, weight, ignore, reduction, cotangent) -> Tensor:
    leaf = logits.detach().requires_grad_()
    loss = candidate.cross_entropy(leaf, target, weight, ignore, reduction)
    return torch.autograd.grad(loss, leaf, cotangent)[0]


@probe
def binary_gradient(candidate, logits, target, pos_weight, reduction, cotangent) -> Tensor:
    leaf = logits.detach().requires_grad_()
    loss = candidate.bce_with_logits(leaf, target, pos_weight, reduction)
    return torch.autograd.grad(loss, leaf, cotangent)[0]


@probe
def soft_gradient(candidate, logits, target, weight, smoothing, reduction, cotangent) -> Tensor:
    leaf = logits.detach().requires_grad_()
    loss = candidate.soft_cross_entropy(leaf, target, weight, -100, smoothing, reduction)
    return torch.autograd.grad(loss, leaf, cotangent)[0]


class TestCrossEntropy:
    def test_definition(self, candidate, rng):
        """By default the loss is the mean negative log-probability of the right classes, after one softmax."""
        for _ in range(2):
            logits, target = normal(rng, 9, 5), classes(rng, 5, 9)
            assert_close(candidate.cross_entropy(logits, target), hard_loss(logits, target)[2])

    def test_reductions(self, candidate, rng):
        """The losses can be had one by one, summed up or averaged."""
        logits, target = normal(rng, 7, 4), classes(rng, 4, 7)
        for reduction, want in zip(("none", "sum", "mean"), hard_loss(logits, target)):
            assert_close(candidate.cross_entropy(logits, target, reduction=reduction), want, reduction=7)  # a sum of 7

    def test_extra_dimensions(self, candidate, rng):
        """Classes stay in dimension 1 whatever follows, and every place counts alike."""
        for shape in ((3, 5), (2, 3, 4)):
            logits, target = normal(rng, shape[0], 6, *shape[1:]), classes(rng, 6, *shape)
            want = hard_loss(logits, target)
            assert_close(candidate.cross_entropy(logits, target, reduction="none"), want[0])
            assert_close(candidate.cross_entropy(logits, target), want[2], reduction=target.numel())  # so many terms

    def test_class_weights(self, candidate, rng):
        """A weighted mean divides by the weights of the targets it contains."""
        weight, logits, target = positive(rng, 4), normal(rng, 8, 4, 3), classes(rng, 4, 8, 3)
        target[0] = weight.argmax()
        target[1] = weight.argmin()
        for reduction, want in zip(("none", "sum", "mean"), hard_loss(logits, target, weight)):
            got = candidate.cross_entropy(logits, target, weight, reduction=reduction)
            assert_close(got, want, reduction=24)  # a sum of 24

    def test_ignored_places(self, candidate, rng):
        """Ignored places cost nothing and are not counted in the mean, be their mark a class or not."""
        weight, logits = positive(rng, 5), normal(rng, 6, 5, 4)
        for ignore in (-100, 0, 7):
            target = classes(rng, 5, 6, 4)
            target[:, 1] = ignore
            target[2] = ignore
            want = hard_loss(logits, target, weight, ignore)
            assert_close(candidate.cross_entropy(logits, target, weight, ignore, "none"), want[0])
            got = candidate.cross_entropy(logits, target, None, ignore)
            assert_close(got, hard_loss(logits, target, None, ignore)[2], reduction=24)  # a sum of 24
            assert_close(candidate.cross_entropy(logits, target, weight, ignore), want[2], reduction=24)

    def test_garbage_in_ignored_places(self, candidate, rng):
        """Logits of an ignored place may be NaN or infinite without any effect."""
        logits, target = normal(rng, 6, 4), classes(rng, 4, 6)
        target[1::2] = -100
        want = hard_loss(logits, target)
        for garbage in (NAN, INF):
            logits[1::2] = garbage
            for reduction, value in zip(("none", "sum", "mean"), want):
                assert_close(candidate.cross_entropy(logits, target, reduction=reduction), value, reduction=6)  # terms

    def test_nothing_to_average(self, candidate, rng):
        """Where nothing counts, the mean is zero, and so are its gradients."""
        for rows, count in ((0, 3), (4, 3), (1, 1)):
            logits, target = normal(rng, rows, count), torch.full((rows,), -100)
            assert_equal(candidate.cross_entropy(logits, target), torch.tensor(0.0))
            got = hard_gradient(candidate, logits, target, None, -100, "mean", torch.tensor(1.0))
            assert_equal(got, torch.zeros(rows, count))
        assert_equal(candidate.cross_entropy(torch.zeros(2, 3, 0), classes(rng, 3, 2, 0)), torch.tensor(0.0))

    def test_huge_logits(self, candidate, rng):
        """Confident models, right or wrong, get losses that are finite and yet have no ceiling."""
        for scale in (1e4, 1e30):
            logits, target = scale * (ranks(rng, 6, 5) - 2), classes(rng, 5, 6)
            logits[0] = scale
            assert_close(candidate.cross_entropy(logits, target, reduction="none"), hard_loss(logits, target)[0])

    def test_common_offset(self, candidate, rng):
        """A constant added to all logits of a place costs no digits, however large it is."""
        target = classes(rng, 6, 8)
        logits = torch.randint(-80, 80, (8, 6), generator=rng) / 16  # sixteenths: still exact after the offset
        want = hard_loss(logits, target)[0]
        for offset in (2.0**16, -(2.0**16)):
            assert_close(candidate.cross_entropy(logits + offset, target, reduction="none"), want)

    def test_classes_ruled_out(self, candidate, rng):
        """Minus infinity rules a class out; if it was the right one, the loss is infinite there and nowhere else."""
        logits, target = normal(rng, 7, 6), classes(rng, 3, 7)
        logits[:5, 3:].masked_fill_(torch.rand(5, 3, generator=rng) < 0.7, -INF)
        assert_close(candidate.cross_entropy(logits, target), hard_loss(logits, target)[2], reduction=7)  # terms
        target[2] = 5
        logits[2, 5] = -INF
        assert_close(candidate.cross_entropy(logits, target, reduction="none"), hard_loss(logits, target)[0])

    def test_gradient(self, candidate, rng):
        """Gradients reach every class of a place, and are those of the definition with weights and ignored places."""
        logits, weight = normal(rng, 5, 4, 3, scale=1.5).double(), positive(rng, 4).double()
        target = classes(rng, 4, 5, 3)
        target[1, 1:] = -100
        for reduction, index, cotangent in (("none", 0, normal(rng, 5, 3).double()), ("mean", 2, torch.tensor(1.5))):
            leaf, cotangent = logits.clone().requires_grad_(), cotangent.double()
            want = torch.autograd.grad(hard_loss(leaf, target, weight)[index], leaf, cotangent)[0]
            got = hard_gradient(candidate, logits, target, weight, -100, reduction, cotangent)
            assert_gradient(got, want, dtype=DOUBLE)

    def test_gradient_at_extremes(self, candidate, rng):
        """Gradients stay finite and right for huge logits and beside classes that are ruled out."""
        logits, target, cotangent = normal(rng, 6, 5), classes(rng, 2, 6), normal(rng, 6)
        logits[0] *= 1e5
        logits[1] += 4e3
        logits[2:4, 3:] = -INF
        probabilities = log_probs(logits).exp()
        want = (probabilities - torch.eye(5, dtype=DOUBLE)[target]) * cotangent.double().unsqueeze(1)
        assert_gradient(hard_gradient(candidate, logits, target, None, -100, "none", cotangent), want)

    def test_half_precision(self, candidate, rng):
        """Half-precision logits are worked on in float32, and the loss is left in it."""
        weight, target = positive(rng, 300), classes(rng, 300, 8)
        for dtype in (torch.float16, torch.bfloat16):
            logits = normal(rng, 8, 300).to(dtype)
            want = hard_loss(logits, target, weight)
            assert_close(candidate.cross_entropy(logits, target, weight, reduction="none"), want[0])
            assert_close(candidate.cross_entropy(logits, target, weight), want[2], reduction=8)  # a sum of 8

    def test_memory_layout(self, candidate, rng):
        """Views of any layout give the same answer, in double precision too."""
        logits = normal(rng, 4, 3, 6).double().permute(1, 2, 0)
        target, weight = classes(rng, 6, 8, 3)[::2].T, positive(rng, 12).double()[::2]
        want = hard_loss(logits, target, weight)
        assert_close(candidate.cross_entropy(logits, target, weight, reduction="none"), want[0], dtype=DOUBLE)
        assert_close(candidate.cross_entropy(logits, target, weight), want[2], dtype=DOUBLE)
        expanded = normal(rng, 1, 5).expand(6, 5)
        target = classes(rng, 5, 6)
        assert_close(candidate.cross_entropy(expanded, target), hard_loss(expanded, target)[2])

    def test_refused_targets(self, candidate, rng):
        """A target that is neither a class nor the mark of an ignored place is refused."""
        for stray, ignore in ((4, -100), (-1, -100), (-100, 2)):
            with raises(ValueError):
                candidate.cross_entropy(normal(rng, 3, 4), torch.tensor([1, stray, 0]), None, ignore)

    def test_refused_shapes(self, candidate, rng):
        """Shapes that do not fit and unknown reductions are refused; nothing is broadcast."""
        logits, target = normal(rng, 4, 4), classes(rng, 4, 4)
        images = normal(rng, 2, 3, 4, 4)
        bad = [(logits, target[:3]), (logits, target.view(4, 1)), (logits, target[:1]), (logits[0], target[0])]
        bad += [(images, classes(rng, 3, 2, 4, 1)), (images, classes(rng, 3, 2, 4)), (images, classes(rng, 3, 2, 3, 4))]
        bad += [(logits, target, torch.ones(3)), (logits, target, torch.ones(1)), (logits, target, torch.ones(1, 4))]
        bad += [(logits, target, None, -100, "average")]
        for args in bad:
            with raises(ValueError):
                candidate.cross_entropy(*args)

    def test_speed(self, candidate, rng, budget):
        """Many rows cost no more than a few passes over the logits."""

        def make() -> tuple[Tensor, Tensor]:
            return normal(rng, 16_000, 100), classes(rng, 100, 16_000)

        budget.time("cross_entropy", make)

    def test_memory(self, candidate, rng, budget):
        """A large vocabulary takes a few copies of the logits and no more."""
        budget.memory("cross_entropy", lambda: (normal(rng, 208, 50_257), classes(rng, 50_257, 208)))


class TestBinaryLoss:
    def check_gradient(self, candidate, rng, x: Tensor) -> None:
        pos_weight, y, cotangent = positive(rng, 5), torch.rand(4, 5, generator=rng), normal(rng, 4, 5)
        yes = 1 / (1 + (-x.double()).exp())
        slope = (1 - y.double()) * yes - pos_weight.double() * y.double() * (1 - yes)
        got = binary_gradient(candidate, x, y, pos_weight, "none", cotangent)
        assert_gradient(got, cotangent.double() * slope)
        got = binary_gradient(candidate, x, y, pos_weight, "mean", torch.tensor(3.0))
        assert_gradient(got, 3 * slope / 20)

    def test_definition(self, candidate, rng):
        """The loss is the mean cross-entropy of yes and no, by default."""
        for _ in range(2):
            x, y = normal(rng, 6, 5), classes(rng, 2, 6, 5).float()
            assert_close(candidate.bce_with_logits(x, y), binary_loss(x, y).mean(), reduction=30)  # a sum of 30

    def test_two_classes(self, candidate, rng):
        """A yes-no question costs what two classes cost, one of them with the logit zero."""
        x, y = normal(rng, 20), classes(rng, 2, 20)
        want = hard_loss(torch.stack([torch.zeros(20), x], 1), y)
        for reduction, value in zip(("none", "sum", "mean"), want):
            assert_close(candidate.bce_with_logits(x, y.float(), reduction=reduction), value, reduction=20)  # terms

    def test_soft_targets(self, candidate, rng):
        """A target between no and yes mixes the two losses."""
        x, y = normal(rng, 3, 4, 5), torch.rand(3, 4, 5, generator=rng)
        assert_close(candidate.bce_with_logits(x, y, reduction="none"), binary_loss(x, y))

    def test_positive_weight(self, candidate, rng):
        """The weight multiplies the yes part alone, by class or for all, and the mean still counts elements."""
        x, y = normal(rng, 7, 3), torch.rand(7, 3, generator=rng)
        for pos_weight in (positive(rng, 3), positive(rng)):
            want = binary_loss(x, y, pos_weight)
            assert_close(candidate.bce_with_logits(x, y, pos_weight, "none"), want)
            assert_close(candidate.bce_with_logits(x, y, pos_weight), want.mean(), reduction=21)  # a sum of 21

    def test_huge_logits(self, candidate, rng):
        """Confident answers, right or wrong, get losses that are finite and yet have no ceiling."""
        for scale in (1e4, 1e30):
            x, y = scale * (ranks(rng, 4, 5) - 2), torch.rand(4, 5, generator=rng)
            y[:2] = classes(rng, 2, 2, 5).float()
            assert_close(candidate.bce_with_logits(x, y, reduction="none"), binary_loss(x, y))

    def test_small_losses(self, candidate, rng):
        """The tiny loss of a confident right answer keeps its relative precision."""
        for shift in (10, 30, 60):
            y = classes(rng, 2, 12).float()
            x = (2 * y - 1) * (shift + torch.rand(12, generator=rng))
            want = binary_loss(x, y, 2.0)
            # The exponential amplifies the rounding of its argument, 60 * 2^-24 at most.
            got = candidate.bce_with_logits(x, y, torch.tensor(2.0), "none")
            assert_close(got, want, rtol=2e-5, atol=0.0)

    def test_gradient(self, candidate, rng):
        """The gradient is that of the definition, for ordinary logits and for huge ones."""
        for scale in (1.0, 1e4):
            self.check_gradient(candidate, rng, scale * normal(rng, 4, 5))

    def test_gradient_at_zero(self, candidate, rng):
        """The gradient is right where every logit is exactly zero, too."""
        for _ in range(2):
            self.check_gradient(candidate, rng, torch.zeros(4, 5))

    def test_memory_layout(self, candidate, rng):
        """Views, single numbers and empty tensors are served, in double precision too."""
        x, y = normal(rng, 4, 6).double().T, torch.rand(6, 8, generator=rng, dtype=DOUBLE)[:, ::2]
        assert_close(candidate.bce_with_logits(x, y, reduction="none"), binary_loss(x, y), dtype=DOUBLE)
        for value in (1.5, -0.5):
            x, y = torch.tensor(value), torch.tensor(0.25)
            assert_close(candidate.bce_with_logits(x, y, torch.tensor(2.0)), binary_loss(x, y, 2.0))
        assert_equal(candidate.bce_with_logits(torch.zeros(0, 3), torch.zeros(0, 3)), torch.tensor(0.0))

    def test_refused(self, candidate, rng):
        """Shapes that do not fit and unknown reductions are refused; nothing is broadcast."""
        x, y = normal(rng, 4, 3), torch.rand(4, 3, generator=rng)
        for args in ((x, y[:1]), (x, y[:, :1]), (x, y[0]), (x[:, 0], y[:, :1]), (x, y, None, "average")):
            with raises(ValueError):
                candidate.bce_with_logits(*args)
        for shape in ((4,), (1,), (4, 1), (1, 3), (4, 3)):
            with raises(ValueError):
                candidate.bce_with_logits(x, y, torch.ones(shape))


class TestInformation:
    def test_definition(self, candidate, rng):
        """In every row entropy, cross-entropy and divergence weigh the classes by p, in nats by default."""
        for _ in range(2):
            p, q = masses(rng, 6, 5), masses(rng, 6, 5)
            assert_close(candidate.information(p, q), measures(p, q, E))

    def test_base(self, candidate, rng):
        """The base of the logarithms is the unit of the answer."""
        p, q = masses(rng, 4, 7), masses(rng, 4, 7)
        for base in (2.0, 10.0, 0.5):
            assert_close(candidate.information(p, q, base), measures(p, q, base))

    def test_absent_classes(self, candidate, rng):
        """A class that never occurs adds nothing, even where the model has ruled it out as well."""
        for _ in range(2):
            p, q = torch.rand(8, 6, generator=rng) + 0.01, torch.rand(8, 6, generator=rng) + 0.01
            p[:4, 3:] = 0
            q[:2, 4:] = 0
            p[4], p[4, 2] = 0, 1
            p, q = p / p.sum(1, keepdim=True), q / q.sum(1, keepdim=True)
            assert_close(candidate.information(p, q), measures(p, q, E))

    def test_impossible_classes(self, candidate, rng):
        """A class that occurs though the model rules it out costs infinitely much, in its own row alone."""
        p, q = masses(rng, 5, 4), masses(rng, 5, 4)
        q[2, 1] = 0
        assert_close(candidate.information(p, q, 2.0), measures(p, q, 2.0))

    def test_near_distributions(self, candidate, rng):
        """The divergence of two distributions that all but agree keeps its digits."""
        for gap in (3e-3, 3e-4):
            p = masses(rng, 6, 8)
            q = p * (1 + gap * torch.randn(6, 8, generator=rng))
            q = (q.double() / q.double().sum(1, keepdim=True)).float()
            assert_close(candidate.information(p, q), measures(p, q, E))

    def test_equal_distributions(self, candidate, rng):
        """A model that is exactly right has the entropy for its cross-entropy and no divergence."""
        p = masses(rng, 5, 9)
        p[0, 3:] = 0
        entropy = measures(p, p, E)[0]
        got = candidate.information(p, p)
        assert_close(got[:2], (entropy, entropy))
        # The sums are in double precision, where rounding leaves about 1e-16 of each of the nine terms.
        assert_close(got[2], torch.zeros(5), atol=1e-14)

    def test_memory_layout(self, candidate, rng):
        """Any leading dimensions and any layout work, in double precision too."""
        p, q = masses(rng, 3, 4, 2).movedim(1, -1).double(), masses(rng, 8, 3, 4)[::4].permute(1, 0, 2).double()
        p, q = p / p.sum(-1, keepdim=True), q / q.sum(-1, keepdim=True)
        assert_close(candidate.information(p, q), measures(p, q, E), dtype=DOUBLE)
        p, q = masses(rng, 1, 5)[0], masses(rng, 1, 5)[0]
        assert_close(candidate.information(p, q), measures(p, q, E))
        assert_equal(candidate.information(torch.ones(2, 1), torch.ones(2, 1))[2], torch.zeros(2))
        assert_equal(candidate.information(torch.zeros(0, 4), torch.zeros(0, 4)), [torch.zeros(0)] * 3)

    def test_refused(self, candidate, rng):
        """Shapes that differ and bases that make no logarithm are refused."""
        p, q = masses(rng, 3, 3), masses(rng, 3, 3)
        for args in ((p, q[:1]), (p, q[:, :1]), (p, q[0])):
            with raises(ValueError):
                candidate.information(*args)
        for base in (0.0, -2.0, 1.0, NAN, INF):
            with raises(ValueError):
                candidate.information(p, q, base)


def both_gradients(logits: Tensor, target: Tensor) -> list[Tensor]:
    """Differentiate both losses with autograd, in float64."""
    answers = []
    for squared in (False, True):
        leaf = logits.double().requires_grad_()
        scores = log_probs(leaf)
        right = torch.eye(logits.shape[1], dtype=DOUBLE)[target]
        chosen = scores.gather(1, target.unsqueeze(1))
        loss = (scores.exp() - right).square().sum() if squared else -chosen.sum()
        answers.append(torch.autograd.grad(loss, leaf)[0])
    return answers


class TestLossGradients:
    def test_definition(self, candidate, rng):
        """The first answer is the derivative of each row's own cross-entropy."""
        for count in (5, 5, 2):
            logits, target = normal(rng, 8, count, scale=1.5), classes(rng, count, 8)
            assert_close(candidate.loss_gradients(logits, target)[0], both_gradients(logits, target)[0])

    def test_squared_error(self, candidate, rng):
        """The second answer is the derivative of each row's own squared error, through all entries of the softmax."""
        for count in (5, 5, 2):
            logits, target = normal(rng, 8, count, scale=1.5), classes(rng, count, 8)
            assert_close(candidate.loss_gradients(logits, target)[1], both_gradients(logits, target)[1])

    def test_confident_rows(self, candidate, rng):
        """Whatever the confidence, one gradient of a wrong row stays and the other one vanishes."""
        for scale in (4.0, 1e4):
            logits = scale * ranks(rng, 10, 4)
            target = torch.cat([logits[:5].argmin(1), logits[5:].argmax(1)])
            cross, squared = both_gradients(logits, target)
            # Beside gradients of order 1, those that vanish are exact to the rounding of the probabilities.
            assert_close(candidate.loss_gradients(logits, target), (cross, squared), atol=2e-6)

    def test_classes_ruled_out(self, candidate, rng):
        """A class that is ruled out has no gradient, and the others are as if it were not there."""
        logits, target = normal(rng, 6, 5, scale=1.0), classes(rng, 3, 6)
        want = both_gradients(logits[:, :3], target)
        logits[:, 3:] = -INF
        padding = torch.zeros(6, 2, dtype=DOUBLE)
        assert_close(candidate.loss_gradients(logits, target), [torch.cat([x, padding], 1) for x in want])

    def test_memory_layout(self, candidate, rng):
        """Views of any layout give the same answer, in double precision too."""
        logits, target = normal(rng, 4, 11, scale=1.0).double().T, classes(rng, 4, 22)[::2]
        assert_close(candidate.loss_gradients(logits, target), both_gradients(logits, target), dtype=DOUBLE)

    def test_smallest_batches(self, candidate, rng):
        """A batch of one, a batch of none and a single class are legal."""
        for rows, count in ((1, 4), (0, 3), (5, 1)):
            logits, target = normal(rng, rows, count, scale=0.5), classes(rng, count, rows)
            assert_close(candidate.loss_gradients(logits, target), both_gradients(logits, target))

    def test_refused(self, candidate, rng):
        """Targets that are no classes and shapes that do not fit are refused."""
        logits, target = normal(rng, 4, 4), classes(rng, 4, 4)
        bad = [(logits, torch.tensor([0, 1, stray, 2])) for stray in (4, -1)]
        bad += [(logits, target[:3]), (logits, target.view(4, 1)), (logits, target[:1]), (logits[0], target[0])]
        bad += [(normal(rng, 4, 4, 4), classes(rng, 4, 4, 4))]
        for args in bad:
            with raises(ValueError):
                candidate.loss_gradients(*args)


class TestLogLikelihood:
    def test_definition(self, candidate, rng):
        """Scores at one step are for the token of the next, and the first token is free."""
        for _ in range(2):
            logits, tokens = normal(rng, 3, 6, 5, scale=1.0), classes(rng, 5, 3, 6)
            got = candidate.log_likelihood(logits, tokens, torch.tensor([6, 6, 6]))
            assert_close(got, likelihood(logits, tokens, [6, 6, 6]), reduction=5)  # five tokens a sequence

    def test_lengths(self, candidate, rng):
        """Every predicted token counts once, so long sequences count for more than short ones."""
        logits, tokens = normal(rng, 4, 9, 6, scale=1.5), classes(rng, 6, 4, 9)
        for lengths in ([9, 2, 5, 3], [2, 9, 1, 0]):
            got = candidate.log_likelihood(logits, tokens, torch.tensor(lengths))
            assert_close(got, likelihood(logits, tokens, lengths), reduction=9)  # nine tokens a sequence

    def test_garbage_beyond_the_end(self, candidate, rng):
        """What stands where nothing is predicted has no influence, whatever it is."""
        lengths = [3, 7, 1, 5]
        logits, tokens = normal(rng, 4, 7, 5), classes(rng, 5, 4, 7)
        want = likelihood(logits, tokens, lengths)
        for garbage, mark in ((NAN, -100), (INF, 99), (-INF, -1)):
            for n, length in enumerate(lengths):
                tokens[n, length:] = mark
                logits[n, max(0, length - 1) :] = garbage
            got = candidate.log_likelihood(logits, tokens, torch.tensor(lengths))
            assert_close(got, want, reduction=7)  # seven tokens a sequence

    def test_long_sequences(self, candidate, rng):
        """Sequences whose probability is far below the smallest number above zero still have a likelihood."""
        logits, tokens = normal(rng, 2, 400, 40, scale=2.0), classes(rng, 40, 2, 400)
        got = candidate.log_likelihood(logits, tokens, torch.tensor([400, 321]))
        assert_close(got, likelihood(logits, tokens, [400, 321]))

    def test_uniform_model(self, candidate, rng):
        """A model that knows nothing is as perplexed as there are words, however it says so."""
        for words in (3, 11):
            logits, tokens = normal(rng, 3, 8, 1, scale=2.0**10).expand(3, 8, words), classes(rng, words, 3, 8)
            lengths = torch.tensor([8, 4, 2])
            want = -math.log(words) * (lengths.double() - 1), torch.tensor(float(words), dtype=DOUBLE)
            assert_close(candidate.log_likelihood(logits, tokens, lengths), want)

    def test_huge_logits(self, candidate, rng):
        """Confident models get finite likelihoods, and a token that was ruled out has the likelihood minus infinity."""
        logits, tokens = 1e4 * ranks(rng, 3, 5, 4), classes(rng, 4, 3, 5)
        tokens[0, 1:] = logits[0, :-1].argmax(-1)
        got, _ = candidate.log_likelihood(logits, tokens, torch.tensor([5, 4, 5]))
        assert_close(got, likelihood(logits, tokens, [5, 4, 5])[0])
        logits[1, 2, tokens[1, 3]] = -INF
        got = candidate.log_likelihood(logits, tokens, torch.tensor([5, 4, 3]))
        assert_close(got, likelihood(logits, tokens, [5, 4, 3]))

    def test_nothing_predicted(self, candidate, rng):
        """Without a predicted token, the likelihoods are zero and the perplexity is one."""
        for rows, steps, length in ((2, 4, 1), (3, 4, 0), (2, 1, 1), (0, 5, 0)):
            logits, tokens = normal(rng, rows, steps, 3), classes(rng, 3, rows, steps)
            got = candidate.log_likelihood(logits, tokens, torch.full((rows,), length))
            assert_equal([x + 0.0 for x in got], [torch.zeros(rows), torch.tensor(1.0)])

    def test_memory_layout(self, candidate, rng):
        """Views of any layout give the same answer, in double precision too."""
        logits, tokens = normal(rng, 6, 5, 3).double().permute(2, 0, 1), classes(rng, 5, 12, 3)[::2].T
        lengths = torch.tensor([6, 9, 3, 9, 5, 9])[::2]
        want = likelihood(logits, tokens, [6, 3, 5])
        assert_close(candidate.log_likelihood(logits, tokens, lengths), want, dtype=DOUBLE)

    def test_refused(self, candidate, rng):
        """Shapes that do not fit and lengths that cannot be are refused."""
        logits, tokens, lengths = normal(rng, 3, 3, 4), classes(rng, 4, 3, 3), torch.tensor([3, 2, 1])
        bad = [(logits, tokens[:, :2], lengths), (logits, tokens, lengths[:2]), (logits, tokens, lengths[:1])]
        bad += [(logits[0], tokens[0], lengths), (logits, tokens, lengths.view(3, 1))]
        bad += [(logits, tokens, torch.tensor([3, stray, 1])) for stray in (4, -1)]
        for args in bad:
            with raises(ValueError):
                candidate.log_likelihood(*args)


class TestSoftTargets:
    def test_masses(self, candidate, rng):
        """Masses weigh the negative log-probabilities of their classes."""
        for shape in ((7, 5), (7, 5), (3, 4, 2, 3)):
            logits, target = normal(rng, *shape), masses(rng, *shape)
            want = soft_loss(logits, target)
            assert_close(candidate.soft_cross_entropy(logits, target), want[2], reduction=100)  # up to 100 terms
            assert_close(candidate.soft_cross_entropy(logits, target, reduction="none"), want[0])

    def test_masses_as_they_are(self, candidate, rng):
        """Masses are not rescaled, whatever their sum is."""
        logits, target = normal(rng, 6, 5), 3 * torch.rand(6, 5, generator=rng)
        target[0] = 0
        for reduction, want in zip(("none", "sum", "mean"), soft_loss(logits, target)):
            assert_close(candidate.soft_cross_entropy(logits, target, reduction=reduction), want, reduction=30)  # terms

    def test_class_numbers(self, candidate, rng):
        """A class number is a mass of one, with ignored places as in the plain loss."""
        logits, target = normal(rng, 6, 5, 3), classes(rng, 5, 6, 3)
        for ignore in (-100, 2):
            target[::2, 1] = ignore
            for reduction, want in zip(("none", "sum", "mean"), hard_loss(logits, target, None, ignore)):
                got = candidate.soft_cross_entropy(logits, target, None, ignore, reduction=reduction)
                assert_close(got, want, reduction=18)  # a sum of 18

    def test_smoothing(self, candidate, rng):
        """Smoothing moves its share of the mass to all classes equally, the right one included."""
        logits = normal(rng, 6, 4)
        for target in (classes(rng, 4, 6), masses(rng, 6, 4)):
            for smoothing in (0.1, 0.6, 1.0):
                got = candidate.soft_cross_entropy(logits, target, label_smoothing=smoothing, reduction="none")
                assert_close(got, soft_loss(logits, target, smoothing=smoothing)[0])

    def test_ignored_and_smoothed(self, candidate, rng):
        """Smoothing puts no mass on ignored places."""
        logits, target = normal(rng, 8, 5), classes(rng, 5, 8)
        target[1::3] = -100
        for reduction, want in zip(("none", "sum", "mean"), soft_loss(logits, target, None, -100, 0.3)):
            got = candidate.soft_cross_entropy(logits, target, label_smoothing=0.3, reduction=reduction)
            assert_close(got, want, reduction=40)  # a sum of 40

    def test_class_weights(self, candidate, rng):
        """Weights multiply every class's share, smoothed or not."""
        weight, logits = positive(rng, 5), normal(rng, 6, 5, 2)
        for target in (classes(rng, 5, 6, 2), masses(rng, 6, 5, 2)):
            want = soft_loss(logits, target, weight, smoothing=0.2)
            got = candidate.soft_cross_entropy(logits, target, weight, label_smoothing=0.2, reduction="none")
            assert_close(got, want[0])

    def test_weighted_means(self, candidate, rng):
        """A mean over class numbers divides by their weights, one over masses by the number of places."""
        weight, logits = positive(rng, 5) + torch.tensor([3.0, 0.0, 0.0, 0.0, 0.0]), normal(rng, 7, 5)
        for target in (classes(rng, 5, 7) // 2, masses(rng, 7, 5)):
            for smoothing in (0.0, 0.2):
                want = soft_loss(logits, target, weight, smoothing=smoothing)[2]
                got = candidate.soft_cross_entropy(logits, target, weight, label_smoothing=smoothing)
                assert_close(got, want, reduction=35)  # a sum of 35

    def test_classes_ruled_out(self, candidate, rng):
        """A class without a share costs nothing where it is ruled out, and one with a share costs infinitely much."""
        logits, target = normal(rng, 6, 5), masses(rng, 6, 5)
        target[:4, 3:] = 0
        logits[:3, 3:] = -INF
        assert_close(candidate.soft_cross_entropy(logits, target, reduction="none"), soft_loss(logits, target)[0])
        for other, smoothing in ((classes(rng, 3, 6), 0.0), (target, 0.1)):
            got = candidate.soft_cross_entropy(logits, other, label_smoothing=smoothing, reduction="none")
            assert_close(got, soft_loss(logits, other, smoothing=smoothing)[0])

    def test_huge_logits(self, candidate, rng):
        """Logits of any size give finite losses, and a common offset costs no digits."""
        for target in (classes(rng, 5, 6), masses(rng, 6, 5)):
            logits = 1e4 * ranks(rng, 6, 5)
            got = candidate.soft_cross_entropy(logits, target, label_smoothing=0.1, reduction="none")
            assert_close(got, soft_loss(logits, target, smoothing=0.1)[0])
            logits = torch.randint(-80, 80, (6, 5), generator=rng) / 16  # sixteenths: still exact after the offset
            want = soft_loss(logits, target, smoothing=0.1)[0]
            got = candidate.soft_cross_entropy(logits + 2.0**16, target, label_smoothing=0.1, reduction="none")
            assert_close(got, want)

    def test_gradient(self, candidate, rng):
        """Gradients are those of the definition."""
        logits, weight = normal(rng, 5, 4, scale=1.5).double(), positive(rng, 4).double()
        numbers = classes(rng, 4, 5)
        numbers[1] = -100
        for target in (numbers, masses(rng, 5, 4).double() * 2):
            for reduction, index, cotangent in (("none", 0, normal(rng, 5)), ("mean", 2, torch.tensor(1.5))):
                leaf, cotangent = logits.clone().requires_grad_(), cotangent.double()
                loss = soft_loss(leaf, target, weight, smoothing=0.2)[index]
                want = torch.autograd.grad(loss, leaf, cotangent)[0]
                got = soft_gradient(candidate, logits, target, weight, 0.2, reduction, cotangent)
                assert_gradient(got, want, dtype=DOUBLE)

    def test_gradient_beside_ruled_out_classes(self, candidate, rng):
        """Gradients stay finite and right beside classes that are ruled out and have no share."""
        logits, cotangent = normal(rng, 6, 5), normal(rng, 6)
        target = masses(rng, 6, 5)
        target[:, 3:] = 0
        logits[:4, 3:] = -INF
        logits[5] *= 1e4
        total = target.double().sum(1, keepdim=True)
        want = (total * log_probs(logits).exp() - target.double()) * cotangent.double().unsqueeze(1)
        assert_gradient(soft_gradient(candidate, logits, target, None, 0.0, "none", cotangent), want)

    def test_edge_cases(self, candidate, rng):
        """Views work in double precision, and a mean over nothing is zero, even smoothed."""
        logits, target = normal(rng, 4, 6).double().T, masses(rng, 6, 8).double()[:, ::2]
        got = candidate.soft_cross_entropy(logits, target, reduction="none")
        assert_close(got, soft_loss(logits, target)[0], dtype=DOUBLE)
        for logits, target in (
            (torch.zeros(0, 3), torch.zeros(0, 3)),
            (normal(rng, 4, 3), torch.full((4,), -100)),
            (torch.zeros(2, 3, 0), torch.zeros(2, 0, dtype=torch.int64)),
        ):
            assert_equal(candidate.soft_cross_entropy(logits, target, label_smoothing=0.1), torch.tensor(0.0))

    def test_refused(self, candidate, rng):
        """Shapes that do not fit, targets that are no classes and settings out of range are refused."""
        logits, target = normal(rng, 4, 4), classes(rng, 4, 4)
        bad = [(logits, torch.ones(4, 1)), (logits, torch.ones(1, 4)), (logits, torch.ones(4)), (logits[0], target[0])]
        bad += [(logits, target[:1]), (logits, target.view(4, 1)), (logits, torch.tensor([0, 4, 1, 1]))]
        bad += [(logits, torch.tensor([0, -1, 1, 1])), (logits, target, torch.ones(3)), (logits, target, torch.ones(1))]
        bad += [(logits, target, None, -100, value) for value in (-0.1, 1.1, NAN)]
        bad += [(logits, target, None, -100, 0.0, "average")]
        for args in bad:
            with raises(ValueError):
                candidate.soft_cross_entropy(*args)


class TestLinearCrossEntropy:
    def test_definition(self, candidate, rng):
        """The loss and both gradients are those of one large matrix of logits."""
        for _ in range(2):
            hidden, weight, target = normal(rng, 12, 5, scale=1.0), normal(rng, 9, 5, scale=1.0), classes(rng, 9, 12)
            got = candidate.linear_cross_entropy(hidden, weight, target, 4)
            assert_close(got, linear_loss(hidden, weight, target), reduction=60)  # up to twelve rows of five products

    def test_any_chunk(self, candidate, rng):
        """Loss and gradients sum up what all chunks give, every row counts once, whatever the size of a chunk is."""
        hidden, weight, target = normal(rng, 11, 4, scale=1.0), normal(rng, 7, 4, scale=1.0), classes(rng, 7, 11)
        want = linear_loss(hidden, weight, target)
        for chunk in (1, 3, 10, 11, 50):
            got = candidate.linear_cross_entropy(hidden, weight, target, chunk)
            assert_close(got, want, reduction=44)  # up to eleven rows of four products

    def test_ignored_rows(self, candidate, rng):
        """The mean is over the rows that count, wherever they lie among the chunks."""
        hidden, weight = normal(rng, 13, 4, scale=1.0), normal(rng, 6, 4, scale=1.0)
        for ignore in (-100, 3):
            target = classes(rng, 6, 13)
            target[2:7] = ignore
            target[-1] = ignore
            target[0] = 1
            got = candidate.linear_cross_entropy(hidden, weight, target, 5, ignore)
            assert_close(
                got, linear_loss(hidden, weight, target, ignore), reduction=52
            )  # thirteen rows of four products

    def test_nothing_counts(self, candidate, rng):
        """Without a row that counts, the loss and its gradients are zeros."""
        for rows in (5, 0):
            got = candidate.linear_cross_entropy(normal(rng, rows, 3), normal(rng, 4, 3), torch.full((rows,), -100), 2)
            assert_equal(got, [torch.tensor(0.0), torch.zeros(rows, 3), torch.zeros(4, 3)])

    def test_huge_logits(self, candidate, rng):
        """Logits of any size give a finite loss and finite gradients."""
        hidden = torch.randint(-9, 10, (10, 4), generator=rng) * 64.0  # whole numbers: the logits are exact
        weight, target = torch.randint(-9, 10, (6, 4), generator=rng) * 16.0, classes(rng, 6, 10)
        got = candidate.linear_cross_entropy(hidden, weight, target, 4)
        assert_close(got, linear_loss(hidden, weight, target), reduction=40)  # up to ten rows of four products

    def test_memory_layout(self, candidate, rng):
        """Views of any layout give the same answer, in double precision too."""
        hidden, weight = normal(rng, 4, 10, scale=1.0).double().T, normal(rng, 12, 4, scale=1.0).double()[::2]
        target = classes(rng, 6, 20)[::2]
        got = candidate.linear_cross_entropy(hidden, weight, target, 3)
        assert_close(got, linear_loss(hidden, weight, target), dtype=DOUBLE)

    def test_refused(self, candidate, rng):
        """Shapes that do not fit, targets that are no words and empty chunks are refused."""
        hidden, weight, target = normal(rng, 4, 3), normal(rng, 5, 3), classes(rng, 5, 4)
        bad = [(hidden, weight[:, :2], target, 2), (hidden, weight, target[:3], 2), (hidden[0], weight, target, 2)]
        bad += [(hidden, weight, target.view(4, 1), 2), (hidden, weight[0], target, 2), (hidden, weight, target[:1], 2)]
        bad += [(hidden, weight, target, 0), (hidden, weight, target, -3)]
        bad += [(hidden, weight, torch.tensor([0, stray, 1, 2]), 2) for stray in (5, -1)]
        for args in bad:
            with raises(ValueError):
                candidate.linear_cross_entropy(*args)

    def test_memory(self, candidate, rng, budget):
        """The logits never exist all at once."""

        def make() -> tuple[Tensor, Tensor, Tensor, int]:
            return normal(rng, 8192, 8, scale=0.5), normal(rng, 8448, 8, scale=0.5), classes(rng, 8448, 8192), 1024

        budget.memory("linear_cross_entropy", make)
