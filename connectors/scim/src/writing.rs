//! Changes that are reported only when they were seen: written in the forms that services understand, one after the
//! other, each read back before the next is tried.

use std::time::Duration;

use lumos_connector::prelude::*;
use serde_json::Value;

use crate::change::{Change, Form, patch_body};
use crate::entitlement::Kind;
use crate::profile::Profile;
use crate::refusal::{is_not_supported, refusal, unseen};
use crate::resource::Resource;
use crate::service::{Endpoint, Scim, success};
use crate::settings::{PatchSetting, ReadBack, Removal};
use crate::value::as_boolean;

/// How often a whole resource is read and replaced before somebody else's changes win.
const REPLACEMENTS: usize = 4;

/// Pauses before a change is looked for again: services show changes late.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// One way to write a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    Patch(Form),
    /// The whole resource is replaced.
    Put,
}

/// What became of an attempt.
enum Outcome {
    Accepted,
    /// The service does not understand the attempt.
    NotUnderstood(Box<HttpAnswer>),
    /// It was not tried: it could take away what cannot be seen.
    Skipped,
}

/// What shows that a change is there.
pub(crate) enum Sign<'a> {
    /// An account holds an entitlement, or does not.
    Holds { kind: Kind, value: &'a str, account: &'a str, wanted: bool },
    /// A user is there, or is not: one that is switched off counts as deleted.
    Exists { id: &'a str, wanted: bool },
    /// A user is active, or is not.
    Active { id: &'a str, wanted: bool },
    /// A user is no longer as it was before these changes.
    Profile { id: &'a str, profile: &'a Profile, before: &'a Resource },
}

impl Scim {
    /// Changes a resource: by PATCH or, where the service has none, by replacing it, until the change is seen. `version` is
    /// that of the resource which the changes were worked out from, when they depend on what it holds.
    ///
    /// A service that does not show what would tell does not prove a change, unless it is a removal.
    pub(crate) async fn change(
        &self,
        endpoint: &Endpoint,
        id: &str,
        changes: &[Change],
        version: Option<&str>,
        sign: &Sign<'_>,
    ) -> Result<()> {
        let removes = changes.iter().any(|change| matches!(change, Change::Remove { .. }));
        let mut refused = None;
        let mut accepted = false;
        let mut was_supported = true;
        for attempt in self.attempts(removes) {
            if attempt == Attempt::Put && refused.is_some() && was_supported && !accepted && !removes {
                // A resource is replaced where there is no PATCH; what is wrong with values stays wrong.
                continue;
            }
            if !was_supported && attempt == Attempt::Patch(Form::Explicit) {
                continue;
            }
            match self.attempt(endpoint, id, changes, version, attempt).await? {
                Outcome::Skipped => {}
                Outcome::NotUnderstood(answer) => {
                    was_supported &= !is_not_supported(&answer);
                    refused = refused.or(Some(answer));
                }
                Outcome::Accepted if self.settings.read_back == ReadBack::Never => return Ok(()),
                Outcome::Accepted => {
                    accepted = true;
                    let seen = self.look(sign).await?;
                    if seen == Some(true) || seen.is_none() && removes {
                        return Ok(());
                    }
                }
            }
        }
        match refused {
            Some(answer) if !accepted => Err(refusal(&answer)),
            _ => Err(unseen(&format!("{endpoint}/{id} does not show it"))),
        }
    }

    fn attempts(&self, removes: bool) -> Vec<Attempt> {
        let removal = match self.settings.removal {
            Removal::Path => {
                [Attempt::Patch(Form::Path), Attempt::Put, Attempt::Patch(Form::Value)].as_slice()
            }
            Removal::Value => [Attempt::Patch(Form::Value)].as_slice(),
        };
        match self.settings.patch {
            PatchSetting::Never => vec![Attempt::Put],
            PatchSetting::Auto if removes => removal.to_vec(),
            PatchSetting::Auto => {
                vec![Attempt::Patch(Form::Path), Attempt::Patch(Form::Explicit), Attempt::Put]
            }
        }
    }

    /// Looks for a change, and again after pauses when it is not there.
    pub(crate) async fn look(&self, sign: &Sign<'_>) -> Result<Option<bool>> {
        let mut seen = self.sees(sign).await?;
        for pause in PAUSES {
            if seen != Some(false) {
                break;
            }
            tokio::time::sleep(pause).await;
            seen = self.sees(sign).await?;
        }
        Ok(seen)
    }

    async fn sees(&self, sign: &Sign<'_>) -> Result<Option<bool>> {
        let users = Endpoint::users();
        Ok(match sign {
            Sign::Holds { kind, value, account, wanted } => {
                self.holds_now(*kind, value, account).await?.map(|holds| holds == *wanted)
            }
            Sign::Exists { id, wanted } => match self.read(&users, id, "active").await {
                Ok(user) if user.get("active").and_then(as_boolean) == Some(false) => Some(true),
                Ok(_) => Some(*wanted),
                Err(error) if is_gone(&error) => Some(!*wanted),
                Err(error) => return Err(error),
            },
            Sign::Active { id, wanted } => match self.read(&users, id, "active").await {
                Ok(user) => user.get("active").and_then(as_boolean).map(|active| active == *wanted),
                // Some services take deactivated users out of sight.
                Err(error) if is_gone(&error) => Some(!*wanted),
                Err(error) => return Err(error),
            },
            Sign::Profile { id, profile, before } => {
                let after = self.read(&users, id, "").await?;
                // What the service writes in its own way is changed, too.
                let is_as_before = |change: &Change| match change {
                    Change::Set { attribute: "password", .. } => false,
                    Change::Set { schema: Some(schema), attribute, .. } => {
                        after.extended(schema, attribute) == before.extended(schema, attribute)
                    }
                    Change::Set { attribute, .. } => after.get(attribute) == before.get(attribute),
                    _ => false,
                };
                Some(!profile.changes(&after).iter().any(is_as_before))
            }
        })
    }

    async fn attempt(
        &self,
        endpoint: &Endpoint,
        id: &str,
        changes: &[Change],
        version: Option<&str>,
        attempt: Attempt,
    ) -> Result<Outcome> {
        let is_value = attempt == Attempt::Patch(Form::Value) && self.settings.removal == Removal::Path;
        let removes = changes.iter().any(|change| matches!(change, Change::Remove { .. }));
        let mut others = None;
        if is_value || removes && attempt == Attempt::Put {
            // A service that ignores the value removes all of them, and a replacement those that are not shown.
            others = self.others(endpoint, id, changes).await?;
            if others.is_none() {
                return Ok(Outcome::Skipped);
            }
        }
        let answer = match attempt {
            Attempt::Patch(form) => {
                let request = self.http.patch(endpoint.path_of(id));
                // Setting, adding and removing a value twice is doing it once.
                let request = if version.is_none() { request.idempotent() } else { request };
                self.write(request, &patch_body(changes, form), version).await?
            }
            Attempt::Put => self.replace(endpoint, id, changes).await?,
        };
        if let Some(others) = others.filter(|_| is_value && answer.is_success()) {
            self.restore(endpoint, id, changes, others).await?;
        }
        match answer.status() {
            400 | 405 | 415 | 422 | 500 | 501 if !is_final(&answer) => {
                Ok(Outcome::NotUnderstood(Box::new(answer)))
            }
            _ => success(answer).map(|_| Outcome::Accepted),
        }
    }

    /// The values beside those that are removed; `None` when the resource shows none of them.
    async fn others(&self, endpoint: &Endpoint, id: &str, changes: &[Change]) -> Result<Option<Vec<Change>>> {
        let resource = self.read(endpoint, id, "").await?;
        let mut others = Vec::new();
        let mut is_shown = false;
        for change in changes {
            let Change::Remove { attribute, value } = change else { continue };
            is_shown |= resource.values(attribute).any(|entry| entry.value == *value);
            let kept = resource.values(attribute).filter(|entry| entry.value != *value);
            others.extend(kept.map(|entry| Change::Add { attribute, value: entry.value.into_owned() }));
        }
        Ok(is_shown.then_some(others))
    }

    /// Gives back what a removal by value took away beside the value.
    async fn restore(
        &self,
        endpoint: &Endpoint,
        id: &str,
        removed: &[Change],
        others: Vec<Change>,
    ) -> Result<()> {
        let resource = self.read(endpoint, id, "").await?;
        let is_lost = |change: &Change| match change {
            Change::Add { attribute, value } => {
                !resource.values(attribute).any(|entry| entry.value == *value)
            }
            _ => false,
        };
        let lost: Vec<Change> = others.into_iter().filter(is_lost).collect();
        if lost.is_empty() {
            return Ok(());
        }
        tracing::warn!(
            removed = removed.len(),
            lost = lost.len(),
            "{endpoint}/{id}: a removal took others away; they are given back"
        );
        let body = patch_body(&lost, Form::Path);
        success(self.write(self.http.patch(endpoint.path_of(id)), &body, None).await?).map(drop)
    }

    /// Reads a resource, changes it and writes it back whole. When the service versions its resources, somebody else's
    /// change in between is noticed, and kept.
    async fn replace(&self, endpoint: &Endpoint, id: &str, changes: &[Change]) -> Result<HttpAnswer> {
        let mut left = REPLACEMENTS;
        loop {
            let mut resource: Resource = self.read(endpoint, id, "").await?;
            let version = resource.version().map(str::to_owned);
            for change in changes {
                change.apply(&mut resource);
            }
            resource.drop_what_the_service_decides();
            let body = resource.into_json();
            let request = self.http.put(endpoint.path_of(id));
            let replaced = self.write(request, &body, version.as_deref()).await?;
            left -= 1;
            if replaced.status() != 412 || left == 0 {
                return Ok(replaced);
            }
        }
    }
}

fn is_gone(error: &ConnectorError) -> bool {
    error.code() == ConnectorErrorCode::NotFound
}

/// Whether a refusal is about what is written rather than how: another form will not help.
fn is_final(answer: &HttpAnswer) -> bool {
    let body: serde_json::Map<String, Value> = crate::value::parse(answer).unwrap_or_default();
    let scim_type = crate::value::text_of(&body, "scimType");
    scim_type.is_some_and(|kind| {
        ["uniqueness", "mutability", "sensitive", "noTarget", "tooMany", "invalidVers"]
            .contains(&kind.as_ref())
    })
}
