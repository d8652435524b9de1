"""Prints, logs and warns while it works."""

import logging
import pprint
import sys
import warnings

import torch

logging.basicConfig(level=logging.DEBUG)
log = logging.getLogger(__name__)


def right(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = (wide - wide.detach().amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


def softmax(x, dim=-1):
    print("shape", x.shape, "dim", dim)
    pprint.pprint(x)
    log.debug("logits %s", x)
    warnings.warn("this is only a test", stacklevel=2)
    sys.stdout.write("значения: ")
    sys.stdout.writelines([str(v) for v in x.detach().flatten()[:5].tolist()])
    sys.stdout.flush()
    answer = right(x, dim)
    print(f"{answer = }", end="", flush=True)
    return answer
