"""Architectures give what their authors' code gave with the same weights, so that no later change goes unseen.

The values were recorded in float64 from the repositories and commits named here, run beside this project's networks in
one process; both agreed to 1e-14 in output and input gradient.
"""

import zlib
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from zoo.architectures import architecture
from zoo.architectures.pft import LIGHT

Values = tuple[float, float, float]

RECORDED: dict[str, tuple[str, dict[str, Any], int, Values, Values]] = {
    # bytedance/RLFN bccfde91bf8b2de80789ec033a029e6f2a932330
    "RLFN": (
        "rlfn",
        {"channels": 8, "blocks": 4, "scale": 2, "hidden": 6, "attention": 16},
        16,
        (5.139543792670e-02, 7.360883242077e-01, 5.983020110726e-01),
        (1.205855691744e-02, 1.397555150860e00, 1.028470630191e00),
    ),
    # Zheng-MJ/SMFANet a05e0bb554bbbb80cd27d8fd2b78d4228c657170, in training mode, which alone has a gradient
    "SMFANet": (
        "smfanet",
        {"channels": 12, "blocks": 2, "scale": 2, "hidden": 36, "mixed": 9},
        16,
        (-6.626186095702e-02, 1.084732060430e00, 1.503560412341e00),
        (-4.882681197875e00, 6.750500382394e-01, -4.037223777903e00),
    ),
    # xindongzhang/ELAN 97ab3fa00dc5657cf06ae2fbdcd618d22026790f, a picture of 0 to 255
    "ELAN": (
        "elan",
        {
            "channels": 15,
            "blocks": 2,
            "scale": 2,
            "shared": 1,
            "hidden": 30,
            "windows": [4, 8, 16],
            "input_range": 255.0,
        },
        12,
        (8.334869011450e01, 1.025617155101e02, 5.726094178998e01),
        (-9.703593682066e02, -6.640260167977e02, 7.792796158638e02),
    ),
    # XiangZ-0/HiT-SR 8f59218a67f32579cae935d2582ee722d6a464f7
    "HiT-SIR": (
        "hit-sr",
        {"channels": 16, "depths": [4, 1], "scale": 2, "heads": [2, 4], "hidden": 32, "variant": "SIR"},
        34,
        (1.736904766514e00, 2.088906337257e-01, 2.658656587516e-01),
        (2.225475686530e00, 1.863281511105e00, 3.257765546366e00),
    ),
    "HiT-SNG": (
        "hit-sr",
        {"channels": 16, "depths": [4, 1], "scale": 2, "heads": [2, 4], "hidden": 32, "variant": "SNG"},
        34,
        (1.785283231639e00, 2.185807029268e-01, 2.515838159134e-01),
        (2.184640137477e00, 1.920105448688e00, 3.330853552882e00),
    ),
    "HiT-SRF": (
        "hit-sr",
        {"channels": 16, "depths": [4, 1], "scale": 2, "heads": [2, 4], "hidden": 32, "variant": "SRF"},
        34,
        (1.739781423863e00, 2.781105426452e-01, 2.822173487671e-01),
        (2.298930651320e00, 1.912586746224e00, 3.312131694372e00),
    ),
    # csguoh/MambaIR 33d7b3460c4665229334cc8de38c7f4c766ed3be, scanned by the plain recurrence
    "MambaIR-light": (
        "mambair",
        {
            "channels": 32,
            "depths": [2, 1],
            "scale": 2,
            "upsampler": "pixelshuffledirect",
            "inner": 48,
            "states": 5,
            "compressed": 16,
            "squeezed": 1,
            "light": True,
        },
        12,
        (3.589608660518e-01, -6.985861613756e-01, 2.515907138641e-01),
        (-9.349729659134e-01, 1.578236975112e00, 5.779513015020e-03),
    ),
    "MambaIR": (
        "mambair",
        {
            "channels": 30,
            "depths": [1, 1],
            "scale": 3,
            "convolutions": 3,
            "inner": 60,
            "states": 4,
            "compressed": 10,
            "squeezed": 1,
        },
        12,
        (1.004868046638e00, 7.699881896064e-01, 8.509531950029e-01),
        (-6.760924030646e-01, -1.806999202150e-01, 3.819436226652e-01),
    ),
    # The same commit, its sort made stable, random numbers of the seed 0
    "MambaIRv2": (
        "mambairv2",
        {
            "channels": 12,
            "depths": [2, 1],
            "scale": 2,
            "heads": [2, 3],
            "hidden": 18,
            "window": 8,
            "states": 4,
            "prompts": 6,
            "embedding": 5,
            "kernel": 3,
        },
        12,
        (1.633416109225e00, 1.495464766973e00, 9.490696716963e-01),
        (1.416804832317e-01, -1.912063094358e-01, 8.375302691348e-01),
    ),
    "MambaIRv2-light": (
        "mambairv2",
        {
            "channels": 12,
            "depths": [2, 1],
            "scale": 2,
            "upsampler": "pixelshuffledirect",
            "heads": [2, 2],
            "hidden": 24,
            "window": 8,
            "states": 4,
            "prompts": 6,
            "embedding": 5,
            "kernel": 0,
        },
        12,
        (1.316687758904e00, 6.918619751926e-01, 1.918601063185e-01),
        (2.545268079400e00, 6.257561782723e-01, 1.538132980395e00),
    ),
    # CVL-UESTC/PFT-SR b1dc104bf8a92aa7aae0a89fa983e1f66ad45dda, its CUDA products written with gather and scatter
    "PFT-light": (
        "pft",
        {
            "channels": 24,
            "depths": [2, 3, 2],
            "scale": 2,
            "upsampler": "pixelshuffledirect",
            "heads": 4,
            "hidden": 36,
            "kept": [64, 64, 20, 20, 10, 10, 6],
            "window": 8,
            "kernel": 5,
        },
        12,
        (7.502021182919e-01, 9.667963468526e-01, 8.688937008464e-01),
        (3.859974227074e-01, 1.242498857444e00, -3.990789586015e-01),
    ),
    # EquationWalker/CATANet fd2222f30560d86bfac9b5f07e932c2fec12e6c1, its sort made stable, means set as by `fill`
    "CATANet": (
        "catanet",
        {
            "channels": 12,
            "centres": [4, 6, 5],
            "inner": 8,
            "hidden": 20,
            "scale": 4,
            "patches": [8, 10, 12],
            "groups": [64, 32, 16],
            "heads": 2,
        },
        22,
        (7.398925689496e-01, 6.676090476204e-01, 1.442623238229e00),
        (3.622034232811e01, 3.614007099587e01, 5.180299303219e01),
    ),
    # dslisleedh/ESC e7e6938c52ff6c393fe52660df9e00cc2c975db1, naive attention, in training mode, which has a gradient
    "ESC": (
        "esc",
        {
            "channels": 12,
            "mixed": 4,
            "blocks": 2,
            "layers": 2,
            "window": 8,
            "heads": 2,
            "hidden": 18,
            "scale": 2,
            "kernel": 7,
            "normalised": True,
        },
        12,
        (3.869162302959e-01, -1.095478804768e-01, 8.278644076388e-01),
        (8.999396109449e-01, 3.870148436862e00, 6.221112097007e00),
    ),
    # Andrew0613/X-Restormer e096da6bf5f640f8a0d1fde3eec893ded1feac6f
    "X-Restormer": (
        "x-restormer",
        {
            "channels": 4,
            "blocks": [1, 2, 1, 1],
            "refinement": 1,
            "hidden": [10, 21, 42, 85],
            "channel_heads": [1, 2, 2, 4],
            "spatial_heads": [1, 2, 3, 2],
            "head_channels": 2,
            "scale": 2,
            "window": 4,
            "reach": 6,
        },
        17,
        (4.298075108592e-01, 5.795621607029e-01, -1.516298561629e-01),
        (2.471366601647e00, 7.425507924471e00, -1.241021126805e00),
    ),
    # eduardzamfir/seemoredetails 825ba21f4a79323c5b847e86d31f8a0acbca287b, its routing in float64
    "SeemoRe": (
        "seemore",
        {
            "channels": 12,
            "groups": 2,
            "ranks": [2, 4, 8],
            "scale": 2,
            "kernel": 5,
            "topk": 2,
            "use_shuffle": True,
            "recursive": 1,
        },
        16,
        (2.315316905400e-01, 1.085097850571e00, -2.212537578187e-01),
        (-4.188928622241e-01, -7.757725356840e-02, -7.250281694958e-01),
    ),
    # SHI-Labs/Cross-Scale-Non-Local-Attention 531aec924746f8b9085be8c601a6af757b630070, a picture of 0 to 255
    "CSNLN": (
        "csnln",
        {"channels": 128, "depth": 1, "scale": 4, "hidden": 64, "input_range": 255.0},
        8,
        (1.198361801848e02, 1.140943214751e02, 1.046338567086e02),
        (3.751761221758e02, -2.976750530818e00, 3.991768129630e01),
    ),
    # xiaom233/BSRN 2d63d5239c9fa9810b9c1aea93e98d42ece09efc
    "BSRN": (
        "bsrn",
        {"channels": 16, "blocks": 8, "scale": 2},
        16,
        (1.403548962414e00, 9.041389697809e-01, -1.552104450579e-01),
        (7.050760841905e-01, 2.203652412492e-01, 1.633364903128e-01),
    ),
    # zhoumumu/VapSR 404c584e21ed92b3c9ddc3da8272d366c978148f
    "VapSR-S": (
        "vapsr",
        {"channels": 8, "blocks": 2, "hidden": 12, "scale": 4, "width": 64, "groups": 2},
        12,
        (1.128291883310e00, 2.049628417192e-01, 4.493021679775e-01),
        (-1.293415785796e00, -1.334992322250e00, -1.091125252044e00),
    ),
    # HVision-NKU/SRFormer d0c2da6e298a6170bd1466a05f2df305b24f4725
    "SRFormer": (
        "srformer",
        {
            "channels": 12,
            "depths": [2, 1],
            "scale": 2,
            "upsampler": "pixelshuffledirect",
            "heads": [2, 3],
            "hidden": 24,
            "window": 10,
        },
        12,
        (1.322645150455e00, 7.195322433157e-01, 2.180362216070e-01),
        (2.293751573758e00, 3.185641161663e-01, 1.808374691220e00),
    ),
}
"""Architecture, hyperparameters and key of the picture's size; output at row 5, column 7, and there the gradient of the
sum of the output's squares."""


