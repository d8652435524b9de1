"""Examples from the statement; run them with `pytest test_public.py` beside your `solution.py`."""

import math

import pytest
import torch
from solution import (
    cached_attention,
    causal_mask,
    combine_masks,
    masked_softmax,
    packed_mask,
    padding_mask,
    streamed_attention,
)

INF = math.inf


class TestMaskedSoftmax:
    def test_example(self):
        """The example of the statement."""
        scores = torch.tensor([[0.0, math.log(3.0), 50.0], [1.0, 2.0, 3.0]])
        keep = torch.tensor([[True, True, False], [False, False, False]])
        expected = torch.tensor([[0.25, 0.75, 0.0], [0.0, 0.0, 0.0]])
        torch.testing.assert_close(masked_softmax(scores, keep), expected)

    def test_nothing_hidden(self):
        """With everything visible this is the ordinary softmax."""
        scores = torch.tensor([[2.0, -1.0, 0.5]])
        torch.testing.assert_close(masked_softmax(scores, torch.tensor([True])), torch.softmax(scores, -1))

    def test_mask_must_be_boolean(self):
        """A mask of numbers is refused."""
        with pytest.raises(ValueError):
            masked_softmax(torch.zeros(2, 3), torch.ones(2, 3))


class TestPaddingMask:
    def test_example(self):
        """The example of the statement."""
        mask = padding_mask(torch.tensor([[5, 7, 0], [0, 9, 4]]), pad_id=0)
        assert mask.shape == (2, 1, 1, 3)
        assert mask.flatten(1).tolist() == [[True, True, False], [False, True, True]]


class TestCausalMask:
    def test_square(self):
        """Without a cache the visible keys are the lower triangle."""
        assert torch.equal(causal_mask(4, 4), torch.ones(4, 4, dtype=torch.bool).tril())

    def test_example(self):
        """The example of the statement."""
        assert causal_mask(2, 5).int().tolist() == [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]
        assert causal_mask(2, 5, window=3).int().tolist() == [[0, 1, 1, 1, 0], [0, 0, 1, 1, 1]]


class TestCombineMasks:
    def test_example(self):
        """The example of the statement."""
        keep = torch.tensor([[True, False]])
        bias = torch.tensor([[0.5, 0.25], [-INF, 1.0]])
        expected = torch.tensor([[0.5, -INF], [-INF, -INF]])
        torch.testing.assert_close(combine_masks([keep, bias], torch.float32), expected)

    def test_dtype(self):
        """The result has the dtype that was asked for."""
        assert combine_masks([torch.tensor([True])], torch.bfloat16).dtype == torch.bfloat16


class TestCachedAttention:
    def test_example(self):
        """The example of the statement."""
        q, k = torch.zeros(1, 1, 3, 1), torch.zeros(1, 1, 3, 1)
        v = torch.tensor([6.0, 100.0, 2.0]).reshape(1, 1, 3, 1)
        keep = torch.tensor([[True, False, True]])
        out, (keys, values, kept) = cached_attention(q, k, v, keep)
        torch.testing.assert_close(out.flatten(), torch.tensor([6.0, 6.0, 4.0]))
        assert keys.shape == values.shape == (1, 1, 3, 1)
        assert kept.tolist() == [[True, False, True]]

    def test_two_chunks(self):
        """Two chunks give what one pass gives."""
        generator = torch.Generator().manual_seed(1)
        q, k, v = (torch.randn(1, 2, 5, 4, generator=generator) for _ in range(3))
        keep = torch.ones(1, 5, dtype=torch.bool)
        whole, _ = cached_attention(q, k, v, keep)
        first, cache = cached_attention(q[:, :, :3], k[:, :, :3], v[:, :, :3], keep[:, :3])
        second, _ = cached_attention(q[:, :, 3:], k[:, :, 3:], v[:, :, 3:], keep[:, 3:], cache)
        torch.testing.assert_close(torch.cat([first, second], 2), whole)


class TestPackedMask:
    def test_example(self):
        """The example of the statement."""
        document = torch.tensor([[0, 0, 0, 1, -1]])
        span = torch.tensor([[1, 1, 0, 0, 0]])
        expected = [[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 0]]
        assert packed_mask(document, span)[0, 0].int().tolist() == expected

    def test_one_document(self):
        """One document without spans gives the causal mask."""
        mask = packed_mask(torch.zeros(1, 3, dtype=torch.long))
        assert torch.equal(mask, torch.ones(1, 1, 3, 3, dtype=torch.bool).tril())


class TestStreamedAttention:
    def test_example(self):
        """The example of the statement."""
        q, k = torch.zeros(1, 1, 5, 1), torch.zeros(1, 1, 5, 1)
        v = torch.tensor([1.0, 3.0, 8.0, 5.0, 9.0]).reshape(1, 1, 5, 1)
        document = torch.tensor([[0, 0, 0, 1, -1]])
        out = streamed_attention(q, k, v, document, window=2)
        torch.testing.assert_close(out.flatten(), torch.tensor([1.0, 2.0, 5.5, 5.0, 0.0]))

    def test_block_is_only_a_hint(self):
        """The size of a block does not change the answer."""
        generator = torch.Generator().manual_seed(2)
        q, k, v = (torch.randn(1, 2, 7, 4, generator=generator) for _ in range(3))
        document = torch.zeros(1, 7, dtype=torch.long)
        small = streamed_attention(q, k, v, document, window=3, block=2)
        torch.testing.assert_close(small, streamed_attention(q, k, v, document, window=3, block=100))
