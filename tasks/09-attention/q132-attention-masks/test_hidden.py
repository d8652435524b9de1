"""Hidden tests of masked attention: values against loops in float64, leak probes, and three budgets."""

import math

import pytest
import torch
from torch import Tensor

from grader.testing import assert_close, assert_equal, assert_gradient, probe, raises

INF = math.inf
NAN = math.nan


def softmax64(scores: Tensor, keep: Tensor) -> Tensor:
    """The definition in float64: exponentials of the visible scores over their sum, nothing else."""
    scores = scores.double()
    hidden = ~keep.expand(scores.shape)
    top = scores.detach().masked_fill(hidden, -INF).amax(-1, keepdim=True)
    power = (scores.masked_fill(hidden, 0.0) - top.clamp(min=-1e300)).masked_fill(hidden, -INF).exp()
    return power / power.sum(-1, keepdim=True).clamp(min=1e-300)


def attend64(q: Tensor, k: Tensor, v: Tensor, visible: Tensor) -> Tensor:
    """Attention in float64 under an explicit boolean mask."""
    scores = q.double() @ k.double().transpose(-2, -1) / math.sqrt(q.shape[-1])
    return softmax64(scores, visible) @ v.double()


def causal64(queries: int, keys: int, window: int | None) -> Tensor:
    """The causal rule, pair by pair."""
    mask = torch.zeros(queries, keys, dtype=torch.bool)
    for i in range(queries):
        position = keys - queries + i
        for j in range(keys):
            mask[i, j] = j <= position and (window is None or position - j < window)
    return mask


def packed64(document: Tensor, span: Tensor | None = None, window: int | None = None) -> Tensor:
    """The packing rule, pair by pair."""
    batch, length = document.shape
    mask = torch.zeros(batch, 1, length, length, dtype=torch.bool)
    for b in range(batch):
        owner = document[b].tolist()
        group = [0] * length if span is None else span[b].tolist()
        for i in range(length):
            for j in range(length):
                near = j <= i and (window is None or i - j < window)
                both = group[i] > 0 and group[i] == group[j]
                mask[b, 0, i, j] = owner[i] >= 0 and owner[i] == owner[j] and (near or both)
    return mask


def assert_attention(got: object, want: object, **options: torch.dtype) -> None:
    """Values of attention."""
    # One output is an average over up to 17 keys, each weighted by a sum over the width of a head.
    assert_close(got, want, reduction=16, **options)


def assert_attention_gradient(got: object, want: object) -> None:
    """Gradients of attention."""
    # A gradient sums over keys or queries, up to 11 of them, and over the width of a head.
    assert_gradient(got, want, reduction=16)


