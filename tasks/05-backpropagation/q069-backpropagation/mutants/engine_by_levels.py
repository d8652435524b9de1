# expect: engine bad_gradient
"""Variables are handled in the order in which a breadth-first walk meets them."""


class Var(Var):
    def backward(self, cotangent=None):
        if cotangent is None and self.data.numel() == 1:
            cotangent = torch.ones_like(self.data)
        if cotangent is None or cotangent.shape != self.data.shape:
            raise ValueError("a cotangent of the shape of the data is required")
        order = {self: None}
        waiting = [self]
        for node in waiting:
            for source, _ in node._inputs:
                if source not in order:
                    order[source] = None
                    waiting.append(source)
        arrived = {self: cotangent}
        for node in order:
            flow = arrived.pop(node)
            node.grad = flow.clone() if node.grad is None else node.grad + flow
            for source, pull in node._inputs:
                share = pull(flow).sum_to_size(source.data.shape)
                arrived[source] = arrived[source] + share if source in arrived else share
        for node, late in arrived.items():
            node.grad = node.grad + late
