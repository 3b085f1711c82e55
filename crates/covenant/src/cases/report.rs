//! What a test of a covenant says, to people and as JSON.

use serde_json::{Value, json};

use super::coverage::{ClauseCoverage, Coverage};
use super::trial::pick;
use super::{Case, Tried, try_cases, try_examples};
use crate::diagnostic::{Lang, position, render};
use crate::language::covenant::Covenant;

/// A covenant that was put to the test.
#[derive(Debug)]
pub struct Tested<'a> {
    covenant: &'a Covenant,
    /// The covenant's own text, with its signed examples.
    examples: TestedCases<'a>,
    /// Each file of cases.
    files: Vec<TestedCases<'a>>,
    coverage: Coverage,
}

/// One file, with what came of its examples or cases.
#[derive(Debug)]
pub struct TestedCases<'a> {
    /// The file's name, as people know it.
    pub name: &'a str,
    /// Its text.
    pub source: &'a str,
    /// What was tried, in the file's order.
    pub tried: Vec<Tried>,
}

impl TestedCases<'_> {
    /// What did not come out as it says.
    pub fn failed(&self) -> impl Iterator<Item = &Tried> {
        self.tried.iter().filter(|t| !t.holds())
    }
}

impl<'a> Tested<'a> {
    /// Tries the signed examples of a covenant and the cases of some files. `name` and `source`
    /// are the covenant's file; each file of cases has its name, its text and its cases.
    #[must_use]
    pub fn new(
        covenant: &'a Covenant,
        name: &'a str,
        source: &'a str,
        files: impl IntoIterator<Item = (&'a str, &'a str, &'a [Case])>,
    ) -> Self {
        let examples = TestedCases {
            name,
            source,
            tried: try_examples(covenant, source),
        };
        let files: Vec<TestedCases<'_>> = files
            .into_iter()
            .map(|(name, source, cases)| TestedCases {
                name,
                source,
                tried: try_cases(covenant, cases),
            })
            .collect();
        let all: Vec<&Tried> = files
            .iter()
            .chain([&examples])
            .flat_map(|file| &file.tried)
            .collect();
        let coverage = Coverage::of(covenant, &all);
        Self {
            covenant,
            examples,
            files,
            coverage,
        }
    }

    /// What the examples and cases show of each clause.
    #[must_use]
    pub const fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// The covenant's file and its files of cases.
    pub fn files(&self) -> impl Iterator<Item = &TestedCases<'a>> {
        [&self.examples].into_iter().chain(&self.files)
    }

    /// Whether every example and case came out as it says.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.files().all(|file| file.failed().next().is_none())
    }

    /// Whether everything holds and each clause has a yes and a no, each prohibition a hit; and
    /// with `every_demand` each condition and limit a no that rests on it.
    #[must_use]
    pub fn is_good(&self, every_demand: bool) -> bool {
        let covered = if every_demand {
            self.coverage.is_whole_by_demand()
        } else {
            self.coverage.is_whole()
        };
        self.holds() && covered
    }

    /// As text for people.
    #[must_use]
    pub fn text(&self, lang: Lang, every_demand: bool) -> String {
        let covenant = self.covenant;
        let version = pick(lang, "versie", "version");
        let mut out = format!(
            "{} ({}, {version} {})\n\n",
            covenant.title(),
            covenant.id(),
            covenant.version()
        );
        for (file, words) in self
            .files()
            .zip([EXAMPLES].into_iter().chain(std::iter::repeat(CASES)))
        {
            out.push_str(&tally(file, words, lang));
        }
        if self.files.is_empty() {
            out.push_str(pick(
                lang,
                "  Er is geen bestand met gevallen bij gevonden.\n",
                "  No file of cases was found beside it.\n",
            ));
        }
        for file in self.files() {
            let complaints: Vec<_> = file.tried.iter().filter_map(Tried::complaint).collect();
            if !complaints.is_empty() {
                out.push('\n');
                out.push_str(&render(file.name, file.source, &complaints, lang));
            }
        }
        out.push('\n');
        for clause in &self.coverage.clauses {
            out.push_str(&clause_text(clause, lang));
        }
        for p in &self.coverage.prohibitions {
            let word = pick(lang, "Verbod", "Prohibition");
            out.push_str(&format!("{word} {}  {}\n", p.number, p.title));
            line(&mut out, pick(lang, "  houdt tegen", "  stops"), p.hits);
            out.push('\n');
        }
        out.push_str(&self.verdict(lang, every_demand));
        out.push('\n');
        out
    }

    /// The last lines: what is lacking, or that all is well.
    fn verdict(&self, lang: Lang, every_demand: bool) -> String {
        let failed = self.files().map(|f| f.failed().count()).sum::<usize>();
        let mut lacking: Vec<String> = Vec::new();
        if failed > 0 {
            lacking.push(match (lang, failed) {
                (Lang::Nl, 1) => "1 uitkomst klopt niet".into(),
                (Lang::Nl, n) => format!("{n} uitkomsten kloppen niet"),
                (Lang::En, 1) => "1 outcome is wrong".into(),
                (Lang::En, n) => format!("{n} outcomes are wrong"),
            });
        }
        for c in &self.coverage.clauses {
            let number = &c.number;
            let mut lacks = |there: bool, nl: &str, en: &str| {
                if !there {
                    lacking.push(match lang {
                        Lang::Nl => format!("regel {number} heeft geen {nl}"),
                        Lang::En => format!("clause {number} has no {en}"),
                    });
                }
            };
            lacks(c.yes > 0, "ja", "yes");
            lacks(c.no > 0, "nee", "no");
            for demand in c.demands.iter().filter(|_| every_demand) {
                let key = demand.key;
                let nl = format!("nee op {key}");
                let en = format!("no for {key}");
                lacks(demand.no > 0, &nl, &en);
            }
        }
        for p in self.coverage.prohibitions.iter().filter(|p| p.hits == 0) {
            let number = &p.number;
            lacking.push(match lang {
                Lang::Nl => format!("verbod {number} houdt geen enkel voorbeeld of geval tegen"),
                Lang::En => format!("prohibition {number} stops no example or case"),
            });
        }
        if lacking.is_empty() {
            let well = pick(
                lang,
                "In orde: alles klopt, en elke regel heeft een ja en een nee.",
                "In order: everything holds, and each clause has a yes and a no.",
            );
            return well.into();
        }
        let head = pick(lang, "Niet in orde:", "Not in order:");
        let list: Vec<String> = lacking.iter().map(|l| format!("  - {l}")).collect();
        format!("{head}\n{}", list.join("\n"))
    }

    /// As one JSON object.
    #[must_use]
    pub fn json(&self, every_demand: bool) -> Value {
        let covenant = self.covenant;
        let clause = |c: &ClauseCoverage| {
            let demand = |d: &super::coverage::DemandCoverage| json!({ "key": d.key, "reason": d.reason.code(), "no": d.no });
            json!({
                "number": c.number.as_str(),
                "title": c.title,
                "yes": c.yes,
                "no": c.no,
                "demands": c.demands.iter().map(demand).collect::<Vec<_>>(),
                "untold": c.untold,
            })
        };
        let prohibition = |p: &super::coverage::ProhibitionCoverage| json!({ "number": p.number.as_str(), "title": p.title, "hits": p.hits });
        json!({
            "file": self.examples.name,
            "covenant": covenant.id().as_str(),
            "version": covenant.version(),
            "digest": covenant.digest().to_hex(),
            "good": self.is_good(every_demand),
            "files": self.files().map(file_json).collect::<Vec<_>>(),
            "clauses": self.coverage.clauses.iter().map(clause).collect::<Vec<_>>(),
            "prohibitions":
                self.coverage.prohibitions.iter().map(prohibition).collect::<Vec<_>>(),
        })
    }
}

