"""TLS in front of the sandbox, which speaks plain HTTP on the loopback while the client insists on https. Every request goes
on as it came, but for its Host and this address inside a batch; the sandbox's own address in an answer becomes this one's,
so that links stay behind TLS."""

import datetime
import http.client
import http.server
import ipaddress
import os
import pathlib
import ssl
import tempfile
import threading
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# These belong to one connection, not to the request.
OF_THE_CONNECTION = {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}


def certificate(folder):
    """A certificate for 127.0.0.1 that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "front of the sandbox")])
    now = datetime.datetime.now(datetime.timezone.utc)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "front.pem", folder / "front.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return public, private


class Front:
    """Within `with`, `address` is the https address of the sandbox, and `requests` trusts it."""

    def __init__(self, sandbox):
        self.sandbox = urllib.parse.urlsplit(sandbox)
        assert self.sandbox.scheme == "http" and self.sandbox.hostname == "127.0.0.1", sandbox

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        public, private = certificate(pathlib.Path(self.folder.name))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(public, private)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.address = f"https://127.0.0.1:{self.server.server_port}"
        os.environ["REQUESTS_CA_BUNDLE"] = str(public)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.address

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()

    def _handler(front):
        theirs = f"http://{front.sandbox.netloc}".encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                # The parts of a batch name the address once more.
                body = body.replace(front.address.encode(), theirs)
                headers = {
                    name: value
                    for name, value in self.headers.items()
                    if name.lower() not in OF_THE_CONNECTION | {"accept-encoding"}
                }
                behind = http.client.HTTPConnection(front.sandbox.netloc, timeout=30)
                behind.request(self.command, self.path, body, headers)
                answer = behind.getresponse()
                ours = front.address.encode()
                text = answer.read().replace(theirs, ours)
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in OF_THE_CONNECTION:
                        self.send_header(name, value.replace(theirs.decode(), front.address))
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
                behind.close()

            do_GET = do_POST = do_PATCH = do_DELETE = forward

            def log_message(self, *_):
                pass

        return Handler
