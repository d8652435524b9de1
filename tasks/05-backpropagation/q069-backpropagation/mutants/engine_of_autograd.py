# expect: engine forbidden
"""PyTorch remembers how a tensor was computed, so it is asked."""


class Var(Var):
    def __init__(self, data):
        super().__init__(data.requires_grad_())

    def backward(self, cotangent=None):
        self.data.backward(cotangent)
