//! Whom the workbench refuses.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::browser::{Browser, Served, agent, text};
use crate::fixture::{HOSTILE, Tenant, store};

fn served() -> (tempfile::TempDir, Served) {
    let folder = tempfile::tempdir().unwrap();
    let path = store(
        &folder,
        &[Tenant { accounts: 12, is_changed: false }, Tenant { accounts: 12, is_changed: true }],
    );
    let served = Served::over(&path);
    (folder, served)
}

/// A request written by hand; the status and the whole answer.
fn raw(served: &Served, request: &str) -> (u16, String) {
    let mut socket = TcpStream::connect(served.address).unwrap();
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

/// A method, a path below the base, what stands in the place of the host, more headers, and the status that is expected.
type Attack<'a> = (&'a str, &'a str, &'a str, &'a [(&'a str, &'a str)], u16);

#[test]
fn attacks_are_refused() {
    let (_folder, served) = served();
    let browser = Browser::enter(&served);
    let own = served.address.to_string();
    let localhost = format!("localhost:{}", served.address.port());
    let origin = served.origin();
    let cookie = ("cookie", browser.cookie());
    let table: &[Attack<'_>] = &[
        // The browser that was admitted, by the address and by the name of this machine.
        ("GET", "/home", &own, &[cookie], 200),
        ("GET", "/home", &localhost, &[cookie], 200),
        ("GET", "/home", &own, &[cookie, ("sec-fetch-site", "none")], 200),
        // A name that an attacker controls leads to this machine.
        ("GET", "/home", "rebound.example", &[cookie], 421),
        ("GET", "/home", &format!("rebound.example:{}", served.address.port()), &[cookie], 421),
        ("GET", "/home", &format!("localhost.rebound.example:{}", served.address.port()), &[cookie], 421),
        ("GET", "/home", "127.0.0.1:1", &[cookie], 421),
        ("GET", "/home", "", &[cookie], 421),
        // A page of somebody else asks, also one on another port of this machine.
        ("GET", "/home", &own, &[cookie, ("origin", "https://evil.example")], 403),
        ("GET", "/home", &own, &[cookie, ("origin", "http://127.0.0.1:1")], 403),
        ("GET", "/home", &own, &[cookie, ("origin", "null")], 403),
        ("GET", "/home", &own, &[cookie, ("sec-fetch-site", "same-site")], 403),
        (
            "GET",
            "/home",
            &own,
            &[cookie, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")],
            403,
        ),
        ("POST", "/home", &own, &[cookie], 403),
        ("POST", "/home", &own, &[cookie, ("origin", "https://evil.example")], 403),
        ("POST", "/home", &own, &[cookie, ("origin", &origin), ("sec-fetch-site", "cross-site")], 403),
        // Somebody without the token, and one with a guess.
        ("GET", "/home", &own, &[], 401),
        ("GET", "/home", &own, &[("cookie", "lumos-workbench=")], 401),
        ("GET", "/home", &own, &[("cookie", "lumos-workbench=00000000000000000000000000000000")], 401),
        ("GET", "/tenants/0/1/accounts", &own, &[], 401),
        ("GET", "/tenants/0/1/csv/accounts", &own, &[], 401),
        ("GET", "/enter?token=", &own, &[], 403),
        ("GET", "/enter?token=0000", &own, &[], 403),
        // Paths that lead out of what is served.
        ("GET", "/assets/../../Cargo.toml", &own, &[cookie], 404),
        ("GET", "/assets/..%2f..%2fCargo.toml", &own, &[cookie], 404),
        ("GET", "/assets/%2e%2e%2fsession.rs", &own, &[cookie], 404),
        ("GET", "/tenants/0/1/listings/..%2f..%2fsyncs", &own, &[cookie], 404),
        ("GET", "/tenants/0/1/listings/accounts%3bDROP%20TABLE", &own, &[cookie], 404),
        ("GET", "/tenants/0/1/accounts?sort=key;DROP&type=x'--&q=%22%27%29%3b", &own, &[cookie], 200),
        ("GET", "/tenants/0/1/csv/grants", &own, &[cookie], 404),
        ("GET", "/tenants/9/1", &own, &[cookie], 404),
        ("GET", "/tenants/0/99", &own, &[cookie], 404),
    ];
    for (method, path, host, headers, expected) in table {
        let base = served.base().strip_prefix(&origin).unwrap();
        let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = if *method == "POST" { "content-length: 0\r\n" } else { "" };
        let (status, answer) = raw(
            &served,
            &format!(
                "{method} {base}{path} HTTP/1.1\r\nhost: {host}\r\n{more}{length}connection: close\r\n\r\n"
            ),
        );
        assert_eq!(status, *expected, "{method} {path} of {host} with {headers:?}: {answer}");
        let lower = answer.to_lowercase();
        for header in [
            "content-security-policy: default-src 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: same-origin",
            "cross-origin-resource-policy: same-origin",
        ] {
            assert!(lower.contains(header), "{method} {path}: {answer}");
        }
        if *expected != 200 {
            assert!(!answer.contains("Person"), "{method} {path}: {answer}");
        }
    }
}

#[test]
fn a_form_of_the_workbench_itself_is_heard() {
    let (_folder, served) = served();
    // The page takes no form, which is another matter than a form of somebody else.
    assert_eq!(Browser::enter(&served).post("home", &[]).0, 405);
}

#[test]
fn paths_outside_of_the_base_are_nothing() {
    let (_folder, served) = served();
    let browser = Browser::enter(&served);
    for path in ["/", "/home", "/assets/htmx.min.js", "/w-0000000000000000/home", "/etc/passwd"] {
        let response = agent()
            .get(format!("{}{path}", served.origin()))
            .header("cookie", browser.cookie())
            .call()
            .unwrap();
        assert_eq!(response.status(), 404, "{path}");
    }
}

#[test]
fn an_address_is_good_once_and_a_new_one_is_printed() {
    let (_folder, served) = served();
    let first = Browser::enter(&served);
    let (status, body) = text(agent().get(&served.url).call().unwrap());
    assert_eq!(status, 403);
    assert!(body.contains("used already"), "{body}");
    let renewed = served.renewed.recv().unwrap();
    assert_ne!(renewed, served.url);
    let response = agent().get(&renewed).call().unwrap();
    assert_eq!(response.status(), 200);
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(!cookie.contains(first.cookie()));
    // Bound to the path that only the admitted know, so that other ports of this machine are not sent it.
    assert!(
        cookie.contains(&format!("Path={}/", served.base().strip_prefix(&served.origin()).unwrap())),
        "{cookie}"
    );
    first.get("home");
}

#[test]
fn hostile_names_are_texts_on_every_page() {
    let (_folder, served) = served();
    let browser = Browser::enter(&served);
    let mut seen = 0;
    let pages = [
        "tenants/0/2",
        "tenants/0/2/accounts",
        "tenants/0/2/accounts?q=alert",
        "tenants/0/2/accounts?q=%3Cscript%3E",
        "tenants/0/2/entitlements",
        "tenants/0/2/resources",
        "tenants/0/2/tree",
        "tenants/0/2/tree?type=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "tenants/0/2/tree?resource=r0",
        "tenants/0/2/pictures",
        "tenants/0/2/changes",
        "tenants/0/2/listings/accounts",
        "tenants/0/2/listings/accounts/1",
        "tenants/0/2/listings/entitlements",
        "tenants/0/2/accounts/1",
        "tenants/0/2/accounts/2",
        "tenants/0/2/accounts/3",
        "tenants/0/2/entitlements/1",
        "tenants/0/2/entitlements/2",
        "tenants/0/2/resources/1",
        "tenants/0/2/accounts?type=%22%3E%3Csvg%20onload%3Dalert(1)%3E",
    ];
    for path in pages {
        let page = browser.get(path);
        for bad in ["<script>alert", "<svg onload", "<img src=x", "onerror=alert(1)>"] {
            assert!(!page.contains(bad), "{path} holds {bad}: {page}");
        }
        // No code and no style inside of a page, which its policy would refuse.
        for bad in ["<script>", "<style", " style=\"", " onclick=", "javascript:"] {
            assert!(!page.contains(bad), "{path} holds {bad}");
        }
        seen += usize::from(HOSTILE.iter().any(|name| {
            page.contains(&name.replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"))
        }));
    }
    assert!(seen > 12, "the names are on {seen} pages");
}

#[test]
fn formulas_in_a_file_are_texts() {
    let (_folder, served) = served();
    let browser = Browser::enter(&served);
    let file = browser.get("tenants/0/1/csv/accounts");
    assert_eq!(file.lines().count(), 13);
    assert!(file.starts_with("name,email,"), "{file}");
    assert!(file.contains("\"'=HYPERLINK(\"\"http://evil.test\"\")\""), "{file}");
}
