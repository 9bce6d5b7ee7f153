//! `/docs`: Swagger UI from the binary, without any other source.

use std::io::Read;

use bytes::Bytes;
use flate2::read::GzDecoder;
use hyper::Response;
use hyper::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap,
    HeaderName, HeaderValue, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};

use super::outgoing::Outgoing;
use super::refusal;

/// Nothing but what this server sends: no inline script, no other host, no frame around it. Swagger UI draws its icons
/// from `data:` images.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-cache"),
];

/// One file of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct File {
    content_type: &'static str,
    content: &'static [u8],
    is_gzip: bool,
}

const PAGE: File = File {
    content_type: "text/html; charset=utf-8",
    content: include_bytes!("../../assets/swagger-ui/index.html"),
    is_gzip: false,
};
const START: File = File {
    content_type: "text/javascript; charset=utf-8",
    content: include_bytes!("../../assets/swagger-ui/start.js"),
    is_gzip: false,
};
const BUNDLE: File = File {
    content_type: "text/javascript; charset=utf-8",
    content: include_bytes!("../../assets/swagger-ui/swagger-ui-bundle.js.gz"),
    is_gzip: true,
};
const STYLE: File = File {
    content_type: "text/css; charset=utf-8",
    content: include_bytes!("../../assets/swagger-ui/swagger-ui.css.gz"),
    is_gzip: true,
};

/// The file of a path.
pub(super) fn file(path: &str) -> Option<File> {
    match path {
        "/docs" => Some(PAGE),
        "/docs/start.js" => Some(START),
        "/docs/swagger-ui-bundle.js" => Some(BUNDLE),
        "/docs/swagger-ui.css" => Some(STYLE),
        _ => None,
    }
}

/// Answers with a file, compressed when the client can read that.
pub(super) fn answer(file: File, request: &HeaderMap) -> Response<Outgoing> {
    let mut response = if file.is_gzip && !takes_gzip(request) {
        let mut plain = Vec::new();
        if let Err(error) = GzDecoder::new(file.content).read_to_end(&mut plain) {
            tracing::error!("a file of /docs cannot be decompressed: {error}");
            return refusal::internal();
        }
        Response::new(Outgoing::Whole(Bytes::from(plain)))
    } else {
        Response::new(Outgoing::Whole(Bytes::from_static(file.content)))
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    headers.extend(HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value))));
    if file.is_gzip {
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if takes_gzip(request) {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    response
}

fn takes_gzip(request: &HeaderMap) -> bool {
    let accepted = request.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused =
            weight.trim().strip_prefix("q=0").is_some_and(|rest| rest.trim_matches(['.', '0']).is_empty());
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    fn accepting(codings: &str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, codings.parse().unwrap())])
    }

    #[test]
    fn only_who_says_so_takes_gzip() {
        for codings in ["gzip", "br, gzip", "GZIP;q=0.5", "deflate, gzip; q=1"] {
            assert!(takes_gzip(&accepting(codings)), "{codings}");
        }
        for codings in ["", "br", "gzip;q=0", "gzip; q=0.000", "xgzip"] {
            assert!(!takes_gzip(&accepting(codings)), "{codings}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn whoever_takes_no_gzip_gets_plain_text() {
        let plain = answer(STYLE, &HeaderMap::new());
        assert!(plain.headers().get(CONTENT_ENCODING).is_none());
        let text = plain.into_body().collect().await.unwrap().to_bytes();
        assert!(text.starts_with(b".swagger-ui"), "{:?}", &text[..40]);
        assert_eq!(answer(STYLE, &accepting("gzip")).headers()[CONTENT_ENCODING], "gzip");
    }

    #[test]
    fn the_page_may_load_and_run_nothing_but_its_own_files() {
        for file in [PAGE, STYLE] {
            let policy = answer(file, &HeaderMap::new()).headers()[CONTENT_SECURITY_POLICY].clone();
            let directives: Vec<_> = policy.to_str().unwrap().split("; ").collect();
            for wanted in [
                "default-src 'none'",
                "script-src 'self'",
                "connect-src 'self'",
                "frame-ancestors 'none'",
                "base-uri 'none'",
            ] {
                assert!(directives.contains(&wanted), "{directives:?}");
            }
            assert!(
                !directives
                    .iter()
                    .any(|directive| directive.contains("unsafe-eval") || directive.contains("http"))
            );
        }
    }

    #[test]
    fn every_file_that_the_page_names_is_there() {
        let page = std::str::from_utf8(PAGE.content).unwrap();
        let named = page.split('"').filter(|part| part.starts_with("docs/"));
        assert_eq!(named.filter(|name| file(&format!("/{name}")).is_some()).count(), 3);
    }
}
