//! What can be wrong with the declaration of a connector.

use std::fmt;

use lumos_connector_types::probe::ProbeCheckName;

/// One mistake in the declaration of a connector.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mistake {
    /// The app id is empty.
    EmptyAppId,
    /// Two handlers for one capability.
    DuplicateCapability(&'static str),
    /// A custom capability has the name of a standard one, or of a command of every connector (`dev`, `serve`).
    ReservedName(&'static str),
    /// A custom capability's name is not lower-case words joined by underscores.
    MalformedName(&'static str),
    /// A payload of the connector's own lacks a standard field, or has it with another type or requiredness.
    ChangedPayload {
        /// The capability.
        capability: &'static str,
        /// The standard field.
        field: String,
    },
    /// A single credential and several are declared together.
    SingleAndSeveralCredentials,
    /// A credential without an id.
    EmptyCredentialId,
    /// Two credentials with one id.
    DuplicateCredential(String),
    /// An allowed combination names a credential that is not declared.
    UnknownCredential(String),
    /// A further parameter of an OAuth flow has the name of one that the SDK sends itself.
    ReservedOAuthParameter(String),
    /// Two specifications of one check of the probe.
    DuplicateProbeCheck(ProbeCheckName),
    /// A check of the probe is left to the SDK, which cannot make it.
    ProbeCheckWithoutRun(ProbeCheckName),
    /// A limit of the probe is zero; the name is that of its setting.
    ZeroProbeLimit(&'static str),
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyAppId => {
                f.write_str("the app id is empty; give the id under which Lumos knows the app")
            }
            Self::DuplicateCapability(name) => {
                write!(f, "the capability `{name}` is registered twice; keep one of its handlers")
            }
            Self::ReservedName(name) => write!(
                f,
                "`{name}` is the name of a standard capability or a command; use its marker, or give yours another name"
            ),
            Self::MalformedName(name) => write!(
                f,
                "`{name}` is no name for a capability; use lower-case words joined by underscores, without digits"
            ),
            Self::ChangedPayload { capability, field } => write!(
                f,
                "the payload of `{capability}` must keep the standard field `{field}` with its type and requiredness"
            ),
            Self::SingleAndSeveralCredentials => {
                f.write_str("`auth` and `credential` exclude each other; declare one credential or several")
            }
            Self::EmptyCredentialId => f.write_str("a credential has an empty id; requests name it by that"),
            Self::DuplicateCredential(id) => write!(f, "the credential `{id}` is declared twice"),
            Self::UnknownCredential(id) => {
                write!(f, "an allowed combination names the credential `{id}`, which is not declared")
            }
            Self::ReservedOAuthParameter(name) => write!(
                f,
                "the OAuth parameter `{name}` is sent by the SDK itself; remove it from the further parameters"
            ),
            Self::DuplicateProbeCheck(check) => {
                write!(f, "the probe has the check `{check}` twice; keep one of them")
            }
            Self::ProbeCheckWithoutRun(check) => {
                write!(
                    f,
                    "the SDK cannot make the check `{check}` of the probe; make it with `ProbeCheckSpec::own`"
                )
            }
            Self::ZeroProbeLimit(setting) => {
                write!(f, "the `{setting}` of the probe is zero; give at least 1")
            }
        }
    }
}

/// All that is wrong with the declaration of a connector.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IntegrationError {
    /// The mistakes, in the order of the declaration.
    pub mistakes: Vec<Mistake>,
}

impl fmt::Display for IntegrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mistakes.as_slice() {
            [one] => write!(f, "the connector is declared wrongly: {one}"),
            several => {
                write!(f, "the connector is declared wrongly:")?;
                several.iter().try_for_each(|mistake| write!(f, "\n- {mistake}"))
            }
        }
    }
}

impl std::error::Error for IntegrationError {}
