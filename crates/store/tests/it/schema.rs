//! Both migrations give the same schema, once, and an older program leaves a newer schema alone.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use fairlead_store::{Conn, Store};
use fairlead_testkit::{Backend, Database};

fairlead_testkit::on_both_backends!(many_may_migrate_at_once, a_schema_of_a_newer_release_is_left_alone,);

/// Tables with their columns (whether one may be null, and its kind), and the names of their indexes.
type Tables = BTreeMap<String, (BTreeMap<String, (bool, String)>, Vec<String>)>;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    owner: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    facts: String,
}

const SQLITE_COLUMNS: &str = "SELECT m.name AS owner, c.name AS name, \
    (c.\"notnull\" || ' ' || lower(c.type)) AS facts \
    FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\'";
const SQLITE_INDEXES: &str = "SELECT tbl_name AS owner, name, '' AS facts FROM sqlite_master \
    WHERE type = 'index' AND name NOT LIKE 'sqlite_autoindex%'";
const MYSQL_COLUMNS: &str = "SELECT table_name AS owner, column_name AS name, \
    CONCAT(CASE is_nullable WHEN 'NO' THEN '1 ' ELSE '0 ' END, data_type) AS facts \
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name NOT LIKE '\\_\\_%'";
// A column that is UNIQUE by itself has an index of its own name, which SQLite names by itself.
const MYSQL_INDEXES: &str = "SELECT DISTINCT table_name AS owner, index_name AS name, '' AS facts \
    FROM information_schema.statistics WHERE table_schema = DATABASE() AND index_name <> 'PRIMARY' \
    AND index_name <> column_name AND table_name NOT LIKE '\\_\\_%'";

/// What a kind of column is called on either database.
fn kind(word: &str) -> String {
    let kind = match word {
        "binary" | "mediumblob" | "blob" => "bytes",
        "varchar" | "text" | "mediumtext" => "text",
        "int" | "integer" => "integer",
        "boolean" | "tinyint" => "bool",
        other => other,
    };
    kind.to_owned()
}

fn lines(conn: &mut Conn, sqlite: &str, mysql: &str) -> QueryResult<Vec<Line>> {
    match conn {
        Conn::Sqlite(c) => diesel::sql_query(sqlite).load(c),
        Conn::Mysql(c) => diesel::sql_query(mysql).load(c),
    }
}

async fn tables(store: &Store) -> Tables {
    let read = |conn: &mut Conn| {
        Ok((lines(conn, SQLITE_COLUMNS, MYSQL_COLUMNS)?, lines(conn, SQLITE_INDEXES, MYSQL_INDEXES)?))
    };
    let (columns, indexes) = store.read(read).await.unwrap();
    let mut tables = Tables::new();
    for Line { owner, name, facts } in columns {
        let (not_null, word) = facts.split_once(' ').unwrap();
        let (may_be_null, word) = (not_null == "0", word.to_lowercase());
        tables.entry(owner).or_default().0.insert(name, (may_be_null, kind(&word)));
    }
    for Line { owner, name, .. } in indexes {
        tables.entry(owner).or_default().1.push(name);
    }
    for (_, indexes) in tables.values_mut() {
        indexes.sort();
    }
    tables
}

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_have_the_same_tables_columns_and_indexes() {
    let (sqlite, _folder, _) = fairlead_testkit::store(Backend::Embedded).await;
    let (mysql, _other, database) = fairlead_testkit::store(Backend::Servers).await;
    let (on_sqlite, on_mysql) = (tables(&sqlite).await, tables(&mysql).await);
    assert!(on_sqlite.len() >= 14, "{:?}", on_sqlite.keys());
    assert_eq!(on_sqlite.keys().collect::<Vec<_>>(), on_mysql.keys().collect::<Vec<_>>());
    for (name, table) in &on_sqlite {
        assert_eq!(table, &on_mysql[name], "{name}");
    }
    database.unwrap().remove().await;
}

#[test]
fn the_migrations_come_in_pairs() {
    let names = |database: &str| {
        let folder = format!("{}/../../migrations/{database}", env!("CARGO_MANIFEST_DIR"));
        let mut names: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert!(!names("sqlite").is_empty());
    assert_eq!(names("sqlite"), names("mysql"));
}

/// A store without any table.
async fn empty(backend: Backend) -> (tempfile::TempDir, Option<Database>, String) {
    let folder = tempfile::tempdir().unwrap();
    match backend {
        Backend::Embedded => {
            let url = format!("sqlite:{}", folder.path().join("s.sqlite").display());
            (folder, None, url)
        }
        Backend::Servers => {
            let database = Database::create().await;
            let url = database.url.clone();
            (folder, Some(database), url)
        }
    }
}

async fn many_may_migrate_at_once(backend: Backend) {
    let (_folder, database, url) = empty(backend).await;
    let stores: Vec<_> = (0..6).map(|_| Store::open(url.parse().unwrap()).unwrap()).collect();
    let ran = futures_util::future::join_all(stores.iter().map(Store::migrate)).await;
    let ran: Vec<usize> = ran.into_iter().collect::<Result<_, _>>().unwrap();
    let (has, wants) = stores[0].schema_version().await.unwrap();
    assert_eq!(has, Some(wants));
    assert_eq!(ran.iter().filter(|n| **n > 0).count(), 1, "one of them ran all of it: {ran:?}");
    if let Some(database) = database {
        database.remove().await;
    }
}

async fn a_schema_of_a_newer_release_is_left_alone(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let newer = "INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('20990101000000', '2030-01-01 00:00:00')";
    store.write(move |tx| Ok(tx.batch_execute(newer)?)).await.unwrap();
    assert_eq!(store.migrate().await.unwrap(), 0, "the release before runs on it as it is");
    let (has, wants) = store.schema_version().await.unwrap();
    assert_eq!(has.as_deref(), Some("20990101000000"));
    assert_ne!(has, Some(wants));
    if let Some(database) = database {
        database.remove().await;
    }
}
