//! A span for each page, over OTLP, in the trace that began when the sync was asked for.
//!
//! It is there with the feature `otel`, and on when `OTEL_EXPORTER_OTLP_ENDPOINT` or
//! `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` says where to send spans; the other variables of the specification count too.

use lumos_sync::frontier::Head;

/// What became of a page, as its span says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageResult {
    /// It was taken, with so many rows.
    Committed(u64),
    /// Somebody else had done the same.
    Late,
    /// It is read again later.
    PutOff,
    /// The broker or the store could not be asked.
    Failed,
}

/// Sends spans, or does nothing.
#[derive(Clone, Debug, Default)]
pub struct Telemetry {
    #[cfg(feature = "otel")]
    provider: Option<opentelemetry_sdk::trace::SdkTracerProvider>,
}

/// The span of a page that is being read.
#[derive(Debug)]
pub struct PageSpan {
    #[cfg(feature = "otel")]
    span: Option<opentelemetry_sdk::trace::Span>,
}

#[cfg(not(feature = "otel"))]
impl Telemetry {
    /// Nothing is sent without the feature `otel`.
    ///
    /// # Errors
    /// Never.
    pub fn from_environment() -> Result<Self, String> {
        Ok(Self::default())
    }

    /// Begins the span of a page.
    #[must_use]
    pub fn page(&self, _: &Head) -> PageSpan {
        PageSpan {}
    }

    /// Sends what waits.
    pub fn flush(&self) {}
}

#[cfg(not(feature = "otel"))]
impl PageSpan {
    /// Ends the span.
    pub fn end(self, _: PageResult) {}
}

#[cfg(feature = "otel")]
mod spans {
    use opentelemetry::trace::{
        Span, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState,
        Tracer, TracerProvider,
    };
    use opentelemetry::{Context, KeyValue};
    use opentelemetry_otlp::SpanExporter;
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::SdkTracerProvider;

    use super::{Head, PageResult, PageSpan, Telemetry};

    /// Either of these turns it on.
    const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

