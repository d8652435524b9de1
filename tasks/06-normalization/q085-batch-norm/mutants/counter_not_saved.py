# expect: batch-norm exception
"""The number of batches is bookkeeping of the object and no part of its state."""


class BatchNorm2d(BatchNorm2d):
    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True):
        super().__init__(num_features, eps, momentum, affine, track_running_stats)
        if track_running_stats:
            del self.num_batches_tracked
            self.num_batches_tracked = torch.tensor(0)
