//! Why a covenant or an event is not taken, in the language of the reader.

use super::SignoffError;
use crate::Lang;

impl SignoffError {
    /// Why, and what to do about it, without a full stop.
    #[must_use]
    pub fn sentence(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.to_string(),
            Lang::Nl => self.dutch().replace("{}", &self.argument()),
        }
    }

    /// One line each, with `{}` where [`SignoffError::argument`] goes.
    const fn dutch(&self) -> &'static str {
        match self {
            Self::NotClean { .. } => "het convenant heeft fouten ({}); kijk met policy check",
            Self::Template => "het convenant is nog een model; vul de sleutels en datums in",
            Self::Example { .. } => "voorbeeld {} komt anders uit; kijk met policy check",
            Self::NeedsKeyHolder => "profiel = \"oprf\" kan deze versie nog niet; neem \"hmac\"",
            Self::TooManyCells { .. } => "het convenant heeft meer dan {} cellen; splits het",
            Self::NotYetValid => "het convenant geldt nog niet; wacht tot geldig_van",
            Self::Expired => "het convenant is verlopen; teken een nieuwe versie",
            Self::NotPinned(_) => {
                "de sleutel van {} is niet vastgelegd; vergelijk die eerst hardop"
            }
            Self::KeyDiffers(_) => "een sleutel van {} is niet de vastgelegde; vergelijk ze hardop",
            Self::KeyUnusable(_) => "een sleutel van {} is onbruikbaar; vraag een andere",
            Self::KeyTwice(_) => {
                "een sleutel van {} staat er twee keer; elk gebruik heeft een eigen"
            }
            Self::NotTheSigner(_) => "dit is niet de sleutel die het convenant voor {} noemt",
            Self::UnknownParty(_) => "partij {} staat niet in het convenant",
            Self::Unsigned(_) => "{} heeft niet getekend; alle partijen moeten",
            Self::SignedTwice(_) => "er is meer dan een handtekening van {}; geef er een",
            Self::EnvelopeMalformed => "het bestand is onleesbaar; neem wat policy sign schreef",
            Self::NotOneSignature => "er hoort precies een handtekening in het bestand",
            Self::PayloadType => "het bestand is getekend als iets anders; teken opnieuw",
            Self::SignatureInvalid => "de handtekening klopt niet met de sleutel van de partij",
            Self::StatementMalformed => "de getekende inhoud is onleesbaar; teken opnieuw",
            Self::PredicateType => "dit is geen handtekening en geen gebeurtenis van een convenant",
            Self::OtherFile => "dit gaat over een ander bestand of een andere versie",
            Self::FieldDiffers { .. } => "{} wijkt af van het convenant; teken opnieuw",
            Self::TableDiffers(_) => {
                "{} tekende andere regels dan dit programma leest; werk het bij"
            }
            Self::UnknownEncoding => "dit programma is te oud voor deze handtekening; werk het bij",
            Self::OtherHistory => "dit is de geschiedenis van een ander convenant",
            Self::Rollback => "een hogere versie was al van kracht; een versie gaat nooit terug",
            Self::Fork => "deze versie volgt niet op de vorige; zie vervangt",
            Self::WasInForce => "deze versie was al van kracht; stel een nieuwe versie voor",
            Self::NotEntitled => "deze sleutel mag dit niet; een noodsleutel mag alleen opschorten",
            Self::UnknownScope(_) => "dit noemt een {} die niet in het convenant staat",
            Self::FromTheFuture => "dit is getekend in de toekomst; zet de klok daar goed",
        }
    }

    /// What a text names; nothing where it names nothing.
    fn argument(&self) -> String {
        match self {
            Self::NotClean { codes } => codes.clone(),
            Self::Example { number } => number.to_string(),
            Self::TooManyCells { most } => most.to_string(),
            Self::NotPinned(party)
            | Self::KeyDiffers(party)
            | Self::KeyUnusable(party)
            | Self::KeyTwice(party)
            | Self::NotTheSigner(party)
            | Self::UnknownParty(party)
            | Self::Unsigned(party)
            | Self::SignedTwice(party)
            | Self::TableDiffers(party) => party.to_string(),
            Self::FieldDiffers { party, field } => format!("{field} van {party}"),
            Self::UnknownScope(what) => match *what {
                "clause" => "regel".to_owned(),
                "signal" => "signaal".to_owned(),
                "recipient" => "ontvanger".to_owned(),
                other => other.to_owned(),
            },
            Self::Template
            | Self::NeedsKeyHolder
            | Self::NotYetValid
            | Self::Expired
            | Self::EnvelopeMalformed
            | Self::NotOneSignature
            | Self::PayloadType
            | Self::SignatureInvalid
            | Self::StatementMalformed
            | Self::PredicateType
            | Self::OtherFile
            | Self::UnknownEncoding
            | Self::OtherHistory
            | Self::Rollback
            | Self::Fork
            | Self::WasInForce
            | Self::NotEntitled
            | Self::FromTheFuture => String::new(),
        }
    }
}
