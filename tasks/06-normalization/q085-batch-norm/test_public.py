"""Public tests of q085-batch-norm: the examples of the statement and a few friendly properties."""

import math

import pytest
import torch
import torch.nn.functional as F
from solution import (
    BatchNorm2d,
    FrozenBatchNorm2d,
    covariate_shift,
    fold_batch_norm,
    pooled_statistics,
    population_statistics,
    stable_rates,
)

VALUES = torch.tensor([1.0, 2.0, 3.0, 6.0]).reshape(2, 1, 1, 2)


class TestBatchNorm:
    def test_example(self) -> None:
        """The example of the statement."""
        norm = BatchNorm2d(1)
        got = norm(VALUES).flatten()
        torch.testing.assert_close(got, torch.tensor([-1.0690, -0.5345, 0.0, 1.6036]), rtol=0, atol=1e-4)
        torch.testing.assert_close(norm.running_mean, torch.tensor([0.3]))
        torch.testing.assert_close(norm.running_var, torch.tensor([1.3667]), rtol=0, atol=1e-4)
        assert norm.num_batches_tracked.item() == 1
        got = norm.eval()(VALUES).flatten()
        torch.testing.assert_close(got, torch.tensor([0.5988, 1.4542, 2.3096, 4.8758]), rtol=0, atol=1e-4)

    def test_state(self) -> None:
        """The keys of the state are those of the library's layer."""
        keys = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
        assert list(BatchNorm2d(3).state_dict()) == keys
        assert list(BatchNorm2d(3, affine=False, track_running_stats=False).state_dict()) == []

    def test_single_value(self) -> None:
        """One value a channel has no variance to train on."""
        norm = BatchNorm2d(3)
        with pytest.raises(ValueError):
            norm(torch.ones(1, 3, 1, 1))
        assert norm.eval()(torch.ones(1, 3, 1, 1)).shape == (1, 3, 1, 1)


class TestFolding:
    def test_example(self) -> None:
        """The example of the statement."""
        weight, bias = fold_batch_norm(
            torch.tensor([[2.0], [1.0]]),
            torch.tensor([1.0, 0.0]),
            torch.tensor([3.0, 1.0]),
            torch.tensor([4.0, 0.25]),
            torch.tensor([1.0, 3.0]),
            torch.tensor([0.0, 5.0]),
            eps=0.0,
        )
        torch.testing.assert_close(weight, torch.tensor([[1.0], [6.0]]))
        torch.testing.assert_close(bias, torch.tensor([-1.0, -1.0]))

    def test_convolution(self) -> None:
        """The folded convolution answers what convolution and normalisation do."""
        x, weight = torch.randn(2, 3, 5, 5), torch.randn(4, 3, 3, 3)
        mean, var = torch.randn(4), torch.rand(4) + 0.5
        want = (F.conv2d(x, weight) - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt()
        torch.testing.assert_close(F.conv2d(x, *fold_batch_norm(weight, None, mean, var)), want, rtol=1e-4, atol=1e-4)


class TestCovariateShift:
    def test_example(self) -> None:
        """The example of the statement."""
        before = torch.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
        after = torch.tensor([[14.0, 9.0], [10.0, 1.0], [12.0, 2.0]])
        location, scale, shape = covariate_shift(before, after)
        torch.testing.assert_close(location, torch.tensor([100.0, 1.0]))
        torch.testing.assert_close(scale, torch.tensor([0.0, 3.7096]), rtol=0, atol=1e-4)
        torch.testing.assert_close(shape, torch.tensor([0.0, 0.9571]), rtol=0, atol=1e-4)


class TestStableRates:
    def test_example(self) -> None:
        """The example of the statement."""
        got = stable_rates(torch.tensor([[3.0, 5.0], [5.0, 9.0]]), eps=0.0)
        assert got == pytest.approx((0.028577261856, 1.0), rel=1e-6)

    def test_nothing_to_learn(self) -> None:
        """Inputs of zero give no gradient at all."""
        assert stable_rates(torch.zeros(3, 2)) == (math.inf, math.inf)


class TestPopulationStatistics:
    def test_example(self) -> None:
        """The example of the statement."""
        mean, var = population_statistics(iter([torch.tensor([[0.0], [2.0]]), torch.tensor([[10.0]])]))
        torch.testing.assert_close(mean, torch.tensor([4.0]))
        torch.testing.assert_close(var, torch.tensor([28.0]))


class TestFrozen:
    def test_example(self) -> None:
        """The example of the statement, with the state of a trained layer."""
        norm = FrozenBatchNorm2d(1)
        values = {"weight": 2.0, "bias": 1.0, "running_mean": 3.0, "running_var": 4.0}
        state = {key: torch.tensor([value]) for key, value in values.items()}
        norm.load_state_dict({**state, "num_batches_tracked": torch.tensor(9)})
        want = torch.tensor([-1.0, 0.0, 1.0, 4.0])
        torch.testing.assert_close(norm(VALUES).flatten(), want, rtol=0, atol=1e-4)

    def test_nothing_to_train(self) -> None:
        """There are four buffers and no parameters."""
        norm = FrozenBatchNorm2d(3)
        assert list(norm.parameters()) == []
        assert list(norm.state_dict()) == ["weight", "bias", "running_mean", "running_var"]


class TestPooledStatistics:
    def test_example(self) -> None:
        """The example of the statement."""
        means, variances = torch.tensor([[1.0], [4.0], [math.nan]]), torch.tensor([[1.0], [0.0], [math.nan]])
        mean, var = pooled_statistics(means, variances, torch.tensor([2, 1, 0]))
        torch.testing.assert_close(mean, torch.tensor([2.0]))
        torch.testing.assert_close(var, torch.tensor([2.6667]), rtol=0, atol=1e-4)
