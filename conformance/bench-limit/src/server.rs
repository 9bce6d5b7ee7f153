//! The bare server.

use std::io;
use std::net::Ipv4Addr;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use crate::answer;

#[tokio::main]
pub(crate) async fn serve(port: u16) -> io::Result<()> {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let routes = Router::new().route("/{capability}", post(call)).layer(DefaultBodyLimit::disable());
    axum::serve(listener, routes).await
}

async fn call(Path(capability): Path<String>, body: Bytes) -> Response {
    match answer::to(&capability, &body) {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
