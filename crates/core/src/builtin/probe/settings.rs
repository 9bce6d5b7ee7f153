//! Which checks a probe makes, and how.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use lumos_connector_types::capability::StandardCapability::{
    self, FindEntitlementAssociations, GetAccountEntitlementAssociations, ListAccounts, ListEntitlements,
};
use lumos_connector_types::probe::{ProbeCheck, ProbeCheckName, ProbeCheckSource, ProbeIntegration};

use crate::call::Call;
use crate::declaration::Declaration;
use crate::declaration::error::Result;
use crate::declaration::mistake::Mistake;

/// The checks that the SDK can make, in the order of the contract. A probe reports on each of them.
pub(super) const BASELINE: [ProbeCheckName; 3] =
    [ProbeCheckName::Accounts, ProbeCheckName::Entitlements, ProbeCheckName::EntitlementAssociations];

static DEFAULT_CHECKS: [ProbeCheckSpec; 3] =
    [ProbeCheckSpec::sdk(BASELINE[0]), ProbeCheckSpec::sdk(BASELINE[1]), ProbeCheckSpec::sdk(BASELINE[2])];

/// How `probe_integration` probes.
///
/// The default is right for most connectors: the SDK lists accounts, entitlements and associations in pages of 10
/// rows. Name the checks to change that:
///
/// ```
/// use lumos_connector_core::probe::{self, ProbeCheckSpec, ProbeSettings};
/// use lumos_connector_core::{Call, Integration, error::Result};
/// use lumos_connector_types::payload::*;
///
/// async fn check_exports(call: Call, _: ProbeIntegration) -> Result<ProbeCheck> {
///     let folder: Option<String> = call.raw_settings().and_then(|all| all.get("folder")?.read().ok());
///     let (status, message) = match folder {
///         Some(folder) => (ProbeCheckStatus::Passed, format!("Exports go to {folder}.")),
///         None => (ProbeCheckStatus::Failed, "There is no folder for exports.".to_owned()),
///     };
///     let empty = probe::outcome(ProbeCheckName::CapabilityConfig, status);
///     Ok(ProbeCheck { message: Some(message), ..empty })
/// }
///
/// let acme = Integration::builder("acme", "1.0.0")
///     .probe(
///         ProbeSettings::default()
///             .check(ProbeCheckSpec::sdk(ProbeCheckName::Accounts))
///             .check(ProbeCheckSpec::sdk(ProbeCheckName::Entitlements).optional())
///             .check(ProbeCheckSpec::own(ProbeCheckName::CapabilityConfig, check_exports)),
///     )
///     .build()
///     .unwrap();
/// # assert!(acme.has_capability("probe_integration"));
/// ```
///
/// A connector with a `probe_integration` of its own tells here which checks that one makes.
#[derive(Debug, Clone)]
#[must_use = "settings count when they are given to `Builder::probe`"]
pub struct ProbeSettings {
    /// `None` for the SDK's checks.
    checks: Option<Vec<ProbeCheckSpec>>,
    pub(super) page_size: u32,
    pub(super) max_entitlement_pages: u32,
    pub(super) per_check_timeout: Duration,
}

impl Default for ProbeSettings {
    fn default() -> Self {
        Self {
            checks: None,
            page_size: 10,
            max_entitlement_pages: 5,
            per_check_timeout: Duration::from_secs(180),
        }
    }
}

impl ProbeSettings {
    /// Adds a check. The first one takes the place of the SDK's checks; of those, the ones that are not added again
    /// are reported as unsupported.
    pub fn check(mut self, check: ProbeCheckSpec) -> Self {
        self.checks.get_or_insert_default().push(check);
        self
    }

    /// Sets how many rows the SDK's checks ask for at once, and so about how many samples they give; at least 1.
    pub fn page_size(mut self, rows: u32) -> Self {
        self.page_size = rows;
        self
    }

    /// Sets how many pages are read in search of an entitlement of every declared type; at least 1. Types that did not
    /// occur on them are reported as not checked.
    pub fn max_entitlement_pages(mut self, pages: u32) -> Self {
        self.max_entitlement_pages = pages;
        self
    }

    /// Sets after how long a single check is stopped and reported as failed; more than zero.
    pub fn per_check_timeout(mut self, timeout: Duration) -> Self {
        self.per_check_timeout = timeout;
        self
    }

    pub(super) fn checks(&self) -> &[ProbeCheckSpec] {
        self.checks.as_deref().unwrap_or(&DEFAULT_CHECKS)
    }

    pub(super) fn has(&self, check: ProbeCheckName) -> bool {
        self.checks().iter().any(|spec| spec.check == check)
    }

