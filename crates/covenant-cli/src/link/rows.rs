//! The rows of one side: as signals to push, with their truth, and in an order in which they may be
//! pushed together.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use anyhow::Context as _;
use covenant::Covenant;
use model::{CategoryCode, KeyEpoch, MatchKeyId, PartyId, Secret, Token};
use pseudonym::{CovenantKey, Deriver, normalise};

use crate::answer::Language;
use crate::import::{ColumnSource, Ids, Input, Item, ReadRow, Source, read};
use crate::progress::Progress;

/// One side's rows.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    input: &'a Input,
    /// Whose node they are pushed through.
    pub(super) party: PartyId,
    items: BTreeMap<usize, Item>,
    /// The place of the row whose signal has this id.
    by_id: HashMap<String, usize>,
    tokens: HashMap<usize, Vec<Token>>,
    truth: HashMap<usize, String>,
    all: usize,
    left_out: usize,
    /// How many rows have no truth, where truth is asked for.
    truthless: usize,
}

impl<'a> Rows<'a> {
    /// Reads the rows as `party` would import them. Rows that a node would refuse are left aside.
    pub(super) fn read(
        input: &'a Input,
        covenant: &Covenant,
        deriver: &Deriver,
        party: &PartyId,
        truth: Option<&str>,
        lang: Language,
    ) -> anyhow::Result<Self> {
        anyhow::ensure!(
            input.map.signal.covenant == covenant.id().as_str(),
            "the map is for another covenant than {}",
            covenant.id()
        );
        let truth = truth.map(|column| truth_source(input, column));
        if let Some(source) = &truth {
            input.table.must_have([source])?;
        }
        let mut rows = Self {
            input,
            party: party.clone(),
            items: BTreeMap::new(),
            by_id: HashMap::new(),
            tokens: HashMap::new(),
            truth: HashMap::new(),
            all: input.table.rows().len(),
            left_out: 0,
            truthless: 0,
        };
        let mut ids = Ids::throw_away()?;
        let mut progress = Progress::of(rows.all, lang.pick("lezen", "reading"));
        for row in input.table.rows() {
            progress.at(row.place);
            if let Some(value) = truth
                .as_ref()
                .and_then(|from| input.patterns.value(from, &row))
                && !value.is_empty()
            {
                rows.truth.insert(row.place, value);
            }
            let ReadRow {
                signal,
                refused,
                left_out,
                raw,
            } = read(&input.map, &input.patterns, &row, &mut ids);
            rows.left_out += left_out.len();
            if !refused.is_empty() {
                continue;
            }
            if let Some(category) = &signal.category {
                let code = CategoryCode::parse(&format!("{}:{}", category.scheme, category.code))?;
                anyhow::ensure!(
                    covenant.may_be_source(party, &code),
                    "the covenant does not let {party} share the map's category"
                );
            }
            let normal = raw.iter().filter_map(|raw| normalise(raw).ok());
            let tokens: Vec<Token> = normal.flat_map(|one| deriver.derive(&one)).collect();
            if tokens.is_empty() {
                // Too few fields for any comparison: a node takes no such signal.
                continue;
            }
            rows.tokens.insert(row.place, tokens);
            rows.by_id.insert(signal.id.clone(), row.place);
            rows.items.insert(row.place, Item::new(&row, signal));
        }
        progress.finish();
        if truth.is_some() {
            rows.count_truthless()?;
        }
        anyhow::ensure!(
            !rows.items.is_empty(),
            "no row can become a signal; see covenant import --dry-run"
        );
        Ok(rows)
    }

    /// Where truth is asked for, figures without any would say nothing.
    fn count_truthless(&mut self) -> anyhow::Result<()> {
        anyhow::ensure!(
            !self.truth.is_empty(),
            "--truth: no row has a value for it; name another column, or correct its pattern or \
             values in the map"
        );
        self.truthless = self.all.saturating_sub(self.truth.len());
        Ok(())
    }

    /// Tells on standard error what was left aside.
    pub(super) fn remark(&self, file: &Path, lang: Language) {
        let (name, truthless) = (file.display(), self.truthless);
        if truthless > 0 {
            match lang {
                Language::Nl => complainln!(
                    "{name}: {truthless} rijen hebben geen waarde voor --truth; een paar met zo'n \
                     rij telt als onjuist"
                ),
                Language::En => complainln!(
                    "{name}: {truthless} rows have no value for --truth; a pair with such a row \
                     counts as not true"
                ),
            }
        }
        let aside = self.all.saturating_sub(self.items.len());
        if aside == 0 && self.left_out == 0 {
            return;
        }
        let fields = self.left_out;
        match lang {
            Language::Nl => complainln!(
                "{name}: {aside} rijen doen niet mee, {fields} velden zijn weggelaten (zie covenant \
                 import --dry-run)"
            ),
            Language::En => complainln!(
                "{name}: {aside} rows take no part, {fields} fields were left out (see covenant \
                 import --dry-run)"
            ),
        }
    }

    /// All rows as items to send.
    pub(super) fn items(&self) -> Vec<Item> {
        self.items.values().cloned().collect()
    }

    /// How many rows take part.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// The row whose signal has this id.
    pub(super) fn place_of(&self, signal_id: &str) -> Option<usize> {
        self.by_id.get(signal_id).copied()
    }

