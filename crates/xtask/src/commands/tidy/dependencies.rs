//! The table of dependencies in docs/architecture.md is what the crates' manifests say.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Finding, Text};

const PAGE: &str = "docs/architecture.md";
const HEADER: [&str; 2] = ["crate", "may depend on"];
/// What every crate may use in its tests.
const FOR_TESTS: [&str; 2] = ["testkit", "simulator"];

/// Crates of the workspace, and those among them that each uses.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// Compares the table with what cargo knows.
pub(super) fn check(texts: &[Text], metadata: &Value) -> Result<Vec<Finding>> {
    let page = texts.iter().find(|text| text.path == PAGE);
    let Some(table) = page.and_then(|page| read_table(&page.content)) else {
        return Ok(vec![format!(
            "{PAGE}: needs the table `| {} |`, one row for each crate",
            HEADER.join(" | ")
        )]);
    };
    let (used, used_in_tests) = read_metadata(metadata)?;
    Ok(compare(&table, &used, &used_in_tests))
}

/// The rows of the table, or nothing where there is none.
fn read_table(page: &str) -> Option<Uses> {
    let mut lines = page.lines().skip_while(|line| cells(line) != HEADER);
    lines.next()?;
    let mut table = Uses::new();
    for line in lines.skip(1).take_while(|line| line.trim_start().starts_with('|')) {
        let mut cells = cells(line).into_iter();
        let (names, may) =
            (quoted(cells.next().unwrap_or_default()), quoted(cells.next().unwrap_or_default()));
        for name in names {
            table.insert(name, may.clone());
        }
    }
    Some(table)
}

fn cells(line: &str) -> Vec<&str> {
    let inner = line.trim().strip_prefix('|').and_then(|rest| rest.strip_suffix('|'));
    inner.map(|inner| inner.split('|').map(str::trim).collect()).unwrap_or_default()
}

/// The names in backticks.
fn quoted(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(short).collect()
}

/// A crate's name as the documentation says it.
fn short(name: &str) -> String {
    name.strip_prefix("fairlead-").unwrap_or(name).to_owned()
}

/// From `cargo metadata --no-deps`: what each crate is built from, and what its tests use besides.
fn read_metadata(metadata: &Value) -> Result<(Uses, Uses)> {
    let packages =
        metadata.get("packages").and_then(Value::as_array).context("cargo metadata has no packages")?;
    let name_of = |value: &Value| value.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let members: BTreeSet<String> = packages.iter().map(name_of).collect();
    let (mut used, mut used_in_tests) = (Uses::new(), Uses::new());
    for package in packages {
        let name = short(&name_of(package));
        let dependencies =
            package.get("dependencies").and_then(Value::as_array).context("no dependencies")?;
        let own = used.entry(name.clone()).or_default();
        for dependency in dependencies.iter().filter(|dependency| members.contains(&name_of(dependency))) {
            let dependency_name = short(&name_of(dependency));
            if dependency.get("kind").and_then(Value::as_str) == Some("dev") {
                used_in_tests.entry(name.clone()).or_default().insert(dependency_name);
            } else {
                own.insert(dependency_name);
            }
        }
    }
    Ok((used, used_in_tests))
}

fn compare(table: &Uses, used: &Uses, used_in_tests: &Uses) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in table.keys().filter(|name| !used.contains_key(*name)) {
        findings.push(format!("{PAGE}: there is no crate `{name}`; remove its row"));
    }
    for (name, uses) in used {
        let manifest = format!("crates/{name}/Cargo.toml");
        let Some(may) = table.get(name) else {
            findings.push(format!("{PAGE}: add a row for the crate `{name}`"));
            continue;
        };
        for other in uses.difference(may) {
            findings.push(format!(
                "{manifest}: `{name}` must not depend on `{other}`; remove it, or decide otherwise in {PAGE}"
            ));
        }
        for other in may.difference(uses) {
            findings.push(format!("{PAGE}: `{name}` does not depend on `{other}`; take it out of the row"));
        }
        let in_tests = used_in_tests.get(name).into_iter().flatten();
        for other in in_tests
            .filter(|other| !FOR_TESTS.contains(&other.as_str()) && !may.contains(*other) && *other != name)
        {
            findings.push(format!(
                "{manifest}: the tests of `{name}` must not use `{other}`; remove it from the dev-dependencies"
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TABLE: &str = "# A\n\n| crate | may depend on |\n|---|---|\n| `model` | nothing |\n| `web`, `bus` | `model` |\n\n| x | y |\n";

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn uses(rows: &[(&str, &[&str])]) -> Uses {
        rows.iter().map(|(name, others)| ((*name).to_owned(), set(others))).collect()
    }

    #[test]
    fn the_table_is_read() {
        let expected = uses(&[("model", &[]), ("web", &["model"]), ("bus", &["model"])]);
        assert_eq!(read_table(TABLE), Some(expected));
        assert_eq!(read_table("| crate | uses |\n|--|--|\n"), None);
    }

    #[test]
    fn metadata_is_read_without_prefix_and_strangers() {
        let metadata = json!({"packages": [
            {"name": "fairlead-model", "dependencies": [{"name": "serde", "kind": null}]},
            {"name": "fairlead-web", "dependencies": [
                {"name": "fairlead-model", "kind": null}, {"name": "fairlead-testkit", "kind": "dev"}]},
            {"name": "fairlead-testkit", "dependencies": []},
        ]});
        let (used, in_tests) = read_metadata(&metadata).unwrap();
        assert_eq!(used, uses(&[("model", &[]), ("web", &["model"]), ("testkit", &[])]));
        assert_eq!(in_tests, uses(&[("web", &["testkit"])]));
    }

    #[test]
    fn equal_tables_are_silent() {
        let table = uses(&[("model", &[]), ("web", &["model"])]);
        assert!(compare(&table, &table, &uses(&[("web", &["testkit", "model"])])).is_empty());
    }

    #[test]
    fn every_difference_is_named() {
        let table = uses(&[("gone", &[]), ("web", &["bus"])]);
        let used = uses(&[("web", &["store"]), ("new", &[])]);
        let findings = compare(&table, &used, &uses(&[("web", &["hub"])]));
        let starts: Vec<&str> = findings.iter().filter_map(|finding| finding.split(';').next()).collect();
        assert_eq!(
            starts,
            [
                "docs/architecture.md: there is no crate `gone`",
                "docs/architecture.md: add a row for the crate `new`",
                "crates/web/Cargo.toml: `web` must not depend on `store`",
                "docs/architecture.md: `web` does not depend on `bus`",
                "crates/web/Cargo.toml: the tests of `web` must not use `hub`",
            ]
        );
    }
}
