# expect: engine bad_gradient
"""A pass sends on what has piled up in grad, earlier passes included, instead of what has arrived in this one."""


class Var(Var):
    def backward(self, cotangent=None):
        if cotangent is None and self.data.numel() == 1:
            cotangent = torch.ones_like(self.data)
        if cotangent is None or cotangent.shape != self.data.shape:
            raise ValueError("a cotangent of the shape of the data is required")
        self.grad = cotangent.clone() if self.grad is None else self.grad + cotangent
        for node in _users_first(self):
            for source, pull in node._inputs:
                share = pull(node.grad).sum_to_size(source.data.shape).clone()
                source.grad = share if source.grad is None else source.grad + share
