"""An OpenID provider as a process of its own, honest or not: the last part of its issuer's address says how it lies.

python tests/web/openid.py UNIX_TIME      prints its port; whoever asks to be authorised is the person `subject`
"""

import base64
import hashlib
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

NOW = int(sys.argv[1]) if __name__ == "__main__" else 0
KEY, OTHER = RSAKey.generate_key(2048, {"kid": "1"}), RSAKey.generate_key(2048, {"kid": "1"})
CODES: dict[str, dict[str, str]] = {}
CLIENT, SECRET = "starflow", "a secret of the client"


class Provider(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        lie, _, what = parts.path.strip("/").partition("/")
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        match what:
            case ".well-known/openid-configuration":
                self.say(self.metadata(lie))
            case "authorize":
                self.authorize(lie, asked)
            case "keys":
                self.say(KeySet([KEY]).as_dict(private=False))
            case _:
                self.send_error(404)

    def do_POST(self) -> None:
        lie = self.path.strip("/").split("/")[0]
        asked = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        code, verifier = asked["code"][0], asked["code_verifier"][0]
        set_out = CODES.pop(code, None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        client = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        good = set_out is not None and set_out["code_challenge"] == challenge
        if not good or set_out is None or self.headers["authorization"] != f"Basic {client}":
            self.say({"error": "invalid_grant"}, 400)
            return
        self.say({"access_token": "x", "token_type": "Bearer", "id_token": self.id_token(lie, set_out["nonce"])})

    def issuer(self, lie: str) -> str:
        return f"http://{self.headers['host']}/{lie}"

    def metadata(self, lie: str) -> dict[str, str]:
        base = self.issuer(lie)
        return {
            "issuer": "https://somebody.else" if lie == "metadata" else base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/keys",
        }

    def authorize(self, lie: str, asked: dict[str, str]) -> None:
        code = f"code-{len(CODES)}-{asked['state'][:6]}"
        CODES[code] = asked
        back = {"code": code, "state": asked["state"]} | ({"iss": "https://mixed.up"} if lie == "mixup" else {})
        self.send_response(302)
        self.send_header("location", f"{asked['redirect_uri']}?{urlencode(back)}")
        self.end_headers()

    def id_token(self, lie: str, nonce: str) -> str:
        claims: dict[str, Any] = {
            "iss": self.issuer(lie),
            "aud": CLIENT,
            "sub": "subject",
            "nonce": nonce,
            "iat": NOW,
            "exp": NOW + 300,
        }
        claims |= {
            "issuer": {"iss": "https://somebody.else"},
            "audience": {"aud": "another"},
            "audiences": {"aud": [CLIENT, "another"]},
            "nonce": {"nonce": "of another sign-in"},
            "expired": {"iat": NOW - 4000, "exp": NOW - 3700},
            "future": {"iat": NOW + 4000, "exp": NOW + 4300},
            "nobody": {"sub": ""},
        }.get(lie, {})
        if lie == "unsigned":
            parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
            return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."
        if lie == "shared":  # signed with the client's secret, as if that were the provider's key
            return jwt.encode({"alg": "HS256", "kid": "1"}, claims, OctKey.import_key(SECRET))
        return jwt.encode({"alg": "RS256", "kid": "1"}, claims, OTHER if lie == "signature" else KEY)

    def say(self, shape: Any, status: int = 200) -> None:
        body = json.dumps(shape).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nobody reads it."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    print(server.server_port, flush=True)
    server.serve_forever()
