//! `domesday bench`: what imports, the index, a snapshot and pages take, each beside a baseline measured in the same run.
//!
//! Everything is made here: the illustrative estate, the CSV files, the load. Real files are measured too where
//! `DOMESDAY_SHARED_DATA` names a folder of them.

mod access;
mod fund;
mod plan;
mod programme;
mod travel;

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::{Args, Subcommand};

use super::table;
use crate::geography::SiteIndex;
use crate::import::references::About;
use crate::import::run::Request;
use crate::import::{self, ImportKind, InputFile};
use crate::jobs::Jobs;
use crate::register::{Point, SiteCode};
use crate::store::{Draft, Scope, Store};
use crate::{config, synth, web};

/// What to measure with.
#[derive(Debug, Args)]
pub(super) struct BenchArgs {
    /// Measure only this part
    #[command(subcommand)]
    of: Option<Of>,
    /// Requests a page or endpoint gets.
    #[arg(long, default_value_t = 2_000)]
    requests: usize,
    /// Rows of the synthetic site file.
    #[arg(long, default_value_t = 100_000)]
    rows: usize,
}

#[derive(Debug, Subcommand)]
enum Of {
    /// Plans: the whole register, each borough, what is explained of them
    Plan(plan::PlanBenchArgs),
    /// A programme of London's size, and the solver's own search beside it
    Programme,
    /// Street networks: preparing, tables, walking
    Travel,
    /// Draws and sensitivities of a London plan's fund
    Fund,
    /// What-ifs on all London, and floating catchments beside the established Python package
    Access(access::AccessBenchArgs),
}

