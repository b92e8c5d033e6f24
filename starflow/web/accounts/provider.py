"""Signing in with the organisation's own identity provider: OpenID Connect, authorization code with PKCE.

Checked on the way back: that this browser set out and only once (state), that the answer is this provider's (iss) and meant for us
(aud), made for this very sign-in (nonce), still young, and signed with a key that the provider publishes.
"""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Query, Request, Response

from starflow.service import identities
from starflow.service.identities import Setting, Underway
from starflow.web.accounts.own import signed_or_refused
from starflow.web.accounts.showing import begin, go, page
from starflow.web.accounts.signing_in import browser_of, code_page, text
from starflow.web.accounts.strangers import sign_in_page
from starflow.web.auth import desk_of, network_of, session_of
from starflow.web.forms import Posted, browser_secret, is_ours
from workflow.engine.errors import Refused, Unauthenticated, Unavailable, Unknown

router = APIRouter(include_in_schema=False)
BACK = "/sign-in/provider/back"
SIGNED_WITH = ("RS256", "PS256", "ES256", "EdDSA")
SKEW = 60
SECONDS = 5
NOT_PROVEN = "统一身份认证的答复不能采信,没有登录"
Said = Annotated[str, Query(max_length=4000)]


@router.post("/sign-in/provider")
def sign_in(request: Request, form: Posted) -> Response:
    return _set_out(request, text(form, "next"))


@router.post("/account/provider")
def bind(request: Request, form: Posted) -> Response:
    return _set_out(request, "/account", signed_or_refused(request).account_id)


@router.post("/account/provider/unbind")
def unbind(request: Request, form: Posted) -> Response:
    identities.unbind(desk_of(request), signed_or_refused(request).account_id)
    return go(request, "/account")


@router.get(BACK)
def back(request: Request, state: Said = "", code: Said = "", iss: Said = "", error: Said = "") -> Response:
    """The one GET that does something, because the provider sends browsers here; `state` makes sure that it is once."""
    try:
        underway = identities.come_back(desk_of(request), state, browser=browser_secret(request))
        if error or not code:
            raise Unauthenticated("统一身份认证没有同意登录")
        if iss and iss != desk_of(request).settings.oidc_issuer:
            raise Unauthenticated(NOT_PROVEN)
        subject = _subject(request, code, underway)
        return _entered(request, underway, subject)
    except (Unauthenticated, Refused, Unavailable) as refusal:
        return sign_in_page(request, 401, said=str(refusal))


# ── setting out ──────────────────────────────────────────────────


def _set_out(request: Request, onwards: str, account_id: int | None = None) -> Response:
    """By a page that goes on by itself: a form's own redirection may not leave this host."""
    made = identities.set_out(
        desk_of(request),
        browser=browser_secret(request),
        onwards=onwards if is_ours(onwards) else "/",
        account_id=account_id,
    )
    try:
        with _client(request) as client:
            there = _metadata(request, client)["authorization_endpoint"]
    except Unavailable as refusal:
        return sign_in_page(request, 503, said=str(refusal))
    url = f"{there}{'&' if '?' in there else '?'}{urlencode(_asked(request, made))}"
    answer = page(request, "leaving", url=url)
    answer.headers["refresh"] = f"0; url={url}"
    return answer


def _asked(request: Request, made: Setting) -> dict[str, str]:
    challenge = urlsafe_b64encode(sha256(made.verifier.encode()).digest()).rstrip(b"=").decode()
    settings = desk_of(request).settings
    return {
        "response_type": "code",
        "scope": "openid",
        "client_id": settings.oidc_client_id,
        "redirect_uri": settings.public_url + BACK,
        "state": made.state,
        "nonce": made.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }


# ── coming back ──────────────────────────────────────────────────


