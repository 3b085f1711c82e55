//! `covenant audit` against a broker that lies about its log: each lie is caught by name.

use std::path::Path;
use std::process::Output;

use journeys::liar::{Liar, Lie, forked, leaves, naming};
use sandbox::messages::{Home, home, visit};
use sandbox::{Plan, Running, World};
use wire::audit_v1::{Entry, GetCheckpointRequest};

use super::{code, complained, covenant, json, said, text};

/// A world in which the corporation asked some questions, a liar before its broker, and what stands
/// in the log.
struct Told {
    running: Running,
    liar: Liar,
    entries: Vec<Entry>,
    folder: tempfile::TempDir,
}

impl Told {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let running = Running::start(&folder.path().join("world"), &Plan::demo())
            .await
            .unwrap();
        let world = &running.world;
        let asker = sandbox::clients::NodeClient::of(world, "corporatie", "huismeester").unwrap();
        for number in 1..11 {
            let about = home(Home {
                postcode: "1234AB",
                number,
                shielded: false,
            });
            let (id, role) = (&world.covenants[0].id, "corporatie.huismeester");
            let question = visit(id, "bezoekveiligheid", role, about);
            asker.checks().check_visit(question).await.unwrap();
        }
        let auditor = &world.auditor;
        let (at, ca) = (&world.audit.grpc, &world.ca);
        let channel = sandbox::clients::connect(at, ca, &auditor.cert, &auditor.key).unwrap();
        let mut log = sandbox::clients::auditor(world).unwrap();
        let note = log.get_checkpoint(GetCheckpointRequest {}).await.unwrap();
        let key = ledger::LogVerifier::parse(&world.broker.log_key).unwrap();
        let size = key.verify(&note.into_inner().checkpoint).unwrap().size;
        let entries = leaves(&mut log, size).await.unwrap();
        let liar = Liar::before(world, channel).await.unwrap();
        Self {
            liar,
            entries,
            folder,
            running,
        }
    }

    fn world(&self) -> &World {
        &self.running.world
    }

    fn file(&self, name: &str) -> String {
        text(&self.folder.path().join(name))
    }

    /// A command of the auditor's, by way of the liar.
    async fn run(&self, command: &str, more: &[&str]) -> Output {
        let auditor = &self.world().auditor;
        let mut words: Vec<String> = [
            "audit",
            command,
            "--broker",
            &self.liar.address,
            "--ca",
            &text(&self.world().ca),
            "--cert",
            &text(&auditor.cert),
            "--key",
            &text(&auditor.key),
            "--lang",
            "en",
        ]
        .map(str::to_owned)
        .to_vec();
        words.extend(more.iter().map(|word| (*word).to_owned()));
        run(words).await
    }

    async fn query(&self, lie: Lie, more: &[&str]) -> Output {
        self.liar.lies(lie);
        let key = self.world().broker.log_key.clone();
        let evidence = self.file("evidence");
        let mut words = vec!["--vkey", &key, "--evidence", &evidence];
        words.extend(more);
        self.run("query", &words).await
    }

    /// The places of the entries that name the corporation.
    fn asked(&self) -> Vec<u64> {
        naming(&self.entries, "corporatie")
    }
}

async fn run(words: Vec<String>) -> Output {
    tokio::task::spawn_blocking(move || covenant(words))
        .await
        .unwrap()
}

