"""Public tests of q069-backpropagation: the examples of the statement and a few friendly properties."""

import math

import pytest
import torch
from solution import Var, backward_order, chain_rule, gradient_errors, mlp_backward, multiplications


class TestMlpBackward:
    def test_example(self) -> None:
        """The example of the statement."""
        weights = [torch.tensor([[1.0, -1.0], [0.5, 0.5]]), torch.tensor([[1.0, 0.0], [0.0, 2.0]])]
        biases = [torch.zeros(2), torch.zeros(2)]
        x, target = torch.tensor([[1.0, 2.0]]), torch.tensor([0])
        loss, weight_grads, bias_grads, x_grad = mlp_backward(x, target, weights, biases, "relu")
        p = 1 / (1 + math.exp(-3))
        torch.testing.assert_close(loss, torch.tensor(3 + math.log1p(math.exp(-3))))
        torch.testing.assert_close(weight_grads[0], p * torch.tensor([[0.0, 0.0], [2.0, 4.0]]))
        torch.testing.assert_close(weight_grads[1], p * torch.tensor([[0.0, -1.5], [0.0, 1.5]]))
        torch.testing.assert_close(bias_grads[0], p * torch.tensor([0.0, 2.0]))
        torch.testing.assert_close(bias_grads[1], p * torch.tensor([-1.0, 1.0]))
        torch.testing.assert_close(x_grad, p * torch.tensor([[1.0, 1.0]]))

    def test_bias_by_difference(self) -> None:
        """The gradient of a bias is the slope of the loss."""
        torch.manual_seed(0)
        weights = [torch.randn(4, 3, dtype=torch.float64), torch.randn(2, 4, dtype=torch.float64)]
        biases = [torch.randn(4, dtype=torch.float64), torch.randn(2, dtype=torch.float64)]
        x, target = torch.randn(5, 3, dtype=torch.float64), torch.tensor([0, 1, 1, 0, 1])
        grad = mlp_backward(x, target, weights, biases)[2][0]
        up, down = (mlp_backward(x, target, weights, [biases[0] + h, biases[1]])[0] for h in (1e-6, -1e-6))
        torch.testing.assert_close(grad.sum(), (up - down) / 2e-6, rtol=1e-6, atol=1e-8)

    def test_unknown_activation(self) -> None:
        """Only tanh and relu are known."""
        with pytest.raises(ValueError):
            mlp_backward(torch.ones(1, 2), torch.tensor([0]), [torch.ones(2, 2)], [torch.ones(2)], "gelu")


class TestOperationCount:
    def test_example(self) -> None:
        """The example of the statement."""
        assert multiplications([3, 4, 2], 5) == (100, 140, 5200)
        assert multiplications([3, 4, 2], 5, input_gradient=True) == (100, 200, 8200)


class TestBackwardOrder:
    def test_example(self) -> None:
        """The example of the statement, in which only one order is right."""
        assert backward_order([[], [0], [1, 0], [1], [2, 2]], 4) == [4, 2, 1, 0]

    def test_cycle(self) -> None:
        """Nothing can be ordered around a cycle."""
        with pytest.raises(ValueError):
            backward_order([[1], [0]], 0)


class TestGradientCheck:
    def test_example(self) -> None:
        """The example of the statement."""
        x, grad = torch.tensor([1.0, 2.0], dtype=torch.float64), torch.tensor([2.0, 5.0], dtype=torch.float64)
        directions = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], dtype=torch.float64)
        got = gradient_errors(lambda p: p.square().sum(), x, grad, directions)
        want = torch.tensor([0.0, 0.2, 1 / 7], dtype=torch.float64)
        torch.testing.assert_close(got, want, rtol=1e-6, atol=1e-8)


class TestChainRule:
    def test_example(self) -> None:
        """The example of the statement."""
        jacobians = [torch.tensor([[1.0], [2.0]]), torch.tensor([[1.0, 1.0], [0.0, 1.0]]), torch.tensor([[1.0, 0.0]])]
        got, count = chain_rule(jacobians)
        torch.testing.assert_close(got, torch.tensor([[3.0]]))
        assert count == 6

    def test_bottleneck(self) -> None:
        """Around a width of one, both ends are dear: the two outer products of vectors come last."""
        jacobians = [torch.ones(9, 9), torch.ones(1, 9), torch.ones(9, 1), torch.ones(9, 9)]
        assert chain_rule(jacobians)[1] == 81 + 81 + 81


class TestEngine:
    def test_example(self) -> None:
        """The example of the statement."""
        a, b = Var(torch.tensor([1.0, 2.0])), Var(torch.tensor(3.0))
        y = (a * b + a).sum()
        torch.testing.assert_close(y.data, torch.tensor(12.0))
        for times in (1.0, 2.0):
            y.backward()
            torch.testing.assert_close(a.grad, times * torch.tensor([4.0, 4.0]))
            torch.testing.assert_close(b.grad, times * torch.tensor(3.0))

    def test_branches(self) -> None:
        """What a variable gets from all its uses is summed."""
        x = Var(torch.tensor(0.5))
        h = x.tanh()
        (h * h + x / 2 - 1).backward()
        t = math.tanh(0.5)
        torch.testing.assert_close(x.grad, torch.tensor(2 * t * (1 - t * t) + 0.5))

    def test_cotangent_needed(self) -> None:
        """Several elements cannot be differentiated without weights."""
        with pytest.raises(ValueError):
            Var(torch.ones(3)).backward()
