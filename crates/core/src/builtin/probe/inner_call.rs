//! Calls of the connector's own listings, as the platform would make them.

use lumos_connector_types::auth::AuthCredential;
use lumos_connector_types::capability::{Capability, StandardCapability};
use lumos_connector_types::error::{Error as WireError, ErrorResponse};
use lumos_connector_types::json::JsonObject;
use lumos_connector_types::page::Page;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::declaration::error::ConnectorError;

/// The connector's listings, called with the settings and credentials of the probe.
///
/// The calls go through dispatch as text, so that a probe finds what the platform would find: settings that are
/// refused, errors as callers see them, rows as they are written. Page and raw data are the probe's own, not the
/// request's. Nothing is said about rate limits: each call has its own budget.
pub(super) struct InnerCalls<'a> {
    pub(super) call: &'a Call,
    pub(super) page_size: u32,
}

/// One page of a listing.
#[derive(Debug)]
pub(super) struct Rows<T> {
    pub(super) rows: Vec<T>,
    /// Where the listing goes on.
    pub(super) next: Option<String>,
}

impl InnerCalls<'_> {
    pub(super) fn has(&self, capability: StandardCapability) -> bool {
        self.call.declaration().has(capability)
    }

    /// The first page of a listing.
    pub(super) async fn list<C, T>(&self, listing: C, request: C::Request) -> Result<Vec<T>, Box<WireError>>
    where
        C: Capability<Response = Vec<T>>,
        C::Request: Serialize,
        T: DeserializeOwned,
    {
        Ok(self.list_from(None, listing, request).await?.rows)
    }

    /// A page of a listing; without a token the first one.
    pub(super) async fn list_from<C, T>(
        &self,
        token: Option<String>,
        _: C,
        request: C::Request,
    ) -> Result<Rows<T>, Box<WireError>>
    where
        C: Capability<Response = Vec<T>>,
        C::Request: Serialize,
        T: DeserializeOwned,
    {
        let answer = match self.text(token, request) {
            Ok(text) => self.call.dispatch(C::NAME, &text).await,
            Err(_) => return Err(self.unreadable(C::NAME)),
        };
        let failed = answer.error_code().is_some();
        let bytes = answer.into_bytes().await.map_err(|_| self.unreadable(C::NAME))?;
        if failed {
            let failure: ErrorResponse =
                serde_json::from_slice(&bytes).map_err(|_| self.unreadable(C::NAME))?;
            return Err(Box::new(failure.error));
        }
        let Listed { response: rows, page } =
            serde_json::from_slice(&bytes).map_err(|_| self.unreadable(C::NAME))?;
        Ok(Rows { rows, next: page.and_then(|page| page.token).filter(|token| !token.is_empty()) })
    }

    fn text<P: Serialize>(&self, token: Option<String>, request: P) -> serde_json::Result<String> {
        let envelope = self.call.envelope();
        serde_json::to_string(&Request {
            auth: envelope.auth.as_deref(),
            credentials: envelope.credentials.as_deref(),
            request,
            include_raw_data: false,
            page: Page { token, size: Some(self.page_size.into()) },
            settings: self.call.raw_settings(),
        })
    }

    /// What was written cannot be read back. The standard payloads always can.
    fn unreadable(&self, capability: &str) -> Box<WireError> {
        let error =
            ConnectorError::invalid_response(format!("{capability} could not be called by the probe"));
        Box::new(error.into_wire(self.call.app_id(), None))
    }
}

#[derive(Serialize)]
struct Request<'a, P> {
    auth: Option<&'a AuthCredential>,
    credentials: Option<&'a [AuthCredential]>,
    request: P,
    include_raw_data: bool,
    page: Page,
    settings: Option<&'a JsonObject>,
}

/// The parts of a listing's answer that a probe looks at.
#[derive(Deserialize)]
struct Listed<T> {
    response: Vec<T>,
    page: Option<Page>,
}
