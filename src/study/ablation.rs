//! What claims hang on: their values with each link of the ring cut in turn.

use crate::evidence::Claim;
use crate::scenario::Link;

use super::claims::Judged;

/// The values of claims as the model is, and with links cut.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ablation {
    passes: Vec<(Option<Link>, Vec<Option<f64>>)>,
}

impl Ablation {
    /// What is run: the model as it is, then each link cut.
    pub fn cuts() -> impl Iterator<Item = Option<Link>> {
        let links = Link::ALL.iter().copied().map(Some);
        std::iter::once(None).chain(links)
    }

    /// Adds the values of all claims, in their order, with a link cut, or none.
    pub fn add(&mut self, cut: Option<Link>, values: Vec<Option<f64>>) {
        self.passes.retain(|(c, _)| *c != cut);
        self.passes.push((cut, values));
    }

    /// Whether the values with `cut` are there.
    pub fn has(&self, cut: Option<Link>) -> bool {
        self.values(cut).is_some()
    }

    /// The values with `cut`, in the claims' order.
    pub fn values(&self, cut: Option<Link>) -> Option<&[Option<f64>]> {
        let mut passes = self.passes.iter();
        let (_, values) = passes.find(|(c, _)| *c == cut)?;
        Some(values)
    }

    /// The links whose cut has been run.
    pub fn links(&self) -> impl Iterator<Item = Link> {
        let links = Link::ALL.iter().copied();
        links.filter(|link| self.has(Some(*link)))
    }

    /// The claims as the model answers them with nothing cut.
    pub fn judged<'a>(&self, claims: &'a [Claim]) -> Vec<Judged<'a>> {
        let values = self.values(None).unwrap_or_default().iter();
        let judged = claims.iter().zip(values);
        judged
            .map(|(claim, value)| Judged {
                claim,
                value: *value,
            })
            .collect()
    }

    /// For each claim the links whose cut takes it out of its range or into it, or moves it by more
    /// than half of that.
    pub fn moved_by(&self, claims: &[Claim]) -> Vec<Vec<Link>> {
        let as_it_is = self.values(None).unwrap_or_default();
        let moves = |i: usize, claim: &Claim, link: Link| {
            let value = as_it_is.get(i).copied().flatten();
            let cut = self.values(Some(link)).and_then(|values| *values.get(i)?);
            matches!((value, cut), (Some(value), Some(cut)) if claim.is_moved(value, cut))
        };
        let by = |(i, claim): (usize, &Claim)| {
            let links = Link::ALL.iter().copied();
            links.filter(|link| moves(i, claim, *link)).collect()
        };
        claims.iter().enumerate().map(by).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::Ablation;
    use crate::evidence::{Claim, parse};
    use crate::scenario::Link;

    fn claims() -> Vec<Claim> {
        let header = "id,claim,use,study,read,n,kind,site,condition,day,value,sd,interval,low,high,error,unit,source,model,lacks";
        let model = "\"change('flight','hip:total_hip:bmd',180)\"";
        let row = |id: &str, interval: &str| {
            format!(
                "{id},It falls,test,A 2000,no,,density,hip,flight,180,,,{interval},%,here,{model},"
            )
        };
        let text = [
            header.to_owned(),
            row("two-bounds", "printed,-10,-4,"),
            row("one-bound", "bound,,-2,1.3"),
            row("unanswered", "bound,,-2,1.3").replace(model, "") + "a quantity",
        ];
        parse("c.csv", &text.join("\n")).unwrap()
    }

    #[test]
    fn a_claim_hangs_on_the_links_that_move_it() {
        let claims = claims();
        let mut ablation = Ablation::default();
        ablation.add(None, vec![Some(-6.0), Some(-6.0), None]);
        // Within the range, but by more than half of it.
        ablation.add(Some(Link::Coupling), vec![Some(-9.5), Some(-9.5), None]);
        // Out of the range of two bounds, and not across the one bound.
        ablation.add(Some(Link::Bmp), vec![Some(-3.5), Some(-3.5), None]);
        // By less than half of the range.
        ablation.add(Some(Link::Sclerostin), vec![Some(-8.0), Some(-8.0), None]);
        // Across the one bound too; never, and unknown.
        ablation.add(Some(Link::Myostatin), vec![Some(0.0), Some(0.0), None]);
        ablation.add(
            Some(Link::Perforation),
            vec![Some(f64::INFINITY), Some(f64::NAN), None],
        );
        let moved = ablation.moved_by(&claims);
        assert_eq!(
            moved[0],
            [
                Link::Bmp,
                Link::Myostatin,
                Link::Coupling,
                Link::Perforation
            ]
        );
        assert_eq!(moved[1], [Link::Myostatin, Link::Perforation]);
        assert!(moved[2].is_empty());
        assert_eq!(Ablation::cuts().count(), 1 + Link::ALL.len());
    }
}
