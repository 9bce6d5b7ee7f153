//! What all log lines of a call have in common.

use std::future::Future;
use std::sync::Arc;

tokio::task_local! {
    static CONTEXT: Arc<CallContext>;
}

/// The call that a log line belongs to.
#[derive(Debug, Default)]
pub(crate) struct CallContext {
    /// Names and values, in the order they are written.
    fields: Vec<(&'static str, String)>,
    /// What the caller wants to find the lines by.
    given: Vec<(String, String)>,
}

impl CallContext {
    pub(crate) fn new(app_id: &str, capability: &str) -> Self {
        let fields = vec![("app_id", app_id.to_owned()), ("capability", capability.to_owned())];
        Self { fields, given: Vec::new() }
    }

    pub(crate) fn request_id(mut self, id: &str) -> Self {
        self.fields.push(("request_id", id.to_owned()));
        self
    }

    pub(crate) fn given(mut self, given: Vec<(String, String)>) -> Self {
        self.given = given;
        self
    }

    /// All names and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.fields.iter().map(|(name, value)| (*name, value.as_str()));
        fields.chain(self.given.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// Runs a future whose log lines belong to this call.
    pub(crate) fn scope<F: Future>(self: &Arc<Self>, future: F) -> impl Future<Output = F::Output> + use<F> {
        CONTEXT.scope(Arc::clone(self), future)
    }

    /// Does something whose log lines belong to this call.
    pub(crate) fn enter<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> T {
        CONTEXT.sync_scope(Arc::clone(self), work)
    }
}

/// Shows the call of the current task, if there is one.
pub(crate) fn current(show: impl FnOnce(&CallContext)) {
    // Outside of a call there is nothing to show.
    let _ = CONTEXT.try_with(|context| show(context));
}
