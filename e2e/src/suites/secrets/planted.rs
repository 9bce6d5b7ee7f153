//! Requests with a secret planted in them.

use serde_json::{Map, Value, json};

/// What must never come out again.
pub(super) const SECRET: &str = "hunter2-planted-by-the-suite";

/// The secret as it is, in a form or a Basic header, and in part.
pub(super) const FORMS: [&str; 3] = ["hunter2-planted", "aHVudGVyMi1wbGFudGVk", "h%75nter2"];

/// Requests of a capability, well formed and not, each with the secret in all credentials that it takes.
pub(super) fn requests(capability: &str, info: &Value, provider: &str) -> Vec<String> {
    let mut requests = Vec::new();
    for payload in payloads(capability, info) {
        let request = json!({"request": payload, "settings": settings(provider), "include_raw_data": true});
        requests.push(request.to_string());
        requests.extend(misshapen(&request.to_string()));
        for (key, value) in credentials(info) {
            requests.push(with(&request, key, value).to_string());
        }
    }
    let with_auth =
        json!({"auth": credential_of_every_type(), "request": {}, "settings": settings(provider)});
    requests.extend(misshapen(&with_auth.to_string()));
    requests
}

/// The ways in which a request brings credentials, the wrong ones included.
fn credentials(info: &Value) -> Vec<(&'static str, Value)> {
    let declared = info["credentials_schema"].as_array().cloned().unwrap_or_default();
    let mut items: Vec<Value> = declared
        .iter()
        .map(|credential| with(&credential_of_every_type(), "id", credential["id"].clone()))
        .collect();
    items.push(with(&credential_of_every_type(), "id", json!("undeclared")));
    vec![
        ("auth", credential_of_every_type()),
        ("auth", json!(SECRET)),
        ("auth", json!({"basic": {"username": SECRET, "password": 5, "token": SECRET}})),
        ("credentials", json!(items[..items.len() - 1])),
        ("credentials", json!(items)),
        ("credentials", json!([SECRET])),
        ("credentials", json!({SECRET: SECRET})),
    ]
}

/// A credential that has the parts of all types, every text of them secret.
fn credential_of_every_type() -> Value {
    let headers = ["alg", "jku", "jwk", "typ", "kid", "x5u", "x5c", "x5t", "x5t#S256", "cty"];
    let claims = ["iss", "sub", "aud", "jti", "act", "client_id", "may_act"];
    let numbers = json!({"exp": 1, "nbf": 1, "iat": 1, "scope": [SECRET]});
    json!({
        "oauth": secrets(&["access_token"]),
        "oauth_client_credentials":
            with(&secrets(&["access_token", "client_id", "client_secret"]), "scopes", json!([SECRET])),
        "oauth1": secrets(&["consumer_key", "consumer_secret", "token_id", "token_secret"]),
        "basic": secrets(&["username", "password"]),
        "token": secrets(&["token"]),
        "jwt": {
            "headers": with(&secrets(&headers), "crit", json!([SECRET])),
            "claims": merged(&secrets(&claims), &numbers),
            "secret": SECRET,
        },
        "service_account": {
            "service_type": "aws",
            "key": {"private_key": SECRET, "nested": {"list": [SECRET]}},
            "impersonation_email": SECRET,
            "tenant_id": SECRET,
            "scopes": [SECRET],
        },
        "key_pair": secrets(&["key_identifier", "private_key"]),
        "empty": {},
    })
}

/// Payloads of a capability that has secrets in its payload, for each credential; an empty one for all others.
fn payloads(capability: &str, info: &Value) -> Vec<Value> {
    let declared = info["credentials_schema"].as_array().cloned().unwrap_or_default();
    let ids: Vec<Value> =
        declared.iter().map(|credential| credential["id"].clone()).chain([Value::Null]).collect();
    let for_each =
        |payload: Value| ids.iter().map(|id| with(&payload, "credential_id", id.clone())).collect();
    let client = json!({"client_id": "client", "client_secret": SECRET, "state": SECRET});
    let callback = format!("https://lumos.test/cb?code={SECRET}&state={SECRET}");
    match capability {
        "get_authorization_url" => for_each(json!({
            "client_id": "client",
            "scopes": 5,
            "redirect_uri": "https://lumos.test/cb",
            "state": SECRET,
            "form_data": {"code": SECRET},
        })),
        "handle_authorization_callback" => {
            for_each(merged(&client, &json!({"redirect_uri_with_code": callback, "code_verifier": SECRET})))
        }
        "handle_client_credentials_request" => for_each(with(&client, "scopes", json!([]))),
        "refresh_access_token" => for_each(with(&client, "refresh_token", json!(SECRET))),
        "validate_credential_config" => ids
            .iter()
            .map(|id| json!({"credential": with(&credential_of_every_type(), "id", id.clone())}))
            .collect(),
        _ => vec![json!({})],
    }
}

/// Settings that suit every twin.
fn settings(provider: &str) -> Value {
    json!({
        "host": "acme.test", "subdomain": "acme", "workspace": "acme",
        "token_url": provider, "api_secret": SECRET,
    })
}

/// A request in shapes that cannot be read: broken off, of other types, with more than JSON.
fn misshapen(text: &str) -> Vec<String> {
    let quoted = format!("\"{SECRET}\"");
    let in_place = |other: &str| text.replacen(&quoted, other, 1);
    let half = text.find(SECRET).map_or(0, |at| at + SECRET.len() - 1);
    vec![
        text[..half].to_owned(),
        text[..text.len() - 1].to_owned(),
        format!("{text}{SECRET}"),
        SECRET.to_owned(),
        in_place(&format!("[{quoted}]")),
        in_place(&format!("{{{quoted}: {quoted}}}")),
        in_place(&format!("\"{SECRET}\\ud800\"")),
        in_place(SECRET),
        text.replace(&quoted, &format!("\" {SECRET} \"")),
        text.replace(&quoted, &format!("\"{SECRET}\\n\\u0000\"")),
    ]
}

/// An object with the secret under every key.
fn secrets(keys: &[&str]) -> Value {
    keys.iter().map(|key| ((*key).to_owned(), json!(SECRET))).collect::<Map<_, _>>().into()
}

fn with(object: &Value, key: &str, value: Value) -> Value {
    let mut object = object.clone();
    object[key] = value;
    object
}

fn merged(one: &Value, other: &Value) -> Value {
    let entries = [one, other].into_iter().filter_map(Value::as_object).flatten();
    entries.map(|(key, value)| (key.clone(), value.clone())).collect::<Map<_, _>>().into()
}
