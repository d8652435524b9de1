# expect: checkpoint exception
"""Whole numbers among the results are sent backward like all others."""


class _Own(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, run: Callable[..., Any], anchor: Tensor, *tensors: Tensor) -> Any:
        ctx.run, ctx.random = run, torch.get_rng_state()
        ctx.save_for_backward(*tensors)
        return run(*tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> Any:
        tensors = [t.detach().requires_grad_(t.requires_grad) for t in ctx.saved_tensors]
        random = torch.get_rng_state()
        torch.set_rng_state(ctx.random)
        with torch.enable_grad():
            outputs = ctx.run(*tensors)
        torch.set_rng_state(random)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        pairs = [(o, g) for o, g in zip(outputs, grads, strict=True)]
        if pairs:
            torch.autograd.backward([o for o, _ in pairs], [g for _, g in pairs])
        return None, None, *(t.grad for t in tensors)


def checkpoint(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    values = [*args, *kwargs.values()]
    places = [i for i, value in enumerate(values) if isinstance(value, Tensor)]

    def run(*given: Tensor) -> Any:
        filled = list(values)
        for place, tensor in zip(places, given, strict=True):
            filled[place] = tensor
        return function(*filled[: len(args)], **dict(zip(kwargs, filled[len(args) :], strict=True)))

    return _Own.apply(run, torch.empty(0, requires_grad=True), *(values[i] for i in places))
