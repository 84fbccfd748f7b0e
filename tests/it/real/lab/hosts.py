"""The other side of the lab: Dataverse, Entra, Graph and a stranger under their real names, over TLS, each request written
down. They answer as the real ones do where it matters for signing in and for reading pages, and nowhere else."""

import base64
import hashlib
import http.server
import json
import secrets
import socketserver
import ssl
import threading
import time
import urllib.parse

TENANT = "3f6a1e52-8c0d-4a7b-b1e9-52d0c8e4f711"
ORGANISATION = "contoso.crm4.dynamics.com"
LOGIN = "login.microsoftonline.com"
GRAPH = "graph.microsoft.com"
SECOND = "fabrikam.crm4.dynamics.com"
DISCOVERY = "globaldisco.crm.dynamics.com"
FRIENDS = [ORGANISATION, "contoso.api.crm4.dynamics.com", SECOND, DISCOVERY, LOGIN, GRAPH]
STRANGERS = ["evil.example", "login.microsoftonline.com.evil.example", "other.crm4.dynamics.com"]
HERE, ELSEWHERE = "127.0.0.1", "127.0.0.66"
USER = {"oid": "7d1c2b9a-0f3e-4b6d-9a55-0c7f6e2d1b43", "name": "Inès Moreau", "upn": "ines.moreau@contoso.example"}
USER_ID = "6d2ef3c1-9f6e-4e11-8179-000d3a000002"
ACCOUNTS = [(f"{number:08d}-9f6e-4e11-8179-000d3a0000ff", f"Company {number}") for number in range(1, 6)]


class Play:
    """What the hosts are to do in one scenario, and what they saw."""

    def __init__(self):
        self.authority = f"https://{LOGIN}/{TENANT}/oauth2/authorize"
        self.resource = f"https://{ORGANISATION}/"
        self.next_link = None
        self.token_redirect = None
        self.data_redirect = None
        self.redirect_status = 307
        self.token_life = 3600
        self.client_secret = None
        self.seen = []
        self.accepted = {}
        self.problems = []
        self.issued = []
        self.grants = {}
        self.bearers = set()
        self.audiences = {}
        self.instances = [instance(1, "Contoso (prod)", ORGANISATION), instance(2, "Fabrikam", SECOND)]
        self.discovery_next = None
        self.over = set()
        self.refresh_tokens = {}
        self.lock = threading.Lock()

    def note(self, entry):
        with self.lock:
            self.seen.append(entry)

    def complain(self, text):
        with self.lock:
            self.problems.append(text)

    def issue(self, prefix=""):
        """An unguessable text that must never be found anywhere but in the vault."""
        text = prefix + secrets.token_urlsafe(48)
        with self.lock:
            self.issued.append(text)
        return text


def instance(number, name, host, state=0):
    """An organisation as the discovery service lists it."""
    return {"Id": f"7e3f04d2-9f6e-4e11-8179-000d3a00000{number + 2}", "UniqueName": f"unq{number}", "UrlName": host.split(".")[0],
            "FriendlyName": name, "State": state, "Version": "9.2.26111.00142", "Url": f"https://{host}",
            "ApiUrl": f"https://{host.replace('.crm', '.api.crm', 1)}", "Region": "EMEA", "TenantId": TENANT,
            "EnvironmentId": f"9a8b7c6d-0000-4000-8000-00000000000{number}"}


def jwt(claims):
    encode = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    return f"{encode({'alg': 'RS256', 'typ': 'JWT'})}.{encode(claims)}.{secrets.token_urlsafe(64)}"


