"""Hidden tests of gradient checkpointing.

What is kept is not asked of autograd, which sees only what goes through its own hooks: the functions that are
checkpointed belong to the tests, and note the storages of all they compute. A storage that is still alive is kept by
somebody, in whatever way. That copies are no way out either is up to the memory budget, which counts resident pages.
"""

import functools
import itertools
import math

import torch
from torch import nn

from grader.testing import assert_close, assert_equal, assert_gradient, probe, raises

DOUBLE = torch.float64


def randn(rng, *shape, dtype=DOUBLE):
    """Normal numbers of the given shape."""
    return torch.randn(shape, generator=rng, dtype=DOUBLE).to(dtype)


def integers(rng, low, high, count):
    """Random whole numbers from low up to high, both included."""
    return torch.randint(low, high + 1, (count,), generator=rng).tolist()


def seed_of(rng):
    """A seed for the global generator in the sandbox."""
    return int(torch.randint(2**40, (), generator=rng))


def leaves(*tensors):
    """Copies in float64 that collect gradients."""
    return [t.double().clone().requires_grad_() for t in tensors]


def require_gradients(got, want):
    """Fail if a gradient is missing or wrong."""
    assert all(grad is not None for grad in got), "what requires a gradient got none at all"
    assert_gradient(list(got), list(want), dtype=DOUBLE)


@probe
def storages(candidate):
    """A function that notes a tensor's storage and passes the tensor on, and one that counts those still alive."""
    noted = []

    def note(tensor):
        noted.append(tensor.untyped_storage()._weak_ref())
        return tensor

    return note, lambda: sum(not torch.UntypedStorage._expired(ref) for ref in noted)


# --- checkpoint -----------------------------------------------------------------------------------


@probe
def through_weight(candidate, x, w, cotangent, x_needs=True):
    """A checkpointed layer with a weight from outside: its result, and both gradients."""
    x, w = x.detach().clone().requires_grad_(x_needs), nn.Parameter(w.clone())
    y = candidate.checkpoint(lambda x: torch.sin(x @ w) * w[0], x)
    y.backward(cotangent)
    return [y.detach(), x.grad, w.grad]


@probe
def module_gradients(candidate, x, weights, cotangent):
    """A checkpointed module: its result and the gradients of its parameters."""
    model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3)).double()
    for p, w in zip(model.parameters(), weights):
        p.data = w.clone()
    y = candidate.checkpoint(model, x)
    y.backward(cotangent)
    return [y.detach(), [p.grad for p in model.parameters()]]


@probe
def upstream(candidate, x, w, cotangent):
    """Two checkpointed steps with ordinary ones before, between and after; gradients of the leaves."""
    x, w = x.detach().clone().requires_grad_(), nn.Parameter(w.clone())

    def step(h):
        return torch.tanh(h * w)

    h = candidate.checkpoint(step, x * x)
    y = candidate.checkpoint(step, h + x) * w
    y.backward(cotangent)
    return [y.detach(), x.grad, w.grad]


@probe
def calls_and_leavings(candidate, x, w):
    """Calls of the function so far and storages alive: after forward, then after backward."""
    import gc

    note, alive = storages(candidate)
    x, w, calls = x.detach().clone().requires_grad_(), nn.Parameter(w.clone()), []

    def function(x):
        calls.append(1)
        h = note(x @ w)
        u = note(torch.tanh(h))
        v = note(u * u)
        return v.sum()

    y = candidate.checkpoint(function, x)
    gc.collect()
    seen = [len(calls), alive()]
    y.backward()
    gc.collect()
    return [*seen, len(calls), alive(), x.grad, w.grad]


@probe
def most_alive(candidate, x, w, steps):
    """A chain of checkpoints: how many storages of their insides are alive at most, in forward and in backward."""
    note, alive = storages(candidate)
    x, w, most = x.detach().clone().requires_grad_(), nn.Parameter(w.clone()), [0]

    def watch(tensor):
        note(tensor)
        most[-1] = max(most[-1], alive())
        return tensor

    def step(x):
        h = watch(x * w)
        u = watch(torch.tanh(h))
        return (watch(u * u) + x) / 2

    y = x
    for _ in range(steps):
        y = candidate.checkpoint(step, y)
    most.append(0)
    y.sum().backward()
    return [most, y.detach(), x.grad, w.grad]


@probe
def without_gradients(candidate, x, w):
    """A call under no_grad: how often the function ran, whether the result wants gradients, and the result."""
    w, calls = nn.Parameter(w.clone()), []

    def function(x):
        calls.append(1)
        return x @ w

    with torch.no_grad():
        y = candidate.checkpoint(function, x)
    return [len(calls), y.requires_grad, y]


