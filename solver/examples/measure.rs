//! `measure SITES FUND SECONDS`: how far a search gets on a made-up estate, and when.
#![expect(clippy::print_stdout, reason = "this is a program")]
#![expect(clippy::unwrap_used, reason = "for whoever works on the solver")]

#[path = "../tests/behaviour/estate.rs"]
mod estate;

use domesday_solver::{Progress, Settings, Watch, explain_infeasible, solve};

struct Print(f64);

impl Watch for Print {
    fn progress(&mut self, p: Progress) {
        if p.seconds - self.0 > 2.0 {
            self.0 = p.seconds;
            println!("{:8.2} s {:?} {:?} {:?} {}", p.seconds, p.incumbent, p.bound, p.gap, p.nodes);
        }
    }
    fn is_cancelled(&self) -> bool {
        false
    }
}

fn main() {
    let given: Vec<f64> = std::env::args().skip(1).map(|word| word.parse().unwrap()).collect();
    let [sites, fund, seconds] = given[..] else { panic!("SITES FUND SECONDS") };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    let whole = |x: f64| x.ceil() as usize;
    let size = estate::Size {
        sites: whole(sites),
        units: whole(sites * 1.5625),
        zones: whole(sites * 3.125),
        boroughs: whole(sites / 50.0),
        places: 8,
        standards: 3,
    };
    let problem = estate::estate(size, 1, fund);
    let settings = Settings { gap: 0.01, time_limit_seconds: seconds, ..Settings::default() };
    let outcome = solve(&problem, &settings, &mut Print(-9.0));
    println!(
        "{:?} objective {:?} bound {:?} gap {:?} in {:.2} s, {:?}, today {} {:?}",
        outcome.status,
        outcome.objective,
        outcome.bound,
        outcome.gap,
        outcome.seconds,
        outcome.size,
        outcome.today_is_feasible,
        outcome.trouble
    );
    for p in &outcome.history {
        println!("{:8.2} {:?} {:?} {:?}", p.seconds, p.incumbent, p.bound, p.gap);
    }
    if outcome.plan.is_none() {
        println!("{:#?}", explain_infeasible(&problem, &settings, &mut ()));
    }
}
