//! A capability dispatched a number of times, for `cargo xtask instructions` to count what one dispatch takes.
//!
//! Arguments: the capability, the number of times, and perhaps a place and a number, such as `settings 100000`: so many keys that
//! nobody declared are added to that object of the request.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has failed")]

use lumos_connector::core::host::Host;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let capability = arguments.next().unwrap();
    let times: usize = arguments.next().unwrap().parse().unwrap();
    let place = arguments.next().unwrap_or_default();
    let keys: usize = arguments.next().map_or(0, |keys| keys.parse().unwrap());
    let request = request(&place, keys);
    let connector = bench_connector::integration().unwrap();
    let host = Host::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for _ in 0..times {
        let answer = async { connector.dispatch(&host, &capability, &request).await.into_bytes().await };
        std::hint::black_box(runtime.block_on(answer).unwrap());
    }
}

fn request(place: &str, keys: usize) -> String {
    let more = |name: &str| -> String {
        let keys = if name == place { keys } else { 0 };
        (0..keys).map(|index| format!(r#""key{index:07}":{index},"#)).collect()
    };
    let payload = more("payload");
    format!(
        r#"{{"auth":{{"basic":{{"username":"bench","password":"bench"}}}},"request":{{{}}},"settings":{{{}"host":"example.test","account_count":1000}}}}"#,
        payload.trim_end_matches(','),
        more("settings"),
    )
}
