//! One connection to either database. Alone in this file because the derive writes public items without documents.
#![expect(
    unreachable_pub,
    reason = "the derive makes them public; the store does not hand them on"
)]

use diesel::pg::PgConnection;
use diesel::sqlite::SqliteConnection;

#[derive(diesel::MultiConnection)]
pub enum Db {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}