    impl Telemetry {
        /// Sends spans where the environment says; nowhere when it says nothing.
        ///
        /// # Errors
        /// When the address or another variable is wrong.
        pub fn from_environment() -> Result<Self, String> {
            if ENDPOINTS.iter().all(|name| std::env::var_os(name).is_none_or(|value| value.is_empty())) {
                return Ok(Self::default());
            }
            // An error says that a provider of cryptography is there, which is all that is needed.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let exporter = SpanExporter::builder().with_http().build().map_err(|error| {
                format!("cannot send spans: {error}; OTEL_EXPORTER_OTLP_ENDPOINT is an address such as http://localhost:4318")
            })?;
            let resource = Resource::builder().with_service_name("lumos-worker").build();
            let provider =
                SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build();
            Ok(Self { provider: Some(provider) })
        }

        /// Begins the span of a page.
        #[must_use]
        pub fn page(&self, head: &Head) -> PageSpan {
            let span = self.provider.as_ref().map(|provider| {
                let tracer = provider.tracer("lumos_sync_workers");
                let attributes = vec![
                    KeyValue::new("connection", head.chain.connection.clone()),
                    KeyValue::new("capability", head.chain.capability.clone()),
                    KeyValue::new("page", head.job.page.cast_signed()),
                    KeyValue::new("attempt", i64::from(head.attempt)),
                ];
                let parent = parent(head.job.trace.as_deref());
                tracer
                    .span_builder("page")
                    .with_kind(SpanKind::Consumer)
                    .with_attributes(attributes)
                    .start_with_context(&tracer, &parent)
            });
            PageSpan { span }
        }

        /// Sends what waits.
        pub fn flush(&self) {
            if let Some(provider) = &self.provider {
                // What cannot be sent now never will be.
                let _ = provider.shutdown();
            }
        }
    }

    impl PageSpan {
        /// Ends the span.
        pub fn end(self, result: PageResult) {
            let Some(mut span) = self.span else { return };
            let (result, rows) = match result {
                PageResult::Committed(rows) => ("committed", Some(rows)),
                PageResult::Late => ("late", None),
                PageResult::PutOff => ("put off", None),
                PageResult::Failed => ("failed", None),
            };
            span.set_attribute(KeyValue::new("result", result));
            if let Some(rows) = rows {
                span.set_attribute(KeyValue::new("rows", rows.cast_signed()));
            }
            if result == "failed" {
                span.set_status(Status::error("the page could not be committed"));
            }
            span.end();
        }
    }

    /// The span that a `traceparent` names (W3C Trace Context, section 3.2).
    fn parent(traceparent: Option<&str>) -> Context {
        let read = || {
            let mut parts = traceparent?.split('-');
            let (_, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
            let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
            let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
            Some(SpanContext::new(trace, span, flags, true, TraceState::default()))
        };
        read().map_or_else(Context::new, |parent| Context::new().with_remote_span_context(parent))
    }

    #[cfg(test)]
    mod tests {
        use std::sync::{Arc, Mutex};

        use lumos_sync::frontier::{Chain, PageJob};
        use opentelemetry_sdk::error::OTelSdkResult;
        use opentelemetry_sdk::trace::{SpanData, SpanExporter};

        use super::*;
        use crate::message::{Found, HeadForm};

        /// Keeps what would be sent.
        #[derive(Clone, Debug, Default)]
        struct Kept(Arc<Mutex<Vec<SpanData>>>);

        impl SpanExporter for Kept {
            async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
                self.0.lock().unwrap().extend(batch);
                Ok(())
            }
        }

        #[test]
        fn the_span_of_a_page_is_in_the_trace_that_its_head_brings() {
            let kept = Kept::default();
            let provider = SdkTracerProvider::builder().with_simple_exporter(kept.clone()).build();
            let telemetry = Telemetry { provider: Some(provider) };
            let chain = Chain {
                sync: 1,
                connection: "acme".to_owned(),
                listing: 2,
                capability: "list_accounts".to_owned(),
            };
            let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned();
            let job = PageJob { page: 4, trace: Some(trace), ..PageJob::default() };
            let form = HeadForm {
                run: "r".to_owned(),
                pool: "default".to_owned(),
                chain,
                job,
                attempt: 1,
                waits: 0,
                not_before: 0,
                delay: 0,
            };
            // As a worker gets it from the broker.
            let placed = form.place().unwrap();
            let Found::Here(read) = HeadForm::read("subject", Some(&placed.headers)).unwrap() else {
                panic!("no head")
            };
            telemetry.page(&read.head(7)).end(PageResult::Committed(3));
            telemetry.page(&read.head(7)).end(PageResult::Failed);
            telemetry.flush();
            let spans = kept.0.lock().unwrap();
            assert_eq!(spans.len(), 2);
            for span in spans.iter() {
                assert_eq!(span.span_context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
                assert_eq!(span.parent_span_id.to_string(), "b7ad6b7169203331");
            }
            let has = |name: &str, value: &str| {
                spans[0].attributes.iter().any(|it| it.key.as_str() == name && it.value.as_str() == value)
            };
            assert!(has("connection", "acme") && has("capability", "list_accounts"));
            assert!(
                has("page", "4") && has("attempt", "1") && has("rows", "3") && has("result", "committed")
            );
            assert!(matches!(spans[1].status, Status::Error { .. }), "{:?}", spans[1].status);
        }

        #[test]
        fn a_page_belongs_to_the_trace_of_its_sync() {
            let context = parent(Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
            let span = context.span().span_context().clone();
            assert_eq!(span.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
            assert_eq!(span.span_id().to_string(), "b7ad6b7169203331");
            assert!(span.is_sampled() && span.is_remote());
            for wrong in [
                None,
                Some(""),
                Some("00-zz-b7ad6b7169203331-01"),
                Some("00-0af7651916cd43dd8448eb211c80319c"),
            ] {
                assert!(!parent(wrong).span().span_context().is_valid(), "{wrong:?}");
            }
        }
    }
}
