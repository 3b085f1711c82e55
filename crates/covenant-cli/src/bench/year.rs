//! A disclosure log as large as wanted, with the entries that a broker makes: questions by a
//! corporation that two sources answer for, some of them refused, and dummies between them.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Context as _;
use covenant::decide::{
    AskerFacts, Asking, Counters as Asked, Decision, Standing, answer, may_ask,
};
use covenant::language::words::LoginLevel;
use covenant::signoff::ActiveCovenant;
use ledger::counters::Reader;
use ledger::export::{Disclosed, Exporter, Shown};
use ledger::outcome::Engine;
use ledger::word::{Code, TraceId, TransactionId};
use ledger::{
    AudienceKey, Counters, Decided, Kind, LogSigner, NewEntry, NodeId, Outcome, Placement, Salt,
    Salts, Sealed, tree,
};
use model::{
    ActorId, Candidate, CategoryCode, Certainty, Digest, KeyEpoch, Match, MatchKeyId, PartyId,
    ProtectionStatement, PurposeId, RoleRef, Signal, SignalId, Subject, SubjectKind, Timestamp,
};
use replay::outcome::{About, outcome};
use sha2::{Digest as _, Sha256};

pub(super) const PURPOSE: &str = "bezoekveiligheid";
pub(super) const ASKER: &str = "corporatie";

/// What repeats, with other ids each time: of 20 entries 16 are of answered questions, one in four
/// of which found something, one of a refused one, and three are dummies.
pub(super) struct Year<'a> {
    signer: &'a LogSigner,
    round: Vec<NewEntry>,
    start: Timestamp,
    /// The hashes of complete subtrees, by height.
    nodes: Vec<Vec<Digest>>,
}

impl<'a> Year<'a> {
    /// A log of `size` entries under a covenant, until `now`.
    pub(super) fn of(
        size: u64,
        active: &ActiveCovenant,
        signer: &'a LogSigner,
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        let mut year = Self {
            signer,
            round: round(active, now)?,
            start: now,
            nodes: Vec::new(),
        };
        let mut entries = Entries::default();
        for seq in 0..size {
            let sealed = entries.next(&year, seq)?;
            let made = tree::append(seq, sealed.leaf_hash, |id| year.node(id))?;
            for (id, hash) in made {
                let level = usize::from(id.level);
                if year.nodes.len() <= level {
                    year.nodes.push(Vec::new());
                }
                year.nodes
                    .get_mut(level)
                    .context("heights are made one after the other")?
                    .push(hash);
            }
        }
        Ok(year)
    }

    fn node(&self, id: NodeId) -> Option<Digest> {
        let index = usize::try_from(id.index).ok()?;
        self.nodes.get(usize::from(id.level))?.get(index).copied()
    }

    /// How many entries it has.
    pub(super) fn size(&self) -> u64 {
        let leaves = self.nodes.first().map_or(0, Vec::len);
        u64::try_from(leaves).unwrap_or(u64::MAX)
    }

    /// Writes the export of the whole log for a reader: what it may see is as with the broker.
    pub(super) fn export(&self, reader: &Reader, to: &mut impl Write) -> anyhow::Result<()> {
        let size = self.size();
        let note = self
            .signer
            .sign(size, tree::root(size, |id| self.node(id))?);
        let exporter = Exporter::new(self.signer.verifier(), &note, reader.clone(), 0)?;
        to.write_all(exporter.header(|id| self.node(id))?.as_bytes())?;
        let mut entries = Entries::default();
        for seq in 0..size {
            let shown = shown(entries.next(self, seq)?, reader);
            let line = exporter.line(seq, &shown, |id| self.node(id))?;
            to.write_all(line.as_bytes())?;
        }
        Ok(())
    }
}

/// What a reader sees of an entry: the asker its request and its answer, the auditor all, nobody
/// a dummy.
fn shown(sealed: Sealed, reader: &Reader) -> Shown {
    if sealed.skeleton.covenant.is_none() {
        return Shown::Hash(sealed.leaf_hash);
    }
    let outcome = match reader {
        Reader::Party(_) => Disclosed::Hidden,
        Reader::Operator | Reader::Auditor(_) => Disclosed::Open(sealed.outcome),
    };
    Shown::Leaf {
        leaf: sealed.leaf,
        request: Disclosed::Open(sealed.request),
        answer: Disclosed::Open(sealed.answer),
        outcome,
    }
}

/// The numbers so far.
#[derive(Default)]
struct Entries(BTreeMap<AudienceKey, u64>);

impl Entries {
    fn next(&mut self, year: &Year<'_>, seq: u64) -> anyhow::Result<Sealed> {
        let place = usize::try_from(seq)? % year.round.len();
        let mut entry = year.round.get(place).context("a round of entries")?.clone();
        // The entries of one question have one id.
        let id = fresh("question", seq / 2);
        let hex = data_encoding::HEXLOWER.encode(&id);
        let (trace, _) = hex.split_at(32);
        if entry.covenant.is_some() {
            entry.request = id.to_vec();
            entry.outcome.transaction_id = Some(TransactionId::parse(trace)?);
            entry.outcome.trace_id = Some(TraceId::parse(trace)?);
        }
        let audiences = entry.audiences();
        let mut next = |key: AudienceKey| {
            let number = self.0.entry(key).or_default();
            *number += 1;
            *number
        };
        let counters = Counters {
            recipient: audiences.recipient.map(&mut next),
            source: audiences.source.map(&mut next),
            purpose: next(audiences.purpose),
        };
        let salt = |what| Salt::new(fresh(what, seq));
        let placement = Placement {
            seq,
            at: year.start.plus_seconds(i64::try_from(seq)?),
            counters,
            nonce: fresh("nonce", seq),
            salts: Salts {
                request: salt("request"),
                answer: salt("answer"),
                outcome: salt("outcome"),
            },
        };
        Ok(entry.seal(placement)?)
    }
}

