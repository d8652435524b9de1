# expect: batch-norm wrong_value
"""A batch of one value a channel has variance zero and is normalised to the bias."""


class BatchNorm2d(BatchNorm2d):
    def forward(self, x):
        if x.ndim == 4 and self.training and x.numel() == x.shape[1] == self.num_features:
            return 0 * x + (0 if self.bias is None else self.bias[:, None, None])
        return super().forward(x)
