//! Settings in layers: defaults, then the file, then `FAIRLEAD__SECTION__KEY` in a `.env` file or the
//! environment, then secrets from `*_FILE` and systemd credentials.

pub mod reference;
mod shared;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use config::{Config, ConfigError, Environment, File, FileFormat, Value, ValueKind};
use reference::Keys;
use schemars::Schema;
use serde::de::DeserializeOwned;
pub use shared::{
    ClockSettings, Common, DataSettings, HttpSettings, LogFormat, LogSettings, StringList, TlsSettings,
};

/// Where the settings file lies unless `--config` says otherwise.
pub const DEFAULT_FILE: &str = "/etc/fairlead/fairlead.toml";

/// Sections that belong to services. A service binary reads its own and lets the others be.
pub const SERVICE_SECTIONS: [&str; 6] = ["intake", "tracker", "courier", "firmware", "hub", "console"];

/// What every binary takes on its command line.
#[derive(Clone, Debug, Default, clap::Parser)]
#[command(version, about = "A service of Fairlead, the backend that keeps devices in the field on the line.")]
pub struct Arguments {
    /// The settings file [default: /etc/fairlead/fairlead.toml, where it exists]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Sets one setting, as `--set http.listen=127.0.0.1:9000`; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// Why the settings cannot be used: names the key, where it was set, and what is allowed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(String);

/// The settings of one process, read and checked for unknown keys.
pub struct Loaded {
    config: Config,
    /// The parts that all services share.
    pub common: Common,
}

impl Loaded {
    /// Reads all layers. `schemas` are the sections of the services in this process.
    ///
    /// # Errors
    /// A sentence that names key, source and allowed values.
    pub fn read(arguments: &Arguments, schemas: &[(&str, Schema)]) -> Result<Self, SettingsError> {
        let config = layers(arguments, &environment()?).map_err(|e| explain(&e))?;
        let common_schema = schemars::schema_for!(Common);
        check_keys(&config.cache, &common_schema, schemas)?;
        check_choices(&config, "", &common_schema)?;
        schemas.iter().try_for_each(|(name, schema)| check_choices(&config, &format!("{name}."), schema))?;
        let common = common_part(&config)?;
        Ok(Self { config, common })
    }

    /// The settings of one section; its defaults where nothing was set.
    ///
    /// # Errors
    /// A sentence that names key, source and allowed values.
    pub fn section<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T, SettingsError> {
        match self.config.get::<Value>(name) {
            Ok(_) => self.config.get::<T>(name).map_err(|e| explain(&e)),
            Err(_) => Ok(T::default()),
        }
    }
}

fn common_part(config: &Config) -> Result<Common, SettingsError> {
    let mut builder = Config::builder();
    for name in reference::section_names(&schemars::schema_for!(Common)) {
        if let Ok(value) = config.get::<Value>(&name) {
            builder = builder.set_override(&name, value).map_err(|e| explain(&e))?;
        }
    }
    let shared = builder.build().map_err(|e| explain(&e))?;
    shared.try_deserialize().map_err(|e| explain(&e))
}

fn layers(arguments: &Arguments, variables: &HashMap<String, String>) -> Result<Config, ConfigError> {
    let mut builder = Config::builder();
    builder = match &arguments.config {
        Some(path) => builder.add_source(File::new(&path.to_string_lossy(), FileFormat::Toml)),
        None => builder.add_source(File::new(DEFAULT_FILE, FileFormat::Toml).required(false)),
    };
    let environment = Environment::with_prefix("FAIRLEAD")
        .prefix_separator("__")
        .separator("__")
        .source(Some(variables.clone().into_iter().collect()));
    builder = builder.add_source(environment);
    for pair in &arguments.set {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            ConfigError::Message(format!(
                "--set takes KEY=VALUE, as http.listen=127.0.0.1:9000, not `{pair}`"
            ))
        })?;
        builder = builder.set_override(key, value)?;
    }
    builder.build()
}

