# expect: batch-norm wrong_value
"""The variance that normalises the batch is also the one to remember."""


def _track(norm: nn.Module, mean: Tensor, var: Tensor, count: int) -> None:
    norm.num_batches_tracked.add_(1)
    share = 1.0 / norm.num_batches_tracked.item() if norm.momentum is None else norm.momentum
    norm.running_mean.lerp_(mean, share)
    norm.running_var.lerp_(var, share)
