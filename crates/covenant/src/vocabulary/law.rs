//! Legal bases and exceptions that a covenant may name: closed lists, with the statute's own
//! numbering. Naming one is a claim of the parties that signed; the product does not judge it.

use crate::language::words::words;

words! {
    /// A basis for supplying or receiving.
    Article {
        /// Consent.
        Avg6a = "AVG 6.1.a",
        /// Contract.
        Avg6b = "AVG 6.1.b",
        /// Legal obligation; a law must impose it (AVG 6.3).
        Avg6c = "AVG 6.1.c",
        /// Vital interests.
        Avg6d = "AVG 6.1.d",
        /// Public task; a law must give it (AVG 6.3).
        Avg6e = "AVG 6.1.e",
        /// Legitimate interests; not for public bodies in their tasks.
        Avg6f = "AVG 6.1.f",
        /// Daily police task.
        Wpg8 = "Wpg 8",
        /// Targeted investigation.
        Wpg9 = "Wpg 9",
        /// Insight into serious threats to the legal order.
        Wpg10 = "Wpg 10",
        /// Support of the police task.
        Wpg13 = "Wpg 13",
        /// Supply to the public prosecution service.
        Wpg16a = "Wpg 16.1.a",
        /// Supply to mayors.
        Wpg16b = "Wpg 16.1.b",
        /// Structural supply to third parties that a decree names.
        Wpg18 = "Wpg 18",
        /// Supply in a special case.
        Wpg19 = "Wpg 19",
        /// Structural supply for a partnership; needs a decision.
        Wpg20 = "Wpg 20",
        /// Judicial data to third parties.
        Wjsg39f = "Wjsg 39f",
    }

    /// An exception to a ban on special or criminal data.
    Exemption {
        /// Explicit consent.
        Avg9a = "AVG 9.2.a",
        /// Labour and social security law.
        Avg9b = "AVG 9.2.b",
        /// Vital interests.
        Avg9c = "AVG 9.2.c",
        /// Manifestly made public.
        Avg9e = "AVG 9.2.e",
        /// Legal claims.
        Avg9f = "AVG 9.2.f",
        /// Substantial public interest.
        Avg9g = "AVG 9.2.g",
        /// Care.
        Avg9h = "AVG 9.2.h",
        /// Public health.
        Avg9i = "AVG 9.2.i",
        /// General exceptions for special categories.
        Uavg22 = "UAVG 22",
        /// Authority to process, national.
        Uavg23a = "UAVG 23.a",
        /// Ombudsman and supervisor.
        Uavg23b = "UAVG 23.b",
        /// In addition to criminal data for the same purpose.
        Uavg23c = "UAVG 23.c",
        /// Racial or ethnic origin, for identification.
        Uavg25 = "UAVG 25",
        /// Health data.
        Uavg30_1 = "UAVG 30.1",
        /// Health data, reintegration and insurance.
        Uavg30_2 = "UAVG 30.2",
        /// Health data, care providers and welfare.
        Uavg30_3 = "UAVG 30.3",
        /// Criminal data: explicit consent.
        Uavg32a = "UAVG 32.a",
        /// Criminal data: vital interests.
        Uavg32b = "UAVG 32.b",
        /// Criminal data: manifestly made public.
        Uavg32c = "UAVG 32.c",
        /// Criminal data: legal claims.
        Uavg32d = "UAVG 32.d",
        /// Criminal data: substantial public interest.
        Uavg32e = "UAVG 32.e",
        /// Criminal data: research.
        Uavg32f = "UAVG 32.f",
        /// Bodies that apply criminal law, or that received it under Wpg or Wjsg.
        Uavg33_1a = "UAVG 33.1.a",
        /// Partnerships under public law.
        Uavg33_1b = "UAVG 33.1.b",
        /// In addition to health data, for care.
        Uavg33_1c = "UAVG 33.1.c",
        /// To judge a request of the subject.
        Uavg33_2a = "UAVG 33.2.a",
        /// To protect own interests and own staff.
        Uavg33_2b = "UAVG 33.2.b",
        /// For third parties: private investigation with a licence.
        Uavg33_4a = "UAVG 33.4.a",
        /// For third parties: within a group.
        Uavg33_4b = "UAVG 33.4.b",
        /// For third parties: licence of the supervisor.
        Uavg33_4c = "UAVG 33.4.c",
        /// Police data: special categories only where unavoidable.
        Wpg5 = "Wpg 5",
    }

    /// A ground to put off telling the subject.
    Deferral {
        /// National security.
        Uavg41a = "UAVG 41.1.a",
        /// Defence.
        Uavg41b = "UAVG 41.1.b",
        /// Public safety.
        Uavg41c = "UAVG 41.1.c",
        /// Criminal offences.
        Uavg41d = "UAVG 41.1.d",
        /// Other important public interests.
        Uavg41e = "UAVG 41.1.e",
        /// Independence of courts.
        Uavg41f = "UAVG 41.1.f",
        /// Professional rules.
        Uavg41g = "UAVG 41.1.g",
        /// Supervision.
        Uavg41h = "UAVG 41.1.h",
        /// Protection of the subject or of others.
        Uavg41i = "UAVG 41.1.i",
        /// Civil claims.
        Uavg41j = "UAVG 41.1.j",
        /// Police data: any ground of Wpg 27(1).
        Wpg27 = "Wpg 27.1",
    }

    /// A law that gives a task or imposes a duty (`wet`), for AVG 6.1.c and 6.1.e (AVG 6.3).
    Law {
        /// Working Conditions Act.
        Arbo = "Arbeidsomstandighedenwet",
        /// Municipalities Act.
        Gemeentewet = "Gemeentewet",
        /// Provinces Act.
        Provinciewet = "Provinciewet",
        /// Water Authorities Act.
        Waterschapswet = "Waterschapswet",
        /// Housing Act.
        Woningwet = "Woningwet",
        /// Housing Allocation Act 2014.
        Huisvestingswet = "Huisvestingswet 2014",
        /// Urban problems act.
        Wbmgp = "Wbmgp",
        /// Good Landlordship Act.
        GoedVerhuurderschap = "Wet goed verhuurderschap",
        /// Police Act 2012.
        Politiewet = "Politiewet 2012",
        /// Code of Criminal Procedure.
        Strafvordering = "Wetboek van Strafvordering",
        /// Civil Code.
        BurgerlijkWetboek = "Burgerlijk Wetboek",
        /// Social Support Act 2015.
        Wmo = "Wmo 2015",
        /// Youth Act.
        Jeugdwet = "Jeugdwet",
        /// Compulsory Mental Health Care Act.
        Wvggz = "Wvggz",
        /// Care quality and complaints act.
        Wkkgz = "Wkkgz",
        /// Medical treatment contracts.
        Wgbo = "Wgbo",
        /// Public Health Act.
        Wpg = "Wet publieke gezondheid",
        /// Safety Regions Act.
        Veiligheidsregios = "Wet veiligheidsregio's",
        /// Environment Act.
        Omgevingswet = "Omgevingswet",
        /// Public-sector integrity screening.
        Bibob = "Wet Bibob",
        /// Opium Act.
        Opiumwet = "Opiumwet",
        /// Data processing by partnerships.
        Wgs = "WGS",
        /// Basic registration of persons.
        Brp = "Wet BRP",
    }
}

