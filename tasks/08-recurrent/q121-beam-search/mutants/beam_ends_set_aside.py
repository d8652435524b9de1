# expect: beam-search wrong_value
"""A finished hypothesis leaves the beam and makes room for another, so the beam is wider than it should be."""


def beam_search(
    step: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], state: Tensor, bos: int, eos: int, beam: int, max_len: int
) -> tuple[Tensor, Tensor]:
    if beam < 1 or max_len < 1:
        raise ValueError("beam and max_len must be at least one")
    batch = state.shape[0]
    rows = torch.arange(batch).unsqueeze(1) * beam
    state = state.repeat_interleave(beam, dim=0)
    last = torch.full((batch, beam), bos)
    finished = torch.zeros(batch, beam, dtype=torch.bool)
    tokens = torch.full((batch, beam, max_len), eos)
    scores = torch.empty(0)
    kept, kept_scores = tokens[:, :0], torch.empty(batch, 0)
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
        state = state[(rows + parents).flatten()]
        if position < max_len - 1:
            kept = torch.cat([kept, tokens], 1)
            kept_scores = torch.cat([kept_scores.to(scores.dtype), scores.masked_fill(~finished, -torch.inf)], 1)
            scores = scores.masked_fill(finished, -torch.inf)
    best = torch.sort(torch.cat([scores, kept_scores], 1), dim=1, descending=True, stable=True)
    place = best.indices[:, :beam]
    every = torch.cat([tokens, kept], 1)
    return every.gather(1, place.unsqueeze(-1).expand(-1, -1, max_len)), best.values[:, :beam]
