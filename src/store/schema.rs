//! The tables, once for both databases. A test compares the migrated columns of each with this list.

macro_rules! schema {
    ($( $table:ident ($($key:ident),+) { $( $column:ident -> $kind:ident $(<$inner:ident>)?, )+ } )+) => {
        $( diesel::table! { $table ($($key),+) { $( $column -> $kind $(<$inner>)?, )+ } } )+

        /// Table, column, type.
        #[cfg(test)]
        pub(super) const COLUMNS: &[(&str, &str, &str)] = &[
            $( $( (stringify!($table), stringify!($column), stringify!($kind $(<$inner>)?)), )+ )+
        ];
    };
}

schema! {
    change_set (id) {
        id -> BigInt,
        author -> Text,
        at -> Timestamp,
        source -> Text,
        reason -> Text,
        changes -> BigInt,
        previous_hash -> Text,
        hash -> Text,
    }
    evidence (change_set, seq) {
        change_set -> BigInt,
        seq -> BigInt,
        source -> Text,
        method -> Text,
        as_of -> Date,
    }
    change (change_set, seq) {
        change_set -> BigInt,
        seq -> BigInt,
        subject -> Text,
        code -> Text,
        body -> Text,
    }
    reference_set (hash) {
        hash -> Text,
        size -> BigInt,
        body -> Binary,
    }
    run (id) {
        id -> BigInt,
        name -> Text,
        author -> Text,
        at -> Timestamp,
        register_version -> BigInt,
        status -> Text,
        gap -> Nullable<Double>,
        seconds -> Double,
        sites_closed -> BigInt,
        tenancies_moved -> BigInt,
        breaches -> BigInt,
        fund_asked_pence -> BigInt,
        to_fund_pence -> Nullable<BigInt>,
        npsv_pence -> Nullable<BigInt>,
        input_hash -> Text,
        body -> Binary,
        previous_hash -> Text,
        hash -> Text,
    }
    import (id) {
        id -> BigInt,
        author -> Text,
        at -> Timestamp,
        kind -> Text,
        files -> Text,
        version -> Nullable<BigInt>,
        data_rows -> BigInt,
        changes -> BigInt,
        faults -> BigInt,
        body -> Binary,
        previous_hash -> Text,
        hash -> Text,
    }
    standards (id) {
        id -> BigInt,
        author -> Text,
        at -> Timestamp,
        reason -> Text,
        body -> Text,
        previous_hash -> Text,
        hash -> Text,
    }
    document (id) {
        id -> BigInt,
        kind -> Text,
        run -> Nullable<BigInt>,
        author -> Text,
        at -> Timestamp,
        title -> Text,
        body -> Binary,
        previous_hash -> Text,
        hash -> Text,
    }
    job (id) {
        id -> BigInt,
        kind -> Text,
        state -> Text,
        title -> Text,
        author -> Text,
        worker -> Text,
        lease_until -> Timestamp,
        queued_at -> Timestamp,
        started_at -> Nullable<Timestamp>,
        finished_at -> Nullable<Timestamp>,
        cancel_asked -> Bool,
        percent -> Nullable<Double>,
        message -> Text,
        seconds -> Double,
        incumbent -> Nullable<Double>,
        bound -> Nullable<Double>,
        gap -> Nullable<Double>,
        run -> Nullable<BigInt>,
        import -> Nullable<BigInt>,
        study -> Nullable<BigInt>,
    }
    study (id) {
        id -> BigInt,
        run -> BigInt,
        kind -> Text,
        name -> Text,
        author -> Text,
        at -> Timestamp,
        seconds -> Double,
        body -> Binary,
        previous_hash -> Text,
        hash -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(change_set, evidence, change);
