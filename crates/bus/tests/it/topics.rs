//! Passing news, on both transports.

use fairlead_bus::{News, Subscription};
use fairlead_model::queue::TopicMessage;
use serde::{Deserialize, Serialize};

use crate::world::{Kind, World};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note(pub u32);

impl TopicMessage for Note {
    const NAME: &'static str = "note";
    const PURPOSE: &'static str = "Only a test.";
}

/// Over a broker a listener is told when he has begun to hear.
pub async fn listening(world: &World) -> Subscription<Note> {
    let mut subscription = world.bus.subscribe::<Note>();
    if world.broker.is_some() {
        assert_eq!(subscription.next().await, News::Missed);
        // What is said before the line for saying it is there is lost.
        crate::world::eventually("both lines are there", async || world.bus.state().reachable).await;
    }
    subscription
}

async fn everybody_hears(world: World) {
    let mut first = listening(&world).await;
    let mut second = world.bus.subscribe::<Note>();
    let other = world.another_bus();
    for n in 0..50 {
        world.bus.publish(&Note(n));
    }
    for n in 0..50 {
        assert_eq!(first.next().await, News::Message(Note(n)));
        assert_eq!(second.next().await, News::Message(Note(n)));
    }
    if world.broker.is_some() {
        let mut elsewhere = other.subscribe::<Note>();
        assert_eq!(elsewhere.next().await, News::Missed);
        world.bus.publish(&Note(99));
        assert_eq!(elsewhere.next().await, News::Message(Note(99)));
    }
}

async fn who_is_slow_is_told_that_he_missed_some(world: World) {
    let mut subscription = listening(&world).await;
    for n in 0..5_000 {
        world.bus.publish(&Note(n));
        if world.broker.is_some() && n % 500 == 499 {
            // News that wait to be told are bounded, too.
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }
    // The last one is heard, and before it that some were missed.
    let mut missed = 0;
    loop {
        match subscription.next().await {
            News::Missed => missed += 1,
            News::Message(Note(4_999)) => break,
            News::Message(_) => {}
        }
    }
    assert!(missed > 0);
}

async fn nobody_listens_and_nobody_waits(world: World) {
    for n in 0..100_000 {
        world.bus.publish(&Note(n));
    }
}

macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod local {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::World::new(super::Kind::Local).await).await;
            })*
        }
        mod amqp {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::World::new(super::Kind::Amqp).await).await;
            })*
        }
    };
}

on_both!(everybody_hears, who_is_slow_is_told_that_he_missed_some, nobody_listens_and_nobody_waits);
