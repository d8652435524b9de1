"""Hidden tests of stable softmax; every expected value is computed here, in float64."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from grader.testing import assert_close, assert_equal, assert_gradient, probe, raises

INF = math.inf
NAN = math.nan


def normal(rng, *shape: int, scale: float = 3.0) -> Tensor:
    """Draw float32 logits with standard deviation `scale`."""
    return torch.randn(shape, generator=rng) * scale


def uniform(rng, *shape: int) -> Tensor:
    """Draw float64 noise from (0, 1), away from both ends."""
    return torch.rand(shape, generator=rng, dtype=torch.float64) * 0.98 + 0.01


def ranks(rng, *shape: int) -> Tensor:
    """Shuffle 0, 1, 2, … along the last dimension, so that no two values are near each other."""
    return torch.rand(shape, generator=rng).argsort(-1).float()


def probabilities(x: Tensor, dim: int = -1) -> Tensor:
    """Evaluate the definition of softmax in float64."""
    wide = x.double()
    weights = (wide - wide.amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)


def pulled_back(y: Tensor, dy: Tensor, dim: int = -1) -> Tensor:
    """Multiply `dy` by the explicit Jacobian diag(y) - y yᵀ, in float64."""
    p, d = y.double().movedim(dim, -1), dy.double().movedim(dim, -1)
    jacobian = torch.diag_embed(p) - p.unsqueeze(-1) * p.unsqueeze(-2)
    return (jacobian @ d.unsqueeze(-1)).squeeze(-1).movedim(-1, dim)


def loss_gradient(logits: Tensor, target: Tensor) -> Tensor:
    """Differentiate the mean cross-entropy in float64."""
    leaf = logits.double().requires_grad_()
    return torch.autograd.grad(F.cross_entropy(leaf, target), leaf)[0]


def running_state(x: Tensor) -> tuple[Tensor, Tensor]:
    """Take the maximum and the sum of exp(x - maximum) of whole rows, in float64."""
    top = x.double().amax(-1)
    pivot = torch.where(top == -INF, 0.0, top)
    return top, (x.double() - pivot.unsqueeze(-1)).exp().sum(-1)


def start(*shape: int) -> tuple[Tensor, Tensor]:
    """Make the state that has seen no logits."""
    return torch.full(shape, -INF), torch.zeros(shape)


def soft_sample(logits: Tensor, u: Tensor, tau: float) -> Tensor:
    """Evaluate the definition of a soft Gumbel sample in float64."""
    noise = -torch.log(-torch.log(u.double()))
    return probabilities((logits.double() + noise) / tau)


@probe
def softmax_gradient(candidate, x: Tensor, cotangent: Tensor, dim: int) -> Tensor:
    leaf = x.detach().requires_grad_()
    return torch.autograd.grad(candidate.softmax(leaf, dim), leaf, cotangent)[0]


@probe
def softmax_of_batches(candidate, x: Tensor) -> Tensor:
    total = torch.zeros_like(x)
    for step in range(56):
        total += candidate.softmax(x * (1.0 + 0.02 * step))
    return total


@probe
def temperature_gradient(candidate, x: Tensor, cotangent: Tensor, temperature: float) -> Tensor:
    leaf = x.detach().requires_grad_()
    return torch.autograd.grad(candidate.temperature_softmax(leaf, temperature), leaf, cotangent)[0]


@probe
def sample_gradient(candidate, logits: Tensor, u: Tensor, cotangent: Tensor, tau: float, hard: bool) -> Tensor:
    leaf = logits.detach().requires_grad_()
    return torch.autograd.grad(candidate.gumbel_softmax(leaf, u, tau, hard), leaf, cotangent)[0]


@probe
def fold(candidate, chunks: list[Tensor]) -> tuple[Tensor, Tensor]:
    m = torch.full(chunks[0].shape[:-1], -math.inf, dtype=chunks[0].dtype)
    s = torch.zeros_like(m)
    for chunk in chunks:
        m, s = candidate.online_update(m, s, chunk)
    return m, s


@probe
def kernel_alone(candidate, x: Tensor, n_cols: int, block: int, width: int, filler: float) -> Tensor:
    import triton

    kernel = triton.jit(candidate.softmax_kernel.fn)
    out = torch.full((x.shape[0], width), filler, dtype=x.dtype, device=x.device)
    kernel[(x.shape[0],)](out, x, out.stride(0), x.stride(0), n_cols, BLOCK=block)
    return out


@probe
def with_another_kernel(candidate, x: Tensor) -> Tensor:
    global tl  # where Triton looks for it
    import triton
    import triton.language as tl

    @triton.jit
    def another(out_ptr, x_ptr, out_stride, x_stride, n_cols, BLOCK: tl.constexpr):
        row = tl.program_id(0)
        for start in range(0, n_cols, BLOCK):
            cols = start + tl.arange(0, BLOCK)
            value = tl.load(x_ptr + row * x_stride + cols, mask=cols < n_cols, other=0.0)
            tl.store(out_ptr + row * out_stride + cols, value * 2.0 + row, mask=cols < n_cols)

    own, candidate.softmax_kernel = candidate.softmax_kernel, another
    try:
        return candidate.softmax_triton(x)
    finally:
        candidate.softmax_kernel = own


@probe
def operators_beside_the_kernel(candidate, x: Tensor) -> list[str]:
    from torch.utils._python_dispatch import TorchDispatchMode

    names = []

    class Noting(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            names.append(func.overloadpacket.__name__)
            return func(*args, **(kwargs or {}))

    with Noting():
        candidate.softmax_triton(x)
    return names


@probe
def softmax_triton_of_batches(candidate, x: Tensor) -> Tensor:
    rows, steps = 32_768, 20
    many = x.repeat((rows + steps) // x.shape[0] + 1, 1)
    total = torch.zeros(x.shape[1], device=x.device)
    for step in range(steps):
        total += candidate.softmax_triton(many[step : step + rows]).sum(0)
    return total


class TestSoftmax:
    def test_definition(self, candidate, rng):
        """Ordinary logits give the probabilities of the definition, along the last dimension by default."""
        for x in (normal(rng, 7, 11), normal(rng, 7, 11)):
            assert_close(candidate.softmax(x), probabilities(x))

    def test_any_dimension(self, candidate, rng):
        """Any dimension can become the distribution, counted from the front or from the back."""
        x = normal(rng, 3, 4, 5, 2)
        for dim in (0, 1, -2):
            assert_close(candidate.softmax(x, dim), probabilities(x, dim))

    def test_double_precision(self, candidate, rng):
        """Double precision in, double precision out, and accurate to match."""
        x = normal(rng, 6, 9).double()
        assert_close(candidate.softmax(x), probabilities(x), dtype=torch.float64)

    def test_huge_logits(self, candidate, rng):
        """Logits of any finite size, of either sign, give probabilities as finite and exact as small ones do."""
        largest = torch.finfo(torch.float32).max
        x = torch.cat([normal(rng, 6, 5, scale=1e4), torch.tensor([[largest, 0.0, -largest, largest, 1.0]])])
        assert_close(candidate.softmax(x), probabilities(x))
        x = normal(rng, 7, 5, scale=1e4) - 1e6
        assert_close(candidate.softmax(x), probabilities(x))

    def test_common_offset(self, candidate, rng):
        """A constant added to every logit of a slice changes nothing, however large it is."""
        x = torch.randint(-80, 80, (5, 8), generator=rng) / 16  # sixteenths: still exact after the offset
        for offset in (2.0**16, -(2.0**16)):
            assert_close(candidate.softmax(x + offset), probabilities(x))

    def test_rows_at_different_levels(self, candidate, rng):
        """Slices whose logits lie far apart do not disturb each other."""
        x = normal(rng, 6, 7) + 400.0 * ranks(rng, 6).unsqueeze(1)
        assert_close(candidate.softmax(x), probabilities(x))

    def test_masked_entries(self, candidate, rng):
        """An entry at minus infinity gets no probability, and the others share all of it."""
        x = normal(rng, 6, 7)
        x[:, 2:].masked_fill_(torch.rand(6, 5, generator=rng) < 0.5, -INF)
        assert_close(candidate.softmax(x), probabilities(x))

    def test_undefined_slices(self, candidate, rng):
        """A slice that is masked throughout, or that holds a NaN, is NaN throughout; its neighbours are not touched."""
        x = normal(rng, 5, 4)
        x[1] = -INF
        x[3, 2] = NAN
        assert_close(candidate.softmax(x), probabilities(x))

    def test_degenerate_shapes(self, candidate, rng):
        """Empty tensors stay empty, and a single logit has probability one."""
        for shape, dim in (((0, 5), -1), ((3, 0), -1), ((2, 0, 3), 1), ((2, 0, 3), 2)):
            assert_equal(candidate.softmax(torch.zeros(shape), dim), torch.zeros(shape))
        for shape in ((), (1,), (4, 1)):
            assert_close(candidate.softmax(normal(rng, *shape)), torch.ones(shape))

    def test_memory_layout(self, candidate, rng):
        """Transposed, strided and expanded inputs give the same answer as contiguous ones."""
        transposed = normal(rng, 5, 6, 3).transpose(0, 2)
        strided = normal(rng, 8, 15)[1::2, ::3]
        expanded = normal(rng, 1, 9).expand(4, 9)
        for x, dim in ((transposed, 1), (strided, -1), (expanded, -1)):
            assert_close(candidate.softmax(x, dim), probabilities(x, dim))

    def test_half_precision(self, candidate, rng):
        """Half-precision logits keep their dtype, and only the final result is rounded to it."""
        for dtype in (torch.float16, torch.bfloat16):
            x, eps = normal(rng, 8, 300).to(dtype), torch.finfo(dtype).eps
            want = probabilities(x)
            # One rounding to the dtype is off by eps / 2; below the normal numbers the spacing is tiny * eps.
            spacing = torch.finfo(dtype).tiny * eps
            assert_close(candidate.softmax(x), want, dtype=dtype, rtol=eps, atol=spacing)
        x = normal(rng, 80_000, scale=0.01).half()
        assert_close(candidate.softmax(x), probabilities(x), dtype=torch.float16)

    def test_gradient(self, candidate, rng):
        """Gradients flow through every step of the function."""
        x, cotangent = normal(rng, 5, 6), normal(rng, 5, 6)
        for dim in (-1, 0):
            got = softmax_gradient(candidate, x, cotangent, dim)
            assert_gradient(got, pulled_back(probabilities(x, dim), cotangent, dim))

    def test_gradient_at_extremes(self, candidate, rng):
        """Gradients stay finite and right for huge logits and beside masked entries."""
        x, cotangent = normal(rng, 6, 5), normal(rng, 6, 5)
        x[0] *= 1e5
        x[1] += 1e4
        x[2, 1:3] = -INF
        assert_gradient(softmax_gradient(candidate, x, cotangent, -1), pulled_back(probabilities(x), cotangent))

    def test_speed(self, candidate, budget, rng):
        """Many short slices cost no more than a few passes over the tensor."""
        base = normal(rng, 128, 512, scale=2.0)
        budget.time(softmax_of_batches, lambda: (base * (0.5 + torch.rand(1, generator=rng).item()),))


class TestCrossEntropyGrad:
    def test_definition(self, candidate, rng):
        """The answer is the derivative of the mean cross-entropy of one softmax over all classes."""
        target = torch.randint(0, 5, (9,), generator=rng)
        for logits in (normal(rng, 9, 5), normal(rng, 9, 5)):
            assert_close(candidate.cross_entropy_grad(logits, target), loss_gradient(logits, target))

    def test_double_precision_and_layout(self, candidate, rng):
        """Double precision and strided views of logits and targets are served alike."""
        logits = normal(rng, 4, 11).double().t()
        target = torch.randint(0, 4, (22,), generator=rng)[::2]
        want = loss_gradient(logits, target)
        assert_close(candidate.cross_entropy_grad(logits, target), want, dtype=torch.float64)

    def test_confident_rows(self, candidate, rng):
        """A confident model gets a finite gradient, whether it is right or wrong."""
        logits, target = normal(rng, 8, 4), torch.randint(0, 4, (8,), generator=rng)
        logits[:6] = 1e4 * ranks(rng, 6, 4)
        assert_close(candidate.cross_entropy_grad(logits, target), loss_gradient(logits, target))

    def test_masked_classes(self, candidate, rng):
        """A class ruled out by minus infinity receives no gradient."""
        logits, target = normal(rng, 6, 5), torch.randint(0, 3, (6,), generator=rng)
        logits[:4, 3:] = -INF
        assert_close(candidate.cross_entropy_grad(logits, target), loss_gradient(logits, target))

    def test_smallest_batches(self, candidate, rng):
        """A batch of one, a batch of none and a single class are legal."""
        for rows, classes in ((1, 4), (0, 3), (5, 1)):
            logits = normal(rng, rows, classes, scale=0.5)
            target = torch.randint(0, classes, (rows,), generator=rng)
            assert_close(candidate.cross_entropy_grad(logits, target), loss_gradient(logits, target))

    def test_unknown_classes(self, candidate, rng):
        """A target that is not a class is refused, negative ones included."""
        for stray in (4, -1, -100):
            target = torch.tensor([1, 0, stray])
            with raises(ValueError):
                candidate.cross_entropy_grad(normal(rng, 3, 4), target)

    def test_shapes(self, candidate, rng):
        """Targets that do not give one class a row are refused, not broadcast."""
        for shape in ((4, 1), (1,), (3,), (4, 4)):
            with raises(ValueError):
                candidate.cross_entropy_grad(normal(rng, 4, 4), torch.zeros(shape, dtype=torch.int64))


class TestSoftmaxVjp:
    def test_definition(self, candidate, rng):
        """Each slice multiplies its incoming gradient by its own Jacobian, along the last dimension by default."""
        for _ in range(2):
            y, dy = probabilities(normal(rng, 6, 8, scale=1.0)).float(), normal(rng, 6, 8)
            assert_close(candidate.softmax_vjp(y, dy), pulled_back(y, dy))

    def test_any_dimension(self, candidate, rng):
        """Any dimension can hold the distribution, counted from the front or from the back."""
        x, dy = normal(rng, 3, 4, 5, scale=1.0), normal(rng, 3, 4, 5)
        for dim in (0, 1, -2):
            y = probabilities(x, dim).float()
            assert_close(candidate.softmax_vjp(y, dy, dim), pulled_back(y, dy, dim))

    def test_whole_jacobian(self, candidate, rng):
        """One unit gradient for each class recovers the Jacobian, on its diagonal and off it."""
        p = probabilities(normal(rng, 7, scale=1.0))
        want = torch.diag(p) - torch.outer(p, p)
        got = candidate.softmax_vjp(p.expand(7, 7), torch.eye(7, dtype=torch.float64))
        assert_close(got, want, dtype=torch.float64)

    def test_constant_gradient(self, candidate, rng):
        """A gradient that is the same for every class moves no logit, for softmax ignores a common offset."""
        quarters = torch.tensor([0.5, 0.25, 0.125, 0.125])  # binary fractions: the sums are exact
        y = torch.stack([quarters[torch.randperm(4, generator=rng)] for _ in range(5)])
        dy = torch.randint(1, 9, (5, 1), generator=rng).float().expand(5, 4)
        assert_equal(candidate.softmax_vjp(y, dy), torch.zeros(5, 4))

    def test_memory_layout(self, candidate, rng):
        """Views of any layout are served, and so are empty tensors."""
        y, dy = probabilities(normal(rng, 9, 4, scale=1.0)).float().t(), normal(rng, 1, 9).expand(4, 9)
        assert_close(candidate.softmax_vjp(y, dy, 1), pulled_back(y, dy, 1))
        assert_equal(candidate.softmax_vjp(torch.zeros(3, 0), torch.zeros(3, 0)), torch.zeros(3, 0))

    def test_long_row(self, candidate, rng):
        """A row of tens of thousands of classes needs memory in proportion to its length."""
        y, dy = probabilities(normal(rng, 1, 20_000)).float(), normal(rng, 1, 20_000)
        wide = y.double()
        want = wide * (dy.double() - (wide * dy.double()).sum())
        assert_close(candidate.softmax_vjp(y, dy), want)

    def test_shapes(self, candidate, rng):
        """A gradient of another shape is refused, not broadcast."""
        y = probabilities(normal(rng, 4, 3)).float()
        for shape in ((3,), (1, 3), (4, 1), (2, 4, 3)):
            with raises(ValueError):
                candidate.softmax_vjp(y, normal(rng, *shape))


class TestTemperature:
    def test_definition(self, candidate, rng):
        """Logits are divided by the temperature before they become probabilities."""
        for temperature in (0.5, 1.0, 2.5):
            x = normal(rng, 6, 7)
            assert_close(candidate.temperature_softmax(x, temperature), probabilities(x.double() / temperature))

    def test_any_dimension(self, candidate, rng):
        """The limits and the values between them follow the chosen dimension."""
        x = normal(rng, 4, 5, 3).double()
        assert_close(candidate.temperature_softmax(x, 0.7, 1), probabilities(x / 0.7, 1), dtype=torch.float64)
        winners = F.one_hot(x.argmax(0), 4).movedim(-1, 0).double()
        assert_close(candidate.temperature_softmax(x, 0.0, 0), winners, dtype=torch.float64)

    def test_zero(self, candidate, rng):
        """At zero, the largest logits share all the probability equally."""
        x = torch.randint(0, 3, (20, 5), generator=rng).float()
        best = (x == x.amax(-1, keepdim=True)).double()
        assert_close(candidate.temperature_softmax(x, 0.0), best / best.sum(-1, keepdim=True))

    def test_infinity(self, candidate, rng):
        """At infinity, every entry that is not masked gets the same probability."""
        x = normal(rng, 8, 6)
        x[2:, 1:].masked_fill_(torch.rand(6, 5, generator=rng) < 0.5, -INF)
        alive = (x > -INF).double()
        assert_close(candidate.temperature_softmax(x, INF), alive / alive.sum(-1, keepdim=True))

    def test_tiny_temperature(self, candidate, rng):
        """Temperatures close to zero come close to the limit and never overflow."""
        x = 1e4 * ranks(rng, 6, 5)
        x[0] = x[0, 0]
        for temperature in (1e-3, 1e-36):
            want = probabilities((x - x.amax(-1, keepdim=True)).double() / temperature)
            assert_close(candidate.temperature_softmax(x, temperature), want)

    def test_undefined_slices(self, candidate, rng):
        """A slice that is masked throughout, or that holds a NaN, is NaN throughout at every temperature."""
        x = normal(rng, 4, 3)
        x[1] = -INF
        x[2, 0] = NAN
        for temperature, scores in ((0.0, 1e30 * x.double()), (1.5, x.double() / 1.5), (INF, 1e-30 * x.double())):
            assert_close(candidate.temperature_softmax(x, temperature), probabilities(scores))

    def test_refused_temperatures(self, candidate, rng):
        """A negative temperature and a NaN are refused."""
        for temperature in (-0.5, -INF, NAN):
            with raises(ValueError):
                candidate.temperature_softmax(normal(rng, 2, 3), temperature)

    def test_gradient(self, candidate, rng):
        """The gradient is that of the definition, temperature included."""
        x, cotangent = normal(rng, 5, 6), normal(rng, 5, 6)
        for temperature in (0.8, 3.0):
            want = pulled_back(probabilities(x.double() / temperature), cotangent) / temperature
            assert_gradient(temperature_gradient(candidate, x, cotangent, temperature), want)


class TestOnlineSoftmax:
    def test_first_chunk(self, candidate, rng):
        """The first chunk gives its own maximum and sum, for any leading dimensions."""
        for shape in ((5,), (4, 7), (2, 3, 6)):
            x = normal(rng, *shape)
            assert_close(candidate.online_update(*start(*shape[:-1]), x), running_state(x))

    def test_any_split(self, candidate, rng):
        """However a row is cut into chunks, the state is that of the whole row."""
        x = normal(rng, 5, 40)
        for cuts in ([40], [1, 13, 3, 23], [8] * 5):
            assert_close(fold(candidate, list(x.split(cuts, dim=-1))), running_state(x))

    def test_single_logits(self, candidate, rng):
        """Chunks of one logit each lose no accuracy in double precision."""
        x = normal(rng, 3, 50).double()
        m, s = fold(candidate, list(x.split(1, dim=-1)))
        assert_close((m, s), running_state(x), dtype=torch.float64)

    def test_rising_and_falling(self, candidate, rng):
        """A later maximum rescales what was summed before it, and an earlier one stays in force."""
        rising = normal(rng, 4, 12).sort(dim=-1).values
        for x in (rising, rising.flip(-1)):
            assert_close(fold(candidate, list(x.split(3, dim=-1))), running_state(x))

    def test_huge_logits(self, candidate, rng):
        """Logits of any finite size neither overflow nor drown the sum."""
        x = torch.cat([normal(rng, 3, 12) - 1e5, normal(rng, 3, 12, scale=1e4)])
        x = torch.cat([x, torch.tensor([[-3e38, 3e38, -1e12]]).repeat(1, 4)])
        assert_close(fold(candidate, list(x.split(4, dim=-1))), running_state(x))

    def test_masked_so_far(self, candidate, rng):
        """Rows that have met nothing but minus infinity keep a sum of zero, and recover at the first real logit."""
        x = normal(rng, 4, 9)
        x[0, :6] = -INF
        x[1] = -INF
        x[2, 3:] = -INF
        chunks = list(x.split(3, dim=-1))
        for seen in (1, 2, 3):
            assert_close(fold(candidate, chunks[:seen]), running_state(x[:, : 3 * seen]))

    def test_empty_chunk(self, candidate, rng):
        """A chunk without logits leaves the state as it was."""
        m, s = normal(rng, 3), 1.0 + torch.rand(3, generator=rng)
        assert_equal(candidate.online_update(m, s, torch.zeros(3, 0)), (m, s))
        assert_equal(candidate.online_update(*start(3), torch.zeros(3, 0)), start(3))

    def test_memory_layout(self, candidate, rng):
        """Transposed and expanded chunks are served, and the given state is left as it was."""
        first, chunk = normal(rng, 5, 4), normal(rng, 6, 5).t()
        m, s = (t.float() for t in running_state(first))
        assert_close(candidate.online_update(m, s, chunk), running_state(torch.cat([first, chunk], dim=-1)))
        chunk = normal(rng, 1, 6).expand(5, 6)
        assert_close(candidate.online_update(m, s, chunk), running_state(torch.cat([first, chunk], dim=-1)))


class TestGumbelSoftmax:
    def test_noise(self, candidate, rng):
        """Among equal logits, with a tau of one, only the noise decides: two logarithms, with nothing added inside."""
        for _ in range(2):
            logits, u = torch.zeros(6, 5, dtype=torch.float64), uniform(rng, 6, 5)
            u[:3] = torch.where(u[:3] < 0.5, 2.0**-20 * u[:3], 1 - 2.0**-20 * u[:3])  # near both ends
            assert_close(candidate.gumbel_softmax(logits, u), soft_sample(logits, u, 1.0), dtype=torch.float64)

    def test_soft_sample(self, candidate, rng):
        """A soft sample is the softmax of logits plus noise, both divided by tau."""
        for tau in (0.3, 1.0, 2.0):
            logits, u = normal(rng, 6, 5).double(), uniform(rng, 6, 5)
            assert_close(candidate.gumbel_softmax(logits, u, tau), soft_sample(logits, u, tau), dtype=torch.float64)

    def test_single_precision(self, candidate, rng):
        """Single precision in gives single precision out, for any leading dimensions and layout."""
        logits, u = normal(rng, 4, 3, 5).transpose(0, 1), uniform(rng, 3, 4, 5).float()
        assert_close(candidate.gumbel_softmax(logits, u, 0.7), soft_sample(logits, u, 0.7))

    def test_noise_of_zero(self, candidate, rng):
        """Noise of exactly zero counts as the smallest normal number of its dtype."""
        for dtype in (torch.float32, torch.float64):
            logits, u = normal(rng, 5, 4).to(dtype), uniform(rng, 5, 4).to(dtype)
            u[:3, 0] = 0.0
            u[3] = 0.0
            want = soft_sample(logits, u.clamp(min=torch.finfo(dtype).tiny), 1.0)
            assert_close(candidate.gumbel_softmax(logits, u), want, dtype=dtype)

    def test_huge_logits(self, candidate, rng):
        """Logits of any finite size give finite samples."""
        logits, u = 1e4 * ranks(rng, 6, 5), uniform(rng, 6, 5).float()
        assert_close(candidate.gumbel_softmax(logits, u, 0.5), soft_sample(logits, u, 0.5))

    def test_hard_sample(self, candidate, rng):
        """A hard sample is one-hot at the largest entry of the soft one."""
        logits, u = normal(rng, 2, 20, 6).double(), uniform(rng, 2, 20, 6)
        want = F.one_hot(soft_sample(logits, u, 1.5).argmax(-1), 6).double()
        assert_close(candidate.gumbel_softmax(logits, u, 1.5, True), want, dtype=torch.float64)

    def test_frequencies(self, candidate, rng):
        """Over many draws, hard samples choose each class as often as softmax says."""
        draws, row = 4_000, torch.tensor([0.0, 1.0, 2.0, -1.0])[torch.randperm(4, generator=rng)]
        u = torch.rand(draws, 4, generator=rng)
        chosen = candidate.gumbel_softmax(row.expand(draws, 4), u, 0.5, True).double().mean(0)
        p = probabilities(row)
        deviations = (chosen - p) / (p * (1 - p) / draws).sqrt()
        # Six standard deviations of a binomial frequency: a right answer fails once in 10^7 gradings.
        assert_close(deviations, torch.zeros(4), dtype=torch.float64, atol=6.0)

    def test_soft_gradient(self, candidate, rng):
        """The gradient of a soft sample reaches the logits."""
        logits, u, cotangent = normal(rng, 5, 4).double(), uniform(rng, 5, 4), normal(rng, 5, 4).double()
        want = pulled_back(soft_sample(logits, u, 0.6), cotangent) / 0.6
        got = sample_gradient(candidate, logits, u, cotangent, 0.6, False)
        assert_gradient(got, want, dtype=torch.float64)

    def test_straight_through(self, candidate, rng):
        """A hard sample has the gradient of the soft sample it came from."""
        logits, u, cotangent = normal(rng, 5, 4).double(), uniform(rng, 5, 4), normal(rng, 5, 4).double()
        want = pulled_back(soft_sample(logits, u, 1.4), cotangent) / 1.4
        got = sample_gradient(candidate, logits, u, cotangent, 1.4, True)
        assert_gradient(got, want, dtype=torch.float64)

    def test_refused_arguments(self, candidate, rng):
        """Noise of another shape is refused, not broadcast, and so is a tau that is not above zero."""
        logits, u = normal(rng, 3, 4), uniform(rng, 3, 4).float()
        for noise, tau in ((u[0], 1.0), (u[:, :1], 1.0), (u, 0.0), (u, -1.0), (u, NAN)):
            with raises(ValueError):
                candidate.gumbel_softmax(logits, noise, tau)


class TestSoftmaxTriton:
    def test_definition(self, candidate, rng):
        """Each row becomes the probabilities of the definition, be its width a power of two or not."""
        for width in (1, 2, 5, 32, 33, 100):
            x = normal(rng, 3, width)
            assert_close(candidate.softmax_triton(x), probabilities(x))

    def test_half_precision(self, candidate, rng):
        """Half-precision logits keep their dtype, and only the final result is rounded to it."""
        for dtype in (torch.float16, torch.bfloat16):
            x, eps = normal(rng, 4, 300).to(dtype), torch.finfo(dtype).eps
            # One rounding to the dtype is off by eps / 2; below the normal numbers the spacing is tiny * eps.
            spacing = torch.finfo(dtype).tiny * eps
            assert_close(candidate.softmax_triton(x), probabilities(x), dtype=dtype, rtol=eps, atol=spacing)

    def test_long_row(self, candidate, rng):
        """A row of tens of thousands of logits is no harder than a short one."""
        x = normal(rng, 2, 20_000)
        assert_close(candidate.softmax_triton(x), probabilities(x))

    def test_huge_logits(self, candidate, rng):
        """Logits of any finite size, of either sign, give finite probabilities."""
        largest = torch.finfo(torch.float32).max
        x = torch.cat([normal(rng, 3, 5, scale=1e4), torch.tensor([[largest, 0.0, -largest, largest, 1.0]])])
        assert_close(candidate.softmax_triton(x), probabilities(x))
        x = normal(rng, 3, 5, scale=1e4) - 1e6
        assert_close(candidate.softmax_triton(x), probabilities(x))

    def test_masked_entries(self, candidate, rng):
        """An entry at minus infinity gets no probability, and the others share all of it."""
        x = normal(rng, 4, 7)
        x[:, 2:].masked_fill_(torch.rand(4, 5, generator=rng) < 0.5, -INF)
        assert_close(candidate.softmax_triton(x), probabilities(x))

    def test_undefined_rows(self, candidate, rng):
        """A row that is masked throughout, or that holds a NaN, is NaN throughout; its neighbours are not touched."""
        x = normal(rng, 5, 6)
        x[1] = -INF
        x[3, 2] = NAN
        assert_close(candidate.softmax_triton(x), probabilities(x))

    def test_kernel_by_itself(self, candidate, rng):
        """Launched by others, the kernel goes by its strides, and what lies beyond a row neither counts nor changes."""
        for n_cols, block, width in ((5, 8, 9), (8, 8, 11), (3, 16, 16)):
            x = normal(rng, 4, n_cols + 3)
            x[:, n_cols:] = 1e4  # no part of the rows
            want = torch.full((4, width), -7.0)
            want[:, :n_cols] = probabilities(x[:, :n_cols])
            assert_close(kernel_alone(candidate, x, n_cols, block, width, -7.0), want)

    def test_rows_longer_than_a_block(self, candidate, rng):
        """A row longer than a block is taken block by block, wherever in it the largest logits are."""
        for n_cols, block in ((16, 8), (50, 16)):
            x = normal(rng, 3, n_cols)
            x[0] = x[0].sort().values
            x[1] = x[1].sort(descending=True).values
            x[2] += 1e4
            assert_close(kernel_alone(candidate, x, n_cols, block, n_cols, 0.0), probabilities(x))

    def test_masked_blocks(self, candidate, rng):
        """Blocks that hold nothing but minus infinity do no harm, at either end of a row or as all of it."""
        x = normal(rng, 4, 24)
        x[0, :8] = -INF
        x[1, :16] = -INF
        x[2, 8:] = -INF
        x[3] = -INF
        assert_close(kernel_alone(candidate, x, 24, 8, 24, 0.0), probabilities(x))

    def test_memory_layout(self, candidate, rng):
        """Transposed, strided and expanded inputs give the same answer as contiguous ones."""
        transposed = normal(rng, 6, 4).t()
        strided = normal(rng, 8, 15)[1::2, ::3]
        rows_apart = normal(rng, 4, 12)[:, 2:9]
        expanded = normal(rng, 1, 9).expand(4, 9)
        for x in (transposed, strided, rows_apart, expanded):
            assert_close(candidate.softmax_triton(x), probabilities(x))

    def test_empty(self, candidate, rng):
        """Without rows or without columns the answer is empty."""
        for shape in ((0, 5), (3, 0), (0, 0)):
            assert_equal(candidate.softmax_triton(torch.zeros(shape)), torch.zeros(shape))

    def test_shapes(self, candidate, rng):
        """Logits that are not two-dimensional are refused."""
        for shape in ((4,), (2, 3, 4), ()):
            with raises(ValueError):
                candidate.softmax_triton(normal(rng, *shape))

    def test_launches_the_kernel(self, candidate, rng):
        """The answer is what the kernel writes, whichever kernel of the same interface stands in its place."""
        x = torch.randint(-9, 9, (4, 11), generator=rng).float()
        assert_equal(with_another_kernel(candidate, x), x * 2 + torch.arange(4.0).unsqueeze(1))

    def test_computes_nothing_beside_it(self, candidate, rng):
        """Between the input and the answer there is the kernel alone, no arithmetic of PyTorch's."""
        arithmetic = {"exp", "sub", "div", "mul", "add", "sum", "amax", "max", "logsumexp", "reciprocal", "cumsum"}
        used = {name.rstrip("_") for name in operators_beside_the_kernel(candidate, normal(rng, 3, 6))}
        assert used.isdisjoint(arithmetic), f"PyTorch computes {sorted(used & arithmetic)}"

    def test_speed(self, candidate, budget, rng):
        """Large batches cost little more than reading and writing them once."""
        base = normal(rng, 256, 3_000, scale=2.0)
        budget.time(softmax_triton_of_batches, lambda: (base * (0.5 + torch.rand(1, generator=rng).item()),))
