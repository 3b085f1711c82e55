//! Field by field what is refused, and that nothing is stored then; what is stored, once.

mod fields;
mod listing;
mod rehearsing;
mod taking;

use super::*;
use crate::testing::World;

fn world() -> World {
    World::of("corporatie", 1_000)
}

async fn withdraw(world: &World, id: &str, reason: Reason) -> Result<Withdrawn, Refused> {
    let withdrawal = Withdrawal {
        request_id: model::RequestId::fresh().to_string(),
        signal_id: id.to_owned(),
        reason: Choice::Is(reason),
        validate_only: false,
    };
    world.intake.withdraw(&world.system(), withdrawal).await
}

fn everything() -> Filter {
    Filter {
        covenant: String::new(),
        state: Choice::Unspecified,
        observed_from: None,
        observed_until: None,
        page_size: 0,
        page_token: String::new(),
    }
}
