"""Files that are no PyTorch checkpoint, recognised by their first bytes: each with what it is and what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

PEEK = 4096
"""Bytes at the start of a file by which its format is recognised."""
CHECKPOINT_SUFFIXES = (".pth", ".pt", ".ckpt", ".safetensors", ".bin", ".tar", ".pkl", ".onnx", ".h5", ".param")
"""Endings of files that an archive may hold and that may be what was meant."""
EXPORT = "export the PyTorch weights as safetensors, or load the network by your own code as path.py:build"
ORIGINAL = "give the PyTorch checkpoint (.pth, .safetensors) that it was converted from"


@dataclass(frozen=True)
class ForeignFormat:
    """A format that is not read as a checkpoint."""

    id: str
    """Short name, such as `onnx`."""
    what: str
    """What the file is, to stand after its name and `is`."""
    remedy: str
    """What to do, in the imperative."""

    def sentence(self, name: str) -> str:
        """The refusal of the file of that name."""
        return f"{name} is {self.what}; {self.remedy}"


def foreign_format(name: str, start: bytes, size: int) -> ForeignFormat | None:
    """The format of a file by its name, its first `PEEK` bytes and its size in bytes; None where none is recognised.

    A Git LFS pointer, a web page and other text say in the sentence what they point to or are titled.
    """
    if not size:
        return ForeignFormat("empty", "empty (0 bytes)", "download it again")
    for magic in BY_MAGIC:
        if start[magic.offset : magic.offset + len(magic.bytes)] == magic.bytes:
            return magic.format
    if start[257:262] == b"ustar":
        return _of_tar(start)
    if not start.strip(b"\0"):
        return ForeignFormat(
            "zeros", f"{size:,} bytes that begin with {len(start):,} zeros: its download never finished",
            "download it again",
        )  # fmt: skip
    if (text := _as_text(start)) is not None:
        return _of_text(text, size)
    if _is_onnx(start):
        # Core ML's files begin alike: a version, then a message.
        return COREML if name.endswith(".mlmodel") else ONNX
    return of_suffix(name)


def _of_tar(start: bytes) -> ForeignFormat:
    first = start[:100].partition(b"\0")[0].decode("utf-8", "replace")
    if PurePath(first).name in ("sys_info", "pickle", "tensors", "storages"):
        return ForeignFormat(
            "torch-tar", "a checkpoint in the first format of PyTorch, of 2016",
            "if you trust it, torch.load it with weights_only=False and save its state dict again",
        )  # fmt: skip
    return ForeignFormat(
        "tar",
        f"a tar archive that begins with {first[:80]!r}",
        "unpack it (tar -xf FILE) and give the checkpoint in it",
    )


def of_suffix(name: str) -> ForeignFormat | None:
    """The format that a file's ending stands for, for formats without a mark of their own at the start."""
    return next((form for suffixes, form in BY_SUFFIX if name.lower().endswith(suffixes)), None)


def of_members(name: str, members: Sequence[str]) -> ForeignFormat:
    """What a ZIP archive is that PyTorch did not write, by the names of its members."""
    leaves = {PurePath(member).name for member in members}
    if "model.weights.h5" in leaves:
        return ForeignFormat("keras", "a Keras archive", EXPORT)
    if members and all(member.endswith(".npy") for member in members):
        return ForeignFormat(
            "npz",
            f"a NumPy archive of {len(members)} arrays",
            "save them as tensors: "
            "safetensors.numpy.save_file({k: v.copy() for k, v in numpy.load(FILE).items()}, 'model.safetensors')",
        )
    if leaves & {"archive_format", "serialized_exported_program.json", "serialized_state_dict.json"}:
        return ForeignFormat("pt2", "an exported program of torch.export", f"{ORIGINAL}, or {EXPORT}")
    if ".data/extern_modules" in "\n".join(members):
        return ForeignFormat("torch.package", "a torch.package archive, which carries code", EXPORT)
    if name.lower().endswith(".mlpackage") or "Manifest.json" in leaves:
        return ForeignFormat("coreml", "a Core ML package", ORIGINAL)
    inside = [member for member in members if member.lower().endswith(CHECKPOINT_SUFFIXES)]
    if inside:
        more = f" and {len(inside) - 1} more" if len(inside) > 1 else ""
        return ForeignFormat(
            "archive", f"an archive that holds {inside[0][:80]!r}{more}", "unpack it and give that file"
        )
    listed = f" ({', '.join(sorted(leaves - {''})[:3])}, …)" if leaves - {""} else ""
    return ForeignFormat(
        "archive", f"an archive{listed}, but not one that PyTorch writes", "give the file of weights itself"
    )


