//! Connections, calls and syncs of a connector that is a script.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use lumos_workbench::Options;
use serde_json::json;

use crate::browser::{Browser, Served, agent, text};

/// Two accounts on two pages; the second call of a listing has a token. What it is asked goes to a file beside it.
const SCRIPT: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
case "$1" in
  info) cat info.json; exit ;;
  dev) cat replay-help 2>/dev/null; exit ;;
esac
[ "$4" = --record ] && [ -f "recording-$1.json" ] && cp "recording-$1.json" "$5"
cat > "asked-$1.json"
echo "a line of the log with hunter2secret in it" >&2
case "$1" in
  list_accounts)
    if grep -q '"token":"second"' "asked-$1.json"; then
      echo '{"response":[{"integration_specific_id":"a2","email":"<b>two</b>@acme.test"}],"page":null}'
    else
      echo '{"response":[{"integration_specific_id":"a1","email":"one@acme.test"}],"page":{"token":"second","size":1}}'
    fi ;;
  validate_credentials) echo '{"response":{"valid":true,"unique_tenant_id":"<i>tenant</i>"}}' ;;
  get_authorization_url) printf '{"response":{"authorization_url":"%s","code_verifier":"verifier-of-the-script"}}' "$(cat address)" ;;
  handle_authorization_callback) echo '{"response":{"access_token":"granted-token","refresh_token":"granted-refresh","token_type":"bearer"}}' ;;
esac
"#;

fn write(folder: &Path) {
    let field = |title: &str| json!({"type": "string", "title": title});
    let info = json!({"response": {
        "app_id": "acme", "version": "1.0.0", "user_friendly_name": "<u>Acme</u>", "description": "Help <script>alert(1)</script>",
        "capabilities": ["list_accounts", "validate_credentials", "get_authorization_url", "handle_authorization_callback"],
        "capability_schema": {"list_accounts": {"argument": {"type": "object", "properties": {"department": field("Department"),
            "limit": {"type": "integer", "title": "Limit"}}}, "output": {}}},
        "authentication_schema": {},
        "credentials_schema": [
            {"id": "main", "x-credential-type": "basic", "type": "object", "field_order": ["username", "password"], "required": ["username", "password"],
             "properties": {"password": {"type": "string", "title": "Password", "x-secret": true}, "username": field("User \"><svg onload=alert(1)>")}},
            {"id": "person", "x-credential-type": "oauth", "x-optional": true, "type": "object", "required": ["access_token"],
             "properties": {"access_token": {"type": "string", "title": "Access token", "x-secret": true, "x-hidden": true}}}],
        "request_settings_schema": {"type": "object", "required": ["host"], "properties": {
            "host": field("Host"),
            "mode": {"enum": ["plain", "advanced"], "title": "Mode", "x-field_group": "More of it"},
            "key": {"type": "string", "title": "Key", "x-secret": true, "x-discriminator": {"field": "mode", "expected_value": "advanced"}}}},
    }});
    std::fs::write(folder.join("info.json"), info.to_string()).unwrap();
    std::fs::write(folder.join("address"), "https://provider.example/authorize?state=1").unwrap();
    let script = folder.join("connector.sh");
    std::fs::write(&script, SCRIPT).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(
        folder.join("acme.toml"),
        "[connector]\ncommand = [\"./connector.sh\"]\n[settings]\nhost = \"acme.test\"\n",
    )
    .unwrap();
}

fn served() -> (tempfile::TempDir, Served, Browser) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let mut options = Options::default();
    options.connections = vec![folder.path().join("acme.toml")];
    let served = Served::start(options);
    let browser = Browser::enter(&served);
    (folder, served, browser)
}

