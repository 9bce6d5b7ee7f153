//! The SCIM service: how it is reached, and one method for each of its operations (RFC 7644 §3).

use std::fmt;

use lumos_connector::lenient::text_of;
use lumos_connector::prelude::*;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::credentials;
use crate::entitlement::Kind;
use crate::listed::Listed;
use crate::refusal::{parse, success};
use crate::resource::{Resource, Row, of_address};
use crate::settings::ScimSettings;

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

impl FromCall for Scim {
    async fn from_call(call: &Call) -> Result<Self> {
        let settings: ScimSettings = call.settings()?;
        let http = credentials::log_in(call)?.header("accept", MEDIA_TYPE).base_url(&settings.base_url)?;
        Ok(Self { settings, call: call.clone(), http, left_out: LeftOut::default() })
    }
}

impl Scim {
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

    /// Asks for something below an endpoint. Redirects on the same host are followed.
    pub(crate) async fn ask(&self, path: &[&str], query: &(impl Serialize + ?Sized)) -> Result<HttpAnswer> {
        let mut answer = self.http.get(path).query(query).send_any().await?;
        for _ in 0..MAX_REDIRECTS {
            let Some(moved) = answer.redirect() else { break };
            answer = moved.send_any().await?;
        }
        success(answer)
    }

    /// Asks for resources of an endpoint.
    pub(crate) async fn list<R: Row>(
        &self,
        endpoint: &Endpoint,
        query: &(impl Serialize + ?Sized),
    ) -> Result<Listed<R>> {
        Listed::of(&self.ask(&endpoint.path(), query).await?)
    }

    /// Reads one resource: all of it, or the attributes named and its id.
    pub(crate) async fn read(&self, endpoint: &Endpoint, id: &str, attributes: &str) -> Result<Resource> {
        let only = [("attributes", Some(attributes).filter(|attributes| !attributes.is_empty()))];
        let mut body: Value = parse(&self.ask(&endpoint.path_of(id), &only).await?)?;
        // Some services leave out the id when it is not asked for.
        if let Value::Object(fields) = &mut body
            && !fields.is_empty()
            && text_of(fields, "id").is_none()
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
        let answer = self.write(self.http.post(endpoint.path()), body, None).await?;
        if let Some(resource) = parse(&answer).ok().and_then(Resource::of) {
            return Ok(Some(resource.id));
        }
        let id = answer.header("location").and_then(of_address).map(|(_, id)| percent_decode_str(id));
        Ok(id.map(|id| id.decode_utf8_lossy().into_owned()))
    }

    /// Deletes a resource.
    pub(crate) async fn delete(&self, endpoint: &Endpoint, id: &str) -> Result<()> {
        success(self.http.delete(endpoint.path_of(id)).send_any().await?).map(drop)
    }

    /// Writes a resource or changes to one: to a version of it, when there is one.
    pub(crate) async fn write(
        &self,
        request: HttpRequest,
        body: &Value,
        version: Option<&str>,
    ) -> Result<HttpAnswer> {
        let request = request.body(MEDIA_TYPE, serde_json::to_vec(body)?);
        let request = match version {
            Some(version) => request.header("if-match", version),
            None => request,
        };
        success(request.send_any().await?)
    }

    /// The endpoint that lists the entitlements of a kind, if there is one.
    pub(crate) fn endpoint_of(&self, kind: Kind) -> Option<Endpoint> {
        let settings = &self.settings;
        match kind {
            Kind::Group => Some(self.groups()),
            Kind::Role => settings.role_endpoint.as_deref().map(Endpoint::new),
            Kind::Entitlement => settings.entitlement_endpoint.as_deref().map(Endpoint::new),
        }
    }

    /// The endpoint of groups.
    pub(crate) fn groups(&self) -> Endpoint {
        Endpoint::new(&self.settings.group_endpoint)
    }
}

/// A kind of resource: the name of its endpoint below the base URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint(String);

impl Endpoint {
    pub(crate) fn new(name: &str) -> Self {
        Self(name.trim_matches('/').to_owned())
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
        write!(f, "/{}", self.0)
    }
}
