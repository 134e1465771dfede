"""Swin2SR from the transformers library is the authors' network under other names."""

import pytest
import torch
from safetensors.torch import save_file
from spandrel.architectures.Swin2SR import Swin2SR

from zoo.checkpoints.detect import detect
from zoo.checkpoints.read import read_state
from zoo.checkpoints.transformers_layout import published_layout


def library_key(key: str) -> str:
    """The library's name of one of the authors' keys."""
    if key.startswith(("conv_bicubic", "conv_aux", "conv_after_aux", "conv_up", "conv_hr")):
        return f"upsample.{key}"
    head = ("conv_before_upsample", "upsample", "conv_last")
    if key.startswith(head):
        for old, new in (
            ("conv_before_upsample.0", "conv_before_upsample"),
            ("upsample.0", "upsample.convolution_0"),
            ("upsample.2", "upsample.convolution_1"),
            ("conv_last", "final_convolution"),
        ):
            if key.startswith(old):
                return f"upsample.{key.replace(old, new)}"
    if key.startswith("patch_embed"):
        key = key.replace("patch_embed.proj", "embeddings.patch_embeddings.projection")
        key = key.replace("patch_embed.norm", "embeddings.patch_embeddings.layernorm")
    for old, new in (
        ("patch_embed.proj", "patch_embed.projection"),
        ("layers", "encoder.stages"),
        ("residual_group.blocks", "layers"),
        ("attn.proj", "attention.output.dense"),
        ("attn.cpb_mlp", "attention.self.continuous_position_bias_mlp"),
        ("attn.q_bias", "attention.self.query.bias"),
        ("attn.v_bias", "attention.self.value.bias"),
        ("attn.", "attention.self."),
        ("norm1", "layernorm_before"),
        ("norm2", "layernorm_after"),
        ("mlp.fc1", "intermediate.dense"),
        ("mlp.fc2", "output.dense"),
        ("conv_first", "first_convolution"),
    ):
        key = key.replace(old, new)
    if key in ("norm.weight", "norm.bias"):
        key = f"layer{key}"
    return f"swin2sr.{key}"


def library_state(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    state = {}
    for key, value in network.named_parameters():
        if key.endswith("attn.qkv.weight"):
            parts = zip(("query", "key", "value"), value.detach().chunk(3), strict=True)
            stem = library_key(key.replace("qkv.weight", "X"))
            state.update({stem.replace("self.X", f"self.{part}.weight"): v.clone() for part, v in parts})
        else:
            state[library_key(key)] = value.detach().clone()
    return state


@pytest.mark.parametrize(
    ("upsampler", "scale"), [("pixelshuffle", 2), ("pixelshuffle", 4), ("nearest+conv", 4), ("pixelshuffle_aux", 4)]
)
def test_the_same_weights_give_the_same_picture(tmp_path, upsampler: str, scale: int):
    torch.manual_seed(0)
    network = Swin2SR(
        img_size=64,
        window_size=8,
        depths=[2, 2],
        embed_dim=12,
        num_heads=[2, 2],
        mlp_ratio=2.0,
        upsampler=upsampler,
        upscale=scale,
    ).eval()
    # Equal weights in all attentions would hide a wrong order.
    with torch.no_grad():
        for value in network.parameters():
            value.add_(torch.randn_like(value) * 0.05)
    save_file(library_state(network), tmp_path / "model.safetensors")
    found = detect(read_state(tmp_path / "model.safetensors"), name="swin2sr")
    assert (found.architecture, found.scale) == ("Swin2SR", scale)
    # Larger than one window, so that shifted windows matter.
    x = torch.rand(1, 3, 24, 20)
    with torch.no_grad():
        torch.testing.assert_close(found.module(x), network(x))


def test_other_weights_stay_as_they_are():
    state = {"layernorm.weight": torch.zeros(1)}
    assert published_layout(state) is state
