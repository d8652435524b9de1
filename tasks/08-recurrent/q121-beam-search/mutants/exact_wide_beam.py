# expect: exact-search wrong_value
"""A wide beam is sold as an exact search."""


def exact_search(
    step: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], state: Tensor, bos: int, eos: int, max_len: int
) -> tuple[Tensor, float]:
    tokens, scores = beam_search(step, state, bos, eos, 4, max_len)
    best = tokens[0, 0].tolist()
    length = best.index(eos) + 1 if eos in best else max_len
    return tokens[0, 0, :length], scores[0, 0].item()
