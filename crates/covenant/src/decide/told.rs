//! Reasons in words for people: what comes after "because".

use super::{Reason, RefusalCode, Unclear};
use crate::diagnostic::Lang;
use crate::plain::phrase::pick;
use crate::plain::terms::Term as _;

impl Reason {
    /// Why, as the words after "omdat" or "because", with the covenant's own word for it where it
    /// has one.
    #[must_use]
    pub fn because(self, lang: Lang) -> String {
        let (nl, en) = match self {
            Self::NotActive => ("het convenant niet geldt", "the covenant is not in force"),
            Self::Suspended => ("dit is stilgelegd", "this is suspended"),
            Self::NotConfirmed => (
                "een partij het convenant niet heeft bevestigd",
                "a party has not confirmed the covenant",
            ),
            Self::OtherTrigger => (
                "geen regel dit bij deze aanleiding toestaat (aanleiding)",
                "no clause allows it on this occasion (aanleiding)",
            ),
            Self::NothingFromSource => (
                "deze bron niets heeft wat meetelt",
                "this source has nothing that counts",
            ),
            Self::AnswerAfter => (
                "het antwoord nog moet wachten (antwoord_na)",
                "the answer has to wait (antwoord_na)",
            ),
            Self::Dominance => (
                "te veel van één partij of plek komt (overheersing)",
                "too much comes from one party or place (overheersing)",
            ),
            Self::Attributes => (
                "deze makelaar geen gegevens uit een signaal kan doorgeven (gegevens)",
                "this broker cannot pass on data of a signal (gegevens)",
            ),
            Self::Outranked => ("een ander advies voorgaat", "another advice goes before it"),
            Self::Prohibited
            | Self::NotNamed
            | Self::Hits
            | Self::Parties
            | Self::Within
            | Self::FileNumber
            | Self::Motivation
            | Self::Review
            | Self::Approval
            | Self::LoginLevel
            | Self::Minor
            | Self::ShieldedAddress
            | Self::Area
            | Self::PerEmployee
            | Self::PerParty
            | Self::PerSubject
            | Self::Threshold => {
                let word = self.word();
                return word.map_or_else(String::new, |word| {
                    format!("{} ({})", word.told(lang), word.as_str())
                });
            }
        };
        pick(lang, nl, en).to_owned()
    }
}

impl RefusalCode {
    /// Why, as the words after "omdat" or "because".
    #[must_use]
    pub const fn because(self, lang: Lang) -> &'static str {
        let (nl, en) = match self {
            Self::CovenantNotActive => ("het convenant niet geldt", "the covenant is not in force"),
            Self::PartyNotConfirmed => (
                "de partij het convenant niet heeft bevestigd",
                "the party has not confirmed the covenant",
            ),
            Self::PurposeUnknown => (
                "het convenant dit doel niet kent",
                "the covenant has no such purpose",
            ),
            Self::QuestionNotAllowed => (
                "deze rol dit voor dit doel niet mag vragen",
                "no clause lets this role ask for this purpose",
            ),
            Self::FileNumberMissing => (
                "het dossiernummer ontbreekt (dossier)",
                "the file number is missing (dossier)",
            ),
            Self::ReasonMissing => (
                "de reden ontbreekt (motivering)",
                "the reason is missing (motivering)",
            ),
            Self::LoginLevelTooLow => (
                "de vrager niet sterk genoeg is ingelogd (inlogniveau)",
                "the asker's login is too weak (inlogniveau)",
            ),
            Self::LimitReached => (
                "er al zo vaak is gevraagd als mag (grens)",
                "it was asked as often as it may be (grens)",
            ),
        };
        match lang {
            Lang::Nl => nl,
            Lang::En => en,
        }
    }
}

impl Unclear {
    /// Why it can't be told, in a sentence without a full stop.
    #[must_use]
    pub fn sentence(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, _) => self.to_string(),
            (Lang::Nl, Self::Recorded) => "wat is vastgelegd, is niet volledig".to_owned(),
            (Lang::Nl, Self::Nothing { clause }) => format!(
                "regel {clause}: toen is geen regel beoordeeld die hierop lijkt, dus is hiervoor niets \
                 geteld"
            ),
            (Lang::Nl, Self::Counts { clause, word }) => {
                format!("regel {clause}: `{word}` is anders, dus zouden andere signalen meetellen")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_words_in_both_languages_and_never_its_code() {
        for lang in [Lang::Nl, Lang::En] {
            let mut told: Vec<String> = Reason::ALL.iter().map(|r| r.because(lang)).collect();
            told.extend(RefusalCode::ALL.map(|code| code.because(lang).to_owned()));
            for text in &told {
                assert!(text.contains(' ') && !text.contains("_NOT_"), "{text}");
                assert!(!text.chars().any(char::is_uppercase), "{text}");
            }
        }
        for reason in Reason::ALL {
            assert_ne!(reason.because(Lang::Nl), reason.because(Lang::En));
        }
    }

    #[test]
    fn what_cannot_be_told_says_why_in_dutch() {
        let clause = "4.1".to_owned();
        let word = "over";
        for unclear in [
            Unclear::Recorded,
            Unclear::Nothing {
                clause: clause.clone(),
            },
            Unclear::Counts { clause, word },
        ] {
            let (nl, en) = (unclear.sentence(Lang::Nl), unclear.sentence(Lang::En));
            assert!(nl != en && !nl.contains("clause"), "{nl}");
        }
    }
}