COREML = ForeignFormat("coreml", "a Core ML network", ORIGINAL)
ONNX = ForeignFormat("onnx", "an ONNX network", "give it a name that ends in .onnx")
NCNN_PARAM = ForeignFormat(
    "ncnn", "the layer list of an ncnn network", "give it a name that ends in .param, with its .bin beside it"
)
NCNN_BIN = ForeignFormat("ncnn", "the weights (.bin) of an ncnn network", "give the .param beside it")
HDF5 = ForeignFormat("hdf5", "an HDF5 file, as Keras and MATLAB write them", EXPORT)
TFLITE = ForeignFormat("tflite", "a TensorFlow Lite network", ORIGINAL)
TENSORFLOW = ForeignFormat("tensorflow", "part of a TensorFlow model", EXPORT)


@dataclass(frozen=True)
class _Magic:
    bytes: bytes
    format: ForeignFormat
    offset: int = 0


def _packed(kind: str, command: str) -> ForeignFormat:
    return ForeignFormat("packed", f"packed by {kind}", f"unpack it ({command} FILE) and give the file that is in it")


def _picture(kind: str) -> ForeignFormat:
    return ForeignFormat("picture", f"a {kind} picture", "give it as the image, and a checkpoint as the model")


BY_MAGIC: tuple[_Magic, ...] = (
    _Magic(b"\x89HDF\r\n\x1a\n", HDF5),
    _Magic(b"\x89HDF\r\n\x1a\n", HDF5, 512),
    _Magic(b"MATLAB 5.0", ForeignFormat("matlab", "a MATLAB file", EXPORT)),
    _Magic(b"7767517\n", NCNN_PARAM),
    _Magic(b"7767517\r\n", NCNN_PARAM),
    _Magic((7767517).to_bytes(4, "little"), ForeignFormat("ncnn", "a binary layer list of ncnn", ORIGINAL)),
    _Magic(b"\x47\x6b\x30\x01", NCNN_BIN),
    _Magic(b"GGUF", ForeignFormat("gguf", "a GGUF file, a format of language models", EXPORT)),
    _Magic(b"lmgg", ForeignFormat("ggml", "a GGML file, a format of language models", EXPORT)),
    _Magic(b"\x93NUMPY", ForeignFormat("npy", "one NumPy array (.npy)", "give the whole state dict as safetensors")),
    _Magic(b"TFL3", TFLITE, 4),
    _Magic(b"ET12", ForeignFormat("executorch", "an ExecuTorch program", ORIGINAL), 4),
    _Magic(b"ftrt", ForeignFormat("tensorrt", "a TensorRT engine", ORIGINAL)),
    _Magic((0x112).to_bytes(8, "little"), ForeignFormat("mxnet", "an MXNet parameter file", EXPORT)),
    _Magic(b"\x1f\x8b", _packed("gzip", "gunzip")),
    _Magic(b"BZh", _packed("bzip2", "bunzip2")),
    _Magic(b"\xfd7zXZ\0", _packed("xz", "unxz")),
    _Magic(b"\x28\xb5\x2f\xfd", _packed("Zstandard", "unzstd")),
    _Magic(b"\x04\x22\x4d\x18", _packed("LZ4", "unlz4")),
    _Magic(b"7z\xbc\xaf\x27\x1c", _packed("7-Zip", "7z x")),
    _Magic(b"Rar!", _packed("RAR", "unrar x")),
    _Magic(b"PK\x05\x06", ForeignFormat("archive", "a ZIP archive without anything in it", "download it again")),
    _Magic(
        b"\0\x05\x16\x07",
        ForeignFormat("appledouble", "what macOS leaves beside a file (._name)", "give the file without ._"),
    ),
    _Magic(b"\x89PNG", _picture("PNG")),
    _Magic(b"\xff\xd8\xff", _picture("JPEG")),
    _Magic(b"GIF8", _picture("GIF")),
    _Magic(b"WEBP", _picture("WebP"), 8),
    _Magic(b"%PDF", ForeignFormat("pdf", "a PDF document", "give the checkpoint")),
    _Magic(b"MZ", ForeignFormat("program", "a program for Windows", "give the checkpoint")),
    _Magic(b"\x7fELF", ForeignFormat("program", "a program for Linux", "give the checkpoint")),
    _Magic(b"SQLite format 3", ForeignFormat("sqlite", "an SQLite database", "give the checkpoint")),
    _Magic(b"PAR1", ForeignFormat("parquet", "a Parquet table", "give the checkpoint")),
)  # fmt: skip
"""Formats with a mark at a fixed place."""