@probe
def randomised(candidate, x, w, p, seed, count):
    """Checkpoints with dropout inside, other draws between forward and backward; and the states of the generator."""

    def function(x, w):
        return x * (torch.rand(x.shape) >= p) * w

    torch.manual_seed(seed)
    plain = [function(x, w) for _ in range(count)]
    states = [torch.get_rng_state()]
    torch.manual_seed(seed)
    x, w = x.detach().clone().requires_grad_(), nn.Parameter(w.clone())
    ys = [candidate.checkpoint(function, x, w) for _ in range(count)]
    states.append(torch.get_rng_state())
    torch.rand(5)
    states.append(torch.get_rng_state())
    torch.stack(ys).sum().backward()
    states.append(torch.get_rng_state())
    return [plain, [y.detach() for y in ys], x.grad, w.grad, states]


@probe
def many_kinds(candidate, x, scale, bias, index, power):
    """A function of tensors, numbers, texts, None and lists, by position and by keyword; and all it was given."""
    x, scale, bias = (t.detach().clone().requires_grad_() for t in (x, scale, bias))
    seen = []

    def function(x, mode, power, rows, nothing=None, *, bias, scale, index, flag):
        seen.append([mode, power, list(rows), nothing, flag, scale.requires_grad, index.requires_grad])
        y = (x[index] * scale) ** power
        return y + bias if mode == "add" else y - bias

    y = candidate.checkpoint(function, x, "add", power, [1, 2], None, bias=bias, scale=scale, index=index, flag=True)
    y.sum().backward()
    return [y.detach(), x.grad, scale.grad, bias.grad, seen]


@probe
def several_outputs(candidate, x, w, cotangents, used):
    """A function of two results and a whole number: those in `used` enter the loss."""
    x, w = x.detach().clone().requires_grad_(), nn.Parameter(w.clone())
    calls = []

    def function(x):
        calls.append(1)
        return torch.sin(x * w), x.argmax(), torch.exp(-x) * w

    one, place, two = candidate.checkpoint(function, x)
    torch.stack([(y * c).sum() for y, c, u in zip((one, two), cotangents, used) if u]).sum().backward()
    return [one.detach(), place, two.detach(), x.grad, w.grad, len(calls)]


@probe
def same_twice(candidate, x, cotangent):
    """One tensor, itself computed from x, as both arguments and as a keyword."""
    x = x.detach().clone().requires_grad_()
    h = torch.exp(x)
    y = candidate.checkpoint(lambda a, b, c: a * torch.sin(b) * c * c, h, h, c=h)
    y.backward(cotangent)
    return [y.detach(), x.grad]


@probe
def accumulated(candidate, x, w, start):
    """Two backward passes into gradients that were there before."""
    x, w = x.detach().clone().requires_grad_(), nn.Parameter(w.clone())
    x.grad, w.grad = start[0].clone(), start[1].clone()
    for _ in range(2):
        candidate.checkpoint(lambda x: (x * w) ** 2, x).sum().backward()
    return [x.grad, w.grad]


@probe
def of_any_shape(candidate, x):
    """A square of x: the result and the gradient."""
    x = x.detach().requires_grad_()
    y = candidate.checkpoint(lambda x: x * x, x)
    y.backward(torch.ones_like(y) * 3)
    return [y.detach(), x.grad]


@probe
def failing(candidate, x, when):
    """A function that raises at its first or at its second call."""
    calls = []

    def function(x):
        calls.append(1)
        if len(calls) == when:
            raise KeyError("from inside")
        return x * x

    candidate.checkpoint(function, x.detach().clone().requires_grad_()).sum().backward()
    return 0


@probe
def long_chain(candidate, x, w, steps):
    """The gradients of a chain of steps that each keep one large tensor for backward and compute another."""
    x, w = x.detach().clone().requires_grad_(), nn.Parameter(w.clone())

    def step(x):
        return torch.relu(x[:, None] + w).sum(1) / 1000

    y = x
    for _ in range(steps):
        y = candidate.checkpoint(step, y)
    y.sum().backward()
    return [x.grad, w.grad]


