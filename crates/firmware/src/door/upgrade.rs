//! `POST /v1/{buoy|handset}/{name}/upgrade`: a device looks for firmware, fetches it, and says how it went.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use fairlead_model::firmware::{JobState, VersionState};
use fairlead_model::{DeviceId, JobId};
use fairlead_store::firmware::jobs::{self, JobRow};
use fairlead_store::firmware::seen::Seen;
use fairlead_store::firmware::versions;
use fairlead_store::registry::devices::DeviceRow;
use fairlead_store::{StoreError, Tx};
use fairlead_web::{ApiError, Code};

use super::answer::{self, Status};
use super::command::{self, Command};
use super::entry;
use super::listing::Listing;
use crate::jobs::sweep::{self, CALL_AGAIN};
use crate::library::LibraryError;
use crate::news;
use crate::service::Firmware;
use crate::upgrade::{self, Ending, Heard, Made, Wanted};

/// How long the processes beside this one are given to write down what they have heard, and how often they are: each
/// writes every second.
const OTHERS: (Duration, u32) = (Duration::from_millis(1_200), 3);

/// A device that resets is on its line again after this.
const STARTED: Duration = Duration::from_secs(60);

/// Most files that a sentence names.
const NAMED: usize = 3;

/// One request of one device.
struct Visit<'r> {
    request: &'r HttpRequest,
    state: &'r Firmware,
    device: DeviceRow,
}

/// Answers a device that looks for firmware, in its own protocol: a JSON object with `cmd`.
#[utoipa::path(post, path = "/v1/{kind}/{name}/upgrade", tag = "devices",
    params(("kind" = String, Path, description = "`buoy` or `handset`"), ("name" = String, Path)),
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, description = "JSON, or a file as text/plain", body = String),
        (status = 400, body = fairlead_web::error::ProblemJson), (status = 403, body = fairlead_web::error::ProblemJson),
        (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn upgrade(
    request: HttpRequest,
    state: web::Data<Firmware>,
    path: web::Path<(String, String)>,
    body: web::Payload,
) -> HttpResponse {
    let (kind, iam) = path.into_inner();
    super::answered(serve(&request, &state, None, (&kind, &iam), body).await)
}

/// The same on a path that only this device knows, or only devices do.
#[utoipa::path(post, path = "/d/{secret}/v1/{kind}/{name}/upgrade", tag = "devices",
    params(("secret" = String, Path, description = "The device's key, or `firmware.registration_secret`"),
        ("kind" = String, Path, description = "`buoy` or `handset`"), ("name" = String, Path)),
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, description = "JSON, or a file as text/plain", body = String),
        (status = 403, body = fairlead_web::error::ProblemJson), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn upgrade_with(
    request: HttpRequest,
    state: web::Data<Firmware>,
    path: web::Path<(String, String, String)>,
    body: web::Payload,
) -> HttpResponse {
    let (secret, kind, iam) = path.into_inner();
    super::answered(serve(&request, &state, Some(&secret), (&kind, &iam), body).await)
}

async fn serve(
    request: &HttpRequest,
    state: &Firmware,
    secret: Option<&str>,
    (kind, iam): (&str, &str),
    body: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let body = super::read(body).await?;
    let command = command::read(&body).map_err(|why| ApiError::new(Code::BadRequest, why))?;
    let (device, job) = entry::find(state, (kind, iam), command.job()).await?;
    if let Err(why) = entry::may_upgrade(&state.settings, &device, secret) {
        entry::refused(state, request, &device.name, "key");
        return Err(ApiError::new(Code::NotAllowed, why));
    }
    // Another device's job is not told of.
    let is_foreign = job.as_ref().is_some_and(|job| job.device_id != device.id);
    if is_foreign {
        entry::refused(state, request, &device.name, "job_of_another_device");
    }
    let job = job.filter(|_| !is_foreign);
    let visit = Visit { request, state, device };
    match command {
        Command::Check { space } => visit.check(job, space).await,
        Command::Init {} => visit.init().await,
        Command::Status { .. } => visit.status(job).await,
        Command::Metadata { job_id } => visit.metadata(job_id, job).await,
        Command::GetFile { file_path, .. } => visit.get_file(job, &file_path).await,
        Command::Complete { job_id: 0, status: false } => visit.cleared().await,
        Command::Complete { status, .. } => visit.complete(job, status).await,
    }
}

/// How a job is told to its device. One that was begun is offered again as ready: the client waits for ever on
/// anything else.
fn status_of(row: &JobRow) -> Result<Status, StoreError> {
    Ok(match row.state()? {
        JobState::Preparing => Status::Init,
        JobState::Ready | JobState::Transferring => Status::Ready,
        JobState::Succeeded => Status::Success,
        JobState::Failed | JobState::TimedOut | JobState::Cancelled => Status::Fail,
    })
}

