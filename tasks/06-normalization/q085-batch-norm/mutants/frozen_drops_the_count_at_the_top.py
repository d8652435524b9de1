# expect: frozen exception
"""The count of batches is dropped in load_state_dict, which is only called on the outermost module."""


class FrozenBatchNorm2d(FrozenBatchNorm2d):
    def load_state_dict(self, state_dict, strict=True):
        kept = {key: value for key, value in state_dict.items() if key != "num_batches_tracked"}
        return super().load_state_dict(kept, strict)

    def _load_from_state_dict(self, *args):
        nn.Module._load_from_state_dict(self, *args)