/// One and more of what a file holds, in Dutch and English.
type Words = [(&'static str, &'static str); 2];
const EXAMPLES: Words = [
    ("voorbeeld", "voorbeelden"),
    ("signed example", "signed examples"),
];
const CASES: Words = [("geval", "gevallen"), ("case", "cases")];

fn tally(file: &TestedCases<'_>, words: Words, lang: Lang) -> String {
    let [nl, en] = words;
    let (one, more) = match lang {
        Lang::Nl => nl,
        Lang::En => en,
    };
    let (total, failed) = (file.tried.len(), file.failed().count());
    let word = if total == 1 { one } else { more };
    let outcome = match (lang, failed) {
        (Lang::Nl, 0) if total == 1 => "klopt".to_owned(),
        (Lang::Nl, 0) => "alle kloppen".to_owned(),
        (Lang::En, 0) => "all hold".to_owned(),
        (Lang::Nl, 1) => "1 klopt niet".to_owned(),
        (Lang::Nl, n) => format!("{n} kloppen niet"),
        (Lang::En, 1) => "1 does not hold".to_owned(),
        (Lang::En, n) => format!("{n} do not hold"),
    };
    let name = file.name;
    match total {
        0 => {
            let none = pick(lang, "geen", "no");
            format!("  {none} {more} ({name})\n")
        }
        _ => format!("  {total} {word}, {outcome} ({name})\n"),
    }
}

fn clause_text(clause: &ClauseCoverage, lang: Lang) -> String {
    let word = pick(lang, "Regel", "Clause");
    let (number, title) = (&clause.number, &clause.title);
    let mut out = format!("{word} {number}  {title}\n");
    line(&mut out, pick(lang, "  ja", "  yes"), clause.yes);
    line(&mut out, pick(lang, "  nee", "  no"), clause.no);
    for demand in &clause.demands {
        line(&mut out, &format!("    {}", demand.key), demand.no);
    }
    for key in &clause.untold {
        let untold = pick(
            lang,
            "niet met een geval te tonen",
            "cannot be shown by a case",
        );
        out.push_str(&format!(
            "{:WIDTH$}     -  {untold}\n",
            format!("    {key}")
        ));
    }
    out.push('\n');
    out
}

/// The width of what is counted, two more than the longest condition.
const WIDTH: usize = 44;

/// One count; nothing is what a person must look at.
fn line(out: &mut String, what: &str, count: usize) {
    let mark = if count == 0 { "  <--" } else { "" };
    out.push_str(&format!("{what:WIDTH$}{count:>6}{mark}\n"));
}

fn file_json(file: &TestedCases<'_>) -> Value {
    let case = |t: &Tried| {
        let at = t.at();
        let (line, column) = position(file.source, at.start);
        json!({
            "name": t.name(),
            "holds": t.holds(),
            "clause": t.result.clause.as_ref().map(|c| c.as_str()),
            "revealed": t.yes().is_some(),
            "reasons": t.why().map(|why| why.code()).collect::<Vec<_>>(),
            "expected_nl": t.expected(Lang::Nl),
            "expected_en": t.expected(Lang::En),
            "got_nl": t.got(Lang::Nl),
            "got_en": t.got(Lang::En),
            "from": at.start,
            "to": at.end,
            "line": line,
            "column": column,
        })
    };
    json!({
        "file": file.name,
        "count": file.tried.len(),
        "failed": file.failed().count(),
        "cases": file.tried.iter().map(case).collect::<Vec<_>>(),
    })
}
