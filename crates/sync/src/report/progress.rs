//! A sync while it runs: bars at a terminal, plain lines elsewhere, or JSON for programs.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use super::numbers::{grouped, short};
use crate::execute::{Event, Observer};
use crate::store::ListingRecord;

/// How a sync is shown while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressForm {
    /// A line for each listing that changes in place, on a terminal.
    Terminal,
    /// A line now and then, and for what matters.
    Lines,
    /// One JSON object a line for everything.
    Json,
    /// Nothing.
    Quiet,
}

/// Shows a sync.
#[derive(Debug)]
pub struct Progress<W> {
    form: ProgressForm,
    state: Mutex<State<W>>,
    bars: MultiProgress,
}

#[derive(Debug)]
struct State<W> {
    output: W,
    listings: HashMap<i64, Shown>,
}

#[derive(Debug)]
struct Shown {
    label: String,
    rows: u64,
    pages: u64,
    expected: Option<u64>,
    started: Instant,
    said: Instant,
    bar: Option<ProgressBar>,
}

/// A plain line for a listing comes no more often.
const PAUSE: Duration = Duration::from_secs(5);

impl<W: Write + Send> Progress<W> {
    /// Shows a sync on `output`; the bars of a terminal go to stderr.
    pub fn new(form: ProgressForm, output: W) -> Self {
        let target = if form == ProgressForm::Terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bars = MultiProgress::with_draw_target(target);
        Self { form, state: Mutex::new(State { output, listings: HashMap::new() }), bars }
    }

    fn state(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, event: &Event<'_>) {
        let Event::Begun { sync, is_resumed, left, listings, expected } = event else { return };
        let mut state = self.state();
        let now = Instant::now();
        let label = |listing: &ListingRecord| {
            let again = if listing.reading > 1 { " again" } else { "" };
            format!("{}{again}", listing.label)
        };
        let longest = listings.iter().map(|listing| label(listing).len()).max().unwrap_or_default();
        for (listing, expected) in listings.iter().zip(*expected) {
            let label = label(listing);
            let bar = (self.form == ProgressForm::Terminal)
                .then(|| self.bar(format!("{label:longest$}"), *expected));
            state.listings.insert(
                listing.id,
                Shown {
                    label,
                    rows: listing.rows,
                    pages: listing.pages,
                    expected: *expected,
                    started: now,
                    said: now,
                    bar,
                },
            );
        }
        if let Some(left) = left {
            self.say(&mut state, left);
        }
        let verb = if *is_resumed { "goes on" } else { "begins" };
        self.say(&mut state, &format!("sync {sync} {verb}: {} listings", listings.len()));
    }

    /// A line of its own, cut to the width of the terminal.
    fn bar(&self, label: String, expected: Option<u64>) -> ProgressBar {
        let template =
            if expected.is_some() { "{prefix} {bar:12} {wide_msg}" } else { "{prefix} {spinner} {wide_msg}" };
        let bar = self.bars.add(expected.map_or_else(ProgressBar::new_spinner, ProgressBar::new));
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.with_prefix(label)
    }

    fn say(&self, state: &mut State<W>, line: &str) {
        match self.form {
            ProgressForm::Terminal => {
                // When the terminal is gone there is nobody to tell.
                let _ = self.bars.println(line);
            }
            ProgressForm::Lines => {
                let _ = writeln!(state.output, "{line}");
            }
            ProgressForm::Json | ProgressForm::Quiet => {}
        }
    }

