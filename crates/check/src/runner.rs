//! The check itself: group after group, then the report.

use std::time::Instant;

use lumos_connection::Connection;

use crate::groups::{answers, declaration, errors, limits, paging, process, server, writes};
use crate::observer::{Event, Observer};
use crate::options::CheckOptions;
use crate::report::{Report, RuleResult};
use crate::rule::{Group, Rule};
use crate::run::Run;
use crate::subject::Subject;
use crate::writing::JournalError;

/// Why a connector could not be checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// It does not say what it is, so that nothing can be asked of it.
    #[error("cannot learn what the connector offers: {0}")]
    Unknown(String),
    /// The journal of what is created could not be kept, so that nothing is created.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Checks a connector. Nothing is changed in the app unless the options have a template for a test account.
///
/// # Errors
/// When the connector does not say what it is and no rule was selected that could tell why, and when the journal cannot
/// be kept.
pub async fn check(
    connection: &Connection,
    options: &CheckOptions,
    observer: &dyn Observer,
) -> Result<Report, CheckError> {
    let begin = Instant::now();
    let subject =
        Subject { connection: connection.clone(), name: options.name.clone(), timeout: options.call_timeout };
    let mut run = Run::new(subject, options, observer);
    let chosen: Vec<Group> = Group::ALL
        .iter()
        .copied()
        .filter(|group| options.selects_from(*group) && (*group != Group::Writes || options.writes.is_some()))
        .collect();
    let mut left = Vec::new();
    match declaration::learn(&mut run).await {
        Ok(()) => {
            // Rows are needed by most groups: what is read for them is judged on the way.
            let reads = chosen.iter().any(|group| !matches!(group, Group::Server));
            for (number, group) in Group::ALL.iter().enumerate() {
                let is_chosen = chosen.contains(group);
                if is_chosen {
                    let number = chosen.iter().position(|one| one == group).unwrap_or(number) + 1;
                    observer.event(&Event::Group { group: group.name(), number, of: chosen.len() });
                }
                match group {
                    Group::Answers if is_chosen || reads => {
                        answers::check(&mut run).await;
                        declaration::types_used(&run);
                        run.try_parallel(&process::target(&run)).await;
                    }
                    _ if !is_chosen => {}
                    Group::Declaration => declaration::check(&mut run).await,
                    Group::Answers => {}
                    Group::Paging => paging::check(&run).await,
                    Group::Errors => {
                        Box::pin(errors::check(&run)).await;
                        if !chosen.contains(&Group::Process) {
                            process::check_secrets(&run).await;
                        }
                    }
                    Group::Process => Box::pin(process::check(&run)).await,
                    Group::Server => server::check(&run).await,
                    Group::Limits => limits::check(&run).await,
                    Group::Writes => left = writes::check(&run).await?,
                }
            }
        }
        Err(problem) => {
            if !options.selects(declaration::INFO_ANSWERS) || !connection.has_program() {
                return Err(CheckError::Unknown(problem));
            }
            run.find(declaration::INFO_ANSWERS, "info", problem, &[]);
        }
    }
    let info = run.known.info.clone();
    let (mut results, calls) = run.end();
    let rules: Vec<RuleResult> = Rule::all()
        .filter(|rule| options.selects(rule) && (rule.group != Group::Writes || options.writes.is_some()))
        .map(|rule| {
            let outcome = results.remove(rule.id).unwrap_or_default();
            RuleResult {
                rule,
                passed: outcome.passed,
                findings: outcome.findings.into_values().collect(),
                skipped: outcome.skipped,
            }
        })
        .collect();
    let findings: Vec<_> = rules.iter().flat_map(|result| &result.findings).collect();
    let stale = options
        .baseline
        .accepted
        .iter()
        .filter(|accepted| !findings.iter().any(|finding| accepted.covers(finding)))
        .filter(|accepted| Rule::find(&accepted.rule).is_some_and(|rule| options.selects(rule)))
        .cloned()
        .collect();
    Ok(Report {
        connection: options.name.clone(),
        app_id: info.as_ref().map(|info| info.info.app_id.clone()).unwrap_or_default(),
        version: info.as_ref().map(|info| info.info.version.clone()).unwrap_or_default(),
        rules,
        calls,
        elapsed: begin.elapsed(),
        stale,
        left,
    })
}