fn can_fetch(row: &JobRow) -> Result<bool, StoreError> {
    Ok(matches!(row.state()?, JobState::Ready | JobState::Transferring))
}

fn gone() -> ApiError {
    ApiError::new(Code::NotFound, "There is no such upgrade for this device, or it has ended.")
}

impl Visit<'_> {
    /// Notes that the device was heard.
    fn heard(&self, row: &JobRow, hint: Option<String>) {
        let at = self.state.clock.now();
        let heard = Heard {
            attempt: row.attempts,
            at,
            seen: Seen::default(),
            current_file: None,
            hint,
            sizes: Arc::from([]),
        };
        self.state.progress.add(row.id.into(), heard);
    }

    async fn check(&self, job: Option<JobRow>, space: Option<i64>) -> Result<HttpResponse, ApiError> {
        let Some(row) = job else { return Ok(answer::nothing()) };
        if self.must_clear(&row).await? {
            return Ok(answer::nothing());
        }
        let hint = self.hint(&row, space).await;
        self.heard(&row, hint);
        Ok(answer::job(row.number, status_of(&row)?))
    }

    /// Whether the device still holds files of another version, which would stay beside those of this one. Only a client
    /// that is told that there is nothing removes them: it says so, starts anew, and fetches when it comes next. It has
    /// not come for this job until then, so that is not noted as a sign of life.
    async fn must_clear(&self, row: &JobRow) -> Result<bool, ApiError> {
        let (of, id) = (row.clone(), JobId::from(row.id));
        let Some(left) = self.state.store.read(move |conn| upgrade::in_its_way(conn, &of)).await? else {
            return Ok(false);
        };
        let why = format!(
            "The device holds files of {left}, which it did not finish. It is told to remove them, and fetches when \
             it comes the next time after that."
        );
        if self.state.store.write(move |tx| upgrade::wait_until_cleared(tx, id, &why)).await? {
            news::progress(self.state, vec![id]).await;
        }
        Ok(true)
    }

    /// The client was told that there is nothing, and has removed what it had not finished.
    async fn cleared(&self) -> Result<HttpResponse, ApiError> {
        let (now, device) = (self.state.clock.now(), DeviceId::from(self.device.id));
        if self.state.store.read(move |conn| jobs::unfinished(conn, device)).await?.is_some() {
            let called_at = now.minus(CALL_AGAIN.saturating_sub(STARTED));
            self.state.store.write(move |tx| upgrade::cleared(tx, device, now, called_at)).await?;
        }
        Ok(answer::noted())
    }

    /// A device that has too little room gives up without a word; then at least the job says why.
    async fn hint(&self, row: &JobRow, space: Option<i64>) -> Option<String> {
        let space = space?;
        let listing = self.state.listings.get(&self.state.library, row.version_id.into()).await.ok()?;
        // The client wants a tenth of its space for itself.
        let is_enough = listing.bytes.saturating_mul(10) <= space.saturating_mul(9);
        (!is_enough).then(|| {
            format!(
                "The device says that {space} bytes are free; the version has {}, so it will give up.",
                listing.bytes
            )
        })
    }

    async fn init(&self) -> Result<HttpResponse, ApiError> {
        let settings = &self.state.settings;
        if !settings.device_init {
            entry::refused(self.state, self.request, &self.device.name, "init");
            let why = "Devices may not ask for an upgrade by themselves here; a person starts it.";
            return Err(ApiError::new(Code::NotAllowed, why));
        }
        let (clock, source) = (self.state.clock.clone(), settings.device_init_source.clone());
        let wanted = Wanted {
            device: self.device.id.into(),
            rollout: None,
            asked_by: self.device.name.clone(),
            timeout_s: settings.job_timeout_s(),
            call_device: false,
        };
        let work = move |tx: &mut Tx<'_>| {
            let newest = versions::Filter {
                source: Some(source.clone()),
                state: Some(VersionState::Ready),
                ..versions::Filter::default()
            };
            let Some(version) = versions::list(tx, &newest, 1)?.into_iter().next() else {
                let why = format!("No version of `{source}` is ready (firmware.device_init_source).");
                return Err(StoreError::Refused(why));
            };
            let version = versions::claim(tx, version.id.into())?;
            upgrade::make(tx, &clock, &version, &wanted)
        };
        let (Made::New(row) | Made::Busy(row)) = self.state.store.write(work).await?;
        news::jobs(self.state, vec![row.id.into()]).await;
        if self.must_clear(&row).await? {
            return Ok(answer::nothing());
        }
        // It asks for the status next, and is told that it is ready.
        Ok(answer::job(row.number, Status::Init))
    }

    /// How the job is for which the device waits. A client that waits goes on only when something is ready, or when it
    /// is refused: then it starts anew, and is on its line again. On any other word that its job has ended it would ask
    /// for ever.
    async fn status(&self, job: Option<JobRow>) -> Result<HttpResponse, ApiError> {
        if let Some(row) = job
            && row.state()?.is_active()
        {
            self.heard(&row, None);
            return Ok(answer::job(row.number, status_of(&row)?));
        }
        let device = DeviceId::from(self.device.id);
        let other = self.state.store.read(move |conn| jobs::active_of(conn, device)).await?;
        match other {
            // It takes the number from the answer.
            Some(row) if !self.must_clear(&row).await? => {
                self.heard(&row, None);
                Ok(answer::job(row.number, status_of(&row)?))
            }
            _ => Err(gone()),
        }
    }

    async fn metadata(&self, number: i64, job: Option<JobRow>) -> Result<HttpResponse, ApiError> {
        let Some(row) = job else { return Ok(answer::job(number, Status::None)) };
        if !can_fetch(&row)? {
            return Ok(answer::job(row.number, status_of(&row)?));
        }
        let listing = self.listing(&row).await?;
        let text = listing.metadata().map_err(ApiError::internal)?;
        if !row.has_begun() {
            self.heard(&row, None);
            return Ok(answer::text(text));
        }
        let (clock, id) = (self.state.clock.clone(), JobId::from(row.id));
        let (anew, is_changed) =
            self.state.store.write(move |tx| upgrade::begin_anew(tx, &clock, id)).await?;
        if is_changed {
            news::jobs(self.state, vec![id]).await;
            self.state.stages_due.notify_one();
        }
        Ok(match anew {
            Some(_) => answer::text(text),
            None => answer::job(row.number, Status::Fail),
        })
    }

    async fn get_file(&self, job: Option<JobRow>, path: &str) -> Result<HttpResponse, ApiError> {
        let row = job.ok_or_else(gone)?;
        if !can_fetch(&row)? {
            return Err(gone());
        }
        let version = row.version_id.into();
        let listing = match self.state.listings.for_files(&self.state.library, version).await {
            Ok(listing) => listing,
            Err(error) => return Err(self.not_given(&row, error).await),
        };
        let Some((place, file)) = listing.file(path) else {
            entry::refused(self.state, self.request, &self.device.name, "no_such_file");
            return Err(ApiError::new(Code::NotFound, "There is no such file in this version."));
        };
        let content = match self.state.library.file(version, &file.path).await {
            Ok(content) => content,
            Err(error) => return Err(self.not_given(&row, error).await),
        };
        let row =
            if row.state()? == JobState::Ready { self.begin(&row).await?.ok_or_else(gone)? } else { row };
        let mut seen = Seen::default();
        seen.insert(place);
        let heard = Heard {
            attempt: row.attempts,
            at: self.state.clock.now(),
            seen,
            current_file: Some(file.path.clone()),
            hint: None,
            sizes: listing.sizes.clone(),
        };
        self.state.progress.add(row.id.into(), heard);
        if self.state.stop.is_cancelled() {
            // Nobody writes it down any more, and the device goes on with the next process.
            sweep::note_one(self.state, row.id.into()).await?;
        }
        Ok(answer::file(&file.path, content))
    }

    /// Writes down that the device fetches, before it is given anything.
    async fn begin(&self, row: &JobRow) -> Result<Option<JobRow>, ApiError> {
        let (clock, id) = (self.state.clock.clone(), JobId::from(row.id));
        let begun = self.state.store.write(move |tx| upgrade::begin(tx, &clock, id)).await?;
        news::progress(self.state, vec![id]).await;
        Ok(begun)
    }

    async fn listing(&self, row: &JobRow) -> Result<Arc<Listing>, ApiError> {
        match self.state.listings.get(&self.state.library, row.version_id.into()).await {
            Ok(listing) => Ok(listing),
            Err(error) => Err(self.not_given(row, error).await),
        }
    }

    /// What a device is told where the library gives nothing. A version that was refused meanwhile ends the job: it
    /// would be waited for in vain.
    async fn not_given(&self, row: &JobRow, error: LibraryError) -> ApiError {
        tracing::warn!(device = self.device.name, job = row.number, %error, "a device was given nothing");
        match error {
            LibraryError::NotFound => ApiError::new(Code::NotFound, "There is no such file in this version."),
            LibraryError::NotReady | LibraryError::Damaged(_) => {
                ApiError::new(Code::Unavailable, "The version cannot be given out now.").retry_after(30)
            }
            LibraryError::Store(error) => error.into(),
            LibraryError::Refused(why) => {
                let cause = format!("The version cannot be given out: {why}");
                let ended = self.end(row.id.into(), Ending::Failed(cause)).await;
                ended.err().unwrap_or_else(|| {
                    ApiError::new(Code::NotFound, "The version cannot be given out any more.")
                })
            }
        }
    }

    /// Ends a job, if it goes on.
    async fn end(&self, id: JobId, ending: Ending) -> Result<(), ApiError> {
        // What it fetched within the last second is not written down yet.
        let (clock, heard) = (self.state.clock.clone(), self.state.progress.take(id).await);
        let work = move |tx: &mut Tx<'_>| {
            let mut row = jobs::claim(tx, id)?;
            if row.state()?.is_active() {
                if let Some(heard) = &heard {
                    upgrade::apply(&mut row, heard)?;
                }
                upgrade::end(tx, &clock, row, ending.clone())?;
            }
            Ok(())
        };
        self.state.store.write(work).await?;
        news::jobs(self.state, vec![id]).await;
        self.state.stages_due.notify_one();
        Ok(())
    }

    async fn complete(&self, job: Option<JobRow>, is_done: bool) -> Result<HttpResponse, ApiError> {
        let Some(row) = job else { return Ok(answer::noted()) };
        if !is_done {
            if row.state()?.is_active() {
                self.end(row.id.into(), Ending::Failed("The device says that it failed.".to_owned())).await?;
            }
            return Ok(answer::noted());
        }
        // Without the list there is nothing to hold the device's word against; it is not lost with the library.
        let listing = match self.state.listings.for_files(&self.state.library, row.version_id.into()).await {
            Ok(listing) => Some(listing),
            Err(LibraryError::Store(error)) => return Err(error.into()),
            Err(_) => None,
        };
        let (wait, mut left) = OTHERS;
        if self.state.store.is_embedded() {
            // There is no other process.
            left = 0;
        }
        while !self.settle(row.id.into(), listing.clone(), left == 0).await? {
            left -= 1;
            tokio::time::sleep(wait).await;
        }
        news::jobs(self.state, vec![row.id.into()]).await;
        self.state.stages_due.notify_one();
        Ok(answer::noted())
    }

    /// Settles a job whose device says that it is done: it succeeded where every file was fetched in this attempt. False
    /// where some were not, as far as is written down now, and it is `last` that decides.
    async fn settle(&self, id: JobId, listing: Option<Arc<Listing>>, last: bool) -> Result<bool, ApiError> {
        let (clock, heard) = (self.state.clock.clone(), self.state.progress.take(id).await);
        let kept = heard.clone();
        let work = move |tx: &mut Tx<'_>| {
            let mut row = jobs::claim(tx, id)?;
            if let Some(heard) = &heard {
                upgrade::apply(&mut row, heard)?;
            }
            let missing = match listing.as_deref() {
                Some(listing) => missing(listing, &row.seen()),
                None if row.has_begun() => None,
                None => Some("The device says that it is done, and never began.".to_owned()),
            };
            match (row.state()?, missing) {
                (JobState::TimedOut | JobState::Cancelled, None) if listing.is_some() => {
                    late(tx, &clock, row).map(|()| true)
                }
                (state, _) if !state.is_active() => Ok(true),
                (_, None) => upgrade::end(tx, &clock, row, Ending::Succeeded).map(|_| true),
                (_, Some(why)) if last => upgrade::end(tx, &clock, row, Ending::Failed(why)).map(|_| true),
                (_, Some(_)) => jobs::put(tx, &row).map(|()| false),
            }
        };
        let settled = self.state.store.write(work).await;
        if settled.is_err()
            && let Some(heard) = kept
        {
            self.state.progress.add(id, heard);
        }
        Ok(settled?)
    }
}

/// What a device that says that it is done was not seen to fetch, in a sentence.
fn missing(listing: &Listing, seen: &Seen) -> Option<String> {
    let (fetched, _) = seen.sum(&listing.sizes);
    let all = listing.sizes.len();
    let named = listing.missing(|place| seen.contains(place), NAMED);
    (!named.is_empty()).then(|| {
        format!(
            "The device says that it is done, and has fetched {fetched} of {all} files; not, for example, {}.",
            named.join(", ")
        )
    })
}

/// The device was done after its job had been given up: the job stays as it is, and what the device has is known.
fn late(tx: &mut Tx<'_>, clock: &fairlead_model::Clock, mut row: JobRow) -> Result<(), StoreError> {
    let device = DeviceId::from(row.device_id);
    let is_newest = jobs::newest_of(tx, device)?.is_some_and(|newest| newest.id == row.id);
    if is_newest && row.has_begun() {
        jobs::note_seen(tx, device, row.version_id.into(), clock.now())?;
        // All of it is in its place.
        row.cleared_at = Some(clock.now().into());
        jobs::put(tx, &row)?;
    }
    Ok(())
}
