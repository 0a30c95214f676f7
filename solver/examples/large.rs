//! `large FILE SECONDS GAP [whole] [frontier LIMIT POINTS]`: how far a search gets on a consolidation problem, what it took, and whether its bound is proved.
#![expect(clippy::print_stdout, reason = "this is a program")]
#![expect(clippy::unwrap_used, reason = "for whoever works on the solver")]

use std::io::Read;

use domesday_solver::classic::Division;
use domesday_solver::{
    Amount, FrontierPoint, Outcome, Problem, Progress, Settings, Watch, check, frontier, read,
    solve,
};

struct Print;

impl Watch for Print {
    fn progress(&mut self, progress: Progress) {
        let Progress { seconds, incumbent, bound, gap, phase, .. } = progress;
        println!("{seconds:8.2} s  {phase:?}  plan {incumbent:?}  bound {bound:?}  gap {gap:?}");
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// A limit against the cost, each point beside the time it took.
fn sweep(mut problem: Problem, name: &str, points: usize, settings: &Settings) {
    let at = problem.limits.iter().position(|limit| limit.name == name).unwrap();
    let limit = problem.limits.remove(at);
    let amount = Amount {
        name: limit.name.clone(),
        family: limit.family.clone(),
        terms: limit.terms.clone(),
        more_is_better: limit.low.is_some(),
    };
    let started = std::time::Instant::now();
    let seconds = || started.elapsed().as_secs_f64();
    let tell = &mut |done, of| println!("{:8.2} s  question {done} of {of}", seconds());
    let sweep = frontier(&problem, &amount, points, &[], settings, &mut (), tell);
    for FrontierPoint { held, amount, outcome } in &sweep.points {
        let Outcome { seconds, status, objective, gap, .. } = outcome;
        println!(
            "held {held:?} has {amount} for {objective:?} gap {gap:?} {status:?} {seconds:.2} s"
        );
    }
    println!("at best {:?}, complete {}", sweep.at_best, sweep.is_complete);
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut bytes = Vec::new();
    let file = std::fs::File::open(&args[1]).unwrap();
    flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    let is_whole = args.iter().any(|arg| arg == "whole");
    let division = if is_whole { Division::Indivisible } else { Division::Divisible };
    let reading = read::Reading { division, ..read::Reading::default() };
    let problem = read::read(&bytes, read::Format::Consolidation, &reading).unwrap();
    let settings = Settings {
        time_limit_seconds: args[2].parse().unwrap(),
        gap: args[3].parse().unwrap(),
        ..Settings::default()
    };

    if let Some(at) = args.iter().position(|arg| arg == "frontier") {
        sweep(problem, &args[at + 1], args[at + 2].parse().unwrap(), &settings);
        return;
    }
    let outcome = solve(&problem, &settings, &mut Print);

    println!(
        "{:?} after {:.2} s: plan {:?} bound {:?} gap {:?} trouble {:?}",
        outcome.status,
        outcome.seconds,
        outcome.objective,
        outcome.bound,
        outcome.gap,
        outcome.trouble
    );
    if let Some(plan) = &outcome.plan {
        println!("broken rules: {}", check(&problem, plan).len());
    }
    if let Some(certificate) = &outcome.certificate {
        println!("proved anew: {:?}", certificate.proves(&problem));
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: f64 =
        stat.split_whitespace().skip(13).take(2).filter_map(|x| x.parse::<f64>().ok()).sum();
    println!("CPU {:.1} s", ticks / 100.0);
}
