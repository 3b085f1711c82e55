//! Category codes that a signal may be pushed under.
//!
//! The default scheme is `vera`: the codes of `Signalering` in the housing sector's VERA standard,
//! as of VERA OpenAPI 4.3.0. A published version never changes. The scheme `eigen` is free for
//! what no published scheme has a code for: its codes mean what the covenant says. Descriptions are
//! the project's own reading; where the standard's short code was not clear it stands as it is.

use crate::language::words::Nature;

/// The version of the default scheme.
pub const VERA_VERSION: &str = "4.3.0";

/// The scheme of codes that the parties agree on themselves.
pub const OWN_SCHEME: &str = "eigen";

/// One code of a published scheme.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Category {
    /// The scheme and code, as in a signal: `vera:AGR.FYS`.
    pub code: &'static str,
    /// In Dutch.
    pub nl: &'static str,
    /// In English.
    pub en: &'static str,
}

macro_rules! vera {
    ($($code:literal, $nl:literal, $en:literal;)*) => {
        /// The codes of `Signalering`, a kind alone or a kind with its detail.
        pub const VERA: &[Category] = &[$(Category {
            code: concat!("vera:", $code),
            nl: $nl,
            en: $en,
        },)*];
    };
}

vera! {
    "OVE", "Overlast", "Nuisance";
    "OVE.GEL", "Overlast: geluid", "Nuisance: noise";
    "AGR", "Agressie", "Aggression";
    "AGR.VEB", "Agressie: verbaal", "Aggression: verbal";
    "AGR.FYS", "Agressie: fysiek", "Aggression: physical";
    "AGR.SCH", "Agressie: schriftelijk", "Aggression: in writing";
    "AGR.BRA", "Agressie: brandstichting", "Aggression: arson";
    "AGR.AGS", "Agressie: AGS", "Aggression: AGS";
    "WAN", "Wangedrag", "Misconduct";
    "WAN.INT", "Wangedrag: intimidatie", "Misconduct: intimidation";
    "WAN.BEL", "Wangedrag: BEL", "Misconduct: BEL";
    "WAN.SEU", "Wangedrag: seksueel", "Misconduct: sexual";
    "ONE", "Oneigenlijk gebruik", "Improper use";
    "ONE.HEN", "Oneigenlijk gebruik: hennep", "Improper use: cannabis";
    "ONE.DRU", "Oneigenlijk gebruik: drugs", "Improper use: drugs";
    "ONE.OND", "Oneigenlijk gebruik: onderhuur", "Improper use: subletting";
    "ONE.PRO", "Oneigenlijk gebruik: prostitutie", "Improper use: prostitution";
    "ONE.VER", "Oneigenlijk gebruik: VER", "Improper use: VER";
    "SCH", "Huurschuld", "Rent arrears";
    "SCH.BET", "Huurschuld: BET", "Rent arrears: BET";
    "SCH.DEU", "Huurschuld: deurwaarder", "Rent arrears: bailiff";
    "SCH.MUT", "Huurschuld: MUT", "Rent arrears: MUT";
    "ONB", "Ondersteuningsbehoefte", "Need of support";
    "ONB.AMB", "Ondersteuningsbehoefte: ambulante begeleiding", "Need of support: outpatient";
    "BEZ", "Bezoek met twee", "Visit with two";
    "BEW", "BEW", "BEW";
    "CUR", "Curatele", "Under guardianship";
}

/// The heavier nature that what a code of the published scheme means mostly has: an offence (AVG 10), or health
/// (AVG 9). The project's own reading; `None` where it is mostly ordinary, or depends on the case.
#[must_use]
pub fn usual_nature(code: &str) -> Option<Nature> {
    match code.strip_prefix("vera:")? {
        "AGR.FYS" | "AGR.BRA" | "WAN.INT" | "WAN.SEU" | "ONE.HEN" | "ONE.DRU" => {
            Some(Nature::Criminal)
        }
        "ONB.AMB" => Some(Nature::Special),
        _ => None,
    }
}

/// The entry of a code in the published scheme.
#[must_use]
pub fn category(code: &str) -> Option<&'static Category> {
    VERA.iter().find(|c| c.code == code)
}
