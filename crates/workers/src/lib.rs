//! The page jobs of syncs beyond one machine, on an engine that exists: NATS JetStream, or a store on PostgreSQL.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`access`] | how one gets into the broker: address and credentials |
//! | [`names`] | streams, consumers and subjects |
//! | [`setup`] | what an administrator makes once, and who may do what |
//! | [`broker`] | the few things that are asked of the broker |
//! | `message` | heads in headers, pages and their rows in bodies |
//! | [`frontier`] | the heads of a pool: claim, commit, defer behind the fence |
//! | [`connections`] | the connections that a worker knows |
//! | [`worker`] | slots that read pages |
//! | [`record`] | the state of a connection's latest sync, and how one begins |
//! | [`collector`] | pages into the store, to the verdicts |
//! | [`schedule`] | syncs that begin by themselves |
//! | [`status`] | what the cluster is doing |
//! | [`metrics`], [`http`], [`telemetry`] | what is seen from outside |
//! | [`stop`] | an orderly end |
//!
//! A worker dials out and holds the credentials of its connections; it reaches neither the store nor other workers. What
//! it reads goes with the next head in one message, which counts only if the head that it came from is still the last of
//! its chain. The collector stores pages in the order of their chains and starts the listings that waited for them.

pub mod access;
pub mod broker;
pub mod collector;
pub mod connections;
mod error;
pub mod frontier;
pub mod http;
mod message;
pub mod metrics;
pub mod names;
pub mod record;
pub mod schedule;
pub mod setup;
pub mod status;
pub mod stop;
pub mod telemetry;
pub mod worker;

pub use access::Access;
pub use broker::Broker;
pub use collector::Collector;
pub use error::ClusterError;
pub use frontier::NatsFrontier;
pub use names::Names;
pub use setup::Setup;
pub use stop::Stop;
pub use worker::{Worker, WorkerOptions};
