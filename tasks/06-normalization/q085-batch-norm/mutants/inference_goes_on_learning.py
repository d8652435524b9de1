# expect: batch-norm wrong_value
"""Running statistics are brought up to date in every forward pass."""


class BatchNorm2d(BatchNorm2d):
    def forward(self, x):
        out = super().forward(x)
        if not self.training and self.running_mean is not None and x.numel() > self.num_features:
            with torch.no_grad():
                _track(self, *_batch_moments(x), x.numel() // self.num_features)
        return out
