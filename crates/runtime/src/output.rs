//! stdout: the answer and nothing else.

use std::io::{self, Write};

use crate::failure::Failure;
use crate::result_file::ResultFile;

/// Prints a text and a newline on stdout. A reader that has read enough (`… | head`) is no failure.
///
/// # Errors
/// When stdout cannot be written.
pub fn print(text: &str) -> Result<(), Failure> {
    write(None, |sink| sink.write_all(text.as_bytes()))
}

/// Writes an answer to the result file, or to stdout with a newline.
pub(crate) fn write(
    result_file: Option<&ResultFile>,
    answer: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    if let Some(file) = result_file {
        return file.write(answer);
    }
    let mut stdout = io::stdout().lock();
    let written = answer(&mut stdout).and_then(|()| writeln!(stdout)).and_then(|()| stdout.flush());
    match written {
        // The reader has read enough (`… | head`).
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Failure::new(format!("cannot write the answer to stdout: {error}"))),
    }
}

/// Writes a message for people to stderr; when even that fails there is nobody to tell.
pub fn message(text: impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// A sink that counts what goes through it.
pub(crate) struct Counted<'a> {
    pub(crate) sink: &'a mut dyn Write,
    pub(crate) bytes: usize,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(bytes)?;
        self.bytes += written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}
