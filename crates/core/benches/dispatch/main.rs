//! One dispatch beside its floor: `serde_json` reading the same request into structs and writing the same answer.
//!
//! Read the ratios within one run: `floor` is what any implementation pays for the same bytes, `dispatch` adds the
//! strict reading with paths, authentication, settings, the handler's future and the envelope.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has failed")]

mod connector;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use lumos_connector_types::envelope::{RequestEnvelope, ResponseEnvelope};
use lumos_connector_types::payload::{ListAccounts, ValidateCredentials};

use connector::{BenchSettings, REQUEST, accounts, connector, validated};

fn dispatch(criterion: &mut Criterion) {
    let connector = connector();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for name in ["validate_credentials", "list_accounts"] {
        criterion.bench_function(&format!("{name}/dispatch"), |bencher| {
            bencher.iter(|| {
                let answer = async { connector.dispatch(name, black_box(REQUEST)).await.into_bytes().await };
                runtime.block_on(answer).unwrap()
            });
        });
    }
}

fn floor(criterion: &mut Criterion) {
    criterion.bench_function("validate_credentials/floor", |bencher| {
        bencher.iter(|| {
            let envelope: RequestEnvelope<ValidateCredentials> =
                serde_json::from_str(black_box(REQUEST)).unwrap();
            let settings: BenchSettings = serde_json::from_str(envelope.settings.unwrap().text()).unwrap();
            black_box(settings);
            serde_json::to_vec(&ResponseEnvelope { response: validated(), ..ResponseEnvelope::default() })
                .unwrap()
        });
    });
    criterion.bench_function("list_accounts/floor", |bencher| {
        bencher.iter(|| {
            let envelope: RequestEnvelope<ListAccounts> = serde_json::from_str(black_box(REQUEST)).unwrap();
            let settings: BenchSettings = serde_json::from_str(envelope.settings.unwrap().text()).unwrap();
            serde_json::to_vec(&ResponseEnvelope {
                response: accounts(&settings),
                ..ResponseEnvelope::default()
            })
            .unwrap()
        });
    });
}

criterion_group!(benches, dispatch, floor);
criterion_main!(benches);
