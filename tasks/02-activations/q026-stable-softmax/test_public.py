"""A few friendly checks for your own machine: `python -m pytest test_public.py`. The hidden tests ask for more."""

import math
import os

import pytest
import torch

if not torch.cuda.is_available():
    os.environ["TRITON_INTERPRET"] = "1"  # without a GPU kernels run on the CPU; Triton looks at this at its import

from solution import (  # so it has to come first
    cross_entropy_grad,
    gumbel_softmax,
    online_update,
    softmax,
    softmax_triton,
    softmax_vjp,
    temperature_softmax,
)


def close(got: torch.Tensor, want: list) -> None:
    torch.testing.assert_close(got, torch.tensor(want), rtol=1e-4, atol=1e-4)


class TestSoftmax:
    def test_worked_example(self):
        """The example of the statement."""
        close(softmax(torch.tensor([1.0, 2.0, 3.0])), [0.0900, 0.2447, 0.6652])

    def test_large_logits(self):
        """Only differences between logits matter."""
        close(softmax(torch.tensor([1001.0, 1002.0, 1003.0])), [0.0900, 0.2447, 0.6652])

    def test_first_dimension(self):
        """The columns become distributions when dim is 0."""
        close(softmax(torch.tensor([[0.0, 5.0], [0.0, 5.0]]), dim=0), [[0.5, 0.5], [0.5, 0.5]])


class TestCrossEntropyGrad:
    def test_worked_example(self):
        """The example of the statement."""
        logits = torch.tensor([[0.0, 0.0], [math.log(3.0), 0.0]])
        close(cross_entropy_grad(logits, torch.tensor([0, 1])), [[-0.25, 0.25], [0.375, -0.375]])

    def test_unknown_class(self):
        """Class 2 of two classes does not exist."""
        with pytest.raises(ValueError):
            cross_entropy_grad(torch.zeros(1, 2), torch.tensor([2]))


class TestSoftmaxVjp:
    def test_worked_example(self):
        """The example of the statement."""
        y, dy = torch.tensor([0.5, 0.25, 0.25]), torch.tensor([1.0, 0.0, 4.0])
        close(softmax_vjp(y, dy), [-0.25, -0.375, 0.625])


class TestTemperature:
    def test_worked_example(self):
        """The example of the statement."""
        close(temperature_softmax(torch.tensor([2.0, 2.0, 0.0]), 0.5), [0.4955, 0.4955, 0.0091])

    def test_limits(self):
        """Cold logits share the win, hot ones are all alike."""
        x = torch.tensor([2.0, 2.0, 0.0])
        close(temperature_softmax(x, 0.0), [0.5, 0.5, 0.0])
        close(temperature_softmax(x, math.inf), [1 / 3, 1 / 3, 1 / 3])


class TestOnlineSoftmax:
    def test_worked_example(self):
        """The example of the statement."""
        m, s = online_update(torch.tensor(-math.inf), torch.tensor(0.0), torch.tensor([1.0, 3.0]))
        close(torch.stack([m, s]), [3.0, 1.1353])
        m, s = online_update(m, s, torch.tensor([4.0]))
        close(torch.stack([m, s]), [4.0, 1.4177])


class TestGumbelSoftmax:
    logits = torch.tensor([0.0, 1.0])
    u = torch.tensor([0.5, 0.25])

    def test_worked_example(self):
        """The example of the statement."""
        close(gumbel_softmax(self.logits, self.u, tau=0.5), [0.3512, 0.6488])

    def test_hard_sample(self):
        """A hard sample is one-hot and still has a gradient."""
        leaf = self.logits.clone().requires_grad_()
        sample = gumbel_softmax(leaf, self.u, tau=0.5, hard=True)
        close(sample.detach(), [0.0, 1.0])
        sample[0].backward()
        assert leaf.grad is not None
        assert leaf.grad[0] > 0 > leaf.grad[1]


class TestSoftmaxTriton:
    device = "cuda" if torch.cuda.is_available() else "cpu"

    def test_worked_example(self):
        """The example of the statement."""
        pytest.importorskip("triton")
        x = torch.tensor([[1.0, 2.0, 3.0], [1001.0, 1002.0, 1003.0]], device=self.device)
        close(softmax_triton(x).cpu(), [[0.0900, 0.2447, 0.6652]] * 2)

    def test_blocks_shorter_than_a_row(self):
        """The kernel takes a row of five in blocks of two."""
        pytest.importorskip("triton")
        from solution import softmax_kernel

        x = torch.tensor([[1.0, 2.0, 3.0, -math.inf, -math.inf]], device=self.device)
        out = torch.zeros_like(x)
        softmax_kernel[(1,)](out, x, out.stride(0), x.stride(0), 5, BLOCK=2)
        close(out.cpu(), [[0.0900, 0.2447, 0.6652, 0.0, 0.0]])
