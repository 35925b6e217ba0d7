//! Budgets at work: what an order is refused for, what a message waits for, and when a person is warned.

use fairlead_model::budget::{BudgetPeriod, BudgetScope, BudgetSpan};
use fairlead_model::problem::{ProblemKind, ProblemState};
use fairlead_model::{BudgetId, Clock, ModemId, ProblemId, Time};
use fairlead_store::problems::{self, Finding};
use fairlead_store::satellite::mt::MtRow;
use fairlead_store::satellite::mt::budgets::{self, BudgetRow};
use fairlead_store::{Conn, StoreError, Tx};

/// A budget that has less left than a message costs.
pub(crate) struct Hold {
    /// Why the message waits, in a sentence.
    pub(crate) cause: String,
    /// When the budget is whole again.
    pub(crate) renews_at: Time,
    budget: BudgetRow,
    span: BudgetSpan,
    spent: i64,
}

/// How far a budget is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Well,
    Low,
    Spent,
}

fn level(spent: i64, credits: i64, warn_percent: i32) -> Level {
    if spent >= credits {
        Level::Spent
    } else if spent.saturating_mul(100) >= credits.saturating_mul(warn_percent.into()) {
        Level::Low
    } else {
        Level::Well
    }
}

/// Why an order cannot be taken, in a sentence. What waits already counts as spent, so that many orders together do not
/// overrun; `replaced` will not be sent once this one is taken.
pub(crate) fn refusal(
    tx: &mut Tx<'_>,
    now: Time,
    row: &MtRow,
    replaced: &[MtRow],
) -> Result<Option<String>, StoreError> {
    let cost = i64::from(row.cost());
    for budget in budgets::claim(tx, &row.account, row.modem_id.into())? {
        let span = budget.period()?.around(now);
        let gives_way = |old: &&MtRow| budget.account.as_ref().is_none_or(|account| *account == old.account);
        let freed: i64 = replaced.iter().filter(gives_way).map(|old| i64::from(old.cost())).sum();
        let waits = budgets::waiting(tx, &budget)?.saturating_sub(freed);
        let left = budget.credits.saturating_sub(budgets::spent(tx, &budget, span)?).saturating_sub(waits);
        if cost > left {
            return Ok(Some(format!(
                "{} has {} of {} credits left, what waits counted in, and this costs {cost}. It renews at {}.",
                capital(&called(tx, &budget)?),
                left.max(0),
                budget.credits,
                span.renews_at
            )));
        }
    }
    Ok(None)
}

/// The budget that a message has to wait for, where there is one; of several, the one that renews last.
pub(crate) fn hold(tx: &mut Tx<'_>, now: Time, row: &MtRow) -> Result<Option<Hold>, StoreError> {
    let cost = i64::from(row.cost());
    let mut longest: Option<Hold> = None;
    for budget in budgets::claim(tx, &row.account, row.modem_id.into())? {
        let span = budget.period()?.around(now);
        let spent = budgets::spent(tx, &budget, span)?;
        let is_longest = longest.as_ref().is_none_or(|other| other.renews_at < span.renews_at);
        if cost > budget.credits.saturating_sub(spent) && is_longest {
            let cause = format!(
                "It costs {}, and {} has fewer left. It waits until that renews at {}, or is raised.",
                in_credits(cost),
                called(tx, &budget)?,
                span.renews_at
            );
            longest = Some(Hold { cause, renews_at: span.renews_at, budget, span, spent });
        }
    }
    Ok(longest)
}

/// Warns that messages wait for a budget, once in its period.
pub(crate) fn warn_of_hold(
    tx: &mut Tx<'_>,
    clock: &Clock,
    hold: &Hold,
) -> Result<Option<ProblemId>, StoreError> {
    warn(tx, clock, hold.budget.clone(), hold.span, hold.spent, Level::Spent)
}

/// Warns of the budgets that a call has brought near their end, or to it: once in each period, and returns the problems.
pub(crate) fn note_spending(
    tx: &mut Tx<'_>,
    clock: &Clock,
    account: &str,
    modem: ModemId,
) -> Result<Vec<ProblemId>, StoreError> {
    let mut warned = Vec::new();
    for budget in budgets::claim(tx, account, modem)? {
        let span = budget.period()?.around(clock.now());
        let spent = budgets::spent(tx, &budget, span)?;
        let level = level(spent, budget.credits, budget.warn_percent);
        warned.extend(warn(tx, clock, budget, span, spent, level)?);
    }
    Ok(warned)
}

fn warn(
    tx: &mut Tx<'_>,
    clock: &Clock,
    mut budget: BudgetRow,
    span: BudgetSpan,
    spent: i64,
    level: Level,
) -> Result<Option<ProblemId>, StoreError> {
    let this = Some(span.first_day);
    let known = match level {
        Level::Well => return Ok(None),
        Level::Low => budget.warned_for == this || budget.spent_for == this,
        Level::Spent => budget.spent_for == this,
    };
    if known {
        return Ok(None);
    }
    let (called, credits, renews_at) = (called(tx, &budget)?, budget.credits, span.renews_at);
    let reason = if level == Level::Spent {
        budget.spent_for = this;
        format!(
            "{} is used up: {spent} of {} are spent. Messages wait until it renews at {renews_at}, or is raised.",
            capital(&called),
            in_credits(credits)
        )
    } else {
        format!("{spent} of {} of {called} are spent. It renews at {renews_at}.", in_credits(credits))
    };
    budget.warned_for = this;
    budgets::put(tx, &budget)?;
    let subject = BudgetId::from(budget.id).to_string();
    // What was said before and is still open is out of date.
    problems::settle_subject(tx, clock, ProblemKind::BudgetLow, &subject, ProblemState::Discarded)?;
    let finding = Finding {
        kind: ProblemKind::BudgetLow,
        subject,
        reason,
        modem_id: None,
        imei: None,
        message_id: None,
        held_id: None,
        excerpt: None,
    };
    problems::record(tx, clock, finding)
}

/// What a person calls a budget: `the monthly budget of the group North`.
pub(crate) fn called(conn: &mut Conn, budget: &BudgetRow) -> Result<String, StoreError> {
    let name = budgets::scope_name(conn, budget)?;
    let period = match budget.period()? {
        BudgetPeriod::Day => "daily",
        BudgetPeriod::Month => "monthly",
    };
    Ok(match budget.scope()? {
        BudgetScope::Account { .. } => format!("the {period} budget of the account {name}"),
        BudgetScope::Group { .. } => format!("the {period} budget of the group {name}"),
        BudgetScope::Device { .. } => format!("the {period} budget of {name}"),
    })
}

fn in_credits(n: i64) -> String {
    if n == 1 { "1 credit".to_owned() } else { format!("{n} credits") }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_low_from_its_percentage_on_and_spent_at_its_end() {
        for (spent, credits, percent, wanted) in [
            (0, 10, 80, Level::Well),
            (7, 10, 80, Level::Well),
            (8, 10, 80, Level::Low),
            (9, 10, 80, Level::Low),
            (10, 10, 80, Level::Spent),
            (11, 10, 80, Level::Spent),
            (9, 10, 100, Level::Well),
            (10, 10, 100, Level::Spent),
            (2, 3, 67, Level::Well),
            (1, 1_000_000_000, 1, Level::Well),
            (10_000_000, 1_000_000_000, 1, Level::Low),
            (0, 0, 80, Level::Spent),
        ] {
            assert_eq!(level(spent, credits, percent), wanted, "{spent} of {credits} at {percent} %");
        }
    }
}
