//! What a page is told, who may listen, and what becomes of a page that does not.

use std::time::Duration;

use fairlead_model::Trust;
use fairlead_model::live::LiveEvent;
use fairlead_model::role::Role;
use fairlead_store::satellite::modems;
use fairlead_store::{people, sign_in};
use fairlead_testkit::{Backend, PATIENCE};
use futures_util::StreamExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::port::{Page, Port, news, next};

fairlead_testkit::on_both_backends!(
    a_snapshot_comes_first_then_what_changes,
    a_page_that_does_not_read_is_cut_off_alone,
    only_who_has_signed_in_and_only_our_own_pages_may_listen,
    a_stop_is_told_to_the_pages,
    whoever_is_kept_out_hears_no_more,
);

/// Tells a piece of news until a page has heard it: news is passing, and on a broker nobody listens at once.
async fn tell_until_heard(port: &Port, page: &mut Page, n: usize) {
    let (event, wanted) = (news(&port.system.clock, n, ""), json!(n.to_string()));
    let heard = async {
        loop {
            let told = next(page).await;
            if told["type"] == "problem" && told["problem"]["reason"] == wanted {
                return;
            }
        }
    };
    tokio::pin!(heard);
    let mut again = tokio::time::interval(Duration::from_millis(100));
    loop {
        tokio::select! {
            () = &mut heard => return,
            _ = again.tick() => port.tell(&event),
        }
    }
}

async fn a_snapshot_comes_first_then_what_changes(backend: Backend) {
    let port = Port::open(backend, &["hub.snapshot_modems=2"]).await;
    let (mut page, snapshot) = port.ready_page().await;
    assert_eq!((&snapshot["modems"], &snapshot["more_modems"]), (&json!([]), &json!(false)));
    assert_eq!((&snapshot["now"], &snapshot["speed"]), (&json!(port.system.clock.now()), &json!(1)));
    tell_until_heard(&port, &mut page, 1).await;

    let clock = port.system.clock.clone();
    let add = move |tx: &mut fairlead_store::Tx<'_>| {
        let imeis = ["300434063836590", "300434063836591", "300434063836592"];
        let made = imeis.map(|imei| modems::create(tx, &clock, imei.parse().unwrap(), None, Trust::Unsigned));
        made.into_iter().collect::<Result<Vec<_>, _>>()
    };
    let id = port.system.store.write(add).await.unwrap()[0].id;
    let modem = port.system.store.read(move |conn| modems::view(conn, id.into())).await.unwrap();
    let event = LiveEvent::Modem { modem: Box::new(modem) };
    port.tell(&event);
    let told = loop {
        let told = next(&mut page).await;
        if told["type"] == "modem" {
            break told;
        }
    };
    assert_eq!(told, serde_json::to_value(&event).unwrap());

    // A page that comes later starts from what is there, bounded.
    let (_, later) = port.ready_page().await;
    assert_eq!((later["modems"].as_array().unwrap().len(), &later["more_modems"]), (2, &json!(true)));
    port.system.stop().await;
}

