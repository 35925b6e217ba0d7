//! `fairlead doctor`: looks at what the server stands on, and says what to do.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use fairlead_bus::{Bus, BusUrl, Options};
use fairlead_model::Clock;
use fairlead_runtime::{Arguments, Loaded};
use fairlead_store::Store;
use serde::Serialize;

use crate::command_line::{load, say};

/// An fsync slower than this cannot keep the promise of 200 ms under load.
const SLOW_FSYNC: Duration = Duration::from_millis(50);

/// Least free space in bytes.
const LEAST_FREE: u64 = 1 << 30;

/// How long the broker is waited for.
const BROKER: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    found: String,
    advice: Option<String>,
}

impl Doctor {
    pub(crate) async fn run(self, settings: Arguments) -> anyhow::Result<ExitCode> {
        let loaded = load(&settings)?;
        let mut findings = vec![clock(&loaded), folder(&loaded), fsync(&loaded), disk(&loaded)];
        match loaded.common.store_url().map(Store::open) {
            Ok(Ok(store)) => {
                findings.push(schema(&store).await);
                findings.push(bus(&loaded, store).await);
            }
            Ok(Err(e)) => {
                findings.push(bad("store", e.to_string(), "Check store.url and the rights on the file."))
            }
            Err(e) => findings.push(bad("store", e, "Correct store.url.")),
        }
        if self.json {
            say(&serde_json::to_string_pretty(&findings)?);
        } else {
            findings.iter().for_each(|f| say(&line(f)));
        }
        Ok(if findings.iter().all(|f| f.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn line(finding: &Finding) -> String {
    let mark = if finding.ok { "ok " } else { "!! " };
    let advice = finding.advice.as_ref().map_or_else(String::new, |a| format!("\n     do: {a}"));
    format!("{mark} {:<8} {}{advice}", finding.what, finding.found)
}

fn good(what: &'static str, found: impl Into<String>) -> Finding {
    Finding { what, ok: true, found: found.into(), advice: None }
}

fn bad(what: &'static str, found: impl Into<String>, advice: &str) -> Finding {
    Finding { what, ok: false, found: found.into(), advice: Some(advice.to_owned()) }
}

/// A clock before the release of this program is wrong for certain.
fn clock(loaded: &Loaded) -> Finding {
    let released = fairlead_model::Time::parse_rfc3339("2026-11-01T00:00:00Z");
    let now = Clock::system().now();
    if released.is_some_and(|released| now < released) {
        return bad(
            "clock",
            format!("It is {now} here, which cannot be."),
            "Set the clock, and let NTP keep it.",
        );
    }
    match loaded.common.clock.speed {
        1 => good("clock", format!("It is {now} here.")),
        n => bad("clock", format!("It runs {n} times as fast."), "Remove clock.speed; it is for demos."),
    }
}

fn folder(loaded: &Loaded) -> Finding {
    let dir = &loaded.common.data.dir;
    let probe = dir.join("doctor.probe");
    let tried = std::fs::create_dir_all(dir).and_then(|()| std::fs::write(&probe, b"?"));
    // Left over or never made: either way it must not stay.
    let _ = std::fs::remove_file(&probe);
    match tried {
        Ok(()) => good("folder", format!("{} can be written.", dir.display())),
        Err(e) => bad(
            "folder",
            format!("{} cannot be written: {e}.", dir.display()),
            "Give it to the user that runs Fairlead, or set data.dir.",
        ),
    }
}

fn fsync(loaded: &Loaded) -> Finding {
    use std::io::Write as _;
    let path = loaded.common.data.dir.join("doctor.fsync");
    let measure = || -> std::io::Result<Duration> {
        let mut file = std::fs::File::create(&path)?;
        let start = Instant::now();
        for _ in 0..20 {
            file.write_all(&[0; 512])?;
            file.sync_data()?;
        }
        Ok(start.elapsed() / 20)
    };
    let measured = measure();
    let _ = std::fs::remove_file(&path);
    match measured {
        Ok(time) if time < SLOW_FSYNC => good("fsync", format!("{:.1} ms each.", time.as_secs_f64() * 1e3)),
        Ok(time) => bad(
            "fsync",
            format!("{:.0} ms each.", time.as_secs_f64() * 1e3),
            "Put data.dir on a disk that syncs faster; messages are answered only after an fsync.",
        ),
        Err(e) => bad("fsync", e.to_string(), "Check the disk."),
    }
}

fn disk(loaded: &Loaded) -> Finding {
    match fairlead_runtime::free_space(&loaded.common.data.dir) {
        Ok(free) if free >= LEAST_FREE => good("disk", format!("{} GB are free.", free >> 30)),
        Ok(free) => bad(
            "disk",
            format!("Only {} MB are free.", free >> 20),
            "Make room: without it messages are refused.",
        ),
        Err(e) => bad("disk", e.to_string(), "Check the disk."),
    }
}

async fn schema(store: &Store) -> Finding {
    match store.schema_version().await {
        Ok((Some(has), wants)) if has == wants => good("store", format!("{} has schema {has}.", store.url())),
        Ok((has, wants)) if has.as_ref() > Some(&wants) => bad(
            "store",
            format!("Its schema {} is newer than this build's {wants}.", has.unwrap_or_default()),
            "Install the newer release.",
        ),
        Ok((has, wants)) => bad(
            "store",
            format!("Its schema is {}; this build wants {wants}.", has.unwrap_or_else(|| "empty".to_owned())),
            "Run `fairlead migrate`.",
        ),
        Err(e) => bad("store", e.to_string(), "Start the database server, or correct store.url."),
    }
}

async fn bus(loaded: &Loaded, store: Store) -> Finding {
    let url = match loaded.common.bus_url() {
        Ok(BusUrl::Local) => return good("bus", "In the process; nothing to reach."),
        Ok(url) => url,
        Err(e) => return bad("bus", e, "Correct bus.url."),
    };
    let bus = Bus::open(url, store, Clock::system(), Options::default());
    let deadline = Instant::now() + BROKER;
    while !bus.state().reachable && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let state = bus.state();
    if state.reachable {
        return good("bus", "The broker is reached.");
    }
    bad(
        "bus",
        state.reason.unwrap_or_else(|| "The broker is not reached.".to_owned()),
        "Start RabbitMQ, or correct bus.url.",
    )
}
