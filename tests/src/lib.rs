//! Stories across the whole, and the checks of the architecture itself.
