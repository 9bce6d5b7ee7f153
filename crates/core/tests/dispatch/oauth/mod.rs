//! OAuth flows: what a connector brings, asks and makes of the answers.

mod capabilities;
mod code_flow;
mod provider;
mod several_flows;
mod token_answers;
mod token_requests;
