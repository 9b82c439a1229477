//! Rows that are a struct of their own: its fields are the columns.

/// Defines a struct whose fields are the columns of a row, so that no other list of them has to be kept.
macro_rules! rows {
    (
        $(#[$meta:meta])*
        $visibility:vis struct $row:ident {
            $($(#[$field_meta:meta])* $field:ident: $type:ty,)+
        }
    ) => {
        $(#[$meta])*
        $visibility struct $row {
            $($(#[$field_meta])* $field: $type,)+
        }

        impl $crate::serve::answer::values::Columns for $row {
            const KEY: &'static [&'static str] = &[];

            fn columns() -> &'static [$crate::domain::views::ViewColumn] {
                use $crate::serve::answer::rows::ToCell;
                const COLUMNS: &[$crate::domain::views::ViewColumn] = &[
                    $($crate::domain::views::ViewColumn {
                        name: stringify!($field),
                        kind: <$type as ToCell>::KIND,
                        is_required: <$type as ToCell>::IS_REQUIRED,
                        description: "",
                    },)+
                ];
                COLUMNS
            }
        }

        impl $crate::serve::answer::rows::Row for $row {
            type Columns = Self;

            fn cells<'a>(&'a self, cells: &mut Vec<$crate::serve::answer::rows::Cell<'a>>) {
                use $crate::serve::answer::rows::ToCell as _;
                cells.extend([$(self.$field.cell(),)+]);
            }
        }
    };
}

pub(crate) use rows;
