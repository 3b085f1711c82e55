//! What became of a mutation.

use covenant::difference::{Edit, compare};
use covenant::{Checking, Covenant, Lang, check_as};
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
    /// Nobody says anything.
    Silent,
}

impl Outcome {
    pub(super) const ALL: [Self; 7] = [
        Self::Error,
        Self::Cells,
        Self::Particulars,
        Self::Named,
        Self::Diagnosed,
        Self::Same,
        Self::Silent,
    ];
}

/// What is compared with.
pub(super) struct Original {
    covenant: Covenant,
    diagnostics: Vec<(&'static str, String)>,
}

impl Original {
    pub(super) fn of(root: &Value) -> Self {
        let (covenant, diagnostics) = checked(root);
        Self {
            covenant: covenant.unwrap(),
            diagnostics,
        }
    }

    pub(super) fn judge(&self, mutated: &Value, kind: Kind) -> Outcome {
        let (Some(covenant), diagnostics) = checked(mutated) else {
            return Outcome::Error;
        };
        let difference = compare(&self.covenant, &covenant);
        let printed = difference.to_text(Lang::Nl).contains("\n- ");
        let same_tree = self.covenant.document() == covenant.document();
        if difference.changes_cells() && printed {
            Outcome::Cells
        } else if !difference.is_none() && printed {
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
