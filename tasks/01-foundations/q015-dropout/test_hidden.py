"""Hidden tests of dropout: laws of random masks, judged by counts whose chance of failing a right answer is bounded.

How a candidate draws is free, so a seeded run is compared with the candidate's own other runs only. Counts are judged
by `plausible`: it refuses a count of independent events with probability below 1e-11, whatever the numbers are.
"""

import itertools
import math

import torch
from torch import nn

from grader.testing import assert_close, assert_equal, assert_gradient, probe, raises

DOUBLE = torch.float64
#: Chernoff: a binomial count is as far off as this in one direction with probability at most exp(-26) = 5.1e-12.
SURPRISE = 26.0


def divergence(share, p):
    """Kullback-Leibler divergence of one coin from another, in nats."""
    terms = ((share, p), (1 - share, 1 - p))
    return sum(a * math.log(a / b) if a else 0.0 for a, b in terms)


def plausible(count, trials, p):
    """Whether `count` of `trials` independent events of probability `p` may have happened.

    Chernoff's bound holds for every number of trials: a right answer is refused with probability at most
    2 * exp(-26) = 1.1e-11, which is 7.2 sigma where the normal law applies.
    """
    return trials * divergence(count / trials, p) <= SURPRISE


def require(count, trials, p, what):
    """Fail if a count cannot be due to chance."""
    assert plausible(count, trials, p), f"{what}: {'too often' if count > trials * p else 'too rarely'} for chance"


def far_from_zero(rng, *shape, dtype=torch.float32):
    """Numbers of both signs that no scaling turns into zero."""
    size = 0.5 + torch.rand(shape, generator=rng, dtype=DOUBLE)
    return (size * (1 - 2 * torch.randint(2, shape, generator=rng))).to(dtype)


def seed_of(rng):
    """A seed for a generator in the sandbox."""
    return int(torch.randint(2**40, (), generator=rng))


def kept_of(y, x, p, scale=None, dtype=None):
    """Which elements were kept, after making sure that each is zero or its input, scaled."""
    scale = 1 / (1 - p) if scale is None else scale
    kept = y != 0
    assert_close(y, torch.where(kept, x.double() * scale, 0.0), dtype=dtype or x.dtype)
    return kept


def require_rate(kept, p):
    """Fail if the share of dropped elements is not due to the rate."""
    require(int((~kept).sum()), kept.numel(), p, "elements are dropped")


