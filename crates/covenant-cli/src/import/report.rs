//! What became of a file's rows: a table for people, JSON for programs. It names rows, columns and
//! rules, and repeats no cell.

use comfy_table::{ContentArrangement, Table};
use serde::Serialize;

use super::finding::Finding;
use crate::answer::{Format, Language, say, say_json};

/// The most lines of a table.
const MOST_LINES: usize = 100;

/// What became of a file.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// How many rows the file has, without the empty ones.
    pub(crate) rows: usize,
    /// How many rows with nothing in any cell were passed over.
    pub(crate) empty_rows: usize,
    /// How many the node took, or in a dry run would probably take.
    pub(crate) accepted: usize,
    /// How many of these the node had already; `None` when it did not tell, or nothing was sent.
    pub(crate) known: Option<usize>,
    /// How many were refused.
    pub(crate) refused_rows: usize,
    /// How many accepted signals support no comparison of the covenant; unknown in a dry run.
    pub(crate) never_match: usize,
    /// Whether anything was sent.
    pub(crate) sent: bool,
    /// Whether the covenant's own rules were held against the rows: by the node, or in a dry run with
    /// `--covenant`.
    pub(crate) covenant_checked: bool,
    /// Why rows were refused.
    pub(crate) refused: Vec<Remark>,
    /// What was left out of rows, as the map asks.
    pub(crate) left_out: Vec<Remark>,
}

/// One thing to say about one cell.
#[derive(Debug, Serialize)]
pub(crate) struct Remark {
    /// The line of the file on which the row begins, from 1.
    row: u64,
    /// The column, or the field where no column fills it.
    column: String,
    /// The field's path in the proto.
    field: String,
    /// The rule's code.
    rule: String,
    /// Problem and remedy in Dutch.
    message_nl: String,
    /// Problem and remedy in English.
    message_en: String,
}

impl Remark {
    /// About `column` of the row that begins on line `row`.
    pub(crate) fn new(row: u64, column: String, finding: Finding) -> Self {
        let Finding { path, rule, nl, en } = finding;
        Self {
            row,
            column,
            field: path,
            rule,
            message_nl: nl,
            message_en: en,
        }
    }
}

impl Report {
    /// Prints it.
    pub(crate) fn tell(&mut self, format: Format, lang: Language) -> anyhow::Result<()> {
        self.refused.sort_by_key(|remark| remark.row);
        self.left_out.sort_by_key(|remark| remark.row);
        if format == Format::Json {
            return say_json(self);
        }
        if !self.left_out.is_empty() {
            say(lang.pick("Weggelaten velden:", "Fields left out:"))?;
            say(&table(&self.left_out, lang))?;
        }
        if !self.refused.is_empty() {
            say(lang.pick("Geweigerde rijen:", "Refused rows:"))?;
            say(&table(&self.refused, lang))?;
        }
        let Self {
            rows,
            accepted,
            refused_rows,
            ..
        } = self;
        say(&match lang {
            Language::Nl => format!("{rows} rijen: {accepted} goed, {refused_rows} geweigerd."),
            Language::En => format!("{rows} rows: {accepted} accepted, {refused_rows} refused."),
        })?;
        self.tell_more(lang)
    }

    fn tell_more(&self, lang: Language) -> anyhow::Result<()> {
        let Self {
            empty_rows,
            known,
            never_match,
            ..
        } = self;
        if *empty_rows > 0 {
            say(&match lang {
                Language::Nl => format!("Lege rijen, overgeslagen: {empty_rows}."),
                Language::En => format!("Empty rows, passed over: {empty_rows}."),
            })?;
        }
        if let Some(known) = known.filter(|known| *known > 0) {
            say(&match lang {
                Language::Nl => format!(
                    "{known} van de goede rijen had het knooppunt al: daarvan is geen tweede \
                     signaal gemaakt."
                ),
                Language::En => format!(
                    "the node had {known} of the accepted rows already: no second signal was made \
                     of them."
                ),
            })?;
        }
        if *never_match > 0 {
            say(&match lang {
                Language::Nl => format!(
                    "{never_match} signalen hebben te weinig velden voor de vergelijkingen van het \
                     convenant: zij vinden nooit een ander signaal."
                ),
                Language::En => format!(
                    "{never_match} signals have too few fields for the covenant's comparisons: \
                     they will never match."
                ),
            })?;
        }
        if !self.sent {
            say(lang.pick(
                "Dit was een proef: er is niets verstuurd.",
                "This was a dry run: nothing was sent.",
            ))?;
            if !self.covenant_checked {
                say(lang.pick(
                    "Niet nagekeken is wat het convenant zelf vraagt (datum, doelen, soort \
                     signaal, bevestiging, genoeg velden om te vergelijken): geef daarvoor ook \
                     --covenant en --party.",
                    "What the covenant itself asks was not checked (date, purposes, category, \
                     certainty, enough fields to compare): give --covenant and --party too for \
                     that.",
                ))?;
            }
        }
        Ok(())
    }
}

fn table(remarks: &[Remark], lang: Language) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header([
        lang.pick("rij", "row"),
        lang.pick("kolom", "column"),
        lang.pick("regel", "rule"),
        lang.pick("wat te doen", "what to do"),
    ]);
    for remark in remarks.iter().take(MOST_LINES) {
        table.add_row([
            &remark.row.to_string(),
            &remark.column,
            &remark.rule,
            lang.pick(&remark.message_nl, &remark.message_en),
        ]);
    }
    let more = remarks.len().saturating_sub(MOST_LINES);
    match (more, lang) {
        (0, _) => table.to_string(),
        (_, Language::Nl) => format!("{table}\nen nog {more} (--format json noemt ze alle)"),
        (_, Language::En) => format!("{table}\nand {more} more (--format json names them all)"),
    }
}
