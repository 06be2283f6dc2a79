"""The real nginx, with TLS, in front of two real gateways."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from string import Template

import httpx
import pytest
import websockets.sync.client
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.gateway.test_real_server import Running
from tests.live.stack import free_port

NGINX = shutil.which("nginx") or ("/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else "")
TEMPLATE = Path(__file__).parents[2] / "deploy" / "nginx" / "nczf.conf.template"
pytestmark = pytest.mark.skipif(
    not NGINX and not os.environ.get("NCZF_REQUIRE_NGINX"),
    reason="nginx is not on this machine (apt-get install nginx-light); .ci/run installs and demands it",
)


def certificate(folder: Path) -> None:
    """A certificate of our own for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


class Front:
    """A running nginx with our template, and the two gateways behind it."""

    def __init__(self, folder: Path) -> None:
        certificate(folder)
        self.folder = folder
        (folder / "data").mkdir()
        self.gateways = [Running(folder / "data") for _ in range(2)]
        self.http, self.https = free_port(), free_port()
        values = {
            "SERVER_NAME": "localhost",
            "HTTP_PORT": str(self.http),
            "HTTPS_PORT": str(self.https),
            "CERTIFICATE": str(folder / "cert.pem"),
            "CERTIFICATE_KEY": str(folder / "key.pem"),
            "GATEWAY_1": self.gateways[0].base.removeprefix("http://"),
            "GATEWAY_2": self.gateways[1].base.removeprefix("http://"),
        }
        # As envsubst does: only ${NAME}, never nginx's own $name.
        server = TEMPLATE.read_text("utf-8")
        for name, value in values.items():
            server = server.replace("${" + name + "}", value)
        assert "${" not in server
        main = Template(
            "worker_processes 1; pid $folder/nginx.pid; error_log $folder/error.log warn; daemon off;\n"
            "events { worker_connections 512; }\n"
            "http { access_log off; client_body_temp_path $folder/body; proxy_temp_path $folder/proxy;\n"
            "fastcgi_temp_path $folder/f; uwsgi_temp_path $folder/u; scgi_temp_path $folder/s;\n"
            "include $folder/server.conf; }\n"
        ).substitute(folder=folder)
        (folder / "server.conf").write_text(server, "utf-8")
        (folder / "nginx.conf").write_text(main, "utf-8")
        command = [NGINX, "-c", f"{folder}/nginx.conf", "-p", str(folder), "-e", f"{folder}/error.log"]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
        self._process = subprocess.Popen(command)
        self.trust = ssl.create_default_context(cafile=str(folder / "cert.pem"))
        self.base = f"https://localhost:{self.https}"
        self.client = httpx.Client(base_url=self.base, verify=self.trust, timeout=5)
        deadline = time.monotonic() + 10
        while True:
            try:
                self.client.get("/healthz")
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline, (folder / "error.log").read_text()
                time.sleep(0.05)

    def stop(self) -> None:
        """Everything."""
        self.client.close()
        self._process.terminate()
        self._process.wait(10)
        for gateway in self.gateways:
            if gateway.thread.is_alive():
                gateway.stop()


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """One nginx for all tests here; the one that kills a gateway comes last."""
    front = Front(tmp_path_factory.mktemp("nginx"))
    yield front
    front.stop()


def test_the_front_speaks_tls_alone_and_sends_others_there(front: Front):
    moved = httpx.get(f"http://localhost:{front.http}/desk?a=1", follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (301, "https://localhost/desk?a=1")
    reply = front.client.get("/api/home")
    assert reply.status_code == 200
    assert reply.headers["strict-transport-security"].startswith("max-age=")
    assert reply.headers["content-security-policy"].startswith("default-src 'self'")
    assert "nginx/" not in reply.headers["server"]


def test_old_tls_is_refused(front: Front):
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(front.folder / "cert.pem")
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{front.base}/healthz", verify=old)


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/internal/identity"])
def test_what_is_for_the_inside_stays_inside(front: Front, path):
    assert front.client.get(path).status_code == 404


def test_a_talk_goes_through_the_front(front: Front):
    started = front.client.post("/api/conversations", json={"fresh": True}, headers={"Origin": front.base})
    assert started.status_code == 200
    cookie = started.headers["set-cookie"].split(";")[0]
    front.client.cookies.clear()
    with websockets.sync.client.connect(
        f"wss://localhost:{front.https}/ws/citizen?after=0",
        ssl=front.trust,
        origin=front.base,  # type: ignore[arg-type]
        additional_headers={"Cookie": cookie},
    ) as socket:
        first = json.loads(socket.recv(timeout=5))
        assert (first["type"], first["payload"]["kind"]) == ("event", "bot_said")
        socket.send(json.dumps({"v": 1, "type": "say", "id": "c-1", "text": "身份证"}))
        while (frame := json.loads(socket.recv(timeout=5))).get("ref") != "c-1":
            pass
        assert frame["payload"]["text"] == "身份证"


def test_a_body_that_is_too_large_is_refused_at_the_door(front: Front):
    assert front.client.post("/api/conversations", content=b"x" * 300_000).status_code == 413


def test_somebody_who_tries_passwords_is_slowed_down(front: Front):
    body = {"username": "desk01", "password": "wrong"}
    codes = [
        front.client.post("/api/desk/login", json=body, headers={"Origin": front.base}).status_code
        for _ in range(16)
    ]
    assert 429 in codes[10:]
    time.sleep(0.2)
    assert front.client.get("/healthz").status_code == 200


def test_when_a_gateway_dies_the_other_one_answers_everything(front: Front):
    front.gateways[0].stop()
    assert {front.client.get("/healthz").status_code for _ in range(12)} == {200}
