"""The smallest network of every architecture whose weights are still recognised."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from torch import nn

from zoo.architectures import architecture

WINDOWED = {"img_size": 16, "embed_dim": 12, "depths": [2], "num_heads": [2], "mlp_ratio": 2.0}

OWN: dict[str, dict[str, Any]] = {
    "a2n": {"channels": 8, "upsampling_channels": 6, "blocks": 2, "hidden": 2, "kernel": 1},
    "bsrn": {"channels": 16, "blocks": 2},
    "carn": {"channels": 8, "scales": [], "groups": 2, "efficient": True, "shifter": False},
    "catanet": {"channels": 8, "centres": [4], "inner": 4, "hidden": 12, "patches": [16], "groups": [256]},
    "cincgan": {"channels": 8, "blocks": 2, "scale": 1},
    "csnln": {"channels": 8, "depth": 2, "hidden": 4, "input_range": 1.0},
    "dbpn": {"initial": 8, "channels": 4, "depth": 3, "input_range": 1.0},
    "dbpn-original": {"initial": 8, "channels": 4, "stages": 3},
    "drln": {"channels": 4, "hidden": 2, "balanced": True},
    "edsr": {"channels": 8, "blocks": 2, "input_range": 1.0},
    "elan": {"channels": 15, "blocks": 2, "shared": 1, "hidden": 30, "input_range": 255.0},
    "esc": {
        "channels": 12,
        "mixed": 4,
        "blocks": 1,
        "layers": 2,
        "window": 8,
        "heads": 2,
        "hidden": 15,
        "kernel": 7,
        "normalised": True,
    },
    "fsrcnn": {"d": 8, "s": 4, "m": 3, "channels": 1},
    "fsrcnn-rgb": {"d": 8, "s": 4, "m": 3, "channels": 3},
    "han": {"channels": 8, "groups": 2, "blocks": 2, "hidden": 2, "input_range": 255.0},
    "hit-sr": {
        "channels": 16,
        "depths": [4, 1],
        "heads": [2, 4],
        "hidden": 32,
        "variant": "SNG",
        "upsampler": "pixelshuffledirect",
    },
    "imdn": {"channels": 8, "modules": 3},
    "lapsrn": {"channels": 4, "depth": 2, "planes": 3},
    "mambair": {
        "channels": 32,
        "depths": [1, 1],
        "inner": 40,
        "states": 4,
        "compressed": 16,
        "squeezed": 1,
        "light": True,
        "upsampler": "pixelshuffledirect",
    },
    "mambairv2": {
        "channels": 12,
        "depths": [2],
        "heads": [2],
        "hidden": 12,
        "window": 8,
        "states": 4,
        "prompts": 4,
        "embedding": 4,
        "kernel": 0,
        "upsampler": "pixelshuffledirect",
    },
    "msrn": {"channels": 4, "blocks": 2, "input_range": 1.0},
    "pan": {"channels": 8, "upsampling_channels": 6, "blocks": 2},
    "pft": {
        "channels": 12,
        "depths": [2, 2],
        "heads": 4,
        "hidden": 12,
        "kept": [64, 64, 64, 64],
        "window": 8,
        "kernel": 5,
        "biases": 1,
        "upsampler": "pixelshuffledirect",
    },
    "rcan": {"channels": 8, "groups": 2, "blocks": 3, "hidden": 2, "mean_shift": False},
    "rfdn": {"channels": 8, "blocks": 3, "distilled": 4, "attention": 2},
    "rlfn": {"channels": 8, "blocks": 3, "hidden": 6, "attention": 4},
    "rnan": {"channels": 8, "groups": 3, "input_range": 1.0},
    "rrdbnet-direct": {"channels": 8, "growth": 4, "blocks": 2},
    "san": {
        "channels": 8,
        "groups": 2,
        "blocks": 2,
        "hidden": 2,
        "hidden_non_local": 3,
        "hidden_unused": 1,
        "input_range": 1.0,
    },
    "seemore": {"channels": 12, "groups": 1, "ranks": [2, 4, 8], "kernel": 5, "topk": 1, "use_shuffle": True},
    "smfanet": {"channels": 12, "blocks": 2, "hidden": 36, "mixed": 9},
    "srcnn": {"kernels": [9, 1, 5], "widths": [8, 4], "channels": 3},
    "srdensenet": {"growth": 4, "blocks": 2, "layers": 2, "bottleneck": 8},
    "srformer": {
        "channels": 12,
        "depths": [2],
        "heads": [2],
        "hidden": 12,
        "window": 10,
        "upsampler": "pixelshuffledirect",
    },
    "srgan-blocks": {"channels": 8, "blocks": 3},
    "srresnet": {"channels": 8, "blocks": 2, "later_keys": True},
    "srresnet-instance": {"channels": 8, "blocks": 2},
    "srresnet-classic": {"channels": 8, "blocks": 2, "bias": True, "earlier_keys": True},
    "swinir-light": {"channels": 8, "groups": 2, "blocks": 2, "heads": 2, "window": 8, "hidden": 12},
    "vapsr": {"channels": 8, "blocks": 2, "hidden": 12, "width": 16, "groups": 2},
    "x-restormer": {
        "channels": 4,
        "blocks": [1, 1, 1, 1],
        "refinement": 1,
        "hidden": [3, 4, 6, 8],
        "channel_heads": [1, 1, 2, 4],
        "spatial_heads": [1, 1, 1, 2],
        "head_channels": 2,
        "window": 4,
        "reach": 6,
    },
}
"""Hyperparameters of this project's own architectures; enlarging four times where nothing else is said."""

