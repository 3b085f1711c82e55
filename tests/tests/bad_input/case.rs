//! One bad value, and what must be said of it.

use journeys::world::World;
use tonic::Status;
use wire::audit_v1::GetCheckpointRequest;
use wire::reason::Reason;

/// A good request with one bad value in it.
pub(crate) struct Case<T> {
    /// The path that must be named.
    pub(crate) path: String,
    /// The rule that must be named.
    pub(crate) rule: &'static str,
    /// What was sent there, of which nothing may come back; empty when it is no text.
    pub(crate) value: String,
    /// The request.
    pub(crate) message: T,
}

impl<T> Case<T> {
    pub(crate) fn new(path: &str, rule: &'static str, value: &str, message: T) -> Self {
        Self {
            path: path.to_owned(),
            rule,
            value: value.to_owned(),
            message,
        }
    }

    /// The same seen from a message that holds this one.
    pub(crate) fn within<U>(self, outer: &str, wrap: impl FnOnce(T) -> U) -> Case<U> {
        Case {
            path: format!("{outer}.{}", self.path),
            rule: self.rule,
            value: self.value,
            message: wrap(self.message),
        }
    }

    /// That `status` says what it must, and no more.
    pub(crate) fn judge(&self, status: &Status) {
        let Self { path, rule, .. } = self;
        let told = wire::status::read(status);
        // A rule that is a reason of its own has one status, whoever finds it.
        let reason = match *rule {
            "REQUIRED" => Reason::FieldRequired,
            rule => Reason::parse(rule).unwrap_or(Reason::FieldInvalid),
        };
        assert_eq!(
            (told.reason, told.code),
            (Some(reason), reason.code()),
            "{path} {rule}: {status:?}"
        );
        let found: Vec<_> = told
            .violations
            .iter()
            .map(|v| (v.field.as_str(), v.rule.as_str()))
            .collect();
        assert_eq!(found, [(path.as_str(), *rule)]);
        let violation = &told.violations[0];
        for text in [
            &violation.message_en,
            &violation.message_nl,
            &told.message_nl,
        ] {
            assert!(
                text.len() > 10 && !text.ends_with('.'),
                "{path} {rule}: {text}"
            );
        }
        assert_ne!(violation.message_en, violation.message_nl, "{path} {rule}");
        assert!(
            told.message_en.starts_with(path.as_str()),
            "{path} is not in the message"
        );
        says_nothing_of(status, &self.value);
    }
}

/// That a status repeats nothing of a value.
pub(crate) fn says_nothing_of(status: &Status, value: &str) {
    if value.len() < 3 {
        return;
    }
    let said = [status.message().as_bytes(), status.details()].concat();
    let found = said
        .windows(value.len())
        .any(|part| part == value.as_bytes());
    assert!(!found, "{value} came back in {status:?}");
    assert!(
        !format!("{:?}", status.metadata()).contains(value),
        "{value} is in the metadata"
    );
}

/// That no party has a signal, and the broker has logged nothing since the log had `size` leaves.
pub(crate) async fn nothing_is_stored(world: &World, size: u64) {
    for party in world.place.nodes.keys() {
        assert!(
            world.signals(party).await.unwrap().is_empty(),
            "{party} stored something"
        );
    }
    assert_eq!(log_size(world).await, size);
}

/// The size of the log's tree.
pub(crate) async fn log_size(world: &World) -> u64 {
    let request = GetCheckpointRequest::default();
    let answer = world
        .auditor()
        .unwrap()
        .get_checkpoint(request)
        .await
        .unwrap()
        .into_inner();
    let text = String::from_utf8(answer.checkpoint.to_vec()).unwrap();
    text.lines().nth(1).unwrap().parse().unwrap()
}
