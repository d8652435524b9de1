# expect: engine mutated_input
"""The cotangent itself becomes the gradient of the output, and the next pass adds to it in place."""


class Var(Var):
    def backward(self, cotangent=None):
        if cotangent is None and self.data.numel() == 1:
            cotangent = torch.ones_like(self.data)
        if cotangent is None or cotangent.shape != self.data.shape:
            raise ValueError("a cotangent of the shape of the data is required")
        arrived = {self: cotangent}
        for node in _users_first(self):
            flow = arrived.pop(node)
            if node.grad is None:
                node.grad = flow if node is self else flow.clone()
            else:
                node.grad += flow
            for source, pull in node._inputs:
                share = pull(flow.clone()).sum_to_size(source.data.shape)
                arrived[source] = arrived[source] + share if source in arrived else share
