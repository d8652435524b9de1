"""Hidden tests of backpropagation: autograd may be used here, in float64, as it may not be in an answer."""

import itertools
import math

import torch
from torch import Generator, Tensor

from grader.testing import assert_close, assert_equal, assert_gradient, probe, raises

DOUBLE = torch.float64


def randn(rng: Generator, *shape: int, dtype: torch.dtype = DOUBLE) -> Tensor:
    """Standard normal numbers."""
    return torch.randn(shape, generator=rng, dtype=DOUBLE).to(dtype)


def integer(rng: Generator, low: int, high: int) -> int:
    """A random whole number from low up to high, both included."""
    return int(torch.randint(low, high + 1, (1,), generator=rng))


def network(rng: Generator, sizes: list[int], dtype: torch.dtype = DOUBLE) -> tuple[list[Tensor], list[Tensor]]:
    """Weights and biases of a perceptron with these widths."""
    pairs = list(itertools.pairwise(sizes))
    weights = [(randn(rng, n_out, n_in) / math.sqrt(n_in)).to(dtype) for n_in, n_out in pairs]
    return weights, [randn(rng, n_out, dtype=dtype) for _, n_out in pairs]


def batch_of(
    rng: Generator, count: int, sizes: list[int], dtype: torch.dtype = DOUBLE
) -> tuple[Tensor, Tensor, list[Tensor], list[Tensor]]:
    """A batch, its classes, and a perceptron for them."""
    target = torch.randint(sizes[-1], (count,), generator=rng)
    return randn(rng, count, sizes[0], dtype=dtype), target, *network(rng, sizes, dtype)


def mlp64(
    x: Tensor, target: Tensor, weights: list[Tensor], biases: list[Tensor], activation: str = "tanh"
) -> tuple[Tensor, tuple[list[Tensor], list[Tensor], Tensor]]:
    """Loss and gradients by autograd in float64, sample by sample."""
    x, *params = (t.double().clone().requires_grad_() for t in (x, *weights, *biases))
    layers = list(zip(params[: len(weights)], params[len(weights) :]))
    losses = []
    for row, right in zip(x, target.tolist()):
        for depth, (weight, bias) in enumerate(layers):
            row = (weight * row).sum(1) + bias
            if depth < len(layers) - 1:
                row = torch.tanh(row) if activation == "tanh" else row.clamp(min=0) * (row > 0)
        row = row - row.max().detach()
        losses.append(row.exp().sum().log() - row[right])
    loss = sum(losses) / len(losses)
    grads = torch.autograd.grad(loss, [*params, x])
    return loss.detach(), (list(grads[: len(weights)]), list(grads[len(weights) : -1]), grads[-1])


def check_mlp(got, want, dtype: torch.dtype = DOUBLE, reduction: float = 1.0) -> None:
    """Compare the loss, then the gradients."""
    assert_close(got[0], want[0], dtype=dtype, reduction=reduction)
    assert_gradient(got[1:], want[1], dtype=dtype, reduction=reduction)


class TestMlpBackward:
    def test_gradients(self, candidate, rng):
        """Loss and gradients of a network with two hidden layers follow the definition, slopes of activations too."""
        for activation in ("tanh", "relu", "tanh", "relu"):
            args = batch_of(rng, 6, [5, 7, 4, 3])
            check_mlp(candidate.mlp_backward(*args, activation), mlp64(*args, activation))

    def test_repeated_samples(self, candidate, rng):
        """The loss is a mean: samples that stand twice in a batch change neither it nor the parameters' gradients."""
        x, target, weights, biases = batch_of(rng, 4, [3, 5, 4])
        loss, weight_grads, bias_grads, x_grad = candidate.mlp_backward(x, target, weights, biases)
        got = candidate.mlp_backward(x.repeat(2, 1), target.repeat(2), weights, biases)
        check_mlp(got, (loss, (weight_grads, bias_grads, x_grad.repeat(2, 1) / 2)))

    def test_one_layer(self, candidate, rng):
        """A single layer has no activation, neither before it nor after it, and its gradients need no slope."""
        for activation in ("tanh", "relu"):
            args = batch_of(rng, 7, [3, 5])
            check_mlp(candidate.mlp_backward(*args, activation), mlp64(*args, activation))

    def test_tanh_by_default(self, candidate, rng):
        """If no activation is named, it is tanh."""
        for _ in range(2):
            args = batch_of(rng, 5, [4, 6, 3])
            loss, *grads = candidate.mlp_backward(*args, "tanh")
            check_mlp(candidate.mlp_backward(*args), (loss, grads))

    def test_relu_at_zero(self, candidate, rng):
        """Where the input of a relu is exactly zero, no gradient passes."""
        for _ in range(2):
            x, target, weights, biases = batch_of(rng, 6, [4, 8, 3])
            x, weights[0], biases[0] = x.round(), (weights[0] * 2).round(), torch.zeros(8, dtype=DOUBLE)
            weights[0][:2] = 0
            check_mlp(
                candidate.mlp_backward(x, target, weights, biases, "relu"), mlp64(x, target, weights, biases, "relu")
            )

    def test_square_layers(self, candidate, rng):
        """Layers that are as wide as they are high, and as the batch is long, hide no transposition."""
        for activation in ("tanh", "relu"):
            args = batch_of(rng, 4, [4, 4, 4, 4])
            check_mlp(candidate.mlp_backward(*args, activation), mlp64(*args, activation))

    def test_shapes(self, candidate, rng):
        """Any depth and any widths work, one class, one sample and one neuron included."""
        for _ in range(4):
            sizes = [integer(rng, 1, 6) for _ in range(integer(rng, 2, 6))]
            args = batch_of(rng, integer(rng, 1, 5), sizes)
            check_mlp(candidate.mlp_backward(*args, "relu"), mlp64(*args, "relu"))
            check_mlp(candidate.mlp_backward(*args, "tanh"), mlp64(*args, "tanh"))

    def test_confident_mistakes(self, candidate, rng):
        """Logits in the tens of thousands give a finite loss and finite gradients."""
        for _ in range(2):
            x, target, weights, biases = batch_of(rng, 5, [4, 6, 3])
            weights[-1] *= 1e4
            got, want = candidate.mlp_backward(x, target, weights, biases), mlp64(x, target, weights, biases)
            assert_close(got[0], want[0], dtype=DOUBLE)
            # logits near 1e4 are good to 1e-12, and the same weights multiply that by 1e4 on the way back
            assert_gradient(got[1:], want[1], atol=1e-7, dtype=DOUBLE)

    def test_single_precision(self, candidate, rng):
        """Float32 in, float32 out."""
        for activation in ("tanh", "relu"):
            args = batch_of(rng, 9, [6, 8, 4], torch.float32)
            # an element sums over up to nine samples and eight neurons
            check_mlp(candidate.mlp_backward(*args, activation), mlp64(*args, activation), torch.float32, 17)

    def test_memory_layout(self, candidate, rng):
        """Transposed, sliced and expanded inputs give the same answer."""
        x, target, weights, biases = batch_of(rng, 6, [5, 4, 3])
        x, weights[0] = randn(rng, 5, 6).mT, randn(rng, 5, 8).mT[::2]
        biases[1] = randn(rng, 1).expand(3)
        check_mlp(candidate.mlp_backward(x, target, weights, biases), mlp64(x, target, weights, biases))
        x = randn(rng, 1, 5).expand(6, 5)
        check_mlp(candidate.mlp_backward(x, target, weights, biases), mlp64(x, target, weights, biases))

    def test_refuses(self, candidate, rng):
        """Unknown activations, no layers and missing biases are refused."""
        x, target, weights, biases = batch_of(rng, 3, [4, 5, 2])
        bad = [
            (weights, biases, "gelu"),
            ([], [], "tanh"),
            (weights, biases[:1], "tanh"),
            (weights[:1], biases, "relu"),
        ]
        for args in bad:
            with raises(ValueError):
                candidate.mlp_backward(x, target, *args)

    def test_time(self, candidate, rng, budget):
        """A batch goes through whole, not sample by sample."""
        budget.time("mlp_backward", lambda: batch_of(rng, 1024, [64, 96, 96, 10], torch.float32))


