//! SQS: a letter is sent to a queue at AWS, or to what speaks as AWS does, once; the SDK's own retries are off.
//!
//! The call goes to the host in the queue's address, so that a private endpoint in a VPC, ElasticMQ or moto will do as
//! well. An administrator sets it; unlike a webhook's, that address may be private.

#[cfg(test)]
mod tests;

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{Builder, Credentials, Region};
use aws_sdk_sqs::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::send_message::SendMessageError;
use aws_sdk_sqs::types::MessageAttributeValue;
use tokio::sync::OnceCell;
use url::Url;

use super::{Fault, KEPT, Letter, OpenSecrets, Sent};

/// A connection is made within this.
const CONNECT: Duration = Duration::from_secs(5);
/// The whole call may take this long, finding credentials included.
const LIMIT: Duration = Duration::from_secs(20);
/// Letters on their way at a time.
const AT_ONCE: usize = 32;
/// Most bytes that any queue takes, attributes included. A queue may be set to take less, and then says so.
const LARGEST: usize = 1_048_576;
/// The region of what is not at AWS, where nothing else is said.
const ELSEWHERE: &str = "us-east-1";

/// One queue.
pub(crate) struct Sqs {
    url: String,
    /// Order and deduplication are kept by the queue.
    fifo: bool,
    region: String,
    /// Where calls go; absent where the region's own host is meant.
    host: Option<String>,
    credentials: Option<Credentials>,
    /// The whole call may take this long, finding credentials included.
    limit: Duration,
    client: OnceCell<Client>,
}

impl Sqs {
    /// A queue of the configuration; nothing is dialled.
    ///
    /// # Errors
    /// A sentence about what cannot be used.
    pub(crate) fn open(url: &str, region: Option<&str>, secrets: &OpenSecrets) -> Result<Self, String> {
        let parsed = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let parsed = parsed.ok_or("A queue's address is https://HOST/ACCOUNT/NAME, as AWS shows it.")?;
        let host = parsed.host_str().unwrap_or_default();
        let path: Vec<&str> = parsed.path().split('/').filter(|part| !part.is_empty()).collect();
        let [.., _account, name] = path.as_slice() else {
            return Err("A queue's address is https://HOST/ACCOUNT/NAME, as AWS shows it.".to_owned());
        };
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err("The address holds a user name: give the keys apart.".to_owned());
        }
        let found = At::of(host);
        let region = region.filter(|region| !region.is_empty()).map(str::to_owned).or(found.region);
        let origin = parsed.origin().ascii_serialization();
        let credentials = match (&secrets.username, &secrets.password) {
            (Some(id), Some(key)) => Some(Credentials::new(id, key.expose(), None, None, "endpoint")),
            (None, None) => None,
            _ => return Err("An access key is an id and a secret: give both, or neither.".to_owned()),
        };
        Ok(Self {
            url: url.to_owned(),
            fifo: name.ends_with(".fifo"),
            region: region.unwrap_or_else(|| ELSEWHERE.to_owned()),
            host: (!found.by_region).then_some(origin),
            credentials,
            limit: LIMIT,
            client: OnceCell::new(),
        })
    }

    pub(crate) const fn at_once(&self) -> usize {
        AT_ONCE
    }

    pub(crate) const fn patience(&self) -> Duration {
        LIMIT
    }

    pub(crate) async fn send(&self, letter: &Letter) -> Sent {
        let body = match body(letter) {
            Ok(body) => body,
            Err(why) => return Sent::failed(why, Fault::Never),
        };
        tokio::time::timeout(self.limit, self.call(letter, body)).await.unwrap_or_else(|_| self.late())
    }

    async fn call(&self, letter: &Letter, body: &str) -> Sent {
        let client = self.client.get_or_init(|| self.connected()).await;
        let id = letter.id.to_string();
        let of = &letter.attributes;
        let mut request = client.send_message().queue_url(&self.url).message_body(body);
        for (name, value) in [
            ("content-type", letter.content_type.as_str()),
            ("webhook-id", &id),
            ("device", &of.device),
            ("imei", of.imei.as_str()),
            ("message", &of.message),
        ] {
            if let Some(value) = text(value) {
                request = request.message_attributes(name, value);
            }
        }
        if self.fifo {
            request = request.message_group_id(of.imei.as_str()).message_deduplication_id(&id);
        }
        match request.send().await {
            Ok(taken) => {
                let response = taken.message_id().unwrap_or_default().as_bytes().to_vec();
                Sent::Delivered { status: None, response }
            }
            Err(error) => self.judge(&error),
        }
    }

    /// A client with the endpoint's credentials, or else with the machine's.
    async fn connected(&self) -> Client {
        let region = Region::new(self.region.clone());
        let mut config = if let Some(credentials) = &self.credentials {
            Builder::new().behavior_version_latest().region(region).credentials_provider(credentials.clone())
        } else {
            let machine = aws_config::defaults(BehaviorVersion::latest()).region(region).load().await;
            Builder::from(&machine)
        };
        config.set_endpoint_url(self.host.clone());
        let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).operation_timeout(LIMIT).build();
        let config = config.retry_config(RetryConfig::disabled()).timeout_config(timeouts).build();
        Client::from_conf(config)
    }

    fn late(&self) -> Sent {
        Sent::failed(format!("It did not answer within {} s.", self.limit.as_secs()), Fault::Again)
    }

    fn judge(&self, error: &SdkError<SendMessageError>) -> Sent {
        let SdkError::ServiceError(answer) = error else {
            return self.unanswered(error);
        };
        let status = answer.raw().status().as_u16();
        let response = answer.raw().body().bytes().unwrap_or_default();
        let response = response.get(..KEPT).unwrap_or(response).to_vec();
        let (code, message) =
            (answer.err().code().unwrap_or_default(), answer.err().message().unwrap_or_default());
        let (why, fault) = judged(code, message, status);
        Sent::Failed { why, status: Some(status), response, fault }
    }

    /// What is said where there was no answer, or none that can be read.
    fn unanswered(&self, error: &SdkError<SendMessageError>) -> Sent {
        let all = DisplayErrorContext(error).to_string();
        if matches!(error, SdkError::TimeoutError(_)) {
            return self.late();
        }
        if self.credentials.is_none() && all.contains("redentials") {
            let why = "This machine has no credentials for AWS: give the endpoint an access key, or the machine a role.";
            return Sent::failed(why, Fault::Again);
        }
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        let cause = cause.to_string();
        let why = format!("The queue cannot be reached: {}.", cause.trim_end_matches('.'));
        Sent::failed(why, Fault::Again)
    }
}

