//! The execution summary of a writing capability: what a change did to the app. An author adds it to the
//! answer of a capability that creates, changes or deletes something.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::wire_enum;
use crate::wire_enum::{first_that_fits, kind};

wire_enum! {
    /// Names of the possible effects of a writing capability.
    pub enum ExecutionEffect {
        /// Something was created.
        Created = "created",
        /// Something was changed.
        Updated = "updated",
        /// Something was deleted.
        Deleted = "deleted",
        /// Nothing was changed.
        Noop = "noop",
    }
}

wire_enum! {
    /// Why a writing capability changed nothing.
    pub enum NoopEffectReason {
        /// The app was already in the state asked for.
        StateAlreadyMatches = "state_already_matches",
    }
}

/// Effect of a capability that created something.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CreatedEffect {
    /// Marks the effect as a creation.
    #[serde(default)]
    pub kind: CreatedKind,
}

/// Effect of a capability that changed something existing.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct UpdatedEffect {
    /// Marks the effect as a change.
    #[serde(default)]
    pub kind: UpdatedKind,
}

/// Effect of a capability that deleted something.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct DeletedEffect {
    /// Marks the effect as a deletion.
    #[serde(default)]
    pub kind: DeletedKind,
}

/// Effect of a capability that had nothing to change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NoopEffect {
    /// Marks that nothing was changed.
    #[serde(default)]
    pub kind: NoopKind,
    /// Why there was nothing to change.
    pub reason: NoopEffectReason,
}

/// What a writing capability did, in the `execution_summary` of a successful answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExecutionSummary {
    /// What happened in the app.
    pub effect: Effect,
    /// SHA-256 of the request payload in canonical form, lowercase hex; equal requests have equal ones.
    pub request_fingerprint: String,
    /// Whether repeating the request leaves the app as it is now.
    pub is_idempotent: bool,
    /// What was done, for people; null for nothing to add.
    pub description: Option<String>,
    /// Errors met on the way that did not stop the capability; null for none.
    pub caught_errors: Option<Vec<Error>>,
}

kind! {
    CreatedKind = "created",
    UpdatedKind = "updated",
    DeletedKind = "deleted",
    NoopKind = "noop",
}

/// What a writing capability did to the app.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[non_exhaustive]
pub enum Effect {
    /// It created something.
    Created(CreatedEffect),
    /// It changed something.
    Updated(UpdatedEffect),
    /// It deleted something.
    Deleted(DeletedEffect),
    /// It changed nothing.
    Noop(NoopEffect),
}

first_that_fits!(Effect: Created, Updated, Deleted, Noop);

impl Effect {
    /// Something was created.
    #[must_use]
    pub fn created() -> Self {
        Self::Created(CreatedEffect::default())
    }

    /// Something was changed.
    #[must_use]
    pub fn updated() -> Self {
        Self::Updated(UpdatedEffect::default())
    }

    /// Something was changed; or nothing, when the app was already in the state asked for.
    #[must_use]
    pub fn updated_unless(was_already_so: bool) -> Self {
        if was_already_so { Self::noop(NoopEffectReason::StateAlreadyMatches) } else { Self::updated() }
    }

    /// Something was deleted.
    #[must_use]
    pub fn deleted() -> Self {
        Self::Deleted(DeletedEffect::default())
    }

    /// Nothing was changed, for this reason.
    #[must_use]
    pub fn noop(reason: NoopEffectReason) -> Self {
        Self::Noop(NoopEffect { kind: NoopKind, reason })
    }
}

impl ExecutionSummary {
    /// What a writing capability did, for the request with this fingerprint, and whether doing it again would do
    /// nothing more.
    #[must_use]
    pub fn new(effect: Effect, request_fingerprint: impl Into<String>, is_idempotent: bool) -> Self {
        Self {
            effect,
            request_fingerprint: request_fingerprint.into(),
            is_idempotent,
            description: None,
            caught_errors: None,
        }
    }

    /// Sets what was done, in a sentence for people.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}
