# expect: engine wrong_value
"""Without a cotangent an output of any shape is summed, silently."""

asking = Var.backward


class Var(Var):
    def backward(self, cotangent=None):
        asking(self, torch.ones_like(self.data) if cotangent is None else cotangent)