class Desk(http.server.BaseHTTPRequestHandler):
    """One connection. Which host it is for is said by the server name of the handshake."""

    protocol_version = "HTTP/1.1"
    server_version = "Lab"
    timeout = 20

    def setup(self):
        self.host = ""
        if isinstance(self.request, ssl.SSLSocket):
            self.request.settimeout(self.timeout)
            self.request.do_handshake()
            self.host = getattr(self.request, "asked_for", None) or ""
        super().setup()

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.serve()

    def do_POST(self):
        self.serve()

    def do_PATCH(self):
        self.serve()

    def do_DELETE(self):
        self.serve()

    def serve(self):
        play = self.server.play
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
        path, _, query = self.path.partition("?")
        form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True)) if self.is_form() else {}
        play.note({
            "host": self.host or self.headers.get("Host", ""),
            "is_tls": bool(self.host),
            "method": self.command,
            "path": path,
            "query_names": [name for name, _ in urllib.parse.parse_qsl(query, keep_blank_values=True)],
            "is_authorised": "Authorization" in self.headers,
            "form": {name: form[name] for name in ("grant_type", "scope", "client_id") if name in form},
            "form_names": sorted(form),
            "has_secret": self.holds_secret(body),
        })
        if self.host and self.headers.get("Host") != self.host:
            play.complain(f"Host {self.headers.get('Host')} under the server name {self.host}")
        for name in ("Cookie", "Referer", "Origin"):
            if name in self.headers:
                play.complain(f"{name} was sent to {self.host}")
        if self.host in (ORGANISATION, "contoso.api.crm4.dynamics.com", SECOND):
            self.dataverse(path, query)
        elif self.host == DISCOVERY:
            self.discovery(path)
        elif self.host == LOGIN:
            self.entra(path, form)
        elif self.host == GRAPH:
            self.graph(path)
        else:
            self.answer(200, {"value": []})

    def is_form(self):
        return self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")

    def holds_secret(self, body):
        """Whether the app's secret is anywhere in this request, in whatever writing."""
        secret = self.server.play.client_secret
        if not secret:
            return False
        text = body + self.path + str(self.headers)
        scheme, _, credential = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            text += base64.b64decode(credential).decode()
        return any(secret in read for read in (text, urllib.parse.unquote(text), urllib.parse.unquote_plus(text)))

    def answer(self, status, body=None, headers=()):
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; odata.metadata=minimal; charset=utf-8")
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def dataverse(self, path, query):
        play = self.server.play
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if not bearer or bearer in play.over:
            resource = play.resource if self.host != SECOND else f"https://{SECOND}/"
            challenge = f"Bearer authorization_uri={play.authority}, resource_id={resource}"
            return self.answer(401, None, [("WWW-Authenticate", challenge)])
        if bearer not in play.bearers or play.audiences[bearer] != self.host.replace(".api.", "."):
            play.complain(f"a bearer for {path} that nobody issued for this organisation")
            return self.answer(401, {"error": {"code": "0x80048306", "message": "unknown token"}})
        if play.data_redirect and not path.endswith("WhoAmI"):
            return self.answer(play.redirect_status, None, [("Location", play.data_redirect)])
        place = path.removeprefix("/api/data/v9.2/")
        if place in ("WhoAmI", "WhoAmI()"):
            ids = {"BusinessUnitId": "5c1de2b0-9f6e-4e11-8179-000d3a000001", "UserId": USER_ID,
                   "OrganizationId": f"7e3f04d2-9f6e-4e11-8179-000d3a00000{4 if self.host == SECOND else 3}"}
            return self.answer(200, {"@odata.context": self.context("Microsoft.Dynamics.CRM.WhoAmIResponse"), **ids})
        if place == f"systemusers({USER_ID})":
            return self.answer(200, {"systemuserid": USER_ID, "fullname": USER["name"], "domainname": USER["upn"],
                                     "azureactivedirectoryobjectid": USER["oid"], "isdisabled": False, "accessmode": 0})
        if place == "accounts":
            return self.accounts(query)
        self.answer(404, {"error": {"code": "0x80060888", "message": f"Resource not found for the segment '{place}'."}})

    def discovery(self, path):
        play = self.server.play
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if play.audiences.get(bearer) != DISCOVERY:
            play.complain(f"the discovery service was asked for {path} with a bearer that is not its own")
            return self.answer(401, None, [("WWW-Authenticate", "Bearer")])
        if path != "/api/discovery/v2.0/Instances":
            return self.answer(404, {"error": {"code": "", "message": "no such resource"}})
        body = {"@odata.context": "https://10.0.1.76:20193/api/discovery/v2.0/$metadata#Instances", "value": play.instances}
        if play.discovery_next:
            body["@odata.nextLink"] = play.discovery_next
        self.answer(200, body)

    def accounts(self, query):
        play = self.server.play
        rows = [{"@odata.etag": 'W/"1"', "accountid": identity, "name": name} for identity, name in ACCOUNTS]
        if "skiptoken" in urllib.parse.unquote(query):
            return self.answer(200, {"@odata.context": self.context("accounts"), "value": rows[3:]})
        cookie = urllib.parse.quote('<cookie pagenumber="2" pagingcookie="%3ccookie%20page%3d%221%22%3e" istracking="False" />')
        onward = play.next_link or f"https://{self.host}/api/data/v9.2/accounts?{query}&$skiptoken={cookie}"
        self.answer(200, {"@odata.context": self.context("accounts"), "value": rows[:3], "@odata.nextLink": onward})

    def context(self, what):
        return f"https://{self.host}/api/data/v9.2/$metadata#{what}"

    def entra(self, path, form):
        if path == f"/{TENANT}/v2.0/.well-known/openid-configuration":
            base = f"https://{LOGIN}/{TENANT}"
            return self.answer(200, {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "response_modes_supported": ["query", "fragment", "form_post"],
                "response_types_supported": ["code", "id_token"],
                "msgraph_host": GRAPH,
            })
        if path == f"/{TENANT}/oauth2/v2.0/token" and self.command == "POST":
            play = self.server.play
            if play.token_redirect:
                return self.answer(play.redirect_status, None, [("Location", play.token_redirect)])
            try:
                return self.answer(200, self.tokens(form), [("Cache-Control", "no-store")])
            except Refused as refused:
                return self.answer(400, refused.body)
        self.answer(404, {"error": "not_found", "error_description": "AADSTS90019: no such endpoint.", "error_codes": [90019]})

    def tokens(self, form):
        play = self.server.play
        if play.client_secret is not None and form.get("client_secret") != play.client_secret:
            raise Refused("invalid_client", 7000218 if "client_secret" not in form else 7000215)
        if play.client_secret is None and "client_secret" in form:
            raise Refused("invalid_client", 700025)
        if form.get("grant_type") == "authorization_code":
            grant = play.grants.pop(form.get("code"), None)
            if grant is None:
                raise Refused("invalid_grant", 54005)
            if form.get("redirect_uri") != grant["redirect_uri"] or form.get("client_id") != grant["client_id"]:
                raise Refused("invalid_grant", 70000)
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != grant["code_challenge"]:
                raise Refused("invalid_grant", 501481)
            with play.lock:
                play.issued.append(form["code_verifier"])
        elif form.get("grant_type") == "refresh_token":
            grant = play.refresh_tokens.get(form.get("refresh_token"))
            if grant is None or form.get("client_id") != grant["client_id"]:
                raise Refused("invalid_grant", 70000)
        else:
            raise Refused("unsupported_grant_type", 70003)
        return self.answer_of(grant, form)

    def answer_of(self, grant, form):
        play = self.server.play
        scopes = form.get("scope", "").split()
        resources = [scope for scope in scopes if "/" in scope]
        if len({urllib.parse.urlsplit(scope).netloc for scope in resources}) != 1:
            raise Refused("invalid_scope", 28000)
        audience = urllib.parse.urlsplit(resources[0]).netloc
        now = int(time.time())
        access = jwt({"aud": resources[0], "uti": secrets.token_urlsafe(16), "exp": now + play.token_life})
        refresh = play.issue("1.AXkA")
        play.refresh_tokens[refresh] = grant
        play.audiences[access] = audience
        if audience in (ORGANISATION, SECOND):
            play.bearers.add(access)
        with play.lock:
            play.issued.append(access)
        body = {"token_type": "Bearer", "scope": " ".join(resources), "expires_in": play.token_life,
                "ext_expires_in": play.token_life, "access_token": access, "refresh_token": refresh}
        if "openid" in scopes:
            claims = {"ver": "2.0", "iss": f"https://{LOGIN}/{TENANT}/v2.0", "aud": grant["client_id"], "tid": TENANT,
                      "oid": USER["oid"], "name": USER["name"], "preferred_username": USER["upn"],
                      "iat": now, "nbf": now, "exp": now + 3600}
            if form["grant_type"] == "authorization_code":
                claims["nonce"] = grant["nonce"]
            body["id_token"] = jwt(claims)
        return body

    def graph(self, path):
        if path == "/v1.0/me" and self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.server.play.bearers:
            return self.answer(200, {"id": USER["oid"], "displayName": USER["name"], "userPrincipalName": USER["upn"]})
        self.server.play.complain(f"Graph was asked for {path}, or with Dataverse's bearer")
        self.answer(401, {"error": {"code": "InvalidAuthenticationToken", "message": "no"}})


