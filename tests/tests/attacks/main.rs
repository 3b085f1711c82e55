//! The attacks of `docs/threat-model.md`, tried on a whole world.

mod covenants;
mod history;
mod identities;
mod messages;
mod people;
mod probing;
mod signing;

/// The covenant of a question before a visit.
const VISITS: &str = "veilig-op-bezoek-roosdonk";
/// Its purpose.
const VISIT: &str = "bezoekveiligheid";
/// The covenant of continuous matches.
const NUISANCE: &str = "woonoverlast-roosdonk";
/// Its purpose.
const STOP_NUISANCE: &str = "woonoverlast";
/// The role that may ask before a visit.
const CARETAKER: &str = "corporatie.huismeester";
/// Somebody was attacked.
const ATTACKED: &str = "AGR.FYS";
/// Somebody was intimidated.
const INTIMIDATED: &str = "WAN.INT";
/// Somebody makes noise.
const NOISE: &str = "OVE.GEL";
