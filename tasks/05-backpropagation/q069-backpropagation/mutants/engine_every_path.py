# expect: engine timeout
"""Whatever arrives is sent on at once, so every path from the output is walked by itself."""


class Var(Var):
    def backward(self, cotangent=None):
        if cotangent is None and self.data.numel() == 1:
            cotangent = torch.ones_like(self.data)
        if cotangent is None or cotangent.shape != self.data.shape:
            raise ValueError("a cotangent of the shape of the data is required")
        stack = [(self, cotangent)]
        while stack:
            node, flow = stack.pop()
            node.grad = flow.clone() if node.grad is None else node.grad + flow
            for source, pull in node._inputs:
                stack.append((source, pull(flow).sum_to_size(source.data.shape)))