def counted(sizes: list[int], batch: int, input_gradient: bool) -> tuple[int, int, int]:
    """The three counts, product by product."""

    def product(rows: int, inner: int, columns: int) -> int:
        return rows * inner * columns

    pairs = list(itertools.pairwise(sizes))
    forward = sum(product(batch, n_in, n_out) for n_in, n_out in pairs)
    backward = sum(product(n_out, batch, n_in) for n_in, n_out in pairs)
    backward += sum(product(batch, n_out, n_in) for n_in, n_out in (pairs if input_gradient else pairs[1:]))
    numbers = sum(torch.zeros(n_out, n_in, device="meta").numel() + n_out for n_in, n_out in pairs)
    return forward, backward, (numbers + (batch * sizes[0] if input_gradient else 0)) * 2 * forward


class TestOperationCount:
    def test_counts(self, candidate, rng):
        """Both passes through networks of any depth are counted product by product."""
        for _ in range(4):
            sizes = [integer(rng, 1, 40) for _ in range(integer(rng, 2, 6))]
            batch = integer(rng, 2, 30)
            assert_equal(candidate.multiplications(sizes, batch)[:2], counted(sizes, batch, False)[:2])
            assert_equal(
                candidate.multiplications(sizes, batch, input_gradient=True)[:2], counted(sizes, batch, True)[:2]
            )

    def test_batch(self, candidate, rng):
        """Both passes cost in proportion to the batch."""
        sizes = [integer(rng, 2, 20) for _ in range(4)]
        forward, backward, _ = candidate.multiplications(sizes, 1)
        for batch in (integer(rng, 2, 9), integer(rng, 10, 99)):
            assert_equal(candidate.multiplications(sizes, batch)[:2], (batch * forward, batch * backward))

    def test_differences(self, candidate, rng):
        """Differences take two forward passes for each weight and each bias, and for each input if it is asked for."""
        for wanted in (False, True, False, True):
            sizes = [integer(rng, 1, 40) for _ in range(integer(rng, 2, 6))]
            batch = integer(rng, 2, 30)
            forward, _, by_differences = counted(sizes, batch, wanted)
            got = candidate.multiplications(sizes, batch, wanted)
            assert_equal(got[2], got[0] * (by_differences // forward))

    def test_one_layer(self, candidate, rng):
        """With one layer the backward pass costs one product, or two with the gradient of the input."""
        for _ in range(2):
            sizes, batch = [integer(rng, 2, 50), integer(rng, 2, 50)], integer(rng, 2, 9)
            assert_equal(candidate.multiplications(sizes, batch)[1], counted(sizes, batch, False)[1])
            assert_equal(candidate.multiplications(sizes, batch, True)[1], counted(sizes, batch, True)[1])

    def test_large(self, candidate, rng):
        """Counts beyond what a float or a machine word holds are exact."""
        for _ in range(2):
            sizes = [integer(rng, 10_001, 99_999) for _ in range(5)]
            assert_equal(candidate.multiplications(sizes, 99_991), counted(sizes, 99_991, False))

    def test_refuses(self, candidate, rng):
        """A single size and numbers below one are refused."""
        for sizes, batch in (([5], 3), ([], 3), ([5, 0, 2], 3), ([4, -1], 3), ([4, 2], 0)):
            with raises(ValueError):
                candidate.multiplications(sizes, batch)


def random_graph(rng: Generator, count: int) -> list[list[int]]:
    """An acyclic graph with shuffled numbers; a node may use another one twice."""
    names = torch.randperm(count, generator=rng).tolist()
    inputs: list[list[int]] = [[] for _ in names]
    for place in range(1, count):
        inputs[names[place]] = [names[integer(rng, 0, place - 1)] for _ in range(integer(rng, 0, 3))]
    return inputs


def visits_well(order: object, inputs: list[list[int]], output: int) -> bool:
    """Whether these are the nodes that `output` depends on, each once and after all of them that use it."""
    wanted, waiting = {output}, [output]
    while waiting:
        fresh = set(inputs[waiting.pop()]) - wanted
        wanted |= fresh
        waiting += fresh
    if not isinstance(order, list) or len(order) != len(wanted) or set(order) != wanted:
        return False
    place = {node: i for i, node in enumerate(order)}
    return all(place[node] < place[source] for node in order for source in inputs[node])


class TestBackwardOrder:
    def test_random_graphs(self, candidate, rng):
        """Every node comes once, after all nodes that use it, and nodes that do not matter are left out."""
        for _ in range(8):
            inputs = random_graph(rng, integer(rng, 12, 40))
            for output in range(0, len(inputs), 5):
                assert_equal(visits_well(candidate.backward_order(inputs, output), inputs, output), True)

    def test_long_and_short_way(self, candidate, rng):
        """A node that is reached early by a short cut waits for the long way round."""
        for _ in range(2):
            names = torch.randperm(9, generator=rng).tolist()
            inputs: list[list[int]] = [[] for _ in names]
            for place in range(1, 9):
                inputs[names[place]] = [names[0], names[place - 1]]
            for graph in (inputs, [row[::-1] for row in inputs]):
                assert_equal(candidate.backward_order(graph, names[8]), names[::-1])

    def test_many_paths(self, candidate, rng):
        """A graph with more paths than anyone can walk is as cheap as any."""
        names = torch.randperm(200, generator=rng).tolist()
        inputs: list[list[int]] = [[] for _ in names]
        for place in range(1, 200):
            inputs[names[place]] = [names[place - 1], names[place - 1]]
        assert_equal(candidate.backward_order(inputs, names[-1]), names[::-1])

    def test_deep_chain(self, candidate, rng):
        """A chain of thousands of nodes exhausts no stack."""
        names = torch.randperm(10_000, generator=rng).tolist()
        inputs: list[list[int]] = [[] for _ in names]
        for user, source in itertools.pairwise(names):
            inputs[user] = [source]
        assert_equal(candidate.backward_order(inputs, names[0]) == names, True)

    def test_single_node(self, candidate, rng):
        """A node that depends on nothing is visited alone."""
        for count in (1, 6):
            for output in range(count):
                assert_equal(candidate.backward_order([[] for _ in range(count)], output), [output])

    def test_graph_is_left_alone(self, candidate, rng):
        """The graph is not used up by the walk."""
        for _ in range(2):
            inputs = random_graph(rng, 15)
            first, again = walked_twice(candidate, inputs, 3)
            assert_equal(visits_well(first, inputs, 3) and visits_well(again, inputs, 3), True)

    def test_cycles(self, candidate, rng):
        """A cycle that the output depends on is refused, of one node or of many; elsewhere it does not matter."""
        for length in (1, 2, 7):
            chain: list[list[int]] = [[i + 1] for i in range(9)]
            chain += [[9 - length + 1], [0]]
            for output in (10, 0, 9):
                with raises(ValueError):
                    candidate.backward_order(chain, output)
        beside: list[list[int]] = [[1], [], [3, 0], [2]]
        assert_equal(candidate.backward_order(beside, 0), [0, 1])

    def test_no_such_node(self, candidate, rng):
        """An output that is no node is refused, a negative one too."""
        for inputs, output in (([[], [0]], 2), ([[], [0]], -1), ([], 0)):
            with raises(ValueError):
                candidate.backward_order(inputs, output)

    def test_growth(self, candidate, rng, budget):
        """The walk takes time in proportion to nodes and edges."""

        def make(count: int) -> tuple[int, int]:
            return count, integer(rng, 1, count - 1)

        budget.growth(walked, make, sizes=[1500, 3000, 6000, 12000])


@probe
def walked(candidate, count, shift):
    """The order of a graph with three edges a node, whose names are shifted and whose order is unique."""
    names = [(place + shift) % count for place in range(count)]
    inputs = [[] for _ in names]
    for place in range(1, count):
        inputs[names[place]] = [names[max(place - back, 0)] for back in (1, 2, 3)]
    return torch.tensor(candidate.backward_order(inputs, names[-1]))


@probe
def walked_twice(candidate, inputs, output):
    """Two answers for the very same graph."""
    return [candidate.backward_order(inputs, output), candidate.backward_order(inputs, output)]


@probe
def errors_of(candidate, kind, a, x, grad, directions):
    """The errors for one of a few functions of a tensor `a` and the point."""
    functions = {
        "quadratic": lambda p: (a * p * p).sum(),
        "sine": lambda p: (a * p).sin().sum(),
        "product": lambda p: (a * p).sum() * p.prod(),
        "constant": lambda p: a.sum(),
    }
    return candidate.gradient_errors(functions[kind], x, grad, directions)


@probe
def evaluations(candidate, x, grad, directions):
    """How often the function is called, and whether every call sees a float64 tensor of the right shape."""
    seen = []

    def f(p):
        seen.append(p.dtype == torch.float64 and p.shape == x.shape)
        return p.square().sum()

    candidate.gradient_errors(f, x, grad, directions)
    return [len(seen), all(seen)]


def relative(measured: Tensor, claimed: Tensor) -> Tensor:
    """The difference of two derivatives by the larger of them; zero where both are."""
    largest = torch.maximum(measured.abs(), claimed.abs())
    return torch.where(largest > 0, (measured - claimed).abs() / torch.where(largest > 0, largest, 1.0), 0.0)


def along(directions: Tensor, grad: Tensor) -> Tensor:
    """The derivative along each direction."""
    return torch.stack([(d * grad).sum() for d in directions])


class TestGradientCheck:
    def test_right_gradient(self, candidate, rng):
        """By central differences in float64, a right gradient has no relative error to speak of, a scaled one has."""
        for _ in range(2):
            a, x, directions = randn(rng, 3, 5), randn(rng, 3, 5), randn(rng, 6, 3, 5)
            got = errors_of(candidate, "quadratic", a, x, 2 * a * x, directions)
            # what rounding leaves of a central difference, where the derivative happens to be small
            assert_close(got, torch.zeros(6, dtype=DOUBLE), atol=1e-6, dtype=DOUBLE)
            wrong = errors_of(candidate, "quadratic", a, x, 2.5 * a * x, directions)
            # 2.5 against 2, up to the same rounding
            assert_close(wrong, torch.full((6,), 0.2, dtype=DOUBLE), atol=1e-6, dtype=DOUBLE)

    def test_one_wrong_coordinate(self, candidate, rng):
        """A gradient that is wrong in one coordinate is found out along random directions."""
        for _ in range(2):
            a, x, directions = randn(rng, 40), randn(rng, 40), randn(rng, 5, 40)
            right, wrong = 2 * a * x, 2 * a * x
            wrong[integer(rng, 0, 39)] += 10
            got = errors_of(candidate, "quadratic", a, x, wrong, directions)
            # the measured derivative is rounded
            assert_close(got, relative(along(directions, right), along(directions, wrong)), rtol=1e-5, dtype=DOUBLE)

    def test_unit_directions(self, candidate, rng):
        """Along the coordinates each error belongs to one coordinate."""
        for _ in range(2):
            a, x = randn(rng, 7).abs() + 0.5, randn(rng, 7).abs() + 0.5
            right, claimed = 2 * a * x, 2 * a * x * torch.linspace(-1, 2, 7, dtype=DOUBLE)
            got = errors_of(candidate, "quadratic", a, x, claimed, torch.eye(7, dtype=DOUBLE))
            # the measured derivative is rounded; one coordinate has no error but that
            assert_close(got, relative(right, claimed), rtol=1e-5, atol=1e-8, dtype=DOUBLE)

    def test_step_length(self, candidate, rng):
        """The step has the stated length, whatever the size of the point and of the direction."""
        for size, length in ((0.1, 1.0), (1.0, 1e-3), (300.0, 1.0), (50.0, 1e4)):
            x = randn(rng, 4) * size
            directions = randn(rng, 3, 4) * length
            steps = 1e-5 * max(1.0, x.abs().max().item()) / directions.abs().amax(1)
            a = torch.full_like(x, 1e5 / max(1.0, x.abs().max().item()))
            angle = a * directions * steps[:, None]
            measured = ((a * x).cos() * angle.sin()).sum(1) / steps
            claimed = along(directions, a * (a * x).cos())
            got = errors_of(candidate, "sine", a, x, a * (a * x).cos(), directions)
            # sines of arguments near 1e5, whose own rounding costs five digits
            assert_close(got, relative(measured, claimed), rtol=1e-5, atol=1e-7, dtype=DOUBLE)

    def test_number_of_calls(self, candidate, rng):
        """The function is called twice a direction, however many coordinates there are."""
        for shape, count in (((200,), 3), ((6, 50), 1), ((2, 3), 5)):
            x = randn(rng, *shape)
            assert_equal(evaluations(candidate, x, 2 * x, randn(rng, count, *shape)), [2 * count, True])

    def test_both_zero(self, candidate, rng):
        """Where both derivatives are exactly zero there is no error; where one of them is, it is one."""
        for _ in range(2):
            a, x, directions = randn(rng, 4), randn(rng, 4), randn(rng, 3, 4)
            claimed = torch.zeros(4, dtype=DOUBLE)
            claimed[1] = 1.0
            directions[0, 1] = 0
            got = errors_of(candidate, "constant", a, x, claimed, directions)
            assert_close(got, torch.tensor([0.0, 1.0, 1.0], dtype=DOUBLE), dtype=DOUBLE)

    def test_shapes(self, candidate, rng):
        """Scalars, tensors of any rank and no directions at all are accepted."""
        for shape in ((), (1,), (2, 1, 3)):
            a, x, directions = randn(rng, *shape), randn(rng, *shape) + 3, randn(rng, 2, *shape)
            right = a * x.prod() + (a * x).sum() * x.prod() / x
            got = errors_of(candidate, "product", a, x, 3 * right, directions)
            # the measured derivative is rounded
            assert_close(got, torch.full((2,), 2 / 3, dtype=DOUBLE), rtol=1e-5, dtype=DOUBLE)
            got = errors_of(candidate, "product", a, x, right, directions[:0])
            assert_close(got, torch.zeros(0, dtype=DOUBLE), dtype=DOUBLE)

    def test_memory_layout(self, candidate, rng):
        """Transposed and expanded points, gradients and directions are as good as any."""
        a, x, directions = randn(rng, 3, 4), randn(rng, 4, 3).mT, randn(rng, 1, 3, 4).expand(2, 3, 4)
        claimed = randn(rng, 3, 1).expand(3, 4)
        got = errors_of(candidate, "quadratic", a, x, claimed, directions)
        # the measured derivative is rounded
        assert_close(got, relative(along(directions, 2 * a * x), along(directions, claimed)), rtol=1e-5, dtype=DOUBLE)

    def test_refuses_shapes(self, candidate, rng):
        """Gradients and directions of another shape than the point are refused, even where they would broadcast."""
        x = randn(rng, 2, 3)
        for grad, directions in ((x[0], x[None]), (x, x), (x, x[None, :1]), (x[:1], x[None]), (x, x[None, None])):
            with raises(ValueError):
                errors_of(candidate, "quadratic", x, x, grad, directions)


def fewest(widths: list[int]) -> int:
    """The fewest multiplications by trying which of the inner widths is contracted first."""
    if len(widths) < 3:
        return 0
    return min(
        math.prod(widths[i - 1 : i + 2]) + fewest(widths[:i] + widths[i + 1 :]) for i in range(1, len(widths) - 1)
    )


def jacobians_of(rng: Generator, widths: list[int], dtype: torch.dtype = DOUBLE) -> list[Tensor]:
    """One Jacobian for each step from a width to the next."""
    return [(randn(rng, n_out, n_in) / math.sqrt(n_in)).to(dtype) for n_in, n_out in itertools.pairwise(widths)]


def composed(jacobians: list[Tensor]) -> Tensor:
    """The Jacobian of the whole in float64, column by column, each carried forward through every function."""
    columns = []
    for column in torch.eye(jacobians[0].shape[1], dtype=DOUBLE):
        for jacobian in jacobians:
            column = (jacobian.double() * column).sum(1)
        columns.append(column)
    return torch.stack(columns, 1)


class TestChainRule:
    def test_composition(self, candidate, rng):
        """The Jacobians are multiplied in the order in which the functions are applied."""
        for widths in ([3, 5, 2, 4], [4, 4, 4, 4], [4, 4, 4, 4]):
            jacobians = jacobians_of(rng, widths)
            got, _ = candidate.chain_rule(jacobians)
            # every product sums over up to five entries
            assert_close(got, composed(jacobians), dtype=DOUBLE, reduction=5)

    def test_fewest(self, candidate, rng):
        """The count is the least number of multiplications that any order of the products takes."""
        for _ in range(6):
            widths = [integer(rng, 1, 12) for _ in range(integer(rng, 4, 7))]
            jacobians = jacobians_of(rng, widths)
            got, count = candidate.chain_rule(jacobians)
            # every product sums over up to twelve entries
            assert_close(got, composed(jacobians), dtype=DOUBLE, reduction=12)
            assert_equal(count, fewest(widths))

    def test_reverse_mode(self, candidate, rng):
        """With a single output the cheapest order starts at the output."""
        for _ in range(2):
            widths = [integer(rng, 4, 9) for _ in range(5)] + [1]
            _, count = candidate.chain_rule(jacobians_of(rng, widths))
            assert_equal(count, sum(n_in * n_out for n_in, n_out in itertools.pairwise(widths[:-1])))

    def test_forward_mode(self, candidate, rng):
        """With a single input the cheapest order starts at the input."""
        for _ in range(2):
            widths = [1] + [integer(rng, 4, 9) for _ in range(5)]
            _, count = candidate.chain_rule(jacobians_of(rng, widths))
            assert_equal(count, sum(n_in * n_out for n_in, n_out in itertools.pairwise(widths[1:])))

    def test_bottleneck(self, candidate, rng):
        """Around a narrow place neither end is the best to start from."""
        for _ in range(2):
            wide, narrow = integer(rng, 20, 30), integer(rng, 1, 3)
            widths = [wide, wide + 1, narrow, wide + 2, wide + 3]
            jacobians = jacobians_of(rng, widths)
            got, count = candidate.chain_rule(jacobians)
            assert_equal(count, fewest(widths))
            # every product sums over up to 33 entries
            assert_close(got, composed(jacobians), dtype=DOUBLE, reduction=33)

    def test_long_chain(self, candidate, rng):
        """A chain too long to try all orders is planned all the same."""
        narrow = [integer(rng, 2, 5) for _ in range(12)]
        # a width of one after each: every second product makes a scalar, ten products join them, one scales the first
        widths = [n for pair in zip(narrow, [1] * 12) for n in pair]
        jacobians = jacobians_of(rng, widths)
        got, count = candidate.chain_rule(jacobians)
        assert_equal(count, sum(narrow[1:]) + 10 + narrow[0])
        # 23 products, one after another
        assert_close(got, composed(jacobians), dtype=DOUBLE, reduction=23)

    def test_single(self, candidate, rng):
        """One Jacobian is the answer itself, and costs nothing."""
        for shape in ((2, 3), (3, 2), (1, 1), (3, 2)):
            jacobian = randn(rng, *shape)
            assert_close(candidate.chain_rule([jacobian]), (jacobian, 0), dtype=DOUBLE)

    def test_memory_layout(self, candidate, rng):
        """Transposed, sliced and expanded Jacobians are as good as any."""
        jacobians = [randn(rng, 3, 5).mT, randn(rng, 4, 10)[:, ::2], randn(rng, 6, 1).expand(6, 4)]
        got, count = candidate.chain_rule(jacobians)
        assert_close(got, composed(jacobians), dtype=DOUBLE)
        assert_equal(count, fewest([3, 5, 4, 6]))

    def test_single_precision(self, candidate, rng):
        """Float32 in, float32 out."""
        for _ in range(2):
            jacobians = jacobians_of(rng, [5, 7, 3, 6], torch.float32)
            # three products in a row, each of up to seven terms that may cancel
            assert_close(candidate.chain_rule(jacobians)[0], composed(jacobians), reduction=50)

    def test_refuses(self, candidate, rng):
        """No Jacobians, vectors among them, and widths that do not meet are refused."""
        a, b = randn(rng, 4, 3), randn(rng, 2, 4)
        for bad in ([], [b, a], [a, b, b], [a[0]], [a, randn(rng, 4)], [randn(rng, 1, 4, 3), b]):
            with raises(ValueError):
                candidate.chain_rule(bad)

    def test_time(self, candidate, rng, budget):
        """The products are really made in the cheapest order."""

        def make() -> tuple[list[Tensor], list[Tensor]]:
            widths = [1024, 1024, 16, 1024, 1024, 16, 1024, 1024]
            ends = [randn(rng, width).float() / width**0.5 for width in widths]
            return ends[1:], ends[:-1]

        budget.time(composed_of_outer_products, make)


@probe
def composed_of_outer_products(candidate, columns, rows):
    """A row and a column of a composition whose Jacobians are made here: moving them would cost more than the work."""
    jacobians = [column[:, None] * row for column, row in zip(columns, rows, strict=True)]
    whole, count = candidate.chain_rule(jacobians)
    return [whole[0].clone(), whole[:, 0].clone(), count]


@probe
def leaves_of(candidate, tensors):
    """Variables for tensors, by name; the same tensors are used, not copies."""
    return {name: candidate.Var(tensor) for name, tensor in tensors.items()}


@probe
def backpropagated(candidate, expression, tensors, cotangent=None):
    """The value of an expression over variables, and the gradients that one backward pass leaves in them."""
    leaves = {name: candidate.Var(tensor) for name, tensor in tensors.items()}
    out = eval(expression, {}, dict(leaves))
    out.backward() if cotangent is None else out.backward(cotangent)
    return [out.data, {name: leaf.grad for name, leaf in leaves.items()}]


@probe
def backpropagated_twice(candidate, shared, first, second, tensors):
    """Gradients of the leaves and of `h`, an expression that two outputs share, after a pass from each output."""
    names = {name: candidate.Var(tensor) for name, tensor in tensors.items()}
    names["h"] = eval(shared, {}, dict(names))
    for expression in (first, second):
        eval(expression, {}, dict(names)).backward()
    return {name: var.grad for name, var in names.items()}


@probe
def repeated(candidate, tensors, times):
    """Gradients of the leaves and of an inner variable after several passes from one and the same output."""
    a, b = candidate.Var(tensors["a"]), candidate.Var(tensors["b"])
    h = a * b
    out = (h * h + a).sum()
    for _ in range(times):
        out.backward()
    return [a.grad, b.grad, h.grad, out.grad]


@probe
def used_gradients(candidate, a, b):
    """Gradients after the caller has cleared, in place, the one of another variable."""
    x, y = candidate.Var(a), candidate.Var(b)
    first = x + y
    out = (first + x).sum()
    out.backward()
    first.grad.zero_()
    x_after, y_after = x.grad.clone(), y.grad.clone()
    x.grad.zero_()
    return [x_after, y_after, y.grad]


@probe
def kept_gradients(candidate, a, b):
    """The gradient object of the first pass as the caller has it after the second, for a sum."""
    x, y = candidate.Var(a), candidate.Var(b)
    (x + y).sum().backward()
    (x * y).sum().backward()
    return [x.grad, y.grad]


@probe
def cotangent_left_alone(candidate, a, cotangent):
    """Two passes with one cotangent from a variable, and the cotangent."""
    x = candidate.Var(a)
    x.backward(cotangent)
    x.backward(cotangent)
    return [x.grad, cotangent]


@probe
def chain(candidate, x, length):
    """Value and gradient of a long chain of operations, and how deep it was."""
    var = candidate.Var(x)
    out = var
    for step in range(length):
        out = out + var if step % 2 else -out
    out.sum().backward()
    return [out.data, var.grad]


@probe
def ladder(candidate, x, rungs):
    """Value and gradient where every variable is used twice by the next."""
    var = candidate.Var(x)
    out = var
    for _ in range(rungs):
        out = (out + out) * 0.5
    out.sum().backward()
    return [out.data, var.grad]


@probe
def untouched(candidate, a, b):
    """Whether variables that the output does not depend on, or that depend on it, have no gradient."""
    x, y = candidate.Var(a), candidate.Var(b)
    out = (x * 2.0).sum()
    beside, above = x * y, out * 3.0
    fresh = x.grad is None
    out.backward()
    return [fresh, y.grad is None, beside.grad is None, above.grad is None, x.grad]


@probe
def seeded(candidate, x, cotangent):
    """Start a backward pass from a variable that is not computed from others."""
    var = candidate.Var(x)
    var.backward() if cotangent is None else var.backward(cotangent)
    return var.grad


@probe
def long_recurrence(candidate, x, length):
    """The gradient at the start of a recurrence, each step of which uses the last two results."""
    var = candidate.Var(x)
    before, out = var, var * 0.5
    for _ in range(length):
        before, out = out, out - before
    out.backward()
    return var.grad


def autograd64(
    expression: str, tensors: dict[str, Tensor], cotangent: Tensor | None = None
) -> tuple[Tensor, dict[str, Tensor]]:
    """Value and gradients of the expression by autograd in float64; zeros where an input has no influence."""
    leaves = {name: tensor.double().clone().requires_grad_() for name, tensor in tensors.items()}
    out = eval(expression, {}, dict(leaves))
    seed = torch.ones_like(out) if cotangent is None else cotangent.double()
    grads = torch.autograd.grad(out, list(leaves.values()), seed, allow_unused=True, materialize_grads=True)
    return out.detach(), dict(zip(leaves, grads))


def check_expression(candidate, expression, tensors, cotangent=None, dtype=DOUBLE, reduction=1.0) -> None:
    """Compare the engine's value and gradients with autograd's."""
    value, grads = backpropagated(candidate, expression, tensors, cotangent)
    want, want_grads = autograd64(expression, tensors, cotangent)
    assert_close(value, want, dtype=dtype, reduction=reduction)
    assert_gradient(grads, want_grads, dtype=dtype, reduction=reduction)


class TestEngine:
    def test_sums_and_differences(self, candidate, rng):
        """Sums, differences and changes of sign have their values and send back the derivative with the right sign."""
        for expression in ("a + b", "a - b", "-a + b", "-(a - b)"):
            check_expression(candidate, expression, {"a": randn(rng, 3, 4), "b": randn(rng, 3, 4)}, randn(rng, 3, 4))

    def test_products_and_quotients(self, candidate, rng):
        """Each factor is weighted with the other one, and a divisor gets the derivative of the whole quotient."""
        for expression in ("a * b", "a / b", "b / a", "a * b / (a + b)"):
            tensors = {"a": randn(rng, 3, 4).abs() + 0.5, "b": randn(rng, 3, 4).abs() + 0.5}
            check_expression(candidate, expression, tensors, randn(rng, 3, 4))

    def test_functions(self, candidate, rng):
        """exp and relu act on each element, sum adds all of them up, and each has its slope."""
        for expression in ("a.exp()", "(a * 2).exp()", "a.relu()", "(a * 2).relu()"):
            check_expression(candidate, expression, {"a": randn(rng, 3, 4)}, randn(rng, 3, 4))
        check_expression(candidate, "(a * 2).sum()", {"a": randn(rng, 3, 4)}, randn(rng))

    def test_tanh(self, candidate, rng):
        """tanh acts on each element, and has its slope."""
        for expression in ("a.tanh()", "(a * 2).tanh()"):
            check_expression(candidate, expression, {"a": randn(rng, 3, 4)}, randn(rng, 3, 4))

    def test_matrix_product(self, candidate, rng):
        """Both sides of a matrix product get their gradient, for oblong matrices and for square ones."""
        for n, m, p in ((3, 5, 2), (4, 4, 4), (1, 6, 1), (4, 4, 4)):
            tensors = {"a": randn(rng, n, m), "b": randn(rng, m, p)}
            check_expression(candidate, "a @ b", tensors, randn(rng, n, p))

    def test_numbers(self, candidate, rng):
        """A Python number may stand on either side of + - * and /, and counts in full precision."""
        for expression in (
            "a + 0.1",
            "0.1 + a",
            "a - 0.7",
            "0.7 - a",
            "a * 3",
            "-0.3 * a",
            "a / 0.3",
            "2 / a",
            "1.1 / a - 3",
        ):
            check_expression(candidate, expression, {"a": randn(rng, 5)}, randn(rng, 5))
            check_expression(candidate, expression, {"a": randn(rng)}, randn(rng))

    def test_broadcasting(self, candidate, rng):
        """Where an operand was broadcast, its gradient is summed back to its own shape."""
        shapes = [((3, 4), (4,)), ((3, 1), (1, 4)), ((2, 3, 4), ()), ((5,), (2, 1, 1)), ((1, 1), (1,)), ((1,), (6,))]
        for operation in "+-*/":
            for one, other in shapes:
                tensors = {"a": randn(rng, *one), "b": randn(rng, *other) + 4}
                size = torch.broadcast_shapes(one, other)
                check_expression(candidate, f"a {operation} b", tensors, randn(rng, *size))

    def test_branches(self, candidate, rng):
        """A variable that is used several times sums what all its uses send back."""
        for expression in ("a + a", "a * a", "a - a * a.exp()", "a.tanh() / (a * a + 1)"):
            check_expression(candidate, expression, {"a": randn(rng, 4)}, randn(rng, 4))
        for expression in ("(h := a * b) * h.tanh() + h / (a * a + 1)", "a * b + a * b.exp()", "a * b - b * a * b"):
            tensors = {"a": randn(rng, 4), "b": randn(rng, 4)}
            check_expression(candidate, expression, tensors, randn(rng, 4))
        check_expression(candidate, "a @ a @ a + a", {"a": randn(rng, 3, 3)}, randn(rng, 3, 3))

    def test_short_cut(self, candidate, rng):
        """A variable that is reached by a short way and by a long one is finished only after both."""
        for expression in (
            "(h := a.tanh()) + (((h * b) * b) * b).tanh()",
            "(((h := a.tanh()) * b) * b).tanh() + h",
            "((h := a * b) * (k := h.tanh()) + k * (m := k * h)) * m + h",
        ):
            tensors = {"a": randn(rng, 5), "b": randn(rng, 5)}
            check_expression(candidate, expression, tensors, randn(rng, 5))

    def test_random_expressions(self, candidate, rng):
        """Random graphs with shared parts agree with autograd."""
        steps = ["({} * {})", "({} + {})", "({} - {})", "({} / ({} * 0.1 + 5)).tanh()", "({} * 0.3).exp() * {}"]
        for _ in range(4):
            names, parts = ["a", "b", "c"], []
            for number in range(12):
                left, right = (names[integer(rng, max(0, len(names) - 5), len(names) - 1)] for _ in range(2))
                inner = steps[integer(rng, 0, len(steps) - 1)].format(left, right)
                parts.append(f"(v{number} := ({inner}).tanh())")
                names.append(f"v{number}")
            expression = f"[{', '.join(parts)}, v11 * v10 + v9 * a + b * c][-1]"
            tensors = {"a": randn(rng, 3, 2), "b": randn(rng, 2), "c": randn(rng, 3, 1)}
            # a dozen operations, one after another
            check_expression(candidate, expression, tensors, randn(rng, 3, 2), reduction=12)

    def test_network(self, candidate, rng):
        """A small network with broadcast biases is differentiated in all its parameters."""
        expression = "((((x @ v + b).tanh() @ w + c).relu() - y) * 0.5).sum()"
        shapes = {"x": (6, 4), "v": (4, 5), "b": (5,), "w": (5, 3), "c": (3,), "y": (6, 3)}
        for _ in range(2):
            check_expression(candidate, expression, {name: randn(rng, *shape) for name, shape in shapes.items()})

    def test_relu_at_zero(self, candidate, rng):
        """At zero a relu has no slope."""
        for _ in range(2):
            a = randn(rng, 3, 6).round()
            a[0, :3] = 0
            cotangent = randn(rng, 3, 6)
            value, grads = backpropagated(candidate, "a.relu()", {"a": a}, cotangent)
            assert_close(value, a.clamp(min=0), dtype=DOUBLE)
            assert_gradient(grads["a"], torch.where(a > 0, cotangent, 0.0), dtype=DOUBLE)

    def test_two_outputs(self, candidate, rng):
        """Passes from two outputs add up, in what they share and in the leaves, each counted once."""
        tensors = {"a": randn(rng, 4), "b": randn(rng, 4)}
        got = backpropagated_twice(candidate, "a * b", "(h * a).sum()", "(h.exp() + b * h).sum()", tensors)
        a, b, e = tensors["a"], tensors["b"], (tensors["a"] * tensors["b"]).exp()
        want = {"a": 2 * a * b + e * b + b * b, "b": a * a + e * a + 2 * a * b, "h": a + e + b}
        assert_gradient(got, want, dtype=DOUBLE)

    def test_repeated_passes(self, candidate, rng):
        """Every further pass from one output adds the same again, to inner variables too."""
        for times in (1, 2, 3):
            a, b = randn(rng, 5), randn(rng, 5)
            got = repeated(candidate, {"a": a, "b": b}, times)
            want = [2 * a * b * b + 1, 2 * a * b * a, 2 * a * b, torch.ones((), dtype=DOUBLE)]
            assert_gradient(got, [times * grad for grad in want], dtype=DOUBLE)

    def test_gradients_are_apart(self, candidate, rng):
        """Each variable has its gradient for itself: clearing one in place leaves the others."""
        for _ in range(2):
            a, b = randn(rng, 4), randn(rng, 4)
            two, one = torch.full((4,), 2.0, dtype=DOUBLE), torch.ones(4, dtype=DOUBLE)
            assert_gradient(used_gradients(candidate, a, b), [two, one, one], dtype=DOUBLE)
            assert_gradient(kept_gradients(candidate, a, b), [1 + b, 1 + a], dtype=DOUBLE)

    def test_cotangent_is_left_alone(self, candidate, rng):
        """Passes do not write to the cotangent, and do not keep it."""
        for _ in range(2):
            a, cotangent = randn(rng, 6), randn(rng, 6)
            got = cotangent_left_alone(candidate, a, cotangent)
            assert_gradient(got, [2 * cotangent, cotangent], dtype=DOUBLE)

    def test_untouched_variables(self, candidate, rng):
        """Variables that the output does not depend on keep a gradient of None."""
        for _ in range(2):
            *absent, grad = untouched(candidate, randn(rng, 3), randn(rng, 3))
            assert_equal(absent, [True, True, True, True])
            assert_gradient(grad, torch.full((3,), 2.0, dtype=DOUBLE), dtype=DOUBLE)

    def test_deep_chain(self, candidate, rng):
        """A chain of thousands of operations exhausts no stack."""
        for length in (1_501, 6_000):
            x = randn(rng, 3)
            flat, slope = 1.0, 1.0
            for step in range(length):
                flat, slope = (flat + 1, slope + 1) if step % 2 else (-flat, -slope)
            got = chain(candidate, x, length)
            # rounding errors of as many operations add up
            assert_close(got[0], flat * x, atol=1e-8, dtype=DOUBLE)
            assert_gradient(got[1], torch.full((3,), slope, dtype=DOUBLE), atol=1e-8, dtype=DOUBLE)

    def test_many_paths(self, candidate, rng):
        """Each variable is handled once, however many paths lead to it."""
        for _ in range(2):
            x = randn(rng, 3)
            assert_close(ladder(candidate, x, 60), [x, torch.ones(3, dtype=DOUBLE)], dtype=DOUBLE)

    def test_seed(self, candidate, rng):
        """A cotangent weights the output; it may be missing only where the output is a single element."""
        for shape in ((), (1,), (1, 1)):
            x = randn(rng, *shape)
            assert_gradient(seeded(candidate, x, None), torch.ones(shape, dtype=DOUBLE), dtype=DOUBLE)
            assert_gradient(seeded(candidate, x, 3 * x), 3 * x, dtype=DOUBLE)
        x = randn(rng, 2, 3)
        for cotangent in (None, x[0], x[:1], x.mT, x[None]):
            with raises(ValueError):
                seeded(candidate, x, cotangent)

    def test_shapes_and_strides(self, candidate, rng):
        """Scalars, empty tensors and tensors of any layout are values like any others."""
        for tensors in (
            {"a": randn(rng), "b": randn(rng)},
            {"a": randn(rng, 0, 3), "b": randn(rng, 3)},
            {"a": randn(rng, 4, 3).mT, "b": randn(rng, 3, 8)[:, ::2]},
            {"a": randn(rng, 3, 1).expand(3, 4), "b": randn(rng, 4).expand(3, 4)},
        ):
            check_expression(candidate, "(a * b + a.tanh() / (b.exp() + 1)).sum()", tensors)

    def test_single_precision(self, candidate, rng):
        """Float32 stays float32, in values and in gradients, also next to Python numbers."""
        for _ in range(2):
            tensors = {name: randn(rng, 4, 4, dtype=torch.float32) for name in "ab"}
            expression = "(0.3 * (a @ b).tanh() + a / (b * b + 1.5) - 0.1).sum()"
            # the sum runs over sixteen elements
            check_expression(candidate, expression, tensors, dtype=torch.float32, reduction=16)
            check_expression(candidate, "2.5 * a - 1", {"a": randn(rng, dtype=torch.float32)}, dtype=torch.float32)

    def test_growth(self, candidate, rng, budget):
        """A backward pass takes time in proportion to the graph."""
        budget.growth(long_recurrence, lambda length: (randn(rng), length), sizes=[1500, 3000, 6000, 12000])
