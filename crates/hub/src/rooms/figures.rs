//! What the rooms count.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use metrics::{Counter, Gauge};

/// The rooms' counters, looked up once: a lookup for each text would cost more than passing it on.
#[derive(Clone)]
pub(crate) struct Figures {
    /// Texts of devices.
    pub(crate) up: Counter,
    /// Texts for devices.
    pub(crate) down: Counter,
    /// Texts for devices that were not handed on.
    pub(crate) unsaid: Counter,
    /// Devices that were not let in.
    pub(crate) refused: Counter,
    /// Devices whose line was taken by a newer connection.
    pub(crate) taken_over: Counter,
    /// Pages that were cut off.
    pub(crate) pages_cut_off: Counter,
    /// Devices that were cut off.
    pub(crate) devices_cut_off: Counter,
    devices: Kind,
    unregistered: Arc<AtomicUsize>,
    pages: Kind,
}

#[derive(Clone)]
struct Kind {
    now: Arc<AtomicUsize>,
    gauge: Gauge,
}

/// Counts something for as long as this lives.
pub(crate) struct Counted {
    kind: Kind,
    also: Option<Arc<AtomicUsize>>,
}

impl Default for Figures {
    fn default() -> Self {
        let kind = |gauge| Kind { now: Arc::default(), gauge };
        Self {
            up: metrics::counter!("fairlead_hub_texts_total", "way" => "up"),
            down: metrics::counter!("fairlead_hub_texts_total", "way" => "down"),
            unsaid: metrics::counter!("fairlead_hub_texts_refused_total"),
            refused: metrics::counter!("fairlead_hub_devices_refused_total"),
            taken_over: metrics::counter!("fairlead_hub_taken_over_total"),
            pages_cut_off: metrics::counter!("fairlead_hub_cut_off_total", "who" => "page"),
            devices_cut_off: metrics::counter!("fairlead_hub_cut_off_total", "who" => "device"),
            devices: kind(metrics::gauge!("fairlead_hub_devices")),
            unregistered: Arc::default(),
            pages: kind(metrics::gauge!("fairlead_hub_line_pages")),
        }
    }
}

impl Figures {
    /// A device that is there.
    pub(crate) fn device(&self, registered: bool) -> Counted {
        Counted::new(&self.devices, (!registered).then(|| self.unregistered.clone()))
    }

    /// A page that is there.
    pub(crate) fn page(&self) -> Counted {
        Counted::new(&self.pages, None)
    }

    /// Devices that are there.
    pub(crate) fn devices(&self) -> usize {
        self.devices.now.load(Ordering::Relaxed)
    }

    /// Those of them that nobody registered.
    pub(crate) fn unregistered(&self) -> usize {
        self.unregistered.load(Ordering::Relaxed)
    }

    /// Pages that are there.
    pub(crate) fn pages(&self) -> usize {
        self.pages.now.load(Ordering::Relaxed)
    }
}

impl Counted {
    fn new(kind: &Kind, also: Option<Arc<AtomicUsize>>) -> Self {
        kind.now.fetch_add(1, Ordering::Relaxed);
        kind.gauge.increment(1);
        if let Some(also) = &also {
            also.fetch_add(1, Ordering::Relaxed);
        }
        Self { kind: kind.clone(), also }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.kind.now.fetch_sub(1, Ordering::Relaxed);
        self.kind.gauge.decrement(1);
        if let Some(also) = &self.also {
            also.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
