"""What an entry says: one TOML file describes one model, and its file name is the model's id."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from lam_core.convention import Colour, Convention
from zoo.errors import ZooError

Kind = Literal["super-resolver", "classifier", "classical"]
Family = Literal["psnr", "gan", "transformer", "classifier", "classical"]
Tag = Literal["published", "compact"]

ID = re.compile(r"[a-z0-9][a-z0-9.+_-]*")
"""What an id, and so the name of an entry's file, may look like."""


class EntryError(ZooError):
    """An entry that does not say what an entry must say; the message lists every fault."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def check_path(path: str) -> str:
    """A path inside a repository, as it is; raises `ValueError` for one that leads elsewhere.

    >>> check_path("experiments/models/x4.pth")
    'experiments/models/x4.pth'
    """
    parts = path.split("/")
    if not path or {"", ".", ".."} & set(parts) or re.search(r"[\\\x00-\x1f\x7f:?#%]", path):
        raise ValueError("a path inside the repository: no leading slash, no .., no backslash, no : ? # %")
    return path


Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="64 hexadecimal digits")]
Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$", description="40 hexadecimal digits")]
Repository = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$")]
RelativePath = Annotated[str, AfterValidator(check_path)]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class Bundled(_Table):
    """Weights that come with this project, in `zoo/compact`; their digest is in the card beside them."""

    source: Literal["bundled"]
    file: FileName
    """File name in `zoo/compact`."""


class Hub(_Table):
    """A file of a model repository on the Hugging Face Hub."""

    source: Literal["hub"]
    repo: Repository
    file: RelativePath
    revision: str = Field(default="main", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """A commit pins the file; a branch such as `main` does not."""
    sha256: Digest | None = None
    bytes: int | None = Field(default=None, gt=0)


class GitHub(_Table):
    """A file at a commit of its authors' GitHub repository; the digest is required."""

    source: Literal["github"]
    repo: Repository
    revision: Commit
    file: RelativePath
    sha256: Digest
    bytes: int | None = Field(default=None, gt=0)


class Lfs(_Table):
    """A file that a GitHub repository keeps in its LFS store; the digest is the object id of its pointer."""

    source: Literal["lfs"]
    repo: Repository
    revision: Commit
    file: RelativePath
    sha256: Digest
    bytes: int = Field(gt=0)
    """The size that the pointer states."""


class Release(_Table):
    """An asset of a release of a GitHub repository; the digest is required."""

    source: Literal["release"]
    repo: Repository
    tag: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")]
    file: FileName
    sha256: Digest
    bytes: int | None = Field(default=None, gt=0)


class Package(_Table):
    """A data file inside a distribution of the package index, read where it is installed; nothing of it is imported."""

    source: Literal["package"]
    distribution: Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")]
    version: Annotated[str, Field(pattern=r"^[0-9][A-Za-z0-9.+!-]*$")]
    """The release that holds the file with this digest."""
    file: RelativePath
    """As the distribution lists it: its package's folder first."""
    sha256: Digest
    """Of an ncnn network: of its `.param` followed by its `.bin`."""
    bytes: int | None = Field(default=None, gt=0)


class Local(_Table):
    """A model without a public source that is known: the user supplies the file."""

    source: Literal["local"]
    file: FileName
    """What the file is called where its authors publish it."""
    note: str
    """Why there is no source, and where to ask."""
    sha256: Digest | None = None


Weights = Annotated[Bundled | Hub | GitHub | Lfs | Release | Package | Local, Field(discriminator="source")]
SOURCES = ("bundled", "hub", "github", "lfs", "release", "package", "local")
"""What `source` may say in a table `[weights]`."""


class Input(_Table):
    """How the network wants its input; see `lam_core.convention.Convention`."""

    input_range: float = Field(default=1.0, gt=0)
    colour: Colour = "rgb"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    pad_multiple: int = Field(default=1, ge=1)
    minimum_size: int = Field(default=1, ge=1)
    square: bool = False


class Published(_Table):
    """What the authors say of the model; declared, never measured here."""

    title: str | None = None
    """Title of the paper."""
    year: int | None = Field(default=None, ge=1960, le=2100)
    venue: str | None = None
    paper: str | None = Field(default=None, pattern=r"^https://")
    parameters: int | None = Field(default=None, ge=0)
    """Number of weights, frozen mean shifts not counted."""
    receptive_field: int | Literal["global"] | None = None
    """Side in LR pixels, or `global`."""
    psnr: dict[str, float] = {}
    """Data set to PSNR in dB on luma."""
    training: str | None = None
    """Training set."""
    degradation: str | None = None
    """What turned HR into LR in training."""
    diffusion_index: float | None = None
    """DI of the published table (×4, 150 hard images)."""
    diffusion_index_psnr: float | None = None
    """PSNR in dB on those images, from the same table."""


