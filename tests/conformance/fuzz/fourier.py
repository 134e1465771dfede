"""Spectra and complex numbers."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.conformance.fuzz.block import CHANNELS, Block, family

C = CHANNELS
fourier = family("fourier")


@fourier
class Spectral(Block):
    """FFC: a convolution on real and imaginary parts."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(2 * C, 2 * C, 1)
        self.norm = draw.choice(["ortho", "backward", "forward"])

    def forward(self, y: Tensor) -> Tensor:
        s = torch.fft.rfft2(y, norm="ortho")
        re, im = F.relu(self.c(torch.cat([s.real, s.imag], 1))).chunk(2, 1)
        return y + torch.fft.irfft2(torch.complex(re, im), s=y.shape[-2:], norm="ortho")


@fourier
class ThereAndBack(Block):
    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.dims = draw.choice([(-2, -1), (-1,)])

    def forward(self, y: Tensor) -> Tensor:
        s = torch.fft.rfftn(y, dim=self.dims)
        return y + 0.5 * torch.fft.irfftn(
            s * s.abs().add(1e-6).rsqrt(), s=[y.shape[d] for d in self.dims], dim=self.dims
        )


@fourier
class Filtered(Block):
    """GFNet: a complex weight for every frequency, enlarged to the picture's size."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.w = nn.Parameter(torch.randn(C, 8, 5, 2) * 0.3)

    def forward(self, y: Tensor) -> Tensor:
        s = torch.fft.rfft2(y)
        w = F.interpolate(self.w.permute(3, 0, 1, 2), s.shape[-2:], mode="bilinear").permute(1, 2, 3, 0).contiguous()
        return torch.fft.irfft2(s * torch.view_as_complex(w), s=y.shape[-2:])


@fourier
class Polar(Block):
    """Amplitude through a convolution, phase kept."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 1)
        self.polar = draw.random() < 0.5

    def forward(self, y: Tensor) -> Tensor:
        s = torch.fft.fft2(y, norm="ortho")
        amplitude, phase = torch.abs(s), torch.angle(s)
        amplitude = F.softplus(self.c(amplitude))
        if self.polar:
            s = torch.polar(amplitude, phase)
        else:
            s = torch.complex(amplitude * torch.cos(phase), amplitude * torch.sin(phase))
        return y + torch.fft.ifft2(s, norm="ortho").real


@fourier
class Shifted(Block):
    """The spectrum's middle damped, by fftshift and a mask."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.damp = nn.Parameter(torch.rand(1, C, 1, 1))

    def forward(self, y: Tensor) -> Tensor:
        s = torch.fft.fftshift(torch.fft.fft2(y), dim=(-2, -1))
        h, w = y.shape[-2:]
        mask = torch.ones((1, C, h, w), dtype=y.dtype, device=y.device)
        mask[:, :, h // 2 - 3 : h // 2 + 3, w // 2 - 3 : w // 2 + 3] = 0
        s = s * (mask + (1 - mask) * self.damp)
        return torch.fft.ifft2(torch.fft.ifftshift(s, dim=(-2, -1))).real


@fourier
class Patches(Block):
    """FFTformer: spectra of patches of 4×4 pixels, multiplied by weights."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.w = nn.Parameter(torch.randn(C, 1, 1, 4, 3))

    def forward(self, y: Tensor) -> Tensor:
        b, c, h, w = y.shape
        x = F.pad(y, (0, (-w) % 4, 0, (-h) % 4), "reflect")
        hh, ww = x.shape[-2:]
        t = x.view(b, c, hh // 4, 4, ww // 4, 4).permute(0, 1, 2, 4, 3, 5)
        t = torch.fft.irfft2(torch.fft.rfft2(t) * self.w, s=(4, 4))
        return y + t.permute(0, 1, 2, 4, 3, 5).reshape(b, c, hh, ww)[..., :h, :w]


@fourier
class Correlation(Block):
    """FFTformer's attention: the product of two spectra of patches."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c, self.norm = nn.Conv2d(C, 2 * C, 1), nn.GroupNorm(1, C)

    def forward(self, y: Tensor) -> Tensor:
        b, c, h, w = y.shape
        x = F.pad(y, (0, (-w) % 4, 0, (-h) % 4), "replicate")
        hh, ww = x.shape[-2:]
        q, k = (z.view(b, c, hh // 4, 4, ww // 4, 4).permute(0, 1, 2, 4, 3, 5) for z in self.c(x).chunk(2, 1))
        t = torch.fft.irfft2(torch.fft.rfft2(q.float()) * torch.fft.rfft2(k.float()), s=(4, 4))
        return y + t.to(y).permute(0, 1, 2, 4, 3, 5).reshape(b, c, hh, ww)[..., :h, :w]

    single = True


@fourier
class Paired(Block):
    """Pairs of channels as complex numbers."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.turn = nn.Parameter(torch.randn(C // 2, 1, 1))

    def forward(self, y: Tensor) -> Tensor:
        b, c, h, w = y.shape
        z = torch.view_as_complex(self.c(y).view(b, c // 2, 2, h, w).permute(0, 1, 3, 4, 2).contiguous())
        z = z * torch.polar(torch.ones_like(self.turn), self.turn)
        return y + torch.view_as_real(z * z.conj().resolve_conj()).permute(0, 1, 4, 2, 3).reshape_as(y)


@fourier
class OverChannels(Block):
    """A transform along the channels."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.w = nn.Parameter(torch.randn(C // 2 + 1, 1, 1, 2))

    def forward(self, y: Tensor) -> Tensor:
        return y + torch.fft.irfft(torch.fft.rfft(y, dim=1) * torch.view_as_complex(self.w), n=C, dim=1)


@fourier
class Convolved(Block):
    """A convolution of the picture's own size by its spectrum."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.k = nn.Parameter(torch.randn(C, 5, 5) * 0.1)

    def forward(self, y: Tensor) -> Tensor:
        size = y.shape[-2] + 4, y.shape[-1] + 4
        out = torch.fft.irfft2(torch.fft.rfft2(y, s=size) * torch.fft.rfft2(self.k, s=size).conj(), s=size)
        return out[..., : y.shape[-2], : y.shape[-1]]


@fourier
class Wavelet(Block):
    """Haar bands by slices, each scaled, and back."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(4 * C, 4 * C, 1, groups=4)

    def forward(self, y: Tensor) -> Tensor:
        h, w = y.shape[-2:]
        x = F.pad(y, (0, w % 2, 0, h % 2), "reflect") / 2
        a, b, c, d = x[:, :, 0::2, 0::2], x[:, :, 1::2, 0::2], x[:, :, 0::2, 1::2], x[:, :, 1::2, 1::2]
        bands = self.c(torch.cat((a + b + c + d, -a - b + c + d, -a + b - c + d, a - b - c + d), 1))
        p, q, r, s = bands.chunk(4, 1)
        out = torch.zeros(x.shape, dtype=x.dtype, device=x.device)
        out[:, :, 0::2, 0::2] = p - q - r + s
        out[:, :, 1::2, 0::2] = p - q + r - s
        out[:, :, 0::2, 1::2] = p + q - r - s
        out[:, :, 1::2, 1::2] = p + q + r + s
        return out[..., :h, :w]