class TestCheckpoint:
    def test_result_and_gradients(self, candidate, rng):
        """Result and gradients are those of a plain call, for arguments and for what the function uses besides."""
        for _ in range(2):
            x, w, c = randn(rng, 5, 4), randn(rng, 4, 4), randn(rng, 5, 4)
            a, b = leaves(x, w)
            y = torch.sin(a @ b) * b[0]
            got = through_weight(candidate, x, w, c)
            assert_close(got[0], y.detach(), dtype=DOUBLE)
            require_gradients(got[1:], torch.autograd.grad(y, (a, b), c))

    def test_only_parameters_learn(self, candidate, rng):
        """Parameters get their gradients even where no argument wants one."""
        x, w, c = randn(rng, 5, 4), randn(rng, 4, 4), randn(rng, 5, 4)
        (b,) = leaves(w)
        y = torch.sin(x @ b) * b[0]
        got = through_weight(candidate, x, w, c, x_needs=False)
        assert_close(got[0], y.detach(), dtype=DOUBLE)
        assert_equal(got[1], None)
        require_gradients(got[2:], torch.autograd.grad(y, b, c))

    def test_modules(self, candidate, rng):
        """A module is a function like any other, and all of its parameters learn."""
        x, c = randn(rng, 7, 4), randn(rng, 7, 3)
        weights = [randn(rng, *shape) for shape in ((6, 4), (6,), (3, 6), (3,))]
        ps = leaves(*weights)
        y = torch.tanh(x @ ps[0].T + ps[1]) @ ps[2].T + ps[3]
        got, grads = module_gradients(candidate, x, weights, c)
        assert_close(got, y.detach(), dtype=DOUBLE)
        require_gradients(grads, torch.autograd.grad(y, ps, c))

    def test_between_ordinary_steps(self, candidate, rng):
        """Gradients flow on to what came before the call, and through several calls in a row."""
        x, w, c = (randn(rng, 9) for _ in range(3))
        a, b = leaves(x, w)
        y = torch.tanh((torch.tanh(a * a * b) + a) * b) * b
        got = upstream(candidate, x, w, c)
        assert_close(got[0], y.detach(), dtype=DOUBLE)
        require_gradients(got[1:], torch.autograd.grad(y, (a, b), c))

    def test_calls_and_leavings(self, candidate, rng):
        """The function runs once forward and once backward, and nothing of its inside survives either."""
        for _ in range(2):
            x, w = randn(rng, 6, 5), randn(rng, 5, 5)
            forward, left, total, left_after, gx, gw = calls_and_leavings(candidate, x, w)
            assert forward == 1, f"before backward the function ran {forward} times"
            assert left == 0, f"of 3 tensors computed inside, {left} are kept for the backward pass"
            assert total == 2, f"with one backward pass the function ran {total} times in all"
            assert left_after == 0, f"of 6 tensors computed inside, {left_after} outlive the backward pass"
            a, b = leaves(x, w)
            require_gradients([gx, gw], torch.autograd.grad(torch.tanh(a @ b).square().sum(), (a, b)))

    def test_one_inside_at_a_time(self, candidate, rng):
        """In a long chain of checkpoints the inside of one alone is alive at any time."""
        for steps in (6, 9):
            x, w = randn(rng, 7), randn(rng, 7)
            (forward, backward), y, gx, gw = most_alive(candidate, x, w, steps)
            # a step computes three; another two may still be in the hands of a node that is just being left
            assert 1 <= forward <= 5, f"up to {forward} tensors from inside were alive in the forward pass"
            assert 1 <= backward <= 5, f"up to {backward} tensors from inside were alive in the backward pass"
            a, b = leaves(x, w)
            h = a
            for _ in range(steps):
                h = (torch.tanh(h * b).square() + h) / 2
            assert_close(y, h.detach(), dtype=DOUBLE)
            require_gradients([gx, gw], torch.autograd.grad(h.sum(), (a, b)))

    def test_without_gradients(self, candidate, rng):
        """Where gradients are switched off it is a plain call."""
        for _ in range(2):
            x, w = randn(rng, 4, 5), randn(rng, 5, 3)
            assert_close(without_gradients(candidate, x, w), [1, False, x @ w], dtype=DOUBLE)

    def test_randomness_repeats(self, candidate, rng):
        """The recomputation draws the same random numbers, whatever was drawn in between."""
        for count in (1, 3):
            x, w = randn(rng, 8, 9), randn(rng, 8, 9)
            plain, ys, gx, gw, _ = randomised(candidate, x, w, 0.4, seed_of(rng), count)
            assert_equal(len(ys), count)
            for y, want in zip(ys, plain, strict=True):
                assert torch.equal(y, want), "the result is not that of a plain call with the same seed"
            kept = (torch.stack(ys) != 0).double().sum(0)
            require_gradients([gx, gw], [kept * w, kept * x])

    def test_generator_goes_on(self, candidate, rng):
        """After either pass the global generator stands where it would stand without checkpointing."""
        for count in (1, 2):
            x, w = randn(rng, 6), randn(rng, 6)
            _, ys, _, _, states = randomised(candidate, x, w, 0.5, seed_of(rng), count)
            assert torch.equal(states[1], states[0]), "after the forward pass the generator stands elsewhere"
            assert torch.equal(states[3], states[2]), "the backward pass moved the generator"
            assert_equal(len(ys), count)

    def test_arguments_of_all_kinds(self, candidate, rng):
        """Numbers, texts, None, lists and tensors of whole numbers are handed on, by position and by keyword."""
        for power in (2, 3):
            x, scale, bias = randn(rng, 7), randn(rng, 4), randn(rng, 4)
            index = torch.tensor(integers(rng, 0, 6, 4))
            a, s, b = leaves(x, scale, bias)
            y = (a[index] * s) ** power + b
            *got, seen = many_kinds(candidate, x, scale, bias, index, power)
            assert_close(got[0], y.detach(), dtype=DOUBLE)
            require_gradients(got[1:], torch.autograd.grad(y.sum(), (a, s, b)))
            assert_equal(seen, [["add", power, [1, 2], None, True, True, False]] * 2)

    def test_several_outputs(self, candidate, rng):
        """Of several results any may be left out of the loss, and whole numbers have no gradient."""
        for used in ((True, True), (True, False), (False, True)):
            x, w, cs = randn(rng, 6), randn(rng, 6), [randn(rng, 6), randn(rng, 6)]
            a, b = leaves(x, w)
            ys = torch.sin(a * b), torch.exp(-a) * b
            loss = sum((y * c).sum() for y, c, u in zip(ys, cs, used, strict=True) if u)
            one, place, two, gx, gw, _ = several_outputs(candidate, x, w, cs, used)
            assert_close([one, two], [y.detach() for y in ys], dtype=DOUBLE)
            assert_equal(place, x.argmax())
            require_gradients([gx, gw], torch.autograd.grad(loss, (a, b)))

    def test_one_call_for_all_outputs(self, candidate, rng):
        """However many results enter the loss, the function is called once more for all of them."""
        for used in ((True, True), (True, False)):
            cs = [randn(rng, 6), randn(rng, 6)]
            *_, calls = several_outputs(candidate, randn(rng, 6), randn(rng, 6), cs, used)
            assert calls == 2, f"with one backward pass the function ran {calls} times in all"

    def test_same_tensor_twice(self, candidate, rng):
        """A tensor that is given several times, by position and by keyword, collects the gradients of all places."""
        for _ in range(2):
            x, c = randn(rng, 8), randn(rng, 8)
            (a,) = leaves(x)
            y = torch.exp(3 * a) * torch.sin(torch.exp(a))
            got = same_twice(candidate, x, c)
            assert_close(got[0], y.detach(), dtype=DOUBLE)
            require_gradients(got[1:], torch.autograd.grad(y, a, c))

    def test_gradients_add_up(self, candidate, rng):
        """Gradients are added to those that are there already."""
        for _ in range(2):
            x, w, start = randn(rng, 5), randn(rng, 5), [randn(rng, 5), randn(rng, 5)]
            want = [start[0] + 4 * x * w**2, start[1] + 4 * w * x**2]
            require_gradients(accumulated(candidate, x, w, start), want)

    def test_shapes_and_layouts(self, candidate, rng):
        """Single numbers, empty and transposed tensors and single precision are accepted."""
        cases = [randn(rng), randn(rng, 0, 3), randn(rng, 4, 5).t(), randn(rng, 6, dtype=torch.float32)]
        for x in cases:
            y, grad = of_any_shape(candidate, x)
            assert_close(y, x * x, dtype=x.dtype)
            assert_gradient(grad, 6 * x, dtype=x.dtype)

    def test_exceptions(self, candidate, rng):
        """What the function raises comes through, in either pass."""
        for when in (1, 2):
            with raises(KeyError):
                failing(candidate, randn(rng, 3), when)

    def test_memory(self, candidate, rng, budget):
        """A chain of checkpoints takes little more memory than one of its steps."""

        def make():
            # 34 MB for each tensor inside of a step: blocks that large go back to the system as soon as they are free
            return torch.rand(4300, generator=rng, dtype=DOUBLE), randn(rng, 1000), 5

        budget.memory(long_chain, make)