def normal(rng: torch.Generator, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Unit noise."""
    return torch.randn(*shape, generator=rng, dtype=dtype)


def coin(rng: torch.Generator, *shape: int) -> Tensor:
    """A fair coin for every element."""
    return torch.rand(*shape, generator=rng) < 0.5


def some_visible(rng: torch.Generator, *shape: int) -> Tensor:
    """A random mask with at least one visible and one hidden key a row."""
    keep = coin(rng, *shape)
    keep[..., 0] = True
    keep[..., -1] = False
    return keep.gather(-1, torch.rand(*shape, generator=rng).argsort(-1))


def integers(rng: torch.Generator, low: int, high: int, *shape: int) -> Tensor:
    """Random integers from low to high - 1."""
    return torch.randint(low, high, shape, generator=rng)


@probe
def softmax_gradient(candidate, scores, keep, cotangent) -> Tensor:
    leaf = scores.clone().requires_grad_()
    weights = candidate.masked_softmax(leaf * 1.0, keep)
    return torch.autograd.grad(weights, leaf, cotangent)[0]


@probe
def combine(candidate, dtype, *masks) -> Tensor:
    return candidate.combine_masks(list(masks), getattr(torch, dtype))


@probe
def attend(candidate, q, k, v, keep) -> Tensor:
    return candidate.cached_attention(q, k, v, keep)[0]


@probe
def attend_each(candidate, q, k, v, keep) -> Tensor:
    """Sequence after sequence, so that a cost a position is not drowned by the cost a pair."""
    sequences = zip(q.split(1), k.split(1), v.split(1), keep.split(1))
    return torch.cat([candidate.cached_attention(*sequence)[0] for sequence in sequences])


@probe
def attend_in_chunks(candidate, q, k, v, keep, sizes) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    outputs, cache, start = [], None, 0
    for size in sizes:
        new = slice(start, start + size)
        out, cache = candidate.cached_attention(q[:, :, new], k[:, :, new], v[:, :, new], keep[:, new], cache)
        outputs.append(out)
        start += size
    return torch.cat(outputs, 2), *cache


@probe
def attend_gradients(candidate, q, k, v, keep, cotangent, sizes) -> tuple[Tensor, Tensor, Tensor]:
    leaves = [x.clone().requires_grad_() for x in (q, k, v)]
    out = attend_in_chunks(candidate, *leaves, keep, sizes)[0]
    return torch.autograd.grad(out, leaves, cotangent)


@probe
def two_continuations(candidate, q, k, v, keep, half) -> tuple[Tensor, Tensor, Tensor]:
    """One prompt, three continuations of it, the last a repeat of the first."""
    past = [x[:, :, :half] for x in (q, k, v)]
    new = [x[:, :, half:] for x in (q, k, v)]
    _, cache = candidate.cached_attention(*past, keep[:, :half])
    first = candidate.cached_attention(*new, keep[:, half:], cache)[0].clone()
    second = candidate.cached_attention(*(-x for x in new), keep[:, half:], cache)[0].clone()
    return first, second, candidate.cached_attention(*new, keep[:, half:], cache)[0]


@probe
def streamed_gradients(candidate, q, k, v, document, cotangent, window, block) -> tuple[Tensor, Tensor, Tensor]:
    leaves = [x.clone().requires_grad_() for x in (q, k, v)]
    out = candidate.streamed_attention(*leaves, document, window, block)
    return torch.autograd.grad(out, leaves, cotangent)


class TestMaskedSoftmax:
    def test_values(self, candidate, rng):
        """Visible keys share the weight as a softmax over them alone would."""
        for _ in range(2):
            scores, keep = normal(rng, 3, 2, 5, 7), some_visible(rng, 3, 1, 5, 7)
            assert_close(candidate.masked_softmax(scores, keep), softmax64(scores, keep))

    def test_hidden_weights_are_zero(self, candidate, rng):
        """A hidden key has weight exactly 0, and the weights of the visible ones sum to 1."""
        keep = some_visible(rng, 4, 6, 11)
        weights = candidate.masked_softmax(normal(rng, 4, 6, 11), keep)
        assert_equal(weights * ~keep, torch.zeros(4, 6, 11))
        assert_close(weights.sum(-1), torch.ones(4, 6))

    def test_row_without_keys(self, candidate, rng):
        """A row that sees no key is all zeros, and its neighbours are untouched."""
        scores, keep = normal(rng, 2, 4, 5), some_visible(rng, 2, 4, 5)
        keep[0, 1] = keep[1, 3] = False
        assert_close(candidate.masked_softmax(scores, keep), softmax64(scores, keep))

    def test_nothing_visible_anywhere(self, candidate, rng):
        """A mask that hides everything gives zeros, not NaN and not a uniform guess."""
        got = candidate.masked_softmax(normal(rng, 3, 4), torch.zeros(3, 4, dtype=torch.bool))
        assert_equal(got, torch.zeros(3, 4))

    @pytest.mark.parametrize("garbage", [1e30, -1e30, INF, NAN], ids=["huge", "tiny", "infinite", "nan"])
    def test_hidden_scores_leak_nothing(self, candidate, rng, garbage):
        """Whatever a hidden score holds, the weights stay as they are."""
        scores, keep = normal(rng, 5, 8), some_visible(rng, 5, 8)
        keep[2] = False
        expected = softmax64(scores, keep)
        assert_close(candidate.masked_softmax(scores.masked_fill(~keep, garbage), keep), expected)

    @pytest.mark.parametrize("shape", [(5, 6), (6,), (5, 1), (3, 1, 1, 6), (3, 1, 5, 6), (1,)])
    def test_mask_broadcasts(self, candidate, rng, shape):
        """A mask with fewer or singleton dimensions stands for all it is broadcast over."""
        scores, keep = normal(rng, 3, 2, 5, 6), coin(rng, *shape)
        assert_close(candidate.masked_softmax(scores, keep), softmax64(scores, keep))

    def test_layout(self, candidate, rng):
        """Transposed, sliced and expanded tensors give what contiguous ones give."""
        scores, keep = normal(rng, 2, 14, 6)[:, ::2].transpose(1, 2), some_visible(rng, 1, 6, 7).expand(2, 6, 7)
        assert_close(candidate.masked_softmax(scores, keep), softmax64(scores, keep))
        flipped = keep.transpose(1, 2)
        assert_close(candidate.masked_softmax(scores.transpose(1, 2), flipped), softmax64(scores.mT, flipped))

    def test_large_scores(self, candidate, rng):
        """Visible scores of any finite size are handled, very negative rows included."""
        keep = some_visible(rng, 6, 9)
        scores = normal(rng, 6, 9, dtype=torch.float64) * 1e4
        assert_close(candidate.masked_softmax(scores.float(), keep), softmax64(scores.float(), keep))
        low = normal(rng, 6, 9, dtype=torch.float64) - 1e12
        assert_close(candidate.masked_softmax(low, keep), softmax64(low, keep), dtype=torch.float64)

    @pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16], ids=str)
    def test_dtypes(self, candidate, rng, dtype):
        """Every dtype comes back as it came in, and half precision is computed in float32 and rounded once."""
        scores, keep = (normal(rng, 4, 37) * 3).to(dtype), some_visible(rng, 4, 37)
        assert_close(candidate.masked_softmax(scores, keep), softmax64(scores, keep), dtype=dtype)

    def test_edge_shapes(self, candidate, rng):
        """One key, no keys, no queries and a bare vector of scores all work."""
        one = torch.tensor([[True], [False]])
        assert_equal(candidate.masked_softmax(normal(rng, 2, 1), one), one.float())
        assert_equal(candidate.masked_softmax(torch.zeros(2, 3, 0), one[:1].expand(3, 0)), torch.zeros(2, 3, 0))
        assert_equal(candidate.masked_softmax(torch.zeros(2, 0, 3), torch.ones(0, 3) > 0), torch.zeros(2, 0, 3))
        scores, keep = normal(rng, 13), some_visible(rng, 13)
        assert_close(candidate.masked_softmax(scores, keep), softmax64(scores, keep))

    def test_gradient(self, candidate, rng):
        """The gradient is that of the definition, also where a row sees no key."""
        scores, keep = normal(rng, 3, 4, 6), some_visible(rng, 3, 4, 6)
        keep[1, 2] = False
        cotangent = normal(rng, 3, 4, 6)
        weights = softmax64(scores, keep)
        want = weights * (cotangent - (weights * cotangent).sum(-1, keepdim=True))
        assert_gradient(softmax_gradient(candidate, scores, keep, cotangent), want)

    @pytest.mark.parametrize("garbage", [3e4, INF, NAN], ids=["large", "infinite", "nan"])
    def test_gradient_of_hidden_scores(self, candidate, rng, garbage):
        """Hidden scores of any value get a zero gradient and spoil no other."""
        keep = some_visible(rng, 4, 7)
        scores, cotangent = normal(rng, 4, 7).masked_fill(~keep, garbage), normal(rng, 4, 7)
        weights = softmax64(scores, keep)
        want = weights * (cotangent - (weights * cotangent).sum(-1, keepdim=True))
        assert_gradient(softmax_gradient(candidate, scores, keep, cotangent), want)

    def test_bad_masks(self, candidate, rng):
        """A mask that is not boolean, does not fit, or would enlarge the scores is refused."""
        scores = normal(rng, 2, 3)
        for keep in (torch.ones(2, 3), torch.ones(2, 3, dtype=torch.uint8)):
            with raises(ValueError):
                candidate.masked_softmax(scores, keep)
        for shape in ((2, 2), (3, 2), (4, 2, 3)):
            with raises(ValueError):
                candidate.masked_softmax(scores, torch.ones(shape, dtype=torch.bool))


class TestPaddingMask:
    def test_padding_at_the_end(self, candidate, rng):
        """Tokens are True and the padding behind them False, along the keys, for any number of heads and queries."""
        for _ in range(2):
            tokens = integers(rng, 1, 50, 4, 9)
            lengths = integers(rng, 1, 10, 4, 1)
            real = torch.arange(9) < lengths
            got = candidate.padding_mask(tokens.masked_fill(~real, 0), 0)
            assert_equal(got, real.reshape(4, 1, 1, 9))

    def test_padding_anywhere(self, candidate, rng):
        """Padding before, between and after tokens is found where it stands."""
        for _ in range(2):
            real = coin(rng, 5, 12)
            tokens = integers(rng, 10, 90, 5, 12).masked_fill(~real, 3)
            assert_equal(candidate.padding_mask(tokens, 3), real.reshape(5, 1, 1, 12))

    def test_only_the_pad_id_is_padding(self, candidate, rng):
        """Ids of zero, negative ids and ids next to the padding id are tokens like any other."""
        tokens = integers(rng, -3, 4, 6, 10)
        for pad_id in (-1, 2):
            want = torch.tensor([[t != pad_id for t in row] for row in tokens.tolist()])
            assert_equal(candidate.padding_mask(tokens, pad_id), want.reshape(6, 1, 1, 10))

    def test_integer_dtypes_and_layout(self, candidate, rng):
        """Narrow integers and transposed batches are read correctly."""
        tokens = integers(rng, 0, 3, 7, 4).T
        for dtype in (torch.int32, torch.uint8):
            assert_equal(candidate.padding_mask(tokens.to(dtype), 1), (tokens != 1).reshape(4, 1, 1, 7))

    def test_empty(self, candidate):
        """A batch without sequences and sequences without tokens give empty masks."""
        for shape in ((0, 5), (3, 0)):
            want = torch.zeros(shape[0], 1, 1, shape[1], dtype=torch.bool)
            assert_equal(candidate.padding_mask(torch.zeros(shape, dtype=torch.long), 0), want)

    def test_bad_tokens(self, candidate, rng):
        """A single sequence, a stack of batches, floats and booleans are refused."""
        ids = integers(rng, 0, 9, 2, 3, 4)
        for tokens in (ids[0].float(), ids[0] > 3, ids[0, 0], ids):
            with raises(ValueError):
                candidate.padding_mask(tokens, 0)


class TestCausalMask:
    @pytest.mark.parametrize("length", [1, 2, 7])
    def test_whole_sequence(self, candidate, length):
        """Every position sees itself and what came before."""
        assert_equal(candidate.causal_mask(length, length), causal64(length, length, None))

    def test_queries_stand_at_the_end(self, candidate, rng):
        """New queries see the cached keys as well as each other's past."""
        queries, past = (int(n) for n in integers(rng, 2, 6, 2))
        assert_equal(candidate.causal_mask(queries, past + queries), causal64(queries, past + queries, None))
        assert_equal(candidate.causal_mask(1, 6), torch.ones(1, 6, dtype=torch.bool))

    def test_window(self, candidate):
        """A window counts the query itself and hides everything older."""
        for window in (1, 2, 5, 8, 100):
            assert_equal(candidate.causal_mask(8, 8, window), causal64(8, 8, window))

    def test_window_behind_a_cache(self, candidate, rng):
        """A window is measured in positions of the sequence, not in rows of the chunk."""
        queries, past, window = (int(n) for n in integers(rng, 2, 6, 3))
        keys = past + queries
        assert_equal(candidate.causal_mask(queries, keys, window=window), causal64(queries, keys, window))

    def test_chunks_are_rows_of_the_whole(self, candidate):
        """The masks of successive chunks are the rows of the mask of the whole sequence."""
        rows = [candidate.causal_mask(size, end, window=4) for size, end in ((3, 3), (1, 4), (5, 9))]
        want = causal64(9, 9, 4)
        assert_equal([row.int() for row in rows], [want[:3, :3].int(), want[3:4, :4].int(), want[4:].int()])

    def test_empty(self, candidate):
        """No queries and no keys are sizes like any other."""
        for queries, keys in ((0, 0), (0, 4)):
            assert_equal(candidate.causal_mask(queries, keys), torch.zeros(queries, keys, dtype=torch.bool))

    def test_bad_sizes(self, candidate):
        """More queries than positions, negative sizes and a window without the query are refused."""
        for sizes in ((4, 3), (-1, 3), (-2, -1), (3, 3, 0), (3, 3, -2)):
            with raises(ValueError):
                candidate.causal_mask(*sizes)


class TestCombineMasks:
    def test_boolean_masks(self, candidate, rng):
        """True shows a pair and False hides it, and a pair is visible only if every boolean mask shows it."""
        for _ in range(2):
            first, second, third = coin(rng, 3, 1, 1, 6), coin(rng, 4, 6), coin(rng, 3, 1, 4, 6)
            want = torch.zeros(3, 1, 4, 6).masked_fill(~(first & second & third), -INF)
            assert_equal(combine(candidate, "float32", first, second, third), want)

    def test_biases_add_up(self, candidate, rng):
        """Finite biases are added, whatever the order and the number of the masks."""
        masks = [normal(rng, 5, 7) * 3, normal(rng, 2, 1, 1, 7), normal(rng, 1)]
        want = sum(mask.double() for mask in masks)
        assert_close(combine(candidate, "float32", *masks), want)
        assert_close(combine(candidate, "float32", *reversed(masks)), want)

    def test_mixed_masks(self, candidate, rng):
        """A pair hidden by any mask is minus infinity, however large the biases of the others."""
        keep, bias, other = coin(rng, 2, 1, 1, 8), normal(rng, 4, 6, 8), normal(rng, 6, 8) * 1e4
        gone = coin(rng, 4, 6, 8)
        want = (bias.double() + other.double()).masked_fill(gone, -INF).expand(2, 4, 6, 8).masked_fill(~keep, -INF)
        masks = (bias.masked_fill(gone, -INF), keep, other)
        assert_close(combine(candidate, "float32", *masks), want)
        assert_close(combine(candidate, "float32", *reversed(masks)), want)

    def test_one_mask(self, candidate, rng):
        """A single mask is turned into the additive form, also one that hides everything."""
        assert_equal(combine(candidate, "float32", torch.zeros(2, 3) > 0), torch.full((2, 3), -INF))
        keep, bias = coin(rng, 3, 5), normal(rng, 3, 5)
        assert_equal(combine(candidate, "float32", keep), torch.zeros(3, 5).masked_fill(~keep, -INF))
        assert_equal(combine(candidate, "float32", bias), bias)

    def test_shape_is_no_larger_than_needed(self, candidate, rng):
        """Dimensions that no mask needs stay of size 1."""
        keep, order = coin(rng, 3, 1, 1, 5), coin(rng, 2, 1)
        want = torch.zeros(3, 1, 2, 5).masked_fill(~(keep & order), -INF)
        assert_equal(combine(candidate, "float32", keep, order), want)
        row = torch.zeros(3, 1, 1, 5).masked_fill(~(keep & keep[:1]), -INF)
        assert_equal(combine(candidate, "float32", keep, keep[:1]), row)

    def test_half_precision_is_rounded_once(self, candidate, rng):
        """Biases are added up in single precision before they become half precision."""
        keep, base = coin(rng, 4, 6), normal(rng, 4, 6) * 100
        masks = (base + 5e4, keep, torch.full((6,), 5e4), torch.full((4, 1), -6e4))
        total = sum(mask.double() for mask in masks if mask.dtype != torch.bool).masked_fill(~keep, -INF)
        assert_close(combine(candidate, "float16", *masks), total, dtype=torch.float16)
        assert_close(combine(candidate, "bfloat16", *masks), total, dtype=torch.bfloat16)

    def test_double_precision(self, candidate, rng):
        """Asked for double precision, biases in double precision keep all their digits."""
        keep, bias, half = coin(rng, 3, 5), normal(rng, 3, 5, dtype=torch.float64), normal(rng, 5).half()
        want = (bias + half.double()).masked_fill(~keep, -INF)
        assert_close(combine(candidate, "float64", bias, keep, half), want, dtype=torch.float64)

    def test_arguments_survive(self, candidate, rng):
        """Masks can be used again after they were combined."""
        first, second, keep = normal(rng, 3, 4), normal(rng, 3, 4), coin(rng, 3, 4)
        for masks in ((first, second, keep), (keep, second), (second, first)):
            want = sum(mask.double() for mask in masks if mask.dtype != torch.bool)
            for mask in masks:
                want = want.masked_fill(~mask, -INF) if mask.dtype == torch.bool else want
            assert_close(combine(candidate, "float32", *masks), want)

    def test_bad_masks(self, candidate, rng):
        """Integer masks, shapes that do not fit, an empty list and an integer dtype are refused."""
        keep = coin(rng, 3, 4)
        for masks in ((), (keep, keep.long()), (keep, keep.T), (keep.int(),)):
            with raises(ValueError):
                combine(candidate, "float32", *masks)
        with raises(ValueError):
            combine(candidate, "int64", keep)


class TestCachedAttention:
    def test_whole_sequence(self, candidate, rng):
        """One pass over a sequence is causal attention with scores scaled by the root of the width."""
        for _ in range(2):
            q, k, v = (normal(rng, 2, 3, 7, 5) * 2 for _ in range(3))
            got = attend(candidate, q, k, v, torch.ones(2, 7, dtype=torch.bool))
            assert_attention(got, attend64(q, k, v, causal64(7, 7, None)))

    @pytest.mark.parametrize("sizes", [[9], [4, 5], [1] * 9, [6, 1, 2], [0, 3, 0, 6]])
    def test_chunks_equal_the_whole(self, candidate, rng, sizes):
        """Chunks of any sizes stand behind their cache, and a padded batch gives what one pass over it gives."""
        q, k, v, keep = *(normal(rng, 3, 2, 9, 4) for _ in range(3)), coin(rng, 3, 9)
        out, keys, values, kept = attend_in_chunks(candidate, q, k, v, keep, sizes)
        visible = causal64(9, 9, None) & keep[:, None, None, :]
        assert_attention(out, attend64(q, k, v, visible))
        real = keep[:, None, :, None]
        assert_equal((keys * real, values * real, kept), (k * real, v * real, keep))

    def test_padding_on_the_left(self, candidate, rng):
        """A row padded on the left gives what the same row gives without its padding."""
        q, k, v = (normal(rng, 1, 2, 6, 4) for _ in range(3))
        bare = attend64(q, k, v, causal64(6, 6, None))
        long = [torch.cat([normal(rng, 1, 2, 3, 4), x], 2) for x in (q, k, v)]
        keep = torch.arange(9)[None] >= 3
        got = attend_in_chunks(candidate, *long, keep, [5, 2, 2])[0]
        assert_attention(got[:, :, 3:], bare)
        assert_equal(got[:, :, :3], torch.zeros(1, 2, 3, 4))

    def test_future_values_leak_nothing(self, candidate, rng):
        """Other tokens later on leave every earlier output as it was."""
        q, k, v, keep = *(normal(rng, 2, 2, 8, 4) for _ in range(3)), torch.ones(2, 8, dtype=torch.bool)
        before = attend(candidate, q, k, v, keep)
        late = torch.arange(8)[:, None] >= 5
        changed = [torch.where(late, normal(rng, 2, 2, 8, 4) * 100, x) for x in (q, k, v)]
        after = attend(candidate, *changed, keep)
        assert_attention(after[:, :, :5], attend64(q, k, v, causal64(8, 8, None))[:, :, :5])
        # The same numbers go in, so only the order of a sum may differ: ten ulps of float32.
        assert_close(after[:, :, :5], before[:, :, :5], rtol=1e-6)

    def test_future_gradient_leaks_nothing(self, candidate, rng):
        """Outputs send no gradient to later tokens, and the right one to earlier ones."""
        q, k, v, keep = *(normal(rng, 2, 2, 7, 4) for _ in range(3)), torch.ones(2, 7, dtype=torch.bool)
        cotangent = normal(rng, 2, 2, 7, 4) * (torch.arange(7)[:, None] < 4)
        got = attend_gradients(candidate, q, k, v, keep, cotangent, [7])
        leaves = [x.double().requires_grad_() for x in (q, k, v)]
        want = torch.autograd.grad(attend64(*leaves, causal64(7, 7, None)), leaves, cotangent.double())
        assert_attention_gradient(got, want)
        assert_equal([g[:, :, 4:] for g in got], [torch.zeros(2, 2, 3, 4)] * 3)

    @pytest.mark.parametrize("garbage", [1e30, INF, NAN], ids=["huge", "infinite", "nan"])
    def test_padding_leaks_nothing(self, candidate, rng, garbage):
        """Keys and values of padding, new or cached, may hold anything, even NaN, without a trace in the output."""
        q, k, v, keep = *(normal(rng, 2, 2, 8, 4) for _ in range(3)), coin(rng, 2, 8)
        keep[:, 1], keep[:, 5] = False, True
        want = attend64(q, k, v, causal64(8, 8, None) & keep[:, None, None, :])
        k, v = (x.masked_fill(~keep[:, None, :, None], garbage) for x in (k, v))
        assert_attention(attend_in_chunks(candidate, q, k, v, keep, [3, 5])[0], want)

    def test_padding_gradient_leaks_nothing(self, candidate, rng):
        """Padding gets a zero gradient, whatever it holds, and spoils no other gradient."""
        q, k, v, keep = *(normal(rng, 2, 2, 6, 4) for _ in range(3)), coin(rng, 2, 6)
        keep[0, :2], keep[1, 0] = False, True
        cotangent = normal(rng, 2, 2, 6, 4)
        leaves = [x.double().requires_grad_() for x in (q, k, v)]
        visible = causal64(6, 6, None) & keep[:, None, None, :]
        want = torch.autograd.grad(attend64(*leaves, visible), leaves, cotangent.double())
        k, v = (x.masked_fill(~keep[:, None, :, None], float("nan")) for x in (k, v))
        assert_attention_gradient(attend_gradients(candidate, q, k, v, keep, cotangent, [6]), want)

    def test_gradient_through_the_cache(self, candidate, rng):
        """Gradients reach cached keys and values as if there had been no cache."""
        q, k, v, keep = *(normal(rng, 2, 2, 6, 4) for _ in range(3)), torch.ones(2, 6, dtype=torch.bool)
        cotangent = normal(rng, 2, 2, 6, 4)
        leaves = [x.double().requires_grad_() for x in (q, k, v)]
        want = torch.autograd.grad(attend64(*leaves, causal64(6, 6, None)), leaves, cotangent.double())
        assert_attention_gradient(attend_gradients(candidate, q, k, v, keep, cotangent, [2, 3, 1]), want)

    def test_cache_can_be_continued_twice(self, candidate, rng):
        """A cache is not changed by use: several continuations of one prompt do not meet."""
        q, k, v, keep = *(normal(rng, 1, 2, 7, 4) for _ in range(3)), torch.ones(1, 7, dtype=torch.bool)
        got = two_continuations(candidate, q, k, v, keep, 4)
        flip = torch.where(torch.arange(7)[:, None] >= 4, -1.0, 1.0)
        visible = causal64(7, 7, None)
        first = attend64(q, k, v, visible)[:, :, 4:]
        second = attend64(q * flip, k * flip, v * flip, visible)[:, :, 4:]
        assert_attention(got, (first, second, first))

    def test_layout_and_double_precision(self, candidate, rng):
        """Transposed inputs give what contiguous ones give, in double precision too."""
        q, k, v = (normal(rng, 2, 5, 3, 4, dtype=torch.float64).transpose(1, 2) for _ in range(3))
        keep = torch.ones(2, 5, dtype=torch.bool)
        got = attend(candidate, q, k, v, keep)
        assert_attention(got, attend64(q, k, v, causal64(5, 5, None)), dtype=torch.float64)

    def test_bad_keep(self, candidate, rng):
        """A mask of the new tokens that is not boolean or not of their shape is refused."""
        q, k, v = (normal(rng, 2, 1, 3, 4) for _ in range(3))
        for keep in (torch.ones(1, 3) > 0, torch.ones(2, 4) > 0, torch.ones(2, 1, 1, 3) > 0, torch.ones(2, 3)):
            with raises(ValueError):
                attend(candidate, q, k, v, keep)

    def test_time(self, rng, budget):
        """A long chunk is attended at once, without a loop over its positions."""

        def make() -> tuple[Tensor, ...]:
            return (*(normal(rng, 10, 1, 384, 8) for _ in range(3)), torch.ones(10, 384, dtype=torch.bool))

        budget.time(attend_each, make)


class TestPackedMask:
    def test_documents(self, candidate, rng):
        """A token sees its own document up to itself, and no other document."""
        for _ in range(2):
            document = integers(rng, 0, 4, 3, 11).sort(-1).values
            assert_equal(candidate.packed_mask(document), packed64(document))

    def test_documents_need_not_be_contiguous(self, candidate, rng):
        """Pieces of a document see each other over what lies between."""
        document = integers(rng, 0, 3, 2, 12)
        assert_equal(candidate.packed_mask(document), packed64(document))

    def test_padding(self, candidate, rng):
        """Padding sees nothing, not even padding, and nothing sees it."""
        for _ in range(2):
            document = integers(rng, -2, 2, 4, 9)
            assert_equal(candidate.packed_mask(document), packed64(document))

    def test_spans(self, candidate, rng):
        """Tokens of one span see each other in both directions, all others look back only."""
        for _ in range(2):
            document, span = torch.zeros(3, 10, dtype=torch.long), integers(rng, -1, 3, 3, 10)
            assert_equal(candidate.packed_mask(document, span), packed64(document, span))

    def test_spans_stay_in_their_document(self, candidate, rng):
        """Equal span numbers in two documents join nothing, and padding has no span."""
        for _ in range(2):
            document, span = integers(rng, -1, 2, 3, 10), integers(rng, 0, 3, 3, 10)
            assert_equal(candidate.packed_mask(document, span), packed64(document, span))

    def test_encoder_and_decoder(self, candidate):
        """One span over everything is an encoder's mask; spans of zero are a decoder's."""
        document = torch.full((2, 5), 7)
        everything = torch.ones(2, 1, 5, 5, dtype=torch.bool)
        assert_equal(candidate.packed_mask(document, document), everything)
        assert_equal(candidate.packed_mask(document, document * 0), everything.tril())

    def test_narrow_integers_and_layout(self, candidate, rng):
        """Narrow integers and transposed batches are read correctly."""
        document, span = integers(rng, -1, 2, 8, 3).T, integers(rng, 0, 3, 3, 16)[:, ::2]
        got = candidate.packed_mask(document.to(torch.int8), span.to(torch.uint8))
        assert_equal(got, packed64(document, span))

    def test_empty(self, candidate):
        """No rows and no tokens give empty masks."""
        for batch, length in ((0, 4), (2, 0)):
            want = torch.zeros(batch, 1, length, length, dtype=torch.bool)
            assert_equal(candidate.packed_mask(torch.zeros(batch, length, dtype=torch.long)), want)

    def test_bad_arguments(self, candidate, rng):
        """Floats, booleans, a single row, and spans of another shape are refused."""
        document = integers(rng, 0, 2, 2, 4)
        for arguments in ((document.float(),), (document[0],), (document, document[:1]), (document, document > 0)):
            with raises(ValueError):
                candidate.packed_mask(*arguments)


class TestStreamedAttention:
    @pytest.mark.parametrize(("length", "window", "block"), [(11, 3, 4), (12, 5, 4), (13, 40, 5), (9, 2, 64)])
    def test_values(self, candidate, rng, length, window, block):
        """Windows over packed and padded rows give what the dense mask gives."""
        for _ in range(2):
            q, k, v = (normal(rng, 2, 3, length, 4) * 2 for _ in range(3))
            document = integers(rng, -1, 2, 2, length)
            got = candidate.streamed_attention(q, k, v, document, window, block)
            assert_attention(got, attend64(q, k, v, packed64(document, window=window)))

    def test_plain_causal(self, candidate, rng):
        """One document and a window as long as it make plain causal attention."""
        q, k, v = (normal(rng, 1, 2, 10, 3) for _ in range(3))
        got = candidate.streamed_attention(q, k, v, torch.zeros(1, 10, dtype=torch.long), 10, block=3)
        assert_attention(got, attend64(q, k, v, causal64(10, 10, None)))

    def test_block_changes_nothing(self, candidate, rng):
        """The size of the blocks, smaller or larger than the sequence, does not show in the result."""
        q, k, v = (normal(rng, 2, 1, 17, 4) for _ in range(3))
        document = integers(rng, 0, 2, 2, 17).sort(-1).values
        want = attend64(q, k, v, packed64(document, window=6))
        for block in (1, 2, 7, 17, 1000):
            assert_attention(candidate.streamed_attention(q, k, v, document, 6, block), want)
        assert_attention(candidate.streamed_attention(q, k, v, document, 6), want)

    def test_padding_is_zero(self, candidate, rng):
        """Rows of padding are exactly zero, also where a whole block is padding."""
        q, k, v = (normal(rng, 2, 2, 12, 4) for _ in range(3))
        document = torch.where(torch.arange(12) < torch.tensor([[9], [3]]), 0, -1)
        got = candidate.streamed_attention(q, k, v, document, 4, block=4)
        assert_equal(got * (document < 0)[:, None, :, None], torch.zeros(2, 2, 12, 4))
        assert_attention(got, attend64(q, k, v, packed64(document, window=4)))

    def test_window_of_one(self, candidate, rng):
        """A query that sees only itself returns its own value."""
        q, k, v = (normal(rng, 1, 2, 8, 4) for _ in range(3))
        document = integers(rng, 0, 3, 1, 8)
        assert_close(candidate.streamed_attention(q, k, v, document, 1, block=3), v)

    def test_other_documents_leak_nothing(self, candidate, rng):
        """Other contents in one document leave the outputs of the others as they were."""
        q, k, v = (normal(rng, 1, 2, 14, 4) for _ in range(3))
        document = torch.arange(14)[None] // 5
        before = candidate.streamed_attention(q, k, v, document, 9, block=4)
        second = (document == 1)[:, None, :, None]
        changed = [torch.where(second, normal(rng, 1, 2, 14, 4) * 100, x) for x in (q, k, v)]
        after = candidate.streamed_attention(*changed, document, 9, block=4)
        want = attend64(q, k, v, packed64(document, window=9))
        assert_attention(after * ~second, want * ~second)
        # The same numbers go in, so only the order of a sum may differ: ten ulps of float32.
        assert_close(after * ~second, before * ~second, rtol=1e-6)

    def test_gradient(self, candidate, rng):
        """Gradients are those of dense attention under the same mask, zero for what nobody sees."""
        q, k, v, cotangent = (normal(rng, 2, 2, 11, 4) for _ in range(4))
        document = integers(rng, -1, 2, 2, 11)
        leaves = [x.double().requires_grad_() for x in (q, k, v)]
        dense = attend64(*leaves, packed64(document, window=4))
        want = torch.autograd.grad(dense, leaves, cotangent.double())
        got = streamed_gradients(candidate, q, k, v, document, cotangent, 4, 3)
        assert_attention_gradient(got, want)

    def test_layout_and_double_precision(self, candidate, rng):
        """Transposed inputs give what contiguous ones give, in double precision too."""
        q, k, v = (normal(rng, 2, 9, 3, 4, dtype=torch.float64).transpose(1, 2) for _ in range(3))
        document = integers(rng, 0, 2, 9, 2).T
        want = attend64(q, k, v, packed64(document, window=5))
        got = candidate.streamed_attention(q, k, v, document, 5, block=4)
        assert_attention(got, want, dtype=torch.float64)

    def test_edge_shapes(self, candidate, rng):
        """An empty batch, an empty sequence and a single token work."""
        for batch, length in ((0, 3), (2, 0)):
            q = torch.zeros(batch, 2, length, 4)
            document = torch.zeros(batch, length, dtype=torch.long)
            assert_equal(candidate.streamed_attention(q, q, q, document, 2, block=2), q)
        q, k, v = (normal(rng, 2, 1, 1, 4) for _ in range(3))
        got = candidate.streamed_attention(q, k, v, torch.tensor([[3], [-1]]), 5)
        assert_close(got, torch.stack([v[0], torch.zeros(1, 1, 4)]))

    def test_bad_arguments(self, candidate, rng):
        """A window or a block below 1 and documents of another shape are refused."""
        q = normal(rng, 2, 1, 4, 3)
        document = torch.zeros(2, 4, dtype=torch.long)
        for arguments in ((document, 0), (document, 2, 0), (document[:1], 2), (document[:, :3], 2)):
            with raises(ValueError):
                candidate.streamed_attention(q, q, q, *arguments)

    def test_memory(self, rng, budget):
        """Extra memory is that of a few blocks of scores, not that of the whole sequence."""

        def make() -> tuple[Tensor, ...]:
            q, k, v = (normal(rng, 1, 20, 2560, 8) for _ in range(3))
            return q, k, v, torch.arange(2560)[None] // 1500, 384, 512

        budget.memory("streamed_attention", make)

    def test_growth(self, rng, budget):
        """With the window fixed, twice the length costs about twice the time."""

        def make(length: int) -> tuple[Tensor, ...]:
            q, k, v = (normal(rng, 1, 3, length, 16) for _ in range(3))
            return q, k, v, torch.arange(length)[None] // 700, 64, 64

        budget.growth("streamed_attention", make, sizes=[1024, 2048, 4096, 8192])
