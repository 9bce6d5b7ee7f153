//! The threads of a server: handlers that block do not stop the others.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

/// Workers beside one for each core, so that the last free one is seldom asked for.
const SPARE: usize = 4;

/// Shorter than what the timers of requests wait for.
const TICK: Duration = Duration::from_secs(1);

/// The worker threads of a runtime, and how many of them are busy in a handler.
///
/// Handlers are asynchronous, but nothing keeps an author from calling what blocks. A thread that blocks is lost to
/// all others for that time, and when all are lost, so is the server. Therefore the last free worker never runs a
/// handler itself: it gives its other duties to a new thread first.
#[derive(Debug)]
pub(super) struct Workers {
    count: usize,
    busy: AtomicUsize,
}

impl Workers {
    pub(super) fn for_this_machine() -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, usize::from) + SPARE)
    }

    fn new(count: usize) -> Self {
        Self { count, busy: AtomicUsize::new(0) }
    }

    /// A runtime with these workers, for so many calls.
    pub(super) fn runtime(&self, calls: usize) -> io::Result<Runtime> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(self.count)
            // At worst every call blocks a thread.
            .max_blocking_threads(calls + self.count)
            .thread_name("connector")
            .enable_all()
            .build()?;
        runtime.spawn(tick());
        Ok(runtime)
    }

    /// Runs a future that may block the thread it runs on.
    pub(super) async fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| self.guard(|| future.as_mut().poll(context))).await
    }

    /// Does what may block the thread.
    pub(super) fn guard<T>(&self, work: impl FnOnce() -> T) -> T {
        let busy = Busy::one_more(&self.busy);
        if busy.before + 1 < self.count { work() } else { tokio::task::block_in_place(work) }
    }
}

/// Counts while it lives, through panics too.
struct Busy<'a> {
    count: &'a AtomicUsize,
    before: usize,
}

impl<'a> Busy<'a> {
    fn one_more(count: &'a AtomicUsize) -> Self {
        Self { count, before: count.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Keeps a timer running that ends soon.
///
/// The worker that waits for sockets sleeps until the earliest timer. Each request sets some, half a minute and more
/// ahead; when all others are later, the sleeper is woken to be told of it, and wakes another. With an earlier timer
/// always there, nobody is woken: for a small request that is a third of its cost.
async fn tick() {
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, mpsc};

    #[test]
    fn more_blocking_futures_than_workers_do_not_stop_others() {
        let workers = Arc::new(Workers::new(2));
        let runtime = workers.runtime(10).unwrap();
        let (release, blocked) = mpsc::channel::<()>();
        let blocked = Arc::new(std::sync::Mutex::new(blocked));
        let blocking: Vec<_> = (0..10)
            .map(|_| {
                let (workers, blocked) = (Arc::clone(&workers), Arc::clone(&blocked));
                runtime.spawn(async move {
                    workers.run(async { blocked.lock().unwrap().recv().unwrap() }).await;
                })
            })
            .collect();
        let others: Vec<_> = (0..100)
            .map(|number| {
                let workers = Arc::clone(&workers);
                runtime.spawn(async move { workers.run(async { number }).await })
            })
            .collect();
        // Would wait for ever if the blocking ones held all workers.
        let sum: i32 = runtime.block_on(async {
            let mut sum = 0;
            for other in others {
                sum += other.await.unwrap();
            }
            sum
        });
        assert_eq!(sum, 4950);
        (0..10).for_each(|_| release.send(()).unwrap());
        runtime.block_on(async {
            for task in blocking {
                task.await.unwrap();
            }
        });
        assert_eq!(workers.busy.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn a_panic_frees_its_worker() {
        let workers = Arc::new(Workers::new(2));
        let same = Arc::clone(&workers);
        let panicked = tokio::spawn(async move { same.run(async { panic!("on purpose") }).await }).await;
        assert!(panicked.is_err());
        assert_eq!(workers.busy.load(Ordering::Relaxed), 0);
    }
}
