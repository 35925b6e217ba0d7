//! `GET /docs/errors`: what each error code means, where the errors' `type` leads.

use std::fmt::Write as _;

use actix_web::HttpResponse;
use fairlead_web::Code;

/// What each error code means.
#[utoipa::path(get, path = "/docs/errors", tag = "system", responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
pub(crate) async fn errors() -> HttpResponse {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Errors · Fairlead</title><h1>Errors</h1><dl>",
    );
    for code in Code::ALL {
        let _ = write!(
            page,
            "<dt id=\"{number}\"><b>{number}</b> {title} (HTTP {status})</dt><dd>{doc}</dd>",
            number = code.number(),
            title = code.title(),
            status = code.status().as_u16(),
            doc = code.doc()
        );
    }
    page.push_str("</dl></html>");
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page)
}
