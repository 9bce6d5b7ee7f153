//! What the log shows of calls to the app, and what it does not.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};

use lumos_connector_client::{HttpBuilder, HttpCall};
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

use super::app::{Act, App, answer};
use super::setup::call;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<(Level, String)>>>);

#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        self.0.lock().unwrap().push((*event.metadata().level(), line.0));
    }
}

/// Sends one request, full of secrets; the lines of the client.
async fn logged(act: Act, login: impl FnOnce(HttpBuilder) -> HttpBuilder) -> Vec<(Level, String)> {
    let app = App::start([act]).await;
    let http = login(call(Value::Null, |host| host).await.http()).base_url(&app.url()).unwrap();
    let lines = Lines::default();
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(lines.clone()));
    let body = json!({"client_secret": "hunter2", "name": "Ann"});
    let request = http.post("users?password=hunter2&limit=5").header("x-session", "hunter2").json(&body);
    // Both outcomes are of interest.
    let _ = request.send_any().await;
    drop(guard);
    let mut lines = lines.0.lock().unwrap().clone();
    lines.retain(|(level, line)| *level <= Level::DEBUG && line.contains("127.0.0.1"));
    lines
}

#[tokio::test]
async fn a_call_is_one_line_and_its_secrets_are_in_none() {
    let headers = [("set-cookie", "hunter2"), ("retry-after", "7")];
    let body = r#"{"id":7,"access_token":"hunter2","list":[{"email":"hunter2"}]}"#;
    let logins: [fn(HttpBuilder) -> HttpBuilder; 2] =
        [|http| http.bearer("hunter2"), |http| http.query_login("key", "hunter2")];
    for login in logins {
        let lines = logged(answer(201, &headers, body), login).await;
        let all = format!("{lines:?}");
        assert!(!all.contains("hunter2"), "{all}");
        let info: Vec<_> = lines.iter().filter(|(level, _)| *level == Level::INFO).collect();
        assert_eq!(info.len(), 1, "{all}");
        let line = &info[0].1;
        for part in [
            "POST http://127.0.0.1",
            "/users?password=[REDACTED]&limit=5",
            "status=201",
            "milliseconds=",
            "sent=40",
            "received=62",
        ] {
            assert!(line.contains(part), "{part}: {line}");
        }
        let debug: String =
            lines.iter().filter(|(level, _)| *level == Level::DEBUG).map(|(_, line)| line.as_str()).collect();
        for part in [
            r#""name":"Ann""#,
            r#""id":7"#,
            "retry-after: 7",
            "x-session: [REDACTED]",
            "set-cookie: [REDACTED]",
        ] {
            assert!(debug.contains(part), "{part}: {debug}");
        }
    }
}

#[tokio::test]
async fn a_failure_is_one_line_too() {
    let lines = logged(Act::Reset, |http| http.bearer("hunter2")).await;
    assert!(!format!("{lines:?}").contains("hunter2"));
    let failures = lines.iter().filter(|(level, line)| *level == Level::INFO && line.contains("failed"));
    assert_eq!(failures.count(), 1, "{lines:?}");
}
