//! How many files and connections the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit to what the system allows this process: shells and service managers begin with 1,024, and a fleet of
/// devices on the line needs one each.
pub(crate) fn allow_all() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, "the limit of open files was not raised");
    }
}

/// How many files and connections the system allows this process; absent where there is no limit.
pub fn most() -> Option<u64> {
    getrlimit(Resource::Nofile).maximum
}
