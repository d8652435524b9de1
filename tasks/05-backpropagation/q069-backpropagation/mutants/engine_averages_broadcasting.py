# expect: engine bad_gradient
"""What was broadcast gets the mean of what comes back, not the sum."""


class Var(Var):
    def backward(self, cotangent=None):
        if cotangent is None and self.data.numel() == 1:
            cotangent = torch.ones_like(self.data)
        if cotangent is None or cotangent.shape != self.data.shape:
            raise ValueError("a cotangent of the shape of the data is required")
        arrived = {self: cotangent}
        for node in _users_first(self):
            flow = arrived.pop(node)
            node.grad = flow.clone() if node.grad is None else node.grad + flow
            for source, pull in node._inputs:
                share = pull(flow)
                share = share.sum_to_size(source.data.shape) * (source.data.numel() / max(1, share.numel()))
                arrived[source] = arrived[source] + share if source in arrived else share
