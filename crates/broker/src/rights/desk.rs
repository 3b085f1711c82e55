//! What a desk says and does after it looked: answered, unlinked, passed on. Its node goes on when
//! the proof of that is witnessed as the covenant wants; asked again, it gets the same one.

use std::collections::BTreeSet;

use ledger::Kind;
use model::{Digest, NoticeId, PartyId, Timestamp};
use sha2::{Digest as _, Sha256};
use store::{BrokerTx, Decided, Listed, Logged, NewNotice, Remember, RequestKey, Step};
use wire::header::Header;
use wire::reason::Reason;
use wire::rights::{PassingOn, RightsAnswer, Unlinking};

use super::{entry, kind_of};
use crate::Broker;
use crate::delivery::{Body, PassedBody};
use crate::entries::{number, word};
use crate::members::Answerable;
use crate::oversight::stands;
use crate::refusal::Refused;

impl Broker {
    /// Takes note that a request was answered: how much was told and held back, on which grounds.
    ///
    /// # Errors
    /// [`Refused`] when the message is not in order, too few witnesses cosign or the store fails.
    pub(crate) async fn report_answer(
        &self,
        member: &Answerable,
        answer: RightsAnswer,
    ) -> Result<Logged<()>, Refused> {
        let now = self.clock().now();
        self.timely(&answer.header, now)?;
        let grounds = answer.grounds.iter().enumerate().filter_map(|(at, text)| {
            let name = GROUNDS.get(at)?;
            Some((*name, word(&ground_word(text))))
        });
        let facts = [
            ("identity", word(answer.identity.as_str())),
            ("told", number(answer.told)),
            ("held_back", number(answer.held_back)),
        ];
        let kind = kind_of(answer.desk.kind);
        let facts = facts.into_iter().chain(grounds);
        let mut entry = entry(kind, member, &answer.desk, "answered", facts);
        entry.answer = answer.commitment.as_bytes().to_vec();
        let once = Once::of(member, "ReportAnswer", &answer.header, now, |hash| {
            hash.update(answer.desk.case.as_bytes());
            hash.update(answer.commitment.as_bytes());
        });
        let logged = self
            .store()
            .commit_step(move |tx| once.step(tx, |_| Ok(Decided::for_asker(vec![entry], ()))));
        let logged = logged.await?.ok_or(Reason::BrokerFailed)?;
        self.once_witnessed(member.covenant(), logged).await
    }

    /// Erases what links entries of the party's own to their data subjects.
    ///
    /// # Errors
    /// `NOT_FOUND` when one of them is none of the party's own; nothing is erased then.
    /// `NOT_WITNESSED` as for a look-up.
    pub(crate) async fn unlink(
        &self,
        member: &Answerable,
        unlinking: Unlinking,
    ) -> Result<Logged<()>, Refused> {
        let now = self.clock().now();
        self.timely(&unlinking.header, now)?;
        let versions = self.digests_of(member.covenant().id())?;
        let indices: BTreeSet<u64> = unlinking.indices.iter().copied().collect();
        let once = Once::of(member, "Unlink", &unlinking.header, now, |hash| {
            hash.update(unlinking.desk.case.as_bytes());
            for index in &indices {
                hash.update(index.to_be_bytes());
            }
        });
        let by = member.clone();
        let logged = self.store().commit_step(move |tx| {
            once.step(tx, |tx| {
                for index in &indices {
                    let own = tx
                        .listing(*index)?
                        .is_some_and(|listed| is_own(&listed, &versions, &by.party));
                    if !own {
                        return Err(Refused::at(Reason::NotFound, "indices"));
                    }
                }
                let mut unlinked = 0;
                for index in &indices {
                    unlinked += usize::from(tx.unlink(*index)?);
                }
                let facts = [
                    ("entries", number(indices.len())),
                    ("links", number(unlinked)),
                ];
                let entry = entry(Kind::Erasure, &by, &unlinking.desk, "unlinked", facts);
                Ok(Decided::for_asker(vec![entry], ()))
            })
        });
        let logged = logged.await?.ok_or(Reason::BrokerFailed)?;
        self.once_witnessed(member.covenant(), logged).await
    }

