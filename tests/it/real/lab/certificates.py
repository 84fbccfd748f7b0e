"""Certificates of the lab, made anew for every run with openssl: one authority that is trusted, one that is not."""

import pathlib
import subprocess
import time

CONFIG = """
[ca]
default_ca = lab
[lab]
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = anything
unique_subject = no
copy_extensions = none
[anything]
commonName = supplied
[req]
distinguished_name = name
prompt = no
[name]
CN = {common_name}
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {names}
"""


def openssl(*words):
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {words[0]}: {done.stderr}")


def day(from_now):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + from_now * 86400))


class Authority:
    """A certificate authority in a folder of its own; `root` is what a client would have to trust."""

    def __init__(self, folder, common_name):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.root = self.folder / "root.pem"
        (self.folder / "index.txt").touch()
        (self.folder / "serial").write_text("01\n")
        self.key = self.folder / "root.key"
        config = self._config(common_name, "DNS:unused.invalid")
        openssl("req", "-x509", "-new", "-config", config, "-extensions", "authority", "-days", 2, "-out", self.root,
                "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key)

    def issue(self, label, names, begins=-1, ends=30, key_of=("ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
        """The paths of a certificate for `names` and of its key; it begins and ends that many days from now."""
        certificate, key, request = (self.folder / f"{label}.{kind}" for kind in ("pem", "key", "csr"))
        config = self._config(names[0], ",".join(f"DNS:{name}" for name in names))
        openssl("req", "-new", "-config", config, "-out", request, "-keyout", key, "-nodes", "-newkey", *key_of)
        openssl("ca", "-batch", "-notext", "-config", config, "-extensions", "server", "-in", request, "-out",
                certificate, "-cert", self.root, "-keyfile", self.key, "-startdate", day(begins), "-enddate", day(ends))
        return certificate, key

    def issue_alone(self, label, names):
        """The same for a certificate that nobody but itself stands for."""
        certificate, key = (self.folder / f"{label}.{kind}" for kind in ("pem", "key"))
        openssl("req", "-x509", "-new", "-config", self._config(names[0], ",".join(f"DNS:{name}" for name in names)),
                "-extensions", "server", "-days", 2, "-out", certificate, "-keyout", key, "-nodes",
                "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        return certificate, key

    def _config(self, common_name, names):
        path = self.folder / "openssl.cnf"
        path.write_text(CONFIG.format(folder=self.folder, common_name=common_name, names=names))
        return path
