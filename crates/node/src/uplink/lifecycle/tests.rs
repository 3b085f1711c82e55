//! Events that are laid in the folder, and brokers that hold them back.

use covenant::signoff::Scope;
use wire::broker_v1::covenant_service_server::{CovenantService, CovenantServiceServer};

use super::*;
use crate::testing::World;

/// A broker that thanks for every event and has none of them.
#[derive(Debug, Clone, Copy)]
struct Withholding;

#[tonic::async_trait]
impl CovenantService for Withholding {
    async fn suspend_covenant(
        &self,
        _: Request<pb::SuspendCovenantRequest>,
    ) -> Result<tonic::Response<pb::SuspendCovenantResponse>, Status> {
        Ok(tonic::Response::new(pb::SuspendCovenantResponse::default()))
    }

    async fn list_covenants(
        &self,
        _: Request<pb::ListCovenantsRequest>,
    ) -> Result<tonic::Response<pb::ListCovenantsResponse>, Status> {
        Ok(tonic::Response::new(pb::ListCovenantsResponse::default()))
    }

    async fn propose_covenant(
        &self,
        _: Request<pb::ProposeCovenantRequest>,
    ) -> Result<tonic::Response<pb::ProposeCovenantResponse>, Status> {
        Err(Status::unimplemented("not in this test"))
    }

    async fn get_covenant(
        &self,
        _: Request<pb::GetCovenantRequest>,
    ) -> Result<tonic::Response<pb::GetCovenantResponse>, Status> {
        Err(Status::unimplemented("not in this test"))
    }

    async fn sign_covenant(
        &self,
        _: Request<pb::SignCovenantRequest>,
    ) -> Result<tonic::Response<pb::SignCovenantResponse>, Status> {
        Err(Status::unimplemented("not in this test"))
    }

    async fn reject_covenant(
        &self,
        _: Request<pb::RejectCovenantRequest>,
    ) -> Result<tonic::Response<pb::RejectCovenantResponse>, Status> {
        Err(Status::unimplemented("not in this test"))
    }

    async fn resume_covenant(
        &self,
        _: Request<pb::ResumeCovenantRequest>,
    ) -> Result<tonic::Response<pb::ResumeCovenantResponse>, Status> {
        Err(Status::unimplemented("not in this test"))
    }

    async fn withdraw_covenant(
        &self,
        _: Request<pb::WithdrawCovenantRequest>,
    ) -> Result<tonic::Response<pb::WithdrawCovenantResponse>, Status> {
        Err(Status::unimplemented("not in this test"))
    }

    async fn get_covenant_status(
        &self,
        _: Request<pb::GetCovenantStatusRequest>,
    ) -> Result<tonic::Response<pb::GetCovenantStatusResponse>, Status> {
        Err(Status::unimplemented("not in this test"))
    }
}

fn lifecycle(world: &World, address: &str, events: &Path) -> Lifecycle {
    let intake = &world.intake;
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{address}"));
    let channel = endpoint.unwrap().connect_lazy();
    Lifecycle {
        covenants: Arc::clone(&intake.covenants),
        store: intake.store.clone(),
        broker: Broker::new(channel, intake.speaker.clone(), Duration::from_secs(5)),
        link: intake.link.clone(),
        events: Some(events.to_path_buf()),
        every: Duration::from_secs(60),
        clock: Arc::clone(&intake.clock),
        not_carried: Mutex::default(),
    }
}

#[tokio::test]
async fn an_event_file_that_was_half_written_is_read_when_it_is_whole() {
    let world = World::of("corporatie", 1_000);
    let folder = tempfile::tempdir().unwrap();
    let life = lifecycle(&world, "127.0.0.1:1", folder.path());
    let stop = world.event("corporatie", EventKind::Suspend(Scope::Whole));
    let path = folder.path().join("noodstop.json");
    let mut read = BTreeMap::new();
    std::fs::write(&path, &stop[..stop.len() / 2]).unwrap();
    life.read_events(&mut read).await;
    assert_eq!(life.covenants.all_active(world.now()).len(), 1);
    std::fs::write(&path, &stop).unwrap();
    life.read_events(&mut read).await;
    assert!(life.covenants.all_active(world.now()).is_empty());
}

#[tokio::test]
async fn an_event_from_a_clock_ahead_is_taken_once_its_time_has_come() {
    let world = World::of("corporatie", 1_000);
    let folder = tempfile::tempdir().unwrap();
    let life = lifecycle(&world, "127.0.0.1:1", folder.path());
    world.clock.advance_seconds(3_600);
    let stop = world.event("politie", EventKind::Suspend(Scope::Whole));
    world.clock.advance_seconds(-3_600);
    std::fs::write(folder.path().join("noodstop.json"), &stop).unwrap();
    let mut read = BTreeMap::new();
    life.read_events(&mut read).await;
    assert_eq!(life.covenants.all_active(world.now()).len(), 1);
    world.clock.advance_seconds(3_600);
    life.read_events(&mut read).await;
    assert!(life.covenants.all_active(world.now()).is_empty());
}

#[tokio::test]
async fn a_broker_that_holds_a_suspension_back_gets_no_word_that_it_is_valid() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serving = tokio::spawn(
        tonic::transport::Server::builder()
            .add_service(CovenantServiceServer::new(Withholding))
            .serve_with_incoming(tokio_stream::wrappers::TcpListenerStream::new(listener)),
    );
    let world = World::of("corporatie", 1_000);
    let folder = tempfile::tempdir().unwrap();
    let life = lifecycle(&world, &address, folder.path());
    assert_eq!(life.covenants.confirmed(world.now()).len(), 1);
    // One signal: the rest of the covenant goes on, so nothing else keeps the word back.
    let signal = model::SignalTypeId::parse("dier").unwrap();
    let stop = world.event("corporatie", EventKind::Suspend(Scope::Signal(signal)));
    std::fs::write(folder.path().join("noodstop.json"), &stop).unwrap();
    life.read_events(&mut BTreeMap::new()).await;
    life.exchange().await.unwrap();
    assert_eq!(life.covenants.all_active(world.now()).len(), 1);
    assert!(life.covenants.confirmed(world.now()).is_empty());
    // And it is handed in again.
    life.exchange().await.unwrap();
    assert!(life.covenants.confirmed(world.now()).is_empty());
    serving.abort();
}

#[tokio::test]
async fn a_version_in_force_is_not_signed_again() {
    let world = World::of("corporatie", 1_000);
    let folder = tempfile::tempdir().unwrap();
    let life = lifecycle(&world, "127.0.0.1:1", folder.path());
    let again = world.sign_off("politie", 1);
    let no = world.event("politie", EventKind::Reject);
    world.clock.advance_seconds(48 * 3_600);
    std::fs::write(folder.path().join("nee.json"), &no).unwrap();
    let mut read = BTreeMap::new();
    life.read_events(&mut read).await;
    assert!(life.covenants.all_active(world.now()).is_empty());
    std::fs::write(folder.path().join("toch.json"), &again).unwrap();
    life.read_events(&mut read).await;
    assert!(life.covenants.all_active(world.now()).is_empty());
}