class Entry(_Table):
    """One model of the zoo."""

    id: str
    name: str = Field(min_length=1)
    """The model's name as a reader of papers knows it."""
    kind: Kind = "super-resolver"
    architecture: str = Field(min_length=1)
    """Id of an architecture of this project or of spandrel."""
    scale: int = Field(ge=1, le=16)
    family: Family
    """Made for fidelity (`psnr`) or for looks (`gan`); `transformer` where attention is the trunk."""
    tag: Tag
    licence: str = Field(min_length=1)
    """Of the weights; `none stated` where their source says nothing."""
    note: str | None = None
    """What a user must know before drawing conclusions."""
    untested: bool = False
    """Whether the file was never seen: architecture and convention are what its size and its source tell."""
    fine_tuned_from: str | None = None
    """Id of the network whose weights the training began with: the baseline of filter attribution."""
    params: str | None = None
    """Which of several parameter sets in the file is used; where it is not said, an averaged one goes first."""
    hyperparameters: dict[str, Any] = {}
    """Keyword arguments that build the network without its weights."""
    convention: Input = Input()
    weights: Weights | None = None
    """Where the weights are; nothing for a classical method."""
    published: Published = Published()
    committed: bool = Field(default=True, exclude=True)
    """Whether it stands in a folder of entries that the operator chose; a loose file does not."""

    @model_validator(mode="after")
    def _weights_fit_kind(self) -> Entry:
        if self.kind == "classical" and self.weights is not None:
            raise ValueError("a classical method has no weights; remove the table [weights]")
        if self.kind != "classical" and self.weights is None:
            raise ValueError(
                f"no weights; add a table [weights] with source = {', '.join(SOURCES[:-1])} or {SOURCES[-1]}"
            )
        if (self.tag == "compact") != isinstance(self.weights, Bundled):
            raise ValueError("tag must be compact for bundled weights and published for all others")
        return self

    @property
    def sha256(self) -> str | None:
        """The digest that the entry itself declares."""
        return getattr(self.weights, "sha256", None)

    @property
    def pinned(self) -> bool:
        """Whether the bytes of the weights are fixed: by a digest here or, for bundled ones, in their card."""
        return self.weights is None or isinstance(self.weights, Bundled) or self.sha256 is not None

    @property
    def network(self) -> str:
        """Architecture and hyperparameters in one string, as the fingerprint takes them."""
        return network_identity(self.architecture, self.hyperparameters)

    def declared_convention(self) -> Convention:
        """The convention that the entry declares."""
        return Convention(**self.convention.model_dump())


def network_identity(architecture: str, hyperparameters: dict[str, Any]) -> str:
    """Architecture and hyperparameters as canonical JSON, the same for equal networks.

    >>> network_identity("edsr", {"scale": 4, "blocks": 16})
    '["edsr",{"blocks":16,"scale":4}]'
    """
    return json.dumps([architecture, hyperparameters], sort_keys=True, separators=(",", ":"), default=str)


def parse_entry(text: str, *, name: str, committed: bool = True) -> Entry:
    """The entry that a TOML text describes; `name` is its file name.

    Raises `EntryError` with every fault, one a line: file name, field, what is wrong.
    """
    stem = name.removesuffix(".toml")
    faults = [] if ID.fullmatch(stem) else [f"{name}: file name: use lower-case letters, digits, . + _ - alone"]
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EntryError("\n".join([*faults, f"{name}: not TOML: {error}"])) from None
    faults += [f"{name}: {key}: not a field of the file" for key in ("id", "committed") if key in content]
    try:
        entry = Entry.model_validate({**content, "id": stem, "committed": committed})
    except ValidationError as error:
        faults += [f"{name}: {_field(fault)}: {_reason(fault)}" for fault in error.errors()]
        raise EntryError("\n".join(faults)) from None
    if faults:
        raise EntryError("\n".join(faults))
    return entry


def read_entry(path: Path, *, committed: bool = True) -> Entry:
    """The entry in a TOML file. Raises `EntryError` with every fault of the file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EntryError(f"{path.name}: cannot be read: {error}") from None
    return parse_entry(text, name=path.name, committed=committed)


def _field(fault: ErrorDetails) -> str:
    # Pydantic names the chosen member of a union inside the path; the file has no such level.
    parts = [str(part) for part in fault["loc"]]
    if len(parts) > 1 and parts[0] == "weights" and parts[1] in SOURCES:
        del parts[1]
    return ".".join(parts) or "entry"


def _reason(fault: ErrorDetails) -> str:
    if fault["type"] == "extra_forbidden":
        return "unknown field"
    if fault["type"] == "missing":
        return "missing"
    message = fault["msg"].removeprefix("Value error, ")
    given = fault.get("input")
    return f"{message}, not {given!r}" if isinstance(given, str | int | float | bool) else message
