"""Hidden tests of LSTM; every expected value is computed here, in float64."""

import math

import torch
from torch import Tensor

from grader.testing import assert_close, assert_equal, assert_gradient, probe, raises

DOUBLE = torch.float64
NAN = math.nan
NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def normal(rng, *shape: int, scale: float = 1.0, dtype: torch.dtype = torch.float32) -> Tensor:
    """Draw normal numbers with standard deviation `scale`."""
    return (torch.randn(shape, generator=rng) * scale).to(dtype)


def integer(rng, low: int, high: int) -> int:
    """Draw an integer from low up to and including high."""
    return int(torch.randint(low, high + 1, (1,), generator=rng))


def cell_parameters(rng, width: int, size: int, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """Draw the four parameters of a cell."""
    shapes = ((4 * size, width), (4 * size, size), (4 * size,), (4 * size,))
    return [normal(rng, *shape, scale=0.6, dtype=dtype) for shape in shapes]


def cell_arguments(rng, rows: int, width: int, size: int, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """Draw all seven arguments of a cell."""
    states = [normal(rng, rows, n, dtype=dtype) for n in (width, size, size)]
    return states + cell_parameters(rng, width, size, dtype)


def module_parameters(rng, settings, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    """Draw the parameters of a module by their names."""
    width, size, layers, both = settings
    drawn = {}
    for layer in range(layers):
        columns = width if layer == 0 else size * (1 + both)
        for suffix in ("", "_reverse")[: 1 + both]:
            for name, value in zip(NAMES, cell_parameters(rng, columns, size, dtype)):
                drawn[f"{name}_l{layer}{suffix}"] = value
    return drawn


def module_arguments(rng, settings, steps: int, rows: int, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """Draw a batch of sequences and the states to start from."""
    width, size, layers, both = settings
    states = [normal(rng, layers * (1 + both), rows, size, scale=0.7, dtype=dtype) for _ in range(2)]
    return [normal(rng, steps, rows, width, dtype=dtype), *states]


def gates64(x, h, weight_ih, weight_hh, bias_ih, bias_hh) -> list[Tensor]:
    """Evaluate the gates one by one, in float64."""
    answers = []
    for k in range(4):
        rows = slice(k * h.shape[-1], (k + 1) * h.shape[-1])
        inner = x.double() @ weight_ih.double()[rows].T + bias_ih.double()[rows]
        outer = h.double() @ weight_hh.double()[rows].T + bias_hh.double()[rows]
        answers.append(torch.tanh(inner + outer) if k == 2 else torch.sigmoid(inner + outer))
    return answers


def cell64(x, h, c, *parameters) -> tuple[Tensor, Tensor]:
    """Evaluate the definition of one step, in float64."""
    i, f, g, o = gates64(x, h, *parameters)
    after = f * c.double() + i * g
    return o * torch.tanh(after), after


def library(settings, params: dict[str, Tensor]) -> torch.nn.LSTM:
    """Build the library's module in float64 with these parameters."""
    width, size, layers, both = settings
    model = torch.nn.LSTM(width, size, layers, bidirectional=bool(both)).double()
    model.load_state_dict({name: value.double() for name, value in params.items()})
    return model


def run64(model: torch.nn.LSTM, x, h, c, lengths: list[int] | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Run the library's module over every sequence by itself, without its padding."""
    columns = []
    for n in range(x.shape[1]):
        length = x.shape[0] if lengths is None else lengths[n]
        row = slice(n, n + 1)
        state, output = (h[:, row].double(), c[:, row].double()), x.new_zeros(0, 1, 0, dtype=DOUBLE)
        if length:
            output, state = model(x[:length, row].double(), state)
        width = model.hidden_size * (2 if model.bidirectional else 1)
        padding = torch.zeros(x.shape[0] - length, 1, width, dtype=DOUBLE)
        columns.append((torch.cat([output, padding]) if length else padding, *state))
    out, last_h, last_c = (torch.cat(parts, 1) for parts in zip(*columns))
    return out, last_h, last_c


def expected_run(settings, params, x, h, c, lengths: list[int] | None = None) -> list[Tensor]:
    """Give what the module returns, in float64."""
    with torch.no_grad():
        return list(run64(library(settings, params), x, h, c, lengths))


def expected_gradients(settings, params, x, h, c, lengths, cotangents) -> dict[str, Tensor]:
    """Give the gradients of everything the module takes, in float64."""
    model = library(settings, params)
    leaves = {k: v.detach().double().clone().requires_grad_() for k, v in (("x", x), ("h", h), ("c", c))}
    answer = run64(model, leaves["x"], leaves["h"], leaves["c"], lengths)
    torch.autograd.backward(answer, [y.double() for y in cotangents])
    return {k: v.grad for k, v in [*model.named_parameters(), *leaves.items()]}


@probe
def run(candidate, settings, params, x, h, c, lengths) -> tuple[Tensor, Tensor, Tensor]:
    model = candidate.LSTM(*settings).to(x.dtype)
    model.load_state_dict(params)
    with torch.no_grad():
        output, (last_h, last_c) = model(x, None if h is None else (h, c), lengths)
    return output, last_h, last_c


@probe
def run_twice(candidate, settings, params, first, x) -> tuple[Tensor, Tensor, Tensor]:
    model = candidate.LSTM(*settings)
    model.load_state_dict(params)
    with torch.no_grad():
        model(first)
        output, (last_h, last_c) = model(x)
    return output, last_h, last_c


@probe
def run_in_stretches(candidate, settings, params, x, h, c, sizes) -> tuple[Tensor, Tensor, Tensor]:
    model = candidate.LSTM(*settings)
    model.load_state_dict(params)
    state, outputs = (h, c), []
    with torch.no_grad():
        for part in x.split(sizes):
            output, state = model(part, state)
            outputs.append(output)
    return torch.cat(outputs), state[0], state[1]


@probe
def module_gradients(candidate, settings, params, x, h, c, lengths, cotangents) -> dict[str, Tensor]:
    model = candidate.LSTM(*settings).to(x.dtype)
    model.load_state_dict(params)
    leaves = {"x": x.detach().clone(), "h": h.detach().clone(), "c": c.detach().clone()}
    for leaf in leaves.values():
        leaf.requires_grad_()
    output, state = model(leaves["x"], (leaves["h"], leaves["c"]), lengths)
    for y, cotangent in zip((output, *state), cotangents):
        if y.requires_grad:
            y.backward(cotangent, retain_graph=True)
    everything = {**dict(model.named_parameters()), **leaves}
    return {k: torch.zeros_like(v) if v.grad is None else v.grad for k, v in everything.items()}


@probe
def fresh_parameters(candidate, settings) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in candidate.LSTM(*settings).state_dict().items()}


@probe
def parameter_names(candidate, settings) -> list[list[str]]:
    model = candidate.LSTM(*settings)
    return [list(model.state_dict()), [name for name, p in model.named_parameters() if p.requires_grad]]


@probe
def cell_gradients(candidate, arguments, dh, dc) -> list[Tensor]:
    leaves = [value.detach().clone().requires_grad_() for value in arguments]
    answer = candidate.lstm_cell(*leaves)
    return list(torch.autograd.grad(answer, leaves, (dh, dc), allow_unused=True, materialize_grads=True))


@probe
def long_cell(candidate, x, h, c, parameters, steps) -> tuple[Tensor, Tensor]:
    for _ in range(steps):
        h, c = candidate.lstm_cell(x, h, c, *parameters)
    return h, c


@probe
def with_forget_bias(candidate, params, values, frozen) -> tuple[dict[str, Tensor], list[bool]]:
    root = nn.Module()
    for name, value in params.items():
        *path, last = name.split(".")
        place = root
        for part in path:
            if part not in dict(place.named_children()):
                place.add_module(part, nn.Module())
            place = getattr(place, part)
        place.register_parameter(last, nn.Parameter(value.clone(), requires_grad=name not in frozen))
    before = {name: (p, p.data_ptr()) for name, p in root.named_parameters()}
    for value in values:
        candidate.set_forget_bias(root, value)
    facts, numbers = [], {}
    for name, p in root.named_parameters():
        same = p is before[name][0] and p.data_ptr() == before[name][1]
        facts.append(bool(same and p.is_leaf and p.requires_grad == (name not in frozen)))
        numbers[name] = p.detach().clone()
    return numbers, facts


@probe
def backward_without_graph(candidate, arguments) -> dict[str, Tensor]:
    with torch.inference_mode():
        answer = candidate.lstm_cell_backward(*arguments)
    return {name: value.clone() for name, value in answer.items()}


class TestLstmCell:
    def test_definition(self, candidate, rng):
        """One step gives the states of the definition, with both biases and the gates in the order i, f, g, o."""
        for rows, width, size in ((5, 3, 4), (5, 3, 4), (2, 1, 7)):
            arguments = cell_arguments(rng, rows, width, size)
            assert_close(candidate.lstm_cell(*arguments), cell64(*arguments), reduction=width + size)  # terms of a sum

    def test_forget_gate(self, candidate, rng):
        """With the input gate shut, an open forget gate keeps the memory and a shut one clears it."""
        for forget in (60.0, -60.0, 0.0):
            x, h, c, weight_ih, weight_hh, bias_ih, bias_hh = cell_arguments(rng, 4, 3, 5)
            bias_ih[:5], bias_ih[5:10] = -60.0, forget
            weight_ih[:10], weight_hh[:10], bias_hh[:10] = 0, 0, 0
            arguments = (x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
            kept = c.double() / (1 + math.exp(-forget))
            # What a shut gate lets through, e^-60, is nothing beside memories of order 1.
            assert_close(candidate.lstm_cell(*arguments)[1], kept, atol=1e-20)

    def test_input_gate(self, candidate, rng):
        """With the forget gate shut, an open input gate replaces the memory by the candidate."""
        x, h, c, weight_ih, weight_hh, bias_ih, bias_hh = cell_arguments(rng, 4, 3, 5)
        bias_ih[:5], bias_ih[5:10] = 60.0, -60.0
        weight_ih[:10], weight_hh[:10], bias_hh[:10] = 0, 0, 0
        arguments = (x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
        want = gates64(x, h, *arguments[3:])[2]
        assert_close(candidate.lstm_cell(*arguments)[1], want, reduction=8)  # a sum of 8

    def test_output_gate(self, candidate, rng):
        """The output gate decides how much of the new cell state is shown, and has no say in what is kept."""
        for output in (60.0, -60.0):
            arguments = cell_arguments(rng, 4, 3, 5)
            want = cell64(*arguments)[1]
            arguments[3][15:], arguments[4][15:], arguments[5][15:], arguments[6][15:] = 0, 0, output, 0
            shown = want.tanh() / (1 + math.exp(-output))
            # What a shut gate lets through, e^-60, is nothing beside states of order 1.
            assert_close(candidate.lstm_cell(*arguments), (shown, want), reduction=8, atol=1e-6)

    def test_unbounded_memory(self, candidate, rng):
        """The cell state can count far beyond one, while the hidden state stays within it."""
        size = 3
        bias = torch.tensor([50.0, 50.0, 50.0, 50.0]).repeat_interleave(size)
        zeros = torch.zeros(4 * size, 2), torch.zeros(4 * size, size)
        h, c = normal(rng, 4, size), normal(rng, 4, size)
        for steps in (7, 40):
            got = long_cell(candidate, normal(rng, 4, 2), h, c, (*zeros, bias, torch.zeros(12)), steps)
            assert_close(
                got, (torch.tanh(c.double() + steps), c.double() + steps), reduction=steps
            )  # so many additions

    def test_saturation(self, candidate, rng):
        """Huge inputs open and shut gates entirely, without a NaN."""
        for scale in (1e4, -1e4):
            arguments = cell_arguments(rng, 6, 3, 4)
            arguments[0] = scale * arguments[0].sign()
            arguments[2] *= 1e3
            # Shut gates are exact zeros or next to nothing, beside memories of order 1000.
            assert_close(candidate.lstm_cell(*arguments), cell64(*arguments), reduction=7, atol=1e-5)

    def test_gradient(self, candidate, rng):
        """Gradients reach the input, both states and all parameters."""
        for _ in range(2):
            arguments = cell_arguments(rng, 4, 3, 5, DOUBLE)
            dh, dc = normal(rng, 4, 5, dtype=DOUBLE), normal(rng, 4, 5, dtype=DOUBLE)
            leaves = [value.clone().requires_grad_() for value in arguments]
            want = torch.autograd.grad(cell64(*leaves), leaves, (dh, dc))
            assert_gradient(cell_gradients(candidate, arguments, dh, dc), list(want), dtype=DOUBLE)

    def test_memory_layout(self, candidate, rng):
        """Views of any layout and an empty batch are served, in double precision too."""
        weight_ih, weight_hh, bias_ih, bias_hh = cell_parameters(rng, 3, 4, DOUBLE)
        x, h, c = (
            normal(rng, 3, 6).double().T,
            normal(rng, 6, 8).double()[:, ::2],
            normal(rng, 1, 4).double().expand(6, 4),
        )
        arguments = (x, h, c, weight_ih.T.contiguous().T, weight_hh, bias_ih.repeat_interleave(2)[::2], bias_hh)
        assert_close(candidate.lstm_cell(*arguments), cell64(*arguments), dtype=DOUBLE)
        got = candidate.lstm_cell(x[:0], h[:0], c[:0], weight_ih, weight_hh, bias_ih, bias_hh)
        assert_close(got, [torch.zeros(0, 4)] * 2, dtype=DOUBLE)

    def test_refused(self, candidate, rng):
        """Shapes that do not fit are refused, not broadcast."""
        good = cell_arguments(rng, 4, 4, 4)
        changes = {0: [(4, 3), (1, 4), (4,)], 1: [(1, 4), (4, 1)], 2: [(1, 4), (4,), (4, 1)]}
        changes |= {3: [(16, 1), (12, 4)], 4: [(16, 1), (12, 4)], 5: [(1,), (16, 1), (4,)], 6: [(1,), (4,)]}
        for place, shapes in changes.items():
            for shape in shapes:
                with raises(ValueError):
                    candidate.lstm_cell(*good[:place], normal(rng, *shape), *good[place + 1 :])


class TestLstm:
    def test_one_layer(self, candidate, rng):
        """One layer gives the outputs and the states of the library's module with the same weights."""
        for settings in ((3, 5, 1, False), (3, 5, 1, False), (6, 2, 1, False)):
            params, arguments = module_parameters(rng, settings), module_arguments(rng, settings, 7, 4)
            got = run(candidate, settings, params, *arguments, None)
            assert_close(got, expected_run(settings, params, *arguments), reduction=40)  # errors add up over the steps

    def test_layers(self, candidate, rng):
        """Every layer starts from its own state, reads the hidden states of the one below and returns its states."""
        for layers in (2, 3):
            settings = (4, 3, layers, False)
            params, arguments = module_parameters(rng, settings), module_arguments(rng, settings, 6, 5)
            got = run(candidate, settings, params, *arguments, None)
            assert_close(got, expected_run(settings, params, *arguments), reduction=40)  # errors add up over the steps

    def test_shapes(self, candidate, rng):
        """Any numbers of steps, sequences, inputs and units work, one and none included."""
        for steps, rows in ((1, 1), (1, 3), (5, 1), (integer(rng, 2, 9), integer(rng, 2, 5)), (4, 0)):
            settings = (integer(rng, 1, 5), integer(rng, 1, 5), integer(rng, 1, 2), False)
            params, arguments = module_parameters(rng, settings), module_arguments(rng, settings, steps, rows)
            want = [torch.zeros(n, 0, settings[1]) for n in (steps, settings[2], settings[2])]
            want = expected_run(settings, params, *arguments) if rows else want
            got = run(candidate, settings, params, *arguments, None)
            assert_close(got, want, reduction=40)  # errors add up over the steps

    def test_starts_from_zeros(self, candidate, rng):
        """Without a given state every call starts from zeros, whatever an earlier call left."""
        settings = (3, 4, 2, False)
        params, first = module_parameters(rng, settings), normal(rng, 5, 4, 3)
        x = module_arguments(rng, settings, 6, 4)[0]
        zeros = torch.zeros(2, 4, 4)
        want = expected_run(settings, params, x, zeros, zeros)
        assert_close(
            run_twice(candidate, settings, params, first, x), want, reduction=40
        )  # errors add up over the steps

    def test_stretches(self, candidate, rng):
        """A sequence fed in stretches, each from the state the last one returned, gives what the uncut one gives."""
        settings = (3, 4, 2, False)
        params, arguments = module_parameters(rng, settings), module_arguments(rng, settings, 9, 3)
        want = expected_run(settings, params, *arguments)
        for sizes in ([4, 5], [1, 7, 1]):
            got = run_in_stretches(candidate, settings, params, *arguments, sizes)
            assert_close(got, want, reduction=40)  # errors add up over the steps

    def test_causality(self, candidate, rng):
        """Later inputs have no influence on earlier outputs."""
        settings = (3, 4, 2, False)
        params, (x, h, c) = module_parameters(rng, settings), module_arguments(rng, settings, 8, 3)
        want = expected_run(settings, params, x, h, c)[0]
        x[5:] = 100 * normal(rng, 3, 3, 3)
        got = run(candidate, settings, params, x, h, c, None)[0]
        assert_close(got[:5], want[:5], reduction=40)  # errors add up over the steps

    def test_names(self, candidate, rng):
        """The parameters have the library's names, in its order, can be trained, and nothing else is saved."""
        for layers in (1, 3):
            names = list(module_parameters(rng, (2, 3, layers, False)))
            assert_equal(parameter_names(candidate, (2, 3, layers, False)), [names, names])

    def test_weights_for_the_library(self, candidate, rng):
        """New weights and biases have the library's shapes and are drawn evenly from the statement's range."""
        for size in (4, 25):
            settings, bound = (3, size, 2, False), 1 / math.sqrt(size)
            got = [fresh_parameters(candidate, settings) for _ in range(2)]
            shapes = {name: list(value.shape) for name, value in module_parameters(rng, settings).items()}
            assert_equal([{name: list(value.shape) for name, value in one.items()} for one in got], [shapes] * 2)
            flat = [torch.cat([value.double().flatten() for value in one.values()]) for one in got]
            assert_equal([float(one.abs().max()) <= bound * (1 + 1e-6) for one in flat], [True, True])
            # Six standard errors of the second moment of a uniform distribution.
            error = 6 * math.sqrt(0.8 / flat[0].numel())
            for one in (*flat, (flat[0] - flat[1]) / math.sqrt(2)):
                assert_close(float(one.square().mean() * 3 / bound**2), 1.0, rtol=2 * error)
            for name, value in got[0].items():
                assert_equal([name, float(value.double().std()) > 0.2 * bound], [name, True])

    def test_gradient(self, candidate, rng):
        """Gradients flow back through time and layers, from outputs and from returned states, to everything."""
        for settings in ((3, 4, 1, False), (2, 3, 2, False)):
            params, arguments = module_parameters(rng, settings, DOUBLE), module_arguments(rng, settings, 6, 3, DOUBLE)
            cotangents = [
                torch.randn(y.shape, generator=rng).double() for y in expected_run(settings, params, *arguments)
            ]
            want = expected_gradients(settings, params, *arguments, None, cotangents)
            got = module_gradients(candidate, settings, params, *arguments, None, cotangents)
            assert_gradient(got, want, dtype=DOUBLE)

    def test_memory_layout(self, candidate, rng):
        """Batches cut out of larger tensors or turned round are served, in double precision too."""
        settings = (3, 4, 2, False)
        params = module_parameters(rng, settings, DOUBLE)
        x = normal(rng, 5, 12, 3, dtype=DOUBLE)[:, ::2].transpose(0, 1)
        h, c = normal(rng, 5, 2, 4, dtype=DOUBLE).transpose(0, 1), normal(rng, 2, 1, 4, dtype=DOUBLE).expand(2, 5, 4)
        want = expected_run(settings, params, x, h, c)
        assert_close(run(candidate, settings, params, x, h, c, None), want, dtype=DOUBLE)

    def test_refused(self, candidate, rng):
        """Sizes below one, inputs of another width and states of another shape are refused."""
        for settings in ((0, 3, 1, False), (3, 0, 1, False), (3, 3, 0, False)):
            with raises(ValueError):
                fresh_parameters(candidate, settings)
        settings = (4, 3, 2, False)
        params, (x, h, c) = module_parameters(rng, settings), module_arguments(rng, settings, 5, 2)
        bad = [(x[..., :3], h, c), (x[..., :1], h, c), (x[:, 0], h[:, 0], c[:, 0]), (x, h[:1], c), (x, h, c[:1])]
        bad += [(x, h[:, :1], c), (x, h, c[:, :1]), (x, h[..., :1], c), (x, h, c[..., :1])]
        for arguments in bad:
            with raises(ValueError):
                run(candidate, settings, params, *arguments, None)

    def test_speed(self, candidate, rng, budget):
        """A step costs one pass over all sequences and all gates together."""
        settings = (16, 16, 1, False)

        def make() -> tuple[object, ...]:
            return (settings, module_parameters(rng, settings), *module_arguments(rng, settings, 150, 8), None)

        budget.time(run, make)


def biases(rng, sizes: dict[str, int]) -> dict[str, Tensor]:
    """Draw the parameters of LSTM layers with these prefixes and numbers of units."""
    drawn = {}
    for name, size in sizes.items():
        head, _, layer = name.rpartition("/")
        for kind, shape in zip(NAMES, ((4 * size, 3), (4 * size, size), (4 * size,), (4 * size,))):
            drawn[f"{head}{kind}_{layer}"] = normal(rng, *shape)
    return drawn


def forget_sums(params: dict[str, Tensor]) -> dict[str, Tensor]:
    """Add up the two biases of every forget gate."""
    sums = {}
    for name, value in params.items():
        if "bias_ih_l" in name:
            size = len(value) // 4
            sums[name] = (value + params[name.replace("bias_ih", "bias_hh")])[size : 2 * size]
    return sums


def others(params: dict[str, Tensor]) -> dict[str, Tensor]:
    """Keep everything but the forget gates' biases."""
    kept = {}
    for name, value in params.items():
        size = len(value) // 4
        is_bias = "bias_ih_l" in name or "bias_hh_l" in name
        kept[name] = torch.cat([value[:size], value[2 * size :]]) if is_bias else value
    return kept


class TestForgetBias:
    def test_sum_of_both(self, candidate, rng):
        """The two biases of a forget gate add up to the value."""
        for value in (1.0, -2.5, 0.3):
            params = biases(rng, {"/l0": 4})
            got, _ = with_forget_bias(candidate, params, [value], [])
            want = {name: torch.full_like(x, value).double() for name, x in forget_sums(params).items()}
            # Two float32 numbers of order 1 that were split in any way come to the value up to their rounding.
            assert_close(forget_sums(got), want, atol=1e-5)

    def test_other_gates(self, candidate, rng):
        """Weights and the biases of the other gates keep their bits."""
        for size in (1, 4, 5):
            params = biases(rng, {"/l0": size, "/l0_reverse": size})
            got, _ = with_forget_bias(candidate, params, [1.5], [])
            assert_equal(others(got), others(params))

    def test_layers_and_directions(self, candidate, rng):
        """Every layer and every direction gets the value, the first no more than the last."""
        params = biases(rng, {"/l0": 3, "/l0_reverse": 3, "/l1": 3, "/l1_reverse": 3, "/l10": 3})
        got, _ = with_forget_bias(candidate, params, [2.0], [])
        want = {name: torch.full((3,), 2.0, dtype=DOUBLE) for name in forget_sums(params)}
        # Two float32 numbers of order 1 that were split in any way come to the value up to their rounding.
        assert_close(forget_sums(got), want, atol=1e-5)

    def test_submodules(self, candidate, rng):
        """LSTMs inside other modules are found, each with its own size, and other layers are left alone."""
        params = biases(rng, {"encoder./l0": 2, "decoder.core./l0": 5, "decoder.core./l1": 5})
        params |= {"head.weight": normal(rng, 8, 3), "head.bias": normal(rng, 8), "decoder.norm.bias": normal(rng, 20)}
        got, _ = with_forget_bias(candidate, params, [1.0], [])
        sums = forget_sums(got)
        want = {name: torch.ones(len(value), dtype=DOUBLE) for name, value in forget_sums(params).items()}
        # Two float32 numbers of order 1 that were split in any way come to the value up to their rounding.
        assert_close(sums, want, atol=1e-5)
        assert_equal(others(got), others(params))

    def test_in_place(self, candidate, rng):
        """The parameters stay the same trainable leaves in the same memory, and frozen ones stay frozen."""
        params = biases(rng, {"/l0": 4, "/l1": 4})
        for frozen in ([], ["bias_ih_l0", "bias_hh_l1"]):
            got, facts = with_forget_bias(candidate, params, [1.0], frozen)
            assert_equal(facts, [True] * len(params))
            want = {name: torch.ones(4, dtype=DOUBLE) for name in forget_sums(params)}
            # Two float32 numbers of order 1 that were split in any way come to the value up to their rounding.
            assert_close(forget_sums(got), want, atol=1e-5)

    def test_second_call(self, candidate, rng):
        """A second call replaces the first instead of adding to it, in double precision too."""
        params = {name: value.double() for name, value in biases(rng, {"/l0": 3, "/l0_reverse": 3}).items()}
        for values in ([1.0, 3.0], [4.0, 0.5, -1.0]):
            got, _ = with_forget_bias(candidate, params, values, [])
            want = {name: torch.full((3,), values[-1], dtype=DOUBLE) for name in forget_sums(params)}
            # Two float64 numbers of order 1 that were split in any way come to the value up to their rounding.
            assert_close(forget_sums(got), want, dtype=DOUBLE, atol=1e-13)
            for name, value in others(params).items():
                assert_equal(others(got)[name], value)

    def test_nothing_to_set(self, candidate, rng):
        """A module without such biases is refused."""
        weights = {name: value for name, value in biases(rng, {"/l0": 3}).items() if name.startswith("weight")}
        for params in ({"head.weight": normal(rng, 8, 3), "head.bias": normal(rng, 8)}, weights, {}):
            with raises(ValueError):
                with_forget_bias(candidate, params, [1.0], [])


def latched(candidate, size: int, bits: Tensor, writes: Tensor) -> Tensor:
    """Read the bits a candidate's weights hold: 1, -1, 0 for none, 2 for anything between."""
    weights = candidate.latch(size)
    shapes = {"weight_ih_l0": [4 * size, 2 * size], "weight_hh_l0": [4 * size, size], "bias_ih_l0": [4 * size]}
    shapes["bias_hh_l0"] = [4 * size]
    assert_equal({name: list(value.shape) for name, value in weights.items()}, shapes)
    for value in weights.values():
        assert_close(value, value.double())  # float32
    model = torch.nn.LSTM(2 * size, size)
    model.load_state_dict(weights)
    with torch.no_grad():
        h = model(torch.cat([bits, writes], -1).unsqueeze(1))[0].squeeze(1)
    read = torch.full_like(h, 2.0)
    for held in (h >= 0.5, h <= -0.5, h.abs() <= 0.1):
        read[held] = h[held].sign() * (h[held].abs() > 0.1)
    return read + 0.0


def remembered(bits: Tensor, writes: Tensor) -> Tensor:
    """Follow the definition of a latch step by step."""
    held, rows = torch.zeros(bits.shape[1]), []
    for bit, write in zip(bits, writes):
        held = torch.where(write > 0, bit, held)
        rows.append(held)
    return torch.stack(rows)


def signals(rng, steps: int, size: int, share: float) -> tuple[Tensor, Tensor]:
    """Draw bits of either sign and write signals at about this share of the steps."""
    bits = torch.randint(0, 2, (steps, size), generator=rng) * 2.0 - 1.0
    return bits, (torch.rand(steps, size, generator=rng) < share).float()


class TestLatch:
    def test_follows_writes(self, candidate, rng):
        """Read in the library's gate order, the weights show after each step the bit written last, this step's too."""
        for size in (1, 3):
            bits, writes = signals(rng, 60, size, 0.3)
            assert_equal(latched(candidate, size, bits, writes), remembered(bits, writes))

    def test_long_memory(self, candidate, rng):
        """A bit survives a thousand steps of noise after it was written."""
        bits, writes = signals(rng, 1000, 4, 0.0)
        writes[:4] = torch.eye(4)
        bits[:4] = torch.tensor([1.0, -1.0, 1.0, -1.0])
        assert_equal(latched(candidate, 4, bits, writes), remembered(bits, writes))

    def test_empty_memory(self, candidate, rng):
        """Without a write, a thousand steps of noise leave nothing, even if all of it has one sign."""
        bits, writes = signals(rng, 1000, 3, 0.0)
        bits[:, 0], bits[:, 1] = 1.0, -1.0
        writes[900, 2] = 1.0
        assert_equal(latched(candidate, 3, bits, writes), remembered(bits, writes))

    def test_constant_writes(self, candidate, rng):
        """Written to at every step, a latch follows its bit at once, and a thousand equal bits do not make it stiff."""
        bits, writes = signals(rng, 1000, 2, 1.1)
        bits[:990, 0], bits[990:, 0] = 1.0, -1.0
        assert_equal(latched(candidate, 2, bits, writes), remembered(bits, writes))

    def test_independence(self, candidate, rng):
        """Writing one bit leaves the others as they are."""
        size = 5
        bits, writes = signals(rng, 200, size, 0.0)
        for k in range(size):
            writes[k * 30, k] = 1.0
        writes[150:, 2] = 1.0
        assert_equal(latched(candidate, size, bits, writes), remembered(bits, writes))

    def test_refused(self, candidate, rng):
        """A latch of no bits is refused."""
        for size in (0, -1):
            with raises(ValueError):
                candidate.latch(size)


def gradients64(x, h, c, *parameters) -> tuple[Tensor, Tensor]:
    """Multiply forget gates for the direct part, and leave the rest to autograd in float64."""
    cells, forgets = [c.double().clone().requires_grad_()], []
    h = h.double()
    for inputs in x:
        forgets.append(gates64(inputs, h, *parameters)[1].detach())
        h, after = cell64(inputs, h, cells[-1], *parameters)
        cells.append(after)
    total = torch.autograd.grad(cells[-1].sum(), cells)
    direct = [torch.ones_like(cells[0]).detach()]
    for forget in reversed(forgets):
        direct.insert(0, direct[0] * forget)
    return torch.stack(direct), torch.stack(total)


class TestMemoryGradients:
    def test_definition(self, candidate, rng):
        """Both answers are derivatives, the oldest state first: one along the cell alone, one along every path."""
        for steps in (6, 6, 1):
            _, h, c, *parameters = cell_arguments(rng, 4, 3, 5)
            x = normal(rng, steps, 4, 3)
            got = candidate.memory_gradients(x, h, c, *parameters)
            assert_close(got, gradients64(x, h, c, *parameters), reduction=50)  # errors add up over the steps

    def test_strong_recurrence(self, candidate, rng):
        """A cell state also acts through the hidden state of its own step, which recurrent weights carry on."""
        _, h, c, *parameters = cell_arguments(rng, 3, 2, 4, DOUBLE)
        parameters[1] *= 4
        parameters[2][4:8] -= 1.0
        x = normal(rng, 8, 3, 2, dtype=DOUBLE)
        got = candidate.memory_gradients(x, h, c, *parameters)
        assert_close(got, gradients64(x, h, c, *parameters), dtype=DOUBLE, reduction=50)  # errors add up over the steps

    def test_no_recurrence(self, candidate, rng):
        """Without recurrent weights the cell is the only path."""
        _, h, c, *parameters = cell_arguments(rng, 4, 3, 5)
        parameters[1].zero_()
        x = normal(rng, 7, 4, 3)
        direct = gradients64(x, h, c, *parameters)[0]
        assert_close(candidate.memory_gradients(x, h, c, *parameters), (direct, direct), reduction=50)  # over the steps

    def test_long_products(self, candidate, rng):
        """Hundreds of forget gates multiply to tiny numbers that keep their relative precision."""
        for forget in (1.0, 2.0):
            _, h, c, *parameters = cell_arguments(rng, 2, 3, 2)
            for parameter in parameters:
                parameter.zero_()
            parameters[2][2:4] = forget
            x = normal(rng, 200, 2, 3)
            want = torch.sigmoid(torch.tensor(forget, dtype=DOUBLE)) ** torch.arange(200, -1, -1)
            want = want.view(-1, 1, 1).expand(201, 2, 2)
            # Two hundred factors, each rounded to float32 and each product once more.
            assert_close(candidate.memory_gradients(x, h, c, *parameters), (want, want), rtol=5e-5, atol=0.0)

    def test_shut_gates(self, candidate, rng):
        """A shut forget gate cuts the way to the states before its step, and to none of those after it."""
        _, h, c, *parameters = cell_arguments(rng, 3, 3, 4)
        x = normal(rng, 9, 3, 3)
        for step in (4, 8, 0):
            parameters[0][4:8, 0] = 300.0
            parameters[1][4:8] = 0.0
            x[:, :, 0] = 0.01 * x[:, :, 0].sign()
            x[step, :, 0] = -1.0
            got = candidate.memory_gradients(x, h, c, *parameters)
            direct, total = gradients64(x, h, c, *parameters)
            # e^-300 is zero in float32 and next to it in float64.
            assert_close(got, (direct, total), reduction=50, atol=1e-6)

    def test_carousel(self, candidate, rng):
        """Open forget gates hand the gradient back undiminished, through any number of steps."""
        for steps in (5, 120):
            _, h, c, *parameters = cell_arguments(rng, 2, 3, 4)
            parameters[2][4:8] = 60.0
            parameters[0][4:8], parameters[1][4:8] = 0, 0
            x = normal(rng, steps, 2, 3)
            direct = candidate.memory_gradients(x, h, c, *parameters)[0]
            assert_close(direct, torch.ones(steps + 1, 2, 4, dtype=DOUBLE))

    def test_edge_cases(self, candidate, rng):
        """No steps, no sequences and views of any layout are legal, in double precision too."""
        _, h, c, *parameters = cell_arguments(rng, 3, 2, 4, DOUBLE)
        got = candidate.memory_gradients(torch.zeros(0, 3, 2, dtype=DOUBLE), h, c, *parameters)
        assert_close(got, [torch.ones(1, 3, 4)] * 2, dtype=DOUBLE)
        got = candidate.memory_gradients(torch.zeros(5, 0, 2, dtype=DOUBLE), h[:0], c[:0], *parameters)
        assert_close(got, [torch.zeros(6, 0, 4)] * 2, dtype=DOUBLE)
        x, h = normal(rng, 2, 3, 10, dtype=DOUBLE)[..., ::2].permute(2, 1, 0), normal(rng, 4, 3, dtype=DOUBLE).T
        want = gradients64(x, h, c, *parameters)
        assert_close(candidate.memory_gradients(x, h, c, *parameters), want, dtype=DOUBLE)

    def test_refused(self, candidate, rng):
        """Shapes that do not fit are refused."""
        _, h, c, *parameters = cell_arguments(rng, 4, 4, 4)
        x = normal(rng, 5, 4, 4)
        bad = [(x[0], h, c, *parameters), (x[..., :1], h, c, *parameters), (x[:, :1], h, c, *parameters)]
        bad += [(x, h[:1], c, *parameters), (x, h, c[:1], *parameters), (x, h, c[:, :1], *parameters)]
        bad += [(x, h, c, parameters[0], parameters[1][:, :1], *parameters[2:])]
        bad += [(x, h, c, *parameters[:2], parameters[2][:1], parameters[3])]
        for arguments in bad:
            with raises(ValueError):
                candidate.memory_gradients(*arguments)


class TestVariableLengths:
    def test_forward_lengths(self, candidate, rng):
        """Each sequence keeps its place and stops after its own last step: zeros follow, and its states rest."""
        for settings in ((3, 4, 1, False), (3, 4, 2, False)):
            params, arguments = module_parameters(rng, settings), module_arguments(rng, settings, 7, 5)
            for lengths in ([7, 2, 5, 1, 3], [3, 1, 2, 2, 3]):
                got = run(candidate, settings, params, *arguments, torch.tensor(lengths))
                want = expected_run(settings, params, *arguments, lengths)
                assert_close(got, want, reduction=40)  # errors add up over the steps

    def test_both_directions(self, candidate, rng):
        """The backward direction reads from the end; outputs lie side by side, and states go layer by layer."""
        for settings in ((3, 4, 1, True), (3, 4, 1, True), (2, 3, 3, True)):
            params, arguments = module_parameters(rng, settings), module_arguments(rng, settings, 6, 4)
            got = run(candidate, settings, params, *arguments, None)
            assert_close(got, expected_run(settings, params, *arguments), reduction=40)  # errors add up over the steps

    def test_both_directions_and_lengths(self, candidate, rng):
        """The backward direction begins at the last real step of each sequence, in every layer."""
        for settings in ((3, 4, 1, True), (2, 3, 2, True)):
            params, arguments = module_parameters(rng, settings), module_arguments(rng, settings, 8, 5)
            lengths = [2, 8, 1, 5, 4]
            got = run(candidate, settings, params, *arguments, torch.tensor(lengths))
            want = expected_run(settings, params, *arguments, lengths)
            assert_close(got, want, reduction=40)  # errors add up over the steps

    def test_empty_sequences(self, candidate, rng):
        """A sequence without steps returns the state it was given."""
        for both in (False, True):
            settings = (3, 4, 2, both)
            params, arguments = module_parameters(rng, settings), module_arguments(rng, settings, 5, 4)
            for lengths in ([3, 0, 5, 0], [0, 0, 0, 0]):
                got = run(candidate, settings, params, *arguments, torch.tensor(lengths))
                want = expected_run(settings, params, *arguments, lengths)
                assert_close(got, want, reduction=40)  # errors add up over the steps

    def test_garbage_in_the_padding(self, candidate, rng):
        """What stands in the padding, NaN and infinity included, has no influence."""
        for settings in ((3, 4, 2, False), (3, 4, 2, True)):
            params, (x, h, c) = module_parameters(rng, settings), module_arguments(rng, settings, 6, 4)
            lengths = [4, 6, 1, 3]
            want = expected_run(settings, params, x, h, c, lengths)
            for garbage in (1e4, NAN, math.inf):
                for n, length in enumerate(lengths):
                    x[length:, n] = garbage
                got = run(candidate, settings, params, x, h, c, torch.tensor(lengths))
                assert_close(got, want, reduction=40)  # errors add up over the steps

    def test_names(self, candidate, rng):
        """The parameters of the backward direction have the library's names and places."""
        for layers in (1, 2):
            names = list(module_parameters(rng, (2, 3, layers, True)))
            assert_equal(parameter_names(candidate, (2, 3, layers, True)), [names, names])

    def test_weights_for_the_library(self, candidate, rng):
        """New weights and biases are drawn, in the library's shapes, for both directions and all layers."""
        settings = (3, 5, 2, True)
        shapes = {name: list(value.shape) for name, value in module_parameters(rng, settings).items()}
        got = fresh_parameters(candidate, settings)
        assert_equal({name: list(value.shape) for name, value in got.items()}, shapes)
        assert_equal([bool((value.abs() > 0).any()) for value in got.values()], [True] * len(shapes))

    def test_gradient(self, candidate, rng):
        """Gradients are those of every sequence by itself, and padding has none, whatever stands in it."""
        for settings in ((3, 4, 2, False), (2, 3, 2, True)):
            params = module_parameters(rng, settings, DOUBLE)
            x, h, c = module_arguments(rng, settings, 6, 4, DOUBLE)
            lengths = [4, 6, 0, 2]
            shapes = [y.shape for y in expected_run(settings, params, x, h, c, lengths)]
            cotangents = [torch.randn(shape, generator=rng).double() for shape in shapes]
            want = expected_gradients(settings, params, x, h, c, lengths, cotangents)
            for garbage in (100.0, NAN):
                for n, length in enumerate(lengths):
                    x[length:, n] = garbage
                got = module_gradients(candidate, settings, params, x, h, c, torch.tensor(lengths), cotangents)
                assert_gradient(got, want, dtype=DOUBLE)

    def test_memory_layout(self, candidate, rng):
        """Views of any layout give the same answer, lengths included."""
        settings = (3, 4, 1, True)
        params = module_parameters(rng, settings, DOUBLE)
        x = normal(rng, 5, 12, 3, dtype=DOUBLE)[:, ::2].transpose(0, 1)
        h, c = normal(rng, 5, 2, 4, dtype=DOUBLE).transpose(0, 1), normal(rng, 2, 1, 4, dtype=DOUBLE).expand(2, 5, 4)
        lengths = torch.tensor([6, 0, 2, 0, 5, 0, 1, 0, 4, 0])[::2]
        want = expected_run(settings, params, x, h, c, lengths.tolist())
        assert_close(run(candidate, settings, params, x, h, c, lengths), want, dtype=DOUBLE)

    def test_refused(self, candidate, rng):
        """Lengths of another shape or out of range are refused, and states of one direction for two."""
        settings = (4, 3, 1, True)
        params, (x, h, c) = module_parameters(rng, settings), module_arguments(rng, settings, 5, 3)
        bad = [torch.tensor(lengths) for lengths in ([5, 6, 1], [5, -1, 1], [5, 2], [5], [[5, 2, 1]])]
        for lengths in bad:
            with raises(ValueError):
                run(candidate, settings, params, x, h, c, lengths)
        for states in ((h[:1], c[:1]), (h, c[:1])):
            with raises(ValueError):
                run(candidate, settings, params, x, *states, torch.tensor([5, 2, 1]))

    def test_speed(self, candidate, rng, budget):
        """A step costs one pass over all sequences, whatever their lengths are."""
        settings = (8, 12, 2, True)

        def make() -> tuple[object, ...]:
            lengths = torch.randint(20, 41, (8,), generator=rng)
            arguments = module_arguments(rng, settings, 40, 8)
            return (settings, module_parameters(rng, settings), *arguments, lengths)

        budget.time(run, make)


KEYS = ("x", "h", "c", *NAMES)


def pulled_back(dh: Tensor, dc: Tensor, *arguments: Tensor) -> dict[str, Tensor]:
    """Leave the derivative of a step to autograd, in float64."""
    leaves = [value.double().clone().requires_grad_() for value in arguments]
    grads = torch.autograd.grad(cell64(*leaves), leaves, (dh.double(), dc.double()))
    return dict(zip(KEYS, grads))


class TestLstmCellBackward:
    def test_definition(self, candidate, rng):
        """Each of the seven gradients, both biases included, is the derivative of a step that starts from h and c."""
        for rows, width, size in ((4, 3, 5), (4, 3, 5), (1, 2, 3)):
            arguments = [normal(rng, rows, size), normal(rng, rows, size), *cell_arguments(rng, rows, width, size)]
            got = candidate.lstm_cell_backward(*arguments)
            assert_close(got, pulled_back(*arguments), reduction=4 * size + width)  # sums over gates and rows

    def test_one_gradient_at_a_time(self, candidate, rng):
        """What comes by way of the hidden state and what comes to the cell state directly both count."""
        arguments = cell_arguments(rng, 4, 3, 5)
        zeros, some = torch.zeros(4, 5), normal(rng, 4, 5)
        for dh, dc in ((some, zeros), (zeros, some)):
            got = candidate.lstm_cell_backward(dh, dc, *arguments)
            assert_close(got, pulled_back(dh, dc, *arguments), reduction=23)  # sums over gates and rows

    def test_saturation(self, candidate, rng):
        """Saturated gates get no gradient, a shut forget gate lets none through to c, and nothing becomes a NaN."""
        for scale in (40.0, 1e4):
            dh, dc = normal(rng, 6, 4), normal(rng, 6, 4)
            arguments = cell_arguments(rng, 6, 3, 4)
            arguments[0] = scale * arguments[0].sign()
            arguments[2] *= 20
            got = candidate.lstm_cell_backward(dh, dc, *arguments)
            # Next to gradients of parameters, which the inputs make large, those of saturated gates are nothing.
            for name, want in pulled_back(dh, dc, *arguments).items():
                size = float(want.abs().max())
                assert_close(got[name], want, reduction=19, atol=1e-6 * max(size, scale, 1.0))

    def test_sums_over_the_batch(self, candidate, rng):
        """Gradients of parameters are sums over the batch, so that two copies of a batch give them twice."""
        dh, dc, *arguments = [normal(rng, 3, 4), normal(rng, 3, 4), *cell_arguments(rng, 3, 2, 4, DOUBLE)]
        dh, dc = dh.double(), dc.double()
        want = pulled_back(dh, dc, *arguments)
        doubled = [torch.cat([value, value]) for value in arguments[:3]] + arguments[3:]
        got = candidate.lstm_cell_backward(torch.cat([dh, dh]), torch.cat([dc, dc]), *doubled)
        want = {k: 2 * v if k in NAMES else torch.cat([v, v]) for k, v in want.items()}
        assert_close(got, want, dtype=DOUBLE)

    def test_without_a_graph(self, candidate, rng):
        """Nothing needs to have been recorded, and autograd may be off."""
        for _ in range(2):
            arguments = [normal(rng, 4, 5), normal(rng, 4, 5), *cell_arguments(rng, 4, 3, 5)]
            got = backward_without_graph(candidate, arguments)
            assert_close(got, pulled_back(*arguments), reduction=23)  # sums over gates and rows

    def test_edge_cases(self, candidate, rng):
        """Views of any layout and an empty batch are served, in double precision too."""
        parameters = cell_parameters(rng, 3, 4, DOUBLE)
        x, h = normal(rng, 3, 6, dtype=DOUBLE).T, normal(rng, 6, 8, dtype=DOUBLE)[:, ::2]
        c, dh = normal(rng, 1, 4, dtype=DOUBLE).expand(6, 4), normal(rng, 4, 6, dtype=DOUBLE).T
        dc = normal(rng, 12, 4, dtype=DOUBLE)[::2]
        got = candidate.lstm_cell_backward(dh, dc, x, h, c, *parameters)
        assert_close(got, pulled_back(dh, dc, x, h, c, *parameters), dtype=DOUBLE)
        got = candidate.lstm_cell_backward(dh[:0], dc[:0], x[:0], h[:0], c[:0], *parameters)
        shapes = [(0, 3), (0, 4), (0, 4), (16, 3), (16, 4), (16,), (16,)]
        assert_close(got, {name: torch.zeros(shape) for name, shape in zip(KEYS, shapes)}, dtype=DOUBLE)

    def test_refused(self, candidate, rng):
        """Shapes that do not fit are refused, not broadcast."""
        good = [normal(rng, 4, 4), normal(rng, 4, 4), *cell_arguments(rng, 4, 4, 4)]
        changes = {0: [(1, 4), (4,), (4, 1)], 1: [(1, 4), (4,), (4, 1)], 2: [(4, 3), (1, 4)], 3: [(1, 4)]}
        changes |= {4: [(1, 4), (4, 1)], 5: [(12, 4)], 6: [(12, 4)], 7: [(1,), (16, 1)], 8: [(1,), (4,)]}
        for place, shapes in changes.items():
            for shape in shapes:
                with raises(ValueError):
                    candidate.lstm_cell_backward(*good[:place], normal(rng, *shape), *good[place + 1 :])
