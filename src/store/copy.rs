//! Moving everything that is kept: to another database, into a backup, and back.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use diesel::connection::Connection;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use super::audit::{self, Contents, audit};
use super::connection::Db;
use super::digest::signed;
use super::schema::{change, change_set, evidence, reference_set};
use super::{Store, StoreError, append, document, imports, run, standards, studies};

impl Store {
    /// How much is kept and its hash, recomputed from every row; `Damaged` where a row is not what its hash says.
    pub fn contents(&self) -> Result<Contents, StoreError> {
        sound(self.read_together(audit)?)
    }

    /// The hash of everything kept: versions, reference sets, runs and import reports. Jobs are not kept.
    pub fn content_hash(&self) -> Result<String, StoreError> {
        Ok(self.contents()?.hash)
    }

    /// Copies everything into an empty database, whole or not at all, and proves it by comparing the two hashes,
    /// each recomputed from the rows, before the copy is committed.
    pub fn copy_to(&self, target: &Self) -> Result<Contents, StoreError> {
        self.read_together(|from| {
            target.write(|to| {
                if append::newest_version(to)? > 0
                    || run::after(to, 0)?.is_some()
                    || imports::after(to, 0)?.is_some()
                    || standards::after(to, 0)?.is_some()
                    || document::after(to, 0)?.is_some()
                {
                    return Err(StoreError::NotEmpty { place: target.place() });
                }
                copy_references(from, to)?;
                copy_versions(from, to)?;
                copy_runs_and_imports(from, to)?;
                copy_standards(from, to)?;
                copy_documents(from, to)?;
                let (was, is) = (sound(audit(from)?)?, sound(audit(to)?)?);
                if was == is {
                    Ok(is)
                } else {
                    Err(StoreError::CopyDiffers { from: was.hash, to: is.hash })
                }
            })
        })
    }

    /// Writes a backup, a SQLite file whatever this store is, while others read and write. The file appears at
    /// `path` only once it is whole, checked and on disk; an existing file is never overwritten.
    pub fn backup(&self, path: &Path) -> Result<Contents, StoreError> {
        refuse_existing(path)?;
        let partial = beside(path, "partial");
        let made = match self.sqlite_path() {
            Some(source) => vacuum_into(source, &partial),
            None => self.copied_into(&partial),
        };
        let done = made.and_then(|contents| {
            refuse_existing(path)?;
            put_in_place(&partial, path)?;
            Ok(contents)
        });
        if done.is_err() {
            let _ = fs::remove_file(&partial);
        }
        done
    }

    /// Fills this store, which must be empty, from a backup. The backup itself is not touched: a copy of it is
    /// opened, so that one made by an older version of the program can be brought up to date.
    pub fn restore(&self, path: &Path) -> Result<Contents, StoreError> {
        if !path.is_file() {
            return Err(StoreError::NoSuchFile { path: path.to_owned() });
        }
        let name = format!("domesday-restore-{}.db", std::process::id());
        let copy = match self.sqlite_path() {
            Some(own) => beside(own, "restoring"),
            None => std::env::temp_dir().join(name),
        };
        let scratch = Scratch(copy);
        fs::copy(path, &scratch.0)
            .map_err(|source| StoreError::File { path: scratch.0.clone(), source })?;
        Self::open_existing(&format!("sqlite:{}", scratch.0.display()))?.copy_to(self)
    }

    fn copied_into(&self, partial: &Path) -> Result<Contents, StoreError> {
        let scratch = Scratch(beside(partial, "copy"));
        let copy = Self::open(&format!("sqlite:{}", scratch.0.display()))?;
        self.copy_to(&copy)?;
        vacuum_into(&scratch.0, partial)
    }
}

fn sound(audit: audit::Audit) -> Result<Contents, StoreError> {
    match audit.faults.into_iter().next() {
        Some(fault) => Err(StoreError::Damaged { what: fault }),
        None => Ok(audit.contents),
    }
}

