# expect: greedy-search wrong_value
"""The state that the model returns is thrown away."""


def greedy_search(
    step: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], state: Tensor, bos: int, eos: int, max_len: int
) -> tuple[Tensor, Tensor]:
    if max_len < 1:
        raise ValueError("max_len must be at least one")
    last = torch.full((state.shape[0],), bos)
    finished = torch.zeros(state.shape[0], dtype=torch.bool)
    tokens = torch.full((state.shape[0], max_len), eos)
    scores = torch.zeros(())
    for position in range(max_len):
        logp, _ = step(last, state)
        likeliest, token = logp.sort(dim=1, descending=True, stable=True)
        scores = scores.to(logp.dtype) + torch.where(finished, 0.0, likeliest[:, 0])
        last = torch.where(finished, eos, token[:, 0])
        tokens[:, position] = last
        finished = finished | (last == eos)
        if bool(finished.all()):
            break
    return tokens, scores
