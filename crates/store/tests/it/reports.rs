//! What processes say of themselves: the last word of each, as long as it is heard.

use std::time::Duration;

use fairlead_model::Time;
use fairlead_store::reports::{self, ReportRow};
use fairlead_store::{Store, Tx};
use fairlead_testkit::Backend;

fairlead_testkit::on_both_backends!(the_last_word_of_each_process_counts, a_store_knows_its_size);

fn row(process: &str, at: i64, report: &str) -> ReportRow {
    let reported_at = Time::from_micros(at).into();
    ReportRow { process: process.to_owned(), reported_at, report: report.to_owned() }
}

async fn put(store: &Store, row: ReportRow) {
    store.write(move |tx: &mut Tx<'_>| reports::put(tx, &row)).await.unwrap();
}

async fn the_last_word_of_each_process_counts(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    put(&store, row("intake@b:8081", 1, "{}")).await;
    put(&store, row("hub@a:8083", 2, "{}")).await;
    let last = row("intake@b:8081", 3, "{\"ready\": \"ja, natürlich\"}");
    put(&store, last.clone()).await;
    assert_eq!(store.read(reports::list).await.unwrap(), [row("hub@a:8083", 2, "{}"), last.clone()]);
    let before = Time::from_micros(0).plus(Duration::from_micros(3));
    assert_eq!(store.write(move |tx| reports::forget(tx, before)).await.unwrap(), 1);
    assert_eq!(store.read(reports::list).await.unwrap(), [last]);
    store.write(|tx| reports::remove(tx, "intake@b:8081")).await.unwrap();
    assert_eq!(store.read(reports::list).await.unwrap(), []);
    if let Some(database) = database {
        database.remove().await;
    }
}

async fn a_store_knows_its_size(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    // The tables alone are more than a page.
    assert!(store.size().await.unwrap() > 4_096);
    if let Some(database) = database {
        database.remove().await;
    }
}
