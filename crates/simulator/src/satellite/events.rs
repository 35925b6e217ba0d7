//! The sessions of several devices merged by time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use fairlead_model::Time;

use super::buoy::{Device, Session};
use super::sent::Sent;

/// What several devices sent, in the order in which the network took it.
///
/// A device's next session is composed when its last one is taken from here. Who takes each session at its time, and
/// not before, gives its device the chance to hear everything that was queued until then.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    devices: Vec<Device>,
    /// The next session of each device.
    heads: Vec<Option<Session>>,
    /// When those are, soonest first.
    order: BinaryHeap<Reverse<(Time, usize)>>,
    end: Option<Time>,
}

impl Events {
    /// What these devices send from `from` on and before `end`.
    pub(crate) fn new(mut devices: Vec<Device>, from: Time, end: Option<Time>) -> Self {
        let heads: Vec<Option<Session>> = devices.iter_mut().map(Iterator::next).collect();
        let order = heads
            .iter()
            .enumerate()
            .filter_map(|(index, head)| Some(Reverse((head.as_ref()?.at, index))))
            .collect();
        let mut events = Self { devices, heads, order, end };
        while events.next_at().is_some_and(|at| at < from) {
            events.advance();
        }
        events
    }

    /// When the next session is, its message lost or not.
    pub(crate) fn next_at(&self) -> Option<Time> {
        let Reverse((at, _)) = self.order.peek()?;
        self.end.is_none_or(|end| *at < end).then_some(*at)
    }

    /// Takes the next session; the message is `None` where it was lost.
    pub(crate) fn advance(&mut self) -> Option<Sent> {
        let Reverse((_, index)) = self.order.pop()?;
        let following = self.devices.get_mut(index)?.next();
        if let Some(session) = &following {
            self.order.push(Reverse((session.at, index)));
        }
        std::mem::replace(self.heads.get_mut(index)?, following)?.sent
    }
}

impl Iterator for Events {
    type Item = Sent;

    fn next(&mut self) -> Option<Sent> {
        loop {
            self.next_at()?;
            if let Some(sent) = self.advance() {
                return Some(sent);
            }
        }
    }
}
