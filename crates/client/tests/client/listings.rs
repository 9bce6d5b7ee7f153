//! Listings of the app, to their end.

use futures_util::TryStreamExt;
use lumos_connector_client::HttpClient;
use lumos_connector_core::error::Result;
use lumos_connector_core::listing::{Batch, Continuation, PagingError, whole};

use super::app::{Act, App, answer};
use super::setup::http;

/// The pages of an app that names the next one in a `Link` header.
async fn page(http: &HttpClient, at: Continuation) -> Result<Batch<u32, Continuation>> {
    let request = match at.as_deref() {
        Some(link) => http.follow(link),
        None => http.get("users"),
    };
    let answer = request.send().await?;
    let next = at.next(answer.link("next"))?;
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
