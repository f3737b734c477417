//! Parameters fitted to figures: damped least squares (Levenberg and Marquardt) in which every
//! parameter runs from one bound to the other, drawn softly to where it started.
//!
//! Nothing here is random: the same figures give the same fit.

use nalgebra::{DMatrix, DVector};

/// Standard deviation of what is believed of a parameter before the fit, as a share of its bounds'
/// distance. A figure weighs 1 at the end of its range.
const BELIEF: f64 = 0.5;
/// How far a parameter is moved to see what hangs on it, as a share of its bounds' distance.
const NUDGE: f64 = 0.03;
/// The furthest that a parameter goes in a round, likewise.
const STRIDE: f64 = 0.35;
/// Rounds, each a Jacobian, and tries at a step within one.
const ROUNDS: usize = 3;
const TRIES: usize = 4;
/// A round that betters the fit by less than this share is the last.
const ENOUGH: f64 = 0.02;
/// Beyond so many half ranges a figure pulls less and less harder.
const FURTHEST: f64 = 5.0;

/// A figure that a fit is held to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// Lowest value that agrees, if any is too low.
    pub low: Option<f64>,
    /// Highest.
    pub high: Option<f64>,
    /// What counts as 1 beyond a single bound, above 0.
    pub scale: f64,
}

impl Target {
    /// How far a value is off: 1 at the end of a range of two bounds, 0 in its middle and within
    /// one bound.
    pub fn off(&self, value: f64) -> f64 {
        let off = match (self.low, self.high) {
            (Some(low), Some(high)) => (2.0 * value - low - high) / (high - low).max(1e-9),
            (Some(low), None) => (value - low).min(0.0) / self.scale,
            (None, Some(high)) => (value - high).max(0.0) / self.scale,
            (None, None) => 0.0,
        };
        if off.is_finite() {
            FURTHEST * (off / FURTHEST).asinh()
        } else {
            2.0 * FURTHEST
        }
    }
}

/// A free parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Free {
    /// Its name.
    pub name: String,
    /// Bounds, the smaller one first.
    pub bounds: [f64; 2],
    /// Where it starts, within them.
    pub start: f64,
}

/// A free parameter after the fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// Standard deviation that the figures leave it.
    pub sd: f64,
    /// How much the figures moved that hang on it: the length of its column of the Jacobian, in
    /// half ranges for the whole way from bound to bound.
    pub weight: f64,
}

/// How a fit went.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The parameters.
    pub parameters: Vec<Fitted>,
    /// Sum of squares before and after, without what draws parameters back.
    pub squares: [f64; 2],
}

/// What a fit can fail with.
#[derive(Debug, thiserror::Error)]
pub enum FitError<E> {
    /// A parameter that starts outside its bounds.
    #[error("{name} = {value} is outside the fit's bounds, {low} to {high}")]
    Outside {
        /// Which.
        name: String,
        /// Its value.
        value: f64,
        /// Bounds.
        low: f64,
        /// Bounds.
        high: f64,
    },
    /// A parameter that no figure hangs on.
    #[error("no figure of the fit hangs on {0}: it cannot be fitted to them")]
    Unmoved(String),
    /// There is nothing to be fitted, or nothing to be fitted to.
    #[error("a fit needs a free parameter and a figure")]
    Empty,
    /// The figures could not be had.
    #[error(transparent)]
    Figures(E),
}

/// What makes figures of the parameters' values.
type Figures<'a, E> = dyn FnMut(&[f64]) -> Result<Vec<f64>, E> + 'a;

struct Squares<'a, E> {
    free: &'a [Free],
    targets: &'a [Target],
    figures: &'a mut Figures<'a, E>,
    start: DVector<f64>,
}

