# expect: engine wrong_value
"""A cotangent of another shape is broadcast to that of the output."""

exact_shape = Var.backward


class Var(Var):
    def backward(self, cotangent=None):
        if cotangent is not None and cotangent.numel() < self.data.numel():
            cotangent = cotangent.expand(self.data.shape)
        exact_shape(self, cotangent)
