# expect: frozen wrong_value
"""Buffers are cast to the dtype of the input before anything is computed."""


class FrozenBatchNorm2d(FrozenBatchNorm2d):
    def forward(self, x):
        mean, var = (v.to(x.dtype)[:, None, None] for v in (self.running_mean, self.running_var))
        weight, bias = (v.to(x.dtype)[:, None, None] for v in (self.weight, self.bias))
        return (x - mean) * ((var + self.eps).rsqrt() * weight) + bias
