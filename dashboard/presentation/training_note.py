"""What a card says of a network that was trained for other low-resolution images than the one it is shown on."""

from __future__ import annotations

from zoo.catalog.entry import Entry


def training_note(entry: Entry | None, psnr: float, bicubic: float) -> str:
    """A sentence if the network was trained for real degradations and restores this LR worse than bicubic does.

    `psnr` and `bicubic` are in dB, against the same HR image. Empty for every other network, and for one's own
    (`entry` is None).
    """
    if entry is None or entry.published.degradation in (None, "bicubic") or psnr >= bicubic:
        return ""
    kind = "GAN" if entry.family == "gan" else "Trained"
    return f"{kind} for real degradations: below bicubic's PSNR on this LR ({psnr:.1f} against {bicubic:.1f} dB)."
