//! The advice vocabularies. A covenant names one with its version (`woordenlijst`).
//!
//! An advice says what to do and never what happened. The order is part of the published
//! vocabulary: where several clauses advise, the highest rank is the answer.

/// A version of the advice vocabulary. A published version never changes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Vocabulary {
    /// `nl-veilig/2`.
    NlVeilig2,
}

/// One advice of a vocabulary.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Advice {
    /// Its code, for example `ga-met-twee`.
    pub code: &'static str,
    /// Its rank: a higher number goes before a lower one. No two advices share a rank; 0 is
    /// [`NO_ADVICE`] alone.
    pub rank: u8,
    /// What a person reads, in Dutch (level B1).
    pub nl: &'static str,
    /// What a person reads, in English.
    pub en: &'static str,
    /// The same advice in the housing sector's VERA codes, where it has one.
    pub vera: Option<&'static str>,
}

/// What is said when there is nothing to say or nothing may be said. It never means "safe".
pub const NO_ADVICE: Advice = Advice {
    code: "geen-advies",
    rank: 0,
    nl: "Geen advies",
    en: "No advice",
    vera: None,
};

const NL_VEILIG_2: &[Advice] = &[
    Advice {
        code: "bel-eerst",
        rank: 10,
        nl: "Bel eerst en maak een afspraak",
        en: "Call first and make an appointment",
        vera: None,
    },
    Advice {
        code: "meld-vooraf",
        rank: 20,
        nl: "Meld vooraf bij een collega waar u bent",
        en: "Tell a colleague beforehand where you are",
        vera: None,
    },
    Advice {
        code: "spreek-buiten-af",
        rank: 30,
        nl: "Spreek af op kantoor of op een openbare plek",
        en: "Meet at the office or in a public place",
        vera: None,
    },
    Advice {
        code: "ga-met-twee",
        rank: 40,
        nl: "Ga met twee",
        en: "Go with two",
        vera: Some("BEZ"),
    },
    Advice {
        code: "overleg-eerst",
        rank: 50,
        nl: "Overleg eerst met uw leidinggevende",
        en: "Talk to your manager first",
        vera: None,
    },
    Advice {
        code: "ga-met-begeleiding",
        rank: 60,
        nl: "Ga alleen met begeleiding van de wijkagent of een toezichthouder",
        en: "Go only with the neighbourhood officer or a warden",
        vera: None,
    },
    Advice {
        code: "ga-niet",
        rank: 70,
        nl: "Ga nu niet",
        en: "Do not go now",
        vera: None,
    },
];

impl Vocabulary {
    /// Every published version.
    pub const ALL: &'static [Self] = &[Self::NlVeilig2];

    /// Its name and version, as a covenant writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NlVeilig2 => "nl-veilig/2",
        }
    }

    /// Reads a name and version.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|v| v.as_str() == text)
    }

    /// Its advices, lowest rank first, without [`NO_ADVICE`].
    #[must_use]
    pub const fn advices(self) -> &'static [Advice] {
        match self {
            Self::NlVeilig2 => NL_VEILIG_2,
        }
    }

    /// The advice with a code; [`NO_ADVICE`] is found too.
    #[must_use]
    pub fn advice(self, code: &str) -> Option<&'static Advice> {
        static NOTHING: Advice = NO_ADVICE;
        if code == NOTHING.code {
            return Some(&NOTHING);
        }
        self.advices().iter().find(|a| a.code == code)
    }
}