fn copy_references(from: &mut Db, to: &mut Db) -> Result<(), StoreError> {
    for hash in audit::reference_hashes(from)? {
        let row = audit::reference_row(from, &hash)?;
        let into = diesel::insert_into(reference_set::table);
        match to {
            Db::Sqlite(to) => into.values(&row).execute(to)?,
            Db::Postgres(to) => into.values(&row).execute(to)?,
        };
    }
    Ok(())
}

fn copy_versions(from: &mut Db, to: &mut Db) -> Result<(), StoreError> {
    let mut last = 0;
    while let Some((header, previous)) = audit::header_after(from, last)? {
        last = signed(header.id);
        let row = (
            change_set::id.eq(last),
            change_set::author.eq(&header.author),
            change_set::at.eq(header.at),
            change_set::source.eq(&header.source),
            change_set::reason.eq(&header.reason),
            change_set::changes.eq(signed(header.changes)),
            change_set::previous_hash.eq(&previous),
            change_set::hash.eq(&header.hash),
        );
        diesel::insert_into(change_set::table).values(row).execute(to)?;
        for rows in audit::evidence_of(from, last)?.chunks(append::ROWS_AT_ONCE) {
            let into = diesel::insert_into(evidence::table);
            match to {
                Db::Sqlite(to) => into.values(rows).execute(to)?,
                Db::Postgres(to) => into.values(rows).execute(to)?,
            };
        }
        let mut seq = -1;
        loop {
            let rows = audit::rows_after(from, last, seq)?;
            let Some(row) = rows.last() else { break };
            seq = row.seq;
            let into = diesel::insert_into(change::table);
            match to {
                Db::Sqlite(to) => into.values(&rows).execute(to)?,
                Db::Postgres(to) => into.values(&rows).execute(to)?,
            };
        }
    }
    Ok(())
}

fn copy_runs_and_imports(from: &mut Db, to: &mut Db) -> Result<(), StoreError> {
    let mut last = 0;
    while let Some(row) = run::after(from, last)? {
        last = row.id;
        run::put(to, &row)?;
    }
    last = 0;
    while let Some(row) = imports::after(from, last)? {
        last = row.id;
        imports::put(to, &row)?;
    }
    last = 0;
    while let Some(row) = studies::after(from, last)? {
        last = row.id;
        studies::put(to, &row)?;
    }
    Ok(())
}

fn copy_standards(from: &mut Db, to: &mut Db) -> Result<(), StoreError> {
    let mut last = 0;
    while let Some(row) = standards::after(from, last)? {
        last = row.id;
        standards::put(to, &row)?;
    }
    Ok(())
}

fn copy_documents(from: &mut Db, to: &mut Db) -> Result<(), StoreError> {
    let mut last = 0;
    while let Some(row) = document::after(from, last)? {
        last = row.id;
        document::put(to, &row)?;
    }
    Ok(())
}

/// A consistent copy of a SQLite file that others are writing to, checked row by row.
fn vacuum_into(source: &Path, partial: &Path) -> Result<Contents, StoreError> {
    let open = |path: &Path| {
        SqliteConnection::establish(&path.to_string_lossy()).map_err(|fault| {
            StoreError::NoConnection { place: path.display().to_string(), source: Box::new(fault) }
        })
    };
    let _ = fs::remove_file(partial);
    let target = partial.to_string_lossy().into_owned();
    diesel::sql_query("VACUUM INTO ?")
        .bind::<diesel::sql_types::Text, _>(target)
        .execute(&mut open(source)?)?;
    let mut copy = Db::Sqlite(open(partial)?);
    sound(audit(&mut copy)?)
}

fn put_in_place(partial: &Path, path: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::File { path: path.to_owned(), source };
    File::open(partial).and_then(|file| file.sync_all()).map_err(failed)?;
    fs::rename(partial, path).map_err(failed)?;
    // The name is on disk only once its folder is.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn refuse_existing(path: &Path) -> Result<(), StoreError> {
    if path.exists() { Err(StoreError::AlreadyThere { path: path.to_owned() }) } else { Ok(()) }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// A SQLite file of ours, removed with its companions when done.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        for ending in ["", "-wal", "-shm"] {
            let mut name = self.0.as_os_str().to_owned();
            name.push(ending);
            let _ = fs::remove_file(PathBuf::from(name));
        }
    }
}
