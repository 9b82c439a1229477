//! How the list of values becomes code. See [`values`](super) for the list.
//!
//! An entry is `name = CONSTANT: Kind(…), "what it says, unit" + "note", where it is shown,
//! as others name it;`. The kinds:
//!
//! | kind | is | arguments |
//! |---|---|---|
//! | `Real` | a measured number | decimals that are kept, smallest and largest value |
//! | `Amount` | the same, of what fell: absent often means none | the same |
//! | `Whole` | a measured whole number | smallest and largest value |
//! | `Number` | a whole number that measures nothing | |
//! | `Text` | a text | |

/// The list: constants, [`Values`](super::Values), its cells, and [`VALUES`](super::VALUES).
macro_rules! values {
    ($(
        $name:ident $(= $constant:ident)?: $kind:ident $arguments:tt,
        $says:literal $(+ $note:literal)?, $shown:ident
        $(, $quantity:ident ($($naming:expr),*))?;
    )*) => {
        $($(
            #[doc = concat!($says, ".")]
            pub const $constant: Measure =
                measured(stringify!($name), device::range!($kind $arguments));
        )?)*

        const COUNT: usize = [$(stringify!($name)),*].len();

        /// Every value, in order.
        pub const VALUES: [Value; COUNT] = [$(Value {
            name: stringify!($name),
            kind: device::kind!($kind $arguments),
            is_amount: device::is_amount!($kind),
            description: device::description!($kind $arguments $says $($note)?),
            in_latest: device::in_latest!($kind $says),
            in_hourly: device::in_hourly!($kind $says),
            measure: device::measure!($($constant)?),
            shown: $shown,
            quantity: device::quantity!($name $($quantity($($naming),*))?),
        }),*];

        /// The values of an observation. `None`: the source did not say.
        #[derive(Debug, Clone, Default, PartialEq, Serialize)]
        pub struct Values {
            $(
                #[doc = device::description!($kind $arguments $says $($note)?)]
                pub $name: Option<device::content!($kind)>,
            )*
        }

        impl Values {
            /// The values in the order of [`VALUES`].
            #[must_use]
            pub fn cells(&self) -> [Cell<'_>; COUNT] {
                [$(device::cell!($kind self.$name)),*]
            }

            /// The same, to be set.
            pub fn cells_mut(&mut self) -> [CellMut<'_>; COUNT] {
                [$(device::cell_mut!($kind self.$name)),*]
            }
        }
    };
}

/// The type of a value.
macro_rules! content {
    (Text) => {
        String
    };
    (Number) => {
        i64
    };
    (Whole) => {
        i64
    };
    ($real:ident) => {
        f64
    };
}

/// Decimals, smallest and largest value of what is measured.
macro_rules! range {
    (Whole($min:literal, $max:literal)) => {
        (0, $min, $max)
    };
    ($kind:ident($decimals:literal, $min:literal, $max:literal)) => {
        ($decimals, $min, $max)
    };
}

/// What the column of a value holds.
macro_rules! kind {
    (Text()) => {
        Kind::Text
    };
    (Number()) => {
        Kind::Integer
    };
    (Whole $range:tt) => {
        Kind::Integer
    };
    ($real:ident($decimals:literal, $min:literal, $max:literal)) => {
        Kind::Real { decimals: $decimals }
    };
}

/// What it may be, if it is measured.
macro_rules! measure {
    () => {
        None
    };
    ($constant:ident) => {
        Some($constant)
    };
}

macro_rules! is_amount {
    (Amount) => {
        true
    };
    ($other:ident) => {
        false
    };
}

/// What the table says of a value.
macro_rules! description {
    ($kind:ident() $says:literal $($note:literal)?) => { concat!($says $(, $note)?, ".") };
    (Whole($min:literal, $max:literal) $says:literal $($note:literal)?) => {
        concat!($says, ", ", $min, " to ", $max $(, $note)?, ".")
    };
    (Amount($decimals:literal, $min:literal, $max:literal) $says:literal $($note:literal)?) => {
        concat!($says, ", ", $min, " to ", $max, "; NULL: not reported" $(, $note)?, ".")
    };
    (Real($decimals:literal, $min:literal, $max:literal) $says:literal $($note:literal)?) => {
        concat!($says, ", ", $min, " to ", $max $(, $note)?, ".")
    };
}

/// What the view of the latest observations says of a value.
macro_rules! in_latest {
    (Amount $says:literal) => {
        concat!($says, "; NULL: not reported.")
    };
    ($kind:ident $says:literal) => {
        concat!($says, ".")
    };
}

/// What the view of the hours says of a value.
macro_rules! in_hourly {
    (Amount $says:literal) => {
        concat!($says, "; 0 when none was reported.")
    };
    ($kind:ident $says:literal) => {
        concat!($says, ".")
    };
}

macro_rules! quantity {
    ($name:ident) => { None };
    ($name:ident $quantity:ident($($naming:expr),*)) => {
        Some($quantity(stringify!($name), $($naming),*))
    };
}

macro_rules! cell {
    (Text $value:expr) => {
        Cell::Text($value.as_deref())
    };
    (Number $value:expr) => {
        Cell::Integer($value)
    };
    (Whole $value:expr) => {
        Cell::Integer($value)
    };
    ($real:ident $value:expr) => {
        Cell::Real($value)
    };
}

macro_rules! cell_mut {
    (Text $value:expr) => {
        CellMut::Text(&mut $value)
    };
    (Number $value:expr) => {
        CellMut::Integer(&mut $value)
    };
    (Whole $value:expr) => {
        CellMut::Integer(&mut $value)
    };
    ($real:ident $value:expr) => {
        CellMut::Real(&mut $value)
    };
}

pub(super) use {
    cell, cell_mut, content, description, in_hourly, in_latest, is_amount, kind, measure, quantity,
    range, values,
};