# --- checkpoint-sequence --------------------------------------------------------------------------


@probe
def sequence_run(candidate, x, weights, segments):
    """Layers in a sequence: the result, all gradients, and how often each layer ran before and after backward."""
    x, ws, calls = x.detach().clone().requires_grad_(), [nn.Parameter(w.clone()) for w in weights], [0] * len(weights)

    def layer(i):
        def run(x):
            calls[i] += 1
            return torch.tanh(x * ws[i]) + x / 2

        return run

    y = candidate.checkpoint_sequence([layer(i) for i in range(len(ws))], x, segments)
    before = list(calls)
    y.sum().backward()
    return [y.detach(), x.grad, torch.stack([w.grad for w in ws]), before, calls]


@probe
def sequence_kept(candidate, x, count, segments):
    """Which layers' results are alive after the forward pass, and how many are at most during the backward pass."""
    import gc

    refs, most = [], [0]
    weights = [nn.Parameter(torch.full_like(x, 0.9)) for _ in range(count)]

    def layer(i):
        def run(x):
            y = torch.tanh(x * weights[i])
            refs.append(y.untyped_storage()._weak_ref())
            most[0] = max(most[0], sum(not torch.UntypedStorage._expired(ref) for ref in refs))
            return y

        return run

    y = candidate.checkpoint_sequence([layer(i) for i in range(count)], x.clone().requires_grad_(), segments)
    gc.collect()
    alive = [not torch.UntypedStorage._expired(ref) for ref in refs]
    most[0] = 0
    y.sum().backward()
    return [alive, most[0]]


@probe
def sequence_of_modules(candidate, x, weights, p, seed, segments):
    """Linear layers with dropout behind each: results and gradients, first of a plain run, then of the candidate's."""
    found = []
    for plain in (True, False):
        layers = []
        for w in weights:
            linear = nn.Linear(w.shape[1], w.shape[0], bias=False)
            linear.weight = nn.Parameter(w.clone())
            layers += [linear, lambda h: h * (torch.rand(h.shape) >= p)]
        torch.manual_seed(seed)
        y = x
        if plain:
            for layer in layers:
                y = layer(y)
        else:
            y = candidate.checkpoint_sequence(layers, x, segments)
        torch.rand(3)
        y.square().sum().backward()
        found.append([y.detach(), [linear.weight.grad for linear in layers[::2]]])
    return found


