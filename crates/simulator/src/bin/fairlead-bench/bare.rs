//! The ceilings: what the web framework answers when there is nothing to do, and what it sends to pages when there is
//! nothing to find out.

use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use tokio::sync::broadcast;

/// What `bare` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Address and port
    #[arg(long)]
    listen: String,
}

/// Serves `POST /` until it is killed. The body is read, as any intake must.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let app = || {
        App::new()
            .route("/", web::post().to(|_: web::Bytes| async { "OK" }))
            .route("/health/ready", web::get().to(|| async { "OK" }))
    };
    HttpServer::new(app).bind(&arguments.listen)?.run().await?;
    Ok(())
}

/// What `bare-live` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct LiveArguments {
    /// Address and port
    #[arg(long)]
    listen: String,
    /// Microseconds between two frames
    #[arg(long)]
    every_us: u64,
    /// Bytes of a frame
    #[arg(long)]
    bytes: usize,
}

/// Sends the same text to every page until it is killed.
pub(crate) async fn run_live(arguments: &LiveArguments) -> anyhow::Result<()> {
    let (frames, _) = broadcast::channel::<std::sync::Arc<str>>(16);
    let text: std::sync::Arc<str> = "x".repeat(arguments.bytes).into();
    let (sender, every) = (frames.clone(), Duration::from_micros(arguments.every_us));
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(every);
        loop {
            tick.tick().await;
            // Nobody may be looking.
            let _ = sender.send(text.clone());
        }
    });
    let frames = web::Data::new(frames);
    let app = move || {
        App::new()
            .app_data(frames.clone())
            .route("/", web::get().to(page))
            .route("/health/ready", web::get().to(|| async { "OK" }))
    };
    HttpServer::new(app).bind(&arguments.listen)?.run().await?;
    Ok(())
}

async fn page(
    request: HttpRequest,
    frames: web::Data<broadcast::Sender<std::sync::Arc<str>>>,
    body: web::Payload,
) -> actix_web::Result<HttpResponse> {
    let (response, mut session, _incoming) = actix_ws::handle(&request, body)?;
    let mut frames = frames.subscribe();
    actix_web::rt::spawn(async move {
        while let Ok(text) = frames.recv().await {
            if session.text(text.to_string()).await.is_err() {
                return;
            }
        }
    });
    Ok(response)
}
