//! The limit: `bench-connector` as a program of its own on plain serde and axum.
//!
//! It reads the same requests into typed structs, checks credentials and settings, makes owned rows and serialises
//! them; its `info` is a constant. It has no logs, metrics, schemas, limits or paths in its errors: no SDK can be
//! expected to reach it, only to come near.
#![expect(clippy::print_stdout, reason = "it is a command line")]

mod answer;
mod request;
mod rows;
mod server;

use std::error::Error;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

const REQUEST: &str = r#"{"auth":{"basic":{"username":"bench","password":"bench"}},"request":{},"settings":{"host":"example.test","account_count":1000}}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["info"] => println!("{{\"response\":{{\"app_id\":\"bench-connector\"}}}}"),
        // What `cargo xtask instructions` counts beside `bench-dispatch`.
        ["repeat", capability, times] => {
            for _ in 0..times.parse()? {
                std::hint::black_box(answer::to(capability, REQUEST.as_bytes())?);
            }
        }
        ["dev", "http-server", "--port", port] => server::serve(port.parse()?)?,
        [capability, "--json", text] => {
            println!("{}", String::from_utf8(answer::to(capability, text.as_bytes())?)?);
        }
        [capability, "--json-file", file] => {
            println!("{}", String::from_utf8(answer::to(capability, &std::fs::read(file)?)?)?);
        }
        [capability, "--json", text, "--result-file-path", file] => {
            let mut encoder = GzEncoder::new(std::fs::File::create(file)?, Compression::default());
            encoder.write_all(&answer::to(capability, text.as_bytes())?)?;
            encoder.finish()?.sync_all()?;
        }
        _ => return Err("unknown arguments".into()),
    }
    Ok(())
}
