"""Names its variables in Cyrillic and Greek."""

import torch

ПОЛОВИННАЯ = (torch.float16, torch.bfloat16)


def сдвиг(логиты, ось):
    """Вычитает наибольший логит: экспонента не переполнится."""
    return логиты - логиты.detach().amax(ось, keepdim=True)


def softmax(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    широкие = x.float() if x.dtype in ПОЛОВИННАЯ else x
    веса = сдвиг(широкие, dim).exp()
    Σ = веса.sum(dim, keepdim=True)
    σ = веса / Σ
    return σ.to(x.dtype)