/// `FAIRLEAD__*` from a `.env` file and the environment, the latter first; `*_FILE` and systemd credentials are
/// read here, so that a secret need not stand in either.
#[expect(clippy::disallowed_methods, reason = "this is the one place where the environment is read")]
fn environment() -> Result<HashMap<String, String>, SettingsError> {
    let mut variables = HashMap::new();
    if let Ok(entries) = dotenvy::from_path_iter(".env") {
        for entry in entries {
            let (name, value) = entry.map_err(|e| SettingsError(format!(".env cannot be read: {e}")))?;
            variables.insert(name, value);
        }
    }
    variables.extend(
        std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))),
    );
    let credentials = std::env::var("CREDENTIALS_DIRECTORY").ok();
    variables.retain(|name, _| name.starts_with("FAIRLEAD__"));
    read_secret_files(&mut variables)?;
    if let Some(folder) = credentials {
        read_credentials(Path::new(&folder), &mut variables)?;
    }
    Ok(variables)
}

fn read_secret_files(variables: &mut HashMap<String, String>) -> Result<(), SettingsError> {
    let files: Vec<(String, String)> = variables
        .iter()
        .filter_map(|(name, path)| Some((name.strip_suffix("_FILE")?.to_owned(), path.clone())))
        .collect();
    for (name, path) in files {
        variables.remove(&format!("{name}_FILE"));
        let text = std::fs::read_to_string(&path)
            .map_err(|e| SettingsError(format!("{name}_FILE names {path}, which cannot be read: {e}")))?;
        variables.insert(name, text.trim_end_matches(['\r', '\n']).to_owned());
    }
    Ok(())
}

/// A credential named `fairlead.store.url` sets `store.url` (systemd's `LoadCredential=`).
fn read_credentials(folder: &Path, variables: &mut HashMap<String, String>) -> Result<(), SettingsError> {
    let unreadable = |e: std::io::Error| SettingsError(format!("a systemd credential cannot be read: {e}"));
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(key) = name.strip_prefix("fairlead.") {
            let text = std::fs::read_to_string(entry.path()).map_err(unreadable)?;
            let variable = format!("FAIRLEAD__{}", key.replace('.', "__").to_ascii_uppercase());
            variables.insert(variable, text.trim_end_matches(['\r', '\n']).to_owned());
        }
    }
    Ok(())
}

/// Refuses keys that nobody reads: a typing error must not pass for a setting.
fn check_keys(all: &Value, common: &Schema, services: &[(&str, Schema)]) -> Result<(), SettingsError> {
    let ValueKind::Table(sections) = &all.kind else { return Ok(()) };
    let common_names = reference::section_names(common);
    for (name, value) in sections {
        if common_names.contains(name) {
            check_section(name, value, &reference::keys(common, &[name]))?;
        } else if let Some((_, schema)) = services.iter().find(|(service, _)| service == name) {
            check_section(name, value, &reference::keys(schema, &[]))?;
        } else if !SERVICE_SECTIONS.contains(&name.as_str()) {
            let mut known: Vec<&str> =
                common_names.iter().map(String::as_str).chain(SERVICE_SECTIONS).collect();
            known.sort_unstable();
            let source = origin(value);
            return Err(SettingsError(format!(
                "there is no section `{name}` (set in {source}). Sections: {}.",
                known.join(", ")
            )));
        }
    }
    Ok(())
}

fn check_section(path: &str, value: &Value, keys: &Keys) -> Result<(), SettingsError> {
    if matches!(keys, Keys::Value) {
        return Ok(());
    }
    let ValueKind::Table(table) = &value.kind else {
        return Err(SettingsError(format!(
            "`{path}` is a section with keys, not a value (set in {}).",
            origin(value)
        )));
    };
    for (key, value) in table {
        let below = match keys {
            Keys::Named(known) => known.get(key).ok_or_else(|| unknown(path, key, value, known))?,
            Keys::Any(below) => below,
            Keys::Value => continue,
        };
        check_section(&format!("{path}.{key}"), value, below)?;
    }
    Ok(())
}

/// Settings that are not there any more, and what to do instead.
const GONE: [(&str, &str); 2] = [
    (
        "courier.handsets",
        "Which handset steers which buoys is a route now. Take the setting out, and make a route for each pair on the \
         page Routes or by POST /api/v1/routes: from the handset, its commands, to the buoy.",
    ),
    (
        "courier.handset_trust",
        "It is called `courier.mt_trust` now, and holds for all that routes tell devices.",
    ),
];

