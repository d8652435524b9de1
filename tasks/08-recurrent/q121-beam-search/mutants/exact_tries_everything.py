# expect: exact-search wrong_value
"""All sequences are tried, and the model is asked about every prefix there is."""


def exact_search(
    step: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], state: Tensor, bos: int, eos: int, max_len: int
) -> tuple[Tensor, float]:
    if max_len < 1:
        raise ValueError("max_len must be at least one")
    best, open_ = (-torch.inf, []), [(0.0, [], state)]
    while open_:
        score, tokens, past = open_.pop()
        if tokens and (tokens[-1] == eos or len(tokens) == max_len):
            best = max(best, (score, tokens))
            continue
        logp, past = step(torch.tensor([tokens[-1] if tokens else bos]), past)
        open_ += [(score + v, [*tokens, t], past) for t, v in enumerate(logp[0].tolist()) if v > -torch.inf]
    return torch.tensor(best[1]), best[0]
