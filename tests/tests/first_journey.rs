//! The shortest journey of all, in one process and in many: a signal goes in, an advice and a
//! notice come out, and the log verifies.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use journeys::world::{NUISANCE, SAFE_VISIT, World};
use sandbox::messages::{Home, home};

async fn journey(world: World) {
    let at = |number| {
        home(Home {
            postcode: "9999ZZ",
            number,
            shielded: false,
        })
    };
    world
        .push("gemeente", SAFE_VISIT, "AGR.FYS", at(1))
        .await
        .unwrap();
    world.delivered("gemeente").await.unwrap();
    let answer = world.ask("huismeester", at(1)).await.unwrap();
    assert_eq!(answer.advice, "ga-met-twee");
    let mine = world
        .push("gemeente", NUISANCE, "OVE.GEL", at(2))
        .await
        .unwrap();
    world
        .push("corporatie", NUISANCE, "OVE.GEL", at(2))
        .await
        .unwrap();
    let notices = world.noticed("gemeente", "regisseur", 1).await.unwrap();
    let notice = notices[0].notice.clone().unwrap();
    assert_eq!(
        (notice.source.as_str(), notice.own_signals[0].id.as_str()),
        ("corporatie", mine.as_str())
    );
    let export = world.export().await.unwrap();
    assert!(world.verify(&export).unwrap().records > 0);
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process() {
    journey(World::in_process().await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_processes() {
    journey(World::processes(env!("CARGO_BIN_EXE_party")).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_world_does_not_harm_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let plan = sandbox::Plan::demo();
    let running = sandbox::Running::start(folder.path(), &plan).await.unwrap();
    let authority = std::fs::read(&running.world.ca).unwrap();
    let refused = sandbox::Running::start(folder.path(), &plan).await;
    let refused = refused.err().map(|error| error.to_string());
    assert!(refused.is_some_and(|text| text.contains("holds a world already")));
    assert_eq!(std::fs::read(&running.world.ca).unwrap(), authority);
    running.stop().await.unwrap();
}
