//! Rows through two nodes and the broker, and back as pairs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use covenant::Covenant;
use covenant::language::words::Trigger;
use model::clock::Stopwatch;
use model::{PartyId, RequestId};
use sandbox::World;
use tokio::task::JoinSet;
use tonic::transport::Channel;
use wire::node_v1::notice_service_client::NoticeServiceClient;
use wire::node_v1::signal_service_client::SignalServiceClient;
use wire::node_v1::{WatchNoticesRequest, WatchNoticesResponse, WithdrawSignalRequest};
use wire::type_v1::{Notice, NoticeKind, WithdrawalReason};

use super::rows::{Expectation, Rows};
use crate::answer::Language;
use crate::connection::told;
use crate::import::{Item, Outcome, send};
use crate::progress::Progress;
use crate::trial::{Trial, channel};

const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// When nothing new came for so long, nothing more is waited for.
const QUIET: Duration = Duration::from_secs(10);

/// Calls under way at once.
const WITHDRAWN_TOGETHER: usize = 64;

/// Pushes both sides and joins the notices of both nodes on the match: every pair of rows with the
/// number of keys that agree, and the seconds that it took.
pub(super) async fn pairs(
    trial: &Trial,
    covenant: &Covenant,
    left: &Rows<'_>,
    right: &Rows<'_>,
    lang: Language,
) -> anyhow::Result<(Vec<((usize, usize), u32)>, f64)> {
    let world = trial.world();
    let watch = Stopwatch::start();
    let heard_left = Heard::listen(world, covenant, &left.party).await?;
    let heard_right = Heard::listen(world, covenant, &right.party).await?;
    let total = left.len() + right.len();
    let mut progress = Progress::of(total, lang.pick("koppelen", "linking"));
    push(world, &left.party, left.items(), lang).await?;
    trial.delivered().await?;
    progress.at(left.len());
    let expectation = Expectation::of(covenant, left);
    let (mut done, mut missing) = (left.len(), 0);
    let mut known = Joined::default();
    let mut waves = right.waves();
    // The broker matches in the order in which signals came: once this one is told to match, all
    // of the left side was looked at, and no right row was there to be told of yet.
    if let Some(first) = expectation.single(right) {
        for wave in &mut waves {
            wave.retain(|place| *place != first);
        }
        waves.insert(0, vec![first]);
    } else {
        tokio::time::sleep(QUIET).await;
    }
    for (number, wave) in waves.iter().enumerate() {
        let expected = expectation.among(right, wave);
        push(world, &right.party, right.some(wave), lang).await?;
        missing += settle(
            &mut known,
            &expected,
            (&heard_left, left),
            (&heard_right, right),
        )
        .await;
        let later = waves.get(number + 1..).unwrap_or_default();
        withdraw(world, right, &right.in_the_way(wave, later)).await?;
        trial.delivered().await?;
        done += wave.len();
        progress.at(done);
    }
    progress.finish();
    heard_left.end()?;
    heard_right.end()?;
    if missing > 0 {
        match lang {
            Language::Nl => {
                complainln!("van {missing} rijen kwam geen bericht, hoewel zij op andere lijken")
            }
            Language::En => {
                complainln!("of {missing} rows no notice came, though they agree with others")
            }
        }
    }
    Ok((known.pairs(), watch.elapsed().as_secs_f64()))
}

/// Sends rows through a party's node.
async fn push(
    world: &World,
    party: &PartyId,
    items: Vec<Item>,
    lang: Language,
) -> anyhow::Result<()> {
    let channel = channel(world, party, "partner")?;
    let mut silent = Progress::of(items.len(), "");
    silent.mute();
    for outcome in send(channel, items, lang, &mut silent).await? {
        if let Outcome::Refused { line, findings } = outcome {
            let why = findings
                .first()
                .map_or("refused", |finding| lang.pick(&finding.nl, &finding.en));
            anyhow::bail!("the node of {party} refused the row on line {line}: {why}");
        }
    }
    Ok(())
}

/// Withdraws rows that rows of later waves agree with: what a later match says about a left row
/// would else be about these rows too.
async fn withdraw(world: &World, rows: &Rows<'_>, places: &[usize]) -> anyhow::Result<()> {
    let channel = channel(world, &rows.party, "partner")?;
    let client = SignalServiceClient::new(channel);
    for some in places.chunks(WITHDRAWN_TOGETHER) {
        let mut calls = JoinSet::new();
        for signal_id in some.iter().filter_map(|place| rows.signal_id(*place)) {
            let request = WithdrawSignalRequest {
                request_id: RequestId::fresh().to_string(),
                signal_id,
                reason: WithdrawalReason::EnteredInError.into(),
                validate_only: false,
            };
            let mut client = client.clone();
            calls.spawn(async move { client.withdraw_signal(request).await });
        }
        while let Some(answer) = calls.join_next().await {
            answer?.map_err(|status| told(&status, Language::En))?;
        }
    }
    Ok(())
}