/// What the connector was asked.
fn asked(folder: &tempfile::TempDir, capability: &str) -> serde_json::Value {
    let text = std::fs::read_to_string(folder.path().join(format!("asked-{capability}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

const LOGIN: &[(&str, &str)] = &[
    ("credentials.main.used", "yes"),
    ("credentials.main.username", "ada"),
    ("credentials.main.password.source", "typed"),
    ("credentials.main.password.typed", "hunter2secret"),
    ("credentials.person.used", "no"),
    ("settings.host", "acme.test"),
    ("settings.mode", "plain"),
];

#[test]
fn the_form_is_what_the_connector_says_and_a_typed_secret_is_shown_nowhere() {
    let (folder, _served, browser) = served();
    let page = browser.get("connections/0");
    for text in [
        "Password",
        "&lt;u&gt;Acme&lt;/u&gt;",
        "More of it",
        "data-choice=\"advanced\"",
        "Environment variable",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("<script>alert") && !page.contains("<svg onload"), "{page}");
    assert!(
        page.find("User &quot;").unwrap() < page.find("Password").unwrap(),
        "the order is the connector's"
    );
    assert_eq!(browser.post("connections/0", LOGIN).0, 303);
    let (status, told) = browser.post("connections/0/trial", &[]);
    assert_eq!(status, 200);
    assert!(
        told.contains("The credentials are valid") && told.contains("&lt;i&gt;tenant&lt;/i&gt;"),
        "{told}"
    );
    let sent = asked(&folder, "validate_credentials");
    assert_eq!(
        sent["credentials"],
        json!([{"id": "main", "basic": {"username": "ada", "password": "hunter2secret"}}])
    );
    assert_eq!(sent["settings"], json!({"host": "acme.test", "mode": "plain"}));
    // Applied again without typing, it stays.
    let again: Vec<_> = LOGIN.iter().copied().filter(|(name, _)| !name.ends_with(".typed")).collect();
    assert_eq!(browser.post("connections/0", &again).0, 303);
    browser.post("connections/0/trial", &[]);
    assert_eq!(
        asked(&folder, "validate_credentials")["credentials"][0]["basic"]["password"],
        "hunter2secret"
    );
    let (_, called) = browser.post("connections/0/calls/list_accounts", &[("as", "form")]);
    assert!(called.contains("a line of the log with [REDACTED] in it"), "{called}");
    for page in [
        &page,
        &told,
        &called,
        &browser.get("connections/0"),
        &browser.get("connections/0/calls"),
        &browser.get("home"),
    ] {
        assert!(!page.contains("hunter2secret"), "{page}");
    }
}

#[test]
fn what_is_filled_in_wrongly_is_told_without_being_repeated() {
    let (_folder, _served, browser) = served();
    let (status, page) =
        browser.post("connections/0", &[("settings.host", "x"), ("settings.mode", "hunter2secret")]);
    assert_eq!(status, 200);
    assert!(
        page.contains("settings.mode: expected one of the choices") && !page.contains("hunter2secret"),
        "{page}"
    );
    let (_, page) = browser
        .post("connections/0/calls/list_accounts", &[("as", "json"), ("json", "{\"a\":hunter2secret")]);
    assert!(page.contains("is not JSON at line 1") && !page.contains("hunter2secret"), "{page}");
    assert_eq!(browser.post("connections/0/calls/delete_account", &[]).0, 404);
    assert_eq!(browser.status("connections/7").0, 404);
}

#[test]
fn a_call_is_made_from_its_form_and_its_pages_gone_through() {
    let (folder, _served, browser) = served();
    browser.post("connections/0", LOGIN);
    let page = browser.get("connections/0/calls/list_accounts");
    assert!(page.contains("Department") && page.contains("request.limit"), "{page}");
    let form = [("as", "form"), ("request.department", "R&D"), ("request.limit", "5"), ("size", "1")];
    let (_, first) = browser.post("connections/0/calls/list_accounts", &form);
    assert_eq!(asked(&folder, "list_accounts")["request"], json!({"department": "R&D", "limit": 5}));
    assert!(first.contains("<td>one@acme.test</td>") && first.contains("Next page"), "{first}");
    assert!(
        first.contains("connector call")
            && first.contains("--page-size 1")
            && first.contains("curl")
            && first.contains("capability::ListAccounts"),
        "{first}"
    );
    let next = [&form[..], &[("step", "next"), ("before", "[]"), ("here", ""), ("next", "second")]].concat();
    let (_, second) = browser.post("connections/0/calls/list_accounts", &next);
    assert!(
        second.contains("&lt;b&gt;two&lt;/b&gt;")
            && second.contains("Previous page")
            && second.contains("the last"),
        "{second}"
    );
    let back = [&form[..], &[("step", "previous"), ("before", "[\"\"]"), ("here", "second")]].concat();
    let (_, back) = browser.post("connections/0/calls/list_accounts", &back);
    assert!(back.contains("one@acme.test"), "{back}");
}

#[test]
fn http_exchanges_behind_a_call_are_shown_and_copied_as_a_recorded_case() {
    let (folder, _served, browser) = served();
    browser.post("connections/0", LOGIN);
    let call = |form: &[(&str, &str)]| browser.post("connections/0/calls/list_accounts", form).1;
    let none = call(&[("as", "form")]);
    assert!(none.contains("does not record its HTTP exchanges") && none.contains("with --record"), "{none}");
    std::fs::write(folder.path().join("replay-help"), "FILE  A file that was recorded with --record")
        .unwrap();
    // Applied anew, the connection is opened anew, and its program asked again.
    browser.post("connections/0", LOGIN);
    let quiet = call(&[("as", "form")]);
    assert!(quiet.contains("made no HTTP request") && quiet.contains("one@acme.test"), "{quiet}");
    let recording = json!({"capability": "list_accounts", "request": {"auth": null}, "exchanges": [
        {"request": {"method": "GET", "path": "/users", "query": [["limit", "1"], ["q", "<i>"]],
                     "headers": {"authorization": {"scheme": "Basic"}, "accept": "application/json"}},
         "answer": {"status": 200, "headers": [["content-type", "application/json"]],
                    "body": {"json": {"users": ["<script>alert(1)</script>", "hunter2secret"]}}}},
        {"request": {"method": "POST", "path": "/search", "body": {"form": [["name", "ada"]]}}, "answer": {"failure": "timeout"}}],
        "answer": {"response": []}});
    std::fs::write(folder.path().join("recording-list_accounts.json"), recording.to_string()).unwrap();
    let page = call(&[("as", "form")]);
    for text in [
        "2 HTTP exchanges",
        "GET /users?limit=1&amp;q=&lt;i&gt;",
        "200",
        "authorization: Basic (secret)",
        "content-type: application/json",
        "&lt;script&gt;alert(1)",
        "POST /search",
        "name=ada",
        "timeout",
        "tests/recordings",
        "&quot;capability&quot;:&quot;list_accounts&quot;",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("hunter2secret") && !page.contains("<script>alert"), "{page}");
    assert!(!call(&[("as", "form"), ("record", "no")]).contains("id=\"exchanges\""));
}

#[test]
fn a_sync_runs_and_what_was_read_is_shown() {
    let (folder, _served, browser) = served();
    browser.post("connections/0", LOGIN);
    assert_eq!(browser.post("connections/0/sync", &[("page_size", "1")]).0, 303);
    let events = browser.get("connections/0/sync/events");
    assert!(events.contains("event: progress") && events.ends_with("data: end\n\n"), "{events}");
    assert!(events.contains("complete"), "{events}");
    let page = browser.get("connections/0/sync");
    assert!(page.contains("What was read"), "{page}");
    assert!(folder.path().join("acme.db").exists());
    assert!(browser.get("tenants/0/1/accounts").contains("2 accounts in all"));
    assert_eq!(browser.post("connections/0/sync", &[("page_size", "none")]).0, 200);
}

#[test]
fn a_connection_is_saved_with_references_alone() {
    let (folder, _served, browser) = served();
    browser.post("connections/0", LOGIN);
    let (_, page) = browser.post("connections/0/save", &[("name", "copy")]);
    assert!(
        page.contains("These secrets were typed") && page.contains("copy/credentials.main.password"),
        "{page}"
    );
    assert!(!folder.path().join("copy.toml").exists());
    let by_name = [
        &LOGIN[..2],
        &[
            ("credentials.main.password.source", "env"),
            ("credentials.main.password.reference", "ACME_PASSWORD"),
            ("credentials.person.used", "no"),
            ("settings.host", "acme.test"),
        ],
    ]
    .concat();
    browser.post("connections/0", &by_name);
    for name in ["../copy", "/tmp/copy", ".copy"] {
        assert!(
            browser.post("connections/0/save", &[("name", name)]).1.contains("expected letters"),
            "{name}"
        );
    }
    let (_, page) = browser.post("connections/0/save", &[("name", "acme")]);
    assert!(page.contains("is there already"), "{page}");
    let (_, page) = browser.post("connections/0/save", &[("name", "copy")]);
    assert!(page.contains("Saved as"), "{page}");
    let saved = std::fs::read_to_string(folder.path().join("copy.toml")).unwrap();
    assert!(saved.contains("env = \"ACME_PASSWORD\"") && !saved.contains("hunter2secret"), "{saved}");
    let mode = std::fs::metadata(folder.path().join("copy.toml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}

#[test]
fn consent_is_asked_for_and_the_provider_answered_once() {
    let (folder, served, browser) = served();
    let client = [
        ("credential", "1"),
        ("how", "code"),
        ("client_id", "id"),
        ("client_secret", "hunter2secret"),
        ("scopes", "a b"),
    ];
    let (_, page) = browser.post("connections/0/consent", &client);
    assert!(
        page.contains("href=\"https://provider.example/authorize?state=1\"")
            && !page.contains("hunter2secret"),
        "{page}"
    );
    let sent = asked(&folder, "get_authorization_url")["request"].clone();
    assert_eq!(sent["redirect_uri"], format!("{}/oauth/callback", served.origin()));
    assert_eq!((&sent["scopes"], &sent["credential_id"]), (&json!(["a", "b"]), &json!("person")));
    let state = sent["state"].as_str().unwrap().to_owned();
    // The browser comes from another site and brings no cookie.
    let callback = |state: &str| {
        text(
            agent()
                .get(format!("{}/oauth/callback?code=c&state={state}", served.origin()))
                .header("sec-fetch-site", "cross-site")
                .header("sec-fetch-mode", "navigate")
                .call()
                .unwrap(),
        )
    };
    assert_eq!(callback("guessed").0, 403);
    let (status, page) = callback(&state);
    assert_eq!(status, 200, "{page}");
    assert_eq!(callback(&state).0, 403);
    let sent = asked(&folder, "handle_authorization_callback")["request"].clone();
    assert_eq!(
        (&sent["client_secret"], &sent["code_verifier"]),
        (&json!("hunter2secret"), &json!("verifier-of-the-script"))
    );
    assert!(
        sent["redirect_uri_with_code"]
            .as_str()
            .unwrap()
            .ends_with(&format!("/oauth/callback?code=c&state={state}"))
    );
    let page = browser.get("connections/0");
    assert!(page.contains("There is an access token") && !page.contains("granted-token"), "{page}");
    // What stands before an `@` is a user, though it looks like a host.
    for address in [
        "https://provider.example@elsewhere.test/authorize",
        "https://provider.example:443@elsewhere.test?state=1",
        "https://elsewhere.test\\@provider.example/authorize",
        "https://elsewhere.test#@provider.example",
    ] {
        std::fs::write(folder.path().join("address"), address.replace('\\', "\\\\")).unwrap();
        let (_, page) = browser.post("connections/0/consent", &client);
        assert!(page.contains("Go to elsewhere.test<"), "{address}: {page}");
    }
    // A connector may not send the browser anywhere but to a page.
    std::fs::write(folder.path().join("address"), "javascript:alert(1)").unwrap();
    let (status, page) = browser.post("connections/0/consent", &client);
    assert_eq!(status, 500);
    assert!(!page.contains("javascript:"), "{page}");
}

#[test]
fn a_new_connection_is_made_from_a_command() {
    let (folder, _served, browser) = served();
    let command = folder.path().join("connector.sh");
    let form = [("name", "second"), ("how", "program"), ("command", command.to_str().unwrap())];
    assert_eq!(browser.post("connections/new", &form).0, 303);
    assert!(browser.get("connections/1").contains("&lt;u&gt;Acme"));
    assert!(
        browser
            .post("connections/new", &[("how", "program"), ("command", "")])
            .1
            .contains("expected a program")
    );
    browser.post("connections/new", &[("name", "none"), ("how", "program"), ("command", "/no/such/program")]);
    assert!(browser.get("connections/2").contains("cannot start"));
}
