//! Who is calling, and the keys that say so