BY_SUFFIX: tuple[tuple[tuple[str, ...], ForeignFormat], ...] = (
    ((".crdownload", ".part", ".partial", ".download", ".aria2", ".incomplete"),
     ForeignFormat("partial", "a download that is not finished", "wait for its end, or download it again")),
    ((".onnx",), ONNX),
    ((".onnx.data", ".onnx_data"),
     ForeignFormat("onnx", "weights of an ONNX network", "give the .onnx file that it belongs to")),
    ((".msgpack",), ForeignFormat("msgpack", "a MessagePack file, as Flax writes them", EXPORT)),
    ((".pb", ".meta", ".index"), TENSORFLOW),
    ((".data-00000-of-00001",), TENSORFLOW),
    ((".mlmodel",), COREML),
    ((".joblib",), ForeignFormat("joblib", "a file of joblib",
                                 "load it by joblib and save its tensors by safetensors.torch.save_file")),
    ((".engine", ".trt", ".plan"), ForeignFormat("tensorrt", "a TensorRT engine", ORIGINAL)),
    ((".caffemodel",), ForeignFormat("caffe", "a Caffe model", EXPORT)),
    ((".weights",), ForeignFormat("darknet", "a Darknet weights file", EXPORT)),
    ((".t7",), ForeignFormat("lua", "a file of Lua Torch", EXPORT)),
    ((".pdiparams", ".pdmodel"), ForeignFormat("paddle", "a PaddlePaddle model", EXPORT)),
    ((".mnn", ".rknn", ".dlc", ".hef"), ForeignFormat("device", "a network compiled for a device", ORIGINAL)),
    ((".bin",), ForeignFormat("bin", "a .bin file without any mark, perhaps weights of ncnn or OpenVINO", ORIGINAL)),
)  # fmt: skip
"""Formats that only a file's ending tells."""


def _as_text(start: bytes) -> str | None:
    """The start of a text file; None for anything else."""
    for encoding, mark in (("utf-8-sig", b"\xef\xbb\xbf"), ("utf-16", b"\xff\xfe"), ("utf-16", b"\xfe\xff")):
        if start.startswith(mark):
            return start.decode(encoding, "replace").lstrip()
    # A character may be cut in two at the end.
    text = start.decode("utf-8", "ignore")
    if len(text.encode()) < len(start) - 3 or any(ord(c) < 32 and c not in "\t\n\r\f\x1b" for c in text):
        return None
    return text.lstrip()


