//! The process's web server: what its services mount, and what every one of them has.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::header::STRICT_TRANSPORT_SECURITY;
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::{App, HttpResponse, HttpServer, web};
use fairlead_model::Clock;
use fairlead_store::Store;
use fairlead_web::health::Health;
use fairlead_web::networks::TrustedProxies;
use fairlead_web::{ApiError, Code, health, request};
use metrics_exporter_prometheus::PrometheusHandle;
use rustls::ServerConfig;

use crate::Mount;

/// Connections that may wait to be accepted; the kernel may allow fewer.
const WAITING: i32 = 4_096;

/// What every handler can ask for.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) health: Health,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) proxies: TrustedProxies,
}

/// Takes the address, with a sentence where it cannot be had.
pub(crate) fn bind(listen: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(listen).map_err(|e| match e.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("{listen} is in use by another program. Stop that one, or choose another address")
        }
        _ => anyhow::anyhow!("cannot listen on {listen}: {e}"),
    })?;
    // After an outage a whole fleet comes at once; whoever finds no place waits a second before the next try.
    rustix::net::listen(&listener, WAITING)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// The server, which serves once it is awaited; over TLS where there is a certificate. `only_tls` has browsers
/// remember for a year that it speaks nothing else.
pub(crate) fn serve(
    listener: TcpListener,
    tls: Option<ServerConfig>,
    only_tls: bool,
    shared: Shared,
    mounts: Vec<Mount>,
) -> anyhow::Result<(Server, SocketAddr)> {
    let address = listener.local_addr()?;
    let server = HttpServer::new(move || {
        let shared = shared.clone();
        let mounts = mounts.clone();
        let mut headers = DefaultHeaders::new();
        if only_tls {
            headers = headers.add((STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
        }
        App::new()
            .app_data(web::Data::new(shared.store))
            .app_data(web::Data::new(shared.clock))
            .app_data(web::Data::new(shared.health))
            .app_data(web::Data::new(shared.metrics))
            .app_data(web::Data::new(shared.proxies))
            .app_data(
                web::JsonConfig::default().limit(64 * 1024).error_handler(|e, _| bad_request(&e).into()),
            )
            .app_data(web::QueryConfig::default().error_handler(|e, _| bad_request(&e).into()))
            .app_data(web::PathConfig::default().error_handler(|_, _| ApiError::not_found("thing").into()))
            .wrap(from_fn(request::with_id))
            .wrap(headers)
            .configure(health::mount)
            .configure(move |config| mounts.iter().for_each(|mount| (mount.0)(config)))
            .default_service(web::to(nothing_here))
    });
    let server = match tls {
        Some(config) => server.listen_rustls_0_23(listener, config)?,
        None => server.listen(listener)?,
    };
    let server = server
        // A client that dawdles over its request costs only itself.
        .client_request_timeout(Duration::from_secs(10))
        .client_disconnect_timeout(Duration::from_secs(2))
        .keep_alive(Duration::from_secs(75))
        .shutdown_timeout(10)
        .disable_signals()
        .run();
    Ok((server, address))
}

fn bad_request(cause: &dyn std::fmt::Display) -> ApiError {
    ApiError::new(Code::BadRequest, format!("The request cannot be read: {cause}."))
}

async fn nothing_here() -> Result<HttpResponse, ApiError> {
    Err(ApiError::new(Code::NotFound, "Nothing is served at this address."))
}
