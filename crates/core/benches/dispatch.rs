//! One dispatch beside its floor: `serde_json` reading the same request into structs and writing the same answer.
//!
//! Read the ratios within one run: `floor` is what any implementation pays for the same bytes, `dispatch` adds the
//! strict reading with paths, authentication, settings, the handler's future and the envelope.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has failed")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use indexmap::IndexMap;
use lumos_connector_core::error::Result;
use lumos_connector_core::host::Host;
use lumos_connector_core::{Auth, Integration, Settings};
use lumos_connector_types::capability::marker as capability;
use lumos_connector_types::envelope::{RequestEnvelope, ResponseEnvelope};
use lumos_connector_types::payload::{
    AccountStatus, BasicCredential, FoundAccountData, ListAccounts, ValidateCredentials, ValidatedCredentials,
};
use schemars::JsonSchema;
use serde::Deserialize;

const REQUEST: &str = r#"{"auth":{"basic":{"username":"foo","password":"bar"}},"request":{},"settings":{"host":"example.test","account_count":1000}}"#;

#[derive(Deserialize, JsonSchema)]
struct BenchSettings {
    host: String,
    account_count: usize,
}

async fn validate_credentials(
    _: Auth<BasicCredential>,
    _: ValidateCredentials,
) -> Result<ValidatedCredentials> {
    Ok(validated())
}

async fn list_accounts(settings: Settings<BenchSettings>, _: ListAccounts) -> Result<Vec<FoundAccountData>> {
    Ok(accounts(&settings))
}

fn validated() -> ValidatedCredentials {
    ValidatedCredentials { valid: true, unique_tenant_id: "bench-tenant".to_owned() }
}

fn accounts(settings: &BenchSettings) -> Vec<FoundAccountData> {
    let account = |index: usize| FoundAccountData {
        email: Some(format!("user{index:07}@{}", settings.host)),
        given_name: Some("Ada".to_owned()),
        family_name: Some("Lovelace".to_owned()),
        user_status: Some(AccountStatus::Active),
        custom_attributes: Some(IndexMap::from([
            ("department".to_owned(), "Engineering".to_owned()),
            ("cost_center".to_owned(), format!("CC-{:03}", index % 97)),
            ("employee_number".to_owned(), (100_000 + index).to_string()),
        ])),
        ..FoundAccountData::new(format!("acct-{index:07}"))
    };
    (0..settings.account_count).map(account).collect()
}

fn connector() -> Integration {
    Integration::builder("bench", "1.0.0")
        .auth::<BasicCredential>()
        .settings::<BenchSettings>()
        .capability(capability::ValidateCredentials, validate_credentials)
        .capability(capability::ListAccounts, list_accounts)
        .build()
        .unwrap()
}

fn dispatch(criterion: &mut Criterion) {
    let connector = connector();
    let host = Host::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for name in ["validate_credentials", "list_accounts"] {
        criterion.bench_function(&format!("{name}/dispatch"), |bencher| {
            bencher.iter(|| {
                let answer =
                    async { connector.dispatch(&host, name, black_box(REQUEST)).await.into_bytes().await };
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

/// Very many keys that nobody declared: the time per key (the "throughput") must not depend on how many they are.
fn keys(criterion: &mut Criterion) {
    let connector = connector();
    let host = Host::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut group = criterion.benchmark_group("keys in settings");
    for count in [10_000_u32, 100_000, 1_000_000] {
        let keys: String = (0..count).map(|index| format!(r#""key{index:07}":{index},"#)).collect();
        let request = REQUEST.replace(r#""settings":{"#, &format!(r#""settings":{{{keys}"#));
        group.throughput(Throughput::Elements(count.into())).sample_size(10);
        group.bench_with_input(BenchmarkId::from_parameter(count), &request, |bencher, request| {
            bencher.iter(|| {
                let answer = connector.dispatch(&host, "validate_credentials", black_box(request));
                runtime.block_on(async { answer.await.into_bytes().await }).unwrap()
            });
        });
    }
}

criterion_group!(benches, dispatch, floor, keys);
criterion_main!(benches);
