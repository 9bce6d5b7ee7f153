//! How its server behaves.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use lumos_connection::exchange::{HttpExchange, ProgramRun, RunningProgram};
use lumos_connection::file::Mode;
use lumos_connection::{Connection, OpenOptions};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::groups::errors;
use crate::groups::errors::wrong_credentials;
use crate::known::is_listing;
use crate::rule::rules;
use crate::run::Run;
use crate::subject::{Call, Request, Status, bare, with};

rules! { Server, "server";
    STARTS = "starts", Error, "s8-commands",
        "`dev http-server` does not start.",
        "Make it listen at the port of `--port`.";
    SAME_ANSWERS = "same-answers", Error, "s11-routes",
        "The server answers something else than the program.",
        "Dispatch both through the same code.";
    OPENAPI = "openapi", Warning, "s11-routes",
        "`/openapi.json` is not the document of `app_info`.",
        "Serve the `app_schema` of `app_info`.";
    DOCS = "docs", Note, "s11-routes",
        "`/docs` is not an HTML page.",
        "Serve a page that shows the document.";
    UNKNOWN_PATH = "unknown-path", Error, "s11-routes",
        "A path that is no capability is not answered with 404 and `{\"detail\":…}`.",
        "Make routes exact.";
    METHODS = "methods", Error, "s11-routes",
        "A capability with another method than POST is not answered with 405.",
        "Take POST alone.";
    ERROR_STATUS = "error-status", Error, "s3-error",
        "An error envelope does not come with status 200.",
        "Answer 200 whenever there is an envelope: other statuses are for the transport.";
    NOT_UTF8 = "body-encoding", Error, "s11-routes",
        "A body that is not UTF-8 is not refused with 400 or 500.",
        "Answer a status of the transport, and go on.";
    LARGE_BODY = "large-body", Warning, "s11-routes",
        "A body of 8 MiB is answered neither with a success nor with 413.",
        "Read it, or refuse it by its size.";
    SURVIVES = "survives", Error, "s11-routes",
        "The server does not answer any more after bytes that are not HTTP, half a request, or a very long head.",
        "Close such connections and go on.";
    PARALLEL = "parallel", Error, "s11-routes",
        "Calls at the same time give another answer than one alone.",
        "Keep what belongs to a call out of what calls share.";
    SHUTDOWN = "shutdown", Error, "s8-exit",
        "The server does not end soon after `SIGTERM`.",
        "Answer the calls that run, then end; service managers kill after ten seconds.";
}

/// How long a server may take to end.
const END: Duration = Duration::from_secs(10);

/// How many calls are made at the same time.
const AT_ONCE: usize = 12;

/// A server that was started for the check.
struct Started {
    program: RunningProgram,
    connection: Connection,
    address: SocketAddr,
}

pub(crate) async fn check(run: &Run<'_>) {
    if !run.subject.connection.has_program() {
        for rule in RULES {
            run.skip(rule, "the connection has no program whose server could be started");
        }
        return;
    }
    let started = match start(run).await {
        Ok(started) => {
            run.pass(STARTS);
            started
        }
        Err((problem, call)) => {
            run.find(STARTS, "dev http-server", problem, &call.iter().collect::<Vec<_>>());
            return;
        }
    };
    answers(run, &started.connection).await;
    routes(run, &started.connection).await;
    bodies(run, &started).await;
    parallel(run, &started.connection).await;
    secrets(run, &started.connection).await;
    started.program.terminate();
    let output = started.program.output().await;
    run.expect(
        SHUTDOWN,
        output.status.is_some(),
        "SIGTERM",
        || format!("it still ran {} s after the signal", END.as_secs()),
        &[],
    );
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    run.expect(
        errors::SECRETS_IN_STDERR,
        !run.has_secret(&stderr),
        "dev http-server",
        || "a secret of a request is written to standard error".to_owned(),
        &[],
    );
}

