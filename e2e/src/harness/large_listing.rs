//! How fast a large listing is, and how much memory it takes.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::connection::Connection;
use super::install::output;
use super::stage::Stage;

/// How much more memory the larger tenant may take: what the allocator rounds up.
const SLACK: f64 = 1.10;

/// One listing to its end.
#[derive(Debug)]
pub(crate) struct LargeListing {
    listing: &'static str,
    pub(crate) rows: usize,
    pub(crate) pages: u32,
    seconds: f64,
    /// The largest resident set of all calls, in KiB.
    peak: u64,
}

impl LargeListing {
    /// Each page is a process of its own, as on the command line; `time` says how much memory it took.
    pub(crate) fn of(binary: &Path, lumos: &Connection, listing: &'static str, page: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (request, usage) = (folder.path().join("request.json"), folder.path().join("usage"));
        let mut listed = Self { listing, rows: 0, pages: 0, seconds: 0.0, peak: 0 };
        let started = Instant::now();
        let mut token = Value::Null;
        loop {
            fs::write(&request, lumos.request(json!({}), json!({"token": token, "size": page})).to_string())?;
            let mut call = Command::new("/usr/bin/time");
            call.args(["-f", "%M", "-o"]).arg(&usage).arg(binary).env("LUMOS_LOG_DIRECTORY", folder.path());
            let answer = output(call.args([listing, "--json-file"]).arg(&request))?;
            let mut answer: Value = serde_json::from_slice(&answer.stdout)?;
            let rows = answer["response"].as_array().with_context(|| answer["error"].to_string())?;
            listed.rows += rows.len();
            listed.pages += 1;
            listed.peak = listed.peak.max(fs::read_to_string(&usage)?.trim().parse()?);
            token = answer["page"]["token"].take();
            if token.is_null() {
                listed.seconds = started.elapsed().as_secs_f64();
                return Ok(listed);
            }
        }
    }
}

/// Checks that no listing takes more memory in a larger tenant: the first of each name is of the smallest.
pub(crate) fn check_growth(stage: &mut Stage, listed: &[LargeListing]) {
    for (place, smaller) in listed.iter().enumerate() {
        let Some(larger) = listed[place + 1..].iter().find(|larger| larger.listing == smaller.listing) else {
            continue;
        };
        stage.check(
            format!("{} takes as much memory at the full size as at a tenth", smaller.listing),
            |_| {
                let growth = larger.peak as f64 / smaller.peak as f64;
                ensure!(growth < SLACK, "{} KiB, then {} KiB", smaller.peak, larger.peak);
                Ok(())
            },
        );
    }
}

impl fmt::Display for LargeListing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { listing, rows, pages, seconds, peak } = self;
        let rate = *rows as f64 / seconds;
        write!(
            f,
            "{listing}: {rows} rows in {pages} pages, {seconds:.1} s, {rate:.0} rows/s, peak {peak} KiB"
        )
    }
}