/// What the host of a queue says about where it is.
struct At {
    region: Option<String>,
    /// The host is a name of old, for which the region's own is called.
    by_region: bool,
}

impl At {
    fn of(host: &str) -> Self {
        let labels: Vec<&str> = host.split('.').collect();
        let aws = host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
        if let Some(legacy) = labels.iter().position(|label| *label == "queue").filter(|_| aws) {
            let before = legacy.checked_sub(1).and_then(|at| labels.get(at)).copied();
            return Self { region: Some(before.unwrap_or(ELSEWHERE).to_owned()), by_region: true };
        }
        let service = labels.iter().position(|label| matches!(*label, "sqs" | "sqs-fips"));
        let region = service.and_then(|at| labels.get(at + 1)).copied();
        // A region has two dashes at least, as eu-west-1.
        let region = region.filter(|region| region.matches('-').count() >= 2);
        Self { region: region.map(str::to_owned), by_region: false }
    }
}

/// The body as SQS takes it.
fn body(letter: &Letter) -> Result<&str, String> {
    let body = std::str::from_utf8(&letter.body).map_err(|_| "SQS takes texts only.".to_owned())?;
    if body.is_empty() {
        return Err("SQS takes no empty body.".to_owned());
    }
    if body.len() > LARGEST {
        return Err(format!("SQS takes at most {LARGEST} bytes; these are {}.", body.len()));
    }
    let allowed =
        |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}');
    match body.chars().find(|c| !allowed(*c)) {
        Some(c) => Err(format!("SQS does not take the character U+{:04X}.", u32::from(c))),
        None => Ok(body),
    }
}

/// An attribute; nothing where its value is empty, which SQS refuses.
fn text(value: &str) -> Option<MessageAttributeValue> {
    if value.is_empty() {
        return None;
    }
    MessageAttributeValue::builder().data_type("String").string_value(value).build().ok()
}

/// What an answer of AWS means, in a sentence.
fn judged(code: &str, message: &str, status: u16) -> (String, Fault) {
    let said = if message.is_empty() { String::new() } else { format!(" AWS says: {message}") };
    // The older protocol's names have a prefix.
    let code = code.rsplit(['.', '#']).next().unwrap_or(code);
    match code {
        "RequestThrottled"
        | "RequestThrottledException"
        | "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "TooManyRequestsException"
        | "OverLimit"
        | "KmsThrottled"
        | "SlowDown" => ("AWS wants fewer messages at a time.".to_owned(), Fault::Slower { after: None }),
        "NonExistentQueue" | "QueueDoesNotExist" => (
            "There is no such queue: check its address, and whether it was deleted.".to_owned(),
            Fault::Again,
        ),
        "AccessDenied" | "AccessDeniedException" => {
            (format!("The access key may not send to this queue (sqs:SendMessage).{said}"), Fault::Again)
        }
        "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException"
        | "InvalidSecurity"
        | "IncompleteSignature" => {
            (format!("AWS does not know the access key, or its secret is wrong.{said}"), Fault::Again)
        }
        "ExpiredToken" | "ExpiredTokenException" => {
            (format!("The credentials have expired.{said}"), Fault::Again)
        }
        "InvalidMessageContents" => {
            (format!("SQS does not take a character of the body.{said}"), Fault::Never)
        }
        "InvalidParameterValue" | "InvalidParameterValueException" if message.contains("shorter than") => {
            (format!("The body is too large for this queue.{said}"), Fault::Never)
        }
        _ if code.starts_with("Kms") => {
            (format!("The queue's key at KMS cannot be used ({code}).{said}"), Fault::Again)
        }
        _ if status == 429 => {
            ("AWS wants fewer messages at a time.".to_owned(), Fault::Slower { after: None })
        }
        "" => (format!("It answered {status}.{said}"), Fault::Again),
        _ => (format!("It answered {status}, {code}.{said}"), Fault::Again),
    }
}

