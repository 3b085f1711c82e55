//! The closed lists of words that a covenant may use, beside those of `model`.
//!
//! A word that is not in its list cannot be represented.

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
        }

        impl $name {
            /// Every word of the list, in its order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word as a covenant writes it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// Reads the word; `None` when it is not in the list.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|w| w.as_str() == text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl crate::language::words::Word for $name {
            fn all() -> &'static [Self] { Self::ALL }
            fn word(self) -> &'static str { self.as_str() }
        }
    )*};
}
pub(crate) use words;

/// A closed list of words, so that the walker can read and suggest any of them.
pub(crate) trait Word: Copy + 'static {
    fn all() -> &'static [Self];
    fn word(self) -> &'static str;
}

words! {
    /// The language that a covenant's free texts are in (`taal`).
    Language {
        /// Dutch.
        Dutch = "nl",
        /// English.
        English = "en",
    }

    /// What kind of organisation a party is (`soort`): the law looks at this.
    PartyKind {
        /// Municipality.
        Municipality = "gemeente",
        /// Province.
        Province = "provincie",
        /// Water authority.
        WaterAuthority = "waterschap",
        /// A part of the central government, an inspectorate or the tax administration.
        CentralGovernment = "rijksdienst",
        /// Safety region.
        SafetyRegion = "veiligheidsregio",
        /// Municipal health service.
        HealthService = "ggd",
        /// Police.
        Police = "politie",
        /// Public prosecution service.
        Prosecution = "openbaar-ministerie",
        /// Housing corporation: private, with a public task in law.
        HousingCorporation = "woningcorporatie",
        /// Care provider.
        Care = "zorgaanbieder",
        /// Welfare organisation.
        Welfare = "welzijnsorganisatie",
        /// School or other educational institution.
        Education = "onderwijsinstelling",
        /// Grid or energy company.
        Energy = "netbeheerder",
        /// Private landlord.
        Landlord = "verhuurder",
    }

    /// The nature of what a signal says (`aard`): which exception the law asks for.
    Nature {
        /// Ordinary personal data.
        Ordinary = "gewoon",
        /// Criminal data (AVG 10, UAVG 31 to 33).
        Criminal = "strafrechtelijk",
        /// A special category (AVG 9, UAVG 22 to 30).
        Special = "bijzonder",
        /// Advice under the Wet Bibob, which has a closed list of recipients (Bibob 28).
        Bibob = "bibob",
    }

    /// What the data must never be used for (`niet_voor`).
    Misuse {
        /// Letting or allocating a home.
        Allocation = "woningtoewijzing",
        /// Ending a tenancy.
        Eviction = "huurbeeindiging",
        /// Collecting debts.
        DebtCollection = "incasso",
        /// Criminal investigation.
        Investigation = "opsporing",
        /// Fraud investigation.
        FraudInvestigation = "fraudeonderzoek",
        /// Profiling of persons.
        Profiling = "profilering-van-personen",
        /// Risk scores.
        RiskScore = "risicoscore",
        /// Granting or stopping a benefit or a provision.
        Benefits = "uitkering-of-voorziening",
        /// Residence rights.
        Immigration = "vreemdelingentoezicht",
        /// Marketing.
        Marketing = "marketing",
        /// Judging one's own staff.
        StaffAssessment = "personeelsbeoordeling",
    }

    /// What sets a clause in motion (`aanleiding`).
    Trigger {
        /// A question of a person with an occasion (`bevraging`).
        Question = "bevraging",
        /// A match, continuously (`overeenkomst`).
        OnMatch = "overeenkomst",
        /// A count over areas (`scan`).
        Scan = "scan",
    }

    /// The reveal ladder (`toont`), from least to most.
    Shows {
        /// A count.
        Count = "aantal",
        /// That there is a hit.
        Hit = "treffer",
        /// An advice what to do; less than a hit, but its arrival may tell as much.
        Advice = "handelingsadvies",
        /// Whom to call.
        Contact = "contactpunt",
        /// The kind of signal.
        Category = "categorie",
        /// Named attributes.
        Attributes = "gegevens",
    }

    /// An attribute of a signal that a clause may show (`kenmerken`).
    Attribute {
        /// When it was observed, by day.
        ObservedDay = "waarnemingsdag",
        /// How sure the source is.
        Certainty = "zekerheid",
        /// Neighbourhood code.
        Neighbourhood = "buurt",
        /// A short description by the source.
        Description = "omschrijving",
        /// What the source did about it.
        Measure = "maatregel",
        /// The source's case number.
        CaseNumber = "zaaknummer",
        /// The case handler at the source.
        Handler = "behandelaar",
        /// Telephone number of the case handler.
        HandlerPhone = "telefoon-behandelaar",
        /// Name of the subject.
        Name = "naam",
        /// Address of the subject.
        Address = "adres",
        /// Birth date of the subject.
        BirthDate = "geboortedatum",
        /// Licence plate.
        Plate = "kenteken",
        /// Telephone number of the subject.
        Phone = "telefoon",
        /// Name of an organisation.
        OrganisationName = "organisatienaam",
        /// Chamber of Commerce number.
        Kvk = "kvk-nummer",
        /// Bank account number.
        Iban = "rekeningnummer",
    }

    /// When a person at the source reviews (`beoordeling`).
    Review {
        /// On entry of the signal.
        Beforehand = "vooraf",
        /// For each disclosure.
        PerCase = "per-geval",
    }

    /// Which review took place, as a fact of an example.
    Reviewed {
        /// None.
        Nothing = "geen",
        /// On entry of the signal.
        Beforehand = "vooraf",
        /// For each disclosure, and on entry.
        PerCase = "per-geval",
    }

    /// How surely the asker was logged in (`inlogniveau`), eIDAS levels.
    LoginLevel {
        /// Low.
        Low = "laag",
        /// Substantial.
        Substantial = "substantieel",
        /// High.
        High = "hoog",
    }

    /// How large an area one cell of a scan is (`uitvoer.gebied`).
    AreaLevel {
        /// Neighbourhood (CBS `BU`).
        Neighbourhood = "buurt",
        /// District (CBS `WK`).
        District = "wijk",
        /// Municipality (CBS `GM`).
        Municipality = "gemeente",
    }

    /// How long a period one cell of a scan is (`tijdvak`).
    Period {
        /// Month.
        Month = "maand",
        /// Quarter.
        Quarter = "kwartaal",
        /// Half a year.
        HalfYear = "halfjaar",
        /// Year.
        Year = "jaar",
    }

    /// What is said where nothing is said (`bij_niets`, `bij_weigering`).
    Silence {
        /// No statement.
        NoStatement = "geen-uitspraak",
        /// Below the threshold.
        BelowThreshold = "onder-drempel",
    }

    /// When notices of continuous matches go out (`bundelen`).
    Batching {
        /// At the broker's fixed times, an interval in its settings.
        FixedTimes = "vaste-tijden",
        /// On the hour.
        Hourly = "elk-uur",
        /// Once a day.
        Daily = "dagelijks",
        /// Once a week.
        Weekly = "wekelijks",
    }

    /// Who gets the entry (`vastleggen`).
    Record {
        /// Source and recipient.
        BothParties = "beide-partijen",
        /// All parties of the covenant, as counts.
        AllParties = "alle-partijen",
    }

    /// How often something is sent.
    Frequency {
        /// At once.
        Immediate = "direct",
        /// Once a day.
        Daily = "dagelijks",
        /// Once a week.
        Weekly = "wekelijks",
        /// Once a month.
        Monthly = "maandelijks",
        /// Once a quarter.
        Quarterly = "per-kwartaal",
        /// Once a year.
        Yearly = "jaarlijks",
    }

    /// In what form a source is told of disclosures (`melden_aan_bron`).
    ReportForm {
        /// One by one: this is a disclosure of its own, with a basis pair of its own.
        PerCase = "per-geval",
        /// Counts only.
        Counts = "aantallen",
    }

    /// How strictly witnesses of the log are awaited (`getuigen`).
    Witnessing {
        /// Cosignatures may come later.
        Deferred = "uitgesteld",
        /// No answer without a quorum.
        Strict = "strikt",
    }

    /// A unit of a [`super::span::Span`].
    Unit {
        /// Hours.
        Hour = "uur",
        /// Days.
        Day = "dagen",
        /// Weeks.
        Week = "weken",
        /// Months.
        Month = "maanden",
        /// Years.
        Year = "jaar",
    }

    /// Why an example is refused, for `uitkomst = "geweigerd: <reden>"`.
    Reason {
        /// A prohibition covers it.
        Prohibited = "verbod",
        /// No clause opens it.
        NotNamed = "niet-genoemd",
        /// Too few signals.
        Hits = "treffers",
        /// Too few parties.
        Parties = "partijen",
        /// Not recent enough.
        Within = "binnen",
        /// No file number.
        FileNumber = "dossier",
        /// No reason given.
        Motivation = "motivering",
        /// Not reviewed by a person.
        Review = "beoordeling",
        /// Not approved.
        Approval = "goedkeuring",
        /// Login level too low.
        LoginLevel = "inlogniveau",
        /// A protected subject.
        NotAbout = "niet_over",
        /// Outside the area.
        Area = "gebied",
        /// Limit per employee.
        PerEmployee = "per_medewerker_per_dag",
        /// Limit per party.
        PerParty = "per_partij_per_dag",
        /// Limit per subject.
        PerSubject = "per_betrokkene_per_maand",
        /// Below the threshold of a count.
        Threshold = "drempel",
    }
}

