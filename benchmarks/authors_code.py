"""Networks of the zoo beside their authors' code, with the same weights in one process: output and input gradient.

    python -m benchmarks.authors_code FOLDER [--networks PFT ESC]

FOLDER holds checkouts of the authors' repositories, each named owner+name, at the commits of `NETWORKS`; none of their
code is part of this project. Read it before you run it. The weights are the authors' initial values, disturbed so that
none is zero; ours are built from their state dict alone, at the published sizes of ×4. `rounding` says how well float32
determines the figures: ReLUs and choices of the largest values turn over on a rounding.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.stand_ins import import_from
from tools.architecture_table.measure import constants_in
from zoo.checkpoints.detect import candidates

SCALE = 4
DISTURBANCE = 0.02
"""Standard deviation of what is added to the initial values."""
SCAN = ((".float()", ""), ("assert out_y.dtype == torch.float", ""))
"""What lets MambaIR's scan compute in float64."""


@dataclass(frozen=True)
class Network:
    """A network of a repository."""

    repository: str
    commit: str
    module: str
    build: Callable[..., nn.Module] | str
    """The class of the module, or what builds the network from the module."""
    arguments: dict[str, Any] = field(default_factory=dict)
    thousands: float = 0.0
    """Weights as published, in thousands; 0 where no figure was found."""
    size: tuple[int, int] = (24, 32)
    """Height and width of the picture."""
    white: float = 1.0
    edits: tuple[tuple[str, str], ...] = ()
    """Words of the source that are replaced."""
    trains: bool = False
    """Run in training mode: in evaluation, it writes over its features and has no gradient."""

    def theirs(self, folder: Path) -> nn.Module:
        """The network by its authors' code, at its initial values."""
        found = import_from(folder / self.repository.replace("/", "+"), self.module, self.edits)
        if isinstance(self.build, str):
            return getattr(found, self.build)(**self.arguments).train(self.trains)
        return self.build(found, **self.arguments).train(self.trains)

    def weights(self, folder: Path) -> dict[str, Tensor]:
        """A state dict as training may leave it: initial values, disturbed so that none is zero, in float32."""
        torch.manual_seed(0)
        network = self.theirs(folder)
        with torch.no_grad():
            for parameter in network.parameters():
                if parameter.requires_grad:
                    parameter.add_(torch.randn_like(parameter), alpha=DISTURBANCE)
        state = network.state_dict()
        for name, value in state.items():
            match name.rpartition(".")[2]:
                case "means":  # CATANet's centres
                    value.normal_()
                case "initted":
                    value.fill_(True)
                case "running_var":  # ELAN has no other scale before its attention
                    value.fill_(self.white**2)
        return dict(state)


def elan(module: Any, **arguments: Any) -> nn.Module:
    """ELAN by its authors, who pass all arguments as one object."""
    return module.ELAN(SimpleNamespace(**arguments))


