//! What a log's codes mean, for people: Dutch (B1) and English.

use covenant::decide::Reason;
use ledger::{Class, Decided, Kind};

/// The same in Dutch and in English.
pub type Words = (&'static str, &'static str);

/// What happened.
#[must_use]
pub const fn of_kind(kind: Kind) -> Words {
    match kind {
        Kind::CovenantSigned => ("convenant getekend", "covenant signed"),
        Kind::CovenantActivated => ("convenant in werking", "covenant in force"),
        Kind::CovenantRejected => ("convenant niet getekend", "covenant rejected"),
        Kind::CovenantSuspended => ("convenant geschorst", "covenant suspended"),
        Kind::CovenantResumed => ("schorsing opgeheven", "covenant resumed"),
        Kind::CovenantWithdrawn => ("convenant opgezegd", "covenant withdrawn"),
        Kind::CovenantExpired => ("convenant verlopen", "covenant expired"),
        Kind::MatchDecided => ("overeenkomst beoordeeld", "match decided"),
        Kind::CheckAnswered => ("vraag beantwoord", "question answered"),
        Kind::CheckRefused => ("vraag geweigerd", "question refused"),
        Kind::ReleaseRequested => ("gegevens gevraagd", "release requested"),
        Kind::ReleaseApproved => ("gegevens: akkoord", "release approved"),
        Kind::ReleaseRefused => ("gegevens: geweigerd", "release refused"),
        Kind::ReleaseDelivered => ("gegevens verstrekt", "release delivered"),
        Kind::ReleaseAcknowledged => ("gegevens ontvangen", "release acknowledged"),
        Kind::Recall => ("signaal teruggeroepen", "signal recalled"),
        Kind::Correction => ("gegevens verbeterd", "data corrected"),
        Kind::Objection => ("bezwaar", "objection"),
        Kind::Restriction => ("verwerking beperkt", "processing restricted"),
        Kind::AccessRequestAnswered => ("inzageverzoek beantwoord", "access request answered"),
        Kind::SubjectLookedUp => ("gegevens opgezocht", "subject looked up"),
        Kind::Erasure => ("gegevens gewist", "data erased"),
        Kind::RequestPassedOn => ("verzoek doorgegeven", "request passed on"),
        Kind::ScanAnswered => ("telling gegeven", "counts answered"),
        Kind::EpochStarted => ("nieuwe sleutel", "new key in use"),
        Kind::EpochPurged => ("oude sleutel opgeruimd", "old key purged"),
        Kind::RetentionPurged => ("bewaartermijn: gewist", "retention: erased"),
        Kind::QuotaExceeded => ("grens bereikt", "limit reached"),
        Kind::CanaryTouched => ("lokgegeven geraakt", "canary touched"),
        Kind::WitnessRefused => ("getuige weigerde", "witness refused"),
        Kind::NodeJoined => ("knooppunt aangesloten", "node joined"),
        Kind::KeyChanged => ("sleutel vervangen", "key changed"),
        Kind::Padding => ("vulregel", "padding"),
    }
}

/// What it is about, coarsely: all that a reader knows whose outcome is not opened.
#[must_use]
pub const fn of_class(class: Class) -> Words {
    match class {
        Class::Decision => ("besluit", "decision"),
        Class::Covenant => ("convenant", "covenant"),
        Class::Rights => ("recht van betrokkene", "right of a subject"),
        Class::Operation => ("beheer", "operation"),
    }
}

/// What was decided.
#[must_use]
pub const fn of_decision(decided: Decided) -> Words {
    match decided {
        Decided::Revealed => ("verstrekt", "revealed"),
        Decided::Withheld => ("niet verstrekt", "withheld"),
        Decided::Refused => ("geweigerd", "refused"),
    }
}

/// Why, by the code of an outcome; `None` for a code that is not one of a decision's reasons.
#[must_use]
pub fn of_reason(code: &str) -> Option<Words> {
    let same = |reason: &&Reason| reason.code().eq_ignore_ascii_case(code);
    Reason::ALL
        .iter()
        .find(same)
        .map(|reason| reason_words(*reason))
}

const fn reason_words(reason: Reason) -> Words {
    match reason {
        Reason::NotActive => ("convenant geldt niet", "covenant not in force"),
        Reason::Suspended => ("geschorst", "suspended"),
        Reason::NotConfirmed => ("partij bevestigde niet", "party did not confirm"),
        Reason::Prohibited => ("verboden", "prohibited"),
        Reason::NotNamed => ("niet in convenant", "not in the covenant"),
        Reason::OtherTrigger => ("andere aanleiding", "other occasion"),
        Reason::NothingFromSource => ("niets van deze bron", "nothing from this source"),
        Reason::Hits => ("te weinig signalen", "too few signals"),
        Reason::Parties => ("te weinig partijen", "too few parties"),
        Reason::Within => ("te oud", "too old"),
        Reason::FileNumber => ("dossiernummer ontbreekt", "no file number"),
        Reason::Motivation => ("reden ontbreekt", "no reason given"),
        Reason::Review => ("niet beoordeeld", "not reviewed"),
        Reason::Approval => ("niet goedgekeurd", "not approved"),
        Reason::AnswerAfter => ("wachttijd", "waiting time"),
        Reason::LoginLevel => ("te lage inlog", "login too weak"),
        Reason::Minor => ("minderjarig of onbekend", "minor or not known"),
        Reason::ShieldedAddress => ("geheim adres of onbekend", "shielded address or not known"),
        Reason::Area => ("buiten het gebied", "outside the area"),
        Reason::PerEmployee => ("grens per medewerker", "limit per employee"),
        Reason::PerParty => ("grens per partij", "limit per party"),
        Reason::PerSubject => ("grens per betrokkene", "limit per subject"),
        Reason::Threshold => ("onder de drempel", "below the threshold"),
        Reason::Dominance => ("te herleidbaar", "one contributor dominates"),
        Reason::Attributes => ("alleen via vrijgave", "by a release only"),
        Reason::Outranked => ("ander advies gaat voor", "other advice goes before"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_found_as_an_outcome_writes_it() {
        for reason in Reason::ALL {
            let code = reason.code().to_ascii_lowercase();
            assert_eq!(of_reason(&code), Some(reason_words(*reason)));
        }
        assert_eq!(of_reason("hit"), None);
    }
}
