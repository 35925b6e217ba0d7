//! The figures, as JSON and as a table.

use std::io::Write;

use anyhow::Result;
use serde::Serialize;

use crate::load::Outcome;

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// A handler that stores nothing.
    pub(crate) bare: Capacity,
    /// Fairlead's webhook with neither store nor broker.
    pub(crate) alone: Capacity,
    /// Fairlead's webhook, in one process with all that follows.
    pub(crate) intake: Capacity,
    /// At 70 % of its capacity.
    pub(crate) ordinary: AtRate,
    /// At 200 % of its capacity.
    pub(crate) overload: AtRate,
    /// From the push to the tracked position.
    pub(crate) whole_path: WholePath,
    /// FastAPI and its broker.
    pub(crate) rival: Option<Rival>,
}

/// A closed loop.
#[derive(Debug, Serialize)]
pub(crate) struct Capacity {
    pub(crate) accepted: u64,
    /// Whether no message was sent twice.
    pub(crate) fresh: bool,
    pub(crate) rate: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) cpu_s_per_1000: f64,
    pub(crate) peak_mib: f64,
}

/// An open model.
#[derive(Debug, Serialize)]
pub(crate) struct AtRate {
    /// Whether no message was sent twice.
    pub(crate) fresh: bool,
    pub(crate) offered: f64,
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    pub(crate) unanswered: u64,
    pub(crate) accepted_rate: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
    pub(crate) service_p99_ms: f64,
    pub(crate) cpu_s_per_1000: f64,
    pub(crate) peak_mib: f64,
}

/// Messages until they are tracked.
#[derive(Debug, Serialize)]
pub(crate) struct WholePath {
    pub(crate) messages: u64,
    pub(crate) answered_s: f64,
    pub(crate) elapsed_s: f64,
    pub(crate) rate: f64,
    pub(crate) cpu_s_per_1000: f64,
    pub(crate) peak_mib: f64,
}

/// FastAPI with aio-pika, publishing with confirms.
#[derive(Debug, Serialize)]
pub(crate) struct Rival {
    pub(crate) server: Capacity,
    /// Of the broker, beside it.
    pub(crate) broker_cpu_s_per_1000: f64,
}

impl Capacity {
    pub(crate) fn of(outcome: &Outcome, fresh: bool, cpu_s: f64, peak_mib: f64) -> Self {
        Self {
            accepted: outcome.accepted,
            fresh,
            rate: outcome.rate(),
            p50_ms: outcome.latency.quantile_ms(0.5),
            p99_ms: outcome.latency.quantile_ms(0.99),
            cpu_s_per_1000: per_1000(cpu_s, outcome.accepted),
            peak_mib,
        }
    }
}

impl AtRate {
    pub(crate) fn of(offered: f64, outcome: &Outcome, fresh: bool, cpu_s: f64, peak_mib: f64) -> Self {
        Self {
            fresh,
            offered,
            accepted: outcome.accepted,
            refused: outcome.refused,
            unanswered: outcome.unanswered,
            accepted_rate: outcome.rate(),
            p50_ms: outcome.latency.quantile_ms(0.5),
            p99_ms: outcome.latency.quantile_ms(0.99),
            p999_ms: outcome.latency.quantile_ms(0.999),
            service_p99_ms: outcome.service.quantile_ms(0.99),
            cpu_s_per_1000: per_1000(cpu_s, outcome.accepted),
            peak_mib,
        }
    }

    fn refused_share(&self) -> f64 {
        let all = self.accepted + self.refused + self.unanswered;
        100.0 * (self.refused + self.unanswered) as f64 / (all as f64).max(1.0)
    }
}

pub(crate) fn per_1000(cpu_s: f64, count: u64) -> f64 {
    1_000.0 * cpu_s / (count as f64).max(1.0)
}

impl Report {
    /// Prints the table in Markdown.
    pub(crate) fn print(&self) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "| figure | value |\n|---|---|")?;
        for (figure, value) in self.rows() {
            writeln!(out, "| {figure} | {value} |")?;
        }
        Ok(())
    }

    fn rows(&self) -> Vec<(&'static str, String)> {
        let Self { bare, alone, intake, ordinary, overload, whole_path, rival } = self;
        let mut rows = vec![
            ("bare handler, capacity", format!("{:.0}/s, p99 {:.1} ms", bare.rate, bare.p99_ms)),
            ("bare handler, CPU per 1,000", format!("{:.3} s", bare.cpu_s_per_1000)),
            ("intake alone, capacity", format!("{:.0}/s, p99 {:.1} ms", alone.rate, alone.p99_ms)),
            ("intake alone / bare handler", format!("{:.2}", alone.rate / bare.rate)),
            ("intake alone, CPU per 1,000", format!("{:.3} s", alone.cpu_s_per_1000)),
            ("one process, capacity", format!("{:.0}/s, p99 {:.1} ms", intake.rate, intake.p99_ms)),
            ("one process, CPU per 1,000 at capacity", format!("{:.3} s", intake.cpu_s_per_1000)),
            (
                "at 70 %: p50, p99, p99.9 from due time",
                format!("{:.1}, {:.1}, {:.1} ms", ordinary.p50_ms, ordinary.p99_ms, ordinary.p999_ms),
            ),
            ("at 70 %: CPU per 1,000", format!("{:.3} s", ordinary.cpu_s_per_1000)),
            ("at 70 %: refused or unanswered", format!("{:.2} %", ordinary.refused_share())),
            ("at 200 %: accepted", format!("{:.0}/s of {:.0}/s", overload.accepted_rate, overload.offered)),
            (
                "at 200 %: p99 of accepted, from due time and from sending",
                format!("{:.0} ms, {:.0} ms", overload.p99_ms, overload.service_p99_ms),
            ),
            ("at 200 %: refused or unanswered", format!("{:.1} %", overload.refused_share())),
            ("at 200 %: peak memory", format!("{:.0} MiB", overload.peak_mib)),
            (
                "whole path",
                format!(
                    "{:.0}/s ({} in {:.1} s)",
                    whole_path.rate, whole_path.messages, whole_path.elapsed_s
                ),
            ),
            ("whole path, CPU per 1,000", format!("{:.3} s", whole_path.cpu_s_per_1000)),
            ("whole path, peak memory", format!("{:.0} MiB", whole_path.peak_mib)),
        ];
        if !(intake.fresh && ordinary.fresh && overload.fresh) {
            rows.push(("some messages were sent twice, which is cheaper", "raise --most".to_owned()));
        }
        if let Some(Rival { server, broker_cpu_s_per_1000: broker }) = rival {
            let both = server.cpu_s_per_1000 + broker;
            rows.extend([
                (
                    "FastAPI + aio-pika, capacity",
                    format!("{:.0}/s, p99 {:.1} ms", server.rate, server.p99_ms),
                ),
                (
                    "FastAPI, CPU per 1,000",
                    format!("{:.3} s and {broker:.3} s of its broker", server.cpu_s_per_1000),
                ),
                ("FastAPI and broker / whole path, CPU", format!("{:.1}", both / whole_path.cpu_s_per_1000)),
                ("FastAPI and broker / intake alone, CPU", format!("{:.1}", both / alone.cpu_s_per_1000)),
            ]);
        }
        rows
    }
}
