//! What a turn works next, and how much of it: pure, decided from what is due.

use storeganise::client::IDS_PER_REQUEST;

use crate::queue::change::{Lane, Subject, Taken};

/// A deal costs several requests at Storeganise's slow pace: nobody's edit waits behind fifty of them.
const DEALS_PER_BULK_BATCH: usize = 10;

/// A change that has failed is worked by itself: where it is at fault, it is alone in failing again.
pub(crate) fn alone_where_it_failed(mut taken: Vec<Taken>) -> Vec<Taken> {
    match taken.first() {
        Some(first) if first.attempts > 0 => taken.truncate(1),
        _ => taken.retain(|change| change.attempts == 0),
    }
    taken
}

/// Which of the waiting batches goes first: a step of the sweep, but not twice in a row; then what somebody waits
/// for; then the rest in its order.
pub(crate) fn first(waiting: &[(Subject, Vec<Taken>)], last: Option<Subject>) -> Option<usize> {
    let place = |fits: &dyn Fn(Subject, &Taken) -> bool| {
        waiting.iter().position(|(subject, taken)| taken.first().is_some_and(|taken| fits(*subject, taken)))
    };
    // What a person wants erased goes before anything else.
    if let Some(erasure) = place(&|subject, _| subject == Subject::Erasure) {
        return Some(erasure);
    }
    let sweep = place(&|subject, _| subject == Subject::Sweep);
    let awaited = place(&|subject, taken| {
        !matches!(subject, Subject::Sweep | Subject::Mirror) && taken.lane == Lane::Prompt
    });
    let rest = place(&|subject, _| subject != Subject::Sweep);
    let other = awaited.or(rest);
    if last == Some(Subject::Sweep) { other.or(sweep) } else { sweep.or(other) }
}

/// What somebody waits for is not held up by what comes with it: only what its own requests carry anyway.
pub(crate) fn cut(subject: Subject, taken: &mut Vec<Taken>) {
    let awaited = taken.iter().filter(|taken| taken.lane == Lane::Prompt).count();
    let most = match subject {
        Subject::User if awaited > 0 => awaited.max(IDS_PER_REQUEST),
        Subject::Deal => awaited.max(if awaited > 0 { 0 } else { DEALS_PER_BULK_BATCH }),
        Subject::Contact if awaited > 0 => awaited,
        _ => return,
    };
    taken.truncate(most);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(prompt: usize, bulk: usize) -> Vec<Taken> {
        let taken = |lane| Taken { lane, ..Taken::unmarked("x") };
        let prompt = std::iter::repeat_n(taken(Lane::Prompt), prompt);
        prompt.chain(std::iter::repeat_n(taken(Lane::Bulk), bulk)).collect()
    }

    fn next(waiting: &[(Subject, usize, usize)], last: Option<Subject>) -> Option<Subject> {
        let waiting: Vec<_> = waiting.iter().map(|(s, prompt, bulk)| (*s, batch(*prompt, *bulk))).collect();
        first(&waiting, last).map(|at| waiting[at].0)
    }

    #[test]
    fn what_somebody_waits_for_overtakes_what_a_run_goes_through() {
        use Subject::{Contact, Deal, Mirror, Sweep, User};
        let bulk_and_a_deal = [(User, 0, 100), (Deal, 1, 0), (Mirror, 5, 0)];
        assert_eq!(next(&bulk_and_a_deal, None), Some(Deal));
        assert_eq!(next(&[(User, 0, 100), (Contact, 1, 0)], None), Some(Contact));
        assert_eq!(next(&[(User, 0, 100), (Mirror, 5, 0)], None), Some(User), "mirrors come last");
        let with_sweep = [(Sweep, 1, 0), (User, 1, 99)];
        assert_eq!(next(&with_sweep, None), Some(Sweep));
        assert_eq!(next(&with_sweep, Some(Sweep)), Some(User), "not two steps of a run in a row");
        assert_eq!(next(&[(Sweep, 1, 0)], Some(Sweep)), Some(Sweep));
        assert_eq!(next(&[(Sweep, 1, 0), (Subject::Erasure, 1, 0)], None), Some(Subject::Erasure));
        assert_eq!(next(&[], None), None);
    }

    #[test]
    fn a_batch_carries_along_only_what_costs_no_further_request() {
        for (subject, prompt, bulk, expected) in [
            (Subject::User, 1, 99, 50),
            (Subject::User, 70, 30, 70),
            (Subject::User, 0, 100, 100),
            (Subject::Deal, 2, 48, 2),
            (Subject::Deal, 0, 50, 10),
            (Subject::Contact, 1, 49, 1),
            (Subject::Mirror, 5, 0, 5),
        ] {
            let mut taken = batch(prompt, bulk);
            cut(subject, &mut taken);
            assert_eq!(taken.len(), expected, "{subject:?} {prompt} {bulk}");
        }
    }

    #[test]
    fn a_change_that_has_failed_is_worked_by_itself_and_never_among_others() {
        let taken = |attempts: &[u32]| -> Vec<u32> {
            let change = |attempts: &u32| Taken { attempts: *attempts, ..Taken::unmarked("x") };
            let left = alone_where_it_failed(attempts.iter().map(change).collect());
            left.iter().map(|change| change.attempts).collect()
        };
        assert_eq!(taken(&[0, 2, 0]), [0, 0]);
        assert_eq!(taken(&[2, 0, 0]), [2]);
        assert_eq!(taken(&[]), [0_u32; 0]);
    }
}