async fn a_page_that_does_not_read_is_cut_off_alone(backend: Backend) {
    const PIECES: usize = 400;
    let port = Port::open(backend, &["hub.page_buffer=16"]).await;
    let (mut reader, _) = port.ready_page().await;
    let mut idler = port.page(port.signed_in().await, Some(4_096)).await.unwrap();
    tell_until_heard(&port, &mut reader, PIECES).await;
    let excerpt = "x".repeat(60_000);
    for n in 0..PIECES {
        port.tell(&news(&port.system.clock, n, &excerpt));
        let wanted = json!(n.to_string());
        while next(&mut reader).await["problem"]["reason"] != wanted {}
    }

    // Far more than any buffer on its way holds was told; the idler gets what was under way, and the end.
    let mut heard = 0;
    loop {
        let frame = tokio::time::timeout(PATIENCE, idler.line.next()).await.expect("the idler is cut off");
        match frame {
            Some(Ok(Message::Text(text))) => heard += text.lines().count(),
            Some(Ok(Message::Close(Some(why)))) => {
                assert_eq!(u16::from(why.code), 4_008, "{why:?}");
                break;
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => break,
        }
    }
    assert!(heard < PIECES, "{heard} of {PIECES} were heard");

    // The other one has lost nothing, and the idler may come back.
    tell_until_heard(&port, &mut reader, PIECES + 1).await;
    let (mut back, _) = port.ready_page().await;
    tell_until_heard(&port, &mut back, PIECES + 2).await;
    port.system.stop().await;
}

async fn only_who_has_signed_in_and_only_our_own_pages_may_listen(backend: Backend) {
    let port = Port::open(backend, &[]).await;
    let status = async |request| match port.page(request, None).await {
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(other) => panic!("{other}"),
        Ok(_) => 101,
    };
    assert_eq!(status(port.request()).await, 401);
    let mut wrong = port.request();
    wrong.headers_mut().insert("Cookie", "fairlead_session=x".parse().unwrap());
    assert_eq!(status(wrong).await, 401);

    let from = async |origin: String| {
        let mut request = port.signed_in().await;
        request.headers_mut().insert("Origin", origin.parse().unwrap());
        request
    };
    let own = port.system.url("hub", "");
    for (origin, expected) in [
        (own.clone(), 101),
        ("https://evil.example".to_owned(), 403),
        (format!("{own}.evil.example"), 403),
        ("null".to_owned(), 403),
    ] {
        assert_eq!(status(from(origin.clone()).await).await, expected, "{origin}");
    }
    assert_eq!(status(port.signed_in().await).await, 101, "a program sends no origin");
    let plain = port.system.client.get(port.system.url("hub", "/api/v1/live")).send().await.unwrap();
    assert_eq!(plain.status().as_u16(), 400);
    port.system.stop().await;
}

async fn a_stop_is_told_to_the_pages(backend: Backend) {
    let mut port = Port::open(backend, &[]).await;
    let (mut page, _) = port.ready_page().await;
    let last = tokio::spawn(async move {
        loop {
            match tokio::time::timeout(PATIENCE, page.line.next()).await.expect("the page is told") {
                Some(Ok(Message::Close(why))) => return why.map(|why| u16::from(why.code)),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    });
    port.system.stop_services().await;
    assert_eq!(last.await.unwrap(), Some(1_012), "the page knows that it should come back");
    port.system.stop().await;
}

async fn whoever_is_kept_out_hears_no_more(backend: Backend) {
    let port = Port::open(backend, &[]).await;
    let clock = port.system.clock.clone();
    let secret = clock.new_id().to_string();
    let kept = secret.clone();
    let sign_in = move |tx: &mut fairlead_store::Tx<'_>| {
        let person = people::create(tx, &clock, "Ada", Role::Viewer, None)?.expect("she is the first");
        let until = clock.now().plus(PATIENCE);
        sign_in::create_session(tx, &clock, &kept, "csrf", "Ada", Role::Viewer, until)?;
        people::claim_session(tx, person.id.into(), sign_in::hash(&kept), false, clock.now())?;
        Ok(person.id)
    };
    let id = port.system.store.write(sign_in).await.unwrap();
    let mut request = port.request();
    request.headers_mut().insert("Cookie", format!("fairlead_session={secret}").parse().unwrap());
    let mut page = port.page(request, None).await.unwrap();
    assert_eq!(next(&mut page).await["type"], "snapshot");

    let keep_out = move |tx: &mut fairlead_store::Tx<'_>| people::change(tx, id.into(), Role::Viewer, true);
    assert!(port.system.store.write(keep_out).await.unwrap());
    let end = loop {
        match tokio::time::timeout(PATIENCE, page.line.next()).await.expect("her line ends") {
            Some(Ok(Message::Close(why))) => break why.map(|why| u16::from(why.code)),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => break None,
        }
    };
    assert_eq!(end, Some(4_401), "the page asks her to sign in");
    port.system.stop().await;
}
