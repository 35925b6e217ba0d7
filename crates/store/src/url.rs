//! Where the store is: one URL.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A parsed `store.url`. Printing it leaves the password out.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// `sqlite:PATH`: the embedded database in one file.
    Sqlite(PathBuf),
    /// `mysql://user:password@host:port/schema`: a MySQL or MariaDB server.
    Mysql(String),
}

impl FromStr for StoreUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() {
                Err("a SQLite URL names a file: sqlite:PATH".to_owned())
            } else {
                Ok(Self::Sqlite(PathBuf::from(path)))
            };
        }
        if !text.starts_with("mysql://") {
            return Err("a store URL is sqlite:PATH or mysql://USER:PASSWORD@HOST:PORT/SCHEMA".to_owned());
        }
        let url = url::Url::parse(text).map_err(|e| format!("not a URL: {e}"))?;
        if url.path().len() < 2 {
            return Err("a MySQL URL names the schema: mysql://USER:PASSWORD@HOST:PORT/SCHEMA".to_owned());
        }
        Ok(Self::Mysql(text.to_owned()))
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Mysql(text) => match url::Url::parse(text) {
                Ok(mut url) => {
                    if url.password().is_some() {
                        url.set_password(Some("•••")).unwrap_or_default();
                    }
                    write!(f, "{}", url.as_str().replace("%E2%80%A2%E2%80%A2%E2%80%A2", "•••"))
                }
                Err(_) => f.write_str("mysql://•••"),
            },
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_say_what_is_wrong_and_never_print_a_password() {
        let url: StoreUrl = "mysql://fairlead:geheim@db:3306/fairlead".parse().unwrap();
        assert_eq!(url.to_string(), "mysql://fairlead:•••@db:3306/fairlead");
        assert_eq!("sqlite:a/b.sqlite".parse::<StoreUrl>().unwrap(), StoreUrl::Sqlite("a/b.sqlite".into()));
        assert!("postgres://x/y".parse::<StoreUrl>().unwrap_err().contains("sqlite:PATH or mysql://"));
        assert!("mysql://host".parse::<StoreUrl>().unwrap_err().contains("schema"));
    }
}