impl<E> Squares<'_, E> {
    fn values(&self, at: &DVector<f64>) -> Vec<f64> {
        let each = self.free.iter().zip(at.iter());
        each.map(|(f, u)| f.bounds[0] + u * (f.bounds[1] - f.bounds[0]))
            .collect()
    }

    fn residuals(&mut self, at: &DVector<f64>) -> Result<DVector<f64>, FitError<E>> {
        let values = self.values(at);
        let figures = (self.figures)(&values).map_err(FitError::Figures)?;
        let off = self.targets.iter().zip(figures).map(|(t, x)| t.off(x));
        Ok(DVector::from_vec(off.collect()))
    }

    /// Residuals and what draws the parameters back.
    fn cost(&self, at: &DVector<f64>, residuals: &DVector<f64>) -> f64 {
        residuals.norm_squared() + (at - &self.start).norm_squared() / (BELIEF * BELIEF)
    }

    fn jacobian(
        &mut self,
        at: &DVector<f64>,
        residuals: &DVector<f64>,
    ) -> Result<DMatrix<f64>, FitError<E>> {
        let mut all = DMatrix::zeros(residuals.len(), at.len());
        for k in 0..at.len() {
            let step = if at[k] + NUDGE > 1.0 { -NUDGE } else { NUDGE };
            let mut moved = at.clone();
            moved[k] += step;
            let column = (self.residuals(&moved)? - residuals) / step;
            if column.amax() < 1e-9 {
                return Err(FitError::Unmoved(self.free[k].name.clone()));
            }
            all.set_column(k, &column);
        }
        Ok(all)
    }
}

