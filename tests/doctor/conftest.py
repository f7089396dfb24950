"""What is wrong with a machine, made here: certificates, plugins, control groups."""

import datetime
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from boxwright.device.cgroup import Groups

NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "boxwright.test")])


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, in files."""

    certificate: Path
    key: Path


Sign = Callable[..., Pair]
Install = Callable[[str, str], None]
Confine = Callable[..., Groups]


@pytest.fixture
def sign(tmp_path: Path) -> Sign:
    """Make a certificate that signs itself: `sign("name", days=90, hosts=("localhost",))`."""

    def make(
        name: str,
        days: float = 90,
        begins_in_days: float = -1000,
        hosts: Sequence[str] = ("localhost",),
        is_authority: bool = False,
        for_servers: bool = True,
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.UTC)
        usage = ExtendedKeyUsageOID.SERVER_AUTH if for_servers else ExtendedKeyUsageOID.CODE_SIGNING
        builder = (
            x509.CertificateBuilder()
            .subject_name(NAME)
            .issuer_name(NAME)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=begins_in_days))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        )
        if hosts:
            names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        pair = Pair(tmp_path / f"{name}.crt", tmp_path / f"{name}.key")
        pair.certificate.write_bytes(
            builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        pair.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        pair.key.chmod(0o600)
        return pair

    return make


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of plugin distributions, which is not yet on the path."""
    return tmp_path / "site"


@pytest.fixture
def install(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Write a plugin distribution of one module, on the path: `install("acme", "1 / 0")`."""
    before = set(sys.modules)

    def write(name: str, code: str) -> None:
        info = site / f"{name}-1.2.dist-info"
        info.mkdir(parents=True)
        (site / f"{name}.py").write_text(code)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[boxwright]\nplugin = {name}\n")
        monkeypatch.syspath_prepend(str(site))

    yield write
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(site)):
            del sys.modules[name]


@pytest.fixture
def confine(tmp_path: Path) -> Confine:
    """Write the control groups of a container: `confine({"cpu.max": "150000 100000"})`."""

    def write(files: dict[str, str], membership: str = "0::/pod/boxwright") -> Groups:
        root = tmp_path / "cgroup"
        for name, text in files.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{text}\n")
        lines = tmp_path / "membership"
        lines.write_text(f"{membership}\n")
        return Groups(root, lines)

    return write
