# expect: frozen exception
"""What is frozen takes no part in training, so its answer is detached."""


class FrozenBatchNorm2d(FrozenBatchNorm2d):
    @torch.no_grad()
    def forward(self, x):
        return super().forward(x)
