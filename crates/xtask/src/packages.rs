//! What the tests need from the operating system, and installing it on Debian where root asks for it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{run, say};
use crate::servers::guard::Guard;

/// The oldest Node that the pages can be built with.
const NODE: (u32, u32) = (20, 19);
/// Debian asks this file before it starts a service; 101 means no.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// A program that is needed, and the Debian package that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    MariaDb,
    RabbitMq,
    Mosquitto,
    Chromium,
    Nginx,
    Node,
    Npm,
    Python,
    Git,
    Sshd,
}

impl Need {
    /// Any one of these programs will do.
    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::MariaDb => &["mariadbd"],
            Self::RabbitMq => &["rabbitmq-server"],
            Self::Mosquitto => &["mosquitto"],
            Self::Chromium => &["chromium", "chromium-browser", "google-chrome"],
            Self::Nginx => &["nginx"],
            Self::Node => &["node"],
            Self::Npm => &["npm"],
            Self::Python => &["python3"],
            Self::Git => &["git"],
            Self::Sshd => &["sshd"],
        }
    }

    fn package(self) -> &'static str {
        match self {
            Self::MariaDb => "mariadb-server",
            Self::RabbitMq => "rabbitmq-server",
            Self::Mosquitto => "mosquitto",
            Self::Chromium => "chromium",
            Self::Nginx => "nginx-light",
            Self::Node => "nodejs",
            Self::Npm => "npm",
            Self::Python => "python3-venv",
            Self::Git => "git",
            Self::Sshd => "openssh-server",
        }
    }

    /// Where it is installed, if it is.
    pub(crate) fn installed(self) -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let server_folders = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
        let folders: Vec<PathBuf> = std::env::split_paths(&path).chain(server_folders).collect();
        let candidates = self.programs().iter().flat_map(|name| folders.iter().map(move |at| at.join(name)));
        candidates.into_iter().find(|path| path.is_file())
    }
}

/// Makes sure that everything in `needs` is installed: by installing it for root, by a sentence for anybody else.
pub(crate) fn ensure(needs: &[Need]) -> Result<()> {
    let missing: Vec<&str> =
        needs.iter().filter(|need| need.installed().is_none()).map(|need| need.package()).collect();
    if !missing.is_empty() {
        let names = missing.join(" ");
        if !is_root()? || !Path::new("/usr/bin/apt-get").is_file() {
            bail!(
                "missing Debian packages: install them with `apt-get install {names}` (or run this as root), then run this again"
            );
        }
        say(format!("Installing Debian packages: {names}"));
        install(&missing)?;
        if let Some(need) = needs.iter().find(|need| need.installed().is_none()) {
            bail!("{} is not there although its package was installed: look at it by hand", need.package());
        }
    }
    if needs.contains(&Need::Node) {
        check_node_version()?;
    }
    Ok(())
}

fn is_root() -> Result<bool> {
    Ok(fs::metadata("/proc/self").context("cannot tell who runs this: /proc is missing")?.uid() == 0)
}

fn install(packages: &[&str]) -> Result<()> {
    // While it lives, installing a package starts no service: the tests start their own.
    let _no_services = forbid_services()?;
    run(apt_get().args(["-q", "update"]))?;
    run(apt_get().args(["-q", "install", "--yes", "--no-install-recommends"]).args(packages))
}

/// Tells Debian to start no services, unless the machine has a rule of its own; the guard takes it back.
fn forbid_services() -> Result<Option<Guard>> {
    let policy = Path::new(POLICY);
    if policy.exists() {
        return Ok(None);
    }
    let guard = Guard::new("TERM", Some(policy))?;
    fs::write(policy, "#!/bin/sh\nexit 101\n").with_context(|| format!("cannot write {POLICY}"))?;
    fs::set_permissions(policy, fs::Permissions::from_mode(0o755))?;
    Ok(Some(guard))
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    command
}

fn check_node_version() -> Result<()> {
    let printed = crate::process::output(Command::new("node").arg("--version"))?;
    match node_version(&printed) {
        Some(version) if version >= NODE => Ok(()),
        _ => bail!(
            "the pages need Node {}.{} or newer, here is {}: install it from nodejs.org, then run this again",
            NODE.0,
            NODE.1,
            printed.trim()
        ),
    }
}

/// Major and minor of a text such as `v20.19.4`.
fn node_version(printed: &str) -> Option<(u32, u32)> {
    let mut parts = printed.trim().trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// An `npm` command in `folder` which asks nothing and reports nothing.
pub(crate) fn npm<I: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder).env("npm_config_update_notifier", "false").args(arguments);
    command
}

/// A program from PyPI that tests use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FromPyPi {
    /// The folder's name, before the version.
    name: &'static str,
    version: &'static str,
    /// What pip is asked for, before the version.
    wanted: &'static str,
    program: &'static str,
}

/// Schemathesis, which asks an API for everything that its description allows, and much that it does not.
pub(crate) const SCHEMATHESIS: FromPyPi =
    FromPyPi { name: "schemathesis", version: "4.32.5", wanted: "schemathesis", program: "schemathesis" };

/// moto, which answers as AWS does.
pub(crate) const MOTO: FromPyPi =
    FromPyPi { name: "moto", version: "5.2.5", wanted: "moto[server]", program: "moto_server" };

impl FromPyPi {
    /// Where the program is; installed below `folder` where it is not there yet.
    pub(crate) fn installed(self, folder: &Path) -> Result<PathBuf> {
        let Self { name, version, wanted, program } = self;
        let home = folder.join(format!("{name}-{version}"));
        let program = home.join("bin").join(program);
        if !program.is_file() {
            say(format!("Installing {name} {version} from PyPI"));
            run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))
                .context("Python cannot make a virtual environment: on Debian, install python3-venv")?;
            let wanted = format!("{wanted}=={version}");
            run(Command::new(home.join("bin/pip")).args(["install", "--quiet", &wanted]))?;
        }
        Ok(program)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions_are_read() {
        assert_eq!(node_version("v20.19.4\n"), Some((20, 19)));
        assert_eq!(node_version("v8.1"), Some((8, 1)));
        assert_eq!(node_version("nothing"), None);
    }
}
