# expect: lstm too_slow, variable-lengths too_slow
"""One sequence after the other, cut to its length and joined again."""


class LSTM(LSTM):
    def forward(self, x, state=None, lengths=None):
        self._require(x, state, lengths)
        if x.size(1) < 2:
            return super().forward(x, state, lengths)
        rows = range(x.size(1))
        answers = []
        for n in rows:
            start = None if state is None else tuple(part[:, n : n + 1] for part in state)
            length = None if lengths is None else lengths[n : n + 1]
            answers.append(super().forward(x[:, n : n + 1], start, length))
        states = tuple(torch.cat([answer[1][k] for answer in answers], 1) for k in range(2))
        return torch.cat([answer[0] for answer in answers], 1), states
