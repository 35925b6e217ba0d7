//! A certificate of the server's own: read at the start, and again when its files change.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use fairlead_model::Time;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{Error, InconsistentKeys, ServerConfig};
use tokio::signal::unix::Signal;
use tokio_util::sync::CancellationToken;
use x509_cert::der::Decode as _;

use crate::settings::TlsSettings;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(60);

/// The certificate in use. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Certificate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: TlsSettings,
    used: RwLock<Arc<CertifiedKey>>,
    /// What the files held when they were looked at last, of use or not.
    seen: Mutex<Result<Files, String>>,
}

#[derive(Clone, PartialEq, Eq)]
struct Files {
    cert: Vec<u8>,
    key: Vec<u8>,
}

/// The key is nobody's business.
impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("•••")
    }
}

impl TlsSettings {
    /// Whether anything is set.
    pub(crate) fn is_set(&self) -> bool {
        !self.cert.as_os_str().is_empty() || !self.key.as_os_str().is_empty()
    }

    fn read(&self) -> Result<Files, String> {
        Ok(Files { cert: read("http.tls.cert", &self.cert)?, key: read("http.tls.key", &self.key)? })
    }

    fn certified(&self, files: &Files) -> Result<CertifiedKey, String> {
        let (cert, key) = (self.cert.display(), self.key.display());
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&files.cert)
            .collect::<Result<_, _>>()
            .map_err(|e| format!("http.tls.cert names {cert}, which is damaged: {e}"))?;
        if chain.is_empty() {
            return Err(format!("http.tls.cert names {cert}, in which there is no certificate in PEM"));
        }
        let secret = PrivateKeyDer::from_pem_slice(&files.key).map_err(|e| match e {
            pem::Error::NoItemsFound => {
                format!("http.tls.key names {key}, in which there is no private key in PEM")
            }
            e => format!("http.tls.key names {key}, which is damaged: {e}"),
        })?;
        CertifiedKey::from_der(chain, secret, &default_provider()).map_err(|e| match e {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                format!("the key in {key} does not fit the certificate in {cert}")
            }
            e => format!("the certificate in {cert} cannot be used with the key in {key}: {e}"),
        })
    }
}

fn read(setting: &str, path: &Path) -> Result<Vec<u8>, String> {
    if path.as_os_str().is_empty() {
        return Err(format!("{setting} is not set; a certificate needs http.tls.cert and http.tls.key"));
    }
    std::fs::read(path).map_err(|e| format!("{setting} names {}, which cannot be read: {e}", path.display()))
}

impl Certificate {
    /// The certificate that the settings name, if they name one.
    ///
    /// # Errors
    /// A sentence about the file or setting that cannot be used.
    pub(crate) fn of(settings: &TlsSettings) -> anyhow::Result<Option<Self>> {
        if !settings.is_set() {
            return Ok(None);
        }
        let files = settings.read().map_err(anyhow::Error::msg)?;
        let used = settings.certified(&files).map_err(anyhow::Error::msg)?;
        Ok(Some(Self(Arc::new(Inner {
            settings: settings.clone(),
            used: RwLock::new(Arc::new(used)),
            seen: Mutex::new(Ok(files)),
        }))))
    }

    /// When the certificate in use ends; `None` where it does not say so in a way that is understood.
    pub(crate) fn ends_at(&self) -> Option<Time> {
        let used = self.0.used.read().unwrap_or_else(PoisonError::into_inner).clone();
        let certificate = x509_cert::Certificate::from_der(used.cert.first()?).ok()?;
        let end = certificate.tbs_certificate.validity.not_after.to_unix_duration();
        i64::try_from(end.as_micros()).ok().map(Time::from_micros)
    }

    /// What a server needs to speak TLS with whatever certificate is in use.
    ///
    /// # Errors
    /// Where the provider has no cipher for a version.
    pub(crate) fn config(&self) -> anyhow::Result<ServerConfig> {
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let versions = builder.with_protocol_versions(&[&TLS13, &TLS12])?;
        Ok(versions.with_no_client_auth().with_cert_resolver(self.0.clone()))
    }

