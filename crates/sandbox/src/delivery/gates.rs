//! How many deliveries an account may have on the wire at once. A delivery for several accounts takes a place at
//! each, always in the same order, so that no two of them wait for one another.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The gates of all accounts, of which each lets the same number through.
#[derive(Debug)]
pub(super) struct Gates(Mutex<State>);

#[derive(Debug)]
struct State {
    max: usize,
    by_account: BTreeMap<u64, Gate>,
}

#[derive(Debug, Clone)]
struct Gate {
    places: Arc<Semaphore>,
    /// Places to be taken away as soon as they come free, since the limit was lowered.
    owed: Arc<Mutex<usize>>,
}

impl Gates {
    /// Gates that let `max` through each.
    pub(super) fn new(max: usize) -> Self {
        Self(Mutex::new(State { max, by_account: BTreeMap::new() }))
    }

    /// Lets `max` through from now on; those on the wire count against it.
    pub(super) fn set_max(&self, max: usize) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut state.max, max);
        if max != before {
            state.by_account.values().for_each(|gate| gate.resize(before, max));
        }
    }

    /// Waits for a place at every one of `accounts`, which are in ascending order without doubles.
    pub(super) async fn enter(&self, accounts: &[u64]) -> Vec<OwnedSemaphorePermit> {
        let mut places = Vec::with_capacity(accounts.len());
        for account in accounts {
            places.push(self.gate(*account).enter().await);
        }
        places
    }

    fn gate(&self, account: u64) -> Gate {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let max = state.max;
        let new = || Gate { places: Arc::new(Semaphore::new(max)), owed: Arc::default() };
        state.by_account.entry(account).or_insert_with(new).clone()
    }
}

impl Gate {
    async fn enter(&self) -> OwnedSemaphorePermit {
        loop {
            let place = Arc::clone(&self.places);
            let place = place.acquire_owned().await.expect("a gate is never closed");
            let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
            if *owed == 0 {
                return place;
            }
            *owed -= 1;
            place.forget();
        }
    }

    fn resize(&self, before: usize, after: usize) {
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        let (more, fewer) = (after.saturating_sub(before), before.saturating_sub(after));
        let paid = more.min(*owed);
        *owed -= paid;
        self.places.add_permits(more - paid);
        *owed += fewer - self.places.forget_permits(fewer);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;

    /// The places, if they are free at this moment.
    fn try_enter(gates: &Gates, accounts: &[u64]) -> Option<Vec<OwnedSemaphorePermit>> {
        match pin!(gates.enter(accounts)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(places) => Some(places),
            Poll::Pending => None,
        }
    }

    #[test]
    fn an_account_lets_so_many_through_and_another_account_its_own() {
        let gates = Gates::new(2);
        let first = try_enter(&gates, &[1]).unwrap();
        let _second = try_enter(&gates, &[1]).unwrap();
        assert!(try_enter(&gates, &[1]).is_none());
        assert!(try_enter(&gates, &[2]).is_some());
        drop(first);
        assert!(try_enter(&gates, &[1]).is_some());
    }

    #[test]
    fn a_delivery_for_two_accounts_counts_for_each() {
        let gates = Gates::new(1);
        let both = try_enter(&gates, &[1, 2]).unwrap();
        assert!(try_enter(&gates, &[1]).is_none() && try_enter(&gates, &[2]).is_none());
        drop(both);
        let _one = try_enter(&gates, &[1]).unwrap();
        assert!(try_enter(&gates, &[1, 2]).is_none());
        assert!(try_enter(&gates, &[2]).is_some(), "who gave up waiting holds no place");
    }

    #[test]
    fn a_lower_limit_counts_those_under_way_and_a_higher_one_opens_at_once() {
        let gates = Gates::new(3);
        let mut under_way: Vec<_> = (0..3).map(|_| try_enter(&gates, &[1]).unwrap()).collect();
        gates.set_max(1);
        under_way.truncate(1);
        assert!(try_enter(&gates, &[1]).is_none(), "one is under way, and one is the limit");
        under_way.clear();
        let _one = try_enter(&gates, &[1]).unwrap();
        assert!(try_enter(&gates, &[1]).is_none());
        gates.set_max(2);
        let _two = try_enter(&gates, &[1]).unwrap();
        assert!(try_enter(&gates, &[1]).is_none());
    }
}
