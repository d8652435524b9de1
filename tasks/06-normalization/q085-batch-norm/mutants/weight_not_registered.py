# expect: batch-norm exception
"""Weight and bias are plain tensors on the object, so no optimizer and no checkpoint knows them."""


class BatchNorm2d(BatchNorm2d):
    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True):
        super().__init__(num_features, eps, momentum, affine, track_running_stats)
        if affine:
            del self.weight, self.bias
            self.weight = torch.ones(num_features, requires_grad=True)
            self.bias = torch.zeros(num_features, requires_grad=True)