async fn start(run: &Run<'_>) -> Result<Started, (String, Option<Call>)> {
    let problem = |text: String| (text, None);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| problem(error.to_string()))?;
    let address = listener.local_addr().map_err(|error| problem(error.to_string()))?;
    drop(listener);
    let port = address.port().to_string();
    let arguments = ["dev", "http-server", "--port", &port];
    let subject = &run.subject.connection;
    let program = ProgramRun::new(arguments).timeout(END).variable("LUMOS_LOG_LEVEL", "DEBUG");
    let mut program = subject.start_program(program).map_err(|error| problem(error.to_string()))?;

    let mut file = subject.file().clone();
    file.connector.url = Some(format!("http://{address}"));
    file.connector.token = None;
    file.connector.mode = Mode::Program;
    // What the file may hold was decided when the connection was opened.
    let options = OpenOptions::default().allow_literal_secrets(true);
    let connection = Connection::open(file, options).await.map_err(|error| problem(error.to_string()))?;
    let deadline = Instant::now() + Duration::from_secs(subject.limits().start_timeout);
    loop {
        let ready = connection.send_http(HttpExchange::new("GET", "openapi.json")).await;
        if ready.is_ok() {
            return Ok(Started { program, connection, address });
        }
        if program.has_ended() || Instant::now() > deadline {
            let ended = program.has_ended();
            program.terminate();
            let output = program.output().await;
            let call = Call::of_run("dev http-server", String::new().into(), &arguments, Ok(output));
            let what = if ended { "it ended" } else { "nothing listens at the port" };
            return Err((what.to_owned(), Some(call)));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn call(run: &Run<'_>, server: &Connection, capability: &str, envelope: &Value) -> Call {
    let call = run.subject.http_call(server, capability, envelope.to_string().into()).await;
    run.made(&call);
    call
}

async fn answers(run: &Run<'_>, server: &Connection) {
    let mut names: Vec<String> = vec!["app_info".to_owned()];
    names
        .extend(["validate_credentials"].into_iter().filter(|name| run.known.works(name)).map(str::to_owned));
    names.extend(run.known.listings.keys().filter(|name| is_listing(name)).take(4).cloned());
    let requests = names.iter().filter_map(|name| Some(Request::new(name, run.known.payload(name).ok()?)));
    let requests: Vec<_> = requests.collect();
    let programs = join_all(requests.iter().map(|request| run.run_call(request))).await;
    // The server is asked one by one: calls at the same time are another rule's matter.
    for (request, program) in requests.iter().zip(&programs) {
        if program.response().is_none() {
            continue;
        }
        let served = call(run, server, &request.capability, &run.subject.envelope(request)).await;
        let same = served.response() == program.response();
        // What the program itself answers otherwise the next time says nothing about the server.
        if !same && run.run_call(request).await.response() != program.response() {
            continue;
        }
        run.expect(SAME_ANSWERS, same, request.capability.as_str(), || served.summary(), &[program, &served]);
    }
    let wrong = json!({"request": 5});
    let program = run.run_body("app_info", wrong.to_string()).await;
    let served = call(run, server, "app_info", &wrong).await;
    run.expect(
        SAME_ANSWERS,
        served.status != Status::Http(200) || served.code() == program.code(),
        "app_info",
        || format!("a wrong request: {}", served.summary()),
        &[&program, &served],
    );
    run.expect(
        ERROR_STATUS,
        served.status == Status::Http(200),
        "app_info",
        || served.status.to_string(),
        &[&served],
    );
}

async fn http(run: &Run<'_>, server: &Connection, method: &str, path: &str, body: Vec<u8>) -> Call {
    let exchange = HttpExchange::new(method, path).body(body).timeout(run.options.call_timeout);
    run.subject.http(server, &format!("{method} /{path}"), String::new().into(), exchange).await
}

async fn routes(run: &Run<'_>, server: &Connection) {
    let document = http(run, server, "GET", "openapi.json", Vec::new()).await;
    let served = serde_json::from_str::<Value>(&document.text).unwrap_or_default();
    let app_info = run.run_body("app_info", bare(json!({})).to_string()).await;
    let described = app_info.response().map(|response| response["app_schema"].clone()).unwrap_or_default();
    run.expect(
        OPENAPI,
        document.status == Status::Http(200) && served == described,
        "/openapi.json",
        || "it differs".to_owned(),
        &[&document],
    );
    let page = http(run, server, "GET", "docs", Vec::new()).await;
    let is_page = page.text.to_lowercase().contains("<html");
    run.expect(
        DOCS,
        page.status == Status::Http(200) && is_page,
        "/docs",
        || page.status.to_string(),
        &[&page],
    );

    let harmless = bare(json!({})).to_string().into_bytes();
    for (method, path) in
        [("POST", "check_no_such_capability"), ("GET", "info"), ("POST", "app_info/"), ("POST", "APP_INFO")]
    {
        let call =
            http(run, server, method, path, if method == "POST" { harmless.clone() } else { Vec::new() })
                .await;
        let detail = serde_json::from_str::<Value>(&call.text).is_ok_and(|body| body.get("detail").is_some());
        run.expect(
            UNKNOWN_PATH,
            call.status == Status::Http(404) && detail,
            format!("{method} /{path}"),
            || call.status.to_string(),
            &[&call],
        );
    }
    for method in ["GET", "PUT", "DELETE"] {
        let call = http(run, server, method, "app_info", Vec::new()).await;
        run.expect(
            METHODS,
            call.status == Status::Http(405),
            format!("{method} /app_info"),
            || call.status.to_string(),
            &[&call],
        );
    }
}

async fn bodies(run: &Run<'_>, started: &Started) {
    let server = &started.connection;
    let call = http(run, server, "POST", "app_info", vec![b'{', 0xff, b'}']).await;
    run.expect(
        NOT_UTF8,
        matches!(call.status, Status::Http(400 | 500)),
        "app_info",
        || call.status.to_string(),
        &[&call],
    );
    let big = with(bare(json!({})), &[("check_unknown_key", json!("x".repeat(8 << 20)))]);
    let call = http(run, server, "POST", "app_info", big.to_string().into_bytes()).await;
    run.expect(
        LARGE_BODY,
        matches!(call.status, Status::Http(200 | 413)),
        "app_info",
        || call.status.to_string(),
        &[],
    );
    let long = format!("GET /docs HTTP/1.1\r\nHost: x\r\nX-Check: {}\r\n\r\n", "y".repeat(1 << 20));
    tokio::join!(
        raw(started.address, b"\0\x01\x02 this is not HTTP\r\n\r\n"),
        raw(started.address, b"POST /app_info HTTP/1.1\r\nContent-Length: 99\r\n\r\n{"),
        raw(started.address, long.as_bytes()),
    );
    let call = call_app_info(run, server).await;
    run.expect(SURVIVES, call.is_success(), "app_info", || call.summary(), &[&call]);
}

async fn call_app_info(run: &Run<'_>, server: &Connection) -> Call {
    call(run, server, "app_info", &bare(json!({}))).await
}

/// Sends bytes, looks whether anything comes, and hangs up.
async fn raw(address: SocketAddr, bytes: &[u8]) {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(bytes).await?;
        let mut answer = [0; 256];
        stream.read(&mut answer).await
    };
    // Whatever comes of it: what counts is whether the server goes on.
    let _ = tokio::time::timeout(Duration::from_millis(200), exchange).await;
}

async fn parallel(run: &Run<'_>, server: &Connection) {
    let alone = call_app_info(run, server).await;
    let body = bare(json!({})).to_string();
    let together =
        join_all((0..AT_ONCE).map(|_| run.subject.http_call(server, "app_info", body.clone().into()))).await;
    let odd = together.iter().find(|call| call.response() != alone.response());
    if !alone.is_success() {
        return;
    }
    run.expect(
        PARALLEL,
        odd.is_none(),
        "app_info",
        || odd.map(Call::summary).unwrap_or_default(),
        &odd.into_iter().collect::<Vec<_>>(),
    );
}

/// Credentials with canaries, so that what the server logs can be looked through.
async fn secrets(run: &Run<'_>, server: &Connection) {
    let Some(name) = ["validate_credentials", "list_accounts"].into_iter().find(|name| run.known.works(name))
    else {
        return;
    };
    let envelope = wrong_credentials(run, &run.subject.envelope(&Request::new(name, json!({}))));
    call(run, server, name, &envelope).await;
    call(run, server, name, &with(envelope, &[("page", json!([run.canaries.text()]))])).await;
}
