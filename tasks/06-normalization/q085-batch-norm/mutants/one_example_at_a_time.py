# expect: batch-norm wrong_value
"""Statistics are taken over the image only, and the batch is averaged afterwards."""


def _batch_moments(x):
    var, mean = torch.var_mean(x, dim=(2, 3), correction=0)
    return mean.mean(0), var.mean(0)
