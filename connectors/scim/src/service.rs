//! The SCIM service: how it is reached, and one method for each of its operations (RFC 7644 §3).

use std::fmt;

use lumos_connector::client::reqwest::Url;
use lumos_connector::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::change::{self, Change};
use crate::credentials;
use crate::refusal::{is_not_supported, refusal};
use crate::resource::Resource;
use crate::settings::{PatchSetting, ScimSettings};
use crate::walk::WalkCursor;

const MEDIA_TYPE: &str = "application/scim+json";

/// More rows than this are not asked for at once.
const MAX_PAGE_SIZE: usize = 1_000;

/// How often a whole resource is read and replaced before somebody else's changes win.
const REPLACEMENTS: usize = 4;

/// The service as one call sees it.
pub(crate) struct Scim {
    pub(crate) settings: ScimSettings,
    pub(crate) call: Call,
    http: HttpClient,
}

/// A kind of resource: the name of its endpoint below the base URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Endpoint(String);

impl FromCall for Scim {
    async fn from_call(call: &Call) -> Result<Self> {
        let settings: ScimSettings = call.settings()?;
        let http = credentials::log_in(call)?.header("accept", MEDIA_TYPE).base_url(&settings.base_url)?;
        Ok(Self { settings, call: call.clone(), http })
    }
}

impl Scim {
    /// Where the service is, for telling one tenant from another.
    pub(crate) fn base_url(&self) -> &Url {
        self.http.base()
    }

    /// The listing of a call that walks through one endpoint, and the place where its page starts.
    pub(crate) async fn listing(&self) -> Result<(Listing<WalkCursor>, WalkCursor)> {
        let listing = self.open::<WalkCursor>()?;
        let place = match listing.after() {
            Some(place) => place.clone(),
            None => self.begin(listing.size()).await?,
        };
        Ok((listing, place))
    }

    /// The listing of a call.
    pub(crate) fn open<K: DeserializeOwned>(&self) -> Result<Listing<K>> {
        let default = usize::try_from(self.settings.page_size.get()).unwrap_or(MAX_PAGE_SIZE);
        self.call.page().listing(PageSizes { default, max: MAX_PAGE_SIZE })
    }

    /// Reads something below an endpoint.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &[&str], query: &[(&str, &str)]) -> Result<T> {
        success(self.ask(path, query).await?)?.json()
    }

    /// Asks for something below an endpoint; refusals are answers, too.
    pub(crate) async fn ask(&self, path: &[&str], query: &[(&str, &str)]) -> Result<HttpAnswer> {
        self.http.get(path).query(query).send_any().await
    }

    /// Reads one resource: all of it, or the attributes named and its id.
    pub(crate) async fn read(&self, endpoint: &Endpoint, id: &str, attributes: &str) -> Result<Resource> {
        let only = [("attributes", attributes)];
        let query = if attributes.is_empty() { &[][..] } else { &only[..] };
        self.get(&endpoint.path_of(id), query).await
    }

    /// Creates a resource.
    pub(crate) async fn create(&self, endpoint: &Endpoint, body: &Value) -> Result<Resource> {
        success(self.write(self.http.post(endpoint.path()), body, None).await?)?.json()
    }

    /// Deletes a resource.
    pub(crate) async fn delete(&self, endpoint: &Endpoint, id: &str) -> Result<()> {
        success(self.http.delete(endpoint.path_of(id)).send_any().await?).map(drop)
    }

    /// Changes a resource: by PATCH or, where the service has none, by replacing it.
    ///
    /// `version` is that of the resource which the changes were worked out from, when they depend on what it holds.
    pub(crate) async fn change(
        &self,
        endpoint: &Endpoint,
        id: &str,
        changes: &[Change],
        version: Option<&str>,
    ) -> Result<()> {
        if self.settings.patch == PatchSetting::Auto {
            let request = self.http.patch(endpoint.path_of(id));
            // Setting, adding and removing a value twice is doing it once.
            let request = if version.is_none() { request.idempotent() } else { request };
            let body = change::patch_body(changes, self.settings.removal);
            let answer = self.write(request, &body, version).await?;
            if !is_not_supported(&answer) {
                return success(answer).map(drop);
            }
        }
        self.replace(endpoint, id, changes).await
    }

    /// Reads a resource, changes it and writes it back whole. When the service versions its resources, somebody else's
    /// change in between is noticed, and kept.
    async fn replace(&self, endpoint: &Endpoint, id: &str, changes: &[Change]) -> Result<()> {
        let mut answer = None;
        for _ in 0..REPLACEMENTS {
            let mut resource = self.read(endpoint, id, "").await?;
            let version = resource.version().map(str::to_owned);
            for change in changes {
                change.apply(&mut resource);
            }
            resource.drop_what_the_service_decides();
            let body = serde_json::to_value(&resource)?;
            let replaced = self.write(self.http.put(endpoint.path_of(id)), &body, version.as_deref()).await?;
            if replaced.status() != 412 {
                return success(replaced).map(drop);
            }
            answer = Some(replaced);
        }
        answer.map_or(Ok(()), |answer| Err(refusal(&answer)))
    }

    async fn write(&self, request: HttpRequest, body: &Value, version: Option<&str>) -> Result<HttpAnswer> {
        let request = request.body(MEDIA_TYPE, serde_json::to_vec(body)?);
        match version {
            Some(version) => request.header("if-match", version).send_any().await,
            None => request.send_any().await,
        }
    }
}

/// The answer, unless the service refused.
pub(crate) fn success(answer: HttpAnswer) -> Result<HttpAnswer> {
    if answer.is_success() { Ok(answer) } else { Err(refusal(&answer)) }
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
