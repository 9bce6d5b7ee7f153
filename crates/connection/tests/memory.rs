//! Memory does not grow with an answer. The only test of this file: the figure is that of the whole process.
#![cfg(target_os = "linux")]

#[expect(unreachable_pub, reason = "shared by several tests")]
mod common;

use common::Folder;
use lumos_connection::{CallRequest, RowBatch, RowSink, SinkError};

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
    let folder = Folder::program();
    let connection = folder.open().await;
    let mut sink = Dropped(0);
    connection.call_rows("list_accounts", CallRequest::empty(), &mut sink).await.unwrap();
    let before = peak();
    let end = connection.call_rows("large", CallRequest::empty(), &mut sink).await.unwrap();
    let more = peak() - before;
    assert_eq!((end.rows, sink.0), (500_000, 500_002));
    assert!(more < 8 * 1024, "{more} KiB more");
}