def require_independence(kept, p, dim):
    """Fail if neighbours along a dimension agree more or less often than independent ones; pairs are disjoint."""
    even = kept.shape[dim] // 2 * 2
    first, second = kept.narrow(dim, 0, even).unflatten(dim, (even // 2, 2)).unbind(dim + 1)
    require(int((first == second).sum()), first.numel(), p * p + (1 - p) ** 2, f"neighbours along {dim} agree")


def require_fresh(first, second, p, what="two calls agree"):
    """Fail if two masks agree more or less often than independent ones."""
    require(int((first == second).sum()), first.numel(), p * p + (1 - p) ** 2, what)


def require_repeat(again, one):
    """Fail if what must repeat does not."""
    same = all(torch.equal(a, b) for a, b in zip(again, one, strict=True))
    assert same, "the same seed does not give the same result"


def require_untouched(after, before):
    """Fail if the state of a generator is another than it was."""
    for a, b in zip(after, before, strict=True):
        assert torch.equal(a, b), "a generator was touched that has to be left alone"


# --- dropout --------------------------------------------------------------------------------------


@probe
def seeded(candidate, x, p, seeds, calls):
    """Under each global seed, some calls one after another."""
    out = []
    for seed in seeds:
        torch.manual_seed(seed)
        out.append([candidate.dropout(x, p) for _ in range(calls)])
    return out


@probe
def generated(candidate, x, p, seeds, calls):
    """With a generator for each seed, some calls one after another; and the global state before and after."""
    before, out = torch.get_rng_state(), []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        out.append([candidate.dropout(x, p, True, generator) for _ in range(calls)])
    return [out, before, torch.get_rng_state()]


@probe
def evaluated(candidate, x, p, seed):
    """A call in evaluation mode, and both generators' states before and after."""
    generator = torch.Generator().manual_seed(seed)
    before = [torch.get_rng_state(), generator.get_state()]
    y = [candidate.dropout(x, p, False), candidate.dropout(x, p, training=False, generator=generator)]
    return [y, before, [torch.get_rng_state(), generator.get_state()]]


@probe
def derived(candidate, x, p, training, cotangent):
    """The result and its gradient."""
    x = x.detach().clone().requires_grad_()
    y = candidate.dropout(x, p, training)
    return [y.detach(), torch.autograd.grad(y, x, cotangent)[0]]


@probe
def dropped_counts(candidate, x, p, calls):
    """How many elements each of many calls drops."""
    return [int((candidate.dropout(x, p) == 0).sum()) for _ in range(calls)]


@probe
def quarters_kept(candidate, x):
    """How many quarters of the elements are kept at a rate of one quarter."""
    return round(4 * int(candidate.dropout(x, 0.25).count_nonzero()) / x.numel())


class TestDropout:
    def test_zero_or_scaled(self, candidate, rng):
        """Every element is either zero or its input divided by the probability of being kept."""
        for p in (0.1, 0.5, 0.75):
            x = far_from_zero(rng, 31, 17)
            kept_of(candidate.dropout(x, p), x, p)

    def test_rate(self, candidate, rng):
        """The share of dropped elements is the rate."""
        # three counts of 20 000 at 7.2 sigma each: a right answer fails with probability below 4e-11
        for p in (0.05, 0.3, 0.9):
            x = far_from_zero(rng, 100, 200)
            require_rate(kept_of(candidate.dropout(x, p), x, p), p)

    def test_rare_drops_in_half_precision(self, candidate, rng):
        """Rates finer than half precision can tell are kept in half precision too."""
        # two counts of 160 000 at 1e-11 each, by Chernoff's bound: a right answer fails with probability below 3e-11
        for dtype in (torch.float16, torch.bfloat16):
            x = far_from_zero(rng, 400, 400, dtype=dtype)
            require_rate(kept_of(candidate.dropout(x, 1e-4), x, 1e-4), 1e-4)

    def test_decisions_are_independent(self, candidate, rng):
        """Neighbouring rows, columns and samples are dropped independently of each other."""
        # three counts of 9 600 pairs at 7.2 sigma each: a right answer fails with probability below 4e-11
        x = far_from_zero(rng, 24, 20, 40)
        kept = kept_of(candidate.dropout(x, 0.4), x, 0.4)
        for dim in range(3):
            require_independence(kept, 0.4, dim)

    def test_number_of_drops_varies(self, candidate, rng):
        """How many elements are dropped is left to chance as well."""
        # the number of drops among 15 elements at a rate of one half is even with probability one half exactly, so this
        # is a count of 400 coins at 7.2 sigma: a right answer fails with probability below 2e-11
        counts = dropped_counts(candidate, far_from_zero(rng, 3, 5), 0.5, 400)
        require(sum(count % 2 == 0 for count in counts), 400, 0.5, "the number of drops is even")
        # and all of them together: 6 000 elements, another 2e-11
        require(sum(counts), 6000, 0.5, "elements are dropped")

    def test_global_seed(self, candidate, rng):
        """A global seed repeats the decisions, other seeds and later calls make others."""
        # two counts of 2 000 pairs at 7.2 sigma each: a right answer fails with probability below 3e-11
        x, seed = far_from_zero(rng, 40, 50), seed_of(rng)
        one, again, other = seeded(candidate, x, 0.5, [seed, seed, seed + 1], 2)
        require_repeat(again, one)
        masks = [kept_of(y, x, 0.5) for y in (*one, *other)]
        require_fresh(masks[0], masks[1], 0.5)
        require_fresh(masks[0], masks[2], 0.5, "two seeds agree")

    def test_generator(self, candidate, rng):
        """Decisions come from the given generator alone: it repeats them, and the global one is left alone."""
        # one count of 2 000 pairs at 7.2 sigma: a right answer fails with probability below 2e-11
        x, seed = far_from_zero(rng, 40, 50), seed_of(rng)
        (one, again, other), before, after = generated(candidate, x, 0.5, [seed, seed, seed + 1], 2)
        require_repeat(again, one)
        require_untouched([after], [before])
        require_fresh(kept_of(one[0], x, 0.5), kept_of(other[0], x, 0.5), 0.5, "two seeds agree")

    def test_generator_moves_on(self, candidate, rng):
        """Every call moves the given generator on, so the next one decides anew."""
        # one count of 2 000 pairs at 7.2 sigma: a right answer fails with probability below 2e-11
        x = far_from_zero(rng, 40, 50)
        ((one, two),), _, _ = generated(candidate, x, 0.5, [seed_of(rng)], 2)
        require_fresh(kept_of(one, x, 0.5), kept_of(two, x, 0.5), 0.5)

    def test_gradient_follows_the_mask(self, candidate, rng):
        """The gradient passes where an element was kept, scaled as the element was, and nowhere else."""
        for p in (0.2, 0.7):
            x, cotangent = far_from_zero(rng, 9, 14), far_from_zero(rng, 9, 14)
            y, grad = derived(candidate, x, p, True, cotangent)
            assert_gradient(grad, torch.where(kept_of(y, x, p), cotangent.double() / (1 - p), 0.0))

    def test_ends(self, candidate, rng):
        """A rate of zero keeps everything and a rate of one drops everything, gradients included."""
        for p in (0.0, 1.0, 0, 1):
            x, cotangent = far_from_zero(rng, 6, 5), far_from_zero(rng, 6, 5)
            y, grad = derived(candidate, x, p, True, cotangent)
            assert_close(y, x.double() * (1 - p))
            assert_gradient(grad, cotangent.double() * (1 - p))

    def test_evaluation(self, candidate, rng):
        """Outside of training the input comes back bit for bit, whatever the rate is."""
        for p in (0.3, 1.0):
            x = far_from_zero(rng, 7, 6)
            y, _, _ = evaluated(candidate, x, p, seed_of(rng))
            assert_equal(y, [x, x])

    def test_no_draws_in_evaluation(self, candidate, rng):
        """Outside of training no generator is touched."""
        for p in (0.3, 1.0):
            _, before, after = evaluated(candidate, far_from_zero(rng, 7, 6), p, seed_of(rng))
            require_untouched(after, before)

    def test_gradient_in_evaluation(self, candidate, rng):
        """Outside of training the gradient is passed on as it is."""
        x, cotangent = far_from_zero(rng, 7, 6), far_from_zero(rng, 7, 6)
        y, grad = derived(candidate, x, 0.4, False, cotangent)
        assert_equal(y, x)
        assert_gradient(grad, cotangent.double())

    def test_shapes(self, candidate, rng):
        """Tensors of any number of dimensions are accepted, empty ones and single numbers included."""
        for shape in ((), (1,), (0,), (3, 0, 2), (2, 1, 3, 1, 5)):
            x = far_from_zero(rng, *shape)
            kept_of(candidate.dropout(x, 0.5), x, 0.5)
            assert_close(candidate.dropout(x, 0.0), x.double())

    def test_memory_layout(self, candidate, rng):
        """Transposed, sliced and expanded inputs are as good as any, and copies of one element are decided apart."""
        # one count of 2 000 pairs at 7.2 sigma: a right answer fails with probability below 2e-11
        cases = [far_from_zero(rng, 5, 8).t(), far_from_zero(rng, 6, 9)[::2, 1::3], far_from_zero(rng, 1, 4000)]
        cases[2] = cases[2][:, :1].expand(100, 40)
        for x in cases:
            kept = kept_of(candidate.dropout(x, 0.5), x, 0.5)
        require_independence(kept, 0.5, 0)

    def test_dtypes(self, candidate, rng):
        """The result has the dtype of the input and its precision."""
        for dtype in (DOUBLE, torch.float16, torch.bfloat16):
            x = far_from_zero(rng, 13, 11, dtype=dtype)
            kept_of(candidate.dropout(x, 0.3), x, 0.3)

    def test_defaults(self, candidate, rng):
        """Half of the elements are dropped unless told otherwise."""
        # one count of 10 000 at 7.2 sigma: a right answer fails with probability below 2e-11
        x = far_from_zero(rng, 10_000)
        require_rate(kept_of(candidate.dropout(x), x, 0.5), 0.5)

    def test_bad_rates(self, candidate, rng):
        """Rates that are no probabilities are refused, in training and outside of it."""
        x = far_from_zero(rng, 4)
        for p in (-0.1, 1.1, math.nan):
            for training in (True, False):
                with raises(ValueError):
                    candidate.dropout(x, p, training)

    def test_time(self, candidate, rng, budget):
        """A million elements take no Python loop."""
        budget.time(quarters_kept, lambda: (torch.rand(1000, 1000, generator=rng) + 1,))


# --- dropout-layer --------------------------------------------------------------------------------


@probe
def layer_runs(candidate, x, p, inverted, modes):
    """One layer inside a model, called once in each of these modes, True for training."""
    model = nn.Sequential(nn.Identity(), nn.Sequential(candidate.Dropout(p, inverted)))
    return [model.train(mode)(x) for mode in modes]


@probe
def new_layer(candidate, x):
    """What a layer with no settings does as it comes."""
    return candidate.Dropout()(x)


@probe
def layer_gradient(candidate, x, p, inverted, training, cotangent):
    """The result of a layer and its gradient."""
    x = x.detach().clone().requires_grad_()
    y = candidate.Dropout(p, inverted).train(training)(x)
    return [y.detach(), torch.autograd.grad(y, x, cotangent)[0]]


@probe
def late_backward(candidate, xs, p, cotangents):
    """One layer called on several inputs, and only then every call's gradient."""
    layer = candidate.Dropout(p)
    xs = [x.detach().clone().requires_grad_() for x in xs]
    ys = [layer(x) for x in xs]
    grads = [torch.autograd.grad(y, x, c)[0] for y, x, c in zip(ys, xs, cotangents)]
    return [[y.detach() for y in ys], grads]


@probe
def layers_with_generators(candidate, x, p, seed):
    """Two layers with equal generators, two that share one, and the global state before and after."""
    before = torch.get_rng_state()
    twins = [candidate.Dropout(p, generator=torch.Generator().manual_seed(seed)) for _ in range(2)]
    shared = torch.Generator().manual_seed(seed)
    sharers = [candidate.Dropout(p, True, shared) for _ in range(2)]
    return [[layer(x) for layer in twins], [layer(x) for layer in sharers], before, torch.get_rng_state()]


@probe
def layer_seeded(candidate, x, p, seeds):
    """A new layer under each global seed."""
    out = []
    for seed in seeds:
        layer = candidate.Dropout(p)
        torch.manual_seed(seed)
        out.append(layer(x))
    return out


@probe
def layer_at_rest(candidate, x, p, seed):
    """A layer in evaluation mode; the global state and that of its own generator before and after."""
    generator = torch.Generator().manual_seed(seed)
    layers = [candidate.Dropout(p).eval(), candidate.Dropout(p, True, generator).eval()]
    before = [torch.get_rng_state(), generator.get_state()]
    ys = [layer(x) for layer in layers]
    return [ys, before, [torch.get_rng_state(), generator.get_state()]]


@probe
def layer_with_rates(candidate, x, rates):
    """One layer whose rate is changed before every call."""
    layer, out = candidate.Dropout(0.5), []
    for p in rates:
        layer.p = p
        out.append(layer(x))
    return out


@probe
def layer_state(candidate, p, x):
    """The rate as the layer shows it; then how many parameters, buffers and entries of state it has after a call."""
    layer = candidate.Dropout(p)
    layer(x)
    return [float(layer.p), len(list(layer.parameters())), len(list(layer.buffers())), len(layer.state_dict())]


@probe
def build_layer(candidate, p, inverted):
    """Construct a layer."""
    candidate.Dropout(p, inverted)
    return 0


class TestDropoutLayer:
    def test_training(self, candidate, rng):
        """In training the inverted layer scales what it keeps and the classic one does not, at the same rate."""
        # four counts of 4 000 at 7.2 sigma each: a right answer fails with probability below 5e-11
        for p in (0.2, 0.6):
            x = far_from_zero(rng, 50, 80)
            for inverted in (True, False):
                (y,) = layer_runs(candidate, x, p, inverted, [True])
                require_rate(kept_of(y, x, p, None if inverted else 1.0), p)

    def test_evaluation(self, candidate, rng):
        """In evaluation the classic layer scales everything and the inverted one does nothing."""
        for p in (0.2, 0.6, 0.0, 1.0):
            x = far_from_zero(rng, 6, 7)
            assert_equal(layer_runs(candidate, x, p, True, [False]), [x])
            assert_close(layer_runs(candidate, x, p, False, [False]), [x.double() * (1 - p)])

    def test_follows_the_model(self, candidate, rng):
        """The mode of the model around the layer decides, and may change at any time."""
        # one count of 1 200 pairs at 7.2 sigma: a right answer fails with probability below 2e-11
        x = far_from_zero(rng, 30, 40)
        ys = layer_runs(candidate, x, 0.5, True, [True, False, True, False])
        assert_equal([ys[1], ys[3]], [x, x])
        require_fresh(kept_of(ys[0], x, 0.5), kept_of(ys[2], x, 0.5), 0.5)

    def test_new_layer(self, candidate, rng):
        """A layer without settings is in training mode, inverted, and drops one half."""
        # one count of 4 000 at 7.2 sigma: a right answer fails with probability below 2e-11
        x = far_from_zero(rng, 4000)
        require_rate(kept_of(new_layer(candidate, x), x, 0.5), 0.5)

    def test_ends_in_training(self, candidate, rng):
        """Rates of zero and one leave everything or nothing in training, with finite gradients."""
        for p, inverted in itertools.product((0.0, 1.0), (True, False)):
            x, cotangent = far_from_zero(rng, 5, 4), far_from_zero(rng, 5, 4)
            y, grad = layer_gradient(candidate, x, p, inverted, True, cotangent)
            assert_close(y, x.double() * (1 - p))
            assert_gradient(grad, cotangent.double() * (1 - p))

    def test_gradients(self, candidate, rng):
        """In both modes the gradient is scaled by what scaled the result."""
        x, cotangent, p = far_from_zero(rng, 8, 9), far_from_zero(rng, 8, 9), 0.3
        for inverted, training in itertools.product((True, False), (True, False)):
            y, grad = layer_gradient(candidate, x, p, inverted, training, cotangent)
            scale = 1 / (1 - p) if inverted and training else 1 - p if not inverted and not training else 1.0
            kept = kept_of(y, x, p, scale)
            assert_gradient(grad, torch.where(kept, cotangent.double() * scale, 0.0))

    def test_late_backward(self, candidate, rng):
        """Called several times before any backward, the layer gives every call the gradient of its own mask."""
        xs, cotangents = [[far_from_zero(rng, 7, 8) for _ in range(3)] for _ in range(2)]
        ys, grads = late_backward(candidate, xs, 0.5, cotangents)
        for x, y, c, grad in zip(xs, ys, cotangents, grads, strict=True):
            assert_gradient(grad, torch.where(kept_of(y, x, 0.5), 2 * c.double(), 0.0))

    def test_decisions_are_independent(self, candidate, rng):
        """Samples of a batch and neighbours within them are dropped independently of each other."""
        # two counts of 2 000 pairs at 7.2 sigma each: a right answer fails with probability below 3e-11
        x = far_from_zero(rng, 50, 80)
        (y,) = layer_runs(candidate, x, 0.4, True, [True])
        for dim in range(2):
            require_independence(kept_of(y, x, 0.4), 0.4, dim)

    def test_calls_decide_anew(self, candidate, rng):
        """No call repeats the mask of another."""
        # three counts of 1 500 pairs at 7.2 sigma each: a right answer fails with probability below 4e-11
        x = far_from_zero(rng, 30, 50)
        masks = [kept_of(y, x, 0.5) for y in layer_runs(candidate, x, 0.5, True, [True] * 3)]
        for one, other in itertools.combinations(masks, 2):
            require_fresh(one, other, 0.5)

    def test_generators(self, candidate, rng):
        """Equal generators give equal masks, a shared one different masks, and the global one is left alone."""
        # one count of 1 500 pairs at 7.2 sigma: a right answer fails with probability below 2e-11
        x = far_from_zero(rng, 30, 50)
        twins, sharers, before, after = layers_with_generators(candidate, x, 0.5, seed_of(rng))
        require_repeat([twins[1]], [twins[0]])
        require_fresh(kept_of(sharers[0], x, 0.5), kept_of(sharers[1], x, 0.5), 0.5, "sharers of a generator agree")
        require_untouched([after], [before])

    def test_global_seed(self, candidate, rng):
        """Without a generator of its own a layer obeys the global seed."""
        # one count of 1 500 pairs at 7.2 sigma: a right answer fails with probability below 2e-11
        x, seed = far_from_zero(rng, 30, 50), seed_of(rng)
        one, again, other = layer_seeded(candidate, x, 0.5, [seed, seed, seed + 1])
        require_repeat([again], [one])
        require_fresh(kept_of(one, x, 0.5), kept_of(other, x, 0.5), 0.5, "two seeds agree")

    def test_no_draws_in_evaluation(self, candidate, rng):
        """In evaluation no generator is touched."""
        x = far_from_zero(rng, 5, 6)
        ys, before, after = layer_at_rest(candidate, x, 0.5, seed_of(rng))
        assert_equal(ys, [x, x])
        require_untouched(after, before)

    def test_rate_may_change(self, candidate, rng):
        """A new rate is used from the next call on."""
        # three counts of 2 000 at 7.2 sigma each: a right answer fails with probability below 4e-11
        x, rates = far_from_zero(rng, 40, 50), [0.1, 0.8, 0.3]
        for p, y in zip(rates, layer_with_rates(candidate, x, rates), strict=True):
            require_rate(kept_of(y, x, p), p)

    def test_holds_no_state(self, candidate, rng):
        """A layer shows its rate and has no parameters, no buffers and an empty state, used or not."""
        for p in (0.25, 0.7):
            assert_equal(layer_state(candidate, p, far_from_zero(rng, 3)), [p, 0, 0, 0])

    def test_shapes_and_dtypes(self, candidate, rng):
        """Double precision, single numbers, empty and transposed tensors go through both modes."""
        for x in (far_from_zero(rng, 3, 4, dtype=DOUBLE).t(), far_from_zero(rng), far_from_zero(rng, 2, 0)):
            for inverted in (True, False):
                y, z = layer_runs(candidate, x, 0.5, inverted, [True, False])
                kept_of(y, x, 0.5, 2.0 if inverted else 1.0)
                assert_close(z, x.double() * (1.0 if inverted else 0.5), dtype=x.dtype)

    def test_bad_rates(self, candidate, rng):
        """The constructor refuses rates that are no probabilities, in both conventions."""
        for p, inverted in itertools.product((-0.5, 1.5), (True, False)):
            with raises(ValueError):
                build_layer(candidate, p, inverted)


# --- shared-dropout -------------------------------------------------------------------------------


def decisions_of(y, x, p, shared):
    """One decision a group, after making sure that groups are kept or dropped together."""
    kept = kept_of(y, x, p)
    for dim in shared:
        first = kept.narrow(dim, 0, 1)
        assert torch.equal(kept, first.expand(kept.shape)), "elements with one fate are kept and dropped at once"
        kept = first
    return kept


@probe
def shared_derived(candidate, x, p, shared, training, cotangent):
    """The result and its gradient."""
    x = x.detach().clone().requires_grad_()
    y = candidate.shared_dropout(x, p, shared, training)
    return [y.detach(), torch.autograd.grad(y, x, cotangent)[0]]


@probe
def shared_generated(candidate, x, p, shared, seed):
    """Two calls with one generator, one with its equal, two in evaluation mode; states before, between and after."""
    before = torch.get_rng_state()
    one, other = (torch.Generator().manual_seed(seed) for _ in range(2))
    ys = [candidate.shared_dropout(x, p, shared, True, g) for g in (one, one, other)]
    between = [torch.get_rng_state(), other.get_state()]
    ys.append(candidate.shared_dropout(x, p, shared, False, other))
    ys.append(candidate.shared_dropout(x, p, shared, training=False))
    return [ys, before, between, [torch.get_rng_state(), other.get_state()]]


@probe
def shared_seeded(candidate, x, p, shared, seeds):
    """One call under each global seed."""
    out = []
    for seed in seeds:
        torch.manual_seed(seed)
        out.append(candidate.shared_dropout(x, p, shared))
    return out


@probe
def channel_quarters(candidate, x):
    """How many quarters of the channels are kept at a rate of one quarter, in each of several calls."""
    kept = []
    for _ in range(24):
        first = candidate.shared_dropout(x, 0.25, (2, 3))[:, :, 0, 0]
        kept.append(round(4 * int(first.count_nonzero()) / first.numel()))
    return kept


class TestSharedDropout:
    def test_channels(self, candidate, rng):
        """Channels of images are dropped as a whole, at the rate, and independently in every image."""
        # three counts, of 2 400 channels and twice 1 200 pairs, at 7.2 sigma each: a right answer
        # fails with probability below 4e-11
        x = far_from_zero(rng, 40, 60, 3, 2)
        decisions = decisions_of(candidate.shared_dropout(x, 0.35, (2, 3)), x, 0.35, (2, 3))
        require_rate(decisions, 0.35)
        for dim in range(2):
            require_independence(decisions, 0.35, dim)

    def test_locked_in_time(self, candidate, rng):
        """A unit of a sequence is dropped at all times or never, independently in every sequence."""
        # three counts, of 2 400 units and twice 1 200 pairs, at 7.2 sigma each: a right answer
        # fails with probability below 4e-11
        x = far_from_zero(rng, 5, 40, 60)
        decisions = decisions_of(candidate.shared_dropout(x, 0.6, [0]), x, 0.6, (0,))
        require_rate(decisions, 0.6)
        for dim in (1, 2):
            require_independence(decisions, 0.6, dim)

    def test_nothing_shared(self, candidate, rng):
        """With no shared dimension every element has its own decision."""
        # three counts, of 4 000 elements and twice 2 000 pairs, at 7.2 sigma each: a right answer
        # fails with probability below 4e-11
        x = far_from_zero(rng, 50, 80)
        decisions = decisions_of(candidate.shared_dropout(x, 0.25, ()), x, 0.25, ())
        require_rate(decisions, 0.25)
        for dim in range(2):
            require_independence(decisions, 0.25, dim)

    def test_everything_shared(self, candidate, rng):
        """With all dimensions shared one decision rules the tensor, and seeds make it differently."""
        # 120 coins at a rate of one half at 7.2 sigma: a right answer fails with probability below 2e-11
        x, seed = far_from_zero(rng, 3, 4), seed_of(rng)
        ys = shared_seeded(candidate, x, 0.5, (1, 0), [seed + i for i in range(120)])
        fates = torch.cat([decisions_of(y, x, 0.5, (0, 1)) for y in ys])
        require(int(fates.sum()), 120, 0.5, "the tensor is kept")

    def test_from_either_end(self, candidate, rng):
        """Dimensions are counted from either end and named in any order."""
        x, seed = far_from_zero(rng, 4, 7, 6, 5), seed_of(rng)
        for shared, same in (([-1, 2], (2, 3)), ([3, -4, 1], (0, 1, 3)), ([-2], (2,))):
            (y,) = shared_seeded(candidate, x, 0.5, shared, [seed])
            decisions_of(y, x, 0.5, same)
            require_repeat(shared_seeded(candidate, x, 0.5, same, [seed]), [y])

    def test_middle_dimension(self, candidate, rng):
        """A shared dimension between others ties nothing but itself."""
        # two counts of 1 200 pairs at 7.2 sigma each: a right answer fails with probability below 3e-11
        x = far_from_zero(rng, 40, 3, 60)
        decisions = decisions_of(candidate.shared_dropout(x, 0.5, (1,)), x, 0.5, (1,))
        for dim in (0, 2):
            require_independence(decisions, 0.5, dim)

    def test_gradient(self, candidate, rng):
        """The gradient passes through the groups that were kept and nowhere else."""
        x, cotangent = far_from_zero(rng, 4, 9, 5), far_from_zero(rng, 4, 9, 5)
        for shared in ((0,), (0, 2)):
            y, grad = shared_derived(candidate, x, 0.4, shared, True, cotangent)
            assert_gradient(grad, torch.where(kept_of(y, x, 0.4), cotangent.double() / 0.6, 0.0))
        y, grad = shared_derived(candidate, x, 0.4, (0,), False, cotangent)
        assert_equal([y, grad], [x, cotangent])

    def test_ends(self, candidate, rng):
        """Rates of zero and one keep or drop every group, gradients included."""
        for p in (0.0, 1.0):
            x, cotangent = far_from_zero(rng, 6, 5, 2), far_from_zero(rng, 6, 5, 2)
            y, grad = shared_derived(candidate, x, p, (2,), True, cotangent)
            assert_close(y, x.double() * (1 - p))
            assert_gradient(grad, cotangent.double() * (1 - p))

    def test_generators(self, candidate, rng):
        """Decisions come from the given generator alone: it repeats them and moves on, and the global one rests."""
        # one count of 1 500 pairs at 7.2 sigma: a right answer fails with probability below 2e-11
        x = far_from_zero(rng, 30, 50, 2)
        ys, before, between, _ = shared_generated(candidate, x, 0.5, (2,), seed_of(rng))
        require_repeat([ys[2]], [ys[0]])
        require_untouched(between[:1], [before])
        one, other = (decisions_of(y, x, 0.5, (2,)) for y in ys[:2])
        require_fresh(one, other, 0.5)

    def test_evaluation(self, candidate, rng):
        """Outside of training the input comes back bit for bit, and no generator is touched."""
        x = far_from_zero(rng, 30, 50, 2)
        ys, _, before, after = shared_generated(candidate, x, 0.5, (2,), seed_of(rng))
        assert_equal(ys[3:], [x, x])
        require_untouched(after, before)

    def test_global_seed(self, candidate, rng):
        """A global seed repeats the decisions and another one makes others."""
        # one count of 1 500 pairs at 7.2 sigma: a right answer fails with probability below 2e-11
        x, seed = far_from_zero(rng, 2, 30, 50), seed_of(rng)
        one, again, other = shared_seeded(candidate, x, 0.5, (0,), [seed, seed, seed + 1])
        require_repeat([again], [one])
        require_fresh(decisions_of(one, x, 0.5, (0,)), decisions_of(other, x, 0.5, (0,)), 0.5, "two seeds agree")

    def test_sizes_and_layouts(self, candidate, rng):
        """Empty tensors, sizes of one, double precision and other memory layouts are accepted."""
        cases = [(far_from_zero(rng, 3, 0, 2), (1,)), (far_from_zero(rng, 0, 4), (1,)), (far_from_zero(rng), ())]
        cases += [(far_from_zero(rng, 5, 1, 4, dtype=DOUBLE).transpose(0, 2), (1, 2))]
        cases += [(far_from_zero(rng, 6, 8)[::2, ::3], (0,)), (far_from_zero(rng, 4, 1).expand(4, 6), (0,))]
        for x, shared in cases:
            y = candidate.shared_dropout(x, 0.5, shared)
            decisions_of(y, x, 0.5, shared if x.numel() else ())

    def test_refused(self, candidate, rng):
        """Dimensions that do not exist or are named twice, and rates that are no probabilities, are refused."""
        x = far_from_zero(rng, 3, 4, 5)
        bad = [(0.5, (3,)), (0.5, (-4,)), (0.5, (1, 1)), (0.5, (0, -3)), (1.5, (1,)), (-0.5, ()), (math.nan, (0,))]
        for p, shared in bad:
            for training in (True, False):
                with raises(ValueError):
                    candidate.shared_dropout(x, p, shared, training)

    def test_time(self, candidate, rng, budget):
        """Dropping channels takes one random number each and no Python loop."""
        budget.time(channel_quarters, lambda: (torch.rand(16, 64, 14, 14, generator=rng) + 1,))


# --- rate-choice ----------------------------------------------------------------------------------


def chosen(losses, rates):
    """The rule of the statement, number by number; and how close any decision was, relative to the error."""
    rows = losses.double().tolist()
    usable = [i for i, row in enumerate(rows) if all(math.isfinite(v) for v in row)]
    means = {i: math.fsum(rows[i]) / len(rows[i]) for i in usable}
    best = min(usable, key=lambda i: (means[i], -rates[i]))
    good = []
    for i in usable:
        gaps = [a - b for a, b in zip(rows[i], rows[best], strict=True)]
        mean = math.fsum(gaps) / len(gaps)
        square = math.fsum((g - mean) ** 2 for g in gaps) / max(1, len(gaps) - 1)
        if mean <= math.sqrt(square / len(gaps)):
            good.append(rates[i])
    return max(good)


def random_rates(rng, count):
    """Distinct rates in no order."""
    return ((torch.randperm(count, generator=rng) + 0.5) / count * 0.95).tolist()


class TestRateChoice:
    def test_rule(self, candidate, rng):
        """The largest rate wins whose mean gap to the best, seed by seed, is within one standard error of that mean."""
        for _ in range(12):
            rates = random_rates(rng, 7)
            losses = torch.randn(1, 5, generator=rng, dtype=DOUBLE) + torch.randn(7, 5, generator=rng, dtype=DOUBLE)
            losses += 0.8 * torch.rand(7, 1, generator=rng, dtype=DOUBLE)
            assert_close(candidate.choose_rate(losses, rates), chosen(losses, rates))

    def test_seeds_are_paired(self, candidate, rng):
        """However much the seeds differ among themselves, a gap that every seed shows counts."""
        for _ in range(4):
            rates = sorted(random_rates(rng, 5))
            luck = 100 * torch.randn(1, 6, generator=rng, dtype=DOUBLE)
            losses = luck + torch.arange(5)[:, None] + 0.1 * torch.rand(5, 6, generator=rng, dtype=DOUBLE)
            assert_close(candidate.choose_rate(losses, rates), rates[0])

    def test_prefers_the_larger_rate(self, candidate, rng):
        """Among rates that the runs cannot tell apart the largest is taken."""
        for _ in range(4):
            rates = random_rates(rng, 6)
            noise = torch.rand(6, 8, generator=rng, dtype=DOUBLE)
            losses = noise - noise.mean(1, keepdim=True) + 1e-3 * torch.rand(6, 1, generator=rng, dtype=DOUBLE)
            assert_close(candidate.choose_rate(losses, rates), max(rates))

    def test_error_of_the_mean(self, candidate, rng):
        """The gap is held against the error of its mean, not against the spread of the runs."""
        for sign in (1.0, 0.0):
            rates, wave = [0.2, 0.6], torch.tensor([1.0, -1.0] * 8, dtype=DOUBLE)
            scale = 1 + torch.rand((), generator=rng, dtype=DOUBLE)
            gap = 0.2 + 0.6 * sign  # of 16 runs with a spread of 1.03 the mean has an error of 0.26
            losses = torch.stack([torch.zeros(16, dtype=DOUBLE), wave + gap]) * scale + torch.randn(16, generator=rng)
            assert_close(candidate.choose_rate(losses, rates), rates[0] if sign else rates[1])

    def test_denominator(self, candidate, rng):
        """The spread of a few runs is taken with one less in the denominator."""
        for inside in (True, False):
            # of the gaps m + 1 and m - 1 the error is 1 with S - 1 in the denominator and 0.71 with S
            gap = 0.85 if inside else 1.15
            losses = torch.tensor([[0.0, 0.0], [gap + 1, gap - 1]], dtype=DOUBLE)
            losses = losses * (1 + torch.rand((), generator=rng)) + torch.rand(2, generator=rng)
            assert_close(candidate.choose_rate(losses, [0.1, 0.4]), 0.4 if inside else 0.1)

    def test_diverged_runs(self, candidate, rng):
        """A rate with a run that diverged is out, whatever its other runs say."""
        for bad in (math.nan, math.inf, -math.inf):
            rates = random_rates(rng, 6)
            losses = torch.rand(6, 4, generator=rng)
            top = max(range(6), key=lambda i: rates[i])
            losses[top, 2] = bad
            losses[(top + 1) % 6, 0] = bad
            assert_close(candidate.choose_rate(losses, rates), chosen(losses, rates))

    def test_single_run(self, candidate, rng):
        """With one run a rate the smallest loss decides, and of equal ones the larger rate."""
        for descending in (False, True):
            rates = sorted(random_rates(rng, 5), reverse=descending)
            losses = torch.rand(5, 1, generator=rng) + 0.5
            assert_close(candidate.choose_rate(losses, rates), rates[int(losses.argmin())])
            pair = torch.randperm(5, generator=rng)[:2].tolist()
            losses[pair] = 0.25
            assert_close(candidate.choose_rate(losses, rates), max(rates[i] for i in pair))

    def test_luck_of_a_seed(self, candidate, rng):
        """Adding a number to all losses of a seed changes nothing."""
        for _ in range(3):
            rates = random_rates(rng, 6)
            losses = torch.randn(6, 5, generator=rng, dtype=DOUBLE)
            luck = 50 * torch.randn(5, generator=rng, dtype=DOUBLE)
            want = chosen(losses, rates)
            assert_close(candidate.choose_rate(losses, rates), want)
            assert_close(candidate.choose_rate(losses + luck, rates), want)

    def test_layouts_and_precision(self, candidate, rng):
        """Float32 tables of any layout are judged in double precision."""
        for _ in range(12):
            rates = sorted(random_rates(rng, 4))
            # every seed shows the same gaps of one unit in the last place of float32: the first row is clearly the best
            losses = (1600 + 400 * torch.rand(5, 1, generator=rng) + torch.arange(4) * 2.0**-13).t()
            assert_close(candidate.choose_rate(losses, rates), rates[0])

    def test_refused(self, candidate, rng):
        """Tables of the wrong shape, rates that are none and tables without a usable rate are refused."""
        losses = torch.rand(3, 4, generator=rng)
        lost = losses.clone()
        lost[:, 1] = math.nan
        rates = [0.1, 0.2, 0.3]
        bad = [(losses[0], rates), (losses, rates[:2]), (losses[:0], []), (losses[:, :0], rates), (lost, rates)]
        bad += [(losses, [0.1, 0.2, 1.0]), (losses, [-0.1, 0.2, 0.3])]
        for table, names in bad:
            with raises(ValueError):
                candidate.choose_rate(table, names)


# --- mc-dropout -----------------------------------------------------------------------------------


@probe
def noise_type(candidate):
    """A kind of dropout that plays back the noise it was given, and fails where there is none left."""

    class Noise(nn.Module):
        def __init__(self, noise):
            super().__init__()
            self.noise, self.calls = noise, 0

        def forward(self, x):
            if not self.training:
                return x
            self.calls += 1
            return x + self.noise[self.calls - 1]

    return Noise


@probe
def played(candidate, x, noise, n):
    """Mean and variance of a model that is a layer of recorded noise behind the identity."""
    kind = noise_type(candidate)
    model = nn.Sequential(nn.Identity(), kind(noise)).eval()
    mean, variance = candidate.mc_dropout(model, x, (kind,), n)
    return [mean, variance, model[1].calls]


@probe
def counted(candidate, x, noise, n):
    """How often the model was called, and whether every call got the very input."""
    kind = noise_type(candidate)
    inner, seen = kind(noise), []

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = inner

        def forward(self, given):
            seen.append(given is x)
            return self.inner(given)

    mean, variance = candidate.mc_dropout(Model(), x, (kind,), n)
    return [len(seen), sum(seen), mean, variance]


@probe
def two_kinds(candidate, x, noise, n):
    """Noise of two kinds and of a subclass, and a third kind that is not dropout; who was in training mode."""
    base = noise_type(candidate)
    first, second, other = type("A", (base,), {}), type("B", (base,), {}), type("C", (base,), {})
    derived = type("D", (first,), {})
    layers = [first(noise[0]), second(noise[1]), derived(noise[2]), other(noise[3])]
    model = nn.Sequential(*layers[:2], nn.Sequential(*layers[2:])).train()
    mean, variance = candidate.mc_dropout(model, x, (first, second), n)
    return [mean, variance, [layer.calls for layer in layers]]


@probe
def model_is_dropout(candidate, x, noise, n):
    """Mean and variance where the model itself is the layer of noise."""
    kind = noise_type(candidate)
    return list(candidate.mc_dropout(kind(noise).eval(), x, (kind,), n))


@probe
def normalised(candidate, x, noise, weight, n):
    """A model with a batch norm: the results, and its running statistics before and after."""
    kind = noise_type(candidate)
    norm = nn.BatchNorm1d(x.shape[1]).double()
    norm.running_mean.copy_(weight[0])
    norm.running_var.copy_(weight[1])
    model = nn.Sequential(norm, kind(noise)).train()
    before = [buffer.clone() for buffer in norm.buffers()]
    mean, variance = candidate.mc_dropout(model, x, (kind,), n)
    return [mean, variance, before, list(norm.buffers())]


@probe
def flags(candidate, x, noise, n, modes, failing):
    """The training flags of a nested model after a run, which ends by an exception if `failing`."""
    kind = noise_type(candidate)
    model = nn.Sequential(nn.Sequential(kind(noise), nn.Identity()), nn.Sequential(nn.Identity(), kind(noise)))
    for module, mode in zip(model.modules(), modes):
        module.training = mode
    try:
        candidate.mc_dropout(model, x, (kind,), n)
        failed = 0
    except IndexError:
        failed = 1
    except ValueError:
        failed = 2
    return [[module.training for module in model.modules()], failed]


@probe
def without_graph(candidate, x, noise, weight, n):
    """A linear layer behind the noise: the results, whether they need gradients, and the parameter as it is left."""
    kind = noise_type(candidate)
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    layer.weight = nn.Parameter(weight.clone())
    layer.weight.grad = weight.clone()
    mean, variance = candidate.mc_dropout(nn.Sequential(kind(noise), layer), x.clone().requires_grad_(), (kind,), n)
    return [mean, variance, [mean.requires_grad, variance.requires_grad], layer.weight.grad, layer.weight.requires_grad]


@probe
def refused(candidate, x, n):
    """Ask for too few passes."""
    kind = noise_type(candidate)
    candidate.mc_dropout(kind(torch.zeros(3, 1)), x, (kind,), n)
    return 0


@probe
def large_outputs(candidate, row, n):
    """The total mean and variance of a model whose outputs are large; its input is one row, expanded."""

    class Wave(nn.Module):
        def __init__(self):
            super().__init__()
            self.calls = 0

        def forward(self, given):
            self.calls += self.training
            return given * (1 + math.sin(self.calls))

    mean, variance = candidate.mc_dropout(Wave(), row.expand(4300, 1000), (Wave,), n)
    return [float(mean.sum()), float(variance.sum())]


def moments64(outputs):
    """Mean and unbiased variance over the first dimension, in float64."""
    wide = outputs.double()
    mean = wide.sum(0) / len(wide)
    return [mean, ((wide - mean) ** 2).sum(0) / (len(wide) - 1)]


def noise_for(rng, n, x, dtype=torch.float32):
    """Noise for some passes."""
    return torch.randn(n, *x.shape, generator=rng, dtype=DOUBLE).to(dtype)


class TestMcDropout:
    def test_moments(self, candidate, rng):
        """Mean and variance over the passes are those of the outputs, the variance with n - 1 in the denominator."""
        for n in (2, 3, 11):
            x = far_from_zero(rng, 4, 3, dtype=DOUBLE)
            noise = noise_for(rng, n, x, DOUBLE)
            assert_close(played(candidate, x, noise, n), [*moments64(x + noise), n], dtype=DOUBLE)

    def test_large_mean(self, candidate, rng):
        """The variance survives outputs that are large beside it."""
        for offset in (1000.0, -1000.0):
            x = far_from_zero(rng, 40) + offset
            noise = noise_for(rng, 9, x)
            mean, variance, _ = played(candidate, x, noise, 9)
            want = moments64(x + noise)
            # a float32 mean of about 1000 is rounded by 6e-5, which a careful float32 formula passes on to a variance
            # of about 1 several times over; the statement allows 0.2 %
            assert_close(variance, want[1], rtol=2e-3)
            assert_close(mean, want[0], reduction=9)

    def test_calls(self, candidate, rng):
        """The model is called as often as asked for, each time with the very input."""
        for n in (2, 7):
            x = far_from_zero(rng, 5, dtype=DOUBLE)
            noise = noise_for(rng, n, x, DOUBLE)
            assert_close(counted(candidate, x, noise, n), [n, n, *moments64(x + noise)], dtype=DOUBLE)

    def test_kinds(self, candidate, rng):
        """All modules of the given kinds make noise, subclasses included, and no other module does."""
        x = far_from_zero(rng, 6, dtype=DOUBLE)
        noise = noise_for(rng, 4, x.expand(5, 6), DOUBLE)
        want = moments64(x + noise[:3].sum(0))
        assert_close(two_kinds(candidate, x, noise, 5), [*want, [5, 5, 5, 0]], dtype=DOUBLE)

    def test_model_is_dropout(self, candidate, rng):
        """The model itself may be of a given kind."""
        for _ in range(2):
            x = far_from_zero(rng, 4, dtype=DOUBLE)
            noise = noise_for(rng, 6, x, DOUBLE)
            assert_close(model_is_dropout(candidate, x, noise, 6), moments64(x + noise), dtype=DOUBLE)

    def test_batch_norm_stays_as_it_is(self, candidate, rng):
        """A batch norm works with its running statistics and does not change them."""
        x = far_from_zero(rng, 8, 5, dtype=DOUBLE)
        noise = noise_for(rng, 5, x, DOUBLE)
        stats = torch.rand(2, 5, generator=rng, dtype=DOUBLE) + 0.5
        mean, variance, before, after = normalised(candidate, x, noise, stats, 5)
        for name, old, new in zip(("mean", "variance", "count"), before, after, strict=True):
            assert torch.equal(old, new), f"the running {name} changed"
        assert_close([mean, variance], moments64((x - stats[0]) / (stats[1] + 1e-5).sqrt() + noise), dtype=DOUBLE)

    def test_flags_are_restored(self, candidate, rng):
        """Every module is left in the mode it was in, also where modes were mixed."""
        x = far_from_zero(rng, 3)
        for _ in range(4):
            modes = (torch.rand(7, generator=rng) < 0.5).tolist()
            assert_equal(flags(candidate, x, noise_for(rng, 4, x), 4, modes, False), [modes, 0])
        for mode in (True, False):
            assert_equal(flags(candidate, x, noise_for(rng, 4, x), 4, [mode] * 7, False), [[mode] * 7, 0])

    def test_flags_after_an_exception(self, candidate, rng):
        """A model that raises is left in the modes it was in, and its exception comes through."""
        x = far_from_zero(rng, 3)
        for _ in range(3):
            modes = (torch.rand(7, generator=rng) < 0.5).tolist()
            assert_equal(flags(candidate, x, noise_for(rng, 2, x), 4, modes, True), [modes, 1])

    def test_no_graph(self, candidate, rng):
        """No graph is built: the results require no gradients, and the parameters keep theirs as they were."""
        x, weight = far_from_zero(rng, 4, 3), far_from_zero(rng, 2, 3)
        noise = noise_for(rng, 6, x)
        mean, variance, needs, grad, requires = without_graph(candidate, x, noise, weight, 6)
        want = moments64(((x + noise).double()[..., None, :] * weight.double()).sum(-1))
        # sums of three products in float32, whose variance is up to ten times smaller than their squares
        assert_close([mean, variance], want, reduction=100)
        assert_equal([needs, grad, requires], [[False, False], weight, True])

    def test_too_few_passes(self, candidate, rng):
        """Fewer than two passes have no variance and are refused."""
        for n in (1, 0, -3):
            with raises(ValueError):
                refused(candidate, far_from_zero(rng, 3), n)

    def test_memory(self, candidate, rng, budget):
        """The outputs of the passes are not collected."""
        # blocks of more than 32 MB go back to the system at once, so that peaks do not depend on the allocator's mood
        budget.memory(large_outputs, lambda: (torch.rand(1000, generator=rng, dtype=DOUBLE) + 1, 8))


# --- dropout-ridge --------------------------------------------------------------------------------


def solved(matrix, side):
    """The solution of a small system by elimination in Python floats, which repeats to the last digit anywhere."""
    rows = [[*row, aim] for row, aim in zip(matrix.tolist(), side.tolist(), strict=True)]
    for i in range(len(rows)):
        pivot = max(range(i, len(rows)), key=lambda k: abs(rows[k][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for k in range(len(rows)):
            if k != i:
                rows[k] = [v - rows[k][i] * w for v, w in zip(rows[k], rows[i], strict=True)]
    return torch.tensor([row[-1] for row in rows], dtype=DOUBLE)


def gram_of(rows):
    """All products of two columns, summed over the rows."""
    return (rows[:, :, None] * rows[:, None, :]).sum(0)


def best_over_all_masks(features, target, p):
    """Least squares over every mask of a sample's features, each row weighted by the mask's probability."""
    x, y = features.double(), target.double()
    matrix, side = 0.0, 0.0
    for mask in itertools.product((0.0, 1.0), repeat=x.shape[1]):
        chance = math.prod(1 - p if m else p for m in mask)
        noisy = x * torch.tensor(mask, dtype=DOUBLE) / (1 - p)
        matrix = matrix + chance * gram_of(noisy)
        side = side + chance * (noisy * y[:, None]).sum(0)
    return solved(matrix, side)


class TestDropoutRidge:
    def test_all_masks(self, candidate, rng):
        """The weights are exactly the best over all masks, where what is kept is divided by the share that is kept."""
        for p in (0.1, 0.5, 0.8):
            x, y = (torch.randn(s, generator=rng, dtype=DOUBLE) for s in ((9, 4), (9,)))
            assert_close(candidate.dropout_ridge(x, y, p), best_over_all_masks(x, y, p), dtype=DOUBLE)

    def test_no_dropout(self, candidate, rng):
        """Without dropout the weights are those of least squares."""
        for _ in range(2):
            x, y = (torch.randn(s, generator=rng, dtype=DOUBLE) for s in ((30, 5), (30,)))
            want = solved(gram_of(x), (x * y[:, None]).sum(0))
            assert_close(candidate.dropout_ridge(x, y, 0.0), want, dtype=DOUBLE)

    def test_units_of_features(self, candidate, rng):
        """Measuring a feature in other units changes its weight accordingly and no other."""
        x, y = (torch.randn(s, generator=rng, dtype=DOUBLE) for s in ((12, 4), (12,)))
        units = torch.tensor([0.01, 1.0, 50.0, -3.0], dtype=DOUBLE)
        got = candidate.dropout_ridge(x, y, 0.4)
        assert_close(candidate.dropout_ridge(x * units, y, 0.4), got / units, dtype=DOUBLE)

    def test_orthogonal_features(self, candidate, rng):
        """Features that do not overlap have their weights shrunk by the share that is kept."""
        for p in (0.3, 0.9):
            x = torch.block_diag(*torch.randn(4, 3, 1, generator=rng, dtype=DOUBLE))
            x *= torch.tensor([1.0, 3.0, 0.2, 7.0])
            y = torch.randn(12, generator=rng, dtype=DOUBLE)
            want = (1 - p) * (x * y[:, None]).sum(0) / (x * x).sum(0)
            assert_close(candidate.dropout_ridge(x, y, p), want, dtype=DOUBLE)

    def test_copies_share(self, candidate, rng):
        """Copies of one feature get equal weights, and together more than one of them alone would."""
        x, y = (torch.randn(s, generator=rng, dtype=DOUBLE) for s in ((8, 1), (8,)))
        for copies, p in ((3, 0.5), (6, 0.2)):
            alone = (x[:, 0] * y).sum() / (x * x).sum()
            want = (alone / (copies + p / (1 - p))).expand(copies)
            assert_close(candidate.dropout_ridge(x.expand(8, copies), y, p), want, dtype=DOUBLE)

    def test_more_features_than_samples(self, candidate, rng):
        """With more features than samples the weights are still determined."""
        for n in (1, 3):
            x, y = (torch.randn(s, generator=rng, dtype=DOUBLE) for s in ((n, 6), (n,)))
            assert_close(candidate.dropout_ridge(x, y, 0.5), best_over_all_masks(x, y, 0.5), dtype=DOUBLE)

    def test_single_precision(self, candidate, rng):
        """Float32 data give float32 weights, computed in double precision from any memory layout."""
        base = torch.randn(40, 1, generator=rng)
        x = (base + 1e-3 * torch.randn(40, 4, generator=rng)).T.contiguous().T
        y = torch.randn(80, generator=rng)[::2]
        for p in (1e-7, 0.3):
            wide, gram = x.double(), gram_of(x.double())
            gram += p / (1 - p) * torch.diag(gram.diagonal())
            want = solved(gram, (wide * y.double()[:, None]).sum(0))
            assert_close(candidate.dropout_ridge(x, y, p), want)

    def test_shrinks_to_nothing(self, candidate, rng):
        """As the rate approaches one the weights vanish like the share that is kept."""
        x, y = (torch.randn(s, generator=rng, dtype=DOUBLE) for s in ((10, 3), (10,)))
        for p in (1 - 1e-9, 1 - 1e-12):
            want = (1 - p) * (x * y[:, None]).sum(0) / (x * x).sum(0)
            # what is left out is of the order of 1 - p itself
            assert_close(candidate.dropout_ridge(x, y, p), want, dtype=DOUBLE, rtol=1e-6)

    def test_refused(self, candidate, rng):
        """Shapes that do not fit and rates outside of the range are refused."""
        x, y = torch.randn(6, 2, generator=rng), torch.randn(6, generator=rng)
        bad = [(x, y[:5], 0.5), (x, y[:, None], 0.5), (x, y[:1], 0.5), (x[0], y[:2], 0.5), (x[None], y, 0.5)]
        bad += [(x, y, 1.0), (x, y, -0.1), (x, y, 1.5)]
        for features, target, p in bad:
            with raises(ValueError):
                candidate.dropout_ridge(features, target, p)
