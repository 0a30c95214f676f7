//! kill -9 at any moment leaves each version whole or absent, and none that was acknowledged is lost.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rand::{RngExt, SeedableRng};

use super::part::{Tried, on_both};
use super::{draft, named, scope};
use crate::store::{Store, StoreError};

const URL: &str = "DOMESDAY_TEST_APPENDS_TO";
const KILLS: u64 = 8;
/// Enough that a kill often falls inside the transaction.
const SITES: usize = 3_000;

/// Not a test but the process that is killed: does nothing unless it is started by the test below.
#[test]
fn the_child_that_appends_until_it_is_killed() {
    let Ok(url) = std::env::var(URL) else { return };
    let store = Store::open(&url).unwrap();
    loop {
        let newest = store.newest_version(&scope()).unwrap();
        let name = format!("version {}", newest + 1);
        let changes = (0..SITES).map(|n| named(&format!("S{n:05}"), &name)).collect();
        let made = match store.append(&scope(), draft(changes), newest) {
            Ok(made) => made,
            // The server may still have been taking in the last words of the one that was killed before.
            Err(StoreError::Conflict { .. }) => continue,
            Err(error) => panic!("{error}"),
        };
        // Past the test harness, straight to the pipe.
        writeln!(std::io::stdout(), "\nacknowledged {}", made.id).unwrap();
        std::io::stdout().flush().unwrap();
    }
}

on_both! {
    fn what_was_acknowledged_survives_kill_9_and_nothing_is_half_there(store) {
        let mut dice = rand_chacha::ChaCha8Rng::seed_from_u64(2);
        let mut acknowledged = 0;
        for _ in 0..KILLS {
            acknowledged = acknowledged.max(killed_after(&store, dice.random_range(20..600)));
        }

        let store = store.again();
        let newest = store.newest_version(&scope()).unwrap();
        // The last one may have landed without its acknowledgement reaching us.
        assert!(acknowledged > 0 && newest >= acknowledged, "{newest} of {acknowledged}");
        let diagnosis = store.doctor(&scope()).unwrap();
        assert_eq!(diagnosis.faults, Vec::<String>::new());
        assert_eq!(diagnosis.contents.changes, newest * SITES as u64, "no version is partial");
        let wanted = format!("version {newest}");
        let snapshot = store.snapshot(&scope()).unwrap();
        assert!(snapshot.register.sites().all(|site| site.name() == wanted));
    }
}

/// Starts a child, kills it so many milliseconds after its first acknowledgement, and gives the last version it told.
fn killed_after(store: &Tried, milliseconds: u64) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "--test-threads=1"])
        .arg("store::tests::kill::the_child_that_appends_until_it_is_killed")
        .env(URL, &store.url)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let told = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told = told
        .map_while(Result::ok)
        .filter_map(|line| line.strip_prefix("acknowledged ").and_then(|id| id.parse().ok()));
    let first: u64 = told.next().unwrap();
    let killer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
    });
    let last = told.last().unwrap_or(first);
    killer.join().unwrap();
    last
}