class Refused(Exception):
    """Entra says no."""

    def __init__(self, error, number):
        super().__init__(error)
        self.body = {"error": error, "error_codes": [number], "error_description":
                     f"AADSTS{number}: refused by the lab.\r\nTrace ID: 1111\r\nCorrelation ID: 9999\r\nTimestamp: 2026-11-23 19:20:31Z",
                     "timestamp": "2026-11-23 19:20:31Z", "trace_id": "1111", "correlation_id": "9999"}


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens on one address; `context` is None where plain HTTP would be spoken."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, place, play, context):
        self.play, self.context, self.place = play, context, f"{place[0]}:{place[1]}"
        super().__init__(place, Desk)

    def get_request(self):
        stream, address = super().get_request()
        with self.play.lock:
            self.play.accepted[self.place] = self.play.accepted.get(self.place, 0) + 1
        if self.context:
            stream = self.context.wrap_socket(stream, server_side=True, do_handshake_on_connect=False)
        return stream, address

    def handle_error(self, _request, _address):
        # A client that turns away from a certificate breaks the handshake off; that is what some scenarios are about.
        pass


def open_all(play, certificate, key, newest=None):
    """Friends on one address, strangers on another, with and without TLS, which may be no newer than `newest`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # What is out of date and too weak is offered as well: whether to take it is the client's to say.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if newest:
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest
    context.load_cert_chain(certificate, key)
    context.sni_callback = lambda stream, name, _context: setattr(stream, "asked_for", name)
    servers = []
    for place, guarded in [((HERE, 443), True), ((HERE, 80), False), ((HERE, 8443), True),
                           ((ELSEWHERE, 443), True), ((ELSEWHERE, 80), False)]:
        server = Server(place, play, context if guarded else None)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
    return servers
