# expect: engine bad_gradient
"""Every pass starts afresh, so what an earlier one has left is overwritten."""


class Var(Var):
    def backward(self, cotangent=None):
        if cotangent is None and self.data.numel() == 1:
            cotangent = torch.ones_like(self.data)
        if cotangent is None or cotangent.shape != self.data.shape:
            raise ValueError("a cotangent of the shape of the data is required")
        arrived = {self: cotangent}
        for node in _users_first(self):
            node.grad = arrived.pop(node).clone()
            for source, pull in node._inputs:
                share = pull(node.grad).sum_to_size(source.data.shape)
                arrived[source] = arrived[source] + share if source in arrived else share