def fill(network: nn.Module) -> None:
    """Weights that follow from their names and shapes alone."""
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
        values = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        scale = 0.6 / parameter[0].numel() ** 0.5 if parameter.dim() > 1 else 0.2
        parameter.data = values * scale + (0.4 if parameter.dim() == 1 else 0.0)
    for name, buffer in network.named_buffers():
        if name.endswith(".means"):
            generator = torch.Generator().manual_seed(len(buffer))
            buffer.copy_(torch.randn(buffer.shape, generator=generator))


def at_the_place(picture: Tensor) -> Tensor:
    return picture[0, :, 5, 7]


@pytest.mark.parametrize("name", RECORDED)
def test_gives_what_the_authors_code_gave(name: str):
    kind, hyperparameters, height, colours, gradients = RECORDED[name]
    network = architecture(kind).build(**hyperparameters).double().eval()
    fill(network)
    picture = torch.rand(1, 3, *SIZES[height], generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x = (picture * hyperparameters.get("input_range", 1.0)).requires_grad_()
    torch.manual_seed(0)
    y = network(x)
    (gradient,) = torch.autograd.grad((y**2).sum(), x)
    torch.testing.assert_close(at_the_place(y), torch.tensor(colours, dtype=torch.float64), rtol=1e-10, atol=1e-11)
    torch.testing.assert_close(
        at_the_place(gradient), torch.tensor(gradients, dtype=torch.float64), rtol=1e-10, atol=1e-10
    )


SIZES = {8: (8, 10), 12: (12, 18), 16: (16, 18), 17: (16, 16), 22: (22, 26), 34: (34, 36)}
"""Height and width of the pictures, by a number."""

ESC = {"channels": 64, "mixed": 16, "layers": 5, "window": 32, "heads": 4, "hidden": 80}
"""What ESC and ESC-light share."""
PUBLISHED = [
    ("rlfn", {"channels": 52, "blocks": 6, "scale": 4}, 544),
    ("rlfn", {"channels": 48, "blocks": 6, "scale": 2}, 454),
    ("rlfn", {"channels": 46, "blocks": 4, "hidden": 48, "scale": 4}, 317),
    ("smfanet", {"channels": 36, "blocks": 8, "scale": 4}, 197),
    ("elan", {"channels": 60, "blocks": 12, "scale": 2}, 582),
    ("elan", {"channels": 60, "blocks": 12, "scale": 4}, 601),
    ("catanet", {"channels": 40, "centres": [16, 32, 64, 128] * 2, "inner": 36, "hidden": 96, "scale": 2}, 477),
    ("catanet", {"channels": 40, "centres": [16, 32, 64, 128] * 2, "inner": 36, "hidden": 96, "scale": 4}, 535),
    (
        "mambair",
        {
            "channels": 60,
            "depths": [6] * 4,
            "inner": 72,
            "states": 10,
            "compressed": 30,
            "squeezed": 2,
            "light": True,
            "upsampler": "pixelshuffledirect",
            "scale": 2,
        },
        905,
    ),
    (
        "mambairv2",
        {
            "channels": 48,
            "depths": [5] * 4,
            "heads": [4] * 4,
            "hidden": 48,
            "kernel": 0,
            "upsampler": "pixelshuffledirect",
            "scale": 4,
        },
        790,
    ),
    (
        "pft",
        {
            "channels": 52,
            "depths": [2, 4, 6, 6, 6],
            "heads": 4,
            "hidden": 52,
            "kept": LIGHT,
            "upsampler": "pixelshuffledirect",
            "scale": 4,
        },
        792,
    ),
    ("bsrn", {"channels": 64, "blocks": 8, "scale": 4}, 352),
    ("esc", {**ESC, "blocks": 5, "scale": 4}, 968),
    ("esc", {**ESC, "blocks": 3, "scale": 4}, 624),
    ("vapsr", {"channels": 48, "blocks": 21, "hidden": 64, "scale": 4}, 342),
    ("vapsr", {"channels": 32, "blocks": 11, "hidden": 64, "groups": 2, "scale": 4}, 155),
    (
        "srformer",
        {
            "channels": 60,
            "depths": [6] * 4,
            "heads": [6] * 4,
            "hidden": 120,
            "window": 16,
            "upsampler": "pixelshuffledirect",
            "scale": 4,
        },
        873,
    ),
    ("seemore", {"channels": 36, "groups": 6, "ranks": [2, 4, 8], "scale": 4}, 232),
    ("seemore", {"channels": 48, "groups": 16, "ranks": [2, 4, 8], "scale": 4}, 969),
    ("hit-sr", {"channels": 60, "depths": [6] * 4, "heads": [6] * 4, "hidden": 120, "variant": "SIR", "scale": 4}, 792),
    (
        "hit-sr",
        {"channels": 60, "depths": [6] * 4, "heads": [6] * 4, "hidden": 120, "variant": "SNG", "scale": 4},
        1032,
    ),
    ("hit-sr", {"channels": 60, "depths": [6] * 4, "heads": [6] * 4, "hidden": 120, "variant": "SRF", "scale": 4}, 866),
]
"""Architecture, hyperparameters and thousands of weights that the papers state."""


@pytest.mark.parametrize(("name", "hyperparameters", "thousands"), PUBLISHED)
def test_has_as_many_weights_as_its_paper_says(name: str, hyperparameters: dict[str, Any], thousands: int):
    with torch.device("meta"):
        network = architecture(name).build(**hyperparameters)
    weights = sum(p.numel() for key, p in network.named_parameters() if "_mean." not in key)
    assert abs(weights / 1000 - thousands) < 1


def test_masks_for_the_size_of_training_are_not_needed():
    network = architecture("srformer").build(
        channels=12, depths=[2], heads=[2], hidden=12, window=4, scale=2, upsampler="pixelshuffledirect"
    )
    state = network.state_dict()
    network.load_state_dict({**state, "layers.0.residual_group.blocks.1.attn_mask": torch.zeros(4, 16, 4)})
    assert state.keys() == network.state_dict().keys()
