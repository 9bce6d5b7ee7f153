//! Calls at the same time, and the memory that a page takes.

use futures_util::future::join_all;
use lumos_connection::exchange::ProgramRun;
use serde_json::json;

use super::{MEMORY, PARALLEL, right_request};
use crate::run::Run;
use crate::subject::{Call, Request};

/// How many calls are made at the same time.
const AT_ONCE: usize = 6;

/// Calls at the same time. What else is checked of the program is checked side by side only if that makes no difference.
pub(super) async fn parallel(run: &Run<'_>) {
    let request = right_request(run);
    let alone = run.subject.run_call(&request).await;
    if alone.is_success() {
        let together = join_all((0..AT_ONCE).map(|_| run.subject.run_call(&request))).await;
        for call in &together {
            run.made(call);
        }
        let odd = together.iter().find(|call| call.response() != alone.response());
        run.expect(
            PARALLEL,
            odd.is_none(),
            request.capability.as_str(),
            || odd.map(Call::summary).unwrap_or_default(),
            &odd.into_iter().collect::<Vec<_>>(),
        );
        if odd.is_some() {
            run.one_by_one();
        }
    }
}

/// How much memory the program holds for a page.
pub(super) async fn memory(run: &Run<'_>) {
    let listing = ["list_accounts"].into_iter().find(|name| run.known.works(name));
    let request = listing.map_or_else(|| right_request(run), |name| Request::new(name, json!({})));
    let body = run.subject.envelope(&request).to_string();
    let program = ProgramRun::call(&request.capability, body.into()).timeout(run.options.call_timeout);
    match run.program(program).await.ok().and_then(|output| output.peak_memory) {
        Some(peak) => run.expect(
            MEMORY,
            peak <= run.options.memory,
            request.capability.as_str(),
            || format!("{} MiB; more than {} MiB are much", peak >> 20, run.options.memory >> 20),
            &[],
        ),
        None => run.skip(MEMORY, "the program ended before its memory could be seen"),
    }
}