/// Prints the tables.
pub(super) fn run(args: &BenchArgs) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout();
    match &args.of {
        Some(Of::Plan(plan)) => return plan::run(plan),
        Some(Of::Travel) => return travel::measure(&mut out).map(|()| ExitCode::SUCCESS),
        Some(Of::Programme) => return programme::measure(&mut out).map(|()| ExitCode::SUCCESS),
        Some(Of::Fund | Of::Access(_)) | None => {}
    }
    let folder = std::env::temp_dir().join(format!("domesday-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let done = measure(args, &folder, &mut out);
    // The folder is ours and named by our process id; a failure to remove it is no failure of the bench.
    let _ = std::fs::remove_dir_all(&folder);
    done.map(|()| ExitCode::SUCCESS)
}

fn measure(args: &BenchArgs, folder: &std::path::Path, out: &mut dyn Write) -> anyhow::Result<()> {
    let store = Store::open(&format!("sqlite:{}", folder.join("london.db").display()))?;
    let scope = Scope::command_line();
    if args.of.is_some() {
        store.append(&scope, draft(synth::estate(synth::Scale::London, 1)), 0)?;
        return match &args.of {
            Some(Of::Access(asked)) => access::run(asked, &store, out),
            _ => fund::measure(&store.snapshot(&scope)?.register, out),
        };
    }
    imports(args, folder, out)?;
    let estate = synth::estate(synth::Scale::London, 1);
    let changes = estate.changes.len();
    let began = Instant::now();
    store.append(&scope, draft(estate), 0)?;
    let appended = began.elapsed();
    snapshot(&store, &scope, folder, changes, appended, out)?;
    index(&store, &scope, out)?;
    fund::measure(&store.snapshot(&scope)?.register, out)?;
    let london = store.clone();
    pages(args, store, &scope, out)?;
    writeln!(out)?;
    access::run(&access::AccessBenchArgs::default(), &london, out)?;
    writeln!(out)?;
    travel::measure(out)
}

fn draft(estate: synth::Estate) -> Draft {
    Draft {
        author: "bench".to_owned(),
        at: chrono::Utc::now().naive_utc(),
        source: "domesday synth --scale london --seed 1".to_owned(),
        reason: "bench".to_owned(),
        changes: estate.changes,
        references: estate.references,
    }
}

/// A site file of the user's own, through reader, news, locating and store; the baseline is only splitting its cells.
fn imports(args: &BenchArgs, folder: &std::path::Path, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut text = String::from(
        "site_code,as_of,name,organisation_code,tenure,gross_internal_area_m2,occupied_area_m2,location\n",
    );
    for row in 0..args.rows {
        let (easting, northing) =
            (505_000 + (row * 37).rem_euclid(55_000), 160_000 + (row * 91).rem_euclid(40_000));
        let area = 200 + row.rem_euclid(5_000);
        writeln!(
            text,
            "ZB{row:06},2026-03-31,Site {row},ZZB,freehold,{area},150,{easting} {northing}"
        )?;
    }
    let bytes = text.into_bytes();

    let began = Instant::now();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let mut record = csv::StringRecord::new();
    let mut cells = 0_usize;
    while reader.read_record(&mut record)? {
        cells += record.len();
    }
    let split = began.elapsed();

    let store = Store::open(&format!("sqlite:{}", folder.join("import.db").display()))?;
    let scope = Scope::command_line();
    let request = Request {
        kind: ImportKind::Sites,
        files: vec![InputFile { name: "sites.csv".to_owned(), bytes }],
        mapping: None,
        about: About::default(),
        accept_faults: false,
        author: "bench".to_owned(),
        reason: "bench".to_owned(),
        at: chrono::Utc::now().naive_utc(),
    };
    let began = Instant::now();
    let report = import::run::run(&store, &scope, &request, &mut |_| {})?;
    let whole = began.elapsed();
    anyhow::ensure!(
        report.faults.is_empty(),
        "the bench's own file has faults: {:?}",
        report.faults.first()
    );

    writeln!(
        out,
        "Import ({} site rows, {cells} cells, into SQLite with synchronous FULL)",
        args.rows
    )?;
    let rate = |time: Duration| format!("{:.0}", args.rows as f64 / time.as_secs_f64());
    table::print(
        out,
        &["what", ">seconds", ">rows/s", ">x baseline"],
        &[
            vec![
                "splitting the cells only (baseline)".to_owned(),
                seconds(split),
                rate(split),
                "1.0".to_owned(),
            ],
            vec![
                "read, checked, compared, stored".to_owned(),
                seconds(whole),
                rate(whole),
                ratio(whole, split),
            ],
        ],
    )?;
    writeln!(out)?;
    Ok(())
}

fn snapshot(
    store: &Store,
    scope: &Scope,
    folder: &std::path::Path,
    changes: usize,
    appended: Duration,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let again = Store::open(&format!("sqlite:{}", folder.join("london.db").display()))?;
    let began = Instant::now();
    let snapshot = again.snapshot(scope)?;
    let cold = began.elapsed();
    let began = Instant::now();
    for _ in 0..1_000 {
        store.snapshot(scope)?;
    }
    let warm = began.elapsed().div_f64(1_000.0);
    writeln!(
        out,
        "Snapshot (illustrative London: {} sites, {} tenancies, {changes} statements)",
        snapshot.register.sites().count(),
        snapshot.register.tenancies().count()
    )?;
    table::print(
        out,
        &["what", ">seconds"],
        &[
            vec!["appending the whole estate as one change-set".to_owned(), seconds(appended)],
            vec!["first snapshot of a fresh process (replay, index)".to_owned(), seconds(cold)],
            vec!["snapshot held".to_owned(), format!("{:.9}", warm.as_secs_f64())],
        ],
    )?;
    writeln!(out)?;
    Ok(())
}

/// Index answers against a plain scan of the same sites, same questions, in one thread.
fn index(store: &Store, scope: &Scope, out: &mut dyn Write) -> anyhow::Result<()> {
    let snapshot = store.snapshot(scope)?;
    let index: &SiteIndex = &snapshot.index;
    let sites: Vec<(SiteCode, Point)> = index.iter().map(|(code, at)| (code.clone(), at)).collect();
    let asks: Vec<Point> = snapshot.geography.zones.iter().map(|zone| zone.point).collect();
    anyhow::ensure!(
        !asks.is_empty() && !sites.is_empty(),
        "the illustrative estate has no zones or no sites"
    );

    let mut found = (0_usize, 0_usize);
    let nearest = time_each(&asks, |at| found.0 += index.nearest(*at, 5).len());
    let nearest_scan = time_each(&asks, |at| {
        let mut all: Vec<(f64, &SiteCode)> =
            sites.iter().map(|(code, place)| (place.metres_to(*at), code)).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(b.1)));
        found.1 += all.len().min(5);
    });
    anyhow::ensure!(found.0 == found.1, "index and scan disagree on the nearest: {found:?}");
    let mut found = (0_usize, 0_usize);
    let within = time_each(&asks, |at| found.0 += index.within(*at, 1_600.0).len());
    let within_scan = time_each(&asks, |at| {
        found.1 += sites.iter().filter(|(_, place)| place.metres_to(*at) <= 1_600.0).count();
    });
    anyhow::ensure!(found.0 == found.1, "index and scan disagree on the distance: {found:?}");

    writeln!(
        out,
        "Index ({} sites, {} questions, one thread; scan is the baseline)",
        sites.len(),
        asks.len()
    )?;
    let micros = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1e6);
    table::print(
        out,
        &["question", ">µs index", ">µs scan", ">times faster"],
        &[
            vec![
                "nearest 5".to_owned(),
                micros(nearest),
                micros(nearest_scan),
                ratio(nearest_scan, nearest),
            ],
            vec![
                "within 1,600 m".to_owned(),
                micros(within),
                micros(within_scan),
                ratio(within_scan, within),
            ],
        ],
    )?;
    writeln!(out)?;
    Ok(())
}

fn time_each(asks: &[Point], mut ask: impl FnMut(&Point)) -> Duration {
    let began = Instant::now();
    for at in asks {
        ask(at);
    }
    began.elapsed().div_f64(asks.len() as f64)
}

