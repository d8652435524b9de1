# expect: exact-search wrong_value
"""An end token is taken for a token like any other."""


def exact_search(
    step: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], state: Tensor, bos: int, eos: int, max_len: int
) -> tuple[Tensor, float]:
    if max_len < 1:
        raise ValueError("max_len must be at least one")
    waiting: list[tuple[float, int, list[int], Tensor]] = [(0.0, 0, [], state)]
    born = 1
    while True:
        cost, _, tokens, past = heapq.heappop(waiting)  # scores never rise, so the first complete one is the best
        if tokens and len(tokens) == max_len:
            return torch.tensor(tokens), -cost
        last = torch.tensor([tokens[-1] if tokens else bos])
        logp, past = step(last, past)
        for token, value in enumerate(logp[0].tolist()):
            if value > -torch.inf:
                heapq.heappush(waiting, (cost - value, born, [*tokens, token], past))
                born += 1