LIGHT = {"upscale": SCALE, "upsampler": "pixelshuffledirect"}
HIT = {
    "repository": "XiangZ-0/HiT-SR",
    "commit": "8f59218",
    "arguments": LIGHT,
    "size": (64, 64),
    "edits": ((".float()", ".to(v.dtype)"),),
}
MAMBA = {"repository": "csguoh/MambaIR", "commit": "33d7b34", "size": (16, 20)}
SEEMORE = {
    "repository": "eduardzamfir/seemoredetails",
    "commit": "825ba21",
    "module": "basicsr.archs.seemore_arch",
    "build": "SeemoRe",
    "edits": (("dtype=torch.float)", "dtype=out.dtype)"),),
}
EXPERTS = {"scale": SCALE, "num_experts": 3, "lr_space": "exp", "topk": 1}
SMFANET = {
    "repository": "Zheng-MJ/SMFANet",
    "commit": "a05e0bb",
    "module": "basicsr.archs.SMFANet_arch",
    "build": "SMFANet",
    "trains": True,
}
ESC = {
    "repository": "dslisleedh/ESC",
    "commit": "e7e6938",
    "module": "esc.archs.esc_arch",
    "build": "ESC",
    "size": (32, 40),
    "trains": True,
}
BLOCKS = {
    "dim": 64,
    "pdim": 16,
    "kernel_size": 13,
    "conv_blocks": 5,
    "window_size": 32,
    "num_heads": 4,
    "exp_ratio": 1.25,
    "attn_type": "Naive",
    "upscaling_factor": SCALE,
}
VAPSR = functools.partial(Network, "zhoumumu/VapSR", "404c584", "code.vapsr", "vapsr")
NETWORKS = {
    "RLFN": Network("bytedance/RLFN", "bccfde9", "model.rlfn", "RLFN", {"upscale": SCALE}, 544),
    "BSRN": Network("xiaom233/BSRN", "2d63d52", "basicsr.archs.BSRN_arch", "BSRN", {"upscale": SCALE}, 352),
    "VapSR": VAPSR(arguments={"num_in_ch": 3, "num_out_ch": 3, "num_feat": 48, "num_block": 21}, thousands=342),
    "VapSR-S": VAPSR(
        arguments={"num_in_ch": 3, "num_out_ch": 3, "num_feat": 32, "num_block": 11, "conv_groups": 2},
        thousands=155,
    ),
    "ELAN-light": Network(
        "xindongzhang/ELAN",
        "97ab3fa",
        "models.elan_network",
        elan,
        {
            "scale": SCALE,
            "rgb_range": 255,
            "colors": 3,
            "m_elan": 24,
            "c_elan": 60,
            "n_share": 1,
            "r_expand": 2,
            "window_sizes": [4, 8, 16],
        },
        601,
        white=255.0,
    ),
    "SRFormer-light": Network(
        "HVision-NKU/SRFormer",
        "d0c2da6",
        "basicsr.archs.srformer_arch",
        "SRFormer",
        {
            **LIGHT,
            "window_size": 16,
            "depths": [6] * 4,
            "embed_dim": 60,
            "num_heads": [6] * 4,
            "mlp_ratio": 2,
        },
        873,
    ),
    "SMFANet": Network(**SMFANET, arguments={"upscaling_factor": SCALE}, thousands=197),
    "HiT-SIR": Network(**HIT, module="basicsr.archs.hit_sir_arch", build="HiT_SIR", thousands=792),
    "HiT-SNG": Network(**HIT, module="basicsr.archs.hit_sng_arch", build="HiT_SNG", thousands=1032),
    "HiT-SRF": Network(**HIT, module="basicsr.archs.hit_srf_arch", build="HiT_SRF", thousands=866),
    "X-Restormer": Network(
        "Andrew0613/X-Restormer",
        "e096da6",
        "xrestormer.archs.xrestormer_arch",
        "XRestormer",
        {"num_blocks": [2, 4, 4, 4], "spatial_heads": [1, 2, 4, 8], "scale": SCALE},
        size=(16, 16),
    ),
    "SeemoRe-T": Network(
        **SEEMORE, arguments={**EXPERTS, "num_layers": 6, "embedding_dim": 36, "use_shuffle": True}, thousands=232
    ),
    "SeemoRe-B": Network(**SEEMORE, arguments={**EXPERTS, "num_layers": 8, "embedding_dim": 48, "use_shuffle": True}),
    "SeemoRe-L": Network(
        **SEEMORE, arguments={**EXPERTS, "num_layers": 16, "embedding_dim": 48, "recursive": 1}, thousands=969
    ),
    "MambaIR-light": Network(
        **MAMBA,
        module="basicsr.archs.mambair_arch",
        build="MambaIR",
        arguments={**LIGHT, "d_state": 10, "depths": [6] * 4, "embed_dim": 60, "mlp_ratio": 1.2},
        edits=(*SCAN, ("assert y1.dtype == torch.float32", "")),
    ),
    "MambaIRv2-light": Network(
        **MAMBA,
        module="basicsr.archs.mambairv2light_arch",
        build="MambaIRv2Light",
        arguments={**LIGHT, "depths": [5] * 4, "inner_rank": 32, "mlp_ratio": 1.0},
        thousands=790,
        edits=(*SCAN, ("stable=False", "stable=True")),
    ),
    "CATANet": Network(
        "EquationWalker/CATANet",
        "fd2222f",
        "basicsr.archs.catanet_arch",
        "CATANet",
        {"upscale": SCALE},
        535,
        size=(30, 44),
        edits=(("argsort(x_belong_idx, dim=-1)", "argsort(x_belong_idx, dim=-1, stable=True)"),),
    ),
    "PFT-light": Network(
        "CVL-UESTC/PFT-SR",
        "b1dc104",
        "basicsr.archs.pft_arch",
        "PFT",
        {
            **LIGHT,
            "embed_dim": 52,
            "depths": [2, 4, 6, 6, 6],
            "num_heads": 4,
            "num_topk": [1024] * 2 + [256] * 4 + [128] * 6 + [64] * 6 + [32] * 6,
            "window_size": 32,
            "convffn_kernel_size": 7,
            "mlp_ratio": 1,
        },
        792,
        trains=True,
    ),
    "ESC": Network(**ESC, arguments={**BLOCKS, "n_blocks": 5}, thousands=968),
    "ESC-light": Network(**ESC, arguments={**BLOCKS, "n_blocks": 3}, thousands=624),
}
"""By the names that papers use."""