def _entered(request: Request, underway: Underway, subject: str) -> Response:
    desk, issuer = desk_of(request), desk_of(request).settings.oidc_issuer
    if underway.account_id is not None:
        signed = session_of(request)
        if signed is None or signed.account_id != underway.account_id:
            raise Unauthenticated(identities.STALE)
        identities.bind(desk, underway.account_id, issuer, subject)
        return go(request, "/account")
    entered = identities.sign_in_as(desk, issuer, subject, browser=browser_of(request), network=network_of(request))
    begin(request, entered.reference)
    return go(request, underway.onwards) if entered.whole else code_page(request, (), "", underway.onwards)


def _subject(request: Request, code: str, underway: Underway) -> str:
    """Whom the provider means. Raises Unauthenticated, Unavailable."""
    from httpx import HTTPError

    settings = desk_of(request).settings
    told = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": underway.verifier,
        "redirect_uri": settings.public_url + BACK,
        "client_id": settings.oidc_client_id,
    }
    with _client(request) as client:
        metadata = _metadata(request, client)
        try:
            token = client.post(metadata["token_endpoint"], data=told, auth=_secret(request)).raise_for_status().json()
            keys = client.get(metadata["jwks_uri"]).raise_for_status().json()
            id_token = str(token["id_token"])
        except (HTTPError, ValueError, KeyError, TypeError) as fault:
            raise Unauthenticated(NOT_PROVEN) from fault
    return _proven(request, id_token, keys, underway.nonce)


def _proven(request: Request, id_token: str, keys: Any, nonce: str) -> str:
    """The subject of a token that is signed, ours, young, and of this sign-in. Raises Unauthenticated."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    settings, now = desk_of(request).settings, int(desk_of(request).wall.now().timestamp())
    claims_asked = jwt.JWTClaimsRegistry(
        now=now,
        leeway=SKEW,
        iss={"essential": True, "value": settings.oidc_issuer},
        aud={"essential": True, "value": settings.oidc_client_id},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
        sub={"essential": True},
    )
    try:
        claims = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=list(SIGNED_WITH)).claims
        claims_asked.validate(claims)
    except (JoseError, ValueError, TypeError, KeyError) as fault:
        raise Unauthenticated(NOT_PROVEN) from fault
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != settings.oidc_client_id:
        raise Unauthenticated(NOT_PROVEN)
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 200:
        raise Unauthenticated(NOT_PROVEN)
    return subject


# ── the provider ─────────────────────────────────────────────────


def _client(request: Request) -> Any:
    """Raises Unknown where the installation has no provider, Unavailable where the extra `oidc` is not installed."""
    settings = desk_of(request).settings
    if not settings.oidc_issuer:
        raise Unknown("本系统没有接入统一身份认证")
    try:
        from httpx import Client
    except ImportError as fault:
        raise Unavailable('缺少统一身份认证的程序库,请运行 pip install "starflow[oidc]"') from fault
    return Client(timeout=SECONDS, follow_redirects=False, trust_env=False)


def _secret(request: Request) -> tuple[str, str] | None:
    """The client's own name and secret (client_secret_basic), where it has one."""
    settings = desk_of(request).settings
    file = settings.oidc_secret_file
    return (settings.oidc_client_id, file.read_text(encoding="utf-8").strip()) if file else None


def _metadata(request: Request, client: Any) -> dict[str, str]:
    """What the provider says of itself; every address of it as safe as the issuer's own. Raises Unavailable."""
    from httpx import HTTPError

    issuer = desk_of(request).settings.oidc_issuer
    try:
        answer = client.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        found: dict[str, str] = answer.raise_for_status().json()
        addresses = [found[name] for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    except (HTTPError, ValueError, KeyError, TypeError) as fault:
        raise Unavailable("统一身份认证暂时联系不上,请稍后再试,或用登录名和密码登录") from fault
    schemes = {urlsplit(address).scheme for address in addresses}
    if found.get("issuer") != issuer or schemes != {urlsplit(issuer).scheme}:
        raise Unavailable("统一身份认证的自述与设置不符,请联系管理员")
    return found
