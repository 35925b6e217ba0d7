//! The certificate of the server's own.

use std::time::Duration;

use fairlead_model::Time;
use fairlead_web::health::Check;

use crate::settings::TlsSettings;
use crate::tls::Certificate;

/// How long before its end somebody should know: what renews certificates by itself has done so by then.
const NOTICE: Duration = Duration::from_secs(14 * 86_400);

/// Whether the certificate's files can be used, now and for a while: the server goes on with those that it read last.
pub(super) fn good(settings: &TlsSettings, now: Time) -> Check {
    let certificate = match Certificate::of(settings) {
        Ok(certificate) => certificate,
        Err(e) => {
            return Check::bad("tls", format!("{e}."))
                .bearable()
                .advice("Put a certificate and its key there, readable for the user that runs Fairlead.");
        }
    };
    let shown = settings.cert.display();
    let Some(end) = certificate.and_then(|certificate| certificate.ends_at()) else {
        return Check::good(
            "tls",
            format!("The certificate in {shown} can be used; its end cannot be read."),
        );
    };
    let renew = "Renew it. Changed files are used within a minute, or at once on SIGHUP.";
    if end < now {
        Check::bad("tls", format!("The certificate in {shown} ended at {end}.")).bearable().advice(renew)
    } else if end < now.plus(NOTICE) {
        Check::bad("tls", format!("The certificate in {shown} ends soon, at {end}.")).bearable().advice(renew)
    } else {
        Check::good("tls", format!("The certificate in {shown} can be used until {end}."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_ends_is_found_two_weeks_before() {
        let folder = tempfile::tempdir().unwrap();
        let settings =
            TlsSettings { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(["sea.example".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(2027, 3, 31);
        std::fs::write(&settings.cert, params.self_signed(&key).unwrap().pem()).unwrap();
        std::fs::write(&settings.key, key.serialize_pem()).unwrap();
        let at = |time: &str| good(&settings, Time::parse_rfc3339(time).unwrap());
        for (time, wanted) in [
            ("2027-03-16T23:59:59Z", "can be used until 2027-03-31"),
            ("2027-03-17T00:00:01Z", "ends soon, at 2027-03-31"),
            ("2027-03-30T23:59:59Z", "ends soon, at 2027-03-31"),
            ("2027-03-31T00:00:01Z", "ended at 2027-03-31"),
        ] {
            let check = at(time);
            assert!(check.reason.contains(wanted), "{time}: {check:?}");
            assert_eq!(check.ok, wanted.starts_with("can"), "{check:?}");
            assert_eq!(check.advice.is_some(), !check.ok, "{check:?}");
        }
        std::fs::write(&settings.cert, "").unwrap();
        assert!(at("2027-01-01T00:00:00Z").reason.contains("no certificate in PEM"));
    }
}
