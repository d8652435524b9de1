# expect: engine forbidden
"""The forbidden method is avoided by the function that does the same."""

from torch import autograd


class Var(Var):
    def backward(self, cotangent=None):
        leaves = [node.data.requires_grad_() for node in _users_first(self) if not node._inputs]
        for leaf, grad in zip(leaves, autograd.grad(self.data, leaves, cotangent)):
            leaf.grad = grad
