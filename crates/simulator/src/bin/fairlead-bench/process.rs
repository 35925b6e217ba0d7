//! What a process has cost so far, from `/proc`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

/// Clock ticks in a second: 100 on every Linux architecture (`USER_HZ`).
const TICKS: f64 = 100.0;
/// Written to `clear_refs`, it starts the peak of memory anew (proc(5)).
const RESET_PEAK: &str = "5";

/// A process that is watched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watched {
    pid: u32,
}

impl Watched {
    pub(crate) fn new(pid: u32) -> Self {
        Self { pid }
    }

    /// CPU seconds of all its threads, user and system, since it started.
    pub(crate) fn cpu_s(self) -> Result<f64> {
        let stat = fs::read_to_string(self.file("stat")).context("the process is gone")?;
        // The name in parentheses may hold blanks; state is the first field behind it, utime the twelfth.
        let after_name = stat.rsplit(") ").next().unwrap_or_default();
        let mut fields = after_name.split(' ').skip(11);
        let mut ticks = || fields.next().and_then(|field| field.parse::<f64>().ok());
        let (user, system) = ticks().zip(ticks()).context("/proc/<pid>/stat cannot be read")?;
        Ok((user + system) / TICKS)
    }

    /// Most resident memory since the start or the last [`Self::reset_peak`], in MiB.
    pub(crate) fn peak_mib(self) -> Result<f64> {
        Ok(self.status_kib("VmHWM:")? / 1_024.0)
    }

    /// Resident memory now, in KiB.
    pub(crate) fn resident_kib(self) -> Result<f64> {
        self.status_kib("VmRSS:")
    }

    fn status_kib(self, name: &str) -> Result<f64> {
        let status = fs::read_to_string(self.file("status")).context("the process is gone")?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib =
            line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<f64>().ok());
        kib.with_context(|| format!("/proc/<pid>/status has no {name}"))
    }

    /// Starts the peak anew, where the kernel allows it.
    pub(crate) fn reset_peak(self) {
        if let Err(error) = fs::write(self.file("clear_refs"), RESET_PEAK) {
            tracing::warn!("peaks of memory are since the start: {error}");
        }
    }

    fn file(self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.pid))
    }
}

/// The one process of this name.
pub(crate) fn only_one_named(name: &str) -> Result<u32> {
    let named =
        |pid: &u32| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim_end() == name);
    let pids: Vec<u32> = fs::read_dir("/proc")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(named)
        .collect();
    match pids.as_slice() {
        [pid] => Ok(*pid),
        [] => anyhow::bail!("no process is called {name}"),
        _ => anyhow::bail!("{} processes are called {name}: say which by --broker-pid", pids.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_used_memory() {
        let me = Watched::new(std::process::id());
        assert!(me.cpu_s().unwrap() >= 0.0);
        assert!(me.peak_mib().unwrap() > 1.0);
        assert!(only_one_named("no-such-process").is_err());
    }
}
