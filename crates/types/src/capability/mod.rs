//! What a capability is: a name and the types of its request and its answer.

mod standard;

use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use standard::{StandardCapability, marker};

use crate::rate_limit::RateLimitMode;
use crate::wire_enum;

/// A capability: its name on the wire and the types of its request and answer.
///
/// The [markers](marker) of the standard capabilities implement it. A custom capability is a marker of your own:
///
/// ```
/// use lumos_connector_types::capability::Capability;
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct RotateBadgeRequest { badge_id: String }
///
/// #[derive(serde::Serialize, schemars::JsonSchema)]
/// struct RotatedBadge { badge_id: String }
///
/// struct RotateBadge;
///
/// impl Capability for RotateBadge {
///     const NAME: &'static str = "rotate_badge";
///     type Request = RotateBadgeRequest;
///     type Response = RotatedBadge;
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a capability",
    label = "expected a marker such as `capability::ListAccounts`",
    note = "a custom capability is a marker type of your own that implements `Capability`"
)]
pub trait Capability: Sized + Send + Sync + 'static {
    /// The name on the wire: lower-case words joined by underscores.
    const NAME: &'static str;

    /// Which standard capability it is; `None` for a custom one, whose name the builder then checks.
    const STANDARD: Option<StandardCapability> = None;

    /// Whether payloads are read with coercion, as settings are: true for payload types that the connector declares.
    const LAX: bool = true;

    /// The payload of a request.
    type Request: RequestPayload;

    /// The payload of an answer.
    type Response: ResponsePayload;

    /// How it presents itself and how it is rate limited, where that differs from the defaults.
    fn metadata(&self) -> Metadata {
        Metadata::default()
    }

    /// Sets the name that lists and forms show.
    fn display_name(self, display_name: impl Into<String>) -> Described<Self> {
        self.described(|metadata| metadata.display_name = Some(display_name.into()))
    }

    /// Sets the sentence that says what the capability does.
    fn description(self, description: impl Into<String>) -> Described<Self> {
        self.described(|metadata| metadata.description = Some(description.into()))
    }

    /// Sets the rate-limit mode, which neither the connector nor the caller overrides.
    fn rate_limit_mode(self, mode: RateLimitMode) -> Described<Self> {
        self.described(|metadata| metadata.rate_limit_mode = Some(mode))
    }

    /// Sets who calls the capability, when that is not the platform.
    fn traffic_class(self, class: TrafficClass) -> Described<Self> {
        self.described(|metadata| metadata.traffic_class = class)
    }

    /// Replaces all metadata of the capability.
    fn described(self, change: impl FnOnce(&mut Metadata)) -> Described<Self> {
        let mut metadata = self.metadata();
        change(&mut metadata);
        Described { capability: PhantomData, metadata }
    }
}

/// The type of a request's payload: read from JSON, with a schema. Every type with both derives is one:
///
/// ```
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct RotateBadgeRequest { badge_id: String }
/// # fn is_payload<T: lumos_connector_types::capability::RequestPayload>() {}
/// # is_payload::<RotateBadgeRequest>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the request of a capability",
    label = "it lacks `Deserialize` or `JsonSchema`",
    note = "derive both: `#[derive(Deserialize, JsonSchema)]`"
)]
pub trait RequestPayload: 'static {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema + Send + 'static> RequestPayload for T {}

/// The type of an answer's payload: written as JSON, with a schema. Every type with both derives is one:
///
/// ```
/// use schemars::JsonSchema;
/// use serde::Serialize;
///
/// #[derive(Serialize, JsonSchema)]
/// struct RotatedBadge { badge_id: String }
/// # fn is_payload<T: lumos_connector_types::capability::ResponsePayload>() {}
/// # is_payload::<RotatedBadge>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the answer of a capability",
    label = "it lacks `Serialize` or `JsonSchema`",
    note = "derive both: `#[derive(Serialize, JsonSchema)]`"
)]
pub trait ResponsePayload: 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema + Send + 'static> ResponsePayload for T {}

/// A capability with what its payloads are read and written by, which every capability has: the compiler names what a
/// payload lacks where its capability is implemented, and for that [`RequestPayload`] and [`ResponsePayload`] must not
/// say it themselves.
pub trait Registrable:
    Capability<
        Request: DeserializeOwned + JsonSchema + Send + 'static,
        Response: Serialize + JsonSchema + Send + 'static,
    >
{
}

impl<C> Registrable for C
where
    C: Capability,
    C::Request: DeserializeOwned + JsonSchema + Send + 'static,
    C::Response: Serialize + JsonSchema + Send + 'static,
{
}

/// What a connector says about one of its capabilities beyond its types.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// The name shown to people; the capability's own name in words when there is none.
    pub display_name: Option<String>,
    /// What it does, for people.
    pub description: Option<String>,
    /// The rate-limit mode of its calls to the app, before the connector's and the caller's (contract §12).
    pub rate_limit_mode: Option<RateLimitMode>,
    /// Who calls it.
    pub traffic_class: TrafficClass,
}

wire_enum! {
    /// Who calls a capability.
    pub enum TrafficClass {
        /// The Lumos platform.
        Platform = "PLATFORM",
        /// The on-premise agent.
        Agent = "AGENT",
    }
}

impl Default for TrafficClass {
    /// The platform.
    fn default() -> Self {
        Self::Platform
    }
}

/// A capability with metadata of the connector's own; see [`Capability::display_name`] and its neighbours.
#[derive(Debug)]
pub struct Described<C> {
    capability: PhantomData<fn() -> C>,
    metadata: Metadata,
}

impl<C: Capability> Capability for Described<C> {
    const NAME: &'static str = C::NAME;
    const STANDARD: Option<StandardCapability> = C::STANDARD;
    const LAX: bool = C::LAX;
    type Request = C::Request;
    type Response = C::Response;

    fn metadata(&self) -> Metadata {
        self.metadata.clone()
    }
}

/// A standard capability over payloads of the connector's own, which keep all standard fields.
///
/// Only creating and updating accounts can be customized (contract §18).
#[derive(Debug)]
pub struct Customized<C, Q, R> {
    types: PhantomData<fn(Q) -> (C, R)>,
}

impl<C, Q, R> Capability for Customized<C, Q, R>
where
    C: Capability,
    Q: RequestPayload,
    R: ResponsePayload,
{
    const NAME: &'static str = C::NAME;
    const STANDARD: Option<StandardCapability> = C::STANDARD;
    type Request = Q;
    type Response = R;
}

impl marker::CreateAccount {
    /// Creating accounts from a payload of the connector's own: the fields of `CreatableAccount` and more.
    #[must_use]
    pub fn of<Q: RequestPayload>() -> Customized<Self, Q, <Self as Capability>::Response> {
        Customized { types: PhantomData }
    }
}

impl marker::UpdateAccount {
    /// Updating accounts from and to payloads of the connector's own: the fields of `UpdateableAccount` and more.
    #[must_use]
    pub fn of<Q: RequestPayload, R: ResponsePayload>() -> Customized<Self, Q, R> {
        Customized { types: PhantomData }
    }
}

/// Whether a capability reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a capability reads or writes")]
pub enum Level {
    /// It changes nothing in the app.
    Read,
    /// It changes something in the app. Custom capabilities count as writing.
    Write,
}

/// What a capability does with the credentials of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the three cases of the contract")]
pub enum Authentication {
    /// Its requests carry no credentials.
    Absent,
    /// Its requests may carry credentials, which are not checked.
    Optional,
    /// Its requests must carry the credentials that the connector declares.
    Required,
}
