//! Lists come in pages, and every item on exactly one of them.

use std::collections::BTreeSet;

use fairlead_testkit::Backend;
use serde_json::Value;

use crate::sea::{Sea, id_of, message, minutes, pk101, start};

fairlead_testkit::on_both_backends!(
    every_item_is_on_one_page,
    messages_of_one_moment_are_each_on_one_page,
    a_question_that_makes_no_sense_is_400,
);

/// All items of a list, page by page.
async fn all_pages(sea: &Sea, path: &str, limit: usize) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = sea.get(&format!("{path}limit={limit}{cursor}")).await;
        let more = page["items"].as_array().unwrap();
        assert!(more.len() <= limit);
        items.extend(more.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

async fn every_item_is_on_one_page(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let mut rows = Vec::new();
    for n in 0..30_i32 {
        let at = start().minus(minutes(600)).plus(minutes(10 * u64::from(n.unsigned_abs())));
        let imei = format!("30043406383659{}", n % 5);
        let text = if n % 3 == 0 { "garbage".to_owned() } else { pk101(at, "3750.5117", 10) };
        rows.push(message(&sea.system.clock, &imei, n, at, &text));
        sea.system.hand.advance(std::time::Duration::from_millis(2));
    }
    sea.handle(&rows).await;
    let ids =
        |items: &[Value]| items.iter().map(|i| i["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();

    let newest_first: Vec<_> = rows.iter().rev().map(|row| id_of(row).to_string()).collect();
    assert_eq!(ids(&all_pages(&sea, "/api/v1/messages?", 7).await), newest_first);
    let bad: Vec<_> = all_pages(&sea, "/api/v1/messages?state=problem&", 3).await;
    assert_eq!(
        ids(&bad),
        rows.iter()
            .rev()
            .filter(|r| r.momsn.unwrap() % 3 == 0)
            .map(|r| id_of(r).to_string())
            .collect::<Vec<_>>()
    );

    let modems = all_pages(&sea, "/api/v1/modems?", 2).await;
    assert_eq!(modems.len(), 5);
    assert_eq!(ids(&modems).into_iter().collect::<BTreeSet<_>>().len(), 5);
    for modem in &modems {
        let id = modem["id"].as_str().unwrap();
        let of_one = all_pages(&sea, &format!("/api/v1/messages?modem_id={id}&"), 4).await;
        assert_eq!(of_one.len(), 6);
        assert!(of_one.iter().all(|m| m["modem_id"] == modem["id"]));
        let track = all_pages(&sea, &format!("/api/v1/modems/{id}/positions?"), 2).await;
        assert_eq!(track.len(), 4);
        let (from, to) = (&track[2]["at"], &track[0]["at"]);
        let part = format!(
            "/api/v1/modems/{id}/positions?from={}&to={}&",
            from.as_str().unwrap(),
            to.as_str().unwrap()
        );
        assert_eq!(all_pages(&sea, &part, 500).await, track[1..3]);
    }
    let problems = all_pages(&sea, "/api/v1/problems?state=open&kind=unreadable_text&", 3).await;
    assert_eq!(ids(&problems).into_iter().collect::<BTreeSet<_>>().len(), 10);
    sea.system.stop().await;
}

async fn messages_of_one_moment_are_each_on_one_page(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let at = start().minus(minutes(60));
    let text = |latitude: &str| pk101(at, latitude, 10);
    let mut rows = vec![
        sea.message(7, at.minus(minutes(10)), &text("3750.5117")),
        sea.message(5, at, &text("3751.0000")),
        sea.message(5, at, &text("3752.0000")),
        sea.message(5, at, &text("3753.0000")),
        sea.message(6, at, &text("3754.0000")),
        sea.message(4, at, ""),
        sea.message(0, at, &text("3755.0000")),
        sea.message(0, at, &text("3756.0000")),
        sea.message(1, at.plus(minutes(10)), &text("3757.0000")),
    ];
    // Some pushes tell no number.
    for row in &mut rows[6..8] {
        row.momsn = None;
    }
    sea.handle(&rows).await;
    let wanted: Vec<_> = [8, 4, 3, 2, 1, 5, 7, 6, 0].map(|n: usize| id_of(&rows[n]).to_string()).into();
    let modem = sea.modem().await["id"].as_str().unwrap().to_owned();
    for limit in 1..=9 {
        let ids = |items: &[Value]| -> Vec<String> {
            items.iter().map(|item| item["message_id"].as_str().unwrap().to_owned()).collect()
        };
        let readings = all_pages(&sea, &format!("/api/v1/modems/{modem}/readings?"), limit).await;
        assert_eq!(ids(&readings), wanted, "{limit} a page");
        // The mailbox check has none.
        let track = all_pages(&sea, &format!("/api/v1/modems/{modem}/positions?"), limit).await;
        let positions: Vec<_> =
            wanted.iter().filter(|id| **id != id_of(&rows[5]).to_string()).cloned().collect();
        assert_eq!(ids(&track), positions, "{limit} a page");
        let moment = format!("/api/v1/modems/{modem}/readings?from={at}&to={}&", at.plus(minutes(10)));
        assert_eq!(ids(&all_pages(&sea, &moment, limit).await), wanted[1..8], "{limit} a page");
    }
    sea.system.stop().await;
}

async fn a_question_that_makes_no_sense_is_400(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let status = async |path: &str| {
        sea.system.client.get(sea.system.url("tracker", path)).send().await.unwrap().status().as_u16()
    };
    for path in [
        "/api/v1/messages?limit=0",
        "/api/v1/messages?limit=501",
        "/api/v1/messages?limit=x",
        "/api/v1/messages?cursor=x",
        "/api/v1/messages?state=lost",
        "/api/v1/problems?kind=x",
        "/api/v1/modems/019e830e-1a00-7edf-a648-1715466fba82/positions?from=today",
        "/api/v1/modems/019e830e-1a00-7edf-a648-1715466fba82/readings?cursor=1780315200000000.5",
    ] {
        assert_eq!(status(path).await, 400, "{path}");
    }
    for path in [
        "/api/v1/messages/019e830e-1a00-7edf-a648-1715466fba82",
        "/api/v1/modems/019e830e-1a00-7edf-a648-1715466fba82",
        "/api/v1/modems/019e830e-1a00-7edf-a648-1715466fba82/gaps",
        "/api/v1/modems/019e830e-1a00-7edf-a648-1715466fba82/notes",
        "/api/v1/modems/019e830e-1a00-7edf-a648-1715466fba82/positions",
        "/api/v1/modems/019e830e-1a00-7edf-a648-1715466fba82/readings",
        "/api/v1/modems/x",
        "/api/v1/nothing",
    ] {
        assert_eq!(status(path).await, 404, "{path}");
    }
    sea.system.stop().await;
}
