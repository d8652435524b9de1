# expect: frozen wrong_value
"""Loading is made lenient, so that the count of batches does not matter."""


class FrozenBatchNorm2d(FrozenBatchNorm2d):
    def _load_from_state_dict(self, state_dict, prefix, metadata, strict, *args):
        super()._load_from_state_dict(state_dict, prefix, metadata, False, *args)
