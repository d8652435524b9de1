"""Hidden tests of linear attention: every expected value is a quadratic sum in float64."""

import torch
from torch import Generator, Tensor

from grader.testing import assert_close, assert_equal, assert_gradient, probe, raises


def features(rng: Generator, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Non-negative features, some of them exactly zero."""
    return torch.randn(shape, generator=rng, dtype=dtype).add_(0.5).clamp_(min=0)


def normal(rng: Generator, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Standard normal numbers."""
    return torch.randn(shape, generator=rng, dtype=dtype)


def integer(rng: Generator, low: int, high: int) -> int:
    """A random whole number from low up to high, both included."""
    return int(torch.randint(low, high + 1, (1,), generator=rng))


def weighted_average(q: Tensor, k: Tensor, v: Tensor, visible: Tensor | None = None) -> Tensor:
    """The quadratic definition in float64; a row whose weights sum to zero is zero."""
    weights = q.double() @ k.double().mT
    if visible is not None:
        weights = weights * visible
    total = weights.sum(-1, keepdim=True)
    return torch.where(total > 0, (weights / torch.where(total > 0, total, 1)) @ v.double(), 0.0)


def causal_average(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The quadratic definition over each position's own past."""
    length = q.shape[-2]
    return weighted_average(q, k, v, torch.ones(length, length).tril())


def memory_of(k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """The state after all keys: the sum of k vᵀ and the sum of k."""
    return torch.einsum("...tm,...tv->...mv", k.double(), v.double()), k.double().sum(-2)


def favor(x: Tensor, w: Tensor) -> Tensor:
    """Positive random features in float64, one feature at a time."""
    x, w = x.double(), w.double()
    columns = [torch.exp((x * row).sum(-1) - (x * x).sum(-1) / 2) for row in w]
    return torch.stack(columns, -1) / len(w) ** 0.5


def relative_error(q: Tensor, k: Tensor, v: Tensor, w: Tensor) -> Tensor:
    """The error of attention by random features for one head, in float64."""
    q, k = q.double() / q.shape[-1] ** 0.25, k.double() / q.shape[-1] ** 0.25
    exact = torch.exp(q @ k.mT)
    exact = exact / exact.sum(-1, keepdim=True) @ v.double()
    near = weighted_average(favor(q, w), favor(k, w), v)
    return ((near - exact) ** 2).sum().sqrt() / (exact**2).sum().sqrt()


def shares_recalled(keys: Tensor, values: Tensor, rule: str) -> Tensor:
    """The recall curve by replaying every prefix from an empty memory, in float64."""
    keys, values = keys.double() / keys.double().norm(dim=-1, keepdim=True), values.double()
    curve = []
    for n in range(1, len(keys) + 1):
        memory = torch.zeros(keys.shape[1], values.shape[1], dtype=torch.float64)
        for key, value in zip(keys[:n], values[:n], strict=True):
            written = value - key @ memory if rule == "delta" else value
            memory += key[:, None] * written[None, :]
        gaps = (keys[:n, None] @ memory - values[None, :n]).norm(dim=-1)
        curve.append(sum(row.index(min(row)) == i for i, row in enumerate(gaps.tolist())) / n)
    return torch.tensor(curve, dtype=torch.float64)


def orthonormal(rng: Generator, size: int) -> Tensor:
    """The rows of a random rotation in float64."""
    return torch.linalg.qr(normal(rng, size, size, dtype=torch.float64))[0]


@probe
def masked_gradients(candidate, q, k, v, keep, cotangent) -> tuple[Tensor, Tensor, Tensor]:
    q, k, v = (x.detach().clone().requires_grad_() for x in (q, k, v))
    out = candidate.linear_attention(q, k, v, keep)
    return torch.autograd.grad(out, (q, k, v), cotangent, allow_unused=True, materialize_grads=True)


@probe
def feature_gradient(candidate, x, kind, w, cotangent) -> Tensor:
    x = x.detach().clone().requires_grad_()
    return torch.autograd.grad(candidate.kernel_features(x, kind, w), x, cotangent)[0]


@probe
def walk(candidate, q, k, v) -> tuple[Tensor, Tensor, Tensor]:
    state, outs = None, []
    for t in range(q.shape[-2]):
        out, state = candidate.recurrent_step(q[..., t, :], k[..., t, :], v[..., t, :], state)
        outs.append(out)
    return torch.stack(outs, -2), state[0], state[1]


@probe
def branches(candidate, q, k, v) -> Tensor:
    _, root = candidate.recurrent_step(q[0], k[0], v[0])
    return torch.stack([candidate.recurrent_step(q[t], k[t], v[t], root)[0] for t in (1, 2, 1)])


@probe(mutates=True)
def reused_buffer(candidate, q, k, v) -> Tensor:
    key, value = k[0].clone(), v[0].clone()
    _, state = candidate.recurrent_step(q[0], key, value)
    key.copy_(k[1])
    value.copy_(v[1])
    return candidate.recurrent_step(q[1], key, value, state)[0]


@probe
def gradients_through_time(candidate, q, k, v, cotangent) -> tuple[Tensor, Tensor]:
    k, v = k.detach().clone().requires_grad_(), v.detach().clone().requires_grad_()
    state = None
    for t in range(q.shape[-2]):
        out, state = candidate.recurrent_step(q[..., t, :], k[..., t, :], v[..., t, :], state)
    return torch.autograd.grad(out, (k, v), cotangent, allow_unused=True, materialize_grads=True)


@probe
def last_answers(candidate, name, positions, channels) -> Tensor:
    """Answers to the last queries, of sequences made here: moving them would cost more than the work."""
    q, k, v = ((along[:, None] - across).abs()[None] for along, across in zip(positions, channels, strict=True))
    return getattr(candidate, name)(q, k, v)[:, -3:].clone()


@probe
def causal_gradients(candidate, q, k, v, cotangent) -> tuple[Tensor, Tensor, Tensor]:
    q, k, v = (x.detach().clone().requires_grad_() for x in (q, k, v))
    out = candidate.causal_attention(q, k, v)
    return torch.autograd.grad(out, (q, k, v), cotangent, allow_unused=True, materialize_grads=True)


@probe
def stretches(candidate, q, k, v, lengths, chunk) -> tuple[Tensor, Tensor, Tensor]:
    state, outs = None, []
    for a, b, c in zip(*(x.split(lengths, -2) for x in (q, k, v)), strict=True):
        out, state = candidate.chunked_attention(a, b, c, chunk, state)
        outs.append(out)
    return torch.cat(outs, -2), state[0], state[1]


@probe
def chunk_gradients(candidate, q, k, v, s, z, chunk, cotangents) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    inputs = [x.detach().clone().requires_grad_() for x in (q, k, v, s, z)]
    out, state = candidate.chunked_attention(*inputs[:3], chunk, (inputs[3], inputs[4]))
    return torch.autograd.grad((out, *state), inputs, cotangents, allow_unused=True, materialize_grads=True)


@probe
def state_bytes(candidate, q, k, v, chunk) -> list[int]:
    _, state = candidate.chunked_attention(q, k, v, chunk)
    return [part.untyped_storage().nbytes() for part in state]


class TestLinearAttention:
    def test_weighted_average(self, candidate, rng):
        """Every query gets the average of the values, weighted by q·k."""
        for _ in range(2):
            q, k, v = features(rng, 2, 3, 5, 7), features(rng, 2, 3, 11, 7), normal(rng, 2, 3, 11, 4)
            assert_close(candidate.linear_attention(q, k, v), weighted_average(q, k, v))

    def test_shapes(self, candidate, rng):
        """Any number of leading dimensions and any lengths work."""
        for _ in range(4):
            lead = [integer(rng, 1, 3) for _ in range(integer(rng, 0, 3))]
            t, s, m, d = (integer(rng, 1, 13) for _ in range(4))
            q, k, v = features(rng, *lead, t, m) + 0.1, features(rng, *lead, s, m) + 0.1, normal(rng, *lead, s, d)
            assert_close(candidate.linear_attention(q, k, v), weighted_average(q, k, v))

    def test_scale_of_features(self, candidate, rng):
        """Scaling all queries or all keys changes nothing, however small the scale."""
        q, k, v = features(rng, 6, 5) + 0.1, features(rng, 9, 5) + 0.1, normal(rng, 9, 3)
        want = weighted_average(q, k, v)
        for power in (-40, -20, 30):
            assert_close(candidate.linear_attention(q, k * 2.0**power, v), want)
            assert_close(candidate.linear_attention(q * 2.0**power, k, v), want)

    def test_hidden_keys(self, candidate, rng):
        """Hidden keys and their values have no influence."""
        for _ in range(2):
            q, k, v = features(rng, 2, 5, 6), features(rng, 2, 8, 6) + 0.1, normal(rng, 2, 8, 3)
            keep = torch.rand(2, 8, generator=rng) < 0.6
            keep[:, 0] = True
            assert_close(candidate.linear_attention(q, k, v, keep), weighted_average(q, k, v, keep.unsqueeze(-2)))

    def test_garbage_in_hidden_keys(self, candidate, rng):
        """What stands in hidden places may be NaN or infinite."""
        q, k, v = features(rng, 4, 5), features(rng, 7, 5) + 0.1, normal(rng, 7, 3)
        keep = torch.tensor([True, True, False, True, False, True, False])
        want = weighted_average(q, k, v, keep)
        for garbage in (float("nan"), float("inf")):
            bad_k, bad_v = k.clone(), v.clone()
            bad_k[~keep] = garbage
            assert_close(candidate.linear_attention(q, bad_k, v, keep), want)
            bad_v[~keep] = garbage
            assert_close(candidate.linear_attention(q, bad_k, bad_v, keep), want)

    def test_mask_shared_by_heads(self, candidate, rng):
        """A mask of one row per sample serves all heads of the sample."""
        q, k, v = features(rng, 3, 4, 5, 6), features(rng, 3, 4, 7, 6) + 0.1, normal(rng, 3, 4, 7, 2)
        keep = torch.rand(3, 1, 7, generator=rng) < 0.5
        assert_close(candidate.linear_attention(q, k, v, keep), weighted_average(q, k, v, keep.unsqueeze(-2)))

    def test_rows_without_mass(self, candidate, rng):
        """A query whose weights sum to zero gets zeros, the other rows stay right."""
        q, k, v = features(rng, 2, 5, 4) + 0.1, features(rng, 2, 6, 4) + 0.1, normal(rng, 2, 6, 3)
        q[0, 2] = 0
        keep = torch.tensor([[True], [False]]).expand(2, 6)
        assert_close(candidate.linear_attention(q, k, v, keep), weighted_average(q, k, v, keep.unsqueeze(-2)))

    def test_empty_sizes(self, candidate, rng):
        """No keys give zeros; no queries or no samples give an empty answer."""
        for lead, t, s in ((2, 3, 0), (2, 0, 4), (0, 3, 4)):
            q, k, v = features(rng, lead, t, 5), features(rng, lead, s, 5), normal(rng, lead, s, 2)
            assert_close(candidate.linear_attention(q, k, v), torch.zeros(lead, t, 2))
        q, k, v = features(rng, 2, 3, 5) + 0.1, features(rng, 2, 1, 5) + 0.1, normal(rng, 2, 1, 2)
        assert_close(candidate.linear_attention(q, k, v), v.double().expand(2, 3, 2))

    def test_gradients(self, candidate, rng):
        """Gradients are those of the definition; rows without mass and hidden keys pass none."""
        q, k, v = (f(rng, 2, 5, 4, dtype=torch.float64) for f in (features, features, normal))
        q, k = q + 0.1, k + 0.1
        q[1, 3] = 0
        keep = torch.tensor([[True, False, True, True, False], [True, True, True, False, True]])
        cotangent = normal(rng, 2, 5, 4, dtype=torch.float64)
        got = masked_gradients(candidate, q, k, v, keep, cotangent)
        inputs = [x.clone().requires_grad_() for x in (q, k, v)]
        rows = q.sum(-1, keepdim=True) > 0
        out = weighted_average(torch.where(rows, inputs[0], 1.0), inputs[1], inputs[2], keep.unsqueeze(-2))
        assert_gradient(got, torch.autograd.grad(out, inputs, cotangent * rows), dtype=torch.float64)

    def test_memory_layout(self, candidate, rng):
        """Transposed, sliced and expanded inputs give the same answer."""
        q = features(rng, 6, 2, 5).transpose(0, 1)
        k = (features(rng, 1, 14, 5) + 0.1)[:, ::2].expand(2, 7, 5)
        v = normal(rng, 2, 3, 7).mT
        assert_close(candidate.linear_attention(q, k, v), weighted_average(q, k, v))

    def test_double_precision(self, candidate, rng):
        """Double precision in, double precision out."""
        q, k, v = (f(rng, 9, 6, dtype=torch.float64) for f in (features, features, normal))
        assert_close(candidate.linear_attention(q, k + 0.1, v), weighted_average(q, k + 0.1, v), dtype=torch.float64)

    def test_refuses_shapes(self, candidate, rng):
        """Widths, lengths and leading dimensions that do not match are refused."""
        q, k, v = features(rng, 2, 4, 5), features(rng, 2, 6, 5), normal(rng, 2, 6, 3)
        for bad in ((q[..., :4], k, v), (q, k, v[:, :1]), (q, k[:1], v), (q[:1], k, v), (q, k, v[0])):
            with raises(ValueError):
                candidate.linear_attention(*bad)

    def test_cost_grows_with_length(self, candidate, rng, budget):
        """Twice the length costs about twice the time."""
        far = 16_384

        def make(n: int) -> tuple[str, Tensor, Tensor]:
            width = 320 if n < far else 80  # the narrower, the more a square of the length stands out
            return "linear_attention", normal(rng, 3, n), normal(rng, 3, width)

        budget.growth(last_answers, make, sizes=[512, 1024, 2048, 4096], far=far)


class TestKernelFeatures:
    def test_elu_values(self, candidate, rng):
        """elu+1 is x + 1 above zero and e to the x below."""
        for _ in range(2):
            x = normal(rng, 2, 7, 5) * 3
            x[0, 0, 0] = 0
            want = torch.where(x > 0, x.double() + 1, x.double().exp())
            assert_close(candidate.kernel_features(x, "elu+1"), want)

    def test_elu_far_below_zero(self, candidate, rng):
        """elu+1 stays positive, with full relative precision, far below zero."""
        for centre in (-12, -30, -60):
            x = normal(rng, 4, 6) + centre
            # The exponent itself is rounded to about 60 * 2^-24, which is all that float32 leaves.
            assert_close(candidate.kernel_features(x, "elu+1"), x.double().exp(), rtol=2e-5, atol=0.0)

    def test_elu_gradient(self, candidate, rng):
        """The slope of elu+1 is one above and at zero, e to the x below, and finite everywhere."""
        x = normal(rng, 3, 8) * 4
        x[0, :4] = torch.tensor([0.0, 500.0, -500.0, 90.0])
        cotangent = normal(rng, 3, 8)
        want = cotangent.double() * x.double().clamp(max=0).exp()
        assert_gradient(feature_gradient(candidate, x, "elu+1", None, cotangent), want)

    def test_favor_values(self, candidate, rng):
        """favor+ is the exponential of the projection less half the square, over the root of M."""
        for m in (3, 8, 8):
            x, w = normal(rng, 2, 5, 4), normal(rng, m, 4)
            assert_close(candidate.kernel_features(x, "favor+", w), favor(x, w))

    def test_favor_large_projections(self, candidate, rng):
        """A projection and a square that are both huge but balance give finite features."""
        w = normal(rng, 16, 64)
        x = 2 * w
        # The exponent is a difference of numbers near 130, so float32 leaves it uncertain by some 1e-5.
        assert_close(candidate.kernel_features(x, "favor+", w), favor(x, w), rtol=2e-4)

    def test_favor_estimates_the_kernel(self, candidate, rng):
        """Products of favor+ features average to e to the q·k."""
        q, k = normal(rng, 4, 3) * 0.4, normal(rng, 5, 3) * 0.4
        w = normal(rng, 8192, 3)
        estimate = candidate.kernel_features(q, "favor+", w) @ candidate.kernel_features(k, "favor+", w).mT
        kernel = (q.double() @ k.double().mT).exp()
        spread = ((q.double().unsqueeze(1) + k.double()).square().sum(-1).exp() - 1) / 8192
        errors = (estimate.double() - kernel) / (kernel * spread.sqrt())
        # Eight standard errors of the estimator: a right answer fails less than once in a million runs.
        assert_close(errors, torch.zeros(4, 5), atol=8.0, dtype=torch.float64)

    def test_positions_do_not_mix(self, candidate, rng):
        """The features of a position depend on that position alone."""
        x, w = normal(rng, 2, 6, 4), normal(rng, 5, 4)
        other = x.clone()
        other[:, -1] = 3 * w[0]
        for kind, want in (("favor+", favor(x, w)), ("elu+1", torch.where(x > 0, x + 1, x.exp()).double())):
            assert_close(candidate.kernel_features(x, kind, w)[:, :-1], want[:, :-1])
            assert_close(candidate.kernel_features(other, kind, w)[:, :-1], want[:, :-1])

    def test_favor_gradient(self, candidate, rng):
        """Gradients of favor+ reach x through the projection and through the square."""
        x, w = normal(rng, 3, 4, dtype=torch.float64), normal(rng, 6, 4, dtype=torch.float64)
        cotangent = normal(rng, 3, 6, dtype=torch.float64)
        leaf = x.clone().requires_grad_()
        want = torch.autograd.grad(favor(leaf, w), leaf, cotangent)[0]
        assert_gradient(feature_gradient(candidate, x, "favor+", w, cotangent), want, dtype=torch.float64)

    def test_memory_layout(self, candidate, rng):
        """Vectors of any rank and layout, empty ones too, are mapped alike."""
        w = normal(rng, 4, 6).mT
        for x in (normal(rng, 4, 3).mT, normal(rng, 2, 1, 5, 8)[..., ::2], normal(rng, 4), normal(rng, 0, 4)):
            assert_close(candidate.kernel_features(x, "favor+", w), favor(x, w))
            assert_close(candidate.kernel_features(x, "elu+1"), torch.where(x > 0, x + 1, x.exp()).double())

    def test_double_precision(self, candidate, rng):
        """Double precision in, double precision out."""
        x, w = normal(rng, 5, 4, dtype=torch.float64), normal(rng, 7, 4, dtype=torch.float64)
        assert_close(candidate.kernel_features(x, "favor+", w), favor(x, w), dtype=torch.float64)
        want = torch.where(x > 0, x + 1, x.exp())
        assert_close(candidate.kernel_features(x, "elu+1"), want, dtype=torch.float64)

    def test_refuses(self, candidate, rng):
        """Unknown kinds and missing or misfit directions are refused."""
        x, w = normal(rng, 3, 4), normal(rng, 5, 4)
        for bad in ((x, "relu", w), (x, "favor+"), (x, "favor+", w[:, :3]), (x, "favor+", w[0])):
            with raises(ValueError):
                candidate.kernel_features(*bad)


class TestRecurrentStep:
    def test_first_token(self, candidate, rng):
        """The first token sees itself alone, so its output is its own value."""
        for _ in range(2):
            q, k, v = features(rng, 3, 5) + 0.1, features(rng, 3, 5) + 0.1, normal(rng, 3, 4)
            out, (s, z) = candidate.recurrent_step(q, k, v)
            assert_close(out, v.double())
            assert_close(s, k.double().unsqueeze(-1) * v.double().unsqueeze(-2))
            assert_close(z, k.double())

    def test_steps_equal_the_sum(self, candidate, rng):
        """Token by token gives what the sum over each position's past gives."""
        for _ in range(2):
            q, k, v = features(rng, 2, 3, 17, 5), features(rng, 2, 3, 17, 5), normal(rng, 2, 3, 17, 4)
            out, s, z = walk(candidate, q, k, v)
            assert_close(out, causal_average(q, k, v), reduction=17)  # a state sums 17 tokens
            assert_close((s, z), memory_of(k, v), reduction=17)

    def test_state_goes_on(self, candidate, rng):
        """A state handed in from elsewhere is continued."""
        q, k, v = features(rng, 9, 5) + 0.1, features(rng, 9, 5) + 0.1, normal(rng, 9, 4)
        s, z = (part.float() for part in memory_of(k[:-1], v[:-1]))
        out, state = candidate.recurrent_step(q[-1], k[-1], v[-1], (s, z))
        assert_close(out, causal_average(q, k, v)[-1], reduction=9)  # a state sums 9 tokens
        assert_close(state, memory_of(k, v), reduction=9)

    def test_branches(self, candidate, rng):
        """One state can be continued several times, each continuation blind to the others."""
        for _ in range(2):
            q, k, v = features(rng, 3, 5) + 0.1, features(rng, 3, 5) + 0.1, normal(rng, 3, 4)
            want = [causal_average(*(x[[0, t]] for x in (q, k, v)))[-1] for t in (1, 2, 1)]
            assert_close(branches(candidate, q, k, v), torch.stack(want))

    def test_reused_buffers(self, candidate, rng):
        """The state keeps its numbers when the caller writes the next token into the same buffers."""
        for _ in range(2):
            q, k, v = features(rng, 2, 5) + 0.1, features(rng, 2, 5) + 0.1, normal(rng, 2, 4)
            assert_close(reused_buffer(candidate, q, k, v), causal_average(q, k, v)[-1])

    def test_half_precision_tokens(self, candidate, rng):
        """Tokens in bfloat16 are summed in float32 over a long sequence and answered in bfloat16."""
        q, k, v = features(rng, 120, 2) + 0.1, features(rng, 120, 2) + 1, normal(rng, 120, 3) + 2
        v[70:] -= 4
        q, k, v = q.bfloat16(), k.bfloat16(), v.bfloat16()
        out, s, z = walk(candidate, q, k, v)
        assert_close((s, z), memory_of(k, v), reduction=120)  # a state sums 120 tokens
        assert_close(out, causal_average(q, k, v), dtype=torch.bfloat16)

    def test_gradients_through_time(self, candidate, rng):
        """The last output sends gradients to every earlier key and value."""
        q, k, v = (f(rng, 2, 7, 4, dtype=torch.float64) for f in (features, features, normal))
        q, k, cotangent = q + 0.1, k + 0.1, normal(rng, 2, 4, dtype=torch.float64)
        leaves = [x.clone().requires_grad_() for x in (k, v)]
        want = torch.autograd.grad(causal_average(q, *leaves)[:, -1], leaves, cotangent)
        assert_gradient(gradients_through_time(candidate, q, k, v, cotangent), want, dtype=torch.float64)

    def test_without_mass(self, candidate, rng):
        """A token that finds no mass gets zeros, and later tokens are not harmed."""
        q, k, v = features(rng, 2, 6, 4) + 0.1, features(rng, 2, 6, 4) + 0.1, normal(rng, 2, 6, 3)
        k[0, :3] = 0
        q[1, 4] = 0
        assert_close(walk(candidate, q, k, v)[0], causal_average(q, k, v))

    def test_scale_of_features(self, candidate, rng):
        """Scaling the keys changes no output, however small the scale."""
        q, k, v = features(rng, 5, 4) + 0.1, features(rng, 5, 4) + 0.1, normal(rng, 5, 3)
        for power in (-40, 30):
            assert_close(walk(candidate, q, k * 2.0**power, v)[0], causal_average(q, k, v))

    def test_refuses_shapes(self, candidate, rng):
        """Tokens whose shapes do not belong together are refused."""
        q, k, v = features(rng, 2, 5), features(rng, 2, 5), normal(rng, 2, 3)
        for bad in ((q[:, :1], k, v), (q[:1], k, v), (q, k[:1], v), (q, k, v[0])):
            with raises(ValueError):
                candidate.recurrent_step(*bad)


class TestCausalAttention:
    def test_average_over_the_past(self, candidate, rng):
        """Every position averages the values up to and including its own."""
        for _ in range(2):
            q, k, v = features(rng, 2, 3, 19, 6), features(rng, 2, 3, 19, 6), normal(rng, 2, 3, 19, 4)
            assert_close(candidate.causal_attention(q, k, v), causal_average(q, k, v), reduction=19)  # sums of 19

    def test_lengths(self, candidate, rng):
        """Lengths of one, of a power of two and just beside it, and prime lengths work."""
        for length in (1, 2, 31, 64, 65, 128, 131, integer(rng, 150, 300)):
            q, k, v = features(rng, 2, length, 4), features(rng, 2, length, 4) + 0.1, normal(rng, 2, length, 3)
            # A position sums up to `length` terms.
            assert_close(candidate.causal_attention(q, k, v), causal_average(q, k, v), reduction=length)

    def test_first_position(self, candidate, rng):
        """The first position returns its own value."""
        for _ in range(2):
            q, k, v = features(rng, 2, 5, 4) + 0.1, features(rng, 2, 5, 4) + 0.1, normal(rng, 2, 5, 3)
            assert_close(candidate.causal_attention(q, k, v)[:, 0], v[:, 0].double())

    def test_future_does_not_leak(self, candidate, rng):
        """Later keys and values, however large, leave earlier outputs as they were."""
        q, k, v = features(rng, 150, 4) + 0.1, features(rng, 150, 4) + 0.1, normal(rng, 150, 3)
        want = causal_average(q, k, v)
        for end in (integer(rng, 1, 60), integer(rng, 70, 149)):
            loud_k, loud_v = k.clone(), v.clone()
            loud_k[end:] *= 1e10
            loud_v[end:] *= 1e15
            assert_close(candidate.causal_attention(q, loud_k, loud_v)[:end], want[:end], reduction=150)  # sums of 150

    def test_gradients(self, candidate, rng):
        """Gradients flow from each output to its own past only."""
        q, k, v = (f(rng, 2, 70, 3, dtype=torch.float64) for f in (features, features, normal))
        q, k, cotangent = q + 0.1, k + 0.1, normal(rng, 2, 70, 3, dtype=torch.float64)
        leaves = [x.clone().requires_grad_() for x in (q, k, v)]
        want = torch.autograd.grad(causal_average(*leaves), leaves, cotangent)
        assert_gradient(causal_gradients(candidate, q, k, v, cotangent), want, dtype=torch.float64)

    def test_without_mass(self, candidate, rng):
        """Positions that find no mass get zeros, the others stay right."""
        q, k, v = features(rng, 2, 9, 4) + 0.1, features(rng, 2, 9, 4) + 0.1, normal(rng, 2, 9, 3)
        k[0, :4] = 0
        q[1, 6] = 0
        assert_close(candidate.causal_attention(q, k, v), causal_average(q, k, v))

    def test_scale_of_features(self, candidate, rng):
        """Scaling the features changes nothing, however small the scale."""
        q, k, v = features(rng, 9, 4) + 0.1, features(rng, 9, 4) + 0.1, normal(rng, 9, 3)
        for power in (-40, 30):
            assert_close(candidate.causal_attention(q, k * 2.0**power, v), causal_average(q, k, v))

    def test_memory_layout(self, candidate, rng):
        """Transposed, sliced and expanded inputs give the same answer."""
        q = features(rng, 11, 2, 5).transpose(0, 1)
        k = (features(rng, 1, 22, 5) + 0.1)[:, ::2].expand(2, 11, 5)
        v = normal(rng, 2, 3, 11).mT
        assert_close(candidate.causal_attention(q, k, v), causal_average(q, k, v))

    def test_double_precision(self, candidate, rng):
        """Double precision in, double precision out."""
        q, k, v = (f(rng, 75, 5, dtype=torch.float64) for f in (features, features, normal))
        assert_close(candidate.causal_attention(q, k + 0.1, v), causal_average(q, k + 0.1, v), dtype=torch.float64)

    def test_empty_sizes(self, candidate, rng):
        """No positions or no samples give an empty answer, unbatched input works."""
        for lead, length in ((2, 0), (0, 3)):
            got = candidate.causal_attention(*(features(rng, lead, length, 4) for _ in range(3)))
            assert_close(got, torch.zeros(lead, length, 4))
        q, k, v = features(rng, 6, 1) + 0.1, features(rng, 6, 1) + 0.1, normal(rng, 6, 1)
        assert_close(candidate.causal_attention(q, k, v), causal_average(q, k, v))

    def test_refuses_shapes(self, candidate, rng):
        """Other lengths for queries than for keys, and shapes that do not match, are refused."""
        q, k, v = features(rng, 2, 6, 5), features(rng, 2, 6, 5), normal(rng, 2, 6, 3)
        for bad in ((q[:, :4], k, v), (q[..., :1], k, v), (q, k, v[:, :1]), (q, k[:1], v)):
            with raises(ValueError):
                candidate.causal_attention(*bad)

    def test_cost_grows_with_length(self, candidate, rng, budget):
        """Twice the length costs about twice the time."""

        def make(n: int) -> tuple[str, Tensor, Tensor]:
            return "causal_attention", normal(rng, 3, n), normal(rng, 3, 96)

        budget.growth(last_answers, make, sizes=[768, 1536, 3072, 6144], far=16_384)


class TestApproximationError:
    def test_against_softmax(self, candidate, rng):
        """Softmax and features see one temperature; the error is their distance over the norm of softmax's answer."""
        for _ in range(2):
            q, k, v = (normal(rng, n, d, dtype=torch.float64) for n, d in ((5, 4), (7, 4), (7, 3)))
            w = normal(rng, 6, 4, dtype=torch.float64)
            got = candidate.approximation_error(q, k, v, w)
            assert_close(got, relative_error(q, k, v, w), dtype=torch.float64)

    def test_one_error_for_each_head(self, candidate, rng):
        """Every leading index has an error of its own."""
        for _ in range(2):
            q, k, v = (normal(rng, 2, 3, n, 5, dtype=torch.float64) for n in (4, 6, 6))
            v[0] *= 10
            w = normal(rng, 8, 5, dtype=torch.float64)
            want = [relative_error(a, b, c, w) for a, b, c in zip(*(x.flatten(0, 1) for x in (q, k, v)), strict=True)]
            got = candidate.approximation_error(q, k, v, w)
            assert_close(got, torch.stack(want).reshape(2, 3), dtype=torch.float64)

    def test_single_precision(self, candidate, rng):
        """Single precision in, single precision out."""
        for _ in range(2):
            q, k, v, w = normal(rng, 6, 4), normal(rng, 8, 4), normal(rng, 8, 4), normal(rng, 12, 4)
            # The error is a small difference of two averages, each good to 1e-6 or so.
            assert_close(candidate.approximation_error(q, k, v, w), relative_error(q, k, v, w), rtol=5e-4)

    def test_more_features_help(self, candidate, rng):
        """With many more random directions the error becomes small."""
        q, k, v = (normal(rng, 16, n, 4, dtype=torch.float64) * 0.6 for n in (5, 6, 6))
        few, many = (normal(rng, m, 4, dtype=torch.float64) for m in (4, 4096))
        coarse, fine = (candidate.approximation_error(q, k, v, w).mean().item() for w in (few, many))
        assert_equal(4 * fine < coarse, True)  # the error falls like the root of 1024

    def test_scale_of_values(self, candidate, rng):
        """Scaling the values leaves the relative error as it was."""
        q, k, v, w = (normal(rng, n, 4, dtype=torch.float64) for n in (5, 7, 7, 6))
        for scale in (1e-8, 1e6):
            got = candidate.approximation_error(q, k, v * scale, w)
            assert_close(got, relative_error(q, k, v, w), dtype=torch.float64)

    def test_no_error(self, candidate, rng):
        """Where all values or all keys agree there is nothing to approximate."""
        q, k, v, w = (normal(rng, n, 4, dtype=torch.float64) for n in (5, 7, 7, 6))
        zero = torch.zeros((), dtype=torch.float64)
        for same_k, same_v in ((k, v[:1].expand(7, 4)), (k[:1].expand(7, 4), v)):
            got = candidate.approximation_error(q, same_k, same_v, w)
            assert_close(got, zero, atol=1e-12, dtype=torch.float64)  # rounding only

    def test_refuses_shapes(self, candidate, rng):
        """Widths and lengths that do not match are refused."""
        q, k, v, w = normal(rng, 5, 4), normal(rng, 7, 4), normal(rng, 7, 3), normal(rng, 6, 4)
        for bad in ((q, k[:, :3], v, w), (q, k, v[:1], w), (q, k, v, w[:, :3])):
            with raises(ValueError):
                candidate.approximation_error(*bad)


class TestRecallCurve:
    def test_random_pairs(self, candidate, rng):
        """After every write a pair is recalled if its own value is nearest, in Euclidean distance, to the answer."""
        for rule in ("sum", "delta", "sum", "delta"):
            keys, values = normal(rng, 18, 4, dtype=torch.float64), normal(rng, 18, 3, dtype=torch.float64)
            got = candidate.recall_curve(keys, values, rule)
            assert_close(got, shares_recalled(keys, values, rule), dtype=torch.float64)

    def test_length_of_keys(self, candidate, rng):
        """Only the direction of a key counts."""
        keys, values = normal(rng, 12, 4, dtype=torch.float64), normal(rng, 12, 3, dtype=torch.float64)
        scale = torch.rand(12, 1, generator=rng, dtype=torch.float64) * 20 + 0.05
        for rule in ("sum", "delta"):
            got = candidate.recall_curve(keys * scale, values, rule)
            assert_close(got, candidate.recall_curve(keys, values, rule), dtype=torch.float64)

    def test_orthogonal_keys(self, candidate, rng):
        """As many orthogonal keys as the memory is wide are all recalled."""
        keys = orthonormal(rng, 7) * (torch.rand(7, 1, generator=rng, dtype=torch.float64) * 9 + 0.1)
        for values in (normal(rng, 7, 2, dtype=torch.float64), normal(rng, 7, 5, dtype=torch.float64) * 1e3):
            for rule in ("sum", "delta"):
                got = candidate.recall_curve(keys, values, rule)
                assert_close(got, torch.ones(7), dtype=torch.float64)

    def test_overwritten_keys(self, candidate, rng):
        """The delta rule replaces the value of a key that comes again and keeps the other pairs."""
        keys = orthonormal(rng, 5)
        keys = torch.cat([keys, 3 * keys[torch.randperm(5, generator=rng)]])
        for _ in range(2):
            got = candidate.recall_curve(keys, normal(rng, 10, 6, dtype=torch.float64), "delta")
            want = [1.0] * 5 + [5 / n for n in range(6, 11)]
            assert_close(got, torch.tensor(want, dtype=torch.float64), dtype=torch.float64)

    def test_later_pairs(self, candidate, rng):
        """An entry of the curve knows nothing of the pairs written after it."""
        keys, values = normal(rng, 14, 3, dtype=torch.float64), normal(rng, 14, 3, dtype=torch.float64)
        for rule in ("sum", "delta"):
            want = shares_recalled(keys, values, rule)
            other = values.clone()
            other[9:] = values[:5] + 1e-3
            assert_close(candidate.recall_curve(keys, other, rule)[:9], want[:9], dtype=torch.float64)
            assert_close(candidate.recall_curve(keys[:9], values[:9], rule), want[:9], dtype=torch.float64)

    def test_sum_is_the_default(self, candidate, rng):
        """Without a rule pairs are summed."""
        for _ in range(2):
            keys, values = normal(rng, 16, 3, dtype=torch.float64), normal(rng, 16, 3, dtype=torch.float64)
            want = shares_recalled(keys, values, "sum")
            assert_close(candidate.recall_curve(keys, values), want, dtype=torch.float64)

    def test_capacity(self, candidate, rng):
        """Far more pairs than dimensions are no longer recalled."""
        keys, values = normal(rng, 40, 2, dtype=torch.float64), normal(rng, 40, 8, dtype=torch.float64)
        for rule in ("sum", "delta"):
            curve = candidate.recall_curve(keys, values, rule)
            assert_equal(bool(curve[0] == 1 and 0 <= curve[-1] < 0.5), True)

    def test_small_and_single(self, candidate, rng):
        """No pairs give an empty curve, one pair is recalled, and the dtype is that of the keys."""
        for rule in ("sum", "delta"):
            assert_close(candidate.recall_curve(normal(rng, 0, 3), normal(rng, 0, 2), rule), torch.zeros(0))
            assert_close(candidate.recall_curve(normal(rng, 1, 3), normal(rng, 1, 2), rule), torch.ones(1))
        keys = orthonormal(rng, 4).float().repeat(2, 1)
        want = torch.tensor([1.0] * 4 + [4 / n for n in range(5, 9)])
        assert_close(candidate.recall_curve(keys, normal(rng, 8, 5), "delta"), want)

    def test_refuses(self, candidate, rng):
        """Unknown rules and keys without values are refused."""
        keys, values = normal(rng, 5, 4), normal(rng, 5, 3)
        for bad in ((keys, values, "hebb"), (keys[:4], values), (keys, values[:4], "delta"), (keys, values[0])):
            with raises(ValueError):
                candidate.recall_curve(*bad)


class TestChunkedAttention:
    def test_any_chunk(self, candidate, rng):
        """The size of a chunk changes nothing, whether it divides the length or exceeds it."""
        q, k, v = features(rng, 2, 23, 5), features(rng, 2, 23, 5) + 0.1, normal(rng, 2, 23, 4)
        for chunk in (1, 2, 5, 22, 23, 24, 100):
            out, state = candidate.chunked_attention(q, k, v, chunk)
            assert_close(out, causal_average(q, k, v), reduction=23)  # sums of 23 terms
            assert_close(state, memory_of(k, v), reduction=23)

    def test_any_cut(self, candidate, rng):
        """A sequence fed in stretches gives what it gives in one piece."""
        for _ in range(2):
            a, b = sorted((integer(rng, 1, 40), integer(rng, 1, 40)))
            lengths = [a, b - a, 41 - b]
            q, k, v = features(rng, 3, 41, 5), features(rng, 3, 41, 5) + 0.1, normal(rng, 3, 41, 4)
            out, s, z = stretches(candidate, q, k, v, lengths, integer(rng, 2, 9))
            assert_close(out, causal_average(q, k, v), reduction=41)  # sums of 41 terms
            assert_close((s, z), memory_of(k, v), reduction=41)

    def test_state_goes_on(self, candidate, rng):
        """A state handed in from elsewhere counts for every position of the stretch."""
        for _ in range(2):
            q, k, v = features(rng, 2, 30, 4) + 0.1, features(rng, 2, 30, 4) + 0.1, normal(rng, 2, 30, 3)
            start = tuple(part.float() for part in memory_of(k[:, :19], v[:, :19]))
            out, state = candidate.chunked_attention(q[:, 19:], k[:, 19:], v[:, 19:], 4, start)
            assert_close(out, causal_average(q, k, v)[:, 19:], reduction=30)  # sums of 30 terms
            assert_close(state, memory_of(k, v), reduction=30)

    def test_empty_stretch(self, candidate, rng):
        """A stretch without positions hands its state on, and starts from zeros without one."""
        k, v = features(rng, 2, 5, 4), normal(rng, 2, 5, 3)
        start = tuple(part.float() for part in memory_of(k, v))
        out, state = candidate.chunked_attention(k[:, :0], k[:, :0], v[:, :0], 3, start)
        assert_close(out, torch.zeros(2, 0, 3))
        assert_close(state, memory_of(k, v))
        out, state = candidate.chunked_attention(k[:, :0], k[:, :0], v[:, :0], 3)
        assert_close(state, (torch.zeros(2, 4, 3), torch.zeros(2, 4)))

    def test_future_does_not_leak(self, candidate, rng):
        """Later keys and values, however large, leave earlier outputs as they were."""
        q, k, v = features(rng, 40, 4) + 0.1, features(rng, 40, 4) + 0.1, normal(rng, 40, 3)
        want = causal_average(q, k, v)
        end = integer(rng, 5, 35)
        k[end:] *= 1e10
        v[end:] *= 1e15
        for chunk in (4, 40):
            assert_close(candidate.chunked_attention(q, k, v, chunk)[0][:end], want[:end], reduction=40)  # sums of 40

    def test_gradients(self, candidate, rng):
        """Gradients reach the stretch and the state it began with, from the outputs and the new state."""
        q, k, v = (f(rng, 2, 17, 3, dtype=torch.float64) for f in (features, features, normal))
        q, k = q + 0.1, k + 0.1
        past_k, past_v = features(rng, 2, 5, 3, dtype=torch.float64) + 0.1, normal(rng, 2, 5, 3, dtype=torch.float64)
        leaves = [x.clone().requires_grad_() for x in (q, k, v, *memory_of(past_k, past_v))]
        a, b, c, s, z = leaves
        weights = (a @ b.mT).tril()
        total = weights.sum(-1, keepdim=True) + a @ z.unsqueeze(-1)
        outputs = ((weights @ c + a @ s) / total, s + b.mT @ c, z + b.sum(-2))
        cotangents = [normal(rng, *x.shape, dtype=torch.float64) for x in outputs]
        got = chunk_gradients(candidate, *(x.detach() for x in leaves), 4, cotangents)
        assert_gradient(got, torch.autograd.grad(outputs, leaves, cotangents), dtype=torch.float64)

    def test_without_mass(self, candidate, rng):
        """Positions that find no mass get zeros, the others stay right."""
        q, k, v = features(rng, 2, 9, 4) + 0.1, features(rng, 2, 9, 4) + 0.1, normal(rng, 2, 9, 3)
        k[0, :4] = 0
        q[1, 6] = 0
        assert_close(candidate.chunked_attention(q, k, v, 3)[0], causal_average(q, k, v))

    def test_memory_layout(self, candidate, rng):
        """Transposed, sliced and expanded inputs, states included, give the same answer."""
        q = features(rng, 11, 2, 5).transpose(0, 1)
        k = (features(rng, 1, 22, 5) + 0.1)[:, ::2].expand(2, 11, 5)
        v = normal(rng, 2, 3, 11).mT
        s, z = memory_of(k[:1, :4], v[:1, :4])
        start = (s.float().mT.contiguous().mT.expand(2, 5, 3), z.float().expand(2, 5))
        out, state = candidate.chunked_attention(q[:, 4:], k[:, 4:], v[:, 4:], 3, start)
        assert_close(out[:1], causal_average(q[:1], k[:1], v[:1])[:, 4:])
        assert_close(tuple(part[:1] for part in state), memory_of(k[:1], v[:1]))

    def test_double_precision(self, candidate, rng):
        """Double precision in, double precision out, for outputs and state."""
        q, k, v = (f(rng, 20, 4, dtype=torch.float64) for f in (features, features, normal))
        out, state = candidate.chunked_attention(q, k + 0.1, v, 6)
        assert_close(out, causal_average(q, k + 0.1, v), dtype=torch.float64)
        assert_close(state, memory_of(k + 0.1, v), dtype=torch.float64)

    def test_state_is_small(self, candidate, rng):
        """The state holds its own numbers and keeps no larger tensor alive."""
        got = state_bytes(candidate, features(rng, 96, 4), features(rng, 96, 4), normal(rng, 96, 3), 4)
        assert_equal([48 <= got[0] <= 128, 16 <= got[1] <= 128], [True, True])

    def test_refuses(self, candidate, rng):
        """Chunks below one, and shapes that do not belong together, are refused."""
        q, k, v = features(rng, 2, 6, 5), features(rng, 2, 6, 5), normal(rng, 2, 6, 3)
        for bad in ((q, k, v, 0), (q, k, v, -2), (q[:, :4], k, v, 2), (q[:1], k, v, 2), (q, k, v[:, :1], 2)):
            with raises(ValueError):
                candidate.chunked_attention(*bad)

    def test_time(self, candidate, rng, budget):
        """A long sequence is not walked position by position."""

        def make() -> tuple[Tensor, Tensor, Tensor, int]:
            return features(rng, 12, 4096, 8), features(rng, 12, 4096, 8) + 0.1, normal(rng, 12, 4096, 8), 64

        budget.time("chunked_attention", make)

    def test_memory(self, candidate, rng, budget):
        """Neither a weight for each pair nor a state for each position is kept."""

        def make() -> tuple[Tensor, Tensor, Tensor, int]:
            return features(rng, 64, 1024, 32), features(rng, 64, 1024, 32) + 0.1, normal(rng, 64, 1024, 32), 64

        budget.memory("chunked_attention", make)