/// Bytes that look random, and are the same when the entry is made again.
fn fresh(what: &str, seq: u64) -> [u8; 32] {
    let hash = Sha256::new_with_prefix(what.as_bytes());
    hash.chain_update(seq.to_be_bytes()).finalize().into()
}

fn round(active: &ActiveCovenant, now: Timestamp) -> anyhow::Result<Vec<NewEntry>> {
    let mut standing = Standing::new(active.covenant());
    for party in active.covenant().parties().keys() {
        standing.confirm(party, now);
    }
    let ask = |found, file_number| asked(active, &standing, found, file_number, now);
    let mut round = Vec::new();
    for question in 0..8 {
        let answered = ask(question % 4 == 0, true)?;
        let reveal = |entry: &NewEntry| entry.outcome.decision == Some(Decided::Revealed);
        let revealing = answered.iter().filter(|entry| reveal(entry)).count();
        anyhow::ensure!(
            answered.len() == 2 && revealing == usize::from(question % 4 == 0),
            "of the two sources in scope one reveals, one time in four"
        );
        round.extend(answered);
    }
    let refused = ask(false, false)?;
    anyhow::ensure!(refused.len() == 1, "a refusal is one entry");
    round.extend(refused);
    let engine = Engine {
        name: Code::parse("covenant")?,
        version: Code::parse(env!("CARGO_PKG_VERSION"))?,
        table_digest: None,
    };
    let dummy = NewEntry::unnamed(None, Outcome::of(Kind::Padding, engine));
    round.extend([dummy.clone(), dummy.clone(), dummy]);
    Ok(round)
}

/// The entries of one question, as the broker writes them.
fn asked(
    active: &ActiveCovenant,
    standing: &Standing,
    found: bool,
    file_number: bool,
    now: Timestamp,
) -> anyhow::Result<Vec<NewEntry>> {
    let covenant = active.covenant();
    let asker = AskerFacts {
        role: RoleRef::parse("corporatie.teamleider")?,
        purpose: PurposeId::parse(PURPOSE)?,
        asking: Asking {
            file_number,
            motivation: file_number,
            login_level: LoginLevel::High,
            counters: Asked {
                employee_today: 1,
                party_today: 1,
                subject_this_month: 1,
            },
        },
    };
    let about = |kind, decided| -> anyhow::Result<About> {
        Ok(About {
            kind,
            transaction: String::new(),
            trace: None,
            actor: Some(ActorId::parse("a-7f3c")?),
            decided,
            subject: None,
            content: None,
        })
    };
    let entry = |source: Option<PartyId>, answer: &str, outcome| NewEntry {
        covenant: Some(covenant.digest()),
        recipient: Some(asker.role.party()),
        source,
        purpose: Some(asker.purpose.clone()),
        request: Vec::new(),
        answer: answer.as_bytes().to_vec(),
        outcome,
    };
    let question = match may_ask(active, standing, &asker, now) {
        Ok(question) => question,
        Err(refusal) => {
            let about = about(Kind::CheckRefused, Decided::Refused)?;
            let outcome = outcome(covenant, &about, &refusal.explanation);
            return Ok(vec![entry(None, refusal.code.as_str(), outcome)]);
        }
    };
    let told = answer(
        active,
        standing,
        question,
        &looked_up(active, found, now)?,
        now,
    );
    let mut entries = Vec::new();
    for one in told.decisions {
        let decided = match one.decision {
            Decision::Reveal(_) => Decided::Revealed,
            Decision::Withhold(_) => Decided::Withheld,
        };
        let about = about(Kind::CheckAnswered, decided)?;
        let outcome = outcome(covenant, &about, &one.decision.explanation());
        entries.push(entry(Some(one.source), told.advice.code, outcome));
    }
    Ok(entries)
}

/// One signal of the municipality about an address, or nothing.
fn looked_up(active: &ActiveCovenant, found: bool, now: Timestamp) -> anyhow::Result<Match> {
    let key = MatchKeyId::parse("adres/postcode+huisnummer+huisletter+toevoeging")?;
    let subject = Subject {
        kind: SubjectKind::Address,
        minor: ProtectionStatement::Absent,
        shielded_address: ProtectionStatement::Absent,
        // What agrees was found already; by what plays no part in the decision.
        tokens: Vec::new(),
    };
    let signal = Signal {
        id: SignalId::from_slice(&[1; 16]).context("an id of 16 bytes")?,
        party: PartyId::parse("gemeente")?,
        covenant: active.covenant().id().clone(),
        epoch: KeyEpoch::FIRST,
        category: CategoryCode::parse("vera:AGR.FYS")?,
        purposes: vec![PurposeId::parse(PURPOSE)?],
        day: now.day(),
        neighbourhood: None,
        certainty: Certainty::Confirmed,
        reviewed_by_person: true,
        police_article: None,
        expires_on: now.day().plus_days(365),
        subjects: vec![subject.clone()],
        content_commitment: Digest::new([9; 32]),
    };
    let candidate = Candidate {
        signal,
        subject: 0,
        agreed: vec![key],
    };
    Ok(Match {
        trigger: None,
        subject,
        candidates: found.then_some(candidate).into_iter().collect(),
    })
}
