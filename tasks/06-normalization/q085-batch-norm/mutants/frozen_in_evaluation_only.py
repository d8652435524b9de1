# expect: frozen wrong_value
"""The layer is switched to evaluation when it is made, and the next train() of the model undoes it."""


class FrozenBatchNorm2d(FrozenBatchNorm2d):
    def __init__(self, num_features, eps=1e-5):
        super().__init__(num_features, eps)
        self.eval()

    def forward(self, x):
        if self.training and x.numel() > x.shape[1]:
            var, mean = torch.var_mean(x.float(), (0, 2, 3), correction=0)
            unit = (x.float() - mean[:, None, None]) / (var + self.eps).sqrt()[:, None, None]
            return (unit * self.weight[:, None, None] + self.bias[:, None, None]).to(x.dtype)
        return super().forward(x)
