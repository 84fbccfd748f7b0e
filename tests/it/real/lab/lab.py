"""Runs one scenario of the lab and prints what happened as one JSON object. To be started inside a network namespace and a
mount namespace of its own: it changes /etc/hosts there and listens on port 443. It judges only what a browser and Entra
would judge; whether the scenario went well is judged by lab.rs."""

import base64
import http.client
import json
import os
import pathlib
import queue
import secrets
import ssl
import subprocess
import sys
import threading
import urllib.parse

import certificates
import hosts
from hosts import ELSEWHERE, FRIENDS, GRAPH, HERE, LOGIN, ORGANISATION, SECOND, STRANGERS, TENANT, instance

SAMPLE_APP = "51f81489-12ee-4a9e-aaae-a2591f45987d"
OWN_APP = "b6a9d0c4-71e2-4f0b-8d35-1f2e9c7a5580"
DEADLINE = 60


class Lab:
    def __init__(self, binary, folder, certificate="good"):
        self.binary, self.folder = binary, pathlib.Path(folder)
        self.home = self.folder / "home"
        self.home.mkdir()
        self.play = hosts.Play()
        self.runs, self.pages, self.secrets = [], [], []
        self.arrange_network()
        known = certificates.Authority(self.folder / "known", "Lab Authority")
        unknown = certificates.Authority(self.folder / "unknown", "Somebody Else's Authority")
        names = FRIENDS + STRANGERS
        made = {
            "good": lambda: known.issue("good", names),
            "expired": lambda: known.issue("expired", names, -60, -30),
            "not-yet": lambda: known.issue("not-yet", names, 30, 60),
            "wrong-name": lambda: known.issue("wrong-name", ["portal.hotel.example"]),
            "unknown-authority": lambda: unknown.issue("unknown", names),
            "self-signed": lambda: known.issue_alone("alone", names),
            "weak-key": lambda: known.issue("weak", names, key_of=("rsa:1024",)),
            "old-tls": lambda: known.issue("old", names),
        }[certificate]()
        hosts.open_all(self.play, *made, ssl.TLSVersion.TLSv1_1 if certificate == "old-tls" else None)
        self.passphrase = self.secret_file("passphrase", secrets.token_urlsafe(24))
        self.environment = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "SSL_CERT_FILE": str(known.root),
            "D365CONN_STORE_PASSPHRASE_FILE": str(self.passphrase),
        }
        self.root = known.root

    def arrange_network(self):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        lines = ["127.0.0.1 localhost", "::1 localhost"]
        lines += [f"{HERE} {name}" for name in FRIENDS] + [f"{ELSEWHERE} {name}" for name in STRANGERS]
        private = self.folder / "hosts"
        private.write_text("\n".join(lines) + "\n")
        subprocess.run(["mount", "--bind", str(private), "/etc/hosts"], check=True)

    def secret_file(self, name, secret):
        path = self.folder / name
        path.write_text(secret + "\n")
        path.chmod(0o600)
        self.secrets.append(secret)
        return path

    def run(self, *words):
        """A command that needs nobody."""
        done = subprocess.run([self.binary, *words], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=DEADLINE)
        self.runs.append({"words": words, "exit": done.returncode, "stdout": done.stdout, "stderr": done.stderr})
        return self.runs[-1]

    def connect(self, *words, client_id=SAMPLE_APP):
        """`connect` with a user who signs in as soon as the address is printed."""
        words = ("-vv", "connect", "--no-browser", "--store", "file", "--tenant-url", f"https://{ORGANISATION}", *words)
        process = subprocess.Popen([self.binary, *words], env=self.environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        lines, said = queue.Queue(), []
        threading.Thread(target=self.listen, args=(process.stderr, lines), daemon=True).start()
        address = None
        while (line := lines.get(timeout=DEADLINE)) is not None:
            said.append(line)
            start = line.find(f"https://{LOGIN}/")
            # The trace shows requests of our own without their values.
            if address is None and start >= 0 and "/oauth2/v2.0/authorize?" in line and "…" not in line:
                address = line[start:].split()[0]
                self.look_at_process(process.pid)
                self.sign_in(address, client_id)
        stdout = process.stdout.read()
        self.runs.append({"words": words, "exit": process.wait(DEADLINE), "stdout": stdout, "stderr": "".join(said)})
        return self.runs[-1]

    @staticmethod
    def listen(stream, lines):
        for line in stream:
            lines.put(line)
        lines.put(None)

    def look_at_process(self, identity):
        """What every other process on the machine may read."""
        line = pathlib.Path(f"/proc/{identity}/cmdline").read_bytes()
        for secret in filter(None, [self.play.client_secret]):
            if secret.encode() in line:
                self.play.complain("the client secret is on the command line")

    def sign_in(self, address, client_id):
        """What Entra checks, and then what its page makes the browser do."""
        url = urllib.parse.urlsplit(address)
        if url.netloc != LOGIN or url.path != f"/{TENANT}/oauth2/v2.0/authorize":
            self.play.complain(f"the browser is sent to {url.netloc}{url.path}")
        pairs = urllib.parse.parse_qsl(url.query, keep_blank_values=True)
        query = dict(pairs)
        if len(query) != len(pairs):
            self.play.complain("a parameter is there twice")
        scopes = query.get("scope", "").split()
        expected = {f"https://{ORGANISATION}/user_impersonation", "openid", "profile", "offline_access"}
        if client_id != SAMPLE_APP:
            expected.add(f"https://{GRAPH}/User.Read")
        checks = {
            "client_id": query.get("client_id") == client_id,
            "response_type": query.get("response_type") == "code",
            "response_mode": query.get("response_mode") == "form_post",
            "scope": set(scopes) == expected,
            "state": len(query.get("state", "")) >= 22,
            "nonce": len(query.get("nonce", "")) >= 22,
            "code_challenge": len(query.get("code_challenge", "")) == 43,
            "code_challenge_method": query.get("code_challenge_method") == "S256",
            "no client_secret": "client_secret" not in query,
        }
        for name, holds in checks.items():
            if not holds:
                self.play.complain(f"authorize: {name} is {query.get(name)!r}")
        target = urllib.parse.urlsplit(query["redirect_uri"])
        if target.scheme != "http" or target.hostname != "localhost":
            self.play.complain(f"redirect_uri is {query['redirect_uri']}")
        code = self.play.issue("1.AXkC")
        self.play.grants[code] = {name: query[name] for name in ("client_id", "redirect_uri", "code_challenge", "nonce")}
        form = urllib.parse.urlencode({"code": code, "state": query["state"], "session_state": "004c5d2e-5a0f-4a37-9d7e-6f0f5c1f7a11"})
        browser = http.client.HTTPConnection("localhost", target.port, timeout=10)
        browser.request("POST", target.path or "/", form, {
            "Host": f"localhost:{target.port}", "Origin": f"https://{LOGIN}", "Content-Type": "application/x-www-form-urlencoded"})
        page = browser.getresponse()
        self.pages.append({"status": page.status, "body": page.read().decode()})

    def leaks(self):
        """Where a secret is found outside the place it belongs to."""
        found = []
        places = [(f"run {number} {stream}", run[stream].encode()) for number, run in enumerate(self.runs)
                  for stream in ("stdout", "stderr")]
        places += [(f"page {number}", page["body"].encode()) for number, page in enumerate(self.pages)]
        places += [(str(path), path.read_bytes()) for path in self.home.rglob("*") if path.is_file()]
        for secret in self.secrets + self.play.issued:
            raw = secret.encode()
            for writing in {raw, raw.hex().encode(), urllib.parse.quote(secret, safe="").encode(),
                            base64.b64encode(raw).rstrip(b"="), base64.urlsafe_b64encode(raw).rstrip(b"="), raw[:20]}:
                found += [f"{place}: {secret[:8]}…" for place, content in places if writing in content]
        return found

    def report(self):
        saved = self.run("connections", "list", "-o", "json")
        self.runs.pop()
        return {"runs": self.runs, "pages": self.pages, "seen": self.play.seen, "accepted": self.play.accepted,
                "problems": self.play.problems, "leaks": self.leaks(), "saved": json.loads(saved["stdout"] or "null")}


def main_path(lab):
    lab.connect()
    lab.run("accounts", "list", "--all", "-o", "json", "--select", "name")


def renewal(lab):
    """Every token is nearly over when it comes, so every process renews."""
    lab.play.token_life = 200
    main_path(lab)


def own_app(lab):
    lab.play.token_life = 200
    lab.play.client_secret = "lab~client+secret&" + secrets.token_urlsafe(20)
    path = lab.secret_file("client-secret", lab.play.client_secret)
    lab.connect("--client-id", OWN_APP, "--client-secret-file", str(path), client_id=OWN_APP)
    lab.run("-vv", "accounts", "list", "--all", "-o", "json", "--select", "name")


def foreign_authority(lab, host):
    lab.play.authority = f"https://{host}/{TENANT}/oauth2/authorize"
    lab.connect()


def foreign_resource(lab):
    lab.play.resource = "https://other.crm4.dynamics.com/"
    lab.connect()


def foreign_links(lab):
    lab.connect()
    path = "/api/data/v9.2/accounts?$skiptoken=2"
    for link in [f"https://evil.example{path}", f"//evil.example{path}", f"http://{ORGANISATION}{path}",
                 f"https://{ORGANISATION}:8443{path}", f"https://{ORGANISATION}@evil.example{path}",
                 f"https://{ORGANISATION}.evil.example{path}", f"https:\\\\evil.example{path}", "file:///etc/passwd"]:
        lab.play.next_link = link
        lab.run("accounts", "list", "--all", "-o", "json", "--select", "name")


def token_redirect(lab):
    lab.play.token_redirect = f"https://evil.example/{TENANT}/oauth2/v2.0/token"
    lab.connect()


REDIRECTS = (301, 302, 303, 307, 308)


def renewal_redirect(lab):
    """A refresh token is over; the token endpoint sends on to a stranger, to itself, and to itself in the open."""
    lab.connect()
    path = f"/{TENANT}/oauth2/v2.0/token"
    for status in REDIRECTS:
        for target in [f"https://evil.example{path}", f"https://{LOGIN}.evil.example{path}", f"https://{LOGIN}{path}/again",
                       f"http://{LOGIN}{path}", f"https://{ORGANISATION}{path}", "//evil.example/", "/elsewhere"]:
            lab.play.over |= lab.play.bearers
            lab.play.redirect_status, lab.play.token_redirect = status, target
            lab.run("accounts", "list", "-o", "json")


def data_redirects(lab):
    """Dataverse sends on: to strangers, to its own other names and ports, in the open; a question and a change."""
    lab.connect()
    path = "/api/data/v9.2/accounts"
    for status in REDIRECTS:
        for target in [f"http://{ORGANISATION}{path}", f"https://evil.example{path}", f"https://{ORGANISATION}:8443{path}",
                       f"https://contoso.api.crm4.dynamics.com{path}", f"https://other.crm4.dynamics.com{path}",
                       f"http://{ORGANISATION}:443{path}", f"//evil.example{path}"]:
            lab.play.redirect_status, lab.play.data_redirect = status, target
            lab.run("accounts", "list", "-o", "json")
    lab.run("api", "accounts", "-f", "name=x")


def given_authority(lab):
    """The authority is given by a flag, and nobody is trusted without it."""
    del lab.environment["SSL_CERT_FILE"]
    lab.connect()
    lab.connect("--ca-file", str(lab.root))


def one_sign_in(lab):
    """Two organisations and the list of them, and one visit to the browser."""
    lab.connect()
    lab.run("-vv", "connections", "discover", "-o", "json")
    lab.run("-vv", "connect", "--tenant-url", f"https://{SECOND}", "--from", "contoso")
    for name in ("contoso", "fabrikam"):
        lab.run("-c", name, "accounts", "list", "--all", "-o", "json", "--select", "name")
    lab.run("connections", "discover", "-o", "id")


def hostile_listing(lab):
    """What the discovery service says is listed, and leads nowhere."""
    lab.connect()
    lab.play.instances = [instance(1, "Contoso", ORGANISATION), instance(2, "Evil", "evil.example"),
                          instance(3, "Login", "login.microsoftonline.com.evil.example"),
                          instance(4, "Off", "other.crm4.dynamics.com", 1)]
    lab.run("connections", "discover", "-o", "json")
    lab.play.discovery_next = "https://evil.example/api/discovery/v2.0/Instances?page=2"
    lab.run("connections", "discover", "-o", "json")


SCENARIOS = {
    "main-path": (main_path, "good"),
    "renewal": (renewal, "good"),
    "own-app": (own_app, "good"),
    "foreign-authority": (lambda lab: foreign_authority(lab, "evil.example"), "good"),
    "look-alike-authority": (lambda lab: foreign_authority(lab, "login.microsoftonline.com.evil.example"), "good"),
    "foreign-resource": (foreign_resource, "good"),
    "foreign-links": (foreign_links, "good"),
    "token-redirect": (token_redirect, "good"),
    "renewal-redirect": (renewal_redirect, "good"),
    "data-redirects": (data_redirects, "good"),
    "given-authority": (given_authority, "good"),
    "one-sign-in": (one_sign_in, "good"),
    "hostile-listing": (hostile_listing, "good"),
    "unknown-authority": (Lab.connect, "unknown-authority"),
    "wrong-name": (Lab.connect, "wrong-name"),
    "expired": (Lab.connect, "expired"),
    "not-yet": (Lab.connect, "not-yet"),
    "self-signed": (Lab.connect, "self-signed"),
    "weak-key": (Lab.connect, "weak-key"),
    "old-tls": (Lab.connect, "old-tls"),
}

if __name__ == "__main__":
    scenario, binary, folder = sys.argv[1:]
    play, certificate = SCENARIOS[scenario]
    lab = Lab(binary, folder, certificate)
    play(lab)
    print(json.dumps(lab.report()))
