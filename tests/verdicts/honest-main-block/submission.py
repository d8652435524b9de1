"""Ends with a demonstration for when it is run as a program, which compares with the library."""

import torch

__all__ = ["softmax"]


def right(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = (wide - wide.detach().amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


def softmax(x, dim=-1):
    return right(x, dim)


if __name__ == "__main__":
    import sys

    sample = torch.randn(2, 3)
    print(softmax(sample), file=sys.stderr)
    assert torch.allclose(softmax(sample), torch.softmax(sample, -1))
    assert torch.allclose(softmax(sample, 0), torch.nn.functional.softmax(sample, 0))
    print("all good")