/// Pages and API over loopback from one keep-alive client; the baseline is a bare actix handler in this process.
fn pages(args: &BenchArgs, store: Store, scope: &Scope, out: &mut dyn Write) -> anyhow::Result<()> {
    let site = store
        .snapshot(scope)?
        .register
        .sites()
        .next()
        .map(|site| site.code.to_string())
        .unwrap_or_default();
    let bare = free_port()?;
    std::thread::spawn(move || serve_bare(bare));
    let full = free_port()?;
    let jobs = Jobs::new(store.clone(), config::rules()?);
    std::thread::spawn(move || {
        web::serve(web::Settings { listen: full, allowed_hosts: Vec::new() }, store, jobs)
    });

    let baseline = load(bare, "/", args.requests)?;
    let mut rows = vec![row("bare actix handler (baseline)", &baseline, &baseline)];
    for (what, path) in [
        ("health", "/healthz".to_owned()),
        ("API: one site", format!("/api/v1/sites/{site}")),
        (
            "API: nearest 5",
            "/api/v1/catchment/nearest?easting=530000&northing=180000&k=5".to_owned(),
        ),
        ("API: sites, first page", "/api/v1/sites".to_owned()),
        ("page: register", "/sites".to_owned()),
        ("page: site sheet", format!("/sites/{site}")),
        ("page: map", "/map".to_owned()),
    ] {
        let requests =
            if what.starts_with("page") { args.requests.div_ceil(20) } else { args.requests };
        rows.push(row(
            what,
            &load(full, &path, requests).with_context(|| path.clone())?,
            &baseline,
        ));
    }
    writeln!(out, "Pages and API (one keep-alive client on loopback, one request at a time)")?;
    table::print(
        out,
        &["what", ">requests/s", ">p50 ms", ">p99 ms", ">bytes", ">share of baseline"],
        &rows,
    )?;
    Ok(())
}

struct Load {
    per_second: f64,
    p50: f64,
    p99: f64,
    bytes: usize,
}

fn row(what: &str, load: &Load, baseline: &Load) -> Vec<String> {
    vec![
        what.to_owned(),
        format!("{:.0}", load.per_second),
        format!("{:.3}", load.p50),
        format!("{:.3}", load.p99),
        load.bytes.to_string(),
        format!("{:.2}", load.per_second / baseline.per_second),
    ]
}

fn serve_bare(listen: SocketAddr) -> std::io::Result<()> {
    actix_web::rt::System::new().block_on(async move {
        actix_web::HttpServer::new(|| {
            actix_web::App::new().route(
                "/",
                actix_web::web::get().to(async || actix_web::HttpResponse::Ok().body("ok")),
            )
        })
        .workers(2)
        .disable_signals()
        .bind(listen)?
        .run()
        .await
    })
}

fn free_port() -> std::io::Result<SocketAddr> {
    TcpListener::bind(("127.0.0.1", 0))?.local_addr()
}

fn load(to: SocketAddr, path: &str, requests: usize) -> anyhow::Result<Load> {
    let stream = connect(to)?;
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    let mut times = Vec::with_capacity(requests);
    let mut bytes = 0;
    for turn in 0..requests + 10 {
        let began = Instant::now();
        write!(writer, "GET {path} HTTP/1.1\r\nHost: {to}\r\nAccept: */*\r\n\r\n")?;
        bytes = answer(&mut reader)?;
        if turn >= 10 {
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
    }
    let total: f64 = times.iter().sum();
    times.sort_by(f64::total_cmp);
    let centile = |share: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index below the length"
        )]
        let at = (share * (times.len() - 1) as f64) as usize;
        times.get(at).copied().unwrap_or_default()
    };
    Ok(Load {
        per_second: times.len() as f64 * 1e3 / total,
        p50: centile(0.5),
        p99: centile(0.99),
        bytes,
    })
}

/// Waits up to ten seconds for the server to listen.
fn connect(to: SocketAddr) -> anyhow::Result<TcpStream> {
    let began = Instant::now();
    loop {
        match TcpStream::connect(to) {
            Ok(stream) => return Ok(stream),
            Err(error) if began.elapsed() > Duration::from_secs(10) => {
                return Err(error).context(format!("connecting to {to}"));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// Reads one answer with a known length or in chunks, and gives the bytes of its body.
fn answer(reader: &mut BufReader<TcpStream>) -> anyhow::Result<usize> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    anyhow::ensure!(line.contains(" 200 "), "answered {}", line.trim());
    let (mut length, mut is_chunked) = (0_usize, false);
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let header = line.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        is_chunked |= header.starts_with("transfer-encoding:") && header.contains("chunked");
    }
    let mut body = Vec::new();
    if !is_chunked {
        reader.take(length as u64).read_to_end(&mut body)?;
        return Ok(body.len());
    }
    let mut total = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim(), 16)?;
        body.clear();
        reader.by_ref().take(size as u64 + 2).read_to_end(&mut body)?;
        total += size;
        if size == 0 {
            return Ok(total);
        }
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

fn ratio(a: Duration, b: Duration) -> String {
    format!("{:.1}", a.as_secs_f64() / b.as_secs_f64().max(1e-12))
}