SPANDREL: dict[str, tuple[str, dict[str, Any]]] = {
    "ATD": (
        "ATD",
        {**WINDOWED, "window_size": 8, "category_size": 16, "num_tokens": 4, "reducted_dim": 2, "upscale": 4}
        | {"upsampler": "pixelshuffledirect"},
    ),
    "AuraSR": (
        "AuraSR",
        {
            "dim": 8,
            "image_size": 32,
            "input_image_size": 8,
            "init_dim": 8,
            "style_network": {"dim_in": 8, "dim_out": 32, "depth": 2},
            "up_dim_mults": (1, 1, 1, 1, 1),
            "down_dim_mults": (1, 1, 1),
            "full_attn": (False, False, False, True, True),
            "attn_depths": (2, 2, 2, 1, 1),
            "mid_attn_depth": 1,
        },
    ),
    "CRAFT": (
        "CRAFT",
        {"window_size": 4, "embed_dim": 12, "depths": [2], "num_heads": [2], "split_size_0": 4, "split_size_1": 4},
    ),
    "Compact": ("Compact", {"num_feat": 8, "num_conv": 3, "upscale": 4}),
    "DAT": (
        "DAT",
        {"embed_dim": 16, "split_size": [2, 4], "depth": [2], "num_heads": [2], "expansion_factor": 2.0, "upscale": 4},
    ),
    "DCTLSA": ("DCTLSA", {"nf": 10, "num_modules": 6, "num_head": 5}),
    "DITN": ("DITN", {"dim": 8, "ITL_blocks": 1, "SAL_blocks": 1, "upscale": 4}),
    "DRCT": (
        "DRCT",
        {**WINDOWED, "window_size": 8, "gc": 8, "upscale": 4, "upsampler": "pixelshuffle"},
    ),
    "DRUNet": ("DRUNet", {"in_nc": 4, "out_nc": 3, "nc": [8, 8, 16, 16], "nb": 2}),
    "DnCNN": ("DnCNN", {"in_nc": 4, "out_nc": 3, "nc": 8, "nb": 8, "act_mode": "R", "mode": "FDnCNN"}),
    "ESRGAN": ("ESRGAN", {"num_filters": 8, "num_blocks": 1, "scale": 4}),
    "FBCNN": ("FBCNN", {"nc": [8, 8, 16, 512], "nb": 2}),
    "FDAT": ("FDAT", {"embed_dim": 16, "num_groups": 1, "depth_per_group": 2, "num_heads": 2, "mid_dim": 16}),
    "FFTformer": ("FFTformer", {"dim": 8, "num_blocks": [1, 1, 1], "num_refinement_blocks": 1}),
    "GFPGAN": ("GFPGAN", {"out_size": 64, "num_style_feat": 16, "channel_multiplier": 1, "narrow": 0.125}),
    "GRL": (
        "GRL",
        {
            "img_size": 16,
            "embed_dim": 16,
            "depths": [2],
            "num_heads_window": [1],
            "num_heads_stripe": [1],
            "window_size": 8,
            "stripe_size": [8, 8],
            "mlp_ratio": 2.0,
            "upscale": 4,
            "upsampler": "pixelshuffledirect",
        },
    ),
    "HAT": (
        "HAT",
        {**WINDOWED, "window_size": 8, "compress_ratio": 3, "squeeze_factor": 4, "upscale": 4}
        | {"upsampler": "pixelshuffle"},
    ),
    "HVICIDNet": ("HVICIDNet", {"channels": [8, 8, 16, 32], "heads": [1, 2, 4, 8]}),
    "IPT": ("IPT", {"patch_size": 12, "patch_dim": 3, "n_feats": 4, "scale": [4], "num_heads": 2, "num_layers": 1}),
    "KBNet": (
        "KBNet_s",
        {"width": 8, "middle_blk_num": 1, "enc_blk_nums": [1, 1], "dec_blk_nums": [1, 1]},
    ),
    "LaMa": ("LaMa", {}),
    "MMRealSR": (
        "MMRealSR",
        {"num_in_ch": 3, "num_out_ch": 3, "num_feat": 8, "num_block": 1, "num_grow_ch": 4},
    ),
    "MixDehazeNet": ("MixDehazeNet", {"embed_dims": [8, 8, 8, 8, 8], "depths": [1, 1, 1, 1, 1]}),
    "MoESR": ("MoESR", {"dim": 8, "n_blocks": 1, "n_block": 1, "upsample_dim": 8}),
    "MoSR": ("MoSR", {"n_block": 2, "dim": 8}),
    "NAFNet": ("NAFNet", {"width": 8, "middle_blk_num": 1, "enc_blk_nums": [1], "dec_blk_nums": [1]}),
    "OmniSR": ("OmniSR", {"num_feat": 16, "block_num": 1, "res_num": 1, "window_size": 8}),
    "PLKSR": ("PLKSR", {"dim": 16, "n_blocks": 2, "kernel_size": 9}),
    "RCAN": ("RCAN", {"n_resgroups": 1, "n_resblocks": 2, "n_feats": 16, "unshuffle_mod": True, "scale": 2}),
    "RGT": (
        "RGT",
        {"img_size": 16, "embed_dim": 12, "depth": [2], "num_heads": [2], "mlp_ratio": 2.0, "upscale": 4},
    ),
    "RealCUGAN": ("UpCunet2x", {}),
    "RestoreFormer": (
        "RestoreFormer",
        {"n_embed": 16, "embed_dim": 16, "ch": 32, "num_res_blocks": 1, "z_channels": 16},
    ),
    "RetinexFormer": ("RetinexFormer", {"n_feat": 8, "stage": 1}),
    "SAFMN": ("SAFMN", {"dim": 8, "n_blocks": 2}),
    "SAFMNBCIE": ("SAFMNBCIE", {"dim": 8, "n_blocks": 2, "num_layers": 1}),
    "SCUNet": ("SCUNet", {"config": [2, 2, 2, 2, 2, 2, 2], "dim": 64}),
    "SPAN": ("SPAN", {"num_in_ch": 3, "num_out_ch": 3, "feature_channels": 8}),
    "SwiftSRGAN": ("SwiftSRGAN", {"num_channels": 8, "num_blocks": 2}),
    "Swin2SR": (
        "Swin2SR",
        {**WINDOWED, "window_size": 8, "upscale": 4, "upsampler": "pixelshuffledirect"},
    ),
    "SwinIR": (
        "SwinIR",
        {**WINDOWED, "window_size": 8, "upscale": 4, "upsampler": "pixelshuffledirect"},
    ),
    "Uformer": (
        "Uformer",
        {"img_size": 128, "embed_dim": 16, "depths": [1] * 9},
    ),
}
"""Class and hyperparameters of spandrel's architectures."""


def _own(name: str) -> Callable[[], nn.Module]:
    # At ×4 CSNLN compares all places of twice the size with each other, which takes 14 GB in float64.
    scale = 2 if name == "csnln" else 4
    return lambda: architecture(name).build(**{"scale": scale, **OWN[name]})


def _spandrel(name: str) -> Callable[[], nn.Module]:
    kind, hyperparameters = SPANDREL[name]

    def build() -> nn.Module:
        module = importlib.import_module(f"spandrel.architectures.{name}")
        return getattr(module, kind)(**hyperparameters)

    return build


BUILDS: dict[str, Callable[[], nn.Module]] = {
    **{name: _own(name) for name in OWN},
    **{name: _spandrel(name) for name in SPANDREL},
}