@dataclass(frozen=True)
class Beside:
    """What was measured of one network: largest differences of output or input gradient, over their largest value."""

    single: float
    """Theirs and ours in float32."""
    rounding: float
    """Theirs and theirs in float32, of a picture whose values are the next larger numbers."""
    double: float
    """Theirs and ours in float64."""
    weights: tuple[int, int]
    """Trainable weights, theirs and ours."""


def beside(name: str, network: Network, folder: Path) -> Beside:
    """One network by both codes. Raises whatever the authors' code raises."""
    weights = network.weights(folder)
    picture = torch.rand(1, 3, *network.size, generator=torch.Generator().manual_seed(0)) * network.white
    moved = picture.nextafter(torch.tensor(torch.inf))
    with constants_in(torch.float32):
        theirs, ours = _both(name, network, folder, weights)
        run = _run(theirs, picture)
        single, rounding = _difference(run, _run(ours, picture)), _difference(run, _run(theirs, moved))
    with constants_in(torch.float64):
        theirs, ours = (module.double() for module in _both(name, network, folder, weights))
        double = _difference(_run(theirs, picture.double()), _run(ours, picture.double()))
    counts = sum(p.numel() for p in theirs.parameters() if p.requires_grad), _trainable(ours)
    return Beside(single, rounding, double, counts)


def _both(name: str, network: Network, folder: Path, weights: dict[str, Tensor]) -> tuple[nn.Module, nn.Module]:
    """Theirs and ours with those weights."""
    theirs = network.theirs(folder)
    theirs.load_state_dict(weights)
    return theirs, candidates(weights, name=name, scale=SCALE)[0].module.eval()


def _trainable(ours: nn.Module) -> int:
    """Weights that training changes: all but mean shifts."""
    return sum(p.numel() for name, p in ours.named_parameters() if "_mean." not in name)


def _run(module: nn.Module, picture: Tensor) -> tuple[Tensor, Tensor]:
    """Output, and the input gradient of the sum of its squares; networks that draw draw the same numbers."""
    torch.manual_seed(0)
    x = picture.clone().requires_grad_()
    y = module(x)
    (gradient,) = torch.autograd.grad((y**2).sum(), x)
    return y.detach(), gradient


def _difference(one: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor]) -> float:
    """The larger one of output and gradient."""
    return max(float((a - b).abs().max() / a.abs().max()) for a, b in zip(one, other, strict=True))


def main() -> None:
    """Prints a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS), metavar="NAME")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print("| network | beside | float32 | rounding | float64 | weights | published |")
    print("|---|---|---|---|---|---|---|")
    for name in given.networks:
        network = NETWORKS[name]
        with redirect_stdout(sys.stderr):  # some of them talk
            found = beside(name, network, given.folder)
        figures = " | ".join(f"{figure:.0e}" for figure in (found.single, found.rounding, found.double))
        theirs, ours = found.weights
        counts = f"{theirs:,}" if theirs == ours else f"{theirs:,} theirs, {ours:,} ours"
        published = f"{network.thousands:g} K" if network.thousands else "–"
        where = f"{network.repository} `{network.commit}`"
        print(f"| {name} | {where} | {figures} | {counts} | {published} |", flush=True)


if __name__ == "__main__":
    main()
