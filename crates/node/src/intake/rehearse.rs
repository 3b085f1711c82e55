//! Only checking (`validate_only`): the same unit of work runs, and is undone. So no rule can
//! hold for the one and not for the other.

use store::{NodeStore, NodeTx, StoreError};

use crate::refusal::Refused;

/// Why a unit of work was undone.
enum Undone<T> {
    /// It may not be done.
    Refused(Refused),
    /// It might have been done, and this would have been the answer.
    OnlyChecked(T),
}

impl<T> From<StoreError> for Undone<T> {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

/// Runs a unit of work, and keeps nothing of it when it is only to be checked.
///
/// # Errors
/// What the unit refuses, whether it is kept or not.
pub(super) async fn run<T: Send + 'static>(
    store: &NodeStore,
    only_check: bool,
    unit: impl FnOnce(&mut NodeTx) -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    if !only_check {
        return store.write(unit).await;
    }
    let undone = store
        .write(move |tx| match unit(tx) {
            Ok(answer) => Err::<T, _>(Undone::OnlyChecked(answer)),
            Err(refused) => Err(Undone::Refused(refused)),
        })
        .await;
    match undone {
        Ok(answer) | Err(Undone::OnlyChecked(answer)) => Ok(answer),
        Err(Undone::Refused(refused)) => Err(refused),
    }
}
