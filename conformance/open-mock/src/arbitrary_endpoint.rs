//! One raw call to the app, answered without calling anything.

use lumos_connector::prelude::*;

pub(crate) async fn fulfill(_: (), request: FulfillArbitraryEndpoint) -> Result<ArbitraryResponse> {
    let method = request.method.unwrap_or(ArbitraryRequestMethod::Get);
    let post = method == ArbitraryRequestMethod::Post;
    let retry_after = if post { Seconds::Fractional(1.5) } else { Seconds::Whole(2) };
    Ok(ArbitraryResponse {
        ok: true,
        status_code: Some(200),
        headers: IndexMap::from([("X-Method".to_owned(), method.to_string())]),
        body: request.body,
        content_type: Some("text/plain".to_owned()),
        error: None,
        retry_after_seconds: Some(retry_after),
        resolved_url: format!("https://open.example.com{}", request.url),
    })
}
