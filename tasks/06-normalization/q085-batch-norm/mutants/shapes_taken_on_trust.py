# expect: batch-norm wrong_value
"""Inputs that broadcast against the statistics need no check."""


class BatchNorm2d(BatchNorm2d):
    def forward(self, x):
        if x.ndim == 4 and x.shape[1] == 1:
            x = x.expand(-1, self.num_features, -1, -1)
        return super().forward(x)
