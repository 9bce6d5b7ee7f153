//! Listings of the app, to their end.

use futures_util::TryStreamExt;
use lumos_connector_client::HttpClient;
use lumos_connector_core::error::Result;
use lumos_connector_core::listing::{Batch, Continuation, PagingError, whole};

use lumos_connector_types::error::ConnectorErrorCode;

use super::app::{Act, App, answer, json};
use super::setup::http;

/// The pages of an app that names the next one in a `Link` header.
async fn page(http: &HttpClient, at: Continuation) -> Result<Batch<u32, Continuation>> {
    let request = match at.as_deref() {
        Some(link) => http.follow(link),
        None => http.get("users"),
    };
    let answer = request.send().await?;
    let next = at.next(answer.link("next")?)?;
    Ok(Batch::new(answer.json()?, next))
}

fn linked(to: &str, body: &str) -> Act {
    answer(200, &[("link", &format!("</users>; rel=\"first\", <{to}>; rel=\"next\""))], body)
}

#[tokio::test]
async fn links_are_followed_to_the_last_page() {
    let app =
        App::start([linked("/users?page=2", "[1,2]"), linked("?page=3", "[3]"), answer(200, &[], "[4]")])
            .await;
    let (builder, url) = http(&app).await;
    let http = builder.base_url(&url).unwrap();
    let rows: Vec<_> = whole(Continuation::default(), |at| page(&http, at)).try_collect().await.unwrap();
    assert_eq!(rows, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_link_that_is_given_again_ends_the_listing_with_an_error() {
    let app = App::start([linked("/users?page=2", "[1]")]).await;
    let (builder, url) = http(&app).await;
    let http = builder.base_url(&url).unwrap();
    let rows: Result<Vec<_>> = whole(Continuation::default(), |at| page(&http, at)).try_collect().await;
    assert_eq!(rows.unwrap_err().source_as::<PagingError>(), Some(&PagingError::Repeated));
    assert_eq!(app.asked().len(), 2);
}

/// Where the second request of a listing goes, when the first page of `users` below `/api/v2` has these `Link` headers.
async fn followed(links: &[&str]) -> Result<Vec<String>> {
    let headers: Vec<_> = links.iter().map(|link| ("link", *link)).collect();
    let app = App::start([answer(200, &headers, "[1]"), json("[2]")]).await;
    let (builder, url) = http(&app).await;
    let http = builder.base_url(&format!("{url}/api/v2")).unwrap();
    whole(Continuation::default(), |at| page(&http, at)).try_collect::<Vec<_>>().await?;
    let line = |asked: super::app::Asked| asked.line.split(' ').nth(1).unwrap().to_owned();
    Ok(app.asked().into_iter().skip(1).map(line).collect())
}

#[tokio::test]
async fn relative_links_stand_on_the_page_that_they_came_on() {
    for (link, expected) in [
        ("<?page=2>; rel=\"next\"", "/api/v2/users?page=2"),
        ("<users?page=2>; rel=\"next\"", "/api/v2/users?page=2"),
        ("<../v3/users#top>; rel=\"next\"", "/api/v3/users"),
        ("</users?page=2>; rel=\"next\"", "/users?page=2"),
        ("users?page=2; rel='next'", "/api/v2/users?page=2"),
        ("<users?page=2; rel=\"next\"", "/api/v2/users?page=2"),
    ] {
        assert_eq!(followed(&[link]).await.unwrap(), [expected], "{link}");
    }
}

#[tokio::test]
async fn the_next_page_is_found_in_any_of_several_headers() {
    let links = ["<?page=1>; rel=first", "<x>; rel=preload, <?page=2>; REL=\"last Next\""];
    assert_eq!(followed(&links).await.unwrap(), ["/api/v2/users?page=2"]);
    let links = ["<?page=2>; \u{201c}next", "<?page=2>; rel=next"];
    assert_eq!(followed(&links).await.unwrap(), ["/api/v2/users?page=2"]);
    assert_eq!(
        followed(&["<?page=1>; rel=first", "</style.css>; rel=preload; as=style"]).await.unwrap(),
        [""; 0]
    );
    assert_eq!(followed(&[""]).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_next_page_that_cannot_be_read_is_not_the_end_of_the_listing() {
    for link in [
        "<?page=2>; rel=\u{201c}next\u{201d}",
        "/a b?page=2; rel=next",
        "<http://[>; rel=next",
        "<>; rel=next",
        "<?>; rel=next=",
        "<a>; rel=\"prev, <b>; rel=\"next\"",
    ] {
        let error = followed(&[link]).await.unwrap_err();
        let leads_back = error.source_as::<PagingError>() == Some(&PagingError::Repeated);
        assert!(leads_back || error.code() == ConnectorErrorCode::InvalidResponse, "{link}: {error}");
    }
}

#[tokio::test]
async fn a_next_page_outside_of_the_app_is_told_by_what_differs() {
    for (link, difference) in [
        ("<https://127.0.0.1/x>; rel=next", "the scheme is https, expected http"),
        ("<http://127.0.0.1:1/x>; rel=next", "the port is 1, expected"),
        ("<//evil.test/x>; rel=next", "the host is evil.test, expected 127.0.0.1"),
        ("<http://u:p@127.0.0.1/x>; rel=next", "it holds a user or password"),
    ] {
        let error = followed(&[link]).await.unwrap_err();
        assert!(error.message().contains(difference), "{link}: {}", error.message());
    }
}

#[tokio::test]
async fn references_in_bodies_are_followed_from_their_page() {
    let app = App::start([json(r#"{"next":"?page=2"}"#), json("{}"), json("{}"), json("{}")]).await;
    let (builder, url) = http(&app).await;
    let http = builder.base_url(&format!("{url}/api/v2")).unwrap();
    let first = http.get("users").send().await.unwrap();
    assert_eq!(first.resolve("?page=2").unwrap(), format!("{url}/api/v2/users?page=2"));
    first.follow("?page=2").send().await.unwrap();
    http.follow("users?page=3").send().await.unwrap();
    http.follow("/api/v2/users?page=4").send().await.unwrap();
    let asked: Vec<_> = app.asked().into_iter().skip(1).map(|asked| asked.line).collect();
    let expected = ["2", "3", "4"].map(|page| format!("GET /api/v2/users?page={page} HTTP/1.1"));
    assert_eq!(asked, expected);
    // Which page it stands on, the client alone does not know.
    for reference in ["?page=2", "", "#x", " ?page=2"] {
        let error = http.follow(reference).send().await.unwrap_err();
        assert!(error.message().contains("HttpAnswer::follow"), "{}", error.message());
    }
    assert!(first.follow("https://evil.test/").send().await.is_err());
    assert!(first.resolve("http://[").is_err());
}
