//! A sync that was stopped goes on, unless something says that it must not.

use std::time::Duration;

use lumos_sync::execute::{CallFailure, Event, Observer, SyncError, SyncOptions};
use lumos_sync::plan::Selection;
use lumos_sync::store::SyncState;
use lumos_sync::verdict::Verdict;

use crate::tenant::{Place, Tenant};

/// Leaves a sync in the middle of its accounts.
async fn stopped(place: &Place, options: &SyncOptions) {
    let tenant = Tenant::small();
    let stop = Stop(std::sync::Mutex::new(4), tokio::sync::Notify::new());
    tokio::select! {
        end = place.watched(&tenant, options, &stop) => panic!("not stopped: {end:?}"),
        () = stop.1.notified() => {}
    }
    // The commit that was under way is finished by its own thread.
    while lumos_sync::store::Store::open(&place.path()).is_err() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

struct Stop(std::sync::Mutex<u32>, tokio::sync::Notify);

impl Observer for Stop {
    fn observe(&self, event: &Event<'_>) {
        if let Event::Stored { .. } = event {
            let mut left = self.0.lock().unwrap();
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.1.notify_one();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_where_it_stopped() {
    let (place, options) = (Place::new(), SyncOptions::new("acme"));
    stopped(&place, &options).await;
    let tenant = Tenant::small();
    let end = place.sync_with(&tenant, &options).await.unwrap();
    assert!(end.is_resumed);
    assert_eq!((end.sync, end.outcome), (1, Verdict::Complete));
    assert!(tenant.calls_of("list_accounts") + tenant.calls_of("find_entitlement_associations") < 18);
    let whole = Place::new();
    let other = whole.sync(&Tenant::small()).await;
    assert_eq!(place.rows(end.sync), whole.rows(other.sync));
}

#[tokio::test(start_paused = true)]
async fn another_version_another_connection_or_an_old_token_begins_anew() {
    let changes: [fn(&mut Tenant, &mut SyncOptions); 4] = [
        |tenant, _| tenant.version = "2.0.0".to_owned(),
        |tenant, _| tenant.fingerprint = "two".to_owned(),
        |_, options| {
            std::thread::sleep(Duration::from_millis(3));
            options.resume_within = Duration::ZERO;
        },
        |_, options| options.fresh = true,
    ];
    for change in changes {
        let (place, mut options) = (Place::new(), SyncOptions::new("acme"));
        stopped(&place, &options).await;
        let mut tenant = Tenant::small();
        change(&mut tenant, &mut options);
        let end = place.sync_with(&tenant, &options).await.unwrap();
        assert!(!end.is_resumed);
        assert_eq!((end.sync, end.outcome), (2, Verdict::Complete));
        let store = lumos_sync::store::Store::read(&place.path()).unwrap();
        let left = store.sync(1).unwrap();
        assert_eq!((left.state, left.outcome), (SyncState::Abandoned, Some(Verdict::Incomplete)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_changed_page_size_or_choice_is_refused_with_a_way_out() {
    let (place, mut options) = (Place::new(), SyncOptions::new("acme"));
    options.page_size = Some(5);
    stopped(&place, &options).await;
    options.page_size = Some(6);
    let error = place.sync_with(&Tenant::small(), &options).await.unwrap_err();
    assert!(matches!(error, SyncError::PageSizeChanged { .. }), "{error}");
    assert!(error.to_string().contains("--fresh"));
    options.page_size = None;
    options.selection = Selection { only: vec!["accounts".to_owned()], without: Vec::new() };
    let error = place.sync_with(&Tenant::small(), &options).await.unwrap_err();
    assert!(matches!(error, SyncError::ChoiceChanged { .. }), "{error}");
    options.selection = Selection::default();
    let end = place.sync_with(&Tenant::small(), &options).await.unwrap();
    assert!(end.is_resumed);
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_credentials_are_refused_is_not_read() {
    let place = Place::new();
    struct Refused(Tenant);
    impl lumos_sync::execute::Caller for Refused {
        fn fingerprint(&self) -> String {
            String::new()
        }
        async fn info(&self) -> Result<lumos_connector_types::info::Info, CallFailure> {
            self.0.info().await
        }
        async fn page(
            &self,
            _: lumos_sync::execute::PageCall,
            _: &mut lumos_sync::execute::page::PageRows,
        ) -> Result<lumos_sync::execute::PageAnswer, CallFailure> {
            Err(CallFailure::new("unauthorized", "no such user"))
        }
        async fn reload_secrets(&self) {}
    }
    let store = std::sync::Arc::new(lumos_sync::store::Store::open(&place.path()).unwrap());
    let result =
        lumos_sync::execute::run(&Refused(Tenant::small()), &store, &SyncOptions::new("acme"), &()).await;
    assert!(matches!(result, Err(SyncError::Credentials(_))), "{result:?}");
    assert!(store.syncs().unwrap().is_empty());
}
