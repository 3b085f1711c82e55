//! What became of a mutation.

use covenant::difference::{Edit, compare};
use covenant::{Checking, Covenant, Lang, check_as, plain};
use toml::Value;

use super::mutate::Kind;

/// How a mutation is known. The order is from loud to silent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Outcome {
    /// It is an error.
    Error,
    /// Cells open, close or have other demands.
    Cells,
    /// Something else that is agreed differs.
    Particulars,
    /// It is named as being without effect.
    Named,
    /// The typed tree is the same, and a new diagnostic says that this has no effect.
    Diagnosed,
    /// The typed tree is the same: an order that has no meaning, or a value that is the default.
    Same,
    /// What is agreed differs, and a signer would read the same.
    Unread,
    /// Nobody says anything.
    Silent,
}

impl Outcome {
    pub(super) const ALL: [Self; 8] = [
        Self::Error,
        Self::Cells,
        Self::Particulars,
        Self::Named,
        Self::Diagnosed,
        Self::Same,
        Self::Unread,
        Self::Silent,
    ];
}

/// What is compared with.
pub(super) struct Original {
    covenant: Covenant,
    diagnostics: Vec<(&'static str, String)>,
    readings: [String; 2],
}

impl Original {
    pub(super) fn of(root: &Value) -> Self {
        let (covenant, diagnostics) = checked(root);
        let covenant = covenant.unwrap();
        Self {
            readings: readings(&covenant),
            covenant,
            diagnostics,
        }
    }

    fn is_read_alike(&self, mutated: &Covenant) -> bool {
        let [nl, en] = readings(mutated);
        self.readings[0] == nl || self.readings[1] == en
    }

    pub(super) fn judge(&self, mutated: &Value, kind: Kind) -> Outcome {
        let (Some(covenant), diagnostics) = checked(mutated) else {
            return Outcome::Error;
        };
        let difference = compare(&self.covenant, &covenant);
        let printed = difference.to_text(Lang::Nl).contains("\n- ");
        let same_tree = self.covenant.document() == covenant.document();
        let agreed = printed && !difference.is_none();
        if agreed && self.is_read_alike(&covenant) {
            Outcome::Unread
        } else if agreed && difference.changes_cells() {
            Outcome::Cells
        } else if agreed {
            Outcome::Particulars
        } else if !same_tree {
            let named = |edit: &Edit| *edit != Edit::Layout;
            if printed && difference.without_effect.iter().any(named) {
                Outcome::Named
            } else {
                Outcome::Silent
            }
        } else if diagnostics.iter().any(|d| !self.diagnostics.contains(d)) {
            Outcome::Diagnosed
        } else if kind.may_mean_the_same() {
            Outcome::Same
        } else {
            Outcome::Silent
        }
    }
}

/// What a signer reads, in both languages.
fn readings(covenant: &Covenant) -> [String; 2] {
    [Lang::Nl, Lang::En].map(|lang| plain::read(covenant, lang))
}

fn checked(root: &Value) -> (Option<Covenant>, Vec<(&'static str, String)>) {
    let Ok(text) = toml::to_string(root) else {
        return (None, Vec::new());
    };
    let checked = check_as(&text, Checking::Template, None);
    let told = checked.diagnostics.into_iter();
    (
        checked.covenant,
        told.map(|d| (d.code, d.message_en)).collect(),
    )
}
