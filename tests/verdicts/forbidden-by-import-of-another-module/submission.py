"""Takes it from a module of the library that had imported it under a name of its own."""

from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import torch_utils_checkpoint


def checkpoint(function, *args, **kwargs):
    return torch_utils_checkpoint(function, *args, use_reentrant=False, **kwargs)
