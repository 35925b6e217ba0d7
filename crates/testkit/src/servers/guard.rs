//! What ends processes with their owner.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context, Result};

/// Ends processes, and removes a folder, when the process that holds it ends, in whatever way.
///
/// It is a shell that waits on a pipe which nobody writes to once the holder is gone.
#[derive(Debug)]
pub struct Guard {
    shell: Child,
    orders: Option<ChildStdin>,
}

/// Each line read replaces the list of whom to end; the end of the input means that the holder is gone.
const GUARD_SCRIPT: &str = r#"
trap '' HUP INT QUIT TERM
groups=
while IFS= read -r line; do groups=$line; done
for group in $groups; do kill -s "$1" -- "-$group"; done
[ -n "$2" ] || exit 0
for attempt in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf -- "$2" && exit 0
    sleep 0.2
done
"#;

impl Guard {
    /// A guard that sends `signal` (such as `KILL`) and then removes `folder` (or file), if there is one.
    ///
    /// # Errors
    /// Where no shell can be started.
    pub fn new(signal: &str, folder: Option<&Path>) -> Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", GUARD_SCRIPT, "guard", signal])
            .arg(folder.unwrap_or_else(|| Path::new("")))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot start /bin/sh")?;
        let orders = shell.stdin.take();
        Ok(Self { shell, orders })
    }

    /// Names the process groups to end when the holder ends; replaces the ones named before.
    ///
    /// # Errors
    /// Where the guard itself has been killed.
    pub fn watch(&mut self, groups: &[u32]) -> Result<()> {
        let line = groups.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
        let orders = self.orders.as_mut().context("the guard has been dismissed")?;
        writeln!(orders, "{line}").context("the guard process is gone")
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.orders.take());
        // Nothing useful can be done about a guard that cannot be waited for.
        let _ = self.shell.wait();
    }
}