    /// Whether the whole probe fails with this check.
    pub(super) fn requires(&self, check: ProbeCheckName) -> bool {
        self.checks().iter().all(|spec| spec.check != check || spec.required)
    }

    pub(crate) fn mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        for (index, spec) in self.checks().iter().enumerate() {
            if spec.run.is_none() && !BASELINE.contains(&spec.check) {
                mistakes.push(Mistake::ProbeCheckWithoutRun(spec.check));
            }
            if self.checks()[..index].iter().any(|earlier| earlier.check == spec.check) {
                mistakes.push(Mistake::DuplicateProbeCheck(spec.check));
            }
        }
        let limits = [
            ("page_size", self.page_size == 0),
            ("max_entitlement_pages", self.max_entitlement_pages == 0),
            ("per_check_timeout", self.per_check_timeout.is_zero()),
        ];
        mistakes.extend(
            limits.into_iter().filter(|(_, zero)| *zero).map(|(name, _)| Mistake::ZeroProbeLimit(name)),
        );
        mistakes
    }
}

type RunCheck = Arc<dyn Fn(Call, ProbeIntegration) -> BoxFuture<'static, Result<ProbeCheck>> + Send + Sync>;

/// One check of a probe.
#[derive(Clone)]
#[must_use = "a check counts when it is given to `ProbeSettings::check`"]
pub struct ProbeCheckSpec {
    pub(super) check: ProbeCheckName,
    /// `None` leaves the check to the SDK.
    pub(super) run: Option<RunCheck>,
    pub(super) capability: Option<String>,
    source: ProbeCheckSource,
    required: bool,
}

impl ProbeCheckSpec {
    /// A check that the SDK makes: accounts, entitlements or associations. It is reported as the SDK's own.
    pub const fn sdk(check: ProbeCheckName) -> Self {
        Self { check, run: None, capability: None, source: ProbeCheckSource::Default, required: true }
    }

    /// A check that the connector makes itself: `async fn(Call, ProbeIntegration) -> Result<ProbeCheck>`.
    ///
    /// An error fails the check with that error. The SDK fills in what the outcome leaves open: the capability as
    /// declared here, and the time it took.
    pub fn own<F, Fut>(check: ProbeCheckName, run: F) -> Self
    where
        F: Fn(Call, ProbeIntegration) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<ProbeCheck>> + Send + 'static,
    {
        let run: RunCheck = Arc::new(move |call, request| Box::pin(run(call, request)));
        Self { run: Some(run), source: ProbeCheckSource::Native, ..Self::sdk(check) }
    }

    /// Sets the capability that the check stands for. It is reported where the check itself names none.
    pub fn capability(mut self, name: impl Into<String>) -> Self {
        self.capability = Some(name.into());
        self
    }

    /// Makes the check optional: when it fails, the probe as a whole is partial, not failed.
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// Sets who is reported to have made a check of the connector's own; by default the connector.
    pub fn source(mut self, source: ProbeCheckSource) -> Self {
        self.source = source;
        self
    }

    /// What the SDK makes is reported as the SDK's, whatever was declared.
    pub(super) fn reported_source(&self) -> ProbeCheckSource {
        if self.run.is_some() { self.source } else { ProbeCheckSource::Default }
    }
}

impl fmt::Debug for ProbeCheckSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProbeCheckSpec")
            .field("check", &self.check)
            .field("own", &self.run.is_some())
            .field("required", &self.required)
            .finish_non_exhaustive()
    }
}

/// The declared checks that can be made, in their order; `None` for a connector that does not probe.
pub(crate) fn performable_checks(
    declaration: &Declaration,
    settings: Option<&ProbeSettings>,
) -> Option<Vec<ProbeCheckName>> {
    let declared = settings?.checks();
    if !declaration.has(StandardCapability::ProbeIntegration) {
        return None;
    }
    Some(declared.iter().filter(|spec| is_performable(spec, declaration)).map(|spec| spec.check).collect())
}

/// Whether the connector brings the check itself, or the listings that the SDK's check of that name reads.
fn is_performable(spec: &ProbeCheckSpec, declaration: &Declaration) -> bool {
    let has = |capability: StandardCapability| declaration.has(capability);
    spec.run.is_some()
        || match spec.check {
            ProbeCheckName::Accounts => has(ListAccounts),
            ProbeCheckName::Entitlements => has(ListEntitlements),
            // Associations of single accounts need accounts to ask about.
            ProbeCheckName::EntitlementAssociations => {
                has(FindEntitlementAssociations)
                    || (has(GetAccountEntitlementAssociations) && has(ListAccounts))
            }
            _ => false,
        }
}
