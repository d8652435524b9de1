# expect: batch-norm wrong_value
"""The batch is counted first of all, so one that is refused has been counted."""


class BatchNorm2d(BatchNorm2d):
    def forward(self, x):
        refused = x.ndim == 4 and x.shape[1] == self.num_features and x.numel() < 2 * x.shape[1]
        if refused and self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        return super().forward(x)
