//! Virtual time together with real sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, RuntimeMetrics};

/// The interval at which the runtime is observed.
const POLL: Duration = Duration::from_millis(1);

/// How many looks in a row must find the runtime asleep before time jumps.
const QUIET_POLLS: u32 = 5;

/// How long a jump may take until it is taken to have had nowhere to go.
const JUMP: Duration = Duration::from_millis(5);

/// Lets the paused clock of a runtime jump to the next timer, but only after nothing has happened for a while.
///
/// Tokio's own paused clock jumps as soon as the runtime has nothing to do. Beside real sockets that is too early: while
/// the kernel carries a byte from one end of a connection to the other, both ends sleep, and timeouts of minutes would
/// fire. A blocking task keeps the clock from jumping (tokio documents that); this one ends for a moment when the
/// runtime was asleep for some milliseconds.
pub(crate) struct PatientClock {
    stop: Arc<AtomicBool>,
    watcher: Option<JoinHandle<()>>,
}

impl PatientClock {
    /// Watches the runtime from a thread of its own, until it is dropped.
    pub(crate) fn start(runtime: &Handle) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let hold = Hold::new(runtime);
        let (runtime, stopped) = (runtime.clone(), Arc::clone(&stop));
        Self { stop, watcher: Some(thread::spawn(move || watch(&runtime, hold, &stopped))) }
    }
}

impl Drop for PatientClock {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(watcher) = self.watcher.take() {
            // It does nothing that panics; if it did, time would only stand still.
            let _ = watcher.join();
        }
    }
}

/// While it lives, the clock does not jump.
struct Hold(#[expect(dead_code, reason = "its drop ends the blocking task")] mpsc::Sender<()>);

impl Hold {
    fn new(runtime: &Handle) -> Self {
        let (hold, held) = mpsc::channel();
        runtime.spawn_blocking(move || {
            // An error is the end of the hold, which is what is waited for.
            let _: Result<(), _> = held.recv();
        });
        Self(hold)
    }
}

fn watch(runtime: &Handle, mut hold: Hold, stop: &AtomicBool) {
    let metrics = runtime.metrics();
    while wait_for_quiet(&metrics, stop) {
        let before = turns(&metrics);
        drop(hold);
        let released = Instant::now();
        // The end of the hold wakes the runtime once, the jump a second time.
        while turns(&metrics) < before + 3 && released.elapsed() < JUMP && !stop.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        hold = Hold::new(runtime);
    }
}

/// Waits until the runtime was asleep for a while; false when there is no need to wait any more.
fn wait_for_quiet(metrics: &RuntimeMetrics, stop: &AtomicBool) -> bool {
    let (mut seen, mut quiet) = (turns(metrics), 0);
    while quiet < QUIET_POLLS {
        if stop.load(Ordering::Relaxed) {
            return false;
        }
        thread::sleep(POLL);
        let now = turns(metrics);
        let asleep = now % 2 == 1;
        quiet = if asleep && now == seen { quiet + 1 } else { 0 };
        seen = now;
    }
    true
}

/// How often the only worker fell asleep and woke: odd while it sleeps.
fn turns(metrics: &RuntimeMetrics) -> u64 {
    metrics.worker_park_unpark_count(0)
}