    /// Has a sealed request wait for each of the parties that it is for.
    ///
    /// # Errors
    /// `NOT_FOUND` for a party that the covenant does not have, or that passes it on itself;
    /// `NOT_WITNESSED` as for a look-up.
    pub(crate) async fn pass_on(
        &self,
        member: &Answerable,
        passing: PassingOn,
    ) -> Result<Logged<()>, Refused> {
        let now = self.clock().now();
        self.timely(&passing.header, now)?;
        let covenant = member.covenant();
        let mut entries = Vec::with_capacity(passing.sealed.len());
        let mut notices = Vec::with_capacity(passing.sealed.len());
        for (party, sealed) in &passing.sealed {
            let to = covenant
                .party(party)
                .filter(|to| to.id != member.party)
                .ok_or_else(|| Refused::at(Reason::NotFound, "sealed"))?;
            let mut logged = entry(
                Kind::RequestPassedOn,
                member,
                &passing.desk,
                "passed_on",
                [("to", word(party.as_str()))],
            );
            logged.source = Some(member.party.clone());
            logged.recipient = Some(to.id.clone());
            logged.answer = Sha256::digest(sealed).to_vec();
            let body = PassedBody {
                covenant: covenant.id().to_string(),
                covenant_digest: covenant.digest().to_hex(),
                from: member.party.to_string(),
                sealed: data_encoding::BASE64.encode(sealed),
            };
            notices.push(NewNotice {
                to: to.oin.clone(),
                id: NoticeId::fresh(),
                entries: vec![entries.len()],
                body: Body::Passed(body).to_bytes().ok_or(Reason::BrokerFailed)?,
            });
            entries.push(logged);
        }
        let once = Once::of(member, "PassOn", &passing.header, now, |hash| {
            hash.update(passing.desk.case.as_bytes());
            for (party, sealed) in &passing.sealed {
                hash.update(party.as_str().as_bytes());
                hash.update(Sha256::digest(sealed));
            }
        });
        let logged = self.store().commit_step(move |tx| {
            once.step(tx, |_| {
                let mut decided = Decided::for_asker(entries, ());
                decided.notices = notices;
                Ok(decided)
            })
        });
        let logged = logged.await?.ok_or(Reason::BrokerFailed)?;
        self.tell();
        self.once_witnessed(covenant, logged).await
    }
}

/// Names of the facts that hold grounds, by place.
const GROUNDS: [&str; wire::limit::GROUNDS] = [
    "ground_1",
    "ground_2",
    "ground_3",
    "ground_4",
    "ground_5",
    "ground_6",
    "ground_7",
    "ground_8",
    "ground_9",
    "ground_10",
    "ground_11",
    "ground_12",
    "ground_13",
    "ground_14",
    "ground_15",
    "ground_16",
];

/// `UAVG 41.1.d` as a word of the log: `uavg_41_1_d`.
fn ground_word(text: &str) -> String {
    text.to_ascii_lowercase().replace([' ', '.'], "_")
}

/// Whether an entry is the party's own: it asked, was told, or let another know something.
fn is_own(listed: &Listed, versions: &BTreeSet<Digest>, party: &PartyId) -> bool {
    let here = listed
        .covenant
        .is_some_and(|digest| versions.contains(&digest));
    let (recipient, revealed) = stands(listed, |named| named == party);
    here && (recipient || revealed)
}

/// The same request is taken once, and answered again as before.
struct Once {
    key: RequestKey,
    hash: Digest,
    oin: model::Oin,
    nonce: [u8; 32],
    expires_at: Timestamp,
    now: Timestamp,
}

impl Once {
    fn of(
        member: &Answerable,
        method: &str,
        header: &Header,
        now: Timestamp,
        content: impl FnOnce(&mut Sha256),
    ) -> Self {
        let mut hash = Sha256::new();
        hash.update(header.covenant.as_str().as_bytes());
        content(&mut hash);
        Self {
            key: RequestKey {
                client: member.oin.to_string(),
                method: method.to_owned(),
                id: header.request_id,
            },
            hash: Digest::new(hash.finalize().into()),
            oin: member.oin.clone(),
            nonce: header.nonce,
            expires_at: header.expires_at,
            now,
        }
    }

    fn step(
        self,
        tx: &mut BrokerTx,
        decide: impl FnOnce(&mut BrokerTx) -> Result<Decided<()>, Refused>,
    ) -> Result<Step<()>, Refused> {
        if let Some(remembered) = tx.answered(&self.key, &self.hash)? {
            return Ok(Step::Again {
                remembered,
                disclosure: (),
            });
        }
        tx.accept_once(&self.oin, &self.nonce, self.expires_at, self.now)?;
        let mut decided = decide(tx)?;
        decided.remember = Some(Remember {
            key: self.key,
            hash: self.hash,
            answer: Vec::new(),
            until: None,
        });
        Ok(Step::Decided(decided))
    }
}
