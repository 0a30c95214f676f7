//! A score is an interval: its bar runs from the low end to the high end of 0 to 100.

use super::n;

/// A bar from `low` to `high`. A point is drawn as a narrow bar, so that it is seen.
pub(crate) fn bar(low: f64, high: f64) -> String {
    let (low, high) = (low.clamp(0.0, 100.0), high.clamp(0.0, 100.0));
    let width = (high - low).max(1.5);
    let left = low.min(100.0 - width);
    let ticks = [25.0, 50.0, 75.0].map(|at| format!("M{} 1V15", n(at * 2.0))).concat();
    format!(
        r#"<svg class="app-score" viewBox="0 0 200 16" width="200" height="16" aria-hidden="true" focusable="false"><rect class="app-score__track" x="0" y="4" width="200" height="8"/><path class="app-score__tick" d="{ticks}"/><rect class="app-score__bar" x="{}" y="2" width="{}" height="12"/></svg>"#,
        n(left * 2.0),
        n(width * 2.0)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_known_exactly_is_still_seen_at_both_ends() {
        assert!(bar(0.0, 0.0).contains(r#"x="0" y="2" width="3""#));
        assert!(bar(100.0, 100.0).contains(r#"x="197" y="2" width="3""#));
    }
}
