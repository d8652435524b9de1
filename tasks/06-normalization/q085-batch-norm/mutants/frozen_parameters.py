# expect: frozen wrong_value
"""Parameters without gradients are as good as buffers."""


class FrozenBatchNorm2d(FrozenBatchNorm2d):
    def __init__(self, num_features, eps=1e-5):
        super().__init__(num_features, eps)
        mean, var = self.running_mean, self.running_var
        del self.weight, self.bias, self.running_mean, self.running_var
        self.weight = nn.Parameter(torch.ones(num_features), requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(num_features), requires_grad=False)
        self.register_buffer("running_mean", mean)
        self.register_buffer("running_var", var)
