# expect: batch-norm wrong_value
"""Evaluation only stops the updates; the statistics are still those of the batch."""


class BatchNorm2d(BatchNorm2d):
    def forward(self, x):
        if self.training or self.running_mean is None or x.ndim != 4 or x.shape[1] != self.num_features:
            return super().forward(x)
        return _normalized(x, *_batch_moments(x), self)
