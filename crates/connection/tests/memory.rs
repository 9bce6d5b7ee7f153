//! Memory does not grow with an answer. The only test of this file: the figure is that of the whole process.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use lumos_connection::file::Mode;
use lumos_connection::{CallRequest, Connection, ConnectionFile, OpenOptions, RowBatch, RowSink, SinkError};

/// The largest memory of this process so far, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

struct Dropped(usize);

impl RowSink for Dropped {
    async fn rows(&mut self, batch: RowBatch) -> Result<(), SinkError> {
        self.0 += batch.len();
        Ok(())
    }
}

#[tokio::test]
async fn an_answer_of_500_megabytes_takes_no_more_memory_than_a_small_one() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_faulty-program").to_owned();
    let mut file = ConnectionFile::program(vec![program], Mode::Program);
    file.connector.directory = Some(folder.path().to_owned());
    let connection = Connection::open(file, OpenOptions::default()).await.unwrap();
    let mut sink = Dropped(0);
    connection.call_rows("list_accounts", CallRequest::empty(), &mut sink).await.unwrap();
    let before = peak();
    let end = connection.call_rows("large", CallRequest::empty(), &mut sink).await.unwrap();
    let more = peak().saturating_sub(before);
    assert_eq!((end.rows, sink.0), (500_000, 500_002));
    assert!(more < 8 * 1024, "{more} KiB more");
}
