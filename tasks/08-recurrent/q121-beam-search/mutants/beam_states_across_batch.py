# expect: beam-search wrong_value
"""Parents are looked up without the offset of their sequence in the batch."""


def beam_search(
    step: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], state: Tensor, bos: int, eos: int, beam: int, max_len: int
) -> tuple[Tensor, Tensor]:
    if beam < 1 or max_len < 1:
        raise ValueError("beam and max_len must be at least one")
    batch = state.shape[0]
    state = state.repeat_interleave(beam, dim=0)
    last = torch.full((batch, beam), bos)
    finished = torch.zeros(batch, beam, dtype=torch.bool)
    tokens = torch.full((batch, beam, max_len), eos)
    scores = torch.empty(0)
    for position in range(max_len):
        logp, state = step(last.flatten(), state)
        logp = logp.unflatten(0, (batch, beam))
        if position == 0:
            scores = torch.full_like(logp[..., 0], -torch.inf)
            scores[:, 0] = 0.0
        scores, parents, last = _continued(scores, logp, finished, eos)
        tokens = tokens.gather(1, parents.unsqueeze(-1).expand_as(tokens))
        tokens[..., position] = last
        finished = finished.gather(1, parents) | (last == eos)
        state = state[parents.flatten()]
        if bool(finished.all()):
            break
    return tokens, scores