    /// Uses what the files hold, each minute and on SIGHUP, until stopped.
    pub(crate) async fn keep(self, mut hangup: Signal, stop: CancellationToken) {
        loop {
            let asked = tokio::select! {
                () = tokio::time::sleep(LOOK) => false,
                Some(()) = hangup.recv() => true,
                () = stop.cancelled() => return,
            };
            let inner = self.0.clone();
            // A disk may hang, and the runtime must not.
            let refreshed = tokio::task::spawn_blocking(move || inner.refresh(asked)).await;
            match refreshed.unwrap_or_else(|e| Err(e.to_string())) {
                Ok(true) => tracing::info!("a new certificate is used"),
                Ok(false) => {}
                Err(reason) => tracing::error!(reason, "the certificate stays as it was"),
            }
        }
    }
}

impl Inner {
    /// Uses what the files hold now; says whether that is new. What was found before is not said again, unless
    /// somebody asks.
    fn refresh(&self, asked: bool) -> Result<bool, String> {
        let found = self.settings.read();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == found && !asked {
            return Ok(false);
        }
        seen.clone_from(&found);
        let used = self.settings.certified(&found?)?;
        *self.used.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(used);
        Ok(true)
    }
}

impl ResolvesServerCert for Inner {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.used.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn settings(&self) -> TlsSettings {
            TlsSettings { cert: self.0.path().join("cert.pem"), key: self.0.path().join("key.pem") }
        }

        /// Writes the certificate of one pair and the key of another.
        fn put(&self, cert: &Pair, key: &Pair) {
            std::fs::write(self.settings().cert, cert.cert.pem()).unwrap();
            std::fs::write(self.settings().key, key.signing_key.serialize_pem()).unwrap();
        }
    }

    type Pair = rcgen::CertifiedKey<rcgen::KeyPair>;

    fn pair() -> Pair {
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap()
    }

    #[test]
    fn a_certificate_that_cannot_be_used_is_refused_with_a_sentence() {
        let folder = Folder(tempfile::tempdir().unwrap());
        let settings = folder.settings();
        let refused = |settings: &TlsSettings| Certificate::of(settings).unwrap_err().to_string();
        assert!(Certificate::of(&TlsSettings::default()).unwrap().is_none());
        let alone = TlsSettings { key: PathBuf::new(), ..settings.clone() };
        assert!(refused(&settings).starts_with("http.tls.cert names "), "{}", refused(&settings));
        let (one, other) = (pair(), pair());
        folder.put(&one, &other);
        assert!(refused(&alone).contains("http.tls.key is not set"), "{}", refused(&alone));
        assert!(refused(&settings).contains("does not fit"), "{}", refused(&settings));
        std::fs::write(&settings.key, "no key").unwrap();
        assert!(refused(&settings).contains("no private key in PEM"), "{}", refused(&settings));
        std::fs::write(&settings.cert, "").unwrap();
        assert!(refused(&settings).contains("no certificate in PEM"), "{}", refused(&settings));
    }

    #[test]
    fn changed_files_are_used_and_a_pair_that_does_not_fit_is_not() {
        let folder = Folder(tempfile::tempdir().unwrap());
        let (one, other) = (pair(), pair());
        folder.put(&one, &one);
        let certificate = Certificate::of(&folder.settings()).unwrap().unwrap().0;
        let used = || certificate.used.read().unwrap().cert.first().cloned();
        assert_eq!(certificate.refresh(false), Ok(false));
        folder.put(&other, &one);
        assert!(certificate.refresh(false).unwrap_err().contains("does not fit"));
        assert_eq!(certificate.refresh(false), Ok(false), "it is said once");
        assert!(certificate.refresh(true).is_err(), "and again to who asks");
        assert_eq!(used().as_ref(), Some(one.cert.der()));
        folder.put(&other, &other);
        assert_eq!(certificate.refresh(false), Ok(true));
        assert_eq!(used().as_ref(), Some(other.cert.der()));
        assert!(!format!("{certificate:?}").contains("PRIVATE"));
    }
}
