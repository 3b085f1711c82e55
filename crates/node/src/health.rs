//! What must hold for the node to be ready, looked at again and again.

use identity::tls::OwnCertificate;
use model::Timestamp;
use process::health::{Check, Health};

use crate::checks::Checks;
use crate::config::OutboxConfig;

/// The node's checks. A broker that is away does not make the node unready: it goes on taking
/// signals, and says so in the check's text and in the metrics.
#[derive(Debug)]
pub(crate) struct NodeHealth {
    store: Check,
    covenant: Check,
    key: Check,
    log: Check,
    outbox: Check,
    certificate: Check,
    certificates: Vec<OwnCertificate>,
}

impl NodeHealth {
    pub(crate) fn of(health: &Health, certificates: Vec<OwnCertificate>) -> Self {
        Self {
            store: health.check("store writable"),
            covenant: health.check("covenant active"),
            key: health.check("covenant key"),
            log: health.check("disclosure log consistent"),
            outbox: health.check("outbox"),
            certificate: health.check("certificates"),
            certificates,
        }
    }

    /// Looks at everything once.
    pub(crate) async fn look(&self, node: &Checks, outbox: &OutboxConfig) {
        let now = node.clock.now();
        let written = node
            .store
            .write(move |tx| tx.put_note("health", &now.as_millis().to_be_bytes()))
            .await;
        match written {
            Ok(()) => self.store.ok(),
            Err(error) => self.store.fail(error.to_string()),
        }
        let inactive = node.covenants.inactive(now);
        let inactive: Vec<&str> = inactive.iter().map(AsRef::as_ref).collect();
        if node.covenants.all_active(now).is_empty() {
            self.covenant
                .fail("no covenant is in force: see its dates and signatures");
        } else if inactive.is_empty() {
            self.covenant.ok();
        } else {
            self.covenant
                .fail(format!("not in force: {}", inactive.join(", ")));
        }
        self.look_at_keys(node, now);
        self.look_at_certificates(node, now);
        match node.log.fault(now) {
            Some(why) => self.log.fail(why),
            None => self.log.ok(),
        }
        self.look_at_outbox(node, outbox);
    }

    /// A wrong key is silent, nothing matches and nobody notices: so it is named here.
    fn look_at_keys(&self, node: &Checks, now: Timestamp) {
        let mut faults: Vec<String> = node
            .covenants
            .without_key(now)
            .iter()
            .map(|covenant| format!("{covenant}: no key"))
            .collect();
        for (covenant, epoch, match_key) in node.link.blocked() {
            faults.push(format!(
                "{covenant} epoch {epoch}: another key for {match_key}, compare fingerprints"
            ));
        }
        if faults.is_empty() {
            self.key.ok();
        } else {
            self.key.fail(faults.join("; "));
        }
    }

    fn look_at_certificates(&self, node: &Checks, now: Timestamp) {
        let mut faults = Vec::new();
        for own in &self.certificates {
            node.metrics
                .certificate(own.setting(), own.seconds_left(now));
            if let Err(error) = own.valid(now) {
                faults.push(format!("{}: {error}", own.setting()));
            }
        }
        if faults.is_empty() {
            self.certificate.ok();
        } else {
            self.certificate.fail(faults.join("; "));
        }
    }

    fn look_at_outbox(&self, node: &Checks, outbox: &OutboxConfig) {
        match node.store.read(|view| view.outbox_totals()) {
            Ok(totals) => {
                node.metrics.outbox(totals.items, totals.bytes);
                let full = totals.items >= outbox.max_items || totals.bytes >= outbox.max_bytes;
                if full {
                    self.outbox
                        .fail("full: new signals are refused until the broker takes some");
                } else {
                    self.outbox.ok();
                }
            }
            Err(error) => self.outbox.fail(error.to_string()),
        }
    }
}
