//! The parts of a covenant that can differ, and what they can be.

use std::collections::BTreeSet;

use crate::diagnostic::Lang;
use crate::language::span::Span;
use crate::language::words::Unit;

/// Whether a change makes what may be seen, or how it may be used, narrower or wider.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// Less is revealed or counted, or more is asked before, at or after it.
    Stricter,
    /// More is revealed or counted, or less is asked.
    Looser,
    /// There is no order between the two: another, or more in one way and less in another.
    Other,
}

impl Direction {
    /// The word in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stricter => "stricter",
            Self::Looser => "looser",
            Self::Other => "other",
        }
    }

    /// For a person.
    #[must_use]
    pub const fn told(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Stricter, Lang::Nl) => "strenger",
            (Self::Looser, Lang::Nl) => "soepeler",
            (Self::Other, Lang::Nl) => "anders",
            (Self::Stricter, Lang::En) => "stricter",
            (Self::Looser, Lang::En) => "looser",
            (Self::Other, Lang::En) => "other",
        }
    }

    pub(super) fn stricter_if(stricter: bool) -> Self {
        if stricter {
            Self::Stricter
        } else {
            Self::Looser
        }
    }
}

/// What stands in one place of a covenant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Value {
    /// Left out, or not asked.
    Absent,
    /// Asked.
    Yes,
    /// A number.
    Number(u32),
    /// A length of time.
    Span(Span),
    /// One word, date, key, mark or text, as the covenant writes it.
    Word(String),
    /// A set of words: its order has no meaning.
    Words(BTreeSet<String>),
}

impl Value {
    pub(super) fn word(word: &(impl ToString + ?Sized)) -> Self {
        Self::Word(word.to_string())
    }

    pub(super) fn words<T: ToString>(words: impl IntoIterator<Item = T>) -> Self {
        let words: BTreeSet<String> = words.into_iter().map(|w| w.to_string()).collect();
        if words.is_empty() {
            Self::Absent
        } else {
            Self::Words(words)
        }
    }

    pub(super) fn flag(flag: bool) -> Self {
        if flag { Self::Yes } else { Self::Absent }
    }

    pub(super) fn number(number: Option<u32>) -> Self {
        number.map_or(Self::Absent, Self::Number)
    }

    pub(super) fn span(span: Option<Span>) -> Self {
        span.map_or(Self::Absent, Self::Span)
    }

    pub(super) fn optional(word: Option<impl ToString>) -> Self {
        word.map_or(Self::Absent, |word| Self::word(&word))
    }

    /// The words of it; none for what is left out.
    pub(super) fn set(&self) -> BTreeSet<String> {
        match self {
            Self::Absent => BTreeSet::new(),
            Self::Words(words) => words.clone(),
            Self::Yes | Self::Number(_) | Self::Span(_) | Self::Word(_) => {
                [self.told(Lang::Nl)].into()
            }
        }
    }

    /// For a person.
    #[must_use]
    pub fn told(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Absent, Lang::Nl) => "niets".to_owned(),
            (Self::Absent, Lang::En) => "nothing".to_owned(),
            (Self::Yes, Lang::Nl) => "ja".to_owned(),
            (Self::Yes, Lang::En) => "yes".to_owned(),
            (Self::Number(number), _) => number.to_string(),
            (Self::Span(span), _) => span.to_string(),
            (Self::Word(word), _) => word.clone(),
            (Self::Words(words), _) => words.iter().cloned().collect::<Vec<_>>().join(", "),
        }
    }
}

/// A span in units that compare: what lasts equally long in every use is equal. A day is 24 hours
/// here, since all time is UTC; a month is no number of days.
pub(super) fn canonical(span: Span) -> (Unit, u32) {
    let Span { count, unit } = span;
    match unit {
        Unit::Hour if count % 24 == 0 => (Unit::Day, count / 24),
        Unit::Hour | Unit::Day | Unit::Month => (unit, count),
        Unit::Week => (Unit::Day, count.saturating_mul(7)),
        Unit::Year => (Unit::Month, count.saturating_mul(12)),
    }
}

macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $key:literal, $nl:literal, $en:literal;)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
        }

        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Where a covenant writes it; for what it writes nowhere, a word of its own.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$variant => $key,)*
                }
            }

            /// What it is, for a person.
            #[must_use]
            pub const fn told(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$variant, Lang::Nl) => $nl,
                    (Self::$variant, Lang::En) => $en,)*
                }
            }
        }
    )*};
}

parts! {
    /// What a clause demands of the cells that it opens, or makes of them.
    Demand {
        /// What sets it in motion.
        Trigger = "aanleiding", "de aanleiding", "what sets it in motion";
        /// By which comparisons is compared.
        Comparison = "vergelijking", "waarmee wordt vergeleken", "by what is compared";
        /// Which sources and signals count for the numbers that the clause asks.
        CountedTogether = "telt-samen", "welke signalen samen tellen", "which signals count together";
        /// Which attributes are shown.
        Attributes = "kenmerken", "de kenmerken", "the attributes";
        /// Which advice is given.
        Advice = "advies", "het advies", "the advice";
        /// The source's legal basis.
        SupplyBasis = "grondslag.verstrekken", "de grondslag om te verstrekken", "the legal basis to supply";
        /// The recipient's legal basis.
        ReceiveBasis = "grondslag.ontvangen", "de grondslag om te ontvangen", "the legal basis to receive";
        /// The source's exemptions.
        SupplyExemption = "grondslag.uitzondering.verstrekken", "de uitzondering voor wie verstrekt", "the exemption of who supplies";
        /// The recipient's exemptions.
        ReceiveExemption = "grondslag.uitzondering.ontvangen", "de uitzondering voor wie ontvangt", "the exemption of who receives";
        /// The decision that the basis needs.
        Decision = "grondslag.besluit", "het besluit", "the decision";
        /// The recipient's basis to tell the source.
        ReportSupplyBasis = "grondslag.melden_aan_bron.verstrekken", "de grondslag om aan de bron te melden", "the legal basis to tell the source";
        /// The source's basis to be told.
        ReportReceiveBasis = "grondslag.melden_aan_bron.ontvangen", "de grondslag van de bron om het te horen", "the source's legal basis to be told";
        /// How many signals.
        Hits = "voorwaarde.treffers", "hoeveel signalen er minstens zijn", "how many signals there are at least";
        /// Of how many parties.
        Parties = "voorwaarde.partijen", "van hoeveel partijen minstens", "of how many parties at least";
        /// How recent.
        Within = "voorwaarde.binnen", "hoe recent een signaal is", "how recent a signal is";
        /// A file number.
        FileNumber = "voorwaarde.dossier", "een dossiernummer", "a file number";
        /// A reason.
        Motivation = "voorwaarde.motivering", "een reden", "a reason";
        /// A review by a person.
        Review = "voorwaarde.beoordeling", "de beoordeling door een mens", "the review by a person";
        /// How many approvals.
        Approvals = "voorwaarde.goedkeuring.aantal", "hoeveel mensen goedkeuren", "how many people approve";
        /// Who approves.
        Approvers = "voorwaarde.goedkeuring.door", "wie goedkeurt", "who approves";
        /// Within which time.
        ApprovedWithin = "voorwaarde.goedkeuring.binnen", "hoe snel is goedgekeurd", "how soon it is approved";
        /// The login.
        LoginLevel = "voorwaarde.inlogniveau", "het inlogniveau", "the login level";
        /// Whom it is not about.
        NotAbout = "voorwaarde.niet_over", "over wie niets wordt gezegd", "about whom nothing is said";
        /// In which areas.
        Areas = "voorwaarde.gebied", "in welke gebieden", "in which areas";
        /// Limit per employee.
        PerEmployee = "grens.per_medewerker_per_dag", "het aantal vragen per medewerker per dag", "the questions per employee per day";
        /// Limit per party.
        PerParty = "grens.per_partij_per_dag", "het aantal vragen per partij per dag", "the questions per party per day";
        /// Limit per subject.
        PerSubject = "grens.per_betrokkene_per_maand", "het aantal vragen per betrokkene per maand", "the questions per subject per month";
        /// The threshold of a count.
        Threshold = "uitvoer.drempel", "de drempel van een aantal", "the threshold of a count";
        /// Rounding of a count.
        RoundTo = "uitvoer.afronden_op", "waarop wordt afgerond", "to what is rounded";
        /// Dominance in a count.
        Dominance = "uitvoer.overheersing", "het hoogste aandeel van een", "the largest share of one";
        /// Complementary suppression.
        Suppression = "uitvoer.nevenonderdrukking", "wat is weggelaten niet terug te rekenen", "what was left out cannot be computed back";
        /// The area of one cell of a count.
        Area = "uitvoer.gebied", "hoe groot een gebied is", "how large an area is";
        /// The period of one cell of a count.
        Period = "uitvoer.tijdvak", "hoe lang een tijdvak is", "how long a period is";
        /// What is too young to be counted.
        Embargo = "uitvoer.embargo", "het embargo", "the embargo";
        /// How long every answer waits.
        AnswerAfter = "uitvoer.antwoord_na", "hoe lang elk antwoord wacht", "how long every answer waits";
        /// When notices go out.
        Batching = "uitvoer.bundelen", "wanneer meldingen uitgaan", "when notices go out";
        /// What is said where nothing is said.
        Silence = "uitvoer.bij_niets", "wat er bij niets wordt gezegd", "what is said where nothing is said";
        /// Recording.
        Record = "plicht.vastleggen", "voor wie wordt vastgelegd", "for whom is recorded";
        /// How often the source is told.
        ReportWhen = "plicht.melden_aan_bron.wanneer", "wanneer de bron het hoort", "when the source is told";
        /// In what form the source is told.
        ReportForm = "plicht.melden_aan_bron.vorm", "in welke vorm de bron het hoort", "in what form the source is told";
        /// Who informs the subject.
        InformBy = "plicht.betrokkene_informeren.door", "wie de betrokkene informeert", "who informs the subject";
        /// How soon the subject is informed.
        InformWithin = "plicht.betrokkene_informeren.binnen", "hoe snel de betrokkene het hoort", "how soon the subject is informed";
        /// Why the subject may be informed later.
        InformDeferral = "plicht.betrokkene_informeren.uitstel", "de grond voor uitstel", "the ground to put it off";
        /// Corrections.
        Correct = "plicht.corrigeren", "een correctie voor wie het zag", "a correction for who saw it";
        /// Sampling.
        Sample = "plicht.steekproef", "het percentage van de steekproef", "the percentage of the sample";
        /// Figures.
        Report = "plicht.rapporteren", "hoe vaak er cijfers zijn", "how often there are figures";
        /// Retention.
        Retain = "belofte.bewaren", "hoe lang de ontvanger bewaart", "how long the recipient keeps it";
        /// Not passed on.
        NoOnward = "belofte.niet_doorgeven", "de belofte niet door te geven", "the promise not to pass it on";
        /// A person decides.
        HumanDecides = "belofte.mens_beslist", "de belofte dat een mens beslist", "the promise that a person decides";
        /// Feedback.
        Feedback = "belofte.terugkoppelen", "hoe snel de bron de afloop hoort", "how soon the source hears the outcome";
        /// A breach is told.
        ReportBreach = "belofte.datalek_melden", "hoe snel een datalek wordt gemeld", "how soon a breach is told";
    }

    /// What stands outside the clauses, and is agreed, compared with or signed for.
    Field {
        /// Whether it is there at all.
        Existence = "bestaat", "of het bestaat", "whether it is there";
        /// The words of one list or more.
        Words = "woorden", "de woorden", "the words";
        /// The covenant's id.
        Id = "id", "de id van het convenant", "the covenant's id";
        /// Its version.
        Version = "versie", "de versie", "the version";
        /// What it replaces.
        Replaces = "vervangt", "welke versie wordt vervangen", "which version is replaced";
        /// The first day.
        ValidFrom = "geldig_van", "de eerste dag", "the first day";
        /// The day on which it ends.
        ValidUntil = "geldig_tot", "de dag waarop het eindigt", "the day on which it ends";
        /// The review.
        Evaluation = "evaluatie", "de dag van de evaluatie", "the day of the review";
        /// The vocabulary of advices.
        Vocabulary = "woordenlijst", "de woordenlijst", "the vocabulary";
        /// Where a subject can go.
        ContactPoint = "contactpunt", "waar een betrokkene terecht kan", "where a data subject can go";
        /// The paper covenant.
        PaperText = "tekst", "de tekst op papier", "the text on paper";
        /// The assessment.
        Dpia = "dpia", "de DPIA", "the impact assessment";
        /// A name.
        Name = "naam", "de naam", "the name";
        /// What kind it is.
        Kind = "soort", "de soort", "the kind";
        /// The OIN.
        Oin = "oin", "het OIN", "the OIN";
        /// The office of the signer.
        SignerFunction = "ondertekenaar.functie", "de functie van wie ondertekent", "the office of the signer";
        /// The key of the signer.
        SignerKey = "ondertekenaar.sleutel", "de sleutel van wie ondertekent", "the key of the signer";
        /// The keys that suspend.
        EmergencyKeys = "noodstop", "de sleutels voor een noodstop", "the emergency keys";
        /// The node's signing key.
        NodeSigning = "knooppunt.ondertekening", "de sleutel waarmee het knooppunt tekent", "the node's signing key";
        /// The node's sealing key.
        NodeSealing = "knooppunt.verzegeling", "de sleutel voor verzegelde gegevens", "the node's sealing key";
        /// The node's witness key.
        NodeWitness = "knooppunt.getuige", "de sleutel waarmee het knooppunt getuigt", "the node's witness key";
        /// The roles.
        Roles = "rol", "de rollen", "the roles";
        /// Who may push it.
        Sources = "bron", "wie het mag insturen", "who may push it";
        /// Under which codes.
        Codes = "codes", "de codes", "the codes";
        /// Its nature.
        Nature = "aard", "de aard", "the nature";
        /// How long it lives.
        ExpiresAfter = "vervalt_na", "hoe lang het blijft staan", "how long it stays";
        /// How sure.
        Certainty = "zekerheid", "hoe zeker de bron is", "how sure the source is";
        /// Looked at again.
        Reassess = "herbeoordelen", "hoe vaak de bron het opnieuw bekijkt", "how often the source looks at it again";
        /// What it must not be used for.
        NotFor = "niet_voor", "waarvoor het nooit mag", "what it must never be used for";
        /// The fields that are compared.
        Keys = "velden", "welke velden samen een sleutel zijn", "which fields make a key together";
        /// How tokens are made.
        Profile = "profiel", "het profiel", "the profile";
        /// By which sound.
        Phonetic = "klank", "hoe op klank wordt vergeleken", "how sounds are compared";
        /// How many keys must agree.
        Needed = "nodig", "hoeveel sleutels gelijk zijn", "how many keys agree";
        /// What is too frequent.
        TooFrequent = "te_vaak", "wanneer iets te vaak voorkomt", "when something is too frequent";
        /// The log's key.
        LogKey = "sleutel", "de sleutel van het logboek", "the key of the log";
        /// The log's witnesses.
        Witnessing = "getuigen", "hoe op getuigen wordt gewacht", "how witnesses are awaited";
        /// How long the log is kept.
        LogRetention = "bewaren_logboek", "hoe lang het logboek blijft", "how long the log is kept";
        /// At whom a question looks, whatever comes of it.
        AskedSources = "zoekt-bij", "bij wie zij zoekt", "at whom it looks";
        /// By which comparisons a question looks up, whatever comes of it.
        AskedBy = "zoekt-met", "waarmee zij zoekt", "by what it looks up";
    }
}
