//! The published probe subjects: fictitious, one text for every node, so that two nodes can see
//! that they hold the same key and the same rules before they compare anything real.

use crate::normalise::normalise;
use crate::raw::RawSubject;
use crate::subject::NormalSubject;

/// The same bytes as `tests/vectors/probe.toml`.
const PROBES: &str = include_str!("probe.toml");

/// The probe subjects; `None` when the text is not a list of valid subjects.
pub(crate) fn subjects() -> Option<Vec<NormalSubject>> {
    let table: toml::Table = PROBES.parse().ok()?;
    table
        .get("probe")?
        .as_array()?
        .iter()
        .map(subject)
        .collect()
}

fn subject(probe: &toml::Value) -> Option<NormalSubject> {
    let fields = probe.get("fields")?.as_table()?;
    let fields: Option<Vec<_>> = fields
        .iter()
        .map(|(path, value)| Some((path.as_str(), value.as_str()?.into())))
        .collect();
    normalise(&RawSubject::from_fields(fields?).ok()?).ok()
}