impl Article {
    /// Whether it is of the AVG (GDPR).
    #[must_use]
    pub const fn is_avg(self) -> bool {
        matches!(
            self,
            Self::Avg6a | Self::Avg6b | Self::Avg6c | Self::Avg6d | Self::Avg6e | Self::Avg6f
        )
    }

    /// Whether police or prosecution supply data under it.
    #[must_use]
    pub const fn is_police_supply(self) -> bool {
        matches!(
            self,
            Self::Wpg16a | Self::Wpg16b | Self::Wpg18 | Self::Wpg19 | Self::Wpg20
        )
    }

    /// Whether police process data under it for their own task.
    #[must_use]
    pub const fn is_police_task(self) -> bool {
        matches!(self, Self::Wpg8 | Self::Wpg9 | Self::Wpg10 | Self::Wpg13)
    }

    /// Whether supplying under it needs a decision of its own.
    #[must_use]
    pub const fn needs_decision(self) -> bool {
        matches!(self, Self::Wpg19 | Self::Wpg20)
    }

    /// Whether a law must give the task or impose the duty (AVG 6.3).
    #[must_use]
    pub const fn needs_law(self) -> bool {
        matches!(self, Self::Avg6c | Self::Avg6e)
    }
}

impl Exemption {
    /// Whether it lifts the ban on criminal data (AVG 10).
    #[must_use]
    pub fn is_criminal(self) -> bool {
        self.as_str().starts_with("UAVG 32") || self.as_str().starts_with("UAVG 33")
    }

    /// Whether it is an exception of AVG 9(2).
    #[must_use]
    pub fn is_special_avg(self) -> bool {
        self.as_str().starts_with("AVG 9")
    }

    /// Whether it is an article of UAVG 22 to 30, which AVG 9(2) needs beside it here.
    #[must_use]
    pub fn is_special_uavg(self) -> bool {
        self.as_str().starts_with("UAVG 2") || self.as_str().starts_with("UAVG 30")
    }
}
