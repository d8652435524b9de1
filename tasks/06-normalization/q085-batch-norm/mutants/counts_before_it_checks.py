# expect: batch-norm wrong_value
"""The batch is counted first of all, so one that is refused has been counted."""


class BatchNorm2d(BatchNorm2d):
    def forward(self, x):
        if x.ndim != 4 or x.shape[1] != self.num_features:
            raise ValueError("expected [N, C, H, W]")
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            try:
                return super().forward(x)
            finally:
                self.num_batches_tracked.sub_(1 if x.numel() > self.num_features else 0)
        return super().forward(x)
