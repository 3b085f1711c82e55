//! Reading back one's own.

use model::{Day, SignalId};

use super::*;
use crate::refusal::Reason as Why;
use crate::testing::{draft, submission, today};

#[tokio::test]
async fn own_signals_are_listed_newest_first_by_pages_and_filters() {
    let world = world();
    let system = world.system();
    let mut ids = Vec::new();
    for days in 0..5 {
        let mut one = draft();
        one.observed_at = Some(Ok(today().plus_days(-10 - days).start()));
        ids.push(one.id.clone());
        world.intake.submit(&system, submission(one)).await.unwrap();
        world.clock.advance_seconds(1);
    }
    ids.reverse();
    let listed = |page: &Page| -> Vec<String> {
        page.signals
            .iter()
            .map(|s| SignalId::to_string(&s.id))
            .collect()
    };
    let first = world
        .intake
        .list(
            &system,
            &Filter {
                page_size: 3,
                ..everything()
            },
        )
        .unwrap();
    assert_eq!(listed(&first), ids[..3]);
    let next = Filter {
        page_size: 3,
        page_token: first.next_page_token.clone(),
        ..everything()
    };
    let second = world.intake.list(&system, &next).unwrap();
    assert_eq!(listed(&second), ids[3..]);
    assert_eq!(second.next_page_token, "");
    let other = Filter {
        covenant: "proef".to_owned(),
        ..next
    };
    let refused = world.intake.list(&system, &other).unwrap_err();
    assert_eq!(refused.reason(), Why::PageTokenInvalid);
    let from: Day = today().plus_days(-11);
    let recent = Filter {
        observed_from: Some(Ok(from)),
        ..everything()
    };
    assert_eq!(
        listed(&world.intake.list(&system, &recent).unwrap()),
        ids[3..]
    );
    let delivered = Filter {
        state: Choice::Is(State::Delivered),
        ..everything()
    };
    assert!(
        world
            .intake
            .list(&system, &delivered)
            .unwrap()
            .signals
            .is_empty()
    );
    let negative = Filter {
        page_size: -1,
        ..everything()
    };
    let refused = world.intake.list(&system, &negative).unwrap_err();
    assert_eq!(refused.0.violations[0].field, "page_size");
}

#[tokio::test]
async fn a_page_ends_where_its_bytes_would_not_fit_one_message() {
    let world = world();
    let system = world.system();
    let mut ids = Vec::new();
    for size in [0, 900, 900, 900, 900, 4_000, 0] {
        let one = draft();
        ids.push(one.id.clone());
        let large = Submission {
            content: vec![b'x'; size << 10],
            ..submission(one)
        };
        world.intake.submit(&system, large).await.unwrap();
        world.clock.advance_seconds(1);
    }
    ids.reverse();
    let (mut listed, mut pages, mut filter) = (Vec::new(), Vec::new(), everything());
    loop {
        let page = world.intake.list(&system, &filter).unwrap();
        pages.push(page.signals.len());
        listed.extend(page.signals.iter().map(|s| s.id.to_string()));
        if page.next_page_token.is_empty() {
            break;
        }
        filter.page_token = page.next_page_token;
    }
    assert_eq!(listed, ids);
    assert_eq!(
        pages,
        [1, 1, 3, 2],
        "one alone that is too large is given alone"
    );
}
