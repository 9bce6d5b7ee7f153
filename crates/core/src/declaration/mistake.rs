//! What can be wrong with the declaration of a connector.

use lumos_connector_types::probe::ProbeCheckName;

/// One mistake in the declaration of a connector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mistake {
    /// The app id is empty.
    #[error("the app id is empty; give the id under which Lumos knows the app")]
    EmptyAppId,
    /// Two handlers for one capability.
    #[error("the capability `{0}` is registered twice; keep one of its handlers")]
    DuplicateCapability(&'static str),
    /// A custom capability has the name of a standard one, or of a command of every connector (`dev`, `serve`).
    #[error(
        "`{0}` is the name of a standard capability or a command; use its marker, or give yours another name"
    )]
    ReservedName(&'static str),
    /// A custom capability's name is not lower-case words joined by underscores.
    #[error(
        "`{0}` is not a name for a capability; use lower-case words joined by underscores, without digits"
    )]
    MalformedName(&'static str),
    /// A payload of the connector's own lacks a standard field, or has it with another type or requiredness.
    #[error(
        "the payload of `{capability}` must keep the standard field `{field}` with its type and requiredness"
    )]
    ChangedPayload {
        /// The capability.
        capability: &'static str,
        /// The standard field.
        field: String,
    },
    /// A single credential and several are declared together.
    #[error("`auth` and `credential` exclude each other; declare one credential or several")]
    SingleAndSeveralCredentials,
    /// A credential without an id.
    #[error("a credential has an empty id; requests name it by that")]
    EmptyCredentialId,
    /// Two credentials with one id.
    #[error("the credential `{0}` is declared twice")]
    DuplicateCredential(String),
    /// An allowed combination names a credential that is not declared.
    #[error("an allowed combination names the credential `{0}`, which is not declared")]
    UnknownCredential(String),
    /// A further parameter of an OAuth flow has the name of one that the SDK sends itself.
    #[error("the OAuth parameter `{0}` is sent by the SDK itself; remove it from the further parameters")]
    ReservedOAuthParameter(String),
    /// Two specifications of one check of the probe.
    #[error("the probe has the check `{0}` twice; keep one of them")]
    DuplicateProbeCheck(ProbeCheckName),
    /// A check of the probe is left to the SDK, which cannot make it.
    #[error("the SDK cannot make the check `{0}` of the probe; make it with `ProbeCheckSpec::own`")]
    ProbeCheckWithoutRun(ProbeCheckName),
    /// A limit of the probe is zero; the name is that of its setting.
    #[error("the `{0}` of the probe is zero; give at least 1")]
    ZeroProbeLimit(&'static str),
}

/// All that is wrong with the declaration of a connector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("the connector is declared wrongly:{}", listed(mistakes))]
pub struct IntegrationError {
    /// The mistakes, in the order of the declaration.
    pub mistakes: Vec<Mistake>,
}

/// One mistake on the line, several below it.
fn listed(mistakes: &[Mistake]) -> String {
    match mistakes {
        [one] => format!(" {one}"),
        several => several.iter().map(|mistake| format!("\n- {mistake}")).collect(),
    }
}
