"""Swin2SR under the key names of the transformers library, renamed to those that its authors published."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

import torch
from torch import Tensor

MARK = "swin2sr.first_convolution.weight"
WINDOW = 8
"""Side of the attention windows; the library keeps it in a file of its own, and it is this for all RGB networks."""
IMAGE = 64
"""Side of the pictures for which the masks of shifted windows are kept; others are computed when needed."""

RENAMES = (
    (r"^swin2sr\.", ""),
    (r"^embeddings\.patch_embeddings\.projection", "patch_embed.proj"),
    (r"^embeddings\.patch_embeddings\.layernorm", "patch_embed.norm"),
    (r"^encoder\.stages\.(\d+)\.layers\.(\d+)\.", r"layers.\1.residual_group.blocks.\2."),
    (r"^encoder\.stages\.(\d+)\.", r"layers.\1."),
    (r"\.patch_embed\.projection", ".patch_embed.proj"),
    (r"\.attention\.output\.dense", ".attn.proj"),
    (r"\.attention\.self\.continuous_position_bias_mlp", ".attn.cpb_mlp"),
    (r"\.attention\.self\.query\.bias", ".attn.q_bias"),
    (r"\.attention\.self\.value\.bias", ".attn.v_bias"),
    (r"\.attention\.self\.", ".attn."),
    (r"\.layernorm_before", ".norm1"),
    (r"\.layernorm_after", ".norm2"),
    (r"\.intermediate\.dense", ".mlp.fc1"),
    (r"\.output\.dense", ".mlp.fc2"),
    (r"^layernorm\.", "norm."),
    (r"^first_convolution", "conv_first"),
    (r"^upsample\.conv_before_upsample\.", "conv_before_upsample.0."),
    (r"^upsample\.upsample\.convolution(?:_0)?\.", "upsample.0."),
    (r"^upsample\.upsample\.convolution_1\.", "upsample.2."),
    (r"^upsample\.conv\.", "upsample.0."),
    (r"^upsample\.(conv_bicubic|conv_aux|conv_up1|conv_up2|conv_hr)\.", r"\1."),
    (r"^upsample\.conv_after_aux\.", "conv_after_aux."),
    (r"^(?:upsample\.)?final_convolution\.", "conv_last."),
)
"""Patterns and replacements, applied one after the other to every key."""


def published_layout(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state dict as the authors' code names it; one that is not in the library's layout stays as it is."""
    if MARK not in state:
        return state
    renamed = {_renamed(key): tensor for key, tensor in state.items()}
    for key in [key for key in renamed if key.endswith(".attn.query.weight")]:
        block = key.removesuffix("query.weight")
        parts = [renamed.pop(f"{block}{part}.weight") for part in ("query", "key", "value")]
        renamed[f"{block}qkv.weight"] = torch.cat(parts)
        for buffer, tensor in _buffers(shifted=_is_shifted(block)).items():
            renamed.setdefault(block.removesuffix("attn.") + buffer, tensor)
    return renamed


def _renamed(key: str) -> str:
    for pattern, replacement in RENAMES:
        key = re.sub(pattern, replacement, key)
    return key


def _is_shifted(block: str) -> bool:
    """Every second block of a stage attends to shifted windows."""
    match = re.search(r"\.blocks\.(\d+)\.", block)
    return match is not None and int(match[1]) % 2 == 1


@functools.cache
def _buffers(*, shifted: bool) -> Mapping[str, Tensor]:
    """Tables that the authors' files hold and the library computes, taken from the smallest network of the kind."""
    from spandrel.architectures.Swin2SR import Swin2SR

    smallest = Swin2SR(img_size=IMAGE, window_size=WINDOW, depths=[2], embed_dim=1, num_heads=[1])
    prefix = f"layers.0.residual_group.blocks.{int(shifted)}."
    return {key.removeprefix(prefix): tensor for key, tensor in smallest.named_buffers() if key.startswith(prefix)}
