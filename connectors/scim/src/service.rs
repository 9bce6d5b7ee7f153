//! The SCIM service: how it is reached, and one method for each of its operations (RFC 7644 §3).

use std::fmt;

use lumos_connector::client::reqwest::Url;
use lumos_connector::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::credentials;
use crate::refusal::refusal;
use crate::resource::Resource;
use crate::settings::{DEFAULT_GROUPS, ScimSettings};
use crate::value::{of_address, parse};

const MEDIA_TYPE: &str = "application/scim+json";

/// More rows than this are not asked for at once.
const MAX_PAGE_SIZE: usize = 1_000;

/// Redirects on the host of the service that are followed.
const MAX_REDIRECTS: usize = 3;

/// The service as one call sees it.
pub(crate) struct Scim {
    pub(crate) settings: ScimSettings,
    pub(crate) call: Call,
    pub(crate) http: HttpClient,
    left_out: LeftOut,
}

/// A kind of resource: the name of its endpoint below the base URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Endpoint(String);

impl FromCall for Scim {
    async fn from_call(call: &Call) -> Result<Self> {
        let settings: ScimSettings = call.settings()?;
        let http = credentials::log_in(call)?.header("accept", MEDIA_TYPE).base_url(&settings.base_url)?;
        Ok(Self { settings, call: call.clone(), http, left_out: LeftOut::default() })
    }
}

impl Scim {
    /// Where the service is, for telling one tenant from another.
    pub(crate) fn base_url(&self) -> &Url {
        self.http.base()
    }

    /// The listing of a call, at the page that it asks for.
    pub(crate) fn open<P: DeserializeOwned>(&self) -> Result<Listing<P>> {
        let default = usize::try_from(self.settings.page_size.get()).unwrap_or(MAX_PAGE_SIZE);
        self.call.page().listing(PageSizes { default, max: MAX_PAGE_SIZE })
    }

    /// Notes that something is not in the answer: in the log and, when the request wants it, in the `raw_data`.
    pub(crate) fn note(&self, what: String) {
        self.left_out.add(what);
    }

    /// The reply with what was left out of it.
    pub(crate) fn noted<P>(&self, reply: Reply<P>) -> Reply<P> {
        self.left_out.add_to(&self.call, reply)
    }

    /// Reads something below an endpoint.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &[&str], query: &[(&str, &str)]) -> Result<T> {
        parse(&success(self.ask(path, query).await?)?)
    }

    /// Asks for something below an endpoint; refusals are answers, too. Redirects on the same host are followed.
    pub(crate) async fn ask(&self, path: &[&str], query: &[(&str, &str)]) -> Result<HttpAnswer> {
        let mut answer = self.http.get(path).query(query).send_any().await?;
        for _ in 0..MAX_REDIRECTS {
            let Some(target) = redirect(&answer) else { break };
            answer = self.http.follow(target.as_str()).send_any().await?;
        }
        Ok(answer)
    }

    /// Reads one resource: all of it, or the attributes named and its id.
    pub(crate) async fn read(&self, endpoint: &Endpoint, id: &str, attributes: &str) -> Result<Resource> {
        let only = [("attributes", attributes)];
        let query = if attributes.is_empty() { &[][..] } else { &only[..] };
        let mut body: Value = self.get(&endpoint.path_of(id), query).await?;
        // Some services leave out the id when it is not asked for.
        if let Value::Object(fields) = &mut body
            && !fields.keys().any(|name| name.eq_ignore_ascii_case("id"))
            && !fields.is_empty()
        {
            fields.insert("id".to_owned(), id.into());
        }
        Resource::of(body).ok_or_else(|| {
            ConnectorError::invalid_response(format!(
                "{endpoint}/{id}: the service does not answer with a resource"
            ))
        })
    }

    /// Creates a resource, and gives its id: that of the body or, without one, that of the `Location` (RFC 7644 §3.3).
    pub(crate) async fn create(&self, endpoint: &Endpoint, body: &Value) -> Result<Option<String>> {
        let answer = success(self.write(self.http.post(endpoint.path()), body, None).await?)?;
        if let Some(resource) = parse(&answer).ok().and_then(Resource::of) {
            return Ok(Some(resource.id));
        }
        let location = answer.header("location").and_then(of_address);
        Ok(location.map(|(_, id)| percent_decoded(id)))
    }

    /// Deletes a resource.
    pub(crate) async fn delete(&self, endpoint: &Endpoint, id: &str) -> Result<()> {
        success(self.http.delete(endpoint.path_of(id)).send_any().await?).map(drop)
    }

    pub(crate) async fn write(
        &self,
        request: HttpRequest,
        body: &Value,
        version: Option<&str>,
    ) -> Result<HttpAnswer> {
        let request = request.body(MEDIA_TYPE, serde_json::to_vec(body)?);
        match version {
            Some(version) => request.header("if-match", version).send_any().await,
            None => request.send_any().await,
        }
    }

    /// The endpoint of groups.
    pub(crate) fn groups(&self) -> Endpoint {
        Endpoint::new(&self.settings.group_endpoint)
    }

    /// Whether an error says that the service has no groups at all, rather than that something is wrong.
    pub(crate) fn has_no_groups(&self, error: &ConnectorError) -> bool {
        let is_missing =
            matches!(error.code(), ConnectorErrorCode::NotFound | ConnectorErrorCode::UnsupportedOperation);
        is_missing && self.settings.group_endpoint == DEFAULT_GROUPS
    }
}

/// The answer, unless the service refused, with a bad status or with an error in its body.
pub(crate) fn success(answer: HttpAnswer) -> Result<HttpAnswer> {
    let has_error = || {
        let body: serde_json::Map<String, Value> = parse(&answer).unwrap_or_default();
        let schemas =
            crate::value::attribute_of(&body, "schemas").map(crate::value::as_list).unwrap_or_default();
        schemas.iter().filter_map(Value::as_str).any(|schema| schema.ends_with(":Error"))
    };
    if answer.is_success() && !has_error() { Ok(answer) } else { Err(refusal(&answer)) }
}

/// Where a redirect leads, if it stays on the host.
fn redirect(answer: &HttpAnswer) -> Option<Url> {
    if !matches!(answer.status(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let mut target = answer.url().join(answer.header("location")?).ok()?;
    if target.query().is_none() {
        target.set_query(answer.url().query());
    }
    (target.origin() == answer.url().origin()).then_some(target)
}

/// An id as it stands in an address.
fn percent_decoded(id: &str) -> String {
    let mut bytes = Vec::with_capacity(id.len());
    let mut rest = id.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Endpoint {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The endpoint of users, which RFC 7644 §3.2 fixes.
    pub(crate) fn users() -> Self {
        Self::new("Users")
    }

    /// The path of all resources.
    pub(crate) fn path(&self) -> Vec<&str> {
        self.0.split('/').filter(|segment| !segment.is_empty()).collect()
    }

    /// The path of one resource.
    pub(crate) fn path_of<'p>(&'p self, id: &'p str) -> Vec<&'p str> {
        let mut path = self.path();
        path.push(id);
        path
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.0.trim_matches('/'))
    }
}
