# expect: frozen wrong_value
"""A variance that will never be zero again needs no eps."""


class FrozenBatchNorm2d(FrozenBatchNorm2d):
    def forward(self, x):
        wide = torch.promote_types(x.dtype, self.weight.dtype)
        mean, var = (v.to(wide)[:, None, None] for v in (self.running_mean, self.running_var))
        weight, bias = (v.to(wide)[:, None, None] for v in (self.weight, self.bias))
        return ((x.to(wide) - mean) * (var.rsqrt() * weight) + bias).to(x.dtype)
