//! A repository of firmware for a test, made with git itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A repository with a working folder, on the branch `main`.
pub struct Repository {
    folder: TempDir,
}

impl Repository {
    /// An empty one.
    pub fn new() -> Self {
        let repository = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(repository.work()).unwrap();
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        // Served over HTTP and git:// as over file://.
        repository.git(&["config", "http.receivepack", "false"]);
        repository
    }

    /// One with a small firmware in its first commit: two folders, an empty file, a `.gitignore`.
    pub fn with_firmware() -> Self {
        let repository = Self::new();
        repository.write("main.py", b"import apps.buoy\n");
        repository.write("apps/__init__.py", b"");
        repository.write("apps/buoy/a.py", b"print('a')\n");
        repository.write(".gitignore", b"*.pyc\n");
        repository.commit("The first firmware");
        repository
    }

    /// The folder of everything that belongs to it, git's home.
    pub fn home(&self) -> &Path {
        self.folder.path()
    }

    /// The working folder.
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("scout")
    }

    /// Where git finds it on this machine.
    pub fn url(&self) -> String {
        format!("file://{}", self.work().display())
    }

    /// Runs git in it, and returns what it says.
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = self.command("git").args(arguments).output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {complaint}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A program in the working folder, with an environment of its own.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.work())
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.home())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ada Ünlü")
            .env("GIT_AUTHOR_EMAIL", "ada@example.org")
            .env("GIT_COMMITTER_NAME", "Ada Ünlü")
            .env("GIT_COMMITTER_EMAIL", "ada@example.org");
        command
    }

    /// Writes a file of the working folder.
    pub fn write(&self, path: &str, content: &[u8]) {
        let path = self.work().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Commits all that is in the working folder, and returns the commit's id.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all", "--force"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Makes an SSH key below the repository's home and returns its public part.
    pub fn ssh_key(&self, name: &str) -> String {
        let path = self.home().join(name);
        let mut keygen = self.command("ssh-keygen");
        keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"]).arg(&path);
        assert!(keygen.status().unwrap().success());
        let public = std::fs::read_to_string(path.with_extension("pub")).unwrap();
        public.trim().to_owned()
    }

    /// Tags what is checked out with a key made by [`Self::ssh_key`].
    pub fn signed_tag(&self, tag: &str, key: &str) {
        let key = format!("user.signingkey={}", self.home().join(key).display());
        self.git(&["-c", "gpg.format=ssh", "-c", &key, "tag", "-s", "-m", "a release", tag]);
    }

    /// Writes a signed list of the files that are there, as a person would with `sha256sum` and `minisign`, and commits
    /// both.
    pub fn sign_list(&self, key: &minisign::KeyPair) {
        let list =
            self.command("sh").args(["-c", "git ls-files | grep -v MANIFEST | xargs sha256sum"]).output();
        let list = list.unwrap().stdout;
        self.write("MANIFEST", &list);
        let signature = minisign::sign(Some(&key.pk), &key.sk, &list[..], Some("firmware"), None).unwrap();
        self.write("MANIFEST.minisig", signature.to_string().as_bytes());
        self.commit("A signed list of files");
    }
}