fn all(output: &Output) -> String {
    said(output) + &complained(output)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_another_order_or_with_an_entry_twice_is_not_shown() {
    let told = Told::new().await;
    let honest = told.query(Lie::None, &[]).await;
    assert_eq!(code(&honest), 0, "{}", all(&honest));
    assert!(said(&honest).contains("No gap"), "{}", said(&honest));
    for (lie, word) in [
        (Lie::Reorders, "stands after entry"),
        (Lie::Repeats, "stands twice in the answer"),
    ] {
        for filter in [&[][..], &["--recipient", "corporatie"]] {
            let found = told.query(lie.clone(), filter).await;
            assert_eq!(code(&found), 1, "{lie:?}: {}", all(&found));
            assert!(complained(&found).contains(word), "{}", complained(&found));
            assert_eq!(said(&found), "", "{lie:?}");
        }
    }
    told.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_or_a_page_that_is_left_out_is_named() {
    let told = Told::new().await;
    let asked = told.asked();
    assert!(asked.len() > 5, "{asked:?}");
    let middle = asked[asked.len() / 2];
    for filter in [
        &[][..],
        &["--recipient", "corporatie"],
        &["--purpose", "bezoekveiligheid"],
        &["--party", "corporatie"],
    ] {
        let honest = told.query(Lie::None, filter).await;
        assert_eq!(code(&honest), 0, "{filter:?}: {}", all(&honest));
        for lie in [Lie::Omits(vec![middle]), Lie::OmitsPage] {
            let found = told.query(lie.clone(), filter).await;
            assert_eq!(code(&found), 1, "{filter:?} {lie:?}: {}", all(&found));
            let out = said(&found);
            assert!(out.contains("ALARM: entries are missing"), "{out}");
            assert!(
                out.contains("corporatie") && out.contains("between"),
                "{out}"
            );
        }
    }
    let filter = ["--recipient", "corporatie", "--format", "json"];
    let found = told.query(Lie::Omits(vec![middle]), &filter).await;
    let document = json(&found);
    let leaf = ledger::Skeleton::from_leaf(&told.entries[usize::try_from(middle).unwrap()].leaf);
    let number = leaf.unwrap().counters.recipient.unwrap();
    assert_eq!(document["omissions"], "missing");
    let gap = &document["missing"][0];
    assert_eq!(
        (&gap["counter"], &gap["party"], &gap["first"], &gap["last"]),
        (
            &"recipient".into(),
            &"corporatie".into(),
            &number.into(),
            &number.into()
        )
    );
    let csv = told
        .query(Lie::Omits(vec![middle]), &["--format", "csv"])
        .await;
    assert_eq!(code(&csv), 1);
    assert!(complained(&csv).contains("ALARM: entries are missing"));
    assert!(!said(&csv).contains("ALARM"));
    // Where a filter follows nobody, that is said, and how to ask instead.
    let other = ["--kind", "check-answered"];
    let blind = told.query(Lie::Omits(vec![middle]), &other).await;
    assert_eq!(code(&blind), 0, "{}", all(&blind));
    assert!(said(&blind).contains("can't be seen in this selection"));
    assert!(said(&blind).contains("ask without filters"));
    told.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_entry_is_missed_by_who_saw_it_before() {
    let told = Told::new().await;
    let filter = ["--recipient", "corporatie"];
    let unseen = told.query(Lie::OmitsLast, &filter).await;
    assert_eq!(code(&unseen), 0, "{}", all(&unseen));
    let word = "Whether the last ones are missing shows only";
    assert!(said(&unseen).contains(word), "{}", said(&unseen));
    // Any query that showed it will do, also one with other filters.
    let memory = told.file("memory.json");
    let first = told.query(Lie::None, &["--memory", &memory]).await;
    assert_eq!(code(&first), 0, "{}", all(&first));
    let again = ["--recipient", "corporatie", "--memory", &memory];
    let found = told.query(Lie::OmitsLast, &again).await;
    assert_eq!(code(&found), 1, "{}", all(&found));
    assert!(said(&found).contains("at the end; an earlier answer showed"));
    let honest = told.query(Lie::None, &again).await;
    assert_eq!(code(&honest), 0, "{}", all(&honest));
    told.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_sees_what_is_left_out_of_its_own_entries() {
    let told = Told::new().await;
    let world = told.world();
    let home = world.nodes["corporatie"].config.parent().unwrap();
    let (cert, own) = (home.join("client.pem"), home.join("client.key"));
    let channel = sandbox::clients::connect(&world.broker.grpc, &world.ca, &cert, &own).unwrap();
    let liar = Liar::before(world, channel).await.unwrap();
    let key = world.broker.log_key.clone();
    let asked = told.asked();
    let middle = asked[asked.len() / 2];
    let query = async |lie: Lie, filter: &[&str]| {
        liar.lies(lie);
        let words = ["audit", "query", "--broker", &liar.address, "--lang", "en"];
        let mut words: Vec<String> = words.map(str::to_owned).to_vec();
        for (name, value) in [
            ("--ca", text(&world.ca)),
            ("--cert", text(&cert)),
            ("--key", text(&own)),
            ("--vkey", key.clone()),
        ] {
            words.extend([name.to_owned(), value]);
        }
        words.extend(filter.iter().map(|word| (*word).to_owned()));
        run(words).await
    };
    for filter in [&[][..], &["--recipient", "corporatie"]] {
        let honest = query(Lie::None, filter).await;
        assert_eq!(code(&honest), 0, "{}", all(&honest));
        assert!(said(&honest).contains("No gap"), "{}", said(&honest));
        let found = query(Lie::Omits(vec![middle]), filter).await;
        assert_eq!(code(&found), 1, "{}", all(&found));
        assert!(said(&found).contains("recipient corporatie"));
    }
    // Of another party's entries it gets those that name both: their numbers have honest gaps.
    let other = query(Lie::None, &["--source", "gemeente"]).await;
    assert_eq!(code(&other), 0, "{}", all(&other));
    let word = "can't be seen in this selection";
    assert!(said(&other).contains(word), "{}", said(&other));
    told.running.stop().await.unwrap();
}

fn only(folder: &Path) -> std::path::PathBuf {
    let mut entries = std::fs::read_dir(folder).unwrap();
    let only = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none());
    only
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_watch_did_not_see_is_refused_and_kept() {
    let told = Told::new().await;
    let (key, memory) = (told.world().broker.log_key.clone(), told.file("watch.json"));
    let evidence = told.file("evidence");
    let watched = [
        "--vkey",
        &key,
        "--state",
        &memory,
        "--evidence",
        &evidence,
        "--once",
    ];
    let seen = told.run("watch", &watched).await;
    assert_eq!(code(&seen), 0, "{}", all(&seen));
    // The first entry is about a covenant, and names nobody.
    let asked = ["--recipient", "corporatie"];
    assert!(!told.asked().contains(&0));
    let other = forked(told.world(), &told.entries, 0).unwrap();
    let shown = other.note().unwrap();
    let other = std::sync::Arc::new(other);
    // By its numbers the other history is whole: nothing in the answer itself gives it away.
    let alone = told.query(Lie::Forks(other.clone()), &asked).await;
    assert_eq!(code(&alone), 0, "{}", all(&alone));
    let again = ["--recipient", "corporatie", "--memory", &memory];
    let found = told.query(Lie::Forks(other), &again).await;
    assert_eq!(code(&found), 1, "{}", all(&found));
    assert_eq!(said(&found), "");
    assert!(
        complained(&found).contains("ALARM: the log is"),
        "{}",
        complained(&found)
    );
    let kept = only(Path::new(&evidence));
    assert_eq!(std::fs::read(kept.join("given.note")).unwrap(), shown);
    let before: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&memory).unwrap()).unwrap();
    let seen = std::fs::read_to_string(kept.join("seen.note")).unwrap();
    assert_eq!(before["checkpoint"], seen);
    // What was seen stays what was seen, and an export is laid beside it too.
    told.liar.lies(Lie::None);
    let bundle = told.file("bundle");
    let exported = ["--vkey", &key, "--out", &bundle, "--memory", &memory];
    let exported = told.run("export", &exported).await;
    assert_eq!(code(&exported), 0, "{}", all(&exported));
    let honest = told.query(Lie::None, &["--memory", &memory]).await;
    assert_eq!(code(&honest), 0, "{}", all(&honest));
    told.running.stop().await.unwrap();
}

/// Compares files, with more words.
async fn compare(told: &Told, files: &[&str], more: &[String]) -> Output {
    let key = told.world().broker.log_key.clone();
    let evidence = told.file("compared");
    let mut words = vec!["audit", "compare", "--log-key", &key, "--lang", "en"];
    words.extend(["--evidence", &evidence]);
    words.extend(files);
    words.extend(more.iter().map(String::as_str));
    run(words.into_iter().map(str::to_owned).collect()).await
}

/// What several parties hold: an evidence bundle, a watcher's memory, an earlier checkpoint of the
/// same log, and one of that size of another log.
struct Holding {
    bundle: String,
    memory: String,
    node: String,
    fork: String,
}

impl Holding {
    async fn of(told: &Told) -> Self {
        let key = told.world().broker.log_key.clone();
        let (bundle, memory) = (told.file("bundle"), told.file("watch.json"));
        let (node, fork) = (told.file("node.checkpoint"), told.file("fork.checkpoint"));
        let export = ["--vkey", &key, "--out", &bundle];
        assert_eq!(code(&told.run("export", &export).await), 0);
        let evidence = told.file("evidence");
        let watched = ["--vkey", &key, "--state", &memory, "--evidence", &evidence];
        let watched = [&watched[..], &["--once"]].concat();
        assert_eq!(code(&told.run("watch", &watched).await), 0);
        let earlier = &told.entries[..told.entries.len() - 2];
        let hash = |entry: &Entry| model::Digest::from_slice(&entry.leaf_hash).unwrap();
        let mut hashes: Vec<model::Digest> = earlier.iter().map(hash).collect();
        let note = |hashes: &[model::Digest]| {
            let history = journeys::liar::History::of(told.world(), hashes);
            history.unwrap().note().unwrap()
        };
        std::fs::write(&node, note(&hashes)).unwrap();
        hashes[1] = ledger::tree::leaf_hash(b"another");
        std::fs::write(&fork, note(&hashes)).unwrap();
        Self {
            bundle,
            memory,
            node,
            fork,
        }
    }
}

/// The words that let a comparison ask the broker.
fn online(told: &Told) -> Vec<String> {
    let (world, auditor) = (told.world(), &told.world().auditor);
    [
        ("--broker", told.liar.address.clone()),
        ("--ca", text(&world.ca)),
        ("--cert", text(&auditor.cert)),
        ("--key", text(&auditor.key)),
    ]
    .into_iter()
    .flat_map(|(name, value)| [name.to_owned(), value])
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_of_several_parties_are_compared() {
    let told = Told::new().await;
    let Holding {
        bundle,
        memory,
        node,
        ..
    } = &Holding::of(&told).await;
    let one = compare(&told, &[node, memory, bundle], &[]).await;
    assert_eq!(code(&one), 0, "{}", all(&one));
    assert!(said(&one).contains("worked out from"), "{}", said(&one));
    assert!(said(&one).contains("3 checkpoints are of one log"));
    let unknown = compare(&told, &[node, memory], &[]).await;
    assert_eq!(code(&unknown), 2, "{}", all(&unknown));
    let word = "can't be told without the broker or a bundle";
    assert!(said(&unknown).contains(word));
    let asked = compare(&told, &[node, memory], &online(&told)).await;
    assert_eq!(code(&asked), 0, "{}", all(&asked));
    assert!(said(&asked).contains("the broker's proof, verified"));
    // One alone is nothing to compare.
    assert_eq!(code(&compare(&told, &[node], &[]).await), 2);
    told.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_between_parties_is_found_and_kept() {
    let told = Told::new().await;
    let Holding {
        bundle,
        memory,
        node,
        fork,
    } = &Holding::of(&told).await;
    for (files, more, word) in [
        ([node, fork], Vec::new(), "two histories"),
        ([fork, bundle], Vec::new(), "two histories"),
        ([fork, memory], online(&told), "can't prove"),
    ] {
        let found = compare(&told, &files.map(String::as_str), &more).await;
        assert_eq!(code(&found), 1, "{files:?}: {}", all(&found));
        assert!(said(&found).contains(word), "{files:?}: {}", said(&found));
        assert!(said(&found).contains("NOT of one log"));
        let kept = only(Path::new(&told.file("compared")));
        let first = std::fs::read(kept.join("first.note")).unwrap();
        let second = std::fs::read(kept.join("second.note")).unwrap();
        let forked = std::fs::read(fork).unwrap();
        assert!(first == forked || second == forked);
        std::fs::remove_dir_all(told.file("compared")).unwrap();
    }
    // Who did not sign vouches for nothing.
    let key = told.world().broker.log_key.clone();
    let (origin, _) = key.split_once('+').unwrap();
    let stranger = ledger::LogSigner::from_seed(origin, &model::Secret::new([3; 32]));
    let note = stranger.unwrap().sign(3, model::Digest::new([1; 32]));
    std::fs::write(fork, note).unwrap();
    let refused = compare(&told, &[node, fork], &[]).await;
    assert_eq!(code(&refused), 2);
    assert!(complained(&refused).contains("no signature by this key"));
    told.running.stop().await.unwrap();
}
