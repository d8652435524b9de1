"""Public tests of q060-adamw: the examples of the statement and a few friendly properties."""

import math

import pytest
import torch
from solution import AdamW, DecoupledDecay, decay_rates, equilibrium, first_step, removed_share
from torch import Tensor, nn


def run(optimizer: AdamW | DecoupledDecay, param: nn.Parameter, grads: list[list[float]]) -> Tensor:
    """Step once for each gradient and return the parameter."""
    for grad in grads:
        param.grad = torch.tensor(grad)
        optimizer.step()
    return param.detach()


class TestAdamw:
    def test_example(self) -> None:
        """The example of the statement."""
        w = nn.Parameter(torch.tensor([1.0, -2.0]))
        optimizer = AdamW([w], lr=0.1, weight_decay=0.5)
        torch.testing.assert_close(run(optimizer, w, [[0.5, 0.0]]), torch.tensor([0.85, -1.9]))
        torch.testing.assert_close(run(optimizer, w, [[-0.5, 0.0]]), torch.tensor([0.8127631, -1.805]))

    def test_missing_gradient(self) -> None:
        """A parameter without a gradient stays where it is."""
        w = nn.Parameter(torch.ones(3))
        AdamW([w], lr=0.1, weight_decay=0.5).step()
        assert torch.equal(w, torch.ones(3))

    def test_resume(self) -> None:
        """A fresh optimizer that loads the state goes on like the old one."""
        grads = [[0.5, 1.0], [-0.2, 0.3], [0.1, -0.4]]
        straight, broken = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
        run(AdamW([straight], lr=0.1), straight, grads)
        first = AdamW([broken], lr=0.1)
        run(first, broken, grads[:2])
        second = AdamW([broken], lr=0.1)
        second.load_state_dict(first.state_dict())
        run(second, broken, grads[2:])
        torch.testing.assert_close(broken, straight)


class TestFirstStep:
    def test_example(self) -> None:
        """The example of the statement."""
        coupled, decoupled = first_step(torch.tensor([2.0, 2.0]), torch.tensor([0.5, -0.01]), 0.1, 0.5)
        torch.testing.assert_close(coupled, torch.tensor([1.9, 1.9]))
        torch.testing.assert_close(decoupled, torch.tensor([1.8, 2.0]))

    def test_other_shape(self) -> None:
        """Shapes must agree."""
        with pytest.raises(ValueError):
            first_step(torch.ones(2, 3), torch.ones(3), 0.1, 0.5)


class TestDecaySchedule:
    def test_example(self) -> None:
        """The example of the statement."""
        got = removed_share(torch.tensor([0.1, 0.2, 0.0]), 0.5)
        torch.testing.assert_close(got, torch.tensor([0.05, 0.145, 0.145]))

    def test_tiny_steps(self) -> None:
        """A tiny share is not zero."""
        got = removed_share(torch.tensor([1e-10, 1e-10], dtype=torch.float64), 0.01)
        torch.testing.assert_close(got, torch.tensor([1e-12, 2e-12], dtype=torch.float64), rtol=1e-9, atol=0.0)


class TestDecayRates:
    def test_example(self) -> None:
        """The example of the statement."""
        grads = torch.tensor([[3.0, 0.0], [4.0, 0.03]])
        got = decay_rates(grads, 0.1, beta2=0.5, decoupled=False)
        torch.testing.assert_close(got, torch.tensor([0.0270501, 4.0824813]))
        torch.testing.assert_close(decay_rates(grads, 0.1, beta2=0.5), torch.tensor([0.1, 0.1]))


class TestDecoupledDecay:
    def test_example(self) -> None:
        """The example of the statement."""
        p, q = nn.Parameter(torch.tensor([1.0, 1.0])), nn.Parameter(torch.tensor([1.0]))
        optimizer = DecoupledDecay(torch.optim.SGD([p, q], lr=0.1, momentum=0.9), 0.5, exclude=[q])
        q.grad = torch.ones(1)
        torch.testing.assert_close(run(optimizer, p, [[1.0, 0.0]]), torch.tensor([0.85, 0.95]))
        torch.testing.assert_close(run(optimizer, p, [[1.0, 0.0]]), torch.tensor([0.6175, 0.9025]))
        torch.testing.assert_close(q.detach(), torch.tensor([0.71]))

    def test_inner_decay(self) -> None:
        """An optimizer that already decays is refused."""
        inner = torch.optim.SGD([nn.Parameter(torch.ones(2))], lr=0.1, weight_decay=0.01)
        with pytest.raises(ValueError):
            DecoupledDecay(inner, 0.5)


class TestEquilibrium:
    def test_example(self) -> None:
        """The example of the statement."""
        assert equilibrium(0.1, 0.2, 1.0) == pytest.approx((0.50251891, 0.20033484, 17.15480925), rel=1e-6)

    def test_norm_stays(self) -> None:
        """One step from the stationary norm leads back to it."""
        norm, _, _ = equilibrium(0.3, 0.5, 2.0)
        assert math.hypot((1 - 0.3 * 0.5) * norm, 0.3 * 2.0) == pytest.approx(norm, rel=1e-9)
