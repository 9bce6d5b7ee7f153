//! A capability dispatched a number of times, for `cargo xtask instructions` to count what one dispatch takes.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has failed")]

const REQUEST: &str = r#"{"auth":{"basic":{"username":"bench","password":"bench"}},"request":{},"settings":{"host":"example.test","account_count":1000}}"#;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let capability = arguments.next().unwrap();
    let times: usize = arguments.next().unwrap().parse().unwrap();
    let connector = bench_connector::integration().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for _ in 0..times {
        let answer = async { connector.dispatch(&capability, REQUEST).await.into_bytes().await };
        std::hint::black_box(runtime.block_on(answer).unwrap());
    }
}
