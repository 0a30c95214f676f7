//! The only file that talks to HiGHS's C interface: listening while it searches, asking it to stop, and changing a model it
//! has begun with.
#![expect(unsafe_code, reason = "the safe binding of HiGHS has no callbacks")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{ptr, slice};

use highs::{HighsStatus, Model, SolvedModel};
use highs_sys::{
    Highs_addCol, Highs_addRow, Highs_changeColBounds, Highs_setCallback, Highs_startCallback,
    Highs_version, HighsCallbackDataIn, HighsCallbackDataOut, kHighsCallbackIpmInterrupt,
    kHighsCallbackMipImprovingSolution, kHighsCallbackMipInterrupt, kHighsCallbackMipLogging,
    kHighsCallbackSimplexInterrupt,
};

/// What HiGHS says while it searches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sign<'a> {
    /// The columns of a better solution, where this is one.
    pub(crate) improving: Option<&'a [f64]>,
    /// Proven bound; not finite until there is one.
    pub(crate) bound: f64,
    /// Branches searched; negative where it does not say.
    pub(crate) nodes: i64,
}

/// Who listens. Called on the thread that searches.
pub(crate) trait Listener {
    /// Takes a sign.
    fn hear(&mut self, sign: Sign<'_>);
    /// Asked very often; `true` ends the search at the next point HiGHS allows.
    fn wants_stop(&self) -> bool;
}

/// Searches while `listener` listens.
pub(crate) fn solve_heard<L: Listener>(
    mut model: Model,
    listener: &mut L,
) -> Result<SolvedModel, HighsStatus> {
    let highs = model.as_mut_ptr();
    // SAFETY: `highs` is the live instance `model` owns. HiGHS keeps the listener's address only until the callback is
    // taken away below or the instance is destroyed: `try_solve` does that itself when it fails, and both happen before
    // this function gives `listener` back. `heard` is the only one to read the address, as the `L` it is.
    unsafe {
        let listener = ptr::from_mut(listener).cast::<c_void>();
        Highs_setCallback(highs, Some(heard::<L>), listener);
        for kind in [
            kHighsCallbackMipImprovingSolution,
            kHighsCallbackMipLogging,
            kHighsCallbackMipInterrupt,
            kHighsCallbackSimplexInterrupt,
            kHighsCallbackIpmInterrupt,
        ] {
            Highs_startCallback(highs, kind);
        }
    }
    let mut solved = model.try_solve()?;
    // SAFETY: the instance is still alive, now owned by `solved`.
    unsafe {
        Highs_setCallback(solved.as_mut_ptr(), None, ptr::null_mut());
    }
    Ok(solved)
}

/// Limits what a column may be. `false` where HiGHS does not know the column.
pub(crate) fn limit_column(model: &mut Model, column: usize, low: f64, high: f64) -> bool {
    let Ok(column) = c_int::try_from(column) else { return false };
    // SAFETY: the instance `model` owns is alive; HiGHS checks the number of the column itself.
    let status = unsafe { Highs_changeColBounds(model.as_mut_ptr(), column, low, high) };
    status != highs_sys::STATUS_ERROR
}

/// Entries as HiGHS takes them: how many, whose they are, and each; `None` where there are more than it can count.
fn listed(entries: &[(usize, f64)]) -> Option<(c_int, Vec<c_int>, Vec<f64>)> {
    let index = |&(of, _): &(usize, f64)| c_int::try_from(of).ok();
    let indices = entries.iter().map(index).collect::<Option<Vec<c_int>>>()?;
    let values = entries.iter().map(|&(_, by)| by).collect();
    Some((c_int::try_from(indices.len()).ok()?, indices, values))
}

/// Adds a rule: what the columns come to is no more than `most`. `false` where HiGHS does not take it.
pub(crate) fn add_ceiling(model: &mut Model, columns: &[(usize, f64)], most: f64) -> bool {
    let Some((length, indices, values)) = listed(columns) else { return false };
    // SAFETY: the instance `model` owns is alive; both lists are of `length` and outlive the call, which copies them.
    let status = unsafe {
        Highs_addRow(
            model.as_mut_ptr(),
            f64::NEG_INFINITY,
            most,
            length,
            indices.as_ptr(),
            values.as_ptr(),
        )
    };
    status != highs_sys::STATUS_ERROR
}

/// Adds a column of some cost, from zero to `most`, and what it uses of the rules there are. `false` where
/// HiGHS does not take it.
pub(crate) fn add_column(model: &mut Model, cost: f64, most: f64, rows: &[(usize, f64)]) -> bool {
    let Some((length, indices, values)) = listed(rows) else { return false };
    // SAFETY: the instance `model` owns is alive; both lists are of `length` and outlive the call, which copies them.
    let status = unsafe {
        Highs_addCol(model.as_mut_ptr(), cost, 0.0, most, length, indices.as_ptr(), values.as_ptr())
    };
    status != highs_sys::STATUS_ERROR
}

/// What HiGHS calls itself: `1.15.0`.
pub(crate) fn version() -> String {
    // SAFETY: HiGHS returns a static string that ends in zero.
    unsafe { CStr::from_ptr(Highs_version()) }.to_string_lossy().into_owned()
}

/// Called by HiGHS, on the thread in `solve_heard`. A panic must not cross into C: it becomes a wish to stop.
unsafe extern "C" fn heard<L: Listener>(
    kind: c_int,
    _message: *const c_char,
    out: *const HighsCallbackDataOut,
    input: *mut HighsCallbackDataIn,
    listener: *mut c_void,
) {
    // SAFETY: the address given to `Highs_setCallback`: an `L` borrowed for the whole of the search, which nobody else
    // touches meanwhile, as `solve_heard` sits in `try_solve` and HiGHS calls from that thread only.
    let listener = unsafe { &mut *listener.cast::<L>() };
    // SAFETY: HiGHS passes the address of a struct on its stack; null is ruled out by `as_ref`.
    let Some(out) = (unsafe { out.as_ref() }) else { return };
    let asks_whether_to_stop =
        [kHighsCallbackMipInterrupt, kHighsCallbackSimplexInterrupt, kHighsCallbackIpmInterrupt]
            .contains(&kind);
    let is_improving = kind == kHighsCallbackMipImprovingSolution && !out.mip_solution.is_null();
    let speaks_of_bounds =
        is_improving || kind == kHighsCallbackMipLogging || kind == kHighsCallbackMipInterrupt;
    let improving = is_improving.then(|| {
        let length = usize::try_from(out.mip_solution_size).unwrap_or(0);
        // SAFETY: not null, and HiGHS says how many figures are there; they stay put until this call returns.
        unsafe { slice::from_raw_parts(out.mip_solution, length) }
    });
    let wants_stop = catch_unwind(AssertUnwindSafe(|| {
        if speaks_of_bounds {
            let sign = Sign { improving, bound: out.mip_dual_bound, nodes: out.mip_node_count };
            listener.hear(sign);
        }
        listener.wants_stop()
    }))
    .unwrap_or(true);
    if asks_whether_to_stop {
        // SAFETY: as for `out`; HiGHS reads the field when this call returns.
        if let Some(input) = unsafe { input.as_mut() } {
            input.user_interrupt = c_int::from(wants_stop);
        }
    }
}
