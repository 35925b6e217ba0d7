//! The ceiling: what the web framework answers when there is nothing to do.

use actix_web::{App, HttpServer, web};

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
