//! A connector as a program's own server, and as a server at an address.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::folder::{Folder, PROGRAM, SECRET};
use lumos_connection::file::Text;
use lumos_connection::{CallError, CallRequest, Connection, ConnectionFile, InfoSource, OpenOptions};
use lumos_connector_types::error::ConnectorErrorCode;
use serde_json::Value;

async fn call(connection: &Connection, capability: &str) -> Result<Value, CallError> {
    let request = CallRequest::empty().timeout(Duration::from_secs(5));
    Ok(connection.call(capability, request).await?.response.read().unwrap())
}

#[tokio::test]
async fn a_server_starts_with_the_first_call_and_stops_with_the_connection() {
    let folder = Folder::server();
    let connection = folder.open().await;
    assert!(!folder.path().join("server").exists());
    assert_eq!(call(&connection, "list_accounts").await.unwrap()[0]["id"], "a");
    let first = folder.number("server");
    assert_eq!(call(&connection, "echo").await.unwrap()["auth"]["basic"]["password"], SECRET);
    assert_eq!(folder.number("server"), first);
    connection.close().await;
    assert!(folder.is_gone("server").await);
    assert!(matches!(call(&connection, "echo").await, Err(CallError::Closed)));
}

#[tokio::test]
async fn dropping_the_last_connection_kills_the_server() {
    let folder = Folder::server();
    let connection = folder.open().await;
    let clone = connection.clone();
    call(&connection, "list_accounts").await.unwrap();
    drop(connection);
    call(&clone, "list_accounts").await.unwrap();
    drop(clone);
    assert!(folder.is_gone("server").await);
}

#[tokio::test]
async fn a_server_does_not_outlive_a_caller_that_is_killed() {
    let folder = Folder::server();
    let mut caller =
        Command::new(PROGRAM).arg("caller").arg(folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(caller.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert_eq!(ready, "ready\n");
    caller.kill().unwrap();
    caller.wait().unwrap();
    assert!(folder.has_ended("server").await);
}

#[tokio::test]
async fn a_server_that_dies_leaves_its_last_words_and_the_next_call_starts_another() {
    let folder = Folder::server();
    let connection = folder.open().await;
    let error = call(&connection, "dies").await.unwrap_err();
    assert!(matches!(&error, CallError::Died { status, .. } if status.contains("SIGABRT")), "{error}");
    assert!(error.to_string().contains("out of memory"), "{error}");
    let first = folder.number("server");
    call(&connection, "list_accounts").await.unwrap();
    assert_ne!(folder.number("server"), first);
}

#[tokio::test]
async fn a_server_that_does_not_start_says_why() {
    let folder = Folder::new("server", "environment = { FAULT = \"dies\" }");
    let error = call(&folder.open().await, "list_accounts").await.unwrap_err();
    let CallError::Died { status, stderr } = error else { panic!("{error}") };
    assert_eq!(status, "exit status: 101");
    assert!(stderr.iter().any(|line| line.contains("no configuration, token=[REDACTED]")), "{stderr:?}");
}

#[tokio::test]
async fn a_server_that_is_never_ready_is_killed() {
    let folder = Folder::new("server", "environment = { FAULT = \"never_ready\" }");
    let mut file = folder.file();
    file.limits.start_timeout = 1;
    let error = call(&folder.try_open(file).await.unwrap(), "list_accounts").await.unwrap_err();
    assert!(matches!(error, CallError::TimedOut { after, .. } if after == Duration::from_secs(1)), "{error}");
    assert!(folder.is_gone("server").await);
}

#[tokio::test]
async fn what_goes_wrong_over_http_has_its_own_error_each() {
    let folder = Folder::server();
    let connection = folder.open().await;
    let error = async |capability: &str| {
        let error = call(&connection, capability).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
        error
    };
    assert_eq!(error("answers_an_error").await.code(), Some(ConnectorErrorCode::Unauthorized));
    assert_eq!(
        error("fails").await.to_string(),
        "the connector's server answered 500: it broke on [REDACTED]"
    );
    let busy = error("busy").await;
    assert!(busy.is_retryable());
    assert_eq!(busy.retry_after(), Some(Duration::from_secs(12)));
    assert!(matches!(error("fly").await, CallError::NoCapability { .. }));
    assert!(matches!(error("garbage").await, CallError::Garbage { .. }));
    assert!(matches!(error("cut").await, CallError::Unreachable { .. }));
    // A redirect would carry the credentials elsewhere.
    assert!(matches!(error("moved").await, CallError::Status { status: 302, .. }));
    let short = CallRequest::empty().timeout(Duration::from_millis(300));
    assert_eq!(connection.call("hangs", short).await.unwrap_err().kind(), "timed_out");
    // The server still answers, so it is kept.
    let first = folder.number("server");
    call(&connection, "list_accounts").await.unwrap();
    assert_eq!(folder.number("server"), first);
}

#[tokio::test]
async fn an_address_is_asked_with_its_token_and_describes_itself_by_app_info() {
    let folder = Folder::program();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = Command::new(PROGRAM)
        .args(["dev", "http-server", "--port", &port.to_string()])
        .current_dir(folder.path())
        .spawn()
        .unwrap();
    let mut file = ConnectionFile::address(format!("http://127.0.0.1:{port}/"));
    file.connector.token = Some(Text::Literal("a-long-token".to_owned()));
    let refused = Connection::open(file.clone(), OpenOptions::default()).await.unwrap_err();
    assert!(refused.to_string().contains("connector.token: a secret stands in the file"), "{refused}");
    let options = OpenOptions::default().allow_literal_secrets(true);
    let connection = Connection::open(file, options).await.unwrap();
    let mut answer = call(&connection, "authorization").await;
    while matches!(answer, Err(CallError::Unreachable { .. })) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        answer = call(&connection, "authorization").await;
    }
    assert_eq!(answer.unwrap(), "authorization: Bearer a-long-token");
    let info = connection.info().await.unwrap();
    assert_eq!((info.source, info.info.version.as_str()), (InfoSource::AppInfo, "1.2.3"));
    assert!(info.has("list_accounts"));
    assert_eq!(info.info.capability_schema["list_accounts"].display_name.as_deref(), Some("List Accounts"));
    assert_eq!(info.allowed_credentials, Some(vec![vec!["api".to_owned()]]));
    server.kill().unwrap();
    server.wait().unwrap();
    let error = call(&connection, "list_accounts").await.unwrap_err();
    assert!(matches!(error, CallError::Unreachable { .. }) && error.is_retryable(), "{error}");
}
