//! Workers that die between any two of their steps. Whatever a worker waits for, a database or a provider, it is polled
//! again afterwards: dropping its work after so many polls is dying at that place.

use std::{
    collections::BTreeSet,
    pin::Pin,
    task::{Context, Poll},
};

use crate::convergence::Dice;

/// Where a worker dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// After so many polls.
    polls: usize,
    /// With its last question just asked, not with the answer just there.
    asked: bool,
}

/// Work that ends at a moment, or by itself before that.
pub struct Dying<'a, T> {
    work: Pin<Box<dyn Future<Output = T> + Send + 'a>>,
    moment: Option<Moment>,
    polls: usize,
}

impl<'a, T> Dying<'a, T> {
    pub fn at(moment: Moment, work: impl Future<Output = T> + Send + 'a) -> Self {
        Self { work: Box::pin(work), moment: Some(moment), polls: 0 }
    }

    /// Work that is only counted.
    pub fn never(work: impl Future<Output = T> + Send + 'a) -> Self {
        Self { work: Box::pin(work), moment: None, polls: 0 }
    }
}

impl<T> Future for Dying<'_, T> {
    /// What came of it, if it was not in the midst of it, and how often it was polled.
    type Output = (Option<T>, usize);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let dies_at = |asked| self.moment.filter(|moment| moment.asked == asked).map(|moment| moment.polls);
        if dies_at(false) == Some(self.polls) {
            return Poll::Ready((None, self.polls));
        }
        let dies = dies_at(true) == Some(self.polls + 1);
        self.polls += 1;
        match self.work.as_mut().poll(context) {
            Poll::Ready(came) => Poll::Ready((Some(came), self.polls)),
            Poll::Pending if dies => Poll::Ready((None, self.polls)),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// The moments at which a worker has died so far.
#[derive(Debug)]
pub struct Moments {
    /// The most polls a turn took that came to its end.
    pub longest: usize,
    died: BTreeSet<Moment>,
    pub deaths: usize,
}

impl Moments {
    pub fn new() -> Self {
        Self { longest: 1, died: BTreeSet::new(), deaths: 0 }
    }

    /// A moment within a turn; one at which nobody has died yet, as long as there is any.
    pub fn draw(&self, dice: &mut Dice) -> Moment {
        let any = |polls: usize, asked: usize| Moment { polls, asked: asked == 1 };
        let all = (1..=self.longest).flat_map(|polls| [any(polls, 0), any(polls, 1)]);
        let left: Vec<Moment> = all.filter(|moment| !self.died.contains(moment)).collect();
        match left.len() {
            0 => any(1 + dice.below(self.longest), dice.below(2)),
            left_over => left[dice.below(left_over)],
        }
    }

    pub fn note_death(&mut self, moment: Moment) {
        self.died.insert(moment);
        self.deaths += 1;
    }

    pub fn note_turn(&mut self, polls: usize) {
        self.longest = self.longest.max(polls);
    }

    /// At how many moments of the longest turn somebody died, whatever was just asked or answered.
    pub fn covered(&self) -> usize {
        self.died.iter().map(|moment| moment.polls).collect::<BTreeSet<_>>().len()
    }
}