#[cfg(test)]
mod rules {
    use fairlead_model::Secret;

    use super::*;

    #[test]
    fn the_region_is_read_from_the_address() {
        let table = [
            ("https://sqs.eu-west-1.amazonaws.com/123456789012/q", "eu-west-1", true),
            ("https://sqs-fips.us-gov-west-1.amazonaws.com/123456789012/q", "us-gov-west-1", true),
            ("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q", "cn-north-1", true),
            ("https://sqs.eu-west-1.api.aws/123456789012/q", "eu-west-1", true),
            ("https://vpce-0a-1b.sqs.eu-west-2.vpce.amazonaws.com/123456789012/q", "eu-west-2", true),
            ("https://eu-west-3.queue.amazonaws.com/123456789012/q", "eu-west-3", false),
            ("https://queue.amazonaws.com/123456789012/q", "us-east-1", false),
            ("http://127.0.0.1:5000/123456789012/q", "us-east-1", true),
            ("http://sqs.example:9324/queue/q", "us-east-1", true),
        ];
        for (url, region, own_host) in table {
            let sqs = Sqs::open(url, None, &OpenSecrets::default()).unwrap();
            assert_eq!((sqs.region.as_str(), sqs.host.is_some()), (region, own_host), "{url}");
            let told = Sqs::open(url, Some("ap-south-1"), &OpenSecrets::default()).unwrap();
            assert_eq!(told.region, "ap-south-1", "{url}");
        }
        let moto = Sqs::open("http://127.0.0.1:5000/123456789012/q.fifo", None, &OpenSecrets::default());
        let moto = moto.unwrap();
        assert_eq!((moto.host.as_deref(), moto.fifo), (Some("http://127.0.0.1:5000"), true));
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_a_sentence() {
        let none = OpenSecrets::default();
        for url in
            ["", "queue", "arn:aws:sqs:eu-west-1:1:q", "https://sqs.eu-west-1.amazonaws.com/q", "ftp://h/1/q"]
        {
            assert!(Sqs::open(url, None, &none).err().unwrap().contains("as AWS shows it"), "{url}");
        }
        assert!(Sqs::open("https://u:geheim@h/1/q", None, &none).err().unwrap().contains("apart"));
        let half = OpenSecrets { username: Some("AKIA".into()), ..OpenSecrets::default() };
        assert!(Sqs::open("https://h/1/q", None, &half).err().unwrap().contains("both"));
        let both = OpenSecrets { password: Some(Secret::new("x")), ..half };
        assert!(Sqs::open("https://h/1/q", None, &both).is_ok());
    }

    #[test]
    fn answers_mean_what_they_mean() {
        let slower = Fault::Slower { after: None };
        let table = [
            ("RequestThrottled", "", 403, slower, "fewer"),
            ("AWS.SimpleQueueService.NonExistentQueue", "", 400, Fault::Again, "no such queue"),
            ("com.amazonaws.sqs#QueueDoesNotExist", "", 400, Fault::Again, "no such queue"),
            ("AccessDenied", "no", 403, Fault::Again, "sqs:SendMessage"),
            ("InvalidClientTokenId", "", 403, Fault::Again, "access key"),
            ("InvalidMessageContents", "", 400, Fault::Never, "character"),
            (
                "InvalidParameterValue",
                "Reason: Message must be shorter than 1024 bytes.",
                400,
                Fault::Never,
                "large",
            ),
            ("InvalidParameterValue", "The queue name", 400, Fault::Again, "InvalidParameterValue"),
            ("KmsDisabled", "", 400, Fault::Again, "KMS"),
            ("KmsThrottled", "", 400, slower, "fewer"),
            ("", "", 429, slower, "fewer"),
            ("", "", 503, Fault::Again, "503"),
            ("InternalError", "", 500, Fault::Again, "500, InternalError"),
        ];
        for (code, message, status, fault, part) in table {
            let (why, meant) = judged(code, message, status);
            assert!(meant == fault && why.contains(part), "{code} {status}: {why} {meant:?}");
        }
    }
}
