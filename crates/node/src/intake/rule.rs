//! Rules of a field that only the node knows, since they hold of a party and its covenant. What any
//! message can break is `wire`'s, what an identifier can break is `pseudonym`'s.

macro_rules! rules {
    ($($name:ident = $code:literal, $en:literal, $nl:literal;)*) => {
        /// The rule that a field breaks: a closed list, so that every rule has its texts.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Rule {
            $(#[doc = $en] $name,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code for machines, `UPPER_SNAKE`. It never changes.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Problem and remedy in English.
            #[must_use]
            pub const fn message_en(self) -> &'static str {
                match self { $(Self::$name => $en,)* }
            }

            /// Problem and remedy in Dutch, level B1.
            #[must_use]
            pub const fn message_nl(self) -> &'static str {
                match self { $(Self::$name => $nl,)* }
            }
        }
    };
}

rules! {
    UuidV7 = "UUID_V7",
        "this UUID is not of version 7 (RFC 9562); make one that is, once for each signal",
        "dit UUID is niet van versie 7 (RFC 9562); maak er een die dat wel is, één keer per signaal";
    InTheFuture = "IN_THE_FUTURE",
        "it was observed before it is reported; correct it, or your clock",
        "het is gezien voordat het wordt gemeld; verbeter het, of uw klok";
    BirthDateFuture = "BIRTH_DATE_FUTURE",
        "this birth date is still to come; check the date",
        "deze geboortedatum moet nog komen; controleer de datum";
    CbsCode = "CBS_CODE",
        "this is no CBS code; use GM0000, WK000000 or BU00000000, or leave it out",
        "dit is geen CBS-code; gebruik GM0000, WK000000 of BU00000000, of laat het weg";
    CertaintyTooLow = "CERTAINTY_TOO_LOW",
        "the covenant asks for a confirmed signal of this kind; confirm it before you share it",
        "het convenant vraagt bij dit soort signaal om bevestiging; bevestig het voordat u het deelt";
    NothingToCompare = "NOTHING_TO_COMPARE",
        "no comparison that the covenant allows here can be made with these fields; give all fields of at least one comparison",
        "met deze velden kan geen vergelijking worden gemaakt die het convenant hier toelaat; geef alle velden van ten minste één vergelijking";
    TooFrequent = "TOO_FREQUENT",
        "it occurs in more of your signals than the covenant allows for this comparison (te_vaak); check whether a value is a place-holder",
        "het komt in meer van uw signalen voor dan het convenant bij deze vergelijking toelaat (te_vaak); controleer of een waarde een opvulling is";
    NotYet = "NOT_YET",
        "this still has to come; correct it, or your clock",
        "dit moet nog komen; verbeter het, of uw klok";
    AddressNeedsDay = "ADDRESS_NEEDS_DAY",
        "an address is about whoever lives there; give the day on which the data subject came to live there",
        "een adres gaat over iedereen die er woont; geef de dag waarop de betrokkene er kwam wonen";
    EndsBeforeStart = "ENDS_BEFORE_START",
        "the time ends before it begins; give a day after the first one",
        "de periode eindigt voordat zij begint; geef een dag na de eerste dag";
    GroundForm = "GROUND_FORM",
        "this is no ground to hold back; use UAVG 41.1.a to UAVG 41.1.j, or Wpg 27.1.a to Wpg 27.1.f",
        "dit is geen grond om iets niet te vertellen; gebruik UAVG 41.1.a tot en met UAVG 41.1.j, of Wpg 27.1.a tot en met Wpg 27.1.f";
    GroundNotYours = "GROUND_NOT_YOURS",
        "this ground is of a law that your party does not answer under; use Wpg 27 for police data and UAVG 41 for all other data",
        "deze grond hoort bij een wet waaronder uw partij niet antwoordt; gebruik Wpg 27 voor politiegegevens en UAVG 41 voor andere gegevens";
    ReviewDay = "REVIEW_DAY",
        "this day is not after today, or is more than two years away; choose a day between them",
        "deze dag ligt niet na vandaag, of verder weg dan twee jaar; kies een dag daartussen";
    NotOfThisCase = "NOT_OF_THIS_CASE",
        "the case has no such thing; take one that the case shows",
        "dit hoort niet bij deze zaak; kies iets dat de zaak laat zien";
    NotForThisRight = "NOT_FOR_THIS_RIGHT",
        "this is not done in a case about this right; open a case about the right that asks for it",
        "dit hoort niet bij een zaak over dit recht; open een zaak over het recht dat hierom vraagt";
    PartyCantBeSealedTo = "PARTY_CANT_BE_SEALED_TO",
        "this is no other party of the covenant with a sealing key; choose another party",
        "dit is geen andere partij van het convenant met een sleutel om voor te verzegelen; kies een andere partij";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use wire::Problem;

    #[test]
    fn every_rule_has_a_code_of_its_own_and_a_remedy_in_both_languages() {
        let mut codes: BTreeSet<&str> = Problem::ALL.iter().map(|p| p.code()).collect();
        codes.extend(pseudonym::Rule::ALL.iter().map(|r| r.code()));
        for rule in Rule::ALL {
            assert!(codes.insert(rule.code()), "{} twice", rule.code());
            for text in [rule.message_en(), rule.message_nl()] {
                assert!(text.contains("; ") && !text.ends_with('.'), "{text}");
            }
        }
    }
}
