# expect: batch-norm wrong_value
"""New statistics are new tensors, and whoever held the old ones is left behind."""


def _track(norm: nn.Module, mean: Tensor, var: Tensor, count: int) -> None:
    norm.num_batches_tracked.add_(1)
    share = 1.0 / norm.num_batches_tracked.item() if norm.momentum is None else norm.momentum
    norm.running_mean = torch.lerp(norm.running_mean, mean, share)
    norm.running_var = torch.lerp(norm.running_var, var * (count / (count - 1)), share)
