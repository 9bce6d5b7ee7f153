//! Faults that no SDK lets one make: the program answers a call for accounts by itself.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use crate::fault::Fault;

const HEAD: &str = r#"{"response":["#;
const ROW: &str = r#"{"integration_specific_id":"acct-0000","email":"user0@acme.test"}"#;
const TAIL: &str = r#"],"raw_data":null,"page":null,"rate_limit":null,"execution_summary":null}"#;
const HUGE: usize = 500 * 1024 * 1024;

/// Answers the call for accounts in place of the connector, if the fault is one of those.
pub(crate) fn answer(fault: Fault) -> Option<ExitCode> {
    let is_accounts = std::env::args().nth(1).is_some_and(|name| name.replace('-', "_") == "list_accounts");
    if !is_accounts {
        return None;
    }
    let whole = format!("{HEAD}{ROW}{TAIL}\n");
    let output: Vec<u8> = match fault {
        Fault::Noise => format!("Loading the plugins...\n{whole}").into_bytes(),
        Fault::Trailer => format!("{whole}{whole}").into_bytes(),
        Fault::Html => b"<html><body>502 Bad Gateway</body></html>\n".to_vec(),
        Fault::Silent => Vec::new(),
        Fault::Dead => {
            let _ = writeln!(io::stderr(), "fatal: the licence has run out");
            return Some(ExitCode::from(7));
        }
        Fault::DeadAfterAnswer => {
            write(whole.as_bytes());
            return Some(ExitCode::from(1));
        }
        Fault::Aborted => std::process::abort(),
        Fault::Hang => {
            std::thread::sleep(Duration::from_secs(3600));
            Vec::new()
        }
        Fault::Cut => format!("{HEAD}{ROW},{}", &ROW[..30]).into_bytes(),
        Fault::Unclosed => format!("{HEAD}{ROW}").into_bytes(),
        Fault::NotUtf8 => {
            [HEAD.as_bytes(), b"{\"integration_specific_id\":\"\xff\"}", TAIL.as_bytes()].concat()
        }
        Fault::WrongType => br#"{"response":"all of them","page":null}"#.to_vec(),
        Fault::Numbers => format!("{HEAD}1,2,3{TAIL}").into_bytes(),
        Fault::WithoutIds => format!("{HEAD}{{\"email\":\"user0@acme.test\"}}{TAIL}").into_bytes(),
        Fault::Huge => {
            write(format!("{HEAD}{{\"integration_specific_id\":\"").as_bytes());
            let piece = [b'x'; 64 * 1024];
            for _ in 0..HUGE / piece.len() {
                if !write(&piece) {
                    break;
                }
            }
            format!("\"}}{TAIL}").into_bytes()
        }
        _ => return None,
    };
    write(&output);
    Some(ExitCode::SUCCESS)
}

/// Whether the reader still listens.
fn write(bytes: &[u8]) -> bool {
    io::stdout().write_all(bytes).is_ok()
}
