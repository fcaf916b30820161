//! Who signs in, and what they see.

use super::*;

#[test]
fn a_token_is_had_by_managed_identities_only() {
    let client = Client::of(None);
    let metadata = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/";
    let mut asked = request("GET", metadata);
    assert_eq!(client.azure.answer(&asked).status, 400, "without the header Metadata");
    asked.headers.push(("metadata".into(), "true".into()));
    let given = body(&client.azure.answer(&asked));
    assert_eq!(given["expires_in"], "86399", "a text");
    assert_eq!(given["token_type"], "Bearer");
    asked.path = "/nobody/metadata/identity/oauth2/token".into();
    assert_eq!(body(&client.azure.answer(&asked))["error_description"], "Identity not found");
}

#[test]
fn a_certificate_s_assertion_must_say_what_it_must() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let client = Client::of(None);
    let path = "/000000d1-0d3a-4000-8000-000000000001/oauth2/v2.0/token";
    let now = client.world.now().as_second();
    let good = json!({
        "aud": format!("https://127.0.0.1:1{path}"), "iss": "app", "sub": "app", "jti": "1", "nbf": now, "exp": now + 600,
    });
    let ask = |head: &Json, claims: &Json| {
        let part = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
        let form = [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", "app".to_owned()),
            ("scope", "https://management.azure.com/.default".to_owned()),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned()),
            ("client_assertion", format!("{}.{}.c2ln", part(head), part(claims))),
        ];
        let mut asked = request("POST", path);
        asked.body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish().into_bytes();
        let answer = body(&client.azure.answer(&asked));
        answer["error_codes"][0].as_u64().unwrap_or_else(|| u64::from(!answer["access_token"].is_string()))
    };
    let head = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": "x" });
    assert_eq!(ask(&head, &good), 0);
    assert_eq!(ask(&json!({ "alg": "none" }), &good), 700_027);
    for (claim, value, number) in [
        ("aud", json!("https://login.example"), 700_023),
        ("sub", json!("another"), 700_021),
        ("exp", json!(now), 700_024),
        ("exp", json!(now + 100_000), 700_024),
        ("jti", Json::Null, 700_027),
    ] {
        let mut wrong = good.clone();
        wrong[claim] = value;
        assert_eq!(ask(&head, &wrong), number, "{claim}");
    }
}

#[test]
fn who_has_no_good_token_gets_nothing() {
    let mut client = Client::of(None);
    let mut asked = request("GET", "/subscriptions?api-version=2022-12-01");
    assert_eq!(body(&client.azure.answer(&asked))["error"]["code"], "AuthenticationFailed");
    client.token = client.token_for(None, "https://api.loganalytics.io");
    assert_eq!(
        client.refusal("GET", "/subscriptions", "2022-12-01", None),
        (401, "InvalidAuthenticationTokenAudience".to_owned())
    );
    client.token = client.token_for(None, "https://management.azure.com/");
    asked.headers.push(("authorization".into(), format!("Bearer {}", client.token)));
    assert_eq!(client.azure.answer(&asked).status, 200);
    let later = "2026-03-11T12:00:00Z".parse().unwrap();
    let world = World::new("2026-03-10T12:00:00Z".parse().unwrap()).with_clock(move || later);
    let answer = Azure::new(Arc::new(world), Settings::default()).answer(&asked);
    assert_eq!((answer.status, &body(&answer)["error"]["code"]), (401, &json!("ExpiredAuthenticationToken")));
}

#[test]
fn a_customer_sees_its_own_subscriptions_and_the_provider_all() {
    let names = |client: &Client| client.get("/subscriptions", "2022-12-01")["value"].as_array().unwrap().len();
    assert_eq!((names(&Client::of(None)), names(&Client::of(Some("nordhafen")))), (4, 2));
    let foreign = Client::of(Some("marlowe"));
    assert_eq!(
        foreign.refusal("GET", NORDHAFEN, "2025-07-01", None),
        (401, "InvalidAuthenticationTokenTenant".to_owned())
    );
}
