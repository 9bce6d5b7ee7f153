//! What the fake app expects and what it got.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::answer::{Answer, answer};
use super::exchange::Exchange;
use super::matching::{self, Mismatch};
use super::received::Received;

/// The expected exchanges, the calls so far, and what was wrong with them.
#[derive(Debug)]
pub(super) struct Ledger(Mutex<Books>);

#[derive(Debug)]
struct Books {
    /// Each exchange with how often it took place.
    exchanges: Vec<(Exchange, usize)>,
    calls: Vec<(Received, String)>,
    problems: Vec<String>,
    /// Until when an exchange asked for quiet.
    quiet_until: Option<Instant>,
}

impl Ledger {
    pub(super) fn new(exchanges: impl IntoIterator<Item = Exchange>) -> Self {
        let exchanges = exchanges.into_iter().map(|exchange| (exchange, 0)).collect();
        Self(Mutex::new(Books { exchanges, calls: Vec::new(), problems: Vec::new(), quiet_until: None }))
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a call and gives its answer.
    pub(super) fn enter(&self, call: Received) -> Answer {
        let mut books = self.books();
        if let Some(until) = books.quiet_until.filter(|until| call.at < *until) {
            let early = (until - call.at).as_secs_f64();
            books.problems.push(format!("{call} came {early:.1} s too early"));
        }
        let answer = books.answer(&call);
        let summary = answer.summary();
        books.calls.push((call, summary));
        answer
    }

    pub(super) fn calls(&self) -> Vec<Received> {
        self.books().calls.iter().map(|(call, _)| call.clone()).collect()
    }

    /// The calls with their answers, one a line.
    pub(super) fn journal(&self) -> Vec<String> {
        self.books().calls.iter().map(|(call, answer)| format!("{call} → {answer}")).collect()
    }

    /// Everything that was not as expected, in the order it happened; calls that never came are last.
    pub(super) fn problems(&self) -> Vec<String> {
        let books = self.books();
        let missing = books.exchanges.iter().filter_map(|(exchange, times)| {
            let expected = exchange.times.filter(|expected| times < expected)?;
            Some(format!("{exchange} was expected {}, came {}", count(expected), count(*times)))
        });
        books.problems.iter().cloned().chain(missing).collect()
    }
}

impl Books {
    fn answer(&mut self, call: &Received) -> Answer {
        let mut compared: Vec<(usize, Mismatch)> = Vec::with_capacity(self.exchanges.len());
        for (place, (exchange, times)) in self.exchanges.iter_mut().enumerate() {
            let mismatch = matching::compare(exchange, call);
            if mismatch.clauses.is_empty() && exchange.times.is_none_or(|expected| *times < expected) {
                *times += 1;
                let answer = exchange.answer_to(call);
                self.quiet_until = Some(call.at + answer.delay + exchange.quiet);
                return answer;
            }
            compared.push((place, mismatch));
        }
        let nearest = compared.into_iter().min_by_key(|(_, mismatch)| mismatch.distance);
        let problem = match nearest {
            Some((place, mismatch)) if mismatch.clauses.is_empty() => {
                let (exchange, times) = &self.exchanges[place];
                format!("{exchange} was expected {}, came once more", count(*times))
            }
            Some((place, mismatch)) => {
                let (exchange, _) = &self.exchanges[place];
                let differences = mismatch.clauses.join("; ");
                format!("unexpected call {call}\n    nearest: {exchange}\n    {differences}")
            }
            None => format!("unexpected call {call}: the case expects none"),
        };
        let summary = problem.lines().next().unwrap_or_default().to_owned();
        self.problems.push(problem);
        // No client repeats a call after this status.
        answer(501).text(format!("the test's fake app says: {summary}"))
    }
}

fn count(times: usize) -> String {
    match times {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        times => format!("{times} times"),
    }
}
