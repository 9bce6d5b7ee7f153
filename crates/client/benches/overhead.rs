//! What the client costs over bare reqwest: the same requests to the same app on loopback, one at a time and 32 at a
//! time. The app answers 1 KiB of JSON, which both read as a type.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has failed")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use lumos_connector_client::{HttpCall, HttpClient};
use lumos_connector_core::host::Host;
use lumos_connector_core::{Call, Integration};
use lumos_connector_types::capability::marker as capability;
use lumos_connector_types::payload::{FoundAccountData, ListAccounts};
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

#[derive(Deserialize)]
struct Users {
    users: Vec<User>,
}

#[derive(Deserialize)]
struct User {
    id: u64,
    email: String,
}

/// An app that answers every request with the same users.
async fn app() -> u16 {
    let user = |id| format!(r#"{{"id":{id},"email":"user{id}@example.com"}}"#);
    let body = format!(r#"{{"users":[{}]}}"#, (0..25).map(user).collect::<Vec<_>>().join(","));
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let answer: Arc<str> = (head + &body).into();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                let mut read = 0;
                while let Ok(more @ 1..) = stream.read(&mut buffer[read..]).await {
                    read += more;
                    if buffer[..read].ends_with(b"\r\n\r\n") {
                        read = 0;
                        if stream.write_all(answer.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    port
}

async fn client(url: &str) -> HttpClient {
    let slot: Arc<Mutex<Option<Call>>> = Arc::default();
    let kept = Arc::clone(&slot);
    let integration = Integration::builder("acme", "1.0.0")
        .requires_authentication(false)
        .capability(capability::ListAccounts, move |call: Call, _: ListAccounts| {
            *kept.lock().unwrap() = Some(call);
            async { Ok(Vec::<FoundAccountData>::new()) }
        })
        .build()
        .unwrap();
    integration.dispatch(&Host::default(), "list_accounts", r#"{"request":{}}"#).await;
    let call = slot.lock().unwrap().take().unwrap();
    call.http().bearer("token").base_url(url).unwrap()
}

async fn bare(client: &reqwest::Client, url: &str) -> usize {
    let answer = client.get(format!("{url}/users")).bearer_auth("token").send().await.unwrap();
    let users: Users =
        serde_json::from_slice(&answer.error_for_status().unwrap().bytes().await.unwrap()).unwrap();
    users.users.iter().map(|user| user.email.len() + usize::from(user.id == 0)).sum()
}

async fn ours(client: &HttpClient) -> usize {
    let users: Users = client.get("users").read().await.unwrap();
    users.users.iter().map(|user| user.email.len() + usize::from(user.id == 0)).sum()
}

/// The time for `rounds` rounds of requests that are under way together.
async fn timed<Fut: Future>(rounds: u64, at_once: usize, request: impl Fn() -> Fut) -> Duration {
    let start = Instant::now();
    for _ in 0..rounds {
        join_all((0..at_once).map(|_| request())).await;
    }
    start.elapsed()
}

fn overhead(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let url = format!("http://127.0.0.1:{}", runtime.block_on(app()));
    let ours_client = runtime.block_on(client(&url));
    // The same connections, or at least the same settings.
    let bare_client = ours_client.reqwest().clone();
    for at_once in [1, 32] {
        let mut group = criterion.benchmark_group(format!("{at_once} at once"));
        group.throughput(Throughput::Elements(at_once as u64));
        group.bench_function("reqwest", |bencher| {
            bencher
                .iter_custom(|rounds| runtime.block_on(timed(rounds, at_once, || bare(&bare_client, &url))));
        });
        group.bench_function("client", |bencher| {
            bencher.iter_custom(|rounds| runtime.block_on(timed(rounds, at_once, || ours(&ours_client))));
        });
        group.finish();
    }
}

criterion_group!(benches, overhead);
criterion_main!(benches);