/// Waits until the expected rows were told to match; returns how many never were.
async fn settle(
    known: &mut Joined,
    expected: &BTreeSet<usize>,
    left: (&Heard, &Rows<'_>),
    right: (&Heard, &Rows<'_>),
) -> usize {
    let mut quiet = Stopwatch::start();
    loop {
        let news =
            known.take_left(left.0.news(), left.1) | known.take_right(right.0.news(), right.1);
        let matched = known.matched_right();
        let missing = expected.difference(&matched).count();
        if missing == 0 || quiet.elapsed() > QUIET {
            return missing;
        }
        if news {
            quiet = Stopwatch::start();
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// The rows that each side was told of, by match.
#[derive(Debug, Default)]
struct Joined {
    left: BTreeMap<String, BTreeMap<usize, u32>>,
    right: BTreeMap<String, BTreeMap<usize, u32>>,
}

impl Joined {
    fn take_left(&mut self, notices: Vec<Notice>, rows: &Rows<'_>) -> bool {
        take(&mut self.left, notices, rows)
    }

    fn take_right(&mut self, notices: Vec<Notice>, rows: &Rows<'_>) -> bool {
        take(&mut self.right, notices, rows)
    }

    /// The right rows of matches that both sides were told of.
    fn matched_right(&self) -> BTreeSet<usize> {
        let both = self
            .right
            .iter()
            .filter(|(id, _)| self.left.contains_key(*id));
        both.flat_map(|(_, rows)| rows.keys().copied()).collect()
    }

    /// Every left row of a match with every right one. Each side's number is the most keys by which
    /// its row agrees with any row of the other side in the match, so the smaller of the two is
    /// nearest to the pair's own.
    fn pairs(&self) -> Vec<((usize, usize), u32)> {
        let mut pairs = Vec::new();
        for (id, of_left) in &self.left {
            for (left, left_keys) in of_left {
                for (right, right_keys) in self.right.get(id).into_iter().flatten() {
                    pairs.push(((*left, *right), *left_keys.min(right_keys)));
                }
            }
        }
        pairs
    }
}

fn take(
    known: &mut BTreeMap<String, BTreeMap<usize, u32>>,
    notices: Vec<Notice>,
    rows: &Rows<'_>,
) -> bool {
    let mut news = false;
    for notice in notices {
        if notice.kind() != NoticeKind::Match {
            continue;
        }
        news = true;
        let own = known.entry(notice.match_id).or_default();
        for signal in notice.own_signals {
            if let Some(place) = rows.place_of(&signal.id) {
                let keys = own.entry(place).or_default();
                *keys = signal.agreed_keys.max(*keys);
            }
        }
    }
    news
}

/// A party's notices as they come in.
struct Heard {
    party: PartyId,
    notices: Arc<Mutex<Vec<Notice>>>,
    task: tokio::task::JoinHandle<tonic::Status>,
}

impl Heard {
    /// Listens as a role that the covenant tells of matches.
    async fn listen(world: &World, covenant: &Covenant, party: &PartyId) -> anyhow::Result<Self> {
        let role = covenant
            .clauses()
            .iter()
            .filter(|clause| clause.is_triggered_by(Trigger::OnMatch))
            .flat_map(|clause| &clause.to)
            .find(|role| role.party() == *party)
            .with_context(|| format!("the covenant tells {party} of no match (overeenkomst)"))?;
        let channel: Channel = channel(world, party, role.role())?;
        let mut client = NoticeServiceClient::new(channel)
            .max_decoding_message_size(identity::MAX_MESSAGE_BYTES);
        let mut stream = client
            .watch_notices(WatchNoticesRequest::default())
            .await
            .map_err(|status| told(&status, Language::En))?
            .into_inner();
        let notices = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&notices);
        let task = tokio::spawn(async move {
            loop {
                match stream.message().await {
                    Ok(Some(WatchNoticesResponse {
                        notice: Some(stored),
                    })) => {
                        kept.lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .extend(stored.notice);
                    }
                    Ok(Some(_)) => {}
                    Ok(None) => return tonic::Status::unavailable("the stream ended"),
                    Err(status) => return status,
                }
            }
        });
        Ok(Self {
            party: party.clone(),
            notices,
            task,
        })
    }

    /// What came since the last time.
    fn news(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Stops listening; an error when the stream had ended by itself.
    fn end(self) -> anyhow::Result<()> {
        anyhow::ensure!(
            !self.task.is_finished(),
            "the node of {} ended its stream",
            self.party
        );
        self.task.abort();
        Ok(())
    }
}
