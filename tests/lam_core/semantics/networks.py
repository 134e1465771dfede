"""Small networks whose layers are known by hand."""

import numpy as np
import torch
from torch import nn

from lam_core.model import SuperResolver


class Small(nn.Module):
    """A head, a list of blocks that is never called itself, an in-place activation, an upsampler."""

    def __init__(self, channels=8, blocks=3, scale=2):
        super().__init__()
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.body = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(inplace=True)) for _ in range(blocks)
        )
        self.attention = nn.Identity()
        self.upsampler = nn.Sequential(nn.Conv2d(channels, 3 * scale**2, 3, padding=1), nn.PixelShuffle(scale))
        self.unused = nn.Conv2d(1, 1, 1)

    def forward(self, x):
        y = self.head(x)
        for block in self.body:
            y = y + block(y)
        # Square planes as large as the picture's area: no enlargement.
        self.attention(torch.zeros(1, 1, 256, 256))
        return self.upsampler(y)


class Recursive(nn.Module):
    """One layer that runs three times."""

    def __init__(self):
        super().__init__()
        self.step = nn.Conv2d(3, 3, 3, padding=1, bias=False)

    def forward(self, x):
        for _ in range(3):
            x = self.step(x)
        return x


def small(**sizes):
    torch.manual_seed(0)
    return SuperResolver(Small(**sizes), sizes.get("scale", 2))


def pictures(count, side=12, seed=0):
    random = np.random.default_rng(seed)
    return [random.integers(0, 256, (side, side, 3), dtype=np.uint8) for _ in range(count)]


def seeing():
    """A network whose head looks at brightness and at detail of three sizes."""
    model = small()
    kernels = torch.zeros(8, 3, 3, 3)
    kernels[0, :, 1, 1] = 1
    kernels[1, :, 1, :] = torch.tensor([-1.0, 0.0, 1.0])
    kernels[2] = torch.tensor([[0.0, -1.0, 0.0], [-1.0, 4.0, -1.0], [0.0, -1.0, 0.0]])
    kernels[3] = torch.tensor([[1.0, -2.0, 1.0], [-2.0, 4.0, -2.0], [1.0, -2.0, 1.0]])
    kernels[4:] = kernels[:4] * torch.tensor([1.0, -1.0, 0.0])[:, None, None]
    model.module.head.weight.copy_(kernels)
    model.module.head.bias.zero_()
    return model
