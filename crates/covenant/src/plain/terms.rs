//! Every word of the language in plain Dutch and English. Exhaustive: a word that is added does
//! not compile here before it can be explained to the person who signs.

use model::{FieldName, Phonetic, Protection, SubjectKind};

use super::phrase::pick;
use crate::diagnostic::Lang;
use crate::language::words::{
    AreaLevel, Attribute, Batching, Frequency, LoginLevel, Misuse, Nature, PartyKind, Period,
    Reason, Shows, Silence,
};

/// A word in both languages.
pub(crate) trait Term: Copy {
    /// In Dutch and in English.
    fn both(self) -> (&'static str, &'static str);

    /// In one language.
    fn told(self, lang: Lang) -> &'static str {
        let (nl, en) = self.both();
        pick(lang, nl, en)
    }
}

macro_rules! terms {
    ($($name:ident { $($variant:ident => $nl:literal, $en:literal;)* })*) => {$(
        impl Term for $name {
            fn both(self) -> (&'static str, &'static str) {
                match self {
                    $(Self::$variant => ($nl, $en),)*
                }
            }
        }
    )*};
}

terms! {
    Shows {
        Count => "hoe vaak iets in een gebied voorkomt", "how often something occurs in an area";
        Hit => "welke andere partij een signaal heeft", "which other party has a signal";
        Advice => "wat het advies is", "what the advice is";
        Contact => "welke partij te bellen is", "which party to call";
        Category => "om wat voor signaal het gaat", "what kind of signal it is";
        Attributes => "gegevens uit het signaal zelf", "data from the signal itself";
    }
    PartyKind {
        Municipality => "gemeente", "municipality";
        Province => "provincie", "province";
        WaterAuthority => "waterschap", "water authority";
        CentralGovernment => "rijksdienst", "central government body";
        SafetyRegion => "veiligheidsregio", "safety region";
        HealthService => "GGD", "municipal health service";
        Police => "politie", "police";
        Prosecution => "openbaar ministerie", "public prosecution service";
        HousingCorporation => "woningcorporatie", "housing corporation";
        Care => "zorgaanbieder", "care provider";
        Welfare => "welzijnsorganisatie", "welfare organisation";
        Education => "onderwijsinstelling", "school or other place of learning";
        Energy => "netbeheerder", "grid or energy company";
        Landlord => "verhuurder", "landlord";
    }
    Nature {
        Ordinary => "gewone persoonsgegevens", "ordinary personal data";
        Criminal => "strafrechtelijke gegevens", "criminal data";
        Special => "bijzondere persoonsgegevens", "special personal data";
        Bibob => "gegevens uit een Bibob-onderzoek", "data from a Bibob inquiry";
    }
    Misuse {
        Allocation => "een woning toewijzen of weigeren", "giving or refusing a home";
        Eviction => "de huur beëindigen", "ending a tenancy";
        DebtCollection => "schulden innen", "collecting debts";
        Investigation => "misdrijven opsporen", "investigating crimes";
        FraudInvestigation => "fraude onderzoeken", "investigating fraud";
        Profiling => "een profiel van personen maken", "profiling persons";
        RiskScore => "mensen een risicoscore geven", "giving people a risk score";
        Benefits => "een uitkering of voorziening geven of weigeren", "giving or refusing a benefit or provision";
        Immigration => "toezicht op vreemdelingen", "supervising foreign nationals";
        Marketing => "reclame", "marketing";
        StaffAssessment => "eigen personeel beoordelen", "judging one's own staff";
    }
    Attribute {
        ObservedDay => "de dag waarop het is gezien", "the day on which it was seen";
        Certainty => "hoe zeker de bron is", "how sure the source is";
        Neighbourhood => "de buurt", "the neighbourhood";
        Description => "een korte omschrijving", "a short description";
        Measure => "wat de bron eraan deed", "what the source did about it";
        CaseNumber => "het zaaknummer van de bron", "the source's case number";
        Handler => "de behandelaar bij de bron", "the case handler at the source";
        HandlerPhone => "het telefoonnummer van de behandelaar", "the case handler's telephone number";
        Name => "de naam van de betrokkene", "the name of the person concerned";
        Address => "het adres van de betrokkene", "the address of the person concerned";
        BirthDate => "de geboortedatum van de betrokkene", "the birth date of the person concerned";
        Plate => "het kenteken", "the licence plate";
        Phone => "het telefoonnummer van de betrokkene", "the telephone number of the person concerned";
        OrganisationName => "de naam van de organisatie", "the name of the organisation";
        Kvk => "het KvK-nummer", "the Chamber of Commerce number";
        Iban => "het rekeningnummer", "the bank account number";
    }
    FieldName {
        Bsn => "BSN", "citizen service number (BSN)";
        GivenName => "voornaam", "first name";
        GivenNameSound => "klank van de voornaam", "sound of the first name";
        Initials => "alle voorletters", "all initials";
        Initial => "eerste voorletter", "first initial";
        Surname => "achternaam", "surname";
        SurnameSound => "klank van de achternaam", "sound of the surname";
        SurnameFolded => "achternaam, waarbij y en ij gelijk zijn", "surname, with y and ij alike";
        BirthDate => "geboortedatum", "birth date";
        BirthMonth => "geboortejaar met maand", "birth year with month";
        BirthYear => "geboortejaar", "birth year";
        Postcode => "postcode", "postcode";
        HouseNumber => "huisnummer", "house number";
        HouseLetter => "huisletter", "house letter";
        Addition => "toevoeging", "house number addition";
        Street => "straat", "street";
        StreetStart => "eerste vijf letters van de straat", "first five letters of the street";
        Place => "plaats", "place";
        Country => "land", "country";
        BagAddress => "BAG-nummer van het adres", "BAG number of the address";
        BagObject => "BAG-nummer van de woning", "BAG number of the dwelling";
        Kvk => "KvK-nummer", "Chamber of Commerce number (KvK)";
        Rsin => "RSIN", "legal entity number (RSIN)";
        Branch => "vestigingsnummer", "branch number";
        Plate => "kenteken", "licence plate";
        Phone => "telefoonnummer", "telephone number";
        Iban => "rekeningnummer (IBAN)", "bank account number (IBAN)";
    }
    SubjectKind {
        Person => "personen", "persons";
        Address => "adressen", "addresses";
        Organisation => "organisaties", "organisations";
        Vehicle => "voertuigen", "vehicles";
        Contact => "telefoonnummers", "telephone numbers";
        Account => "bankrekeningen", "bank accounts";
    }
    Phonetic {
        Cologne => "de Keulse manier (Kölner Phonetik)", "the Cologne way (Kölner Phonetik)";
        Soundex => "de Amerikaanse manier (Soundex)", "the American way (Soundex)";
    }
    Protection {
        Minor => "een minderjarige", "a minor";
        ShieldedAddress => "een afgeschermd adres", "a shielded address";
    }
    LoginLevel {
        Low => "laag", "low";
        Substantial => "substantieel", "substantial";
        High => "hoog", "high";
    }
    AreaLevel {
        Neighbourhood => "buurt", "neighbourhood";
        District => "wijk", "district";
        Municipality => "gemeente", "municipality";
    }
    Period {
        Month => "maand", "month";
        Quarter => "kwartaal", "quarter";
        HalfYear => "half jaar", "half year";
        Year => "jaar", "year";
    }
    Silence {
        NoStatement => "geen uitspraak", "no statement";
        BelowThreshold => "onder de drempel", "below the threshold";
    }
    Batching {
        FixedTimes => "op vaste tijden", "at fixed times";
        Hourly => "elk heel uur", "every full hour";
        Daily => "een keer per dag", "once a day";
        Weekly => "een keer per week", "once a week";
    }
    Frequency {
        Immediate => "meteen", "at once";
        Daily => "elke dag", "every day";
        Weekly => "elke week", "every week";
        Monthly => "elke maand", "every month";
        Quarterly => "elk kwartaal", "every quarter";
        Yearly => "elk jaar", "every year";
    }
    Reason {
        Prohibited => "een verbod dit niet toestaat", "a prohibition does not allow it";
        NotNamed => "geen regel dit noemt", "no clause names it";
        Hits => "er te weinig signalen zijn", "there are too few signals";
        Parties => "te weinig partijen iets zien", "too few parties see something";
        Within => "de signalen te oud zijn", "the signals are too old";
        FileNumber => "het dossiernummer ontbreekt", "the file number is missing";
        Motivation => "de reden ontbreekt", "the reason is missing";
        Review => "geen mens het signaal heeft bekeken", "no person has looked at the signal";
        Approval => "niet genoeg mensen akkoord zijn", "too few people agree";
        LoginLevel => "de vrager niet sterk genoeg is ingelogd", "the asker's login is too weak";
        NotAbout => "de betrokkene beschermd is", "the person concerned is protected";
        Area => "het buiten het gebied ligt", "it lies outside the area";
        PerEmployee => "de medewerker al te vaak vroeg", "the employee asked too often";
        PerParty => "de partij al te vaak vroeg", "the party asked too often";
        PerSubject => "de partij hier al te vaak naar vroeg", "the party asked about this too often";
        Threshold => "het aantal onder de drempel ligt", "the count is below the threshold";
    }
}