fn unknown(path: &str, key: &str, value: &Value, known: &BTreeMap<String, Keys>) -> SettingsError {
    if let Some((gone, instead)) = GONE.iter().find(|(gone, _)| *gone == format!("{path}.{key}")) {
        return SettingsError(format!(
            "there is no setting `{gone}` any more (set in {}). {instead}",
            origin(value)
        ));
    }
    let known: Vec<&str> = known.keys().map(String::as_str).collect();
    SettingsError(format!(
        "there is no setting `{path}.{key}` (set in {}). Settings in `{path}`: {}.",
        origin(value),
        known.join(", ")
    ))
}

/// Refuses words that a setting does not take, and names those that it does.
fn check_choices(config: &Config, prefix: &str, schema: &Schema) -> Result<(), SettingsError> {
    for (path, allowed) in reference::choices(schema) {
        for (key, value) in lookup(&config.cache, &format!("{prefix}{path}")) {
            let source = origin(value);
            let given = value.clone().into_string().unwrap_or_default();
            if !allowed.contains(&given) {
                let allowed = allowed.join(", ");
                return Err(SettingsError(format!(
                    "`{key}` is `{given}` (set in {source}); it is one of: {allowed}."
                )));
            }
        }
    }
    Ok(())
}

/// The values at a path, with their origins, which `Config::get` leaves out: one at most, or one for each key that a
/// person has chosen.
fn lookup<'v>(root: &'v Value, path: &str) -> Vec<(String, &'v Value)> {
    let mut found = vec![(String::new(), root)];
    for step in path.split('.') {
        let below = |(at, value): (String, &'v Value)| {
            let ValueKind::Table(table) = &value.kind else { return Vec::new() };
            let fits = |key: &str| step == reference::CHOSEN || key == step;
            let inside = |key: &str| if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
            table.iter().filter(|(key, _)| fits(key)).map(|(key, value)| (inside(key), value)).collect()
        };
        found = found.into_iter().flat_map(below).collect();
    }
    found
}

fn origin(value: &Value) -> String {
    match value.origin() {
        None => "--set".to_owned(),
        Some("the environment") => "the environment or .env".to_owned(),
        Some(other) => other.to_owned(),
    }
}

