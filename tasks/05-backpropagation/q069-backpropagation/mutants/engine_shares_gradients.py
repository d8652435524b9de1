# expect: engine bad_gradient
"""A sum hands one and the same tensor to both of its terms, and later amounts are added to it in place."""


class Var(Var):
    def backward(self, cotangent=None):
        if cotangent is None and self.data.numel() == 1:
            cotangent = torch.ones_like(self.data)
        if cotangent is None or cotangent.shape != self.data.shape:
            raise ValueError("a cotangent of the shape of the data is required")
        arrived = {self: cotangent}
        for node in _users_first(self):
            flow = arrived.pop(node)
            node.grad = flow if node.grad is None else node.grad + flow
            for source, pull in node._inputs:
                share = pull(flow).sum_to_size(source.data.shape)
                arrived[source] = arrived[source] + share if source in arrived else share
