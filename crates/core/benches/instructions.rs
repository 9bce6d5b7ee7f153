//! A capability dispatched a number of times, for `cargo xtask instructions` to count what one dispatch takes.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has failed")]

#[path = "dispatch/connector.rs"]
mod connector;

use connector::{REQUEST, connector};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(capability), Some(Ok(times))) =
        (arguments.next(), arguments.next().map(|times| times.parse::<usize>()))
    else {
        // `cargo bench` runs every benchmark; this one needs arguments.
        return;
    };
    let connector = connector();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for _ in 0..times {
        let answer = async { connector.dispatch(&capability, REQUEST).await.into_bytes().await };
        std::hint::black_box(runtime.block_on(answer).unwrap());
    }
}
