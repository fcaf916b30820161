//! Who asks: managed identities and the tokens that they get.
//!
//! A token is a JWT without a signature (`alg` is `none`): its claims are
//! believed, as nothing here is worth a signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::exchange::{Answer, Request};
use super::refusal::Refusal;
use crate::demo::world::arm::PROVIDER_TENANT;
use crate::demo::world::{World, demo_id};

/// How long a token is good. Source: managed identities get a day.
const TOKEN_SECONDS: i64 = 86_399;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    ResourceManager,
    LogAnalytics,
    Monitor,
}

/// Whose a request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) tenant: String,
    pub(super) object: String,
}

/// An identity that may ask for tokens.
struct Identity {
    tenant: String,
    client: String,
    object: String,
}

impl Identity {
    /// That of the customer of that alias on its jump host; without an alias,
    /// the provider's, which sees every subscription.
    fn of(world: &World, alias: Option<&str>) -> Option<Self> {
        let tenant = match alias {
            None => PROVIDER_TENANT.to_owned(),
            Some(alias) => world.tenant(alias)?.tenant_id.clone(),
        };
        let of = |what| demo_id(&[&tenant, "identity", what]);
        Some(Self { client: of("client"), object: of("object"), tenant })
    }
}

impl Audience {
    /// What a resource is for. This server itself, as clients name it that were
    /// told of no other, is for everything that it serves: `wanted`.
    fn of(resource: &str, wanted: Self) -> Option<Self> {
        let host = resource.trim_end_matches('/').trim_end_matches("/.default").trim_end_matches('/');
        let host = host.strip_prefix("https://").unwrap_or(host);
        Some(match host {
            "management.azure.com" | "management.core.windows.net" => Self::ResourceManager,
            "api.loganalytics.io" | "api.loganalytics.azure.com" => Self::LogAnalytics,
            "monitor.azure.com" => Self::Monitor,
            here if here.starts_with("127.0.0.1:") || here.starts_with("localhost:") => wanted,
            _ => return None,
        })
    }
}

/// Answers `…/metadata/identity/oauth2/token` (a VM's), `…/msi/token` (the form
/// of `IDENTITY_ENDPOINT`), each with a customer's alias before it or none.
pub(super) fn token(world: &World, alias: Option<&str>, request: &Request, now: Timestamp) -> Answer {
    let is_vm = request.path.contains("/metadata/");
    let error = no_token;
    if is_vm && !request.header("metadata").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return error(400, "invalid_request", "Required metadata header not specified");
    }
    if is_vm && request.header("x-forwarded-for").is_some() {
        return error(400, "invalid_request", "Request contains the X-Forwarded-For header");
    }
    if !is_vm && request.header("x-identity-header").is_none_or(str::is_empty) {
        return error(401, "unauthorized", "The X-IDENTITY-HEADER is missing.");
    }
    let Some(resource) = request.parameter("resource") else {
        return error(400, "invalid_request", "Required query variable 'resource' is missing");
    };
    if request.parameter("api-version").is_none() {
        return error(400, "invalid_request", "Required query variable 'api-version' is missing");
    }
    if Audience::of(resource, Audience::ResourceManager).is_none() {
        return error(400, "invalid_resource", "AADSTS500011: The resource principal was not found in the tenant.");
    }
    let Some(identity) = Identity::of(world, alias) else {
        return error(400, "invalid_request", "Identity not found");
    };
    let chosen = request.parameter("client_id").map(|id| id.eq_ignore_ascii_case(&identity.client));
    let object = request.parameter("object_id").or_else(|| request.parameter("principal_id"));
    let object = object.map(|id| id.eq_ignore_ascii_case(&identity.object));
    if chosen == Some(false) || object == Some(false) {
        return error(400, "invalid_request", "Identity not found");
    }
    let (from, until) = (now.as_second(), now.as_second() + TOKEN_SECONDS);
    let token = jwt(&identity, resource, from, until);
    // Numbers as texts: both services write them so.
    let mut answer = json!({
        "access_token": token,
        "client_id": identity.client,
        "expires_on": until.to_string(),
        "resource": resource,
        "token_type": "Bearer",
    });
    if is_vm {
        answer["expires_in"] = TOKEN_SECONDS.to_string().into();
        answer["ext_expires_in"] = TOKEN_SECONDS.to_string().into();
        answer["not_before"] = from.to_string().into();
    }
    Answer::json(200, answer)
}

/// What the sign-in says instead of a token.
pub(super) fn no_token(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, json!({ "error": code, "error_description": message }))
}