impl Shows {
    /// Whether it says at least that there is a hit.
    #[must_use]
    pub const fn is_hit(self) -> bool {
        !matches!(self, Self::Count | Self::Advice)
    }
}

impl PartyKind {
    /// Whether it is a public body, which cannot rely on legitimate interests in its tasks
    /// (AVG 6(1), last sentence) and is a user of the BSN (Wabb 1.d).
    #[must_use]
    pub const fn is_public(self) -> bool {
        match self {
            Self::Municipality
            | Self::Province
            | Self::WaterAuthority
            | Self::CentralGovernment
            | Self::SafetyRegion
            | Self::HealthService
            | Self::Police
            | Self::Prosecution => true,
            Self::HousingCorporation
            | Self::Care
            | Self::Welfare
            | Self::Education
            | Self::Energy
            | Self::Landlord => false,
        }
    }

    /// Whether it may get Bibob advice: bodies that the closed list of Wet Bibob 28 knows.
    #[must_use]
    pub const fn may_have_bibob(self) -> bool {
        matches!(
            self,
            Self::Municipality
                | Self::Province
                | Self::WaterAuthority
                | Self::CentralGovernment
                | Self::Police
                | Self::Prosecution
        )
    }

    /// Whether it applies criminal law, so that its data comes under Wpg or Wjsg.
    #[must_use]
    pub const fn is_criminal_justice(self) -> bool {
        matches!(self, Self::Police | Self::Prosecution)
    }
}
