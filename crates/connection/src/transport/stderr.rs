//! What a program writes to stderr: into the log, the last lines into errors.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::secrets::Redactor;

/// How many of the last lines are kept.
const LINES: usize = 20;

/// How many bytes of a line are kept.
const LONGEST_LINE: usize = 4096;

/// Is called with each line that a program writes to its log, without secrets.
#[derive(Clone)]
pub(crate) struct LogLines(pub(crate) Arc<dyn Fn(&str) + Send + Sync>);

impl fmt::Debug for LogLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogLines").finish_non_exhaustive()
    }
}

/// The last lines of a program, without secrets.
#[derive(Debug, Clone)]
pub(crate) struct LastLines {
    program: Arc<str>,
    redactor: Arc<Redactor>,
    lines: Arc<Mutex<VecDeque<Vec<u8>>>>,
    log: Option<LogLines>,
}

impl LastLines {
    pub(crate) fn new(program: &str, redactor: Arc<Redactor>, log: Option<LogLines>) -> Self {
        Self { program: program.into(), redactor, lines: Arc::default(), log }
    }

    /// The last lines so far.
    pub(crate) fn get(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(|line| self.redactor.text(&String::from_utf8_lossy(line))).collect()
    }

    /// Reads lines until there are no more. What is too long for a line is dropped.
    pub(crate) async fn read(self, mut source: impl AsyncRead + Unpin) {
        let mut piece = vec![0; 16 << 10];
        let mut line = Vec::new();
        while let Ok(read @ 1..) = source.read(&mut piece).await {
            let mut parts = piece[..read].split(|byte| *byte == b'\n');
            if let Some(part) = parts.next() {
                extend(&mut line, part);
            }
            for part in parts {
                self.keep(std::mem::take(&mut line));
                extend(&mut line, part);
            }
        }
        self.keep(line);
    }

    fn keep(&self, mut line: Vec<u8>) {
        while line.last().is_some_and(u8::is_ascii_whitespace) {
            line.pop();
        }
        if line.is_empty() {
            return;
        }
        let is_traced = tracing::enabled!(tracing::Level::DEBUG);
        if is_traced || self.log.is_some() {
            let text = self.redactor.text(&String::from_utf8_lossy(&line));
            if let Some(log) = &self.log {
                (log.0)(&text);
            }
            if is_traced {
                tracing::debug!(program = &*self.program, "{text}");
            }
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

fn extend(line: &mut Vec<u8>, part: &[u8]) {
    let room = LONGEST_LINE.saturating_sub(line.len());
    line.extend_from_slice(&part[..part.len().min(room)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_lines_are_kept_and_long_ones_cut() {
        let lines = LastLines::new("p", Arc::new(Redactor::new(["hunter22"])), None);
        let mut text: String = (0..100).map(|number| format!("line {number}\n")).collect();
        text.push_str("the password hunter22\n\n");
        text.push_str(&"x".repeat(1_000_000));
        lines.clone().read(text.as_bytes()).await;
        let lines = lines.get();
        assert_eq!(lines.len(), LINES);
        assert_eq!(lines[LINES - 3], "line 99");
        assert_eq!(lines[LINES - 2], "the password [REDACTED]");
        assert_eq!(lines[LINES - 1].len(), LONGEST_LINE);
    }
}
