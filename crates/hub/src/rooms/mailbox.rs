//! A bounded mailbox: so many items, so many bytes, and no memory while it is empty.
//!
//! A fleet's connections are idle for nearly all of their time, and a channel with its first block would be the largest
//! part of what one costs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Why nothing comes any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Another connection of the same name has taken the line.
    TakenOver,
    /// The device came to another hub.
    Elsewhere,
    /// Whoever reads did not keep up.
    Behind,
    /// The device is not to have a line any more.
    Unwanted,
}

/// What did not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// Bounds of a mailbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) items: usize,
    /// A single item may be larger.
    pub(crate) bytes: usize,
}

/// Where items are put in. Dropped without a word, it ends the mailbox as [`End::Unwanted`].
pub(crate) struct Sender<T>(Arc<Shared<T>>);

/// Where items are taken out.
pub(crate) struct Receiver<T>(Arc<Shared<T>>);

struct Shared<T> {
    box_: Mutex<Inside<T>>,
    news: Notify,
    bounds: Bounds,
}

struct Inside<T> {
    items: VecDeque<(T, usize)>,
    bytes: usize,
    end: Option<End>,
}

/// A mailbox with its two ends.
pub(crate) fn mailbox<T>(bounds: Bounds) -> (Sender<T>, Receiver<T>) {
    let inside = Inside { items: VecDeque::new(), bytes: 0, end: None };
    let shared = Arc::new(Shared { box_: Mutex::new(inside), news: Notify::new(), bounds });
    (Sender(shared.clone()), Receiver(shared))
}

impl<T> Shared<T> {
    fn inside(&self) -> MutexGuard<'_, Inside<T>> {
        self.box_.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Sender<T> {
    /// Puts an item in, if it fits.
    pub(crate) fn offer(&self, item: T, bytes: usize) -> Result<(), Full> {
        let mut inside = self.0.inside();
        let full = inside.items.len() >= self.0.bounds.items
            || (inside.bytes > 0 && inside.bytes + bytes > self.0.bounds.bytes);
        if full {
            return Err(Full);
        }
        inside.items.push_back((item, bytes));
        inside.bytes += bytes;
        drop(inside);
        self.0.news.notify_one();
        Ok(())
    }

    /// Ends the mailbox: what is in it is not taken out any more.
    pub(crate) fn end(self, why: End) {
        self.0.inside().end = Some(why);
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.inside().end.get_or_insert(End::Unwanted);
        self.0.news.notify_one();
    }
}

impl<T> Receiver<T> {
    /// The next item, or why there is none any more. Safe to be dropped and asked again.
    pub(crate) async fn next(&mut self) -> Result<T, End> {
        loop {
            if let Some(found) = self.look() {
                return found;
            }
            self.0.news.notified().await;
        }
    }

    /// The next item, if one is there.
    pub(crate) fn take(&mut self) -> Option<T> {
        self.look().and_then(Result::ok)
    }

    fn look(&mut self) -> Option<Result<T, End>> {
        let mut inside = self.0.inside();
        if let Some(end) = inside.end {
            return Some(Err(end));
        }
        let (item, bytes) = inside.items.pop_front()?;
        inside.bytes -= bytes;
        if inside.items.is_empty() {
            // What a burst has taken is given back.
            inside.items.shrink_to(4);
        }
        Some(Ok(item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Bounds = Bounds { items: 3, bytes: 100 };

    #[tokio::test]
    async fn it_holds_so_many_items_and_so_many_bytes() {
        let (sender, mut receiver) = mailbox(SMALL);
        assert_eq!([1, 2, 3, 4].map(|n| sender.offer(n, 10)), [Ok(()), Ok(()), Ok(()), Err(Full)]);
        assert_eq!(receiver.next().await, Ok(1));
        assert_eq!((sender.offer(5, 81), sender.offer(6, 80)), (Err(Full), Ok(())));
        assert_eq!([receiver.take(), receiver.take(), receiver.take()], [Some(2), Some(3), Some(6)]);
        assert_eq!(receiver.take(), None);
        assert_eq!(sender.offer(7, 1_000), Ok(()), "one that is larger than the bound goes alone");
        assert_eq!(sender.offer(8, 1), Err(Full));
    }

    #[tokio::test]
    async fn what_is_ended_is_not_emptied_first() {
        let (sender, mut receiver) = mailbox(SMALL);
        sender.offer(1, 1).unwrap();
        sender.end(End::TakenOver);
        assert_eq!(receiver.next().await, Err(End::TakenOver));
        let (sender, mut receiver) = mailbox::<u8>(SMALL);
        let waiting = tokio::spawn(async move { receiver.next().await });
        drop(sender);
        assert_eq!(waiting.await.unwrap(), Err(End::Unwanted));
    }
}