fn explain(e: &ConfigError) -> SettingsError {
    SettingsError(format!("the settings cannot be used: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)], set: &[&str]) -> Result<Common, SettingsError> {
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let arguments = Arguments { config: None, set: set.iter().map(|s| (*s).to_owned()).collect() };
        let config = layers(&arguments, &variables).map_err(|e| explain(&e))?;
        check_keys(&config.cache, &schemars::schema_for!(Common), &[])?;
        check_choices(&config, "", &schemars::schema_for!(Common))?;
        common_part(&config)
    }

    #[test]
    fn nothing_set_is_a_working_server() {
        let common = read(&[], &[]).unwrap();
        assert_eq!(common.http.listen, "127.0.0.1:8080");
        assert_eq!(common.store_url().unwrap().to_string(), "sqlite:./fairlead-data/fairlead.sqlite");
    }

    #[test]
    fn later_layers_win() {
        let common = read(&[("FAIRLEAD__HTTP__LISTEN", "[::1]:1")], &[]).unwrap();
        assert_eq!(common.http.listen, "[::1]:1");
        let common = read(&[("FAIRLEAD__HTTP__LISTEN", "[::1]:1")], &["http.listen=[::1]:2"]).unwrap();
        assert_eq!(common.http.listen, "[::1]:2");
    }

    #[test]
    fn a_wrong_key_or_value_names_key_source_and_what_is_allowed() {
        let e = read(&[("FAIRLEAD__HTTP__LISTN", "x")], &[]).unwrap_err().to_string();
        assert!(e.contains("`http.listn`") && e.contains("environment") && e.contains("listen"), "{e}");
        let e = read(&[], &["htp.listen=x"]).unwrap_err().to_string();
        assert!(e.contains("`htp`") && e.contains("--set") && e.contains("intake"), "{e}");
        let e = read(&[("FAIRLEAD__LOG__FORMAT", "xml")], &[]).unwrap_err().to_string();
        assert!(
            e.contains("`log.format` is `xml`") && e.contains("environment") && e.contains("json"),
            "{e}"
        );
        let e = read(&[("FAIRLEAD__CLOCK__SPEED", "fast")], &[]).unwrap_err().to_string();
        assert!(e.contains("clock.speed") && e.contains("integer"), "{e}");
    }

    #[test]
    fn a_setting_that_was_taken_out_says_what_to_do_instead() {
        let known = BTreeMap::from([("mt_trust".to_owned(), Keys::Value)]);
        let said = |key| unknown("courier", key, &Value::from("x"), &known).to_string();
        assert!(said("handsets").contains("POST /api/v1/routes"), "{}", said("handsets"));
        assert!(said("handset_trust").contains("`courier.mt_trust` now"), "{}", said("handset_trust"));
        assert!(said("handset").contains("Settings in `courier`: mt_trust."), "{}", said("handset"));
    }

    #[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
    #[serde(default, deny_unknown_fields)]
    struct Orchard {
        trees: BTreeMap<String, Tree>,
    }

    #[derive(Clone, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
    #[serde(default, deny_unknown_fields)]
    struct Tree {
        /// How high it is.
        height_m: u32,
        /// What it bears.
        bears: Fruit,
        /// Who planted it.
        secret: fairlead_model::Secret,
    }

    #[derive(
        Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
    )]
    #[serde(rename_all = "snake_case")]
    enum Fruit {
        /// Sweet.
        Apples,
        /// Sour.
        Quinces,
    }

    impl Default for Tree {
        fn default() -> Self {
            Self { height_m: 5, bears: Fruit::Apples, secret: fairlead_model::Secret::default() }
        }
    }

    fn orchard(variables: &[(&str, &str)], set: &[&str]) -> Result<Orchard, SettingsError> {
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let arguments = Arguments { config: None, set: set.iter().map(|s| (*s).to_owned()).collect() };
        let config = layers(&arguments, &variables).map_err(|e| explain(&e))?;
        let schema = schemars::schema_for!(Orchard);
        check_keys(&config.cache, &schemars::schema_for!(Common), &[("intake", schema.clone())])?;
        check_choices(&config, "intake.", &schema)?;
        config.get("intake").map_err(|e| explain(&e))
    }

    #[test]
    fn keys_that_a_person_chooses_are_set_in_every_way_and_checked() {
        let found = orchard(
            &[("FAIRLEAD__INTAKE__TREES__OLD__HEIGHT_M", "12")],
            &["intake.trees.old.bears=quinces", "intake.trees.young_one.height_m=1"],
        )
        .unwrap();
        assert_eq!((found.trees["old"].height_m, found.trees["old"].bears), (12, Fruit::Quinces));
        assert_eq!((found.trees["young_one"].height_m, found.trees["young_one"].bears), (1, Fruit::Apples));
        for (set, words) in [
            ("intake.trees.old.hight=1", ["`intake.trees.old.hight`", "height_m"]),
            ("intake.trees.old.bears=plums", ["`intake.trees.old.bears` is `plums`", "quinces"]),
            ("intake.trees.old=5", ["`intake.trees.old` is a section", "--set"]),
            ("intake.trees=5", ["`intake.trees` is a section", "--set"]),
        ] {
            let e = orchard(&[], &[set]).unwrap_err().to_string();
            assert!(words.iter().all(|word| e.contains(word)), "{e}");
        }
    }

    #[test]
    fn the_reference_shows_them_by_what_they_are_and_the_file_by_name() {
        let section = |orchard: Orchard| reference::Section {
            name: "intake".to_owned(),
            schema: schemars::schema_for!(Orchard),
            values: serde_json::to_value(orchard).unwrap(),
        };
        let usual = [section(Orchard::default())];
        let text = reference::markdown(&usual);
        assert!(text.contains("| `intake.trees.<name>.height_m` | `5` | How high it is. |"), "{text}");
        assert!(
            text.contains(
                "| `intake.trees.<name>.bears` | `\"apples\"` | What it bears. One of: apples, quinces. |"
            ),
            "{text}"
        );
        let file = reference::annotated(&usual, &usual);
        assert!(file.contains("# trees.<name>.height_m = 5"), "{file}");
        let tree = Tree { secret: fairlead_model::Secret::new("ours"), ..Tree::default() };
        let used = [section(Orchard { trees: BTreeMap::from([("old".to_owned(), tree)]) })];
        let file = reference::annotated(&used, &usual);
        assert!(file.contains("\ntrees.old.height_m = 5") && !file.contains("ours"), "{file}");
        assert_eq!(reference::masked(&used[0])["trees"]["old"]["secret"], "•••");
    }
}
