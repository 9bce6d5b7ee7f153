//! SIGKILL at every checkpoint of a sync, in a process of its own; what another process then reads on is what an uncut
//! run reads.
#![cfg(unix)]

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lumos_sync::execute::{Event, Observer, SyncOptions, run};
use lumos_sync::store::Store;
use lumos_sync::verdict::Verdict;

use crate::tenant::{Place, Tenant};

const STORE: &str = "KILL_TEST_STORE";
const AT: &str = "KILL_TEST_AT";

/// Kills its own process at the nth event.
struct Kill {
    left: AtomicU64,
}

impl Observer for Kill {
    fn observe(&self, _: &Event<'_>) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            let own = std::process::id().to_string();
            let _ = Command::new("kill").args(["-9", &own]).status();
            // SIGKILL may take a moment to arrive.
            std::thread::sleep(std::time::Duration::from_secs(60));
        }
    }
}

fn tenant() -> Tenant {
    Tenant::of(12).fault(|call, before, reply| {
        // One failure that passes, so that a deferral is among the checkpoints.
        if call.capability == "list_accounts" && before == 1 && call.rate_limit.is_none() {
            let failure = lumos_sync::execute::CallFailure::new("died", "it died")
                .wait(std::time::Duration::from_millis(5));
            return crate::tenant::Reply { failure: Some(failure), ..reply };
        }
        reply
    })
}

fn options() -> SyncOptions {
    let mut options = SyncOptions::new("acme");
    options.verify = true;
    options
}

/// Not a test of its own: the process that is killed.
#[test]
#[ignore = "the process that is_killed_at_every_checkpoint kills"]
fn victim() {
    let (Some(store), Ok(at)) = (std::env::var_os(STORE), std::env::var(AT)) else { return };
    let store = Arc::new(Store::open(&PathBuf::from(store)).unwrap());
    let kill = Kill { left: AtomicU64::new(at.parse().unwrap()) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let end = runtime.block_on(run(&tenant(), &store, &options(), &kill)).unwrap();
    assert_eq!(end.outcome, Verdict::Complete);
}

#[test]
fn a_sync_that_is_killed_at_every_checkpoint_goes_on_to_the_same_rows() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let whole = Place::new();
    let uncut = runtime.block_on(whole.sync_with(&tenant(), &options())).unwrap();
    let expected = whole.rows(uncut.sync);
    let mut checkpoints = 0;
    for at in 1.. {
        let place = Place::new();
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::victim", "--ignored", "--nocapture"])
            .env(STORE, place.path())
            .env(AT, at.to_string())
            .output()
            .unwrap();
        if status.status.success() {
            break;
        }
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status.status), Some(9), "{status:?}");
        checkpoints += 1;
        let end = runtime.block_on(place.sync_with(&tenant(), &options())).unwrap();
        assert_eq!(end.outcome, Verdict::Complete, "killed at {at}: {end:?}");
        assert_eq!(place.rows(end.sync), expected, "killed at {at}");
    }
    assert!(checkpoints > 50, "{checkpoints}");
}