    fn show(&self, event: &Event<'_>) {
        let mut state = self.state();
        let now = Instant::now();
        let line = match event {
            Event::Stored { listing, rows, .. } => state.listings.get_mut(listing).and_then(|shown| {
                shown.rows += rows;
                shown.pages += 1;
                let rate = shown.rate(now);
                if let Some(bar) = &shown.bar {
                    bar.set_position(shown.rows);
                    bar.set_message(format!("{}, {} pages, {rate}", shown.rows(), grouped(shown.pages)));
                    return None;
                }
                let is_due = now.duration_since(shown.said) >= PAUSE;
                is_due.then(|| {
                    shown.said = now;
                    format!("{}: {}, {rate}", shown.label, shown.so_far())
                })
            }),
            Event::Deferred { listing, delay, reason, page, .. } => {
                state.listings.get_mut(listing).map(|shown| {
                    if let Some(bar) = &shown.bar {
                        bar.set_message(format!("{}, waits {}: {reason}", shown.rows(), short(*delay)));
                    }
                    format!("{}: page {page} waits {}: {reason}", shown.label, short(*delay))
                })
            }
            Event::Read { listing } => state.listings.get_mut(listing).map(|shown| {
                if let Some(bar) = &shown.bar {
                    bar.set_message(format!("{}, is indexed", shown.rows()));
                }
                format!("{}: {}, read", shown.label, shown.so_far())
            }),
            Event::Indexed { listing } => {
                if let Some(shown) = state.listings.get(listing)
                    && let Some(bar) = &shown.bar
                {
                    bar.finish_with_message(format!("{} rows, read", grouped(shown.rows)));
                }
                None
            }
            Event::Ended { .. } => {
                // The table says it all.
                let _ = self.bars.clear();
                None
            }
            _ => None,
        };
        if let Some(line) = line.filter(|_| self.form == ProgressForm::Lines || is_notable(event)) {
            self.say(&mut state, &line);
        }
    }
}

/// What stays on a terminal after its bars are gone.
fn is_notable(event: &Event<'_>) -> bool {
    matches!(event, Event::Deferred { is_failure: true, .. })
}

impl Shown {
    /// The rows so far, of those of the last complete sync.
    fn rows(&self) -> String {
        let of = self.expected.map_or(String::new(), |expected| format!("/{}", grouped(expected)));
        format!("{}{of} rows", grouped(self.rows))
    }

    fn so_far(&self) -> String {
        let of = self.expected.map_or(String::new(), |expected| format!(" of about {}", grouped(expected)));
        format!("{}{of} rows in {} pages", grouped(self.rows), grouped(self.pages))
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate need not be exact"
    )]
    fn rate(&self, now: Instant) -> String {
        let seconds = now.duration_since(self.started).as_secs_f64().max(0.001);
        format!("{} rows/s", grouped((self.rows as f64 / seconds) as u64))
    }
}

impl<W: Write + Send> Observer for Progress<W> {
    fn observe(&self, event: &Event<'_>) {
        match self.form {
            ProgressForm::Quiet => {}
            ProgressForm::Json => {
                if let Some(value) = as_json(event) {
                    let mut state = self.state();
                    // A reader that has read enough does not stop the sync.
                    let _ = writeln!(state.output, "{value}").and_then(|()| state.output.flush());
                }
            }
            ProgressForm::Terminal | ProgressForm::Lines => match event {
                Event::Begun { .. } => self.begin(event),
                _ => self.show(event),
            },
        }
    }
}

fn as_json(event: &Event<'_>) -> Option<Value> {
    Some(match event {
        Event::Begun { sync, is_resumed, left, listings, expected } => {
            let listings: Vec<Value> = listings
                .iter()
                .zip(*expected)
                .map(|(it, expected)| {
                    json!({"listing": it.id, "label": it.label, "reading": it.reading, "rows": it.rows,
                           "expected": expected})
                })
                .collect();
            json!({"event": "begun", "sync": sync, "resumed": is_resumed, "left": left, "listings": listings})
        }
        Event::Stored { listing, page, rows, connector } => {
            json!({"event": "page", "listing": listing, "page": page, "rows": rows,
                   "connector_seconds": connector.as_secs_f64()})
        }
        Event::Deferred { listing, page, delay, reason, is_failure } => {
            json!({"event": "deferred", "listing": listing, "page": page, "seconds": delay.as_secs_f64(),
                   "reason": reason, "failure": is_failure})
        }
        Event::Read { listing } => json!({"event": "read", "listing": listing}),
        Event::Indexed { listing } => json!({"event": "indexed", "listing": listing}),
        Event::Judged { sync, outcome } => {
            json!({"event": "judged", "sync": sync, "outcome": outcome.as_str()})
        }
        Event::Called { .. } | Event::Arrived { .. } | Event::Ended { .. } => return None,
    })
}
