//! The firmware service's settings.

use std::collections::BTreeMap;

use fairlead_runtime::ServiceSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sources::SourceSettings;

/// `[firmware]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address and port of the firmware service's own binary.
    pub listen: String,
    /// Most megabytes of the files of one version.
    pub version_max_mb: u32,
    /// Prepared versions that stay on the disk although no device needs them now. Others are made again from the mirror
    /// when they are needed.
    pub keep_versions: u32,
    /// The repositories that firmware comes from, each by a name.
    pub sources: BTreeMap<String, SourceSettings>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8086".to_owned(),
            version_max_mb: 64,
            keep_versions: 20,
            sources: BTreeMap::new(),
        }
    }
}

impl ServiceSettings for Settings {
    fn listen(&self) -> &str {
        &self.listen
    }
}
