//! A covenant key on its way to the other parties.
