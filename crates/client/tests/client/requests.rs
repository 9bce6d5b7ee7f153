//! What the app is sent.

use reqwest::Method;
use serde::Serialize;

use super::app::{App, json};
use super::setup::http;

#[tokio::test]
async fn every_method_reaches_the_app_with_its_body() {
    let app = App::start([json("{}")]).await;
    let (http, url) = http(&app).await;
    let http = http.base_url(&url).unwrap();
    let body = serde_json::json!({"id": 7});
    http.get("a").send().await.unwrap();
    http.post("a").json(&body).send().await.unwrap();
    http.put("a").json(&body).send().await.unwrap();
    http.patch("a").form(&[("id", "7"), ("name", "é &")]).send().await.unwrap();
    http.delete("a").json(&body).send().await.unwrap();
    http.request(Method::from_bytes(b"PURGE").unwrap(), "a").body("text/plain", "all").send().await.unwrap();
    let asked: Vec<_> = app
        .asked()
        .into_iter()
        .map(|asked| {
            let kind = asked.header("content-type").unwrap_or("none").to_owned();
            (asked.line.split(' ').next().unwrap().to_owned(), kind, asked.body)
        })
        .collect();
    let expected = [
        ("GET", "none", ""),
        ("POST", "application/json", r#"{"id":7}"#),
        ("PUT", "application/json", r#"{"id":7}"#),
        ("PATCH", "application/x-www-form-urlencoded", "id=7&name=%C3%A9+%26"),
        ("DELETE", "application/json", r#"{"id":7}"#),
        ("PURGE", "text/plain", "all"),
    ];
    assert_eq!(asked.len(), expected.len());
    for (asked, (method, kind, body)) in asked.iter().zip(expected) {
        assert_eq!((asked.0.as_str(), asked.1.as_str(), asked.2.as_str()), (method, kind, body));
    }
}

#[tokio::test]
async fn parameters_come_from_structs_and_pairs_and_none_is_left_out() {
    #[derive(Serialize)]
    struct Listing<'a> {
        limit: u32,
        cursor: Option<&'a str>,
        filter: Option<&'a str>,
    }
    let app = App::start([json("{}")]).await;
    let (http, url) = http(&app).await;
    let http = http.base_url(&url).unwrap();
    let listing = Listing { limit: 5, cursor: None, filter: Some("a=b&c") };
    http.get("users?active=true").query(&listing).query(&[("x", 1)]).send().await.unwrap();
    http.get("users").query(&[("x", 1); 0]).send().await.unwrap();
    let lines: Vec<_> = app.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(
        lines,
        ["GET /users?active=true&limit=5&filter=a%3Db%26c&x=1 HTTP/1.1", "GET /users HTTP/1.1"]
    );
}

#[tokio::test]
async fn an_id_cannot_leave_its_place_in_the_path() {
    let app = App::start([json("{}")]).await;
    let (http, url) = http(&app).await;
    let http = http.base_url(&format!("{url}/api")).unwrap();
    let id = "../admin?x=1#y%2f".to_owned();
    http.delete(["groups", &id, "members"]).send().await.unwrap();
    assert!(http.delete(["groups", ".."]).send().await.is_err());
    assert!(http.delete(["groups", ""]).send().await.is_err());
    let asked = app.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].line, "DELETE /api/groups/..%2Fadmin%3Fx%3D1%23y%252f/members HTTP/1.1");
}

#[tokio::test]
async fn headers_of_the_client_are_on_every_request_unless_the_request_has_its_own() {
    let app = App::start([json("{}")]).await;
    let (http, url) = http(&app).await;
    let http = http.header("accept", "application/vnd.acme+json").base_url(&url).unwrap();
    http.get("a").send().await.unwrap();
    http.get("a").header("accept", "text/csv").send().await.unwrap();
    let asked = app.asked();
    assert_eq!(asked[0].header("accept"), Some("application/vnd.acme+json"));
    assert_eq!(asked[1].header("accept"), Some("text/csv"));
    assert_eq!(asked[0].header("user-agent"), Some("acme/1.2.3"));
    assert!(http.get("a").header("x", "a\nb").send().await.is_err());
}

#[tokio::test]
async fn addresses_of_the_app_are_followed_but_not_to_another_host() {
    let app = App::start([json("{}")]).await;
    let (http, url) = http(&app).await;
    let http = http.bearer("t").base_url(&url).unwrap();
    http.follow(&format!("{url}/users?page=2")).send().await.unwrap();
    http.follow("/users?page=3").send().await.unwrap();
    for elsewhere in
        ["https://evil.test/users", "http://127.0.0.1:1/", "//evil.test/", "http://u:p@127.0.0.1/"]
    {
        let error = http.follow(elsewhere).send().await.unwrap_err();
        assert_eq!(error.raised_by(), "InvalidResponseError", "{elsewhere}");
    }
    let lines: Vec<_> = app.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(lines, ["GET /users?page=2 HTTP/1.1", "GET /users?page=3 HTTP/1.1"]);
}

#[tokio::test]
async fn parameters_of_several_types_come_from_a_tuple_of_pairs() {
    let app = App::start([json("[]")]).await;
    let (http, url) = http(&app).await;
    let http = http.base_url(&url).unwrap();
    let query = ("q", "a b".to_owned());
    http.get("users")
        .query(&(("limit", 50), ("active", true), query, ("team", None::<&str>)))
        .send()
        .await
        .unwrap();
    assert_eq!(app.asked()[0].line, "GET /users?limit=50&active=true&q=a+b HTTP/1.1");
}