/// Answers `POST /{tenant}/oauth2/v2.0/token` of a service principal: any
/// client id of a tenant that there is, with any secret that is not empty, or
/// with an assertion that says what it must. Nobody registered a certificate
/// here, so its signature is not checked.
pub(super) fn principal(world: &World, tenant: &str, request: &Request, now: Timestamp) -> Answer {
    let form: Vec<(String, String)> = form_urlencoded::parse(&request.body).into_owned().collect();
    let given = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let known = world.tenants().iter().map(|tenant| tenant.tenant_id.as_str()).chain([PROVIDER_TENANT]);
    let Some(tenant) = known.into_iter().find(|known| known.eq_ignore_ascii_case(tenant)) else {
        return unsigned(now, 400, "invalid_request", 90002, &format!("Tenant '{tenant}' not found."));
    };
    if given("grant_type") != Some("client_credentials") {
        let message = "The app requested an unsupported grant type.";
        return unsigned(now, 400, "unsupported_grant_type", 70003, message);
    }
    let Some(client) = given("client_id").filter(|id| !id.is_empty()) else {
        let message = "The request body must contain the following parameter: 'client_id'.";
        return unsigned(now, 400, "invalid_request", 900_144, message);
    };
    if let Some(assertion) = given("client_assertion") {
        let is_jwt = given("client_assertion_type") == Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        if !is_jwt {
            let message = "The value of the parameter 'client_assertion_type' is not supported.";
            return unsigned(now, 401, "invalid_client", 700_021, message);
        }
        if let Err((number, message)) = asserted(assertion, client, &format!("{}{}", request.base, request.path), now) {
            return unsigned(now, 401, "invalid_client", number, message);
        }
    } else if given("client_secret").is_none_or(str::is_empty) {
        let message = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
        return unsigned(now, 401, "invalid_client", 7_000_218, message);
    }
    let is_known = |scope: &&str| Audience::of(scope, Audience::ResourceManager).is_some();
    let Some(scope) = given("scope").filter(|scope| scope.ends_with("/.default")).filter(is_known) else {
        let message = "The provided value for the input parameter 'scope' is not valid.";
        return unsigned(now, 400, "invalid_scope", 1_002_012, message);
    };
    let object = demo_id(&[tenant, client, "object"]);
    let identity = Identity { tenant: tenant.to_owned(), client: client.to_owned(), object };
    let resource = scope.trim_end_matches("/.default");
    let token = jwt(&identity, resource, now.as_second(), now.as_second() + 3599);
    // Numbers as numbers here: the service writes them so.
    let answer = json!({ "token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token });
    Answer::json(200, answer)
}

fn unsigned(now: Timestamp, status: u16, code: &str, number: u32, message: &str) -> Answer {
    let body = json!({
        "error": code,
        "error_description": format!("AADSTS{number}: {message}"),
        "error_codes": [number],
        "timestamp": now.to_string(),
        "trace_id": demo_id(&["trace", &now.to_string()]),
        "correlation_id": demo_id(&["correlation", &now.to_string()]),
        "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
    });
    Answer::json(status, body)
}

/// Whether an assertion is one of that client for that endpoint, now.
///
/// *Spec* certificate credentials of the Microsoft identity platform: `aud` is
/// the endpoint itself, `iss` and `sub` the client, the certificate is named by
/// its hash.
fn asserted(assertion: &str, client: &str, endpoint: &str, now: Timestamp) -> Result<(), (u32, &'static str)> {
    let malformed = (50027, "JWT token is invalid or malformed.");
    let parts: Vec<&str> = assertion.split('.').collect();
    let [head, claims, signature] = parts.as_slice() else { return Err(malformed) };
    let (head, claims) = (json_of(head).ok_or(malformed)?, json_of(claims).ok_or(malformed)?);
    let is = |value: &Json, wanted: &str| value.as_str().is_some_and(|value| value.eq_ignore_ascii_case(wanted));
    let is_signed = matches!(head["alg"].as_str(), Some("PS256" | "RS256")) && !signature.is_empty();
    let names_it = head["x5t"].is_string() || head["x5t#S256"].is_string();
    if !is_signed || !names_it {
        return Err((
            700_027,
            "The certificate with identifier used to sign the client assertion is not registered on application.",
        ));
    }
    if !is(&claims["aud"], endpoint) {
        return Err((700_023, "Client assertion audience claim does not match Realm issuer."));
    }
    if !is(&claims["iss"], client) || !is(&claims["sub"], client) {
        return Err((700_021, "Client assertion application identifier doesn't match 'client_id' parameter."));
    }
    let time = |name: &str| claims[name].as_i64();
    let (now, until) = (now.as_second(), time("exp").unwrap_or_default());
    // *Spec* five to ten minutes are recommended; a day is the most that is taken. Clocks differ by five minutes.
    if until <= now || until > now + 86_400 || time("nbf").is_some_and(|from| from > now + 300) {
        return Err((700_024, "Client assertion is not within its valid time range."));
    }
    if !claims["jti"].is_string() {
        return Err((700_027, "Client assertion contains no 'jti'."));
    }
    Ok(())
}

/// What a client looks up before it asks for a principal's token.
pub(super) fn discovery(base: &str, tenant: &str) -> Answer {
    let at = |part: &str| format!("{base}/{tenant}/oauth2/v2.0/{part}");
    let body = json!({
        "token_endpoint": at("token"),
        "authorization_endpoint": at("authorize"),
        "device_authorization_endpoint": at("devicecode"),
        "issuer": format!("{base}/{tenant}/v2.0"),
        "tenant_region_scope": "EU",
    });
    Answer::json(200, body)
}

fn jwt(identity: &Identity, resource: &str, from: i64, until: i64) -> String {
    let part = |json: Json| URL_SAFE_NO_PAD.encode(json.to_string());
    let claims = json!({
        "aud": resource,
        "iss": format!("https://sts.windows.net/{}/", identity.tenant),
        "iat": from,
        "nbf": from,
        "exp": until,
        "appid": identity.client,
        "idtyp": "app",
        "oid": identity.object,
        "sub": identity.object,
        "tid": identity.tenant,
        "ver": "1.0",
    });
    format!("{}.{}.", part(json!({ "alg": "none", "typ": "JWT" })), part(claims))
}

/// Who the bearer of the request's token is.
///
/// # Errors
///
/// 401 as the resource manager has it, where there is no token, none that can
/// be read, one that has expired, or one for something else.
pub(super) fn caller(request: &Request, wanted: Audience, now: Timestamp) -> Result<Caller, Refusal> {
    let missing =
        || refused("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.".into());
    let header = request.header("authorization").ok_or_else(missing)?;
    let token = header.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"));
    let token = token.map(|(_, token)| token.trim()).ok_or_else(|| {
        refused(
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is provided in an invalid format.".into(),
        )
    })?;
    let claims =
        claims(token).ok_or_else(|| refused("InvalidAuthenticationToken", "The access token is invalid.".into()))?;
    let until = claims["exp"].as_i64().unwrap_or_default();
    if until <= now.as_second() {
        let until = Timestamp::from_second(until).unwrap_or_default();
        let message = format!("The access token expiry UTC time '{until}' is earlier than current UTC time '{now}'.");
        return Err(refused("ExpiredAuthenticationToken", message));
    }
    let audience = claims["aud"].as_str().unwrap_or_default();
    // The query service takes the resource manager's tokens, too, on the
    // resource manager's own path only; each of the others its own.
    if Audience::of(audience, wanted) != Some(wanted) {
        let message = format!(
            "The access token has been obtained for wrong audience or resource '{audience}'. It should exactly match \
             with one of the allowed audiences."
        );
        return Err(refused("InvalidAuthenticationTokenAudience", message));
    }
    let claim = |name: &str| claims[name].as_str().map(str::to_owned);
    match (claim("tid"), claim("oid")) {
        (Some(tenant), Some(object)) => Ok(Caller { tenant, object }),
        _ => Err(refused("InvalidAuthenticationToken", "The access token is missing expected claims.".into())),
    }
}

fn refused(code: &str, message: String) -> Refusal {
    let said = "Bearer authorization_uri=\"https://login.microsoftonline.com/common\", error=\"invalid_token\"";
    Refusal::new(401, code, message).with("www-authenticate", said)
}

/// 401 for a token that was good until then.
pub(super) fn expired(until: Timestamp, now: Timestamp) -> Refusal {
    let message = format!("The access token expiry UTC time '{until}' is earlier than current UTC time '{now}'.");
    refused("ExpiredAuthenticationToken", message)
}

fn claims(token: &str) -> Option<Json> {
    let mut parts = token.split('.');
    let (_, claims) = (parts.next()?, parts.next()?);
    json_of(claims)
}

/// One part of a JWT.
fn json_of(part: &str) -> Option<Json> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?).ok()
}
