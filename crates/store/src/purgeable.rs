//! Kinds of records that have an end: the number that is stored, and the word that is told.

macro_rules! kinds {
    ($(#[$of:meta])* $type:ident { $($(#[$doc:meta])* $name:ident $number:literal $word:literal;)* }) => {
        $(#[$of])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum $type { $($(#[$doc])* $name,)* }

        impl $type {
            /// The word for it in the log, the metrics and to the operator.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            const fn number(self) -> u8 {
                match self { $(Self::$name => $number,)* }
            }

            const fn of_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
            }
        }
    };
}

pub(crate) use kinds;