    /// The line of the file on which a row begins.
    pub(super) fn line(&self, place: usize) -> u64 {
        self.input
            .table
            .rows()
            .nth(place)
            .map_or(0, |row| row.line())
    }

    /// Which subject a row is about, in truth.
    pub(super) fn truth(&self, place: usize) -> Option<&str> {
        self.truth.get(&place).map(String::as_str)
    }

    /// The truths of all rows that have one, also of those that take no part.
    pub(super) fn truths(&self) -> impl Iterator<Item = &str> {
        self.truth.values().map(String::as_str)
    }

    /// The rows in waves: within one, no two rows share a token.
    ///
    /// A broker tells a decision over the same signals once, so of two rows that agree with each
    /// other and with the same others, pushed together, only one would be seen to match. One after
    /// the other, each is told by itself.
    pub(super) fn waves(&self) -> Vec<Vec<usize>> {
        let mut waves: Vec<(Vec<usize>, HashSet<&Token>)> = Vec::new();
        for place in self.items.keys() {
            let tokens = self.tokens.get(place).map_or(&[][..], Vec::as_slice);
            let free = |(_, taken): &&mut (Vec<usize>, HashSet<&Token>)| {
                tokens.iter().all(|token| !taken.contains(token))
            };
            if let Some((rows, taken)) = waves.iter_mut().find(free) {
                rows.push(*place);
                taken.extend(tokens);
            } else {
                waves.push((vec![*place], tokens.iter().collect()));
            }
        }
        waves.into_iter().map(|(rows, _)| rows).collect()
    }

    /// The rows of `wave` that share a token with a row of a later one.
    pub(super) fn in_the_way(&self, wave: &[usize], later: &[Vec<usize>]) -> Vec<usize> {
        let tokens = |place: &usize| self.tokens.get(place).into_iter().flatten();
        let taken: HashSet<&Token> = later.iter().flatten().flat_map(tokens).collect();
        let is_taken = |place: &usize| tokens(place).any(|token| taken.contains(token));
        wave.iter().copied().filter(is_taken).collect()
    }

    /// The id of a row's signal.
    pub(super) fn signal_id(&self, place: usize) -> Option<String> {
        self.items.get(&place)?.signal_id()
    }

    /// The items of some rows.
    pub(super) fn some(&self, places: &[usize]) -> Vec<Item> {
        places
            .iter()
            .filter_map(|place| self.items.get(place))
            .cloned()
            .collect()
    }
}

/// Which rows of one side agree with any of the other: how many matches to wait for. What is found
/// comes from the broker alone.
#[derive(Debug)]
pub(super) struct Expectation<'a> {
    covenant: &'a Covenant,
    left: HashMap<&'a Token, Vec<usize>>,
}

impl<'a> Expectation<'a> {
    pub(super) fn of(covenant: &'a Covenant, left: &'a Rows<'_>) -> Self {
        let mut index: HashMap<&Token, Vec<usize>> = HashMap::new();
        for (place, tokens) in &left.tokens {
            for token in tokens {
                index.entry(token).or_default().push(*place);
            }
        }
        Self {
            covenant,
            left: index,
        }
    }

    /// The rows among `places` that should match.
    pub(super) fn among(&self, right: &Rows<'_>, places: &[usize]) -> BTreeSet<usize> {
        places
            .iter()
            .copied()
            .filter(|place| self.agreeing(right, *place) > 0)
            .collect()
    }

    /// A right row that agrees with exactly one left row.
    pub(super) fn single(&self, right: &Rows<'_>) -> Option<usize> {
        right
            .items
            .keys()
            .copied()
            .find(|place| self.agreeing(right, *place) == 1)
    }

    /// With how many left rows a right row agrees.
    fn agreeing(&self, right: &Rows<'_>, place: usize) -> usize {
        let mut agreed: HashMap<usize, BTreeSet<&MatchKeyId>> = HashMap::new();
        for token in right.tokens.get(&place).into_iter().flatten() {
            for left in self.left.get(token).into_iter().flatten() {
                agreed.entry(*left).or_default().insert(&token.key);
            }
        }
        let enough = |keys: &&BTreeSet<&MatchKeyId>| {
            self.covenant.match_keys().iter().any(|spec| {
                let of_spec = spec
                    .keys
                    .iter()
                    .filter(|key| keys.contains(&key.id))
                    .count();
                of_spec >= usize::from(spec.needed.max(1))
            })
        };
        agreed.values().filter(enough).count()
    }
}

/// What tells which rows share tokens. Any key will do, the same for both sides.
pub(super) fn deriver(covenant: &Covenant) -> anyhow::Result<Deriver> {
    let key = CovenantKey::from_secret(Secret::new(model::id::random_32()));
    Deriver::new(&key, covenant.id(), KeyEpoch::FIRST, covenant.match_keys())
        .context("the covenant's comparisons")
}

fn truth_source(input: &Input, column: &str) -> Source {
    input.map.derived.get(column).cloned().unwrap_or_else(|| {
        Source::Column(ColumnSource {
            column: column.to_owned(),
            pattern: None,
            values: None,
            date: None,
            empty: None,
        })
    })
}
