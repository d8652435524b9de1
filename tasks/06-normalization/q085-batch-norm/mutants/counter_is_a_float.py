# expect: batch-norm wrong_dtype
"""All buffers are made alike, the counter included."""


class BatchNorm2d(BatchNorm2d):
    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True):
        super().__init__(num_features, eps, momentum, affine, track_running_stats)
        if track_running_stats:
            self.num_batches_tracked = torch.zeros(())