def _of_text(text: str, size: int) -> ForeignFormat:
    small = text[:200].lower()
    for recognise in (_git_pointer, _web_page, _structured):
        if found := recognise(text, small, size):
            return found
    line = next(iter(text.splitlines()), "").strip()
    if re.match(r"(404|403|401|500|not found|entry not found|access denied|forbidden|invalid|error)", small):
        return ForeignFormat(
            "message", f"a server's message ({line[:80]!r})", "check the address and download it again"
        )
    if re.search(r"^(import |from \w+ import |class |def )", text, re.MULTILINE):
        return ForeignFormat("python", "Python code", "give it as path.py:build, with the name of its function")
    return ForeignFormat(
        "text", f"text ({line[:60]!r})", "give a .safetensors file or a PyTorch state dict (.pth, .pt)"
    )


def _git_pointer(text: str, small: str, size: int) -> ForeignFormat | None:
    if small.startswith("version https://git-lfs.github.com/spec/") or small.startswith("version https://hawser."):
        told = re.search(r"^size (\d+)", text, re.MULTILINE)
        meant = f" for a file of {int(told[1]):,} bytes" if told else ""
        return ForeignFormat(
            "lfs", f"a Git LFS pointer{meant}, not the file itself ({size:,} bytes)",
            "run `git lfs pull` in its repository, or download it by its “raw” or “resolve” link",
        )  # fmt: skip
    if "annex/objects/" in small:
        return ForeignFormat("annex", "a git-annex pointer, not the file itself", "run `git annex get` on it")
    return None


def _web_page(text: str, small: str, size: int) -> ForeignFormat | None:
    if not re.match(r"(<!--.*?-->\s*)?<(!doctype html|html|head|body|script|meta)\b", small, re.DOTALL):
        return None
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    named = f" titled {' '.join(title[1].split())[:80]!r}" if title else ""
    return ForeignFormat(
        "html", f"a web page{named}, not the file that it leads to",
        "open the address in a browser and download the file (on the Hub and GitHub: “resolve” or “raw”, not “blob”)",
    )  # fmt: skip


def _structured(text: str, small: str, size: int) -> ForeignFormat | None:
    if small.startswith("<"):
        if re.search(r"<net\b", small):
            return ForeignFormat("openvino", "the graph of an OpenVINO network", ORIGINAL)
        code = re.search(r"<Code>(\w{1,80})</Code>", text)
        said = f" ({code[1]!r})" if code else ""
        return ForeignFormat("xml", f"an XML document{said}", "check the address and download it again")
    if small.startswith(("{", "[")):
        return _json(text)
    if re.match(r"(#[^\n]*\n|---\n|\w[\w ]*:[^\n]*\n)+", text) and ":" in small and "name" in small:
        return ForeignFormat(
            "config", "a configuration in YAML", "give the weights (.pth, .safetensors) that belong to it"
        )
    return None


def _json(text: str) -> ForeignFormat:
    if '"weight_map"' in text:
        return ForeignFormat(
            "index", "the index of a checkpoint in several parts",
            "join the parts into one file: safetensors.torch.save_file of all that load_file gives",
        )  # fmt: skip
    if '"modelTopology"' in text:
        return ForeignFormat("tfjs", "the graph of a TensorFlow.js network", EXPORT)
    if '"error"' in text:
        try:
            said = str(json.loads(text)["error"])[:80]
        except (ValueError, KeyError, TypeError):
            said = "error"
        return ForeignFormat("message", f"a server's message ({said!r})", "check the address and download it again")
    return ForeignFormat("config", "a JSON text", "give the weights (model.safetensors, .pth) that belong to it")


def _is_onnx(start: bytes) -> bool:
    """An ONNX file is a protobuf message whose first field is its version, followed by the producer or the graph."""
    return len(start) > 3 and start[0] == 0x08 and 0 < start[1] < 32 and start[2] in (0x12, 0x1A, 0x22, 0x3A, 0x42)
