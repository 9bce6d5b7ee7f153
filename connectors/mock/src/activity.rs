//! What accounts did.

use lumos_connector::prelude::*;

use crate::settings::Mock;

pub(crate) async fn get_last_activity(mock: Mock, request: GetLastActivity) -> Result<Vec<LastActivityData>> {
    let rows = request.account_ids.into_iter().filter_map(|account_id| {
        let day = mock.find_account(&account_id)?.number % 28 + 1;
        Some(LastActivityData {
            account_id,
            event_type: ActivityEventType::LastLogin.to_string(),
            happened_at: format!("2024-01-{day:02}T00:00:00Z"),
        })
    });
    Ok(rows.collect())
}

pub(crate) async fn list_activity_records(
    _: Mock,
    request: ListActivityRecords,
) -> Result<Vec<ActivityRecord>> {
    let mut actors = request.actors;
    if actors.is_empty() {
        actors.push(ActivityRecordActor { account_id: "acct-0000".to_owned() });
    }
    let since = request.since_date;
    Ok(actors.into_iter().enumerate().map(|(position, actor)| record(position, actor, &since)).collect())
}

fn record(position: usize, actor: ActivityRecordActor, since: &str) -> ActivityRecord {
    let license = ActivityRecordEntitlement {
        id: "license-pro".to_owned(),
        r#type: "license".to_owned(),
        ..ActivityRecordEntitlement::default()
    };
    let login = ActivityRecordActivityType::from(ActivityType::AccountLogin);
    ActivityRecord {
        id: format!("rec-{}", actor.account_id),
        activity_type: if position == 0 { login } else { "ReportExported".into() },
        timestamp: since.to_owned(),
        targets: vec![
            ActivityRecordTarget { account_id: Some(actor.account_id.clone()), entitlement: None },
            ActivityRecordTarget { account_id: None, entitlement: Some(license) },
        ],
        actor,
        metadata: Some([("position".to_owned(), position.to_string())].into()),
    }
}
