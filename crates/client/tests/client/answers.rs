//! What becomes of the app's answers.

use lumos_connector_core::error::{HttpStatusError, TransportError, TransportFailure};
use lumos_connector_types::error::ConnectorErrorCode;
use serde::Deserialize;

use super::app::{Act, App, answer, json, whole};
use super::setup::http;

#[derive(Debug, Deserialize, PartialEq)]
struct User {
    id: u32,
    name: String,
}

#[tokio::test]
async fn an_answer_is_read_as_a_type() {
    let app = App::start([json(r#"{"id":7,"name":"Ann","more":[]}"#)]).await;
    let (http, url) = http(&app).await;
    let user: User = http.base_url(&url).unwrap().get("user").read().await.unwrap();
    assert_eq!(user, User { id: 7, name: "Ann".into() });
}

#[tokio::test]
async fn json_of_another_shape_is_an_invalid_response_that_repeats_none_of_it() {
    for body in [r#"{"id":"hunter2","name":"x"}"#, r#"{"id":7"#, "<html>hunter2</html>", "", r#"{"id":7}"#] {
        let app = App::start([json(body)]).await;
        let (http, url) = http(&app).await;
        let error = http.base_url(&url).unwrap().get("user").read::<User>().await.unwrap_err();
        assert_eq!(error.code(), ConnectorErrorCode::InvalidResponse, "{body}");
        assert!(!error.message().contains("hunter2"), "{}", error.message());
    }
}

#[tokio::test]
async fn what_is_no_json_at_all_says_what_it_is() {
    for (body, says) in
        [(" <html>Sign in</html>", "it is a web page"), ("", "it is empty"), ("{", "EOF while parsing")]
    {
        let app = App::start([json(body)]).await;
        let (http, url) = http(&app).await;
        let error = http.base_url(&url).unwrap().get("user").read::<User>().await.unwrap_err();
        assert!(error.message().contains(says), "{body}: {}", error.message());
        assert_eq!(error.hint().is_some_and(|hint| hint.contains("sign-in")), body.contains('<'), "{body}");
    }
}

#[tokio::test]
async fn a_redirect_leads_on_within_the_app_alone() {
    for (status, location, leads_to) in [
        (308, "/users/", Some("GET /users/?page=2 HTTP/1.1")),
        (302, "people?all=1", Some("GET /people?all=1 HTTP/1.1")),
        (301, "https://evil.test/users", None),
        (302, "//evil.test/users", None),
        (304, "/users/", None),
        (200, "/users/", None),
    ] {
        let app = App::start([answer(status, &[("location", location)], ""), json("{}")]).await;
        let (http, url) = http(&app).await;
        let first = http.base_url(&url).unwrap().get("users?page=2").send_any().await.unwrap();
        let moved = first.redirect();
        assert_eq!(moved.is_some(), leads_to.is_some(), "{status} {location}");
        if let Some(moved) = moved {
            moved.send().await.unwrap();
        }
        assert_eq!(app.asked().get(1).map(|asked| asked.line.as_str()), leads_to, "{status} {location}");
    }
}

#[tokio::test]
async fn an_error_status_is_an_error_with_what_the_app_said_and_no_parameters() {
    let app =
        App::start([answer(404, &[("content-type", "application/json")], r#"{"error":"no such user"}"#)])
            .await;
    let (http, url) = http(&app).await;
    let error = http.base_url(&url).unwrap().get("user?token=x").send().await.unwrap_err();
    let status = error.source_as::<HttpStatusError>().unwrap();
    assert_eq!(status.status, 404);
    assert_eq!(error.message(), format!(r#"[404][{url}/user] {{"error":"no such user"}}"#));
}

#[tokio::test]
async fn a_status_means_what_the_client_is_told_it_means() {
    let app = App::start([answer(403, &[], "bad token")]).await;
    let (http, url) = http(&app).await;
    let http = http.on_status(403, ConnectorErrorCode::Unauthorized).base_url(&url).unwrap();
    assert_eq!(http.get("user").send().await.unwrap_err().code(), ConnectorErrorCode::Unauthorized);
}

#[tokio::test]
async fn any_answer_can_be_looked_at() {
    let headers =
        [("etag", "\"1\""), ("link", "<https://a.test>; rel=next"), ("location", "https://evil.test/")];
    let app = App::start([answer(302, &headers, "moved")]).await;
    let (http, url) = http(&app).await;
    let answer = http.base_url(&url).unwrap().get("user").send_any().await.unwrap();
    assert_eq!((answer.status(), answer.is_success()), (302, false), "redirects are not followed");
    assert_eq!((answer.header("ETag"), answer.header("retry-after")), (Some("\"1\""), None));
    assert_eq!(answer.text(), "moved");
    assert!(answer.success().is_err());
}

#[tokio::test]
async fn text_is_read_in_the_character_set_that_it_names() {
    let latin = answer(200, &[("content-type", "text/plain; charset=\"ISO-8859-1\"")], [0xe9]);
    let app = App::start([latin, answer(200, &[], "é")]).await;
    let (http, url) = http(&app).await;
    let http = http.base_url(&url).unwrap();
    for _ in 0..2 {
        assert_eq!(http.get("a").send().await.unwrap().text(), "é");
    }
}

#[tokio::test]
async fn an_answer_beyond_the_bound_is_refused_announced_or_not() {
    let announced = answer(200, &[], [b'x'; 101]);
    let mut chunked = b"HTTP/1.1 200 -\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    chunked.extend_from_slice(format!("65\r\n{}\r\n0\r\n\r\n", "x".repeat(101)).as_bytes());
    for act in [announced, Act::Say(chunked)] {
        let app = App::start([act]).await;
        let (http, url) = http(&app).await;
        let error = http.max_answer_bytes(100).base_url(&url).unwrap().get("a").send().await.unwrap_err();
        let error = error.source_as::<TransportError>().unwrap();
        assert_eq!(error.failure, TransportFailure::TooLarge);
    }
    let app = App::start([answer(200, &[], [b'x'; 100])]).await;
    let (http, url) = http(&app).await;
    assert!(http.max_answer_bytes(100).base_url(&url).unwrap().get("a").send().await.is_ok());
}

#[tokio::test]
async fn the_bound_counts_unpacked_bytes() {
    // 1 MiB of the letter x, packed by gzip.
    let packed = include_bytes!("megabyte.gz");
    let app = App::start([answer(200, &[("content-encoding", "gzip")], packed)]).await;
    let (http, url) = http(&app).await;
    let (small, large) = (http.max_answer_bytes(1 << 19), super::setup::http(&app).await.0);
    let error = small.base_url(&url).unwrap().get("a").send().await.unwrap_err();
    assert_eq!(error.source_as::<TransportError>().unwrap().failure, TransportFailure::TooLarge);
    assert_eq!(large.base_url(&url).unwrap().get("a").send().await.unwrap().bytes().len(), 1 << 20);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_answer() {
    let mut cut = whole(200, &[], br#"{"id":7}"#);
    cut.truncate(cut.len() - 3);
    let app = App::start([Act::Break(cut)]).await;
    let (http, url) = http(&app).await;
    let error = http.base_url(&url).unwrap().post("user").send().await.unwrap_err();
    assert_eq!(error.code(), ConnectorErrorCode::ConnectionClosed);
}

#[tokio::test]
async fn a_reset_and_a_silence_are_told_apart() {
    let app = App::start([Act::Reset]).await;
    let (http, url) = http(&app).await;
    let http = http.timeout(std::time::Duration::from_millis(100)).base_url(&url).unwrap();
    assert_eq!(http.post("user").send().await.unwrap_err().code(), ConnectorErrorCode::ConnectionClosed);
    let app = App::start([Act::Stall(b"HTTP/1.1 200 -\r\ncontent-length: 9\r\n\r\nhalf".to_vec())]).await;
    let http = super::setup::http(&app).await.0;
    let http = http.timeout(std::time::Duration::from_millis(100)).base_url(&app.url()).unwrap();
    assert_eq!(http.post("user").send().await.unwrap_err().code(), ConnectorErrorCode::RequestTimeout);
}

#[tokio::test]
async fn an_app_explains_its_own_errors() {
    let body = r#"{"code":"E7","message":"The tenant is asleep"}"#;
    let app = App::start([answer(400, &[], body), answer(404, &[], "plain")]).await;
    let (http, url) = http(&app).await;
    let http = http.map_error(|answer, error| match answer.json::<serde_json::Value>() {
        Ok(said) => {
            error.with_message(said["message"].as_str().unwrap()).with_code(ConnectorErrorCode::ServiceError)
        }
        Err(_) => error,
    });
    let http = http.base_url(&url).unwrap();
    let error = http.get("user").send().await.unwrap_err();
    assert_eq!(
        (error.message().as_str(), error.code()),
        ("The tenant is asleep", ConnectorErrorCode::ServiceError)
    );
    assert_eq!(error.source_as::<HttpStatusError>().unwrap().status, 400);
    assert!(http.get("user").send().await.unwrap_err().message().contains("[404]"));
}

/// A text packed by gzip.
fn gzip(text: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn packed_answers_are_unpacked_whatever_their_coding_is_called() {
    let body = br#"{"id":7,"name":"Ann"}"#;
    let members = [gzip(&body[..9]), gzip(&body[9..])].concat();
    for (coding, packed) in [
        ("gzip", gzip(body)),
        ("GZIP", gzip(body)),
        ("x-gzip", gzip(body)),
        ("gzip, identity", gzip(body)),
        ("gzip, gzip", gzip(&gzip(body))),
        ("gzip", members),
        ("utf-8", body.to_vec()),
    ] {
        let app = App::start([answer(200, &[("content-encoding", coding)], packed)]).await;
        let (http, url) = http(&app).await;
        let answer = http.base_url(&url).unwrap().get("user").send().await.unwrap();
        assert_eq!(answer.json::<User>().unwrap(), User { id: 7, name: "Ann".into() }, "{coding}");
        assert_eq!(app.asked()[0].header("accept-encoding"), Some("gzip"));
    }
}

#[tokio::test]
async fn what_cannot_be_unpacked_is_an_invalid_response_once() {
    let cut = gzip(b"some text")[..20].to_vec();
    for (coding, body) in
        [("gzip", b"{}".to_vec()), ("gzip", cut), ("br", b"{}".to_vec()), ("deflate", b"x".to_vec())]
    {
        let app = App::start([answer(200, &[("content-encoding", coding)], body)]).await;
        let (http, url) = http(&app).await;
        let error = http.base_url(&url).unwrap().get("user").send().await.unwrap_err();
        assert_eq!(error.code(), ConnectorErrorCode::InvalidResponse, "{coding}");
        assert!(
            error.message().starts_with("[200]") && error.message().contains(coding),
            "{}",
            error.message()
        );
        assert_eq!(app.asked().len(), 1, "{coding}");
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_unpacked_hides_no_status() {
    let cut = gzip(b"no such user, and more")[..24].to_vec();
    for (coding, body) in [("gzip", b"plain".to_vec()), ("gzip", cut), ("br", b"x".to_vec())] {
        let app = App::start([answer(404, &[("content-encoding", coding)], body)]).await;
        let (http, url) = http(&app).await;
        let error = http.base_url(&url).unwrap().get("user").send().await.unwrap_err();
        assert_eq!(error.source_as::<HttpStatusError>().unwrap().status, 404, "{coding}");
    }
}

#[tokio::test]
async fn an_empty_body_was_not_packed() {
    let app = App::start([answer(200, &[("content-encoding", "gzip")], "")]).await;
    let (http, url) = http(&app).await;
    assert_eq!(http.base_url(&url).unwrap().get("user").send().await.unwrap().text(), "");
}

#[tokio::test]
async fn json_is_read_with_a_byte_order_mark_in_any_unicode_and_in_a_character_set_that_is_named() {
    let text = r#"{"id":7,"name":"Zoë"}"#;
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    for (kind, body) in [
        ("application/json", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        ("application/json", [b"\xff\xfe", utf_16.as_slice()].concat()),
        ("application/json", utf_16),
        ("application/json; charset=ISO-8859-1", latin),
        ("application/json; charset=ISO-8859-1", text.into()),
    ] {
        let app = App::start([answer(200, &[("content-type", kind)], body)]).await;
        let (http, url) = http(&app).await;
        let user: User = http.base_url(&url).unwrap().get("user").read().await.unwrap();
        assert_eq!(user.name, "Zoë", "{kind}");
    }
}

#[tokio::test]
async fn of_a_name_that_is_there_twice_the_last_value_counts() {
    #[derive(Deserialize)]
    struct Page {
        users: Vec<u32>,
    }
    let app = App::start([json(r#"{"users":[],"users":[1,2]}"#)]).await;
    let (http, url) = http(&app).await;
    let page: Page = http.base_url(&url).unwrap().get("users").read().await.unwrap();
    assert_eq!(page.users, [1, 2]);
}

#[tokio::test]
async fn an_answer_may_have_many_headers_and_too_many_are_an_invalid_response() {
    let names: Vec<_> = (0..1200).map(|at| format!("x-header-{at}")).collect();
    let headers: Vec<_> = names.iter().map(|name| (name.as_str(), "value")).collect();
    let huge = "x".repeat(1 << 20);
    for (headers, is_read) in
        [(&headers[..150], true), (&headers[..], false), (&[("x", huge.as_str())], false)]
    {
        let app = App::start([answer(200, headers, "fine")]).await;
        let (http, url) = http(&app).await;
        let outcome = http.base_url(&url).unwrap().get("user").send().await;
        match outcome {
            Ok(answer) => assert!(is_read && answer.text() == "fine"),
            Err(error) => {
                assert!(!is_read, "{}", error.message());
                assert_eq!(error.code(), ConnectorErrorCode::InvalidResponse, "{}", error.message());
                assert!(error.message().contains("headers"), "{}", error.message());
            }
        }
        assert_eq!(app.asked().len(), 1);
    }
}

#[tokio::test]
async fn errors_are_mapped_in_the_order_in_which_it_was_said() {
    let app = App::start([answer(400, &[], "no")]).await;
    let (http, url) = http(&app).await;
    let http = http.map_error(|_, error| error.with_message("first")).map_error(|_, error| {
        let text = error.message();
        error.with_message(format!("{text}, second"))
    });
    let error = http.base_url(&url).unwrap().get("user").send().await.unwrap_err();
    assert_eq!(error.message(), "first, second");
}
