# expect: batch-norm wrong_value
"""The variance is the default of Tensor.var, with one degree of freedom taken off, in the answer too."""


def _batch_moments(x):
    var, mean = torch.var_mean(x, dim=(0, 2, 3))
    return mean, var


def _track(norm: nn.Module, mean: Tensor, var: Tensor, count: int) -> None:
    norm.num_batches_tracked.add_(1)
    share = 1.0 / norm.num_batches_tracked.item() if norm.momentum is None else norm.momentum
    norm.running_mean.lerp_(mean, share)
    norm.running_var.lerp_(var, share)