@probe
def sequence_without_gradients(candidate, x, count, segments):
    """A run under no_grad: calls of each layer, and whether the result wants gradients."""
    calls = [0] * count

    def layer(i):
        def run(x):
            calls[i] += 1
            return x * (i + 2)

        return run

    with torch.no_grad():
        y = candidate.checkpoint_sequence([layer(i) for i in range(count)], x.clone().requires_grad_(), segments)
    return [calls, y.requires_grad, y]


@probe
def sequence_refused(candidate, count, segments):
    """Ask for a number of segments that there cannot be."""
    candidate.checkpoint_sequence([torch.sin] * count, torch.ones(2, requires_grad=True), segments)
    return 0


def lengths_of(count, segments):
    """The lengths of segments that differ by one at most, longer ones first."""
    return [count // segments + (i < count % segments) for i in range(segments)]


class TestCheckpointSequence:
    def check_calls(self, candidate, rng, count, segments):
        *_, before, after = sequence_run(candidate, randn(rng, 3), list(randn(rng, count, 3)), segments)
        first = count - lengths_of(count, segments)[-1]
        assert before == [1] * count, "in the forward pass not every layer ran exactly once"
        assert after[first:] == [1] * (count - first), "a layer of the last segment ran again"
        assert after[:first] == [2] * first, "a layer before the last segment did not run exactly twice"

    def check_kept(self, candidate, rng, count, segments):
        alive, _ = sequence_kept(candidate, randn(rng, 4), count, segments)
        lengths = lengths_of(count, segments)
        want = [i == size - 1 for size in lengths[:-1] for i in range(size)] + [True] * lengths[-1]
        assert not any(a and not w for a, w in zip(alive, want, strict=True)), "the inside of a segment is kept"
        assert alive == want, "an input of a segment, or something of the last one, is not kept"

    def test_result_and_gradients(self, candidate, rng):
        """However many segments there are, result and gradients are those of a plain run."""
        for segments in (1, 2, 3, 7):
            x, ws = randn(rng, 5), randn(rng, 7, 5)
            a, bs = leaves(x, ws)
            h = a
            for b in bs:
                h = torch.tanh(h * b) + h / 2
            got = sequence_run(candidate, x, list(ws), segments)
            assert_close(got[0], h.detach(), dtype=DOUBLE)
            require_gradients(got[1:3], torch.autograd.grad(h.sum(), (a, bs)))

    def test_calls(self, candidate, rng):
        """Every layer runs once forward and once more backward, but those of the last segment are not repeated."""
        for count, segments in ((6, 3), (8, 4), (5, 5), (8, 1)):
            self.check_calls(candidate, rng, count, segments)

    def test_uneven_segments(self, candidate, rng):
        """Segments differ in length by one layer at most, and the longer ones come first."""
        for count, segments in ((7, 3), (11, 4), (5, 2)):
            self.check_calls(candidate, rng, count, segments)
            self.check_kept(candidate, rng, count, segments)

    def test_what_is_kept(self, candidate, rng):
        """After the forward pass only the last segment and the inputs of segments are kept."""
        for count, segments in ((12, 4), (9, 3), (6, 6)):
            self.check_kept(candidate, rng, count, segments)

    def test_one_segment_at_a_time(self, candidate, rng):
        """In the backward pass no more than one segment is there beside the inputs of others."""
        for count, segments in ((16, 4), (25, 5)):
            _, most = sequence_kept(candidate, randn(rng, 4), count, segments)
            length = count // segments
            # the last results of a segment may still be in the hands of a node that is just being left
            assert most <= segments + length + 1, f"up to {most} of {count} results were alive"
            assert most >= length, "in the backward pass no segment was run again"

    def test_randomness(self, candidate, rng):
        """Dropout between the layers keeps its masks, and all parameters learn though the input does not."""
        for segments in (2, 3):
            x, ws = randn(rng, 5, 6), [randn(rng, 6, 6) for _ in range(4)]
            plain, got = sequence_of_modules(candidate, x, ws, 0.4, seed_of(rng), segments)
            assert torch.equal(got[0], plain[0]), "the result is not that of a plain run with the same seed"
            require_gradients(got[1], plain[1])
            assert_equal(len(got[1]), 4)

    def test_last_layer_gradient(self, candidate, rng):
        """The gradient of the last weight is that of its own segment's input."""
        for segments in (1, 2):
            x, ws = randn(rng, 3), randn(rng, 4, 3)
            h = x
            for w in ws[:-1]:
                h = torch.tanh(h * w) + h / 2
            *_, grads, _, _ = sequence_run(candidate, x, list(ws), segments)
            assert_gradient(grads[-1], h * (1 - torch.tanh(h * ws[-1]) ** 2), dtype=DOUBLE)

    def test_without_gradients(self, candidate, rng):
        """Where gradients are switched off every layer runs once."""
        for segments in (1, 3):
            x = randn(rng, 4)
            want = [[1] * 5, False, x * math.prod(range(2, 7))]
            assert_close(sequence_without_gradients(candidate, x, 5, segments), want, dtype=DOUBLE)

    def test_refused(self, candidate, rng):
        """No segments, more segments than layers, and no layers at all are refused."""
        for count, segments in ((3, 0), (3, 4), (3, -1), (0, 0), (0, 1)):
            with raises(ValueError):
                sequence_refused(candidate, count, segments)


# --- sqrt-rule ------------------------------------------------------------------------------------


def slowdown64(n, count):
    """Time of a step with recomputation over that without, a backward pass taking twice a forward one."""
    recomputed = n - n // count
    return (3 * n + recomputed) / (3 * n)


class TestSqrtRule:
    def test_small_numbers(self, candidate, rng):
        """For small numbers of layers the answer is the best of all counts, the smallest of several."""
        for n in [1, 2, 3, 5, *integers(rng, 4, 300, 12)]:
            peak, count = min((k + -(-n // k), k) for k in range(1, n + 1))
            assert_equal(candidate.best_segment_count(n)[:2], (count, peak))

    def test_time(self, candidate, rng):
        """A backward step takes two forward ones, and the layers of the last segment are not run again."""
        for n in [1, 2, 7, *integers(rng, 4, 300, 6)]:
            count, _, slowdown = candidate.best_segment_count(n)
            assert 1 <= count <= n, "there cannot be so many segments"
            assert_close(slowdown, slowdown64(n, count))

    def test_squares(self, candidate, rng):
        """For a square number of layers its root is the one answer."""
        for root in integers(rng, 10, 1000, 3):
            assert_equal(candidate.best_segment_count(root**2)[:2], (root, 2 * root))

    def test_beside_squares(self, candidate, rng):
        """Just beside squares and products of neighbours, where the peak changes, the answer is exact."""
        for root in integers(rng, 5, 40, 4):
            for n in (root**2 + 1, root**2 - 1, root * (root + 1), root * (root + 1) + 1):
                peak, count = min((k + -(-n // k), k) for k in range(1, n + 1))
                assert_equal(candidate.best_segment_count(n)[:2], (count, peak))

    def test_huge_numbers(self, candidate, rng):
        """Numbers far beyond what floats can hold exactly are answered exactly and at once."""
        roots = integers(rng, 10**7, 3 * 10**8, 3)
        for n in [*(r * r for r in roots), *(r * r + 1 for r in roots), *(r * r + r + 1 for r in roots)]:
            count, peak, slowdown = candidate.best_segment_count(n)
            assert count * (peak - count) >= n, "with so many segments the peak is higher than said"
            assert (peak - 1) ** 2 // 4 < n, "some number of segments has a lower peak"
            assert (count - 1) * (peak - count + 1) < n, "a smaller number of segments has the same peak"
            assert_close(slowdown, slowdown64(n, count))

    def test_refused(self, candidate, rng):
        """Without layers there is no answer."""
        for n in (0, -4):
            with raises(ValueError):
                candidate.best_segment_count(n)


# --- segment-plan ---------------------------------------------------------------------------------


def peak_of(outputs, inner, lengths):
    """The peak of a segmentation, after making sure that it is one."""
    assert all(type(size) is int and size >= 1 for size in lengths), "a segment has no layers"
    assert sum(lengths) == len(inner), "the lengths do not add up to the number of layers"
    ends = list(itertools.accumulate(lengths))
    widths = [sum(inner[end - size : end]) for size, end in zip(lengths, ends, strict=True)]
    return sum(outputs[end - 1] for end in ends[:-1]) + max(widths)


def lowest_peak(outputs, inner):
    """The lowest peak: for every width that a segment can have, the least that has to be kept."""
    n, total = len(inner), [0, *itertools.accumulate(inner)]
    best = math.inf
    for width in {b - a for a, b in itertools.combinations(total, 2)}:

        @functools.cache
        def kept(end, width=width):
            if end == 0:
                return 0
            own = outputs[end - 1] if end < n else 0
            return own + min((kept(i) for i in range(end) if total[end] - total[i] <= width), default=math.inf)

        best = min(best, kept(n) + width)
    return best


def require_best(candidate, outputs, inner):
    """Fail if there is a segmentation with a lower peak than the candidate's."""
    got = peak_of(outputs, inner, candidate.optimal_segments(outputs, inner))
    best = lowest_peak(outputs, inner)
    assert got == best, f"another segmentation has a peak that is lower by {1 - best / got:.1%}"


class TestSegmentPlan:
    def test_random_layers(self, candidate, rng):
        """The answer is the length of each segment, together all layers, and no other segmentation has a lower peak."""
        for _ in range(12):
            n = integers(rng, 2, 10, 1)[0]
            require_best(candidate, integers(rng, 0, 20, n), integers(rng, 0, 30, n))

    def test_equal_layers(self, candidate, rng):
        """For equal layers the segments follow the square-root rule, all inputs but the first being kept."""
        for n in (1, 2, 9, *integers(rng, 10, 25, 2)):
            got = peak_of([1] * n, [1] * n, candidate.optimal_segments([1] * n, [1] * n))
            assert_equal(got, min(k - 1 + -(-n // k) for k in range(1, n + 1)))

    def test_narrow_places(self, candidate, rng):
        """What a cut costs is the output of the layer before it, so small outputs save."""
        for _ in range(3):
            n = 12
            outputs, inner = integers(rng, 500, 900, n), integers(rng, 80, 120, n)
            for place in integers(rng, 1, n - 2, 3):
                outputs[place] = 1
            require_best(candidate, outputs, inner)

    def test_uneven_layers(self, candidate, rng):
        """One layer that is larger than all others together makes cutting elsewhere pointless or worth it."""
        for size in (50, 400):
            inner = integers(rng, 5, 15, 9)
            inner[integers(rng, 0, 8, 1)[0]] = size
            require_best(candidate, integers(rng, 1, 12, 9), inner)

    def test_nothing_to_gain(self, candidate, rng):
        """Where every cut costs more than it saves, the layers stay together."""
        for n in (1, 4, 7):
            inner = integers(rng, 1, 9, n)
            assert_equal(candidate.optimal_segments([sum(inner) + 1] * n, inner), [n])

    def test_free_cuts(self, candidate, rng):
        """Where cuts cost nothing, the peak is that of the largest layer."""
        for n in (3, 8):
            inner = integers(rng, 1, 50, n)
            assert_equal(peak_of([0] * n, inner, candidate.optimal_segments([0] * n, inner)), max(inner))

    def test_last_output(self, candidate, rng):
        """The output of the last layer is no input of any segment and does not count."""
        for last in (0, 10**9):
            outputs, inner = [*integers(rng, 0, 9, 7), last], integers(rng, 5, 20, 8)
            require_best(candidate, outputs, inner)

    def test_many_layers(self, candidate, rng):
        """Thirty layers with sizes in the millions are planned in time."""
        for _ in range(2):
            require_best(candidate, integers(rng, 0, 3 * 10**6, 30), integers(rng, 0, 10**7, 30))

    def test_refused(self, candidate, rng):
        """No layers, lists of different lengths and negative sizes are refused."""
        sizes = integers(rng, 1, 9, 3)
        for outputs, inner in (([], []), (sizes, sizes[:2]), (sizes[:2], sizes), ([1, -1], [1, 1]), ([1, 1], [-1, 1])):
            with raises(ValueError):
                candidate.optimal_segments(outputs, inner)


# --- memory-plan ----------------------------------------------------------------------------------


def cost_of(sizes, costs, budget, plan):
    """The cost of a plan, after making sure that it fits."""
    assert [type(again) for again in plan] == [bool] * len(sizes), "not one decision a block"
    kept = 0
    for size, again in zip(sizes, plan, strict=True):
        assert kept + size <= budget, "the plan needs more memory than there is"
        kept += 0 if again else size
    return sum(cost for cost, again in zip(costs, plan, strict=True) if again)


def lowest_cost(sizes, costs, budget):
    """The cost of the cheapest plan that fits, by what is kept after each block."""
    cheapest = {0: 0}
    for size, cost in zip(sizes, costs, strict=True):
        fits = {kept: spent for kept, spent in cheapest.items() if kept + size <= budget}
        cheapest = {kept: spent + cost for kept, spent in fits.items()}
        for kept, spent in fits.items():
            cheapest[kept + size] = min(spent, cheapest.get(kept + size, math.inf))
    return min(cheapest.values())


def require_cheapest(candidate, sizes, costs, budget):
    """Fail if there is a cheaper plan than the candidate's."""
    got = cost_of(sizes, costs, budget, candidate.cheapest_plan(sizes, costs, budget))
    best = lowest_cost(sizes, costs, budget)
    assert got == best, f"another plan fits and costs less by {1 - best / got:.1%}"


class TestMemoryPlan:
    def test_random_blocks(self, candidate, rng):
        """No other plan that fits costs less."""
        for _ in range(12):
            n = integers(rng, 2, 10, 1)[0]
            sizes, costs = integers(rng, 1, 20, n), integers(rng, 1, 30, n)
            budget = max(sizes) + integers(rng, 0, sum(sizes) // 2, 1)[0]
            require_cheapest(candidate, sizes, costs, budget)

    def test_everything_fits(self, candidate, rng):
        """Where all blocks fit, nothing is recomputed."""
        for n in (1, 6):
            sizes, costs = integers(rng, 1, 20, n), integers(rng, 1, 30, n)
            assert_equal(candidate.cheapest_plan(sizes, costs, sum(sizes)), [False] * n)

    def test_later_blocks_are_gone(self, candidate, rng):
        """When an early block is recomputed the later ones have been freed."""
        for _ in range(3):
            sizes, costs = [30, *integers(rng, 5, 9, 3)], [1, *integers(rng, 40, 90, 3)]
            plan = candidate.cheapest_plan(sizes, costs, 30)
            assert_equal(cost_of(sizes, costs, 30, plan), 1)

    def test_no_room_at_all(self, candidate, rng):
        """Where two blocks never fit together, only the last is kept."""
        for n in (2, 5):
            size = integers(rng, 1, 50, 1)[0]
            plan = candidate.cheapest_plan([size] * n, integers(rng, 1, 9, n), size + (size - 1) // 2)
            assert_equal(plan, [True] * (n - 1) + [False])

    def test_room_for_recomputing(self, candidate, rng):
        """A block that is recomputed has to fit beside what is kept at that time."""
        for _ in range(4):
            sizes, costs = integers(rng, 1, 9, 8), integers(rng, 1, 30, 8)
            sizes[5] = 40
            costs[5] = 1
            require_cheapest(candidate, sizes, costs, 40 + integers(rng, 0, 12, 1)[0])

    def test_values_against_weights(self, candidate, rng):
        """Neither the cheapest blocks nor those that free most for their cost are the ones to take."""
        for _ in range(6):
            sizes = [s * 7 + 3 for s in integers(rng, 1, 9, 12)]
            costs = [s + integers(rng, 0, 6, 1)[0] for s in sizes]
            require_cheapest(candidate, sizes, costs, max(sizes) + sum(sizes) // 3)

    def test_zeros(self, candidate, rng):
        """Blocks without a size are kept for nothing, blocks without a cost are recomputed for nothing."""
        for _ in range(3):
            sizes, costs = integers(rng, 0, 2, 9), integers(rng, 0, 2, 9)
            require_cheapest(candidate, sizes, costs, max(sizes) + 1)
        assert_equal(candidate.cheapest_plan([], [], 0), [])

    def test_many_blocks(self, candidate, rng):
        """Sixty blocks are planned in time."""
        for _ in range(2):
            require_cheapest(candidate, integers(rng, 1, 60, 60), integers(rng, 1, 1000, 60), 400)

    def test_refused(self, candidate, rng):
        """A block larger than the memory, negative numbers and lists of different lengths are refused."""
        sizes, costs = integers(rng, 2, 9, 3), integers(rng, 1, 9, 3)
        bad = [(sizes, costs, max(sizes) - 1), (sizes, costs[:2], 99), (sizes[:2], costs, 99)]
        bad += [([1, -1], [1, 1], 9), ([1, 1], [1, -1], 9), ([], [], -1)]
        for args in bad:
            with raises(ValueError):
                candidate.cheapest_plan(*args)


# --- snapshot-steps -------------------------------------------------------------------------------


@functools.cache
def fewest_steps(n, slots):
    """By definition: the best place for the next state to store, then both halves."""
    if n == 1:
        return 0
    if slots == 1:
        return n * (n - 1) // 2
    return min(j + fewest_steps(n - j, slots - 1) + fewest_steps(j, slots) for j in range(1, n))


class TestSnapshotSteps:
    def test_small_chains(self, candidate, rng):
        """For small chains the number counts forward steps alone, with the best place for every stored state."""
        for n, slots in zip(integers(rng, 2, 40, 14), integers(rng, 1, 6, 14), strict=True):
            assert_equal(candidate.recompute_steps(n, slots), fewest_steps(n, slots))

    def test_two_slots(self, candidate, rng):
        """With two slots the numbers of short chains are exact."""
        for n in range(2, 24, 3):
            assert_equal(candidate.recompute_steps(n, 2), fewest_steps(n, 2))

    def test_one_slot(self, candidate, rng):
        """The start takes one of the slots: with no other, every state is reached from there."""
        for n in (1, *integers(rng, 2, 10**9, 3)):
            assert_equal(candidate.recompute_steps(n, 1), n * (n - 1) // 2)

    def test_a_slot_for_every_state(self, candidate, rng):
        """With a slot for every state one sweep is enough, and more slots change nothing."""
        for n in (1, 2, *integers(rng, 3, 1000, 3)):
            for slots in (n, n + 5, 10**6):
                assert_equal(candidate.recompute_steps(n, slots), n - 1)

    def test_full_chains(self, candidate, rng):
        """The longest chain in which no step is repeated more often than r times has a number of its own."""
        for slots, repeats in zip(integers(rng, 3, 12, 6), integers(rng, 3, 12, 6), strict=True):
            n = math.comb(slots + repeats, slots)
            want = repeats * n - math.comb(slots + repeats, slots + 1)
            assert_equal(candidate.recompute_steps(n, slots), want)
            assert_equal(candidate.recompute_steps(n + 1, slots), want + repeats + 1)

    def test_long_chains(self, candidate, rng):
        """Chains of billions of steps are answered exactly and at once."""
        for slots in (2, 3, 20, 1000):
            n = integers(rng, 10**9, 10**12, 1)[0]
            repeats = 0
            while math.comb(slots + repeats + 2**20, slots) < n:
                repeats += 2**20
            step = 2**19
            while step:
                repeats += step if math.comb(slots + repeats + step, slots) < n else 0
                step //= 2
            repeats += 1
            want = repeats * n - math.comb(slots + repeats, slots + 1)
            assert_equal(candidate.recompute_steps(n, slots), want)

    def test_refused(self, candidate, rng):
        """Without steps or without slots there is no answer."""
        for n, slots in ((0, 3), (3, 0), (-1, 1), (1, -1)):
            with raises(ValueError):
                candidate.recompute_steps(n, slots)