/// Moves the free parameters so that the figures that `figures` makes of their values come to lie
/// in their targets' ranges. `tell` hears the sum of squares after each round.
/// # Errors
/// [`FitError`].
pub fn fit<'a, E>(
    free: &'a [Free],
    targets: &'a [Target],
    figures: &'a mut Figures<'a, E>,
    tell: &mut dyn FnMut(usize, f64),
) -> Result<Outcome, FitError<E>> {
    if free.is_empty() || targets.is_empty() {
        return Err(FitError::Empty);
    }
    for f in free {
        let [low, high] = f.bounds;
        if !(low..=high).contains(&f.start) {
            let (name, value) = (f.name.clone(), f.start);
            return Err(FitError::Outside {
                name,
                value,
                low,
                high,
            });
        }
    }
    let share = |f: &Free| (f.start - f.bounds[0]) / (f.bounds[1] - f.bounds[0]);
    let start = DVector::from_iterator(free.len(), free.iter().map(share));
    let mut at = start.clone();
    let mut squares = Squares {
        free,
        targets,
        figures,
        start,
    };
    let belief = 1.0 / (BELIEF * BELIEF);
    let mut residuals = squares.residuals(&at)?;
    let before = residuals.norm_squared();
    let mut damping = 0.1;
    let mut normal = DMatrix::identity(free.len(), free.len());
    let mut weights = vec![0.0; free.len()];
    for round in 1..=ROUNDS {
        let jacobian = squares.jacobian(&at, &residuals)?;
        weights = jacobian.column_iter().map(|c| c.norm()).collect();
        normal = jacobian.transpose() * &jacobian
            + DMatrix::from_diagonal_element(free.len(), free.len(), belief);
        let slope = jacobian.transpose() * &residuals + (&at - &squares.start) * belief;
        let cost = squares.cost(&at, &residuals);
        let mut bettered = 0.0;
        for _ in 0..TRIES {
            let mut damped = normal.clone();
            for k in 0..free.len() {
                damped[(k, k)] *= 1.0 + damping;
            }
            let Some(solved) = damped.cholesky() else {
                break;
            };
            let step = solved.solve(&(-&slope)).map(|x| x.clamp(-STRIDE, STRIDE));
            let next = (&at + step).map(|u| u.clamp(0.0, 1.0));
            let there = squares.residuals(&next)?;
            let gained = cost - squares.cost(&next, &there);
            if gained > 0.0 {
                bettered = gained / cost;
                (at, residuals) = (next, there);
                damping *= 0.3;
                break;
            }
            damping *= 6.0;
        }
        tell(round, residuals.norm_squared());
        if bettered < ENOUGH {
            break;
        }
    }
    let after = residuals.norm_squared();
    // What figures leave open: their noise is taken as large as what they are off, 1 at the least.
    let spare = targets.len().saturating_sub(free.len()).max(1);
    let noise = (after / spare as f64).max(1.0);
    let covariance = normal.try_inverse();
    let values = squares.values(&at);
    let parameters = free.iter().zip(values).enumerate().map(|(k, (f, value))| {
        let variance = covariance.as_ref().map_or(f64::NAN, |c| c[(k, k)] * noise);
        Fitted {
            name: f.name.clone(),
            value,
            sd: variance.sqrt() * (f.bounds[1] - f.bounds[0]),
            weight: weights[k],
        }
    });
    Ok(Outcome {
        parameters: parameters.collect(),
        squares: [before, after],
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn free(name: &str, low: f64, high: f64, start: f64) -> Free {
        Free {
            name: name.to_owned(),
            bounds: [low, high],
            start,
        }
    }

    fn around(x: f64, half: f64) -> Target {
        Target {
            low: Some(x - half),
            high: Some(x + half),
            scale: 1.0,
        }
    }

    /// A loss that starts at a rate and ends at a plateau, by its day.
    fn loss(p: &[f64], day: f64) -> f64 {
        p[0] * (1.0 - (-day / p[1]).exp())
    }

    #[test]
    fn known_parameters_are_found_again() {
        let days = [5.0, 20.0, 60.0, 120.0, 300.0];
        let truth = [-14.0, 75.0];
        let targets: Vec<Target> = (days.iter())
            .map(|d| around(loss(&truth, *d), 0.05))
            .collect();
        let all = [
            free("plateau", -30.0, 0.0, -6.0),
            free("time", 10.0, 300.0, 200.0),
        ];
        let mut figures = |p: &[f64]| {
            Ok::<_, std::convert::Infallible>(days.iter().map(|d| loss(p, *d)).collect())
        };
        let found = fit(&all, &targets, &mut figures, &mut |_, _| {}).unwrap();
        for (p, want) in found.parameters.iter().zip(truth) {
            let off = (p.value / want - 1.0).abs();
            assert!(off < 0.02, "{}: {} for {want}", p.name, p.value);
            assert!(p.sd > 0.0 && p.sd < want.abs() * 0.1, "{p:?}");
        }
        assert!(found.squares[1] < 0.01 * found.squares[0]);
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let mut figures = |p: &[f64]| Ok::<_, std::convert::Infallible>(vec![p[0]]);
        let mut tell = |_: usize, _: f64| {};
        let target = [around(1.0, 0.5)];
        let outside = fit(
            &[free("a", 0.0, 1.0, 2.0)],
            &target,
            &mut figures,
            &mut tell,
        );
        assert!(outside.unwrap_err().to_string().contains("outside"));
        let idle = [free("a", 0.0, 1.0, 0.5), free("b", 0.0, 1.0, 0.5)];
        let unmoved = fit(&idle, &target, &mut figures, &mut tell).unwrap_err();
        assert!(unmoved.to_string().contains("hangs on b"), "{unmoved}");
        assert!(fit(&[], &target, &mut figures, &mut tell).is_err());
    }

    #[test]
    fn a_single_bound_pulls_on_one_side() {
        let target = Target {
            low: None,
            high: Some(-2.0),
            scale: 0.5,
        };
        assert!(target.off(-3.0).abs() < 1e-12);
        assert!((target.off(-1.9) - 0.2).abs() < 1e-3);
        assert!((target.off(f64::INFINITY) - 2.0 * FURTHEST).abs() < 1e-12);
        assert!((around(1.0, 0.5).off(1.5) - 1.0).abs() < 0.02);
    }
}
