//! A receiver's page: what came, newest first, as plain as can be.

use std::fmt::Write as _;

use super::{Behaviour, Heard, Tally};

/// Deliveries on the page.
const SHOWN: usize = 50;
/// Characters of a body on the page.
const EXCERPT: usize = 400;

pub(super) fn of_receiver(tally: &Tally, heard: &[Heard], behaviour: Behaviour) -> String {
    let Tally { tries, taken, unproven, ids, again } = tally;
    let mut rows = String::new();
    for one in heard.iter().rev().take(SHOWN) {
        let proof = one.unproven.map_or_else(|| "proven".to_owned(), |why| format!("{why:?}"));
        let answered = one.answered.map_or_else(|| "nothing".to_owned(), |status| status.to_string());
        let body: String = one.body.chars().take(EXCERPT).collect();
        // A String takes whatever is written to it.
        let _ = write!(
            rows,
            "<tr><td>{}<td>{}<td>{proof}<td>{answered}<td><code>{}</code>",
            one.at,
            escaped(&one.id),
            escaped(&body)
        );
    }
    plain(
        "Webhook receiver",
        &format!(
            "<p>{tries} tries heard, {taken} taken ({ids} deliveries, {again} of them again), {unproven} not proven. \
             It behaves so: {behaviour:?}.</p><table><tr><th>time<th>webhook-id<th>signature<th>answered<th>body{rows}</table>"
        ),
    )
}

/// A page that looks again by itself.
pub(crate) fn plain(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"3\">\
         <title>{title}</title><style>body{{font:14px sans-serif;margin:2em}}td,th{{text-align:left;padding:2px 12px 2px 0;\
         vertical-align:top}}code{{word-break:break-all}}</style><h1>{title}</h1>{body}</html>\n"
    )
}

/// Text as it may stand in a page.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
