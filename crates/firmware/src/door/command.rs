//! What a device asks: the body of a request, read without I/O.

use serde::Deserialize;

/// What a device asks. Fields that it sends beside these are left alone.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "cmd", rename_all = "snake_case")]
pub(crate) enum Command {
    /// Whether there is something for it.
    Check {
        /// Bytes that it has free.
        #[serde(default, deserialize_with = "lenient")]
        space: Option<i64>,
    },
    /// It wants an upgrade by itself.
    Init {},
    /// How a job is.
    Status {
        /// The job's number.
        job_id: i64,
    },
    /// What is in a job's version.
    Metadata {
        /// The job's number.
        job_id: i64,
    },
    /// A file of a job's version.
    GetFile {
        /// The job's number.
        job_id: i64,
        /// The file's path, as the list gave it.
        file_path: String,
    },
    /// It is done, or it failed.
    Complete {
        /// The job's number; 0 where it had none.
        job_id: i64,
        /// Whether it has the version.
        status: bool,
    },
}

impl Command {
    /// The number of the job that it is about.
    pub(crate) fn job(&self) -> Option<i64> {
        match self {
            Self::Check { .. } | Self::Init {} => None,
            Self::Status { job_id }
            | Self::Metadata { job_id }
            | Self::GetFile { job_id, .. }
            | Self::Complete { job_id, .. } => Some(*job_id),
        }
    }
}

/// The free space is a courtesy: whatever is sent there keeps no device from its upgrade.
fn lenient<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<i64>, D::Error> {
    Ok(serde_json::Value::deserialize(d)?.as_i64().filter(|space| *space >= 0))
}

/// Reads a request.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub(crate) fn read(body: &[u8]) -> Result<Command, String> {
    let known = "cmd is check, init, status, metadata, get_file or complete";
    serde_json::from_slice(body).map_err(|e| format!("The request cannot be read: {e}. ({known}.)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_as_devices_write_them() {
        let cases = [
            (r#"{"cmd": "check", "space": 1048576}"#, Command::Check { space: Some(1_048_576) }),
            (r#"{"cmd":"check","job_id":null,"space":"many"}"#, Command::Check { space: None }),
            (r#"{"cmd":"check","space":1.5,"job_id":3}"#, Command::Check { space: None }),
            (r#"{"cmd":"check"}"#, Command::Check { space: None }),
            (r#"{"cmd":"init"}"#, Command::Init {}),
            (r#"{"cmd":"init","branch":"main"}"#, Command::Init {}),
            (r#"{"job_id":7,"cmd":"status"}"#, Command::Status { job_id: 7 }),
            (r#"{"cmd":"metadata","job_id":7}"#, Command::Metadata { job_id: 7 }),
            (
                r#"{"cmd":"get_file","job_id":7,"file_path":"./a.py"}"#,
                Command::GetFile { job_id: 7, file_path: "./a.py".to_owned() },
            ),
            (
                r#"{"cmd":"complete","job_id":0,"status":false}"#,
                Command::Complete { job_id: 0, status: false },
            ),
        ];
        for (body, wanted) in cases {
            assert_eq!(read(body.as_bytes()).unwrap(), wanted, "{body}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_in_a_sentence() {
        let bad: [&[u8]; 9] = [
            b"",
            b"null",
            b"[]",
            b"{}",
            br#"{"cmd":"format"}"#,
            br#"{"cmd":"status"}"#,
            br#"{"cmd":"status","job_id":"7"}"#,
            br#"{"cmd":"complete","job_id":7,"status":"yes"}"#,
            b"\xff\xfe",
        ];
        for body in bad {
            assert!(read(body).unwrap_err().ends_with("complete.)"), "{}", String::from_utf8_lossy(body));
        }
    }
}
