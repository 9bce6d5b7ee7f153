//! Changes that are reported only when they were seen: written in the forms that services understand, one after the
//! other, each read back before the next is tried.

use std::time::Duration;

use lumos_connector::prelude::*;

use crate::change::{Change, Form, patch_body};
use crate::refusal::{status_of, unseen};
use crate::service::{Endpoint, Scim};
use crate::settings::{PatchSetting, ReadBack, Removal};

/// How often a whole resource is read and replaced before somebody else's changes win.
const REPLACEMENTS: usize = 4;

/// Pauses before a change is looked for again: services show changes late.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// SCIM error types that are about what is written rather than how: another form will not help.
const FINAL: [&str; 6] = ["uniqueness", "mutability", "sensitive", "noTarget", "tooMany", "invalidVers"];

impl Scim {
    /// Changes a resource: by PATCH or, where the service has none, by replacing it, until `sees` sees the change. `version`
    /// is that of the resource which the changes were worked out from, when they depend on what it holds.
    ///
    /// A service that does not show what would tell does not prove a change, unless it is a removal.
    pub(crate) async fn change<F: Future<Output = Result<Option<bool>>>>(
        &self,
        endpoint: &Endpoint,
        id: &str,
        changes: &[Change],
        version: Option<&str>,
        sees: impl Fn() -> F,
    ) -> Result<()> {
        let removed = changes.iter().find_map(|change| match change {
            Change::Remove { attribute, value } => Some((*attribute, value.as_str())),
            _ => None,
        });
        let removes = removed.is_some();
        let (mut refused, mut accepted, mut has_patch) = (None, false, true);
        for &form in self.forms(removes) {
            let is_pointless = match form {
                // A resource is replaced where there is no PATCH; what is wrong with values stays wrong.
                Form::Whole => refused.is_some() && has_patch && !accepted && !removes,
                Form::Explicit => !has_patch,
                Form::Path | Form::Value => false,
            };
            if is_pointless {
                continue;
            }
            // A service that ignores the value removes all of them, and a replacement those that are not shown.
            let is_by_value = form == Form::Value && self.settings.removal == Removal::Path;
            let others = match removed.filter(|_| is_by_value || form == Form::Whole) {
                Some(removed) => self.others(endpoint, id, removed).await?,
                None => Some(Vec::new()),
            };
            let Some(others) = others else { continue };
            match self.write_changes(endpoint, id, changes, version, form).await {
                Err(error) if is_not_understood(&error) => {
                    has_patch &= !matches!(status_of(&error), 405 | 501);
                    refused.get_or_insert(error);
                    continue;
                }
                written => written?,
            }
            if is_by_value {
                self.restore(endpoint, id, others).await?;
            }
            if self.settings.read_back == ReadBack::Never {
                return Ok(());
            }
            accepted = true;
            let seen = look(&sees).await?;
            if seen == Some(true) || seen.is_none() && removes {
                return Ok(());
            }
        }
        Err(refused
            .filter(|_| !accepted)
            .unwrap_or_else(|| unseen(&format!("{endpoint}/{id} does not show it"))))
    }

    /// The forms to try, one after the other.
    fn forms(&self, removes: bool) -> &'static [Form] {
        match (self.settings.patch, self.settings.removal) {
            (PatchSetting::Never, _) => &[Form::Whole],
            (PatchSetting::Auto, _) if !removes => &[Form::Path, Form::Explicit, Form::Whole],
            (PatchSetting::Auto, Removal::Path) => &[Form::Path, Form::Whole, Form::Value],
            (PatchSetting::Auto, Removal::Value) => &[Form::Value],
        }
    }

    async fn write_changes(
        &self,
        endpoint: &Endpoint,
        id: &str,
        changes: &[Change],
        version: Option<&str>,
        form: Form,
    ) -> Result<()> {
        if form == Form::Whole {
            return self.replace(endpoint, id, changes).await;
        }
        let request = self.http.patch(endpoint.path_of(id));
        // Setting, adding and removing a value twice is doing it once.
        let request = if version.is_none() { request.idempotent() } else { request };
        self.write(request, &patch_body(changes, form), version).await.map(drop)
    }

    /// The values beside the one that is removed; `None` when the resource does not show that one.
    async fn others(
        &self,
        endpoint: &Endpoint,
        id: &str,
        (attribute, value): (&'static str, &str),
    ) -> Result<Option<Vec<Change>>> {
        let resource = self.read(endpoint, id, "").await?;
        let others = resource.values(attribute).filter(|entry| entry.value != value);
        let others = others.map(|entry| Change::Add { attribute, value: entry.value }).collect();
        Ok(resource.holds(attribute, value).then_some(others))
    }

    /// Gives back what a removal by value took away beside the value.
    async fn restore(&self, endpoint: &Endpoint, id: &str, mut others: Vec<Change>) -> Result<()> {
        let resource = self.read(endpoint, id, "").await?;
        others.retain(
            |other| matches!(other, Change::Add { attribute, value } if !resource.holds(attribute, value)),
        );
        if others.is_empty() {
            return Ok(());
        }
        tracing::warn!(
            lost = others.len(),
            "{endpoint}/{id}: a removal took others away; they are given back"
        );
        self.write_changes(endpoint, id, &others, None, Form::Path).await
    }

    /// Reads a resource, changes it and writes it back whole. When the service versions its resources, somebody else's
    /// change in between is noticed, and kept.
    async fn replace(&self, endpoint: &Endpoint, id: &str, changes: &[Change]) -> Result<()> {
        let mut left = REPLACEMENTS;
        loop {
            let mut resource = self.read(endpoint, id, "").await?;
            let version = resource.version().map(str::to_owned);
            for change in changes {
                change.apply(&mut resource);
            }
            resource.drop_what_the_service_decides();
            let request = self.http.put(endpoint.path_of(id));
            left -= 1;
            match self.write(request, &resource.into_json(), version.as_deref()).await {
                Err(error) if status_of(&error) == 412 && left > 0 => {}
                written => return written.map(drop),
            }
        }
    }
}

/// Looks for a change, and again after pauses when it is not there. `None` when the service does not show it.
pub(crate) async fn look<F: Future<Output = Result<Option<bool>>>>(sees: impl Fn() -> F) -> F::Output {
    for pause in PAUSES {
        let seen = sees().await?;
        if seen != Some(false) {
            return Ok(seen);
        }
        tokio::time::sleep(pause).await;
    }
    sees().await
}

/// Whether a refusal may be about the form in which a change is written.
fn is_not_understood(error: &ConnectorError) -> bool {
    let scim_type = error.app_error_code().and_then(|code| code.strip_prefix("scim."));
    matches!(status_of(error), 400 | 405 | 415 | 422 | 500 | 501)
        && !scim_type.is_some_and(|scim_type| FINAL.contains(&scim_type))
}
